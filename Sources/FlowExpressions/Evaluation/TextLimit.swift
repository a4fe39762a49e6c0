import FlowCore

/// How long the texts are that expressions build, in bytes of UTF-8.
package enum TextLimit {
    /// What any text may come to: the platform's size of a message and of a variable.
    package static let evaluated = 104_857_600
    /// What a text may come to that is computed from literals before any run.
    ///
    /// It is the platform's limit for the functions that build texts. What is longer is computed at evaluation.
    static let folded = 131_072
    /// How many elements or members a collection may have that is computed before any run.
    static let foldedCount = 10_000

    /// Whether a value that is computed before any run is kept.
    static func isFolded(_ value: JSON) -> Bool {
        switch value {
        case .string(let text): text.utf8.count <= folded
        case .array(let elements): elements.count <= foldedCount
        case .object(let object): object.count <= foldedCount
        default: true
        }
    }
}
