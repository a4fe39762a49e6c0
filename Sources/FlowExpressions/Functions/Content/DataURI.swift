import FlowCore

/// A `data:` address: `data:[type][;parameter=value…][;base64],content`.
struct DataURI {
    /// The media type with its parameters, as written; empty where there is none.
    let contentType: String
    /// Whether the content is Base64.
    let isBase64: Bool
    /// The content as written.
    let content: String
    private let parameters: [Substring]

    /// Cuts an address; nil where it has not this form.
    init?(_ text: String) {
        guard text.prefix(5).lowercased() == "data:", let comma = text.firstIndex(of: ",") else { return nil }
        var parts = text[text.index(text.startIndex, offsetBy: 5)..<comma].split(
            separator: ";", omittingEmptySubsequences: false)
        content = String(text[text.index(after: comma)...])
        isBase64 = parts.last?.lowercased() == "base64"
        if isBase64 { parts.removeLast() }
        parameters = Array(parts.dropFirst())
        guard !parameters.contains(where: \.isEmpty), !(parts.first?.isEmpty ?? true) || parameters.isEmpty else {
            return nil
        }
        contentType = parts.joined(separator: ";")
    }

    /// Whether the media type is empty or of the form `type/subtype`.
    var hasValidType: Bool {
        let type = contentType.prefix { $0 != ";" }
        let parts = type.split(separator: "/", omittingEmptySubsequences: false)
        return type.isEmpty || parts.count == 2 && parts.allSatisfy { !$0.isEmpty }
    }

    /// The character set, where it is the first parameter; the platform does not notice it elsewhere.
    var charset: String? {
        guard let first = parameters.first, first.lowercased().hasPrefix("charset=") else { return nil }
        return first.dropFirst(8).lowercased()
    }

    /// The content's bytes; nil where they are not Base64 as declared.
    var bytes: [UInt8]? {
        isBase64 ? Base64.decode(content) : URIText.unescapedBytes(content)
    }

    /// Whether a character set is one that is known.
    static func isKnown(charset: String) -> Bool {
        ["utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin1", "windows-1252", "utf-16", "utf-32"]
            .contains(charset)
    }
}
