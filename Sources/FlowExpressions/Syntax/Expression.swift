public import FlowCore

/// One expression of the Workflow Definition Language as it is written, with the place of every part.
///
/// Ranges are UTF-8 offsets into the text of the template that holds the expression.
public indirect enum Expression: Sendable {
    /// A text, a number, `true`, `false` or `null`.
    case literal(JSON, range: Range<Int>)
    /// A call of a function.
    case call(Call)
    /// The selection of a property or element: `base.name`, `base['name']`, `base[0]`, each also after `?`.
    case access(base: Expression, Access)

    /// A call of a function by name.
    public struct Call: Sendable {
        /// The function's name as it is written.
        public let name: String
        /// Where the name stands.
        public let nameRange: Range<Int>
        /// The arguments in order.
        public let arguments: [Expression]
        /// Where the call stands, from its name to its closing parenthesis.
        public let range: Range<Int>
    }

    /// A step into a value.
    public struct Access: Sendable {
        /// What is selected: an expression for a name or an index; `.name` is a literal text.
        public let key: Expression
        /// Whether `?` stands before it, so that nothing to select from gives null.
        public let isOptional: Bool
        /// Where the step stands, from its `?`, `.` or `[` on.
        public let range: Range<Int>
    }

    /// Where the expression stands.
    public var range: Range<Int> {
        switch self {
        case .literal(_, let range): range
        case .call(let call): call.range
        case .access(let base, let access): base.range.lowerBound..<access.range.upperBound
        }
    }

    /// The value of a literal, or nil.
    public var literal: JSON? {
        if case .literal(let value, _) = self { value } else { nil }
    }

    /// All calls in the expression, outer ones before those in their arguments.
    public var calls: [Call] {
        var calls: [Call] = []
        collectCalls(into: &calls)
        return calls
    }

    private func collectCalls(into calls: inout [Call]) {
        switch self {
        case .literal: break
        case .call(let call):
            calls.append(call)
            for argument in call.arguments { argument.collectCalls(into: &calls) }
        case .access(let base, let access):
            base.collectCalls(into: &calls)
            access.key.collectCalls(into: &calls)
        }
    }
}
