/// Base64 as RFC 4648 has it, and its form for URLs.
public enum Base64 {
    private static let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    private static let alphabet = Array((letters + "+/").utf8)
    private static let alphabetOfURLs = Array((letters + "-_").utf8)

    /// Encodes bytes with padding.
    public static func encode(_ data: [UInt8]) -> String {
        String(decoding: encode(data, with: alphabet), as: UTF8.self)
    }

    private static func encode(_ data: [UInt8], with alphabet: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((data.count + 2) / 3 * 4)
        var place = 0
        while place < data.count {
            let rest = data.count - place
            let first = UInt32(data[place]) << 16
            let second = rest > 1 ? UInt32(data[place + 1]) << 8 : 0
            let third = rest > 2 ? UInt32(data[place + 2]) : 0
            let group = first | second | third
            text.append(alphabet[Int(group >> 18)])
            text.append(alphabet[Int(group >> 12 & 63)])
            text.append(rest > 1 ? alphabet[Int(group >> 6 & 63)] : UInt8(ascii: "="))
            text.append(rest > 2 ? alphabet[Int(group & 63)] : UInt8(ascii: "="))
            place += 3
        }
        return text
    }

    /// Encodes bytes for a URL: `-` and `_`, no padding.
    public static func encodeURL(_ data: [UInt8]) -> String {
        String(decoding: encode(data, with: alphabetOfURLs).prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self)
    }

    /// Decodes either form, padding optional, blanks between groups ignored; nil where the text is not Base64.
    public static func decode(_ text: String) -> [UInt8]? {
        var data: [UInt8] = []
        var group: UInt32 = 0
        var count = 0
        var padding = 0
        for byte in text.utf8 {
            let value: UInt32
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = UInt32(byte - UInt8(ascii: "A"))
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = UInt32(byte - UInt8(ascii: "a")) + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = UInt32(byte - UInt8(ascii: "0")) + 52
            case UInt8(ascii: "+"), UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "/"), UInt8(ascii: "_"): value = 63
            case UInt8(ascii: "="):
                padding += 1
                continue
            case 0x20, 0x09, 0x0A, 0x0D: continue
            default: return nil
            }
            guard padding == 0 else { return nil }
            group = group << 6 | value
            count += 1
            if count == 4 {
                data.append(UInt8(group >> 16 & 255))
                data.append(UInt8(group >> 8 & 255))
                data.append(UInt8(group & 255))
                group = 0
                count = 0
            }
        }
        switch count {
        case 0: guard padding == 0 else { return nil }
        case 2 where padding == 2 || padding == 0: data.append(UInt8(group >> 4 & 255))
        case 3 where padding == 1 || padding == 0:
            data.append(UInt8(group >> 10 & 255))
            data.append(UInt8(group >> 2 & 255))
        default: return nil
        }
        return data
    }
}
