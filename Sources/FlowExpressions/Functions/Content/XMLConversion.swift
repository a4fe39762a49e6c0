import FlowCore

/// XML to JSON and back, with the names that Json.NET's `XmlNodeConverter` uses.
enum XMLConversion {
    /// The JSON of a document's nodes.
    static func json(of nodes: [XMLNode]) -> JSON { .object(grouped(nodes)) }

    /// The document of an object.
    static func nodes(of object: JSONObject) throws(XMLDocument.Failure) -> [XMLNode] {
        var nodes: [XMLNode] = []
        var roots = 0
        for (name, value) in object {
            if case .array(let elements) = value, !name.hasPrefix("?"), name != "!DOCTYPE" {
                roots += elements.count
                for element in elements { nodes.append(contentsOf: self.nodes(named: name, of: element)) }
                continue
            }
            let converted = self.nodes(named: name, of: value)
            if converted.contains(where: { if case .element = $0 { true } else { false } }) { roots += 1 }
            nodes.append(contentsOf: converted)
        }
        guard roots > 0 else { throw XMLDocument.Failure(message: "Root element is missing.") }
        guard roots == 1 else {
            throw XMLDocument.Failure(
                message: "JSON root object has multiple properties. The root object must have a single property in "
                    + "order to create a valid XML document.")
        }
        return nodes
    }

    // MARK: To JSON

    private static func name(of node: XMLNode) -> String {
        switch node {
        case .element(let name, _, _, _): name
        case .text: "#text"
        case .cdata: "#cdata-section"
        case .comment: "#comment"
        case .instruction(let target, _): "?" + target
        case .declaration: "?xml"
        case .documentType: "!DOCTYPE"
        }
    }

    /// Children by name in the order of their first appearance; those that repeat become an array.
    private static func grouped(_ nodes: [XMLNode], _ attributes: [XMLNode.Attribute] = []) -> JSONObject {
        var object = JSONObject()
        for attribute in attributes { object["@" + attribute.name] = .string(attribute.value) }
        var names: [String] = []
        var groups: [String: [XMLNode]] = [:]
        for node in nodes {
            let name = name(of: node)
            if groups[name] == nil { names.append(name) }
            groups[name, default: []].append(node)
        }
        for name in names {
            guard let group = groups[name] else { continue }
            if group.count > 1 {
                object[name] = .array(group.compactMap(value))
            } else if let value = value(of: group[0]) {
                object[name] = value
            }
        }
        return object
    }

    /// The value of a node; comments have none.
    private static func value(of node: XMLNode) -> JSON? {
        switch node {
        case .text(let text), .cdata(let text), .instruction(_, let text): return .string(text)
        case .comment: return nil
        case .declaration(let attributes):
            return .object(JSONObject(attributes.map { ("@" + $0.name, .string($0.value)) }))
        case .documentType(let name, let publicID, let systemID):
            var object: JSONObject = ["@name": .string(name)]
            if let publicID { object["@public"] = .string(publicID) }
            if let systemID { object["@system"] = .string(systemID) }
            return .object(object)
        case .element(_, let attributes, let children, let isEmpty):
            if attributes.isEmpty {
                if children.isEmpty { return isEmpty ? .null : "" }
                if children.count == 1, case .text(let text) = children[0] { return .string(text) }
            }
            return .object(grouped(children, attributes))
        }
    }

    // MARK: To XML

    private static func nodes(named name: String, of value: JSON) -> [XMLNode] {
        if case .array(let elements) = value { return elements.flatMap { nodes(named: name, of: $0) } }
        switch name {
        case "#text", "#significant-whitespace", "#whitespace": return [.text(text(of: value))]
        case "#cdata-section": return [.cdata(text(of: value))]
        case "!DOCTYPE":
            return [
                .documentType(
                    name: value["@name"]?.stringValue ?? "", publicID: value["@public"]?.stringValue,
                    systemID: value["@system"]?.stringValue)
            ]
        default: break
        }
        if name.hasPrefix("?") {
            if name == "?xml", case .object(let object) = value {
                let attributes = object.map {
                    XMLNode.Attribute(name: String($0.drop { $0 == "@" }), value: text(of: $1))
                }
                return [.declaration(attributes)]
            }
            return [.instruction(target: String(name.dropFirst()), content: text(of: value))]
        }
        return [element(named: name, value)]
    }

    private static func element(named name: String, _ value: JSON) -> XMLNode {
        let name = encoded(name)
        switch value {
        case .null: return .element(name: name, attributes: [], children: [], isEmpty: true)
        case .object(let object):
            var attributes: [XMLNode.Attribute] = []
            var children: [XMLNode] = []
            for (key, member) in object {
                if key.hasPrefix("@"), key.utf8.count > 1, ValueTypes(of: member).isDisjoint(with: [.array, .object]) {
                    attributes.append(
                        XMLNode.Attribute(name: encoded(String(key.dropFirst())), value: text(of: member)))
                } else {
                    children.append(contentsOf: nodes(named: key, of: member))
                }
            }
            return .element(name: name, attributes: attributes, children: children, isEmpty: children.isEmpty)
        default:
            return .element(name: name, attributes: [], children: [.text(text(of: value))], isEmpty: false)
        }
    }

    private static func text(of value: JSON) -> String {
        if case .bool(let value) = value { return value ? "true" : "false" }
        return ValueText.text(of: value)
    }

    /// Characters that no XML name may have are written as `_xHHHH_`.
    private static func encoded(_ name: String) -> String {
        if name.isEmpty { return name }
        var result = ""
        for (place, scalar) in name.unicodeScalars.enumerated() {
            if isNamePart(scalar, first: place == 0) {
                result.unicodeScalars.append(scalar)
            } else {
                let digits = String(scalar.value, radix: 16, uppercase: true)
                result += "_x" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "_"
            }
        }
        return result
    }

    private static func isNamePart(_ scalar: Unicode.Scalar, first: Bool) -> Bool {
        if scalar == "_" || scalar == ":" || scalar.properties.isAlphabetic { return true }
        return !first
            && (scalar == "-" || scalar == "." || scalar == "\u{B7}" || scalar.properties.numericType == .decimal)
    }
}
