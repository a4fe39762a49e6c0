import FlowCore
import FlowText

/// Whether a JSON schema is one that the platform accepts.
enum SchemaRules {
    /// What is wrong with a schema.
    struct Problem {
        let message: String
        /// Where; nil for the schema as a whole.
        let location: SourceLocation?
        let hint: String?
    }

    static let types = ["string", "number", "integer", "boolean", "object", "array", "null", "any"]

    /// Everything that is wrong with a schema.
    static func problems(of schema: SourceNode) -> [Problem] {
        var problems: [Problem] = []
        collect(schema, named: "the schema", into: &problems)
        return problems
    }

    /// The keywords that the platform saves and then fails on.
    static func unsupportedKeywords(in schema: SourceNode) -> [SourceNode.Member] {
        var found: [SourceNode.Member] = []
        func walk(_ node: SourceNode) {
            guard node.isMapping else { return }
            for member in node.members {
                switch member.key {
                case "pattern" where member.value.string != nil, "patternProperties": found.append(member)
                case "properties", "definitions": for property in member.value.members { walk(property.value) }
                case "items", "additionalProperties", "not":
                    walk(member.value)
                    for element in member.value.elements { walk(element) }
                case "allOf", "anyOf", "oneOf": for element in member.value.elements { walk(element) }
                default: break
                }
            }
        }
        walk(schema)
        return found
    }

    private static func collect(_ schema: SourceNode, named name: String, into problems: inout [Problem]) {
        guard schema.isMapping else {
            // An empty value or an expression is taken as it is.
            if schema.isNull || schema.isTemplate || schema.json.boolValue != nil { return }
            problems.append(
                Problem(
                    message: "\(name) must be a mapping, not \(schema.kindPhrase)", location: schema.location, hint: nil
                ))
            return
        }
        for member in schema.members {
            let value = member.value
            switch member.key {
            case "type": checkType(value, of: name, into: &problems)
            case "properties":
                guard value.isMapping || value.isNull else {
                    problems.append(expected("a mapping", member, of: name))
                    continue
                }
                for property in value.members {
                    collect(property.value, named: "the property '\(property.key)'", into: &problems)
                }
            case "items":
                if value.isSequence {
                    for element in value.elements { collect(element, named: "the items of \(name)", into: &problems) }
                } else {
                    collect(value, named: "the items of \(name)", into: &problems)
                }
            case "required":
                // `required: true` beside a property is the form of draft 3, which Json.NET takes.
                if value.json.boolValue != nil { continue }
                if !value.isSequence || value.elements.contains(where: { $0.string == nil }) {
                    problems.append(expected("a list of texts", member, of: name))
                }
            case "enum": if !value.isSequence { problems.append(expected("a list", member, of: name)) }
            case "allOf", "anyOf", "oneOf":
                guard value.isSequence else {
                    problems.append(expected("a list", member, of: name))
                    continue
                }
                for element in value.elements { collect(element, named: "a part of \(name)", into: &problems) }
            case "additionalProperties":
                if value.json.boolValue == nil {
                    collect(value, named: "the further properties of \(name)", into: &problems)
                }
            case "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems":
                if value.json.doubleValue == nil, !value.isNull {
                    problems.append(expected("a number", member, of: name))
                }
            default: break
            }
        }
    }

    private static func checkType(_ value: SourceNode, of name: String, into problems: inout [Problem]) {
        let words = value.isSequence ? value.elements : [value]
        for word in words {
            // Schemas may stand in for a type in the form of draft 3.
            if word.isMapping || word.isNull { continue }
            guard let text = word.string else {
                problems.append(
                    Problem(message: "a type of \(name) must be a text", location: word.location, hint: nil))
                continue
            }
            if types.contains(text.lowercased()) || text.isEmpty { continue }
            problems.append(
                Problem(
                    message: "'\(text)' is no type of \(name); there are \(types.joined(separator: ", "))",
                    location: word.location, hint: suggestion(for: text)))
        }
    }

    private static func suggestion(for type: String) -> String? {
        switch type.lowercased() {
        case "int", "long", "int32", "int64": "the type of a whole number is 'integer'"
        case "float", "double", "decimal": "the type of a number is 'number'"
        case "bool": "the type of a Boolean is 'boolean'"
        case "text", "str", "date", "datetime": "the type of a text is 'string'"
        case "list": "the type of a list is 'array'"
        case "map", "dict": "the type of a mapping is 'object'"
        default: Suggestion.hint(for: type, among: types)
        }
    }

    private static func expected(_ what: String, _ member: SourceNode.Member, of name: String) -> Problem {
        Problem(
            message: "'\(member.key)' of \(name) must be \(what), not \(member.value.kindPhrase)",
            location: member.keyLocation, hint: nil)
    }
}
