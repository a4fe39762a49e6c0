import ArgumentParser
import FlowCore
import FlowExpressions
import FlowRuntime

/// `flowrun eval EXPR`: the value of an expression.
struct EvalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval", abstract: "Evaluates an expression and prints its value as JSON.",
        discussion: """
            EXPR is an expression such as "add(1, 2)"; if it begins with @ or holds @{ it is a template. What it reads \
            comes from --context: a JSON file with parameters, variables, trigger, actions, items.
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The expression or template.")
    var expression: String

    @Option(help: "A JSON file (or - for stdin) with what the expression can read.")
    var context: String?

    func run() async throws {
        let isTemplate = expression.hasPrefix("@") || expression.contains("@{")
        let template = isTemplate ? expression : "@" + expression
        let scope = ContextScope(try readContext(), now: SystemClock().now)
        let compiled: CompiledTemplate
        do throws(FlowError) {
            let parsed = try Template.parse(template)
            for finding in ExpressionChecker.check(parsed) where finding.severity == .error {
                throw FlowError(.invalidTemplate, finding.message, hint: finding.hint)
            }
            compiled = try CompiledTemplate(template)
        } catch {
            Console.note(ErrorReport().text(of: error))
            throw EndWith(.check)
        }
        do throws(FlowError) {
            Console.write(try compiled.evaluate(in: scope).text)
        } catch {
            Console.note(ErrorReport().text(of: error))
            throw EndWith(.failed)
        }
    }

    private func readContext() throws(FlowError) -> JSON {
        guard let context else { return [:] }
        let bytes = try TextFile.read(context)
        do {
            return try JSON(parsing: bytes)
        } catch {
            throw FlowError(
                .invalidArgument, "The context is not JSON: \(error.message).",
                location: SourceLocation(file: context, line: error.line, column: error.column),
                hint: "write an object with parameters, variables, trigger, actions or items")
        }
    }
}
