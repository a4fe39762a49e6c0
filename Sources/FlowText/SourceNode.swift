public import FlowCore

/// A value read from YAML or JSON text that remembers where it stands.
///
/// The tree keeps the order of members. ``json`` gives the value without its places.
public struct SourceNode: Sendable {
    /// What a node holds.
    public enum Value: Sendable {
        /// null, a Boolean, a number or a text.
        case scalar(JSON)
        /// A sequence.
        case sequence([SourceNode])
        /// A mapping, in the order in which its members are written.
        case mapping([Member])
    }

    /// How a scalar is written.
    public enum Style: Sendable {
        /// Without quotes.
        case plain
        /// In single or double quotes.
        case quoted
        /// As a block scalar, `|` or `>`.
        case block
    }

    /// A key with its value.
    public struct Member: Sendable {
        /// The key.
        public let key: String
        /// Where the key begins.
        public let keyLocation: SourceLocation
        /// How the key is written.
        public let keyStyle: Style
        /// The value.
        public let value: SourceNode

        /// Makes a member.
        public init(key: String, keyLocation: SourceLocation, keyStyle: Style = .plain, value: SourceNode) {
            self.key = key
            self.keyLocation = keyLocation
            self.keyStyle = keyStyle
            self.value = value
        }
    }

    /// What the node holds.
    public let value: Value
    /// Where the value begins.
    public let location: SourceLocation
    /// Where the value ends: the place after its last character.
    public let end: SourceLocation
    /// How a scalar is written; `plain` for collections.
    public let style: Style

    /// Makes a node.
    public init(_ value: Value, at location: SourceLocation, end: SourceLocation? = nil, style: Style = .plain) {
        self.value = value
        self.location = location
        self.end = end ?? location
        self.style = style
    }

    /// Makes a tree of a value that was not read from a text; every node stands at the one place given.
    public init(_ json: JSON, at location: SourceLocation) {
        switch json {
        case .array(let elements):
            self.init(.sequence(elements.map { SourceNode($0, at: location) }), at: location, style: .quoted)
        case .object(let object):
            let members = object.map { key, value in
                Member(key: key, keyLocation: location, keyStyle: .quoted, value: SourceNode(value, at: location))
            }
            self.init(.mapping(members), at: location, style: .quoted)
        default: self.init(.scalar(json), at: location, style: .quoted)
        }
    }

    /// The value without its places.
    public var json: JSON {
        switch value {
        case .scalar(let scalar): return scalar
        case .sequence(let elements): return .array(elements.map(\.json))
        case .mapping(let members):
            var object = JSONObject()
            for member in members { object[member.key] = member.value.json }
            return .object(object)
        }
    }

    /// The members of a mapping; empty for anything else.
    public var members: [Member] {
        if case .mapping(let members) = value { members } else { [] }
    }

    /// The elements of a sequence; empty for anything else.
    public var elements: [SourceNode] {
        if case .sequence(let elements) = value { elements } else { [] }
    }

    /// The text of a text scalar, or nil.
    public var string: String? {
        if case .scalar(.string(let text)) = value { text } else { nil }
    }

    /// Whether this is a mapping.
    public var isMapping: Bool {
        if case .mapping = value { true } else { false }
    }

    /// Whether this is a sequence.
    public var isSequence: Bool {
        if case .sequence = value { true } else { false }
    }

    /// Whether this is null.
    public var isNull: Bool {
        if case .scalar(.null) = value { true } else { false }
    }

    /// The value of a key, or nil; of a repeated key the last.
    public subscript(key: String) -> SourceNode? { members.last { $0.key == key }?.value }

    /// The member of a key, or nil.
    public func member(_ key: String) -> Member? { members.last { $0.key == key } }
}
