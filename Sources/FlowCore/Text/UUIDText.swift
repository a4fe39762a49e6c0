/// Universally unique identifiers in their lower-case text form.
public enum UUIDText {
    /// A random identifier (version 4).
    public static func random() -> String {
        var bytes = SecureRandom.bytes(16)
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        return text(bytes)
    }

    /// An identifier (version 4) of 128 bits that the caller has drawn.
    public static func version4(_ high: UInt64, _ low: UInt64) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        for word in [high, low] {
            for place in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> (56 - 8 * place))) }
        }
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        return text(bytes)
    }

    /// The identifier of a name in a namespace (version 5): the same on every machine.
    /// - Parameters:
    ///   - name: the name.
    ///   - namespace: 16 bytes.
    /// - Returns: the identifier in its text form.
    public static func named(_ name: String, namespace: [UInt8]) -> String {
        var bytes = Array(Digest.sha1(namespace + Array(name.utf8))[..<16])
        bytes[6] = bytes[6] & 0x0F | 0x50
        bytes[8] = bytes[8] & 0x3F | 0x80
        return text(bytes)
    }

    /// Whether a text has the form of an identifier, in any letter case.
    public static func isValid(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count == 36 else { return false }
        for (place, byte) in bytes.enumerated() {
            switch place {
            case 8, 13, 18, 23: guard byte == UInt8(ascii: "-") else { return false }
            default:
                let isDigit = byte &- UInt8(ascii: "0") < 10
                let isLetter = (byte | 0x20) &- UInt8(ascii: "a") < 6
                guard isDigit || isLetter else { return false }
            }
        }
        return true
    }

    private static func text(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for (place, byte) in bytes.enumerated() {
            if place == 4 || place == 6 || place == 8 || place == 10 { text.append(UInt8(ascii: "-")) }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
