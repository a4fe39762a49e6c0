/// Percent encoding of addresses and forms (RFC 3986).
public enum PercentEncoding {
    /// Encodes everything but letters, digits and `-._~`: for a value in a query or a segment of a path.
    public static func encode(_ text: String) -> String { encode(text) { _ in false } }

    /// Encodes a value of a form: a blank becomes a plus sign.
    public static func encodeForm(_ text: String) -> String {
        text.split(separator: " ", omittingEmptySubsequences: false).map { encode(String($0)) }.joined(separator: "+")
    }

    /// Decodes; what is no percent code stays as it is.
    /// - Parameters:
    ///   - text: the encoded text.
    ///   - plusIsBlank: whether a plus sign stands for a blank, as in forms.
    /// - Returns: the decoded text.
    public static func decode(_ text: some StringProtocol, plusIsBlank: Bool = false) -> String {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
            return String(text)
        }
        return decode(Array(text.utf8)[...], plusIsBlank: plusIsBlank)
    }

    private static func decode(_ bytes: ArraySlice<UInt8>, plusIsBlank: Bool) -> String {
        guard bytes.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
            return String(decoding: bytes, as: UTF8.self)
        }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var place = bytes.startIndex
        while place < bytes.endIndex {
            let byte = bytes[place]
            if byte == UInt8(ascii: "%"), place + 2 < bytes.endIndex, let high = HexDigit.value(bytes[place + 1]),
                let low = HexDigit.value(bytes[place + 2])
            {
                decoded.append(high << 4 | low)
                place += 3
            } else {
                decoded.append(byte == UInt8(ascii: "+") && plusIsBlank ? UInt8(ascii: " ") : byte)
                place += 1
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    /// The pairs of a form or query as text.
    public static func form(_ pairs: some Sequence<(String, String)>) -> String {
        pairs.map { encodeForm($0.0) + "=" + encodeForm($0.1) }.joined(separator: "&")
    }

    /// The pairs of a form or query text, in order.
    public static func pairs(ofForm text: some StringProtocol) -> [(name: String, value: String)] {
        Array(text.utf8).split(separator: UInt8(ascii: "&")).map { pair in
            let end = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            let value = end < pair.endIndex ? decode(pair[(end + 1)...], plusIsBlank: true) : ""
            return (decode(pair[..<end], plusIsBlank: true), value)
        }
    }

    private static func encode(_ text: String, except isAllowed: (UInt8) -> Bool) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            let isLetter = (byte | 0x20) &- UInt8(ascii: "a") < 26
            let isDigit = byte &- UInt8(ascii: "0") < 10
            if isLetter || isDigit || "-._~".utf8.contains(byte) || isAllowed(byte) {
                encoded.append(byte)
            } else {
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}
