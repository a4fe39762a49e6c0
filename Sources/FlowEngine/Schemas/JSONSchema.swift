public import FlowCore
import FlowDefinitions

/// A JSON Schema (draft 4) as Parse JSON and Request triggers use it, with the platform's messages.
public struct JSONSchema: Sendable {
    /// Something in a value that its schema does not allow.
    public struct Finding: Sendable, Hashable {
        /// One sentence.
        public let message: String
        /// The JSON path of the value, as in `items[2].name`.
        public let path: String
        /// The value that does not fit.
        public let value: JSON
        /// The place in the schema, as in `#/properties/name`.
        public let schemaID: String
        /// The kind, such as `type`, `required`, `enum`.
        public let errorType: String
        /// The findings of the parts of `anyOf`, `oneOf` and the like.
        public let children: [Finding]

        /// The form in which Parse JSON puts it out.
        public var json: JSON {
            [
                "message": .string(message), "lineNumber": 0, "linePosition": 0, "path": .string(path), "value": value,
                "schemaId": .string(schemaID), "errorType": .string(errorType),
                "childErrors": .array(children.map(\.json)),
            ]
        }
    }

    private let root: JSON

    /// Takes a schema; what is no object allows everything.
    public init(_ schema: JSON) { root = schema }

    /// The first keyword of a schema that the platform does not support, or nil.
    public static func unsupportedKeyword(in schema: JSON) -> String? {
        switch schema {
        case .object(let object):
            for (key, value) in object {
                if key == "patternProperties" || key == "pattern", value.stringValue != nil || key != "pattern" {
                    return key
                }
                if key == "properties" || key == "definitions" {
                    for (_, member) in value.objectValue ?? [:] {
                        if let found = unsupportedKeyword(in: member) { return found }
                    }
                } else if key != "enum", key != "default", let found = unsupportedKeyword(in: value) {
                    return found
                }
            }
            return nil
        case .array(let elements): return elements.lazy.compactMap(unsupportedKeyword).first
        default: return nil
        }
    }

    /// Checks a value.
    /// - Returns: everything that does not fit; empty where the value is valid.
    public func validate(_ value: JSON) -> [Finding] {
        var findings: [Finding] = []
        check(value, root, path: "", id: "#", into: &findings)
        return findings
    }

