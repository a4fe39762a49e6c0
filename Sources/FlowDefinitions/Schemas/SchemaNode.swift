import FlowCore

/// A JSON Schema (draft-07) as it is put together: members in a fixed order, texts for hover in each.
struct SchemaNode: Sendable {
    /// The members of the schema.
    private(set) var members: JSONObject

    /// The schema as JSON.
    var json: JSON { .object(members) }

    private init(_ members: JSONObject) { self.members = members }

    private init(type: JSON, _ description: String) {
        members = ["description": .string(description), "type": type]
    }

    // MARK: Kinds

    /// Any value.
    static func any(_ description: String) -> SchemaNode { SchemaNode(["description": .string(description)]) }

    /// A text.
    static func text(_ description: String) -> SchemaNode { SchemaNode(type: "string", description) }

    /// A text of a form.
    static func text(_ description: String, pattern: String) -> SchemaNode {
        SchemaNode(type: "string", description).with("pattern", .string(pattern))
    }

    /// One of some words.
    static func words(_ description: String, _ words: [String]) -> SchemaNode {
        SchemaNode(type: "string", description).with("enum", .array(words.map { .string($0) }))
    }

    /// One of some words, each with what it means.
    static func words(_ description: String, _ words: KeyValuePairs<String, String>) -> SchemaNode {
        .words(description, words.map(\.key))
            .with("enumDescriptions", .array(words.map { .string($0.value) }))
    }

    /// A whole number of a range, or an expression that gives one.
    static func count(_ description: String, _ range: ClosedRange<Int64>) -> SchemaNode {
        let number = SchemaNode([
            "type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound),
        ])
        return number.orExpression(description)
    }

    /// A whole number, or an expression that gives one.
    static func number(_ description: String) -> SchemaNode {
        SchemaNode(["type": "integer"]).orExpression(description)
    }

    /// One word alone.
    static func fixed(_ description: String, _ word: String) -> SchemaNode {
        SchemaNode(["description": .string(description), "const": .string(word)])
    }

    /// True or false.
    static func flag(_ description: String) -> SchemaNode { SchemaNode(type: "boolean", description) }

    /// A list.
    static func list(_ description: String, of element: SchemaNode, atLeast count: Int64 = 0) -> SchemaNode {
        let list = SchemaNode(type: "array", description).with("items", element.json)
        return count > 0 ? list.with("minItems", .integer(count)) : list
    }

    /// A list, or an expression that gives one.
    static func items(_ description: String) -> SchemaNode { SchemaNode(["type": "array"]).orExpression(description) }

    /// A mapping from names to values of one kind.
    static func map(_ description: String, of value: SchemaNode) -> SchemaNode {
        SchemaNode(type: "object", description).with("additionalProperties", value.json)
    }

    /// A mapping with members of its own.
    /// - Parameters:
    ///   - description: what it is.
    ///   - members: its members in the order in which they are offered.
    ///   - required: the members that must be there.
    ///   - isOpen: whether other members are allowed too.
    /// - Returns: the node.
    static func object(
        _ description: String, _ members: KeyValuePairs<String, SchemaNode>, required: [String] = [],
        isOpen: Bool = false
    ) -> SchemaNode {
        .object(description, members: members.map { ($0, $1) }, required: required, isOpen: isOpen)
    }

    /// A mapping with members that were put together elsewhere.
    static func object(
        _ description: String, members: [(String, SchemaNode)], required: [String] = [], isOpen: Bool = false
    ) -> SchemaNode {
        let object = SchemaNode(type: "object", description)
            .with("properties", .object(JSONObject(members.map { ($0, $1.json) })))
            .requiring(required)
        return isOpen ? object : object.with("additionalProperties", false)
    }

    /// A definition of the same schema, with a text of its own for hover.
    static func definition(_ name: String, _ description: String? = nil) -> SchemaNode {
        let reference: JSON = ["$ref": .string("#/definitions/\(name)")]
        guard let description else { return SchemaNode(["$ref": .string("#/definitions/\(name)")]) }
        // Draft-07 ignores what stands beside a reference, so the text goes around it.
        return SchemaNode(["description": .string(description), "allOf": [reference]])
    }

    /// Fits where one of the schemas does.
    static func either(_ description: String, _ parts: SchemaNode...) -> SchemaNode {
        SchemaNode(["description": .string(description), "anyOf": .array(parts.map(\.json))])
    }

    /// A condition: where `member` is one of the words, the other schema holds.
    static func when(_ member: String, isOneOf words: [String], then schema: SchemaNode) -> SchemaNode {
        let test: JSON = words.count == 1 ? ["const": .string(words[0])] : ["enum": .array(words.map { .string($0) })]
        return SchemaNode([
            "if": ["properties": .object([member: test]), "required": [.string(member)]], "then": schema.json,
        ])
    }

    // MARK: Additions

    /// The schema with one member more.
    func with(_ key: String, _ value: JSON) -> SchemaNode {
        var copy = self
        copy.members[key] = value
        return copy
    }

    /// The schema with a title.
    func titled(_ title: String) -> SchemaNode {
        SchemaNode(JSONObject([("title", .string(title))] + members.map { ($0, $1) }))
    }

    /// The schema with a default, which editors put in.
    func defaulting(to value: JSON) -> SchemaNode { with("default", value) }

    /// The mapping with members that must be there.
    func requiring(_ names: [String]) -> SchemaNode {
        names.isEmpty ? self : with("required", .array(names.map { .string($0) }))
    }

    /// The schema with further ones that hold too.
    func all(_ parts: [SchemaNode]) -> SchemaNode { with("allOf", .array(parts.map(\.json))) }

    /// The value, or an expression that gives it.
    func orExpression(_ description: String? = nil) -> SchemaNode {
        let text = description.map { .string($0) } ?? members["description"]
        var copy = self
        copy.members["description"] = nil
        var either = SchemaNode(["anyOf": [copy.json, ["$ref": "#/definitions/expression"]]])
        if let text { either = SchemaNode(JSONObject([("description", text)] + either.members.map { ($0, $1) })) }
        return either
    }
}
