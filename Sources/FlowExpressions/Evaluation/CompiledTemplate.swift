public import FlowCore

/// A template that is compiled once and evaluated many times.
public struct CompiledTemplate: Sendable {
    private enum Content: Sendable {
        case constant(JSON)
        case expression(Evaluation)
        case interpolation([Part])
    }

    private enum Part: Sendable {
        case text(String)
        case expression(Evaluation)
    }

    private let content: Content

    /// Parses and compiles a text.
    /// - Throws: `InvalidTemplate`.
    public init(_ text: String) throws(FlowError) {
        self.init(try Template.parse(text))
    }

    /// Compiles a template.
    public init(_ template: Template) {
        switch template.content {
        case .literal(let text): content = .constant(.string(text))
        case .expression(let expression):
            let compiler = ExpressionCompiler(source: String(template.text.dropFirst()))
            switch compiler.compile(expression) {
            case .constant(let value): content = .constant(value)
            case .dynamic(let evaluation): content = .expression(evaluation)
            }
        case .interpolation(let parts): content = Self.content(of: parts)
        }
    }

    private static func content(of parts: [Template.Part]) -> Content {
        var compiled: [Part] = []
        func append(_ text: String) {
            if case .text(let earlier) = compiled.last {
                compiled[compiled.count - 1] = .text(earlier + text)
            } else {
                compiled.append(.text(text))
            }
        }
        for part in parts {
            switch part {
            case .text(let text): append(text)
            case .expression(let expression, let source):
                switch ExpressionCompiler(source: source).compile(expression) {
                case .constant(let value): append(ValueText.text(of: value))
                case .dynamic(let evaluation): compiled.append(.expression(evaluation))
                }
            }
        }
        if compiled.count == 1, case .text(let text) = compiled[0] { return .constant(.string(text)) }
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
        case .expression(let evaluation): return try evaluation(scope)
        case .interpolation(let parts):
            var text = ""
            for part in parts {
                switch part {
                case .text(let piece): text += piece
                case .expression(let evaluation): text += ValueText.text(of: try evaluation(scope))
                }
            }
            return .string(text)
        }
    }
}