    private func check(_ value: JSON, _ schema: JSON, path: String, id: String, into findings: inout [Finding]) {
        guard case .object(let schema) = schema else { return }
        if let reference = schema["$ref"]?.stringValue {
            if let target = resolve(reference) { check(value, target, path: path, id: reference, into: &findings) }
            return
        }
        let site = Site(value: value, path: path, id: id)
        let types = Self.types(schema["type"])
        if !types.isEmpty, !types.contains(where: { Self.matches(value, $0) }) {
            let expected = types.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: ", ")
            findings.append(site.finding("type", "Invalid type. Expected \(expected) but got \(Self.typeName(value))."))
            return
        }
        if let allowed = schema["enum"]?.arrayValue, !allowed.contains(where: { Self.areEqual($0, value) }) {
            findings.append(site.finding("enum", "Value \(value.text) is not defined in enum."))
        }
        if let constant = schema["const"], !Self.areEqual(constant, value) {
            findings.append(site.finding("const", "Value \(value.text) does not match const."))
        }
        combine(site, schema, into: &findings)
        switch value {
        case .string(let text): check(text, schema, site, into: &findings)
        case .integer, .double, .decimal: check(number: value, schema, site, into: &findings)
        case .array(let elements): check(elements, schema, site, into: &findings)
        case .object(let object): check(object, schema, site, into: &findings)
        default: break
        }
    }

    /// A value with its path and the place of its schema.
    private struct Site {
        let value: JSON
        let path: String
        let id: String

        func finding(_ type: String, _ message: String, _ children: [Finding] = []) -> Finding {
            Finding(message: message, path: path, value: value, schemaID: id, errorType: type, children: children)
        }
    }

    private func combine(_ site: Site, _ schema: JSONObject, into findings: inout [Finding]) {
        let (value, path, id) = (site.value, site.path, site.id)
        for (place, part) in (schema["allOf"]?.arrayValue ?? []).enumerated() {
            check(value, part, path: path, id: "\(id)/allOf/\(place)", into: &findings)
        }
        for (key, atLeast) in [("anyOf", true), ("oneOf", false)] {
            guard let parts = schema[key]?.arrayValue else { continue }
            var failed: [Finding] = []
            var valid = 0
            for (place, part) in parts.enumerated() {
                var inner: [Finding] = []
                check(value, part, path: path, id: "\(id)/\(key)/\(place)", into: &inner)
                if inner.isEmpty { valid += 1 }
                failed += inner
            }
            if atLeast, valid == 0 {
                findings.append(site.finding(key, "JSON does not match any schemas from 'anyOf'.", failed))
            }
            if !atLeast, valid != 1 {
                findings.append(
                    site.finding(
                        key,
                        valid == 0
                            ? "JSON is valid against no schemas from 'oneOf'."
                            : "JSON is valid against more than one schema from 'oneOf'.", failed))
            }
        }
        if let not = schema["not"] {
            var inner: [Finding] = []
            check(value, not, path: path, id: "\(id)/not", into: &inner)
            if inner.isEmpty { findings.append(site.finding("not", "JSON is valid against schema from 'not'.")) }
        }
    }

    private func check(_ text: String, _ schema: JSONObject, _ site: Site, into findings: inout [Finding]) {
        let length = text.utf16.count
        if let least = schema["minLength"]?.integerValue, length < Int(least) {
            findings.append(site.finding("minimumLength", "String '\(text)' is less than minimum length of \(least)."))
        }
        if let most = schema["maxLength"]?.integerValue, length > Int(most) {
            findings.append(site.finding("maximumLength", "String '\(text)' exceeds maximum length of \(most)."))
        }
        if let format = schema["format"]?.stringValue, !Self.hasFormat(text, format) {
            findings.append(site.finding("format", "String '\(text)' does not validate against format '\(format)'."))
        }
    }

    private func check(
        number value: JSON, _ schema: JSONObject, _ site: Site, into findings: inout [Finding]
    ) {
        guard let number = value.doubleValue else { return }
        if let least = schema["minimum"]?.doubleValue {
            let kind = value.platformTypeName
            if number < least {
                findings.append(
                    site.finding(
                        "minimum",
                        "\(kind) \(value.text) is less than minimum value of \(schema["minimum"]?.text ?? "")."))
            } else if number == least, schema["exclusiveMinimum"]?.boolValue == true {
                findings.append(
                    site.finding(
                        "minimum",
                        "\(kind) \(value.text) equals minimum value of \(schema["minimum"]?.text ?? "") and exclusive minimum is true."
                    ))
            }
        }
        if let most = schema["maximum"]?.doubleValue {
            let kind = value.platformTypeName
            if number > most {
                findings.append(
                    site.finding(
                        "maximum", "\(kind) \(value.text) exceeds maximum value of \(schema["maximum"]?.text ?? "")."))
            } else if number == most, schema["exclusiveMaximum"]?.boolValue == true {
                findings.append(
                    site.finding(
                        "maximum",
                        "\(kind) \(value.text) equals maximum value of \(schema["maximum"]?.text ?? "") and exclusive maximum is true."
                    ))
            }
        }
        if let step = schema["multipleOf"]?.doubleValue, step > 0 {
            let ratio = number / step
            if (ratio - ratio.rounded()).magnitude > 1e-9 {
                findings.append(
                    site.finding(
                        "multipleOf",
                        "\(value.platformTypeName) \(value.text) is not a multiple of \(schema["multipleOf"]?.text ?? "")."
                    ))
            }
        }
    }

    private func check(
        _ elements: [JSON], _ schema: JSONObject, _ site: Site, into findings: inout [Finding]
    ) {
        let (path, id) = (site.path, site.id)
        if let least = schema["minItems"]?.integerValue, elements.count < Int(least) {
            findings.append(
                site.finding(
                    "minimumItems", "Array item count \(elements.count) is less than minimum count of \(least)."))
        }
        if let most = schema["maxItems"]?.integerValue, elements.count > Int(most) {
            findings.append(
                site.finding("maximumItems", "Array item count \(elements.count) exceeds maximum count of \(most)."))
        }
        if schema["uniqueItems"]?.boolValue == true, Set(elements).count < elements.count {
            findings.append(site.finding("uniqueItems", "Non-unique array item."))
        }
        let tuple = schema["items"]?.arrayValue
        for (place, element) in elements.enumerated() {
            let inner = "\(path)[\(place)]"
            if let tuple {
                if place < tuple.count {
                    check(element, tuple[place], path: inner, id: "\(id)/items/\(place)", into: &findings)
                } else if schema["additionalItems"]?.boolValue == false {
                    findings.append(
                        site.finding(
                            "additionalItems",
                            "Index \(place + 1) has not been defined and the schema does not allow additional items."))
                } else if let additional = schema["additionalItems"] {
                    check(element, additional, path: inner, id: "\(id)/additionalItems", into: &findings)
                }
            } else if let items = schema["items"] {
                check(element, items, path: inner, id: "\(id)/items", into: &findings)
            }
        }
    }

    private func check(
        _ object: JSONObject, _ schema: JSONObject, _ site: Site, into findings: inout [Finding]
    ) {
        let (path, id) = (site.path, site.id)
        let missing = (schema["required"]?.arrayValue ?? []).compactMap(\.stringValue).filter { object[$0] == nil }
        if !missing.isEmpty {
            findings.append(
                site.finding(
                    "required", "Required properties are missing from object: \(missing.joined(separator: ", "))."))
        }
        if let least = schema["minProperties"]?.integerValue, object.count < Int(least) {
            findings.append(
                site.finding(
                    "minimumProperties", "Object property count \(object.count) is less than minimum count of \(least)."
                ))
        }
        if let most = schema["maxProperties"]?.integerValue, object.count > Int(most) {
            findings.append(
                site.finding(
                    "maximumProperties", "Object property count \(object.count) exceeds maximum count of \(most)."))
        }
        let properties = schema["properties"]?.objectValue ?? [:]
        for (name, value) in object {
            let inner = path.isEmpty ? name : "\(path).\(name)"
            if let member = properties[name] {
                check(value, member, path: inner, id: "\(id)/properties/\(name)", into: &findings)
            } else if schema["additionalProperties"]?.boolValue == false {
                findings.append(
                    site.finding(
                        "additionalProperties",
                        "Property '\(name)' has not been defined and the schema does not allow additional properties."))
            } else if let additional = schema["additionalProperties"] {
                check(value, additional, path: inner, id: "\(id)/additionalProperties", into: &findings)
            }
        }
    }

    private func resolve(_ reference: String) -> JSON? {
        guard reference.hasPrefix("#") else { return nil }
        var schema: JSON? = root
        for part in reference.dropFirst().split(separator: "/") {
            let key = part.replacing("~1", with: "/").replacing("~0", with: "~")
            schema = schema?[String(key)] ?? Int(key).flatMap { schema?[$0] }
        }
        return schema
    }

    private static func types(_ written: JSON?) -> [String] {
        switch written {
        case .string(let name): [name.lowercased()]
        case .array(let names): names.compactMap { $0.stringValue?.lowercased() }
        default: []
        }
    }

    private static func matches(_ value: JSON, _ type: String) -> Bool {
        switch (type, value) {
        case ("any", _), ("null", .null), ("boolean", .bool), ("string", .string), ("array", .array),
            ("object", .object):
            true
        case ("integer", .integer): true
        case ("integer", .decimal(let digits)): !digits.contains { ".eE".contains($0) }
        case ("number", .integer), ("number", .double), ("number", .decimal): true
        case ("any", _): true
        default: !["null", "boolean", "string", "array", "object", "integer", "number"].contains(type)
        }
    }

    private static func typeName(_ value: JSON) -> String {
        switch value {
        case .double, .decimal: "Number"
        default: value.platformTypeName
        }
    }

    private static func areEqual(_ left: JSON, _ right: JSON) -> Bool {
        if left == right { return true }
        if let left = left.doubleValue, let right = right.doubleValue { return left == right }
        return false
    }

    private static func hasFormat(_ text: String, _ format: String) -> Bool {
        switch format {
        case "date-time": Timestamp(iso8601: text) != nil
        case "date": text.utf8.count == 10 && Timestamp(iso8601: text) != nil
        case "email": text.contains("@")
        case "uri": text.contains(":")
        case "uuid": UUIDText.isValid(text)
        default: true
        }
    }
}
