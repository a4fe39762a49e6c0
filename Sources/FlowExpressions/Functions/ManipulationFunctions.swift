import FlowCore

/// Functions that change objects, choose values and read XML.
enum ManipulationFunctions {
    static let all = [addProperty, coalesce, removeProperty, setProperty, xpath]

    static let addProperty = FunctionDeclaration(
        "addProperty", .manipulation,
        [.required("object", .object), .required("property", .string), .required("value", .any)], returns: .object,
        usage: .expects(
            "three parameters: the object as the first parameter, the name of the property to add as the second "
                + "parameter, and the value as the third parameter"),
        summary: "Gives an object with one more property, which it must not have yet.",
        examples: ["addProperty(json('{\"a\": 1}'), 'b', 2)": ["a": 1, "b": 2]],
        body: .pure { arguments throws(FlowError) in
            var object = try arguments.object(0)
            let name = try arguments.string(1)
            guard PropertySelection.place(of: name, in: object) == nil else {
                throw arguments.call.failure(
                    "expects the property '\(name)' to not exist in the object. Use setProperty to change a property.")
            }
            object.append(name, arguments[2])
            return .object(object)
        })

    static let setProperty = FunctionDeclaration(
        "setProperty", .manipulation,
        [.required("object", .object), .required("property", .string), .required("value", .any)], returns: .object,
        usage: .expects(
            "three parameters: the object as the first parameter, the name of the property to set as the second "
                + "parameter, and the value as the third parameter"),
        summary: "Gives an object with a property set.",
        examples: ["setProperty(json('{\"a\": 1}'), 'a', 2)": ["a": 2]],
        body: .pure { arguments throws(FlowError) in
            var object = try arguments.object(0)
            let name = try arguments.string(1)
            if let place = PropertySelection.place(of: name, in: object) {
                object.setValue(at: place, arguments[2])
            } else {
                object.append(name, arguments[2])
            }
            return .object(object)
        })

    static let removeProperty = FunctionDeclaration(
        "removeProperty", .manipulation, [.required("object", .object), .required("property", .string)],
        returns: .object,
        usage: .expects(
            "two parameters: the object as the first parameter and the name of the property to remove as the second "
                + "parameter"),
        summary: "Gives an object without a property.",
        examples: ["removeProperty(json('{\"a\": 1, \"b\": 2}'), 'a')": ["b": 2]],
        body: .pure { arguments throws(FlowError) in
            var object = try arguments.object(0)
            if let place = PropertySelection.place(of: try arguments.string(1), in: object) {
                object[object.keys[place]] = nil
            }
            return .object(object)
        })

    static let coalesce = FunctionDeclaration(
        "coalesce", .manipulation, [.repeated("values", .any)], returns: .any,
        usage: .expects("at least one parameter: the value to coalesce"),
        summary: "Gives the first value that is not null; those after it are not evaluated.",
        examples: ["coalesce(null, true, false)": true, "coalesce(null, null)": nil],
        body: .lazy { arguments throws(FlowError) in
            for place in 0..<arguments.count {
                let value = try arguments.evaluate(place)
                if !value.isNull { return value }
            }
            return .null
        })

    static let xpath = FunctionDeclaration(
        "xpath", .manipulation, [.required("xml", .object), .required("path", .string)], returns: .any,
        usage: .expects("two parameters: an XML object and an XPath expression"),
        summary: "Evaluates an XPath expression; nodes come as an array, elements as XML content.",
        examples: [
            "xpath(xml('<r><v>1</v><v>2</v></r>'), 'sum(/r/v)')": 3.0,
            "xpath(xml('<r><v>1</v></r>'), '/r/v/text()')": ["1"],
        ],
        body: .pure { arguments throws(FlowError) in
            guard let envelope = ContentEnvelope(arguments[0]), let text = envelope.text else {
                throw arguments.call.mismatch(0, arguments[0], expected: "an XML object")
            }
            let path = try arguments.string(1)
            switch try document(text, arguments).select(path, upTo: arguments.call.textLimit) {
            case .number(let value): return .double(value)
            case .string(let text): return .string(text)
            case .boolean(let value): return .bool(value)
            case .nodes(let nodes): return .array(nodes.map(value))
            case .tooLong: throw arguments.call.tooLong()
            case .tooMuchWork:
                throw arguments.call.failure(
                    "was invoked with the XPath expression '\(path)' that takes too much work.")
            case nil:
                throw arguments.call.failure(
                    "expects its second parameter to be a valid XPath expression. The provided value is '\(path)'.")
            }
        })

    private static func document(_ text: String, _ arguments: Arguments) throws(FlowError) -> XMLDocument {
        do {
            return try XMLDocument(text)
        } catch {
            throw arguments.call.failure("parameter is not valid XML: '\(error.message)'.")
        }
    }

    private static func value(of node: XMLDocument.Selected) -> JSON {
        switch node {
        case .text(let text): .string(text)
        case .xml(let text): ContentEnvelope(contentType: ContentEnvelope.xml, bytes: Array(text.utf8)).json
        }
    }
}
