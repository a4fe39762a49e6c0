import FlowCore

/// The name of a content: its SHA-256 digest in hexadecimal digits.
public enum ContentHash {
    /// The hash of bytes: 64 hexadecimal digits.
    public static func of(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(64)
        for byte in Digest.sha256(bytes) {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
