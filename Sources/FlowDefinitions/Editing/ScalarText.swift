/// How a text stands in its file.
enum ScalarStyle: Sendable, Hashable {
    /// Without quotes; inside braces or brackets some characters end it.
    case plain(inFlow: Bool)
    /// In single quotes.
    case single
    /// In double quotes.
    case double
    /// As a block, `|` or `>`, of lines that are indented so far.
    case block(indent: Int)

    /// The text as it must be written to read as the given one.
    func written(_ text: String) -> String {
        switch self {
        case .single: return text.replacing("'", with: "''")
        case .double: return text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        case .block: return text
        case .plain(let inFlow):
            return Self.needsQuotes(text, inFlow: inFlow) ? "'" + text.replacing("'", with: "''") + "'" : text
        }
    }

    private static func needsQuotes(_ text: String, inFlow: Bool) -> Bool {
        guard let first = text.utf8.first else { return true }
        if "!&*-?|>@`%\"'#,[]{}: ".utf8.contains(first) { return true }
        if ["true", "false", "null", "yes", "no", "on", "off", "~"].contains(text.lowercased()) { return true }
        if text.contains(": ") || text.contains(" #") || text.hasSuffix(":") || text.hasSuffix(" ") { return true }
        return inFlow && text.utf8.contains { ",[]{}".utf8.contains($0) }
    }
}

/// A part of a text value with its escapes resolved, and where each byte of it stands in the file.
struct ScalarText {
    /// The text's bytes.
    private(set) var bytes: [UInt8] = []
    /// For each byte its offset in the file, and the offset of the end.
    private(set) var offsets: [Int] = []

    /// The text.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Resolves a part of a file.
    /// - Parameters:
    ///   - source: the file's bytes.
    ///   - range: the part, from the first character after an opening quote on.
    ///   - style: how the text stands there.
    init(_ source: [UInt8], _ range: Range<Int>, _ style: ScalarStyle) {
        bytes.reserveCapacity(range.count)
        offsets.reserveCapacity(range.count + 1)
        var place = range.lowerBound
        while place < range.upperBound {
            let byte = source[place]
            switch (style, byte) {
            case (.single, UInt8(ascii: "'")):
                add(byte, place)
                place += place + 1 < range.upperBound && source[place + 1] == byte ? 2 : 1
            case (.double, UInt8(ascii: "\\")):
                place = resolveEscape(source, place, range.upperBound)
            case (.block(let indent), 0x0A):
                add(byte, place)
                place += 1
                var blanks = 0
                while blanks < indent, place < range.upperBound, source[place] == UInt8(ascii: " ") {
                    blanks += 1
                    place += 1
                }
            case (.single, 0x0A), (.double, 0x0A), (.plain, 0x0A):
                add(UInt8(ascii: " "), place)
                place += 1
                while place < range.upperBound, [0x20, 0x09, 0x0D, 0x0A].contains(source[place]) { place += 1 }
            default:
                add(byte, place)
                place += 1
            }
        }
        offsets.append(range.upperBound)
    }

    private mutating func add(_ byte: UInt8, _ place: Int) {
        bytes.append(byte)
        offsets.append(place)
    }

    private mutating func resolveEscape(_ source: [UInt8], _ place: Int, _ end: Int) -> Int {
        guard place + 1 < end else { return end }
        let letter = source[place + 1]
        let digits: Int
        switch letter {
        case UInt8(ascii: "n"): add(0x0A, place)
        case UInt8(ascii: "t"): add(0x09, place)
        case UInt8(ascii: "r"): add(0x0D, place)
        case UInt8(ascii: "0"): add(0, place)
        case UInt8(ascii: "x"), UInt8(ascii: "u"), UInt8(ascii: "U"):
            digits = letter == UInt8(ascii: "x") ? 2 : letter == UInt8(ascii: "u") ? 4 : 8
            let last = min(place + 2 + digits, end)
            let hex = String(decoding: source[(place + 2)..<last], as: UTF8.self)
            let scalar = UInt32(hex, radix: 16).flatMap(Unicode.Scalar.init) ?? "\u{FFFD}"
            for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { add(byte, place) }
            return last
        default: add(letter, place)
        }
        return place + 2
    }

    /// The place in the text of an offset in the file.
    func index(of offset: Int) -> Int { offsets.firstIndex { $0 >= offset } ?? bytes.count }
}
