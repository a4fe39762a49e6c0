import FlowCore

/// Functions that turn values of one type into another.
enum ConversionFunctions {
    static let all = [
        array, base64, base64ToBinary, base64ToString, binary, bool, createArray, dataUri, dataUriToBinary,
        dataUriToString, decimal, decodeBase64, decodeDataUri, decodeUriComponent, encodeUriComponent, float, int, json,
        string, uriComponent, uriComponentToBinary, uriComponentToString, xml,
    ]

    // MARK: Arrays

    static let array = FunctionDeclaration(
        "array", .conversion, [.required("value", .any)], returns: .array,
        usage: .expects("one parameter: the value that is to be converted to an array"),
        summary: "Gives an array with the one value in it.", examples: ["array('hello')": ["hello"]],
        body: .pure { arguments throws(FlowError) in .array([arguments[0]]) })

    static let createArray = FunctionDeclaration(
        "createArray", .conversion, [.repeated("values", .any)], returns: .array,
        usage: .expects("a comma separated list of parameters"),
        summary: "Gives an array of the values.", examples: ["createArray('a', 1, true)": ["a", 1, true]],
        body: .pure { arguments throws(FlowError) in .array(arguments.values) })

    // MARK: Base64 and binary content

    static let base64 = FunctionDeclaration(
        "base64", .conversion, [.required("value", [.string, .object])], returns: .string,
        usage: .expects("one parameter: the string to encode into base64 representation"),
        summary: "Encodes a text or binary content as Base64.", examples: ["base64('hello')": "aGVsbG8="],
        body: .pure { arguments throws(FlowError) in
            if case .string(let text) = arguments[0] { return .string(Base64.encode(Array(text.utf8))) }
            if let bytes = ContentEnvelope(arguments[0])?.bytes { return .string(Base64.encode(bytes)) }
            throw arguments.call.mismatch(0, arguments[0], expected: "a string")
        })

    static let base64ToBinary = FunctionDeclaration(
        "base64ToBinary", .conversion, [.required("base64", .string)], returns: .object,
        usage: .expects("one parameter: the string to decode from base64 representation"),
        summary: "Gives the binary content behind Base64.",
        examples: [
            "base64ToBinary('aGVsbG8=')": ["$content-type": "application/octet-stream", "$content": "aGVsbG8="]
        ],
        body: .pure { arguments throws(FlowError) in
            ContentEnvelope(contentType: ContentEnvelope.octets, bytes: try decoded(arguments)).json
        })

    static let base64ToString = FunctionDeclaration(
        "base64ToString", .conversion, [.required("base64", .string)], returns: .string,
        usage: .expects("one parameter: the base64 string to decode"),
        summary: "Gives the text behind Base64.", examples: ["base64ToString('aGVsbG8=')": "hello"],
        body: .pure { arguments throws(FlowError) in .string(String(decoding: try decoded(arguments), as: UTF8.self)) })

    static let decodeBase64 = FunctionDeclaration(
        "decodeBase64", .conversion, [.required("base64", .string)], returns: .string,
        usage: .expects("one parameter: the string to decode from base64 representation"),
        summary: "Gives the text behind Base64; the older name of base64ToString.",
        examples: ["decodeBase64('aGVsbG8=')": "hello"],
        body: .pure { arguments throws(FlowError) in .string(String(decoding: try decoded(arguments), as: UTF8.self)) })

