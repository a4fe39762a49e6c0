/// What is wrong with the form of a template, and where.
public struct SyntaxFailure: Error, Sendable, Hashable {
    /// The sentence as the platform words it.
    public let message: String
    /// The place in the template's text, as UTF-8 offsets; may be empty.
    public let range: Range<Int>
    /// What to write instead, where that is known.
    public let hint: String?

    /// Makes a failure.
    public init(_ message: String, range: Range<Int>, hint: String? = nil) {
        self.message = message
        self.range = range
        self.hint = hint
    }
}
