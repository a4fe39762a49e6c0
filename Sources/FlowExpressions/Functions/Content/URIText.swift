import FlowCore

/// Escaping of addresses, and their parts.
enum URIText {
    /// The bytes behind an escaped text; `+` is a blank, and `%` without two digits stays.
    static func unescapedBytes(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "+") {
                bytes.append(0x20)
            } else if byte == UInt8(ascii: "%"), rest.count >= 2, let high = HexDigit.value(rest[rest.startIndex]),
                let low = HexDigit.value(rest[rest.startIndex + 1])
            {
                bytes.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }

    /// The text behind an escaped one.
    static func unescaped(_ text: String) -> String { String(decoding: unescapedBytes(text), as: UTF8.self) }

    fileprivate static func appendEscaped(_ byte: UInt8, to bytes: inout [UInt8]) {
        let digits = Array("0123456789ABCDEF".utf8)
        bytes.append(UInt8(ascii: "%"))
        bytes.append(digits[Int(byte >> 4)])
        bytes.append(digits[Int(byte & 15)])
    }
}

/// An absolute address, cut into its parts.
struct URIParts {
    /// The scheme in lower case.
    let scheme: String
    /// The host in lower case.
    let host: String
    /// The port that is written.
    let explicitPort: Int?
    /// The path; `/` where there is none.
    let path: String
    /// The query with its `?`, or nothing.
    let query: String

    /// The port; without one, the scheme's own, or -1.
    var port: Int {
        explicitPort ?? ["http": 80, "https": 443, "ftp": 21, "ws": 80, "wss": 443, "ldap": 389][scheme] ?? -1
    }

    /// Cuts an address; nil where it is not absolute.
    init?(_ text: String) {
        let text = CaseMapping.trimmed(text)
        guard let colon = text.firstIndex(of: ":"), let first = text.first, first.isASCII, first.isLetter else {
            return nil
        }
        let scheme = text[..<colon]
        guard scheme.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }) else {
            return nil
        }
        self.scheme = scheme.lowercased()
        var rest = text[text.index(after: colon)...]
        rest = rest.prefix { $0 != "#" }
        let question = rest.firstIndex(of: "?")
        query = question.map { Self.completed(rest[$0...]) } ?? ""
        rest = question.map { rest[..<$0] } ?? rest
        guard rest.hasPrefix("//") else {
            guard scheme.count > 1, !rest.isEmpty else { return nil }
            (host, explicitPort, path) = ("", nil, Self.completed(rest))
            return
        }
        rest = rest.dropFirst(2)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        path = slash == rest.endIndex ? "/" : Self.completed(rest[slash...])
        var authority = rest[..<slash]
        if let at = authority.lastIndex(of: "@") { authority = authority[authority.index(after: at)...] }
        var port: Int?
        if let mark = authority.lastIndex(of: ":"), !authority[mark...].contains("]") {
            let digits = authority[authority.index(after: mark)...]
            if !digits.isEmpty {
                guard let number = Int(digits), (0...65_535).contains(number) else { return nil }
                port = number
            }
            authority = authority[..<mark]
        }
        guard !authority.isEmpty || self.scheme == "file", !authority.contains(where: \.isWhitespace) else {
            return nil
        }
        host = authority.lowercased()
        explicitPort = port
    }

    /// Escapes what may not stand in an address, and leaves escapes alone.
    private static func completed(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if byte > 0x20, byte < 0x7F, !"\"<>\\^`{|}".utf8.contains(byte) {
                bytes.append(byte)
            } else {
                URIText.appendEscaped(byte, to: &bytes)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
