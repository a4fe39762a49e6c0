import FlowCore

/// The selection of a property or element from a value, with the platform's rules and messages.
enum PropertySelection {
    /// The place of a key: the one that is equal, or else the first that is equal when letter case is ignored.
    static func place(of key: String, in object: JSONObject) -> Int? {
        if let place = object.firstIndex(ofKey: key) { return place }
        let length = key.utf8.count
        for place in 0..<object.count {
            let other = object.keys[place]
            if other.utf8.count == length, CaseMapping.areEqualIgnoringCase(key, other) { return place }
        }
        // Letters outside ASCII may change their length with their case.
        guard !key.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        return object.keys.firstIndex { CaseMapping.areEqualIgnoringCase(key, $0) }
    }

    /// A property's name, and the steps it stands for if no key has the whole name: `body/value` walks into `body`.
    struct Name: Sendable {
        /// The name as written.
        let text: String
        /// What stands between its slashes; empty where it has none.
        let steps: [String]

        init(_ text: String) {
            self.text = text
            steps =
                text.utf8.contains(UInt8(ascii: "/"))
                ? text.split(separator: "/", omittingEmptySubsequences: false).map(String.init) : []
        }
    }

    /// Selects by a name, for an expression whose text is named in messages.
    static func select(
        _ name: Name, from value: JSON, isOptional: Bool, source: String
    ) throws(FlowError) -> JSON {
        switch value {
        case .object(let object):
            if let place = place(of: name.text, in: object) { return object.values[place] }
            if !name.steps.isEmpty { return try walk(name, from: object, isOptional: isOptional, source: source) }
            if isOptional { return .null }
            throw missing(name.text, in: object, source)
        case .null:
            if isOptional { return .null }
            throw failure(source, "property '\(name.text)' cannot be selected.")
        case .array:
            throw failure(
                source,
                "property '\(name.text)' cannot be selected. Array elements can only be selected using an integer index."
            )
        default:
            throw failure(
                source,
                "property '\(name.text)' cannot be selected. Property selection is not supported on values of type "
                    + "'\(value.typeName)'.")
        }
    }

    /// Selects by a computed key: a name or an index.
    static func select(
        _ key: JSON, from value: JSON, isOptional: Bool, source: String
    ) throws(FlowError) -> JSON {
        switch key {
        case .string(let name): return try select(Name(name), from: value, isOptional: isOptional, source: source)
        case .integer(let index): return try select(index, from: value, isOptional: isOptional, source: source)
        default:
            if isOptional, value.isNull { return .null }
            throw failure(
                source,
                "the key of a selection must be a string or an integer. The provided value is of type "
                    + "'\(key.typeName)'.")
        }
    }

    /// Selects by an index.
    static func select(
        _ index: Int64, from value: JSON, isOptional: Bool, source: String
    ) throws(FlowError) -> JSON {
        switch value {
        case .array(let elements):
            if let place = Int(exactly: index), elements.indices.contains(place) { return elements[place] }
            if isOptional { return .null }
            throw failure(source, "array index '\(index)' is outside bounds (0, \(elements.count - 1)) of array.")
        case .null:
            if isOptional { return .null }
            throw failure(source, "property '\(index)' cannot be selected.")
        case .object:
            throw failure(
                source,
                "property '\(index)' cannot be selected. Object properties can only be selected using a property name.")
        default:
            throw failure(
                source,
                "property '\(index)' cannot be selected. Property selection is not supported on values of type "
                    + "'\(value.typeName)'.")
        }
    }

    private static func walk(
        _ path: Name, from object: JSONObject, isOptional: Bool, source: String
    ) throws(FlowError) -> JSON {
        var value = JSON.object(object)
        for name in path.steps {
            if case .array(let elements) = value, let index = Int(name), elements.indices.contains(index) {
                value = elements[index]
                continue
            }
            guard case .object(let inner) = value, let place = place(of: name, in: inner) else {
                if isOptional { return .null }
                throw missing(path.text, in: object, source)
            }
            value = inner.values[place]
        }
        return value
    }

    private static func missing(_ name: String, in object: JSONObject, _ source: String) -> FlowError {
        let known = object.keys.joined(separator: ", ")
        return failure(source, "property '\(name)' doesn't exist, available properties are '\(known)'.")
    }

    private static func failure(_ source: String, _ reason: String) -> FlowError {
        FlowError(
            .invalidTemplate,
            "The template language expression '\(source)' cannot be evaluated because \(reason) Please see "
                + "https://aka.ms/logicexpressions for usage details.")
    }
}
