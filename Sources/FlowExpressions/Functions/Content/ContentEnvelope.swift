import FlowCore

/// Binary or XML content inside JSON: `{"$content-type", "$content"}` with the bytes in Base64.
struct ContentEnvelope {
    /// The type that `binary` and its like give.
    static let octets = "application/octet-stream"
    /// The type that `xml` gives.
    static let xml = "application/xml;charset=utf-8"

    /// The media type.
    let contentType: String
    /// The content as Base64.
    let base64: String

    /// The envelope that an object is, or nil.
    init?(_ object: JSONObject) {
        guard case .string(let base64) = object["$content"], case .string(let type) = object["$content-type"] else {
            return nil
        }
        contentType = type
        self.base64 = base64
    }

    /// The envelope that a value is, or nil.
    init?(_ value: JSON) {
        guard case .object(let object) = value else { return nil }
        self.init(object)
    }

    /// Makes an envelope of bytes.
    init(contentType: String, bytes: [UInt8]) {
        self.contentType = contentType
        base64 = Base64.encode(bytes)
    }

    /// The bytes, or nil where the content is not Base64.
    var bytes: [UInt8]? { Base64.decode(base64) }

    /// The bytes as UTF-8 text, or nil where the content is not Base64.
    var text: String? {
        guard var bytes else { return nil }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether the media type is one of XML.
    var isXML: Bool {
        let type = MediaType(contentType).essence
        return type == "application/xml" || type == "text/xml" || type.hasSuffix("+xml")
    }

    /// The value.
    var json: JSON { ["$content-type": .string(contentType), "$content": .string(base64)] }

    /// The bytes of any value: those of an envelope, or else of its text.
    static func bytes(of value: JSON, _ call: FunctionCall) throws(FlowError) -> [UInt8] {
        if let bytes = ContentEnvelope(value)?.bytes { return bytes }
        return Array(try call.text(of: value).utf8)
    }
}