    /// .NET wants whole groups of four, and only the standard alphabet.
    private static func decoded(_ arguments: Arguments) throws(FlowError) -> [UInt8] {
        let text = try arguments.string(0)
        let isStandard = !text.utf8.contains { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
        let count = text.utf8.filter { $0 > 0x20 }.count
        guard isStandard, count.isMultiple(of: 4), let bytes = Base64.decode(text) else {
            throw arguments.call.failure(
                "was invoked with a parameter that is not valid. The value cannot be decoded from base64 "
                    + "representation.")
        }
        return bytes
    }

    static let binary = FunctionDeclaration(
        "binary", .conversion, [.required("value", .any)], returns: .object,
        usage: .expects("one parameter: the value that is to be converted to binary"),
        summary: "Gives a value's text as binary content.",
        examples: ["binary('hi')": ["$content-type": "application/octet-stream", "$content": "aGk="]],
        body: .pure { arguments throws(FlowError) in
            let bytes = try ContentEnvelope.bytes(of: arguments[0], arguments.call)
            return ContentEnvelope(contentType: ContentEnvelope.octets, bytes: bytes).json
        })

    // MARK: Data URIs

    static let dataUri = FunctionDeclaration(
        "dataUri", .conversion, [.required("value", .any)], returns: .string,
        usage: .expects("one parameter: the value to be converted to a data URI"),
        summary: "Gives a value as a data URI.",
        examples: ["dataUri('hello')": "data:text/plain;charset=utf-8;base64,aGVsbG8="],
        body: .pure { arguments throws(FlowError) in
            let value = arguments[0]
            let type: String
            if case .string = value {
                type = "text/plain;charset=utf-8"
            } else {
                type = ContentEnvelope(value)?.contentType ?? "application/json;charset=utf-8"
            }
            return .string("data:\(type);base64," + Base64.encode(try ContentEnvelope.bytes(of: value, arguments.call)))
        })

    static let dataUriToBinary = FunctionDeclaration(
        "dataUriToBinary", .conversion, [.required("uri", .string)], returns: .object,
        usage: .expects("one parameter: the data URI that is to be converted to binary"),
        summary: "Gives the binary content of a data URI.",
        examples: [
            "dataUriToBinary('data:text/plain;base64,aGVsbG8=')": [
                "$content-type": "text/plain", "$content": "aGVsbG8=",
            ]
        ],
        body: .pure { arguments throws(FlowError) in
            let uri = try Self.uri(arguments)
            guard uri.hasValidType, uri.charset.map(DataURI.isKnown) ?? true else { throw Self.malformed(arguments) }
            let type = uri.contentType.isEmpty ? "text/plain" : uri.contentType
            // Declared Base64 is taken over as it stands, without a look inside.
            if uri.isBase64 { return ["$content-type": .string(type), "$content": .string(uri.content)] }
            return ContentEnvelope(contentType: type, bytes: URIText.unescapedBytes(uri.content)).json
        })

    static let dataUriToString = FunctionDeclaration(
        "dataUriToString", .conversion, [.required("uri", .string)], returns: .string,
        usage: .expects("one parameter: the data URI that is to be converted to string"),
        summary: "Gives the text of a data URI.",
        examples: ["dataUriToString('data:text/plain;charset=utf-8;base64,aGVsbG8=')": "hello"],
        body: .pure { arguments throws(FlowError) in
            let uri = try Self.uri(arguments)
            guard uri.charset == nil || uri.charset == "utf-8" else { throw Self.malformed(arguments) }
            guard let bytes = uri.bytes else { throw arguments.call.notConvertible() }
            return .string(String(decoding: bytes, as: UTF8.self))
        })

    static let decodeDataUri = FunctionDeclaration(
        "decodeDataUri", .conversion, [.required("uri", .string)], returns: .any,
        usage: .expects("one parameter: the data URI"),
        summary: "Gives the content of a data URI: text as text, JSON as its value, anything else as binary content.",
        examples: ["decodeDataUri('data:text/plain,hi%20there')": "hi there"],
        body: .pure { arguments throws(FlowError) in
            let uri = try Self.uri(arguments)
            guard let bytes = uri.bytes else { throw arguments.call.notConvertible() }
            let type = MediaType(uri.contentType).essence
            if type.isEmpty || type.hasPrefix("text/") { return .string(String(decoding: bytes, as: UTF8.self)) }
            if type == "application/json" || type.hasSuffix("+json") {
                return try parsed(String(decoding: bytes, as: UTF8.self), arguments)
            }
            return ContentEnvelope(contentType: uri.contentType, bytes: bytes).json
        })

    private static func uri(_ arguments: Arguments) throws(FlowError) -> DataURI {
        guard let uri = DataURI(try arguments.string(0)) else { throw malformed(arguments) }
        return uri
    }

    private static func malformed(_ arguments: Arguments) -> FlowError {
        arguments.call.failure("expects its parameter to be formatted as a valid data URI.")
    }

    // MARK: URI components

    static let encodeUriComponent = FunctionDeclaration(
        "encodeUriComponent", .conversion, [.repeated("values", .any)], returns: .string,
        usage: .expects("at least one parameter: the string to URL encode"),
        summary: "Escapes text for an address.",
        examples: ["encodeUriComponent('https://contoso.com')": "https%3A%2F%2Fcontoso.com"],
        body: .pure { arguments throws(FlowError) in try escaped(arguments) })

    static let uriComponent = FunctionDeclaration(
        "uriComponent", .conversion, [.repeated("values", .any)], returns: .string,
        usage: .expects("at least one parameter: the value to convert to URI component"),
        summary: "Escapes text for an address.",
        examples: ["uriComponent('https://contoso.com')": "https%3A%2F%2Fcontoso.com"],
        body: .pure { arguments throws(FlowError) in try escaped(arguments) })

    private static func escaped(_ arguments: Arguments) throws(FlowError) -> JSON {
        var text = ""
        for value in arguments.values {
            text += try arguments.call.text(of: value)
            if text.utf8.count > arguments.call.textLimit { throw arguments.call.tooLong() }
        }
        return .string(PercentEncoding.encode(text))
    }

    static let decodeUriComponent = FunctionDeclaration(
        "decodeUriComponent", .conversion, [.required("text", .string)], returns: .string,
        usage: .expects("one parameter: the string to decode"),
        summary: "Gives the text behind an escaped one; a plus sign becomes a blank.",
        examples: ["decodeUriComponent('https%3A%2F%2Fcontoso.com')": "https://contoso.com"],
        body: .pure { arguments throws(FlowError) in .string(URIText.unescaped(try arguments.string(0))) })

    static let uriComponentToString = FunctionDeclaration(
        "uriComponentToString", .conversion, [.required("text", .string)], returns: .string,
        usage: .expects("one parameter: the URI component to convert to string"),
        summary: "Gives the text behind an escaped one; a plus sign becomes a blank.",
        examples: ["uriComponentToString('a%20b')": "a b"],
        body: .pure { arguments throws(FlowError) in .string(URIText.unescaped(try arguments.string(0))) })

    static let uriComponentToBinary = FunctionDeclaration(
        "uriComponentToBinary", .conversion, [.required("text", .string)], returns: .object,
        usage: .expects("one parameter: the URI component to convert to binary"),
        summary: "Gives the binary content behind an escaped text.",
        examples: [
            "uriComponentToBinary('a%2Fb')": ["$content-type": "application/octet-stream", "$content": "YS9i"]
        ],
        body: .pure { arguments throws(FlowError) in
            let bytes = URIText.unescapedBytes(try arguments.string(0))
            return ContentEnvelope(contentType: ContentEnvelope.octets, bytes: bytes).json
        })

    // MARK: Simple types

    static let bool = FunctionDeclaration(
        "bool", .conversion, [.required("value", [.boolean, .integer, .float, .string])], returns: .boolean,
        usage: .expects("one parameter: the value that is to be converted to a boolean"),
        summary: "Gives a Boolean: of the texts true and false, or of a number whether it is not zero.",
        examples: ["bool('true')": true, "bool(0)": false],
        body: .pure { arguments throws(FlowError) in
            switch arguments[0] {
            case .bool: return arguments[0]
            case .integer(let value): return .bool(value != 0)
            case .double(let value): return .bool(value != 0)
            case .decimal(let digits): return .bool(DecimalNumber(digits).map { !$0.isZero } ?? true)
            case .string(let text):
                switch CaseMapping.trimmed(text).lowercased() {
                case "true": return true
                case "false": return false
                default: throw arguments.call.notConvertible()
                }
            default: throw arguments.call.notConvertible()
            }
        })

    static let int = FunctionDeclaration(
        "int", .conversion, [.required("value", [.string, .integer, .float, .boolean])], returns: .integer,
        usage: .expects("one parameter: the value that is to be converted to an integer"),
        summary:
            "Gives an integer of a text or of a number without fraction. A text is read as a float: beyond 2^53 the last digits are lost.",
        examples: ["int('10')": 10, "int(1.0)": 1],
        body: .pure { arguments throws(FlowError) in
            let value: Int64? =
                switch arguments[0] {
                case .integer(let value): value
                case .bool(let value): value ? 1 : 0
                case .double(let value): Int64(exactly: value)
                case .decimal(let digits): DecimalNumber(digits)?.integer
                case .string(let text): NumberText.readInteger(text)
                default: nil
                }
            guard let value else { throw arguments.call.notConvertible() }
            return .integer(value)
        })

    static let float = FunctionDeclaration(
        "float", .conversion,
        [.required("value", [.string, .integer, .float]), .optional("culture", .string)], returns: .float,
        usage: .expects("one parameter: the value that is to be converted to a floating point number"),
        summary: "Gives a float of a text or a number.", examples: ["float('10,000.333')": 10000.333, "float(3)": 3.0],
        body: .pure { arguments throws(FlowError) in
            let culture = try StringFunctions.culture(arguments, 1) ?? .invariant
            let value: Double? =
                switch arguments[0] {
                case .integer(let value): Double(value)
                case .double(let value): value
                case .decimal(let digits): Double(digits)
                case .string(let text): NumberText.readDouble(text, culture.numbers)
                default: nil
                }
            guard let value else { throw arguments.call.notConvertible() }
            return .double(value)
        })

    static let decimal = FunctionDeclaration(
        "decimal", .conversion, [.required("value", [.string, .integer, .float])], returns: .float,
        usage: .expects("one parameter: the value that is to be converted to a decimal number"),
        summary: "Gives a decimal of 28 digits of a text or a number.",
        examples: ["string(decimal('1.50'))": "1.50"],
        body: .pure { arguments throws(FlowError) in
            let value: DecimalNumber? =
                switch arguments[0] {
                case .string(let text): NumberText.read(text, .decimal).flatMap { DecimalNumber($0.plainText) }
                default: DecimalNumber(arguments[0])
                }
            guard let value else { throw arguments.call.notConvertible() }
            return value.json
        })

    static let string = FunctionDeclaration(
        "string", .conversion, [.required("value", .any)], returns: .string,
        usage: .expects("one parameter: the value that is to be converted to a string"),
        summary: "Gives a value as text; arrays and objects as JSON.",
        examples: ["string(10)": "10", "string(true)": "True", "string(json('[1, 2]'))": "[1,2]"],
        body: .pure { arguments throws(FlowError) in .string(try arguments.call.text(of: arguments[0])) })

    // MARK: JSON and XML

    static let json = FunctionDeclaration(
        "json", .conversion, [.required("value", [.string, .object])], returns: .any,
        usage: .expects("one parameter: the string or XML to be parsed"),
        summary: "Gives the value of a JSON text or of XML content.",
        examples: ["json('{\"a\": [1, 2.0]}')": ["a": [1, 2.0]], "json(xml('<a>1</a>'))": ["a": "1"]],
        body: .pure { arguments throws(FlowError) in
            if case .string(let text) = arguments[0] { return try parsed(text, arguments) }
            guard let envelope = ContentEnvelope(arguments[0]), let text = envelope.text else {
                throw arguments.call.mismatch(0, arguments[0], expected: "a string or an XML")
            }
            return try envelope.isXML ? parsedXML(text, arguments) : parsed(text, arguments)
        })

    private static func parsedXML(_ text: String, _ arguments: Arguments) throws(FlowError) -> JSON {
        do {
            return XMLConversion.json(of: try XMLDocument(text).nodes)
        } catch {
            throw invalid(text, error.message, arguments)
        }
    }

    private static func parsed(_ text: String, _ arguments: Arguments) throws(FlowError) -> JSON {
        do {
            return try JSONReader.read(text, .jsonNET)
        } catch {
            throw invalid(text, "\(error.message), line \(error.line), position \(error.column)", arguments)
        }
    }

    private static func invalid(_ text: String, _ reason: String, _ arguments: Arguments) -> FlowError {
        arguments.call.failure("parameter is not valid. The provided value '\(text)' cannot be parsed: '\(reason)'.")
    }

    static let xml = FunctionDeclaration(
        "xml", .conversion, [.required("value", [.string, .object])], returns: .object,
        usage: .expects("one parameter: the string or object to be converted"),
        summary: "Gives XML content of a text, or of an object with one root.",
        examples: ["string(xml(json('{\"a\": {\"b\": 1}}')))": "<a><b>1</b></a>"],
        body: .pure { arguments throws(FlowError) in
            if let envelope = ContentEnvelope(arguments[0]) {
                return ["$content-type": .string(ContentEnvelope.xml), "$content": .string(envelope.base64)]
            }
            let text = XMLNode.text(of: try nodes(arguments))
            return ContentEnvelope(contentType: ContentEnvelope.xml, bytes: Array(text.utf8)).json
        })

    private static func nodes(_ arguments: Arguments) throws(FlowError) -> [XMLNode] {
        do throws(XMLDocument.Failure) {
            switch arguments[0] {
            case .string(let text): return try XMLDocument(text).nodes
            case .object(let object): return try XMLConversion.nodes(of: object)
            default: throw XMLDocument.Failure(message: "the value is of type '\(arguments[0].typeName)'")
            }
        } catch {
            throw arguments.call.failure(
                "parameter is not valid. The provided value cannot be converted to XML: '\(error.message)'.")
        }
    }
}
