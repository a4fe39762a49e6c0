/// Bodies of HTTP messages as the platform's values, and back.
///
/// JSON becomes a value, text a string, and everything else an object with `$content-type` and `$content` (base64);
/// forms have `$formdata` and multipart messages `$multipart` beside them.
public enum MessageBody {
    /// A body that cannot be written.
    public struct Failure: Error, Sendable, Hashable {
        /// One sentence.
        public let message: String
    }

    // MARK: Reading

    /// The value of a received body.
    /// - Parameters:
    ///   - bytes: the body.
    ///   - contentType: the value of the header `Content-Type`, or nil.
    /// - Returns: the value; nil for an empty body. JSON that is not well formed is handed on as text.
    public static func decode(_ bytes: [UInt8], contentType: String?) -> JSON? {
        guard !bytes.isEmpty else { return nil }
        guard let contentType else { return envelope(bytes, "application/octet-stream") }
        let type = MediaType(contentType)
        if type.isJSON {
            let text = text(bytes, charset: type.parameters["charset"])
            return (try? JSONReader.read(text)) ?? .string(text)
        }
        if type.isText { return .string(text(bytes, charset: type.parameters["charset"])) }
        guard var value = envelope(bytes, contentType).objectValue else { return nil }
        if type.essence == "application/x-www-form-urlencoded" {
            let pairs = PercentEncoding.pairs(ofForm: String(decoding: bytes, as: UTF8.self))
            value["$formdata"] = .array(pairs.map { ["key": .string($0.name), "value": .string($0.value)] })
        } else if type.essence.hasPrefix("multipart/"), let boundary = type.parameters["boundary"] {
            value["$multipart"] = .array(MultipartBody.read(bytes, boundary: boundary).map(part))
        }
        return .object(value)
    }

    private static func part(_ part: MultipartBody.Part) -> JSON {
        var headers = JSONObject()
        for (name, value) in part.headers { headers[name] = .string(value) }
        headers["Content-Length"] = .string(String(part.body.count))
        let type = part.headers.first { $0.name.lowercased() == "content-type" }?.value
        let isText = type.map { MediaType($0).isText } ?? false
        let body: JSON =
            isText
            ? .string(String(decoding: part.body, as: UTF8.self))
            : envelope(part.body, type ?? "application/octet-stream")
        return ["headers": .object(headers), "body": body]
    }

    private static func envelope(_ bytes: [UInt8], _ type: String) -> JSON {
        ["$content-type": .string(type), "$content": .string(Base64.encode(bytes))]
    }

    /// The text of bytes in a character set; an unknown one is read as UTF-8.
    private static func text(_ bytes: [UInt8], charset: String?) -> String {
        switch charset?.lowercased() {
        case "iso-8859-1", "latin1", "windows-1252":
            var text = String.UnicodeScalarView()
            for byte in bytes { text.append(Unicode.Scalar(byte)) }
            return String(text)
        case "utf-16", "utf-16le": return utf16(bytes, bigEndian: bytes.starts(with: [0xFE, 0xFF]))
        case "utf-16be": return utf16(bytes, bigEndian: true)
        default:
            let hasMark = bytes.starts(with: [0xEF, 0xBB, 0xBF])
            return String(decoding: hasMark ? bytes[3...] : bytes[...], as: UTF8.self)
        }
    }

    private static func utf16(_ bytes: [UInt8], bigEndian: Bool) -> String {
        var units = stride(from: 0, to: bytes.count - bytes.count % 2, by: 2).map { place in
            let (first, second) = (UInt16(bytes[place]), UInt16(bytes[place + 1]))
            return bigEndian ? first << 8 | second : second << 8 | first
        }
        if units.first == 0xFEFF { units.removeFirst() }
        return String(decoding: units, as: UTF16.self)
    }

    // MARK: Writing

    /// The bytes of a body to send, and the content type where the value decides it.
    /// - Parameters:
    ///   - value: the value of an action's `body`.
    ///   - contentType: the header given by the flow, or nil.
    ///   - boundary: the boundary for a multipart message.
    /// - Returns: bytes and content type; empty and nil for null.
    /// - Throws: ``Failure`` where an envelope holds no base64.
    public static func encode(
        _ value: JSON, contentType: String?, boundary: String
    ) throws(Failure) -> (bytes: [UInt8], contentType: String?) {
        switch value {
        case .null: return ([], nil)
        case .string(let text): return (Array(text.utf8), contentType ?? "text/plain; charset=utf-8")
        case .object(let object):
            if let parts = object["$multipart"]?.arrayValue {
                return try multipart(parts, object, contentType, boundary)
            }
            if let pairs = object["$formdata"]?.arrayValue {
                let pairs = pairs.map { pair in
                    (pair["key"].map(plainText) ?? "", pair["value"].map(plainText) ?? "")
                }
                return (
                    Array(PercentEncoding.form(pairs).utf8), contentType ?? "application/x-www-form-urlencoded"
                )
            }
            if let content = object["$content"] {
                let type = contentType ?? object["$content-type"]?.stringValue ?? "application/octet-stream"
                return (try bytes(content), type)
            }
            return (value.bytes, contentType ?? "application/json; charset=utf-8")
        default: return (value.bytes, contentType ?? "application/json; charset=utf-8")
        }
    }

    private static func bytes(_ content: JSON) throws(Failure) -> [UInt8] {
        guard let text = content.stringValue, let bytes = Base64.decode(text) else {
            throw Failure(message: "The member '$content' of the body is not valid base64.")
        }
        return bytes
    }

    private static func multipart(
        _ parts: [JSON], _ object: JSONObject, _ header: String?, _ boundary: String
    ) throws(Failure) -> ([UInt8], String?) {
        let written = header ?? object["$content-type"]?.stringValue ?? "multipart/form-data"
        let own = MediaType(written).parameters["boundary"]
        var list: [MultipartBody.Part] = []
        for part in parts {
            var headers: [(name: String, value: String)] = []
            for (name, value) in part["headers"]?.objectValue ?? [:] where name.lowercased() != "content-length" {
                headers.append((name, plainText(value)))
            }
            let given = headers.first { $0.name.lowercased() == "content-type" }?.value
            let (bytes, type) = try encode(part["body"] ?? .null, contentType: given, boundary: boundary + "-inner")
            if given == nil, let type { headers.append(("Content-Type", type)) }
            list.append(MultipartBody.Part(headers: headers, body: bytes))
        }
        let type = own == nil ? "\(written); boundary=\"\(boundary)\"" : written
        return (MultipartBody.write(list, boundary: own ?? boundary), type)
    }

    /// A value as it stands in a header, a query or a form: text as it is, everything else as JSON.
    public static func plainText(_ value: JSON) -> String {
        switch value {
        case .string(let text): text
        case .null: ""
        case .bool(let value): value ? "True" : "False"
        default: value.text
        }
    }
}
