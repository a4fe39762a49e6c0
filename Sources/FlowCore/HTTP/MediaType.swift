/// The value of a `Content-Type` header, taken apart.
public struct MediaType: Sendable, Hashable {
    /// Type and subtype in small letters, such as `application/json`.
    public let essence: String
    /// The parameters, names in small letters.
    public let parameters: [String: String]

    /// Takes a header's value apart.
    public init(_ header: String) {
        var isQuoted = false
        let parts = header.utf8.split(omittingEmptySubsequences: false) { byte in
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            return byte == UInt8(ascii: ";") && !isQuoted
        }.map { Substring($0) }
        essence = Self.trimmed(parts[0]).lowercased()
        var parameters: [String: String] = [:]
        for parameter in parts.dropFirst() {
            guard let mark = parameter.firstIndex(of: "=") else { continue }
            var value = Self.trimmed(parameter[parameter.index(after: mark)...])
            if value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") {
                value = String(value.dropFirst().dropLast())
            }
            parameters[Self.trimmed(parameter[..<mark]).lowercased()] = value
        }
        self.parameters = parameters
    }

    /// Whether it is JSON: `application/json`, `text/json` or a type that ends with `+json`.
    public var isJSON: Bool { essence == "application/json" || essence == "text/json" || essence.hasSuffix("+json") }

    /// Whether it is text: `text/…`.
    public var isText: Bool { essence.hasPrefix("text/") }

    private static func trimmed(_ text: some StringProtocol) -> String {
        var text = text[...]
        while let first = text.first, first.isWhitespace { text = text.dropFirst() }
        while let last = text.last, last.isWhitespace { text = text.dropLast() }
        return String(text)
    }
}
