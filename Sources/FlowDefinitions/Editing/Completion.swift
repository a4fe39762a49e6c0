/// Something that may be written at a place.
public struct Completion: Sendable, Hashable {
    /// What it is.
    public enum Kind: Sendable, Hashable {
        /// A function of the expression language.
        case function
        /// An action by its name.
        case action
        /// A loop by its name.
        case loop
        /// A variable.
        case variable
        /// A parameter of the flow.
        case parameter
        /// A property of a value.
        case property
        /// A type of actions or triggers.
        case type
        /// A key of the file.
        case key
        /// A word that a value may be.
        case word
        /// A connection reference.
        case connectionReference
        /// A connector's operation or trigger.
        case operation
        /// A flow.
        case flow
    }

    /// What people see and search.
    public let label: String
    /// What it is.
    public let kind: Kind
    /// A few words beside the label: a signature, a type.
    public let detail: String?
    /// One sentence or more, as Markdown.
    public let documentation: String?
    /// What is written in place of ``range``.
    public let text: String
    /// The same with `$0` where the cursor goes on, or nil where it goes on behind the text.
    public let snippet: String?
    /// What is replaced.
    public let range: TextRange
}

/// What an editor shows about a place.
public struct Hover: Sendable, Hashable {
    /// The text, as Markdown.
    public let text: String
    /// What it is about.
    public let range: TextRange
}

/// A place in a file.
public struct TextPlace: Sendable, Hashable {
    /// The file.
    public let file: String
    /// The part of it.
    public let range: TextRange
}
