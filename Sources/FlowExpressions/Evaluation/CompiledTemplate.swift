public import FlowCore

/// A template that is compiled once and evaluated many times.
public struct CompiledTemplate: Sendable {
    private enum Content: Sendable {
        case constant(JSON)
        /// `nests` where it puts values into others.
        case expression(Evaluation, nests: Bool)
        case interpolation([Part])
    }

    private enum Part: Sendable {
        case text(String)
        case expression(Evaluation)
    }

    private let content: Content
    private let textLimit: Int

    /// Parses and compiles a text.
    /// - Throws: `InvalidTemplate`.
    public init(_ text: String) throws(FlowError) {
        self.init(try Template.parse(text))
    }

    /// Compiles a template.
    public init(_ template: Template) { self.init(template, textLimit: TextLimit.evaluated) }

    /// Compiles a template whose texts may have so many bytes and no more.
    package init(_ template: Template, textLimit: Int) {
        self.textLimit = textLimit
        switch template.content {
        case .literal(let text): content = .constant(.string(text))
        case .expression(let expression):
            let compiler = ExpressionCompiler(source: String(template.text.dropFirst()), textLimit: textLimit)
            switch compiler.compile(expression) {
            case .constant(let value): content = .constant(value)
            case let compiled:
                content = .expression(compiled.evaluation, nests: Self.nests(expression))
            }
        case .interpolation(let parts): content = Self.content(of: parts, textLimit: textLimit)
        }
    }

    /// The functions whose value holds an argument one level deeper.
    private static let nestingFunctions: Set<String> = [
        "array", "createarray", "addproperty", "setproperty", "chunk",
    ]

    /// Whether an expression puts values into others.
    private static func nests(_ expression: Expression) -> Bool {
        switch expression {
        case .literal: false
        case .access(let base, let access): nests(base) || nests(access.key)
        case .call(let call):
            // Both lengths of those names; others need no look-up.
            (call.name.utf8.count == 5 || call.name.utf8.count == 11)
                && nestingFunctions.contains(call.name.lowercased()) || call.arguments.contains(where: nests)
        }
    }

    /// Refuses a value that no reader would read again.
    static func checkNesting(of value: JSON) throws(FlowError) {
        guard value.isNested(deeperThan: JSON.nestingLimit) else { return }
        throw FlowError(
            .invalidTemplate, "The value is nested deeper than \(JSON.nestingLimit) levels.",
            hint: "do not put a value into itself again and again")
    }

    private static func content(of parts: [Template.Part], textLimit: Int) -> Content {
        var compiled: [Part] = []
        var known = ""
        for part in parts {
            switch part {
            case .text(let text): known += text
            case .expression(let expression, let source):
                let expression = ExpressionCompiler(source: source, textLimit: textLimit).compile(expression)
                if case .constant(let value) = expression,
                    let text = ValueText.text(of: value, upTo: TextLimit.folded)
                {
                    known += text
                } else {
                    if !known.isEmpty { compiled.append(.text(known)) }
                    known = ""
                    compiled.append(.expression(expression.evaluation))
                }
            }
        }
        if compiled.isEmpty { return .constant(.string(known)) }
        if !known.isEmpty { compiled.append(.text(known)) }
        return .interpolation(compiled)
    }

    /// The value, where it depends on nothing.
    public var constant: JSON? {
        if case .constant(let value) = content { value } else { nil }
    }

    /// Evaluates the template.
    /// - Parameter scope: what it can see.
    /// - Returns: the value; that of an interpolation is a text.
    /// - Throws: `InvalidTemplate` with the platform's text.
    public func evaluate(in scope: any EvaluationScope) throws(FlowError) -> JSON {
        switch content {
        case .constant(let value): return value
        case .expression(let evaluation, let nests):
            let value = try evaluation(scope)
            if nests { try Self.checkNesting(of: value) }
            return value
        case .interpolation(let parts):
            var text = ""
            for part in parts {
                switch part {
                case .text(let piece): text += piece
                case .expression(let evaluation):
                    let value = try evaluation(scope)
                    guard let piece = ValueText.text(of: value, upTo: textLimit - text.utf8.count) else {
                        throw FlowError(
                            .invalidTemplate,
                            "The text with its expressions has more than '\(textLimit)' characters, which is more than a "
                                + "value may have.")
                    }
                    text += piece
                }
            }
            return .string(text)
        }
    }
}
