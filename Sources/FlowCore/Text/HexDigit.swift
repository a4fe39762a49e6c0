/// Hexadecimal digits in either letter case.
package enum HexDigit {
    /// The value of a digit, or nil where the byte is none.
    package static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// The value of four digits at the beginning of bytes, or nil where they are not four digits.
    package static func quad(_ bytes: some Collection<UInt8>) -> UInt32? {
        guard bytes.count >= 4 else { return nil }
        var value: UInt32 = 0
        for byte in bytes.prefix(4) {
            guard let digit = Self.value(byte) else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }
}
