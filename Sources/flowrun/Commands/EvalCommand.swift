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
            comes from --context: a JSON file with parameters, variables, trigger, actions, items; or from --run: a stored \
            run with its trigger, actions, variables and parameters. With --action the variables and the time are those at \
            that action's beginning, and with --item the items are those of one repetition of the loop around it. Secured \
            values of a run stay hidden.
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The expression or template.")
    var expression: String

    @Option(help: "A JSON file (or - for stdin) with what the expression can read.")
    var context: String?

    @Option(name: .customLong("run"), help: ArgumentHelp("A stored run that the expression reads.", valueName: "id"))
    var runName: String?

    @Option(help: "The action of the run, by name or path, whose view is taken.")
    var action: String?

    @Option(help: "Which repetition of the loop around the action, from 0; in nested loops they are counted through.")
    var item: Int?

    func validate() throws {
        if runName != nil, context != nil { throw ValidationError("--run and --context exclude each other.") }
        if action != nil, runName == nil { throw ValidationError("--action needs --run ID.") }
        if item != nil, action == nil { throw ValidationError("--item needs --action NAME.") }
    }

    func run() async throws {
        let isTemplate = expression.hasPrefix("@") || expression.contains("@{")
        let text = isTemplate ? expression : "@" + expression
        let (template, compiled) = try compile(text)
        let recorded = try await recordedScope(of: template)
        let value: JSON
        do throws(FlowError) {
            if let recorded {
                let result = Result { () throws(FlowError) in try compiled.evaluate(in: recorded) }
                if let what = recorded.hiddenReads.first { throw hidden(what) }
                value = try result.get()
            } else {
                value = try compiled.evaluate(in: ContextScope(try readContext(), now: SystemClock().now))
            }
        } catch {
            Console.note(ErrorReport().text(of: error))
            throw EndWith(.failed)
        }
        Console.write(value.text)
    }

    private func compile(_ text: String) throws -> (Template, CompiledTemplate) {
        do throws(FlowError) {
            let parsed = try Template.parse(text)
            for finding in ExpressionChecker.check(parsed) where finding.severity == .error {
                throw FlowError(.invalidTemplate, finding.message, hint: finding.hint)
            }
            return (parsed, try CompiledTemplate(text))
        } catch {
            Console.note(ErrorReport().text(of: error))
            throw EndWith(.check)
        }
    }

    private func recordedScope(of template: Template) async throws -> RecordedRunScope? {
        guard let runName else { return nil }
        var arguments: JSONObject = ["run": .string(runName)]
        if let action { arguments["action"] = .string(action) }
        if let item { arguments["item"] = .integer(Int64(item)) }
        if let scopes = RecordReads(template).scopes { arguments["results"] = .array(scopes.map { .string($0) }) }
        let record = try await options.perform(.runContext, arguments)
        return RecordedRunScope(record, of: template, now: SystemClock().now)
    }

    private func hidden(_ what: String) -> FlowError {
        FlowError(
            .secureValueHidden,
            "The expression reads \(what), which the record of the run '\(runName ?? "")' does not show.",
            hint: "the flow secures it (secureData, or a secure parameter or variable behind it); read something else")
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
