/// Something that is wrong with an expression, found without running anything.
public struct ExpressionFinding: Sendable, Hashable {
    /// How bad it is.
    public enum Severity: Sendable, Hashable {
        /// It fails whenever it is evaluated.
        case error
        /// It fails where it is reached, or is probably not what was meant.
        case warning
    }

    /// What kind of mistake it is.
    public enum Kind: Sendable, Hashable {
        /// The text is no expression.
        case syntax
        /// There is no such function.
        case unknownFunction
        /// A call has too many or too few arguments.
        case argumentCount
        /// An argument is of a type that the function does not take.
        case argumentType
        /// A literal cannot work: it cannot be converted, is out of range, or names nothing.
        case literal
        /// Something is selected from a value that has no parts.
        case selection
    }

    /// How bad it is.
    public let severity: Severity
    /// What kind of mistake it is.
    public let kind: Kind
    /// What is wrong, in the platform's words where it has some.
    public let message: String
    /// What to do about it.
    public let hint: String?
    /// The place in the template's text, as UTF-8 offsets.
    public let range: Range<Int>

    /// Makes a finding.
    public init(_ severity: Severity, _ kind: Kind, _ message: String, hint: String? = nil, range: Range<Int>) {
        self.severity = severity
        self.kind = kind
        self.message = message
        self.hint = hint
        self.range = range
    }
}
