public import FlowCore

/// A place in a text as editors count: the line from 0, and UTF-16 units from 0 in the line.
public struct TextPosition: Sendable, Hashable, Comparable {
    /// The line, from 0.
    public var line: Int
    /// The UTF-16 units before the place in its line.
    public var character: Int

    /// Makes a position.
    public init(line: Int, character: Int) {
        self.line = line
        self.character = character
    }

    /// Orders by line and character.
    public static func < (left: TextPosition, right: TextPosition) -> Bool {
        (left.line, left.character) < (right.line, right.character)
    }
}

/// A part of a text, from a place up to another one.
public struct TextRange: Sendable, Hashable {
    /// Where it begins.
    public var start: TextPosition
    /// The place after its last character.
    public var end: TextPosition

    /// Makes a range.
    public init(_ start: TextPosition, _ end: TextPosition) {
        self.start = start
        self.end = end
    }
}

/// A text that is being edited: its bytes, and where its lines begin.
public struct TextDocument: Sendable {
    /// The file's name, under which places are given.
    public let name: String
    /// The text as UTF-8.
    public private(set) var bytes: [UInt8]
    /// The offsets at which lines begin.
    private var lineStarts: [Int]

    /// Makes a document of a text.
    public init(name: String, text: String) { self.init(name: name, bytes: Array(text.utf8)) }

    /// Makes a document of bytes, which should be UTF-8.
    public init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
        lineStarts = Self.lineStarts(of: bytes)
    }

    /// The text.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Replaces a part of the text, or all of it where no range is given.
    public mutating func replace(_ range: TextRange?, with text: String) {
        if let range {
            let start = offset(of: range.start)
            let end = max(start, offset(of: range.end))
            bytes.replaceSubrange(start..<end, with: text.utf8)
        } else {
            bytes = Array(text.utf8)
        }
        lineStarts = Self.lineStarts(of: bytes)
    }

    /// Lines end with a line feed, a carriage return, or both.
    private static func lineStarts(of bytes: [UInt8]) -> [Int] {
        var starts = [0]
        for (place, byte) in bytes.enumerated() {
            if byte == 0x0A {
                starts.append(place + 1)
            } else if byte == 0x0D, place + 1 == bytes.count || bytes[place + 1] != 0x0A {
                starts.append(place + 1)
            }
        }
        return starts
    }

    // MARK: Places

    /// The offset of a position; one beyond its line's end is the end of the line.
    public func offset(of position: TextPosition) -> Int {
        guard position.line >= 0 else { return 0 }
        guard position.line < lineStarts.count else { return bytes.count }
        let end = endOfLine(position.line)
        var place = lineStarts[position.line]
        var units = 0
        while place < end, units < position.character {
            let width = Self.width(bytes[place])
            units += width == 4 ? 2 : 1
            place += width
        }
        return min(place, end)
    }

    /// The position of an offset.
    public func position(of offset: Int) -> TextPosition {
        let offset = max(0, min(offset, bytes.count))
        let line = line(of: offset)
        var place = lineStarts[line]
        var units = 0
        while place < offset {
            let width = Self.width(bytes[place])
            units += width == 4 ? 2 : 1
            place += width
        }
        return TextPosition(line: line, character: units)
    }

    /// The range between two offsets.
    public func range(_ offsets: Range<Int>) -> TextRange {
        TextRange(position(of: offsets.lowerBound), position(of: offsets.upperBound))
    }

    /// The offset of a place that counts characters.
    func offset(of location: SourceLocation) -> Int {
        guard location.line >= 1 else { return 0 }
        guard location.line <= lineStarts.count else { return bytes.count }
        let end = endOfLine(location.line - 1)
        var place = lineStarts[location.line - 1]
        var characters = 1
        while place < end, characters < location.column {
            characters += 1
            place += Self.width(bytes[place])
        }
        return min(place, end)
    }

    /// The range of what stands at a place: a quoted text, or the word there.
    public func range(at location: SourceLocation) -> TextRange { range(token(at: offset(of: location))) }

    /// The offsets of what stands at an offset.
    func token(at start: Int) -> Range<Int> {
        let limit = endOfLine(line(of: start))
        guard start < limit else { return start..<start }
        var end = start
        if bytes[start] == UInt8(ascii: "\"") || bytes[start] == UInt8(ascii: "'") {
            let quote = bytes[start]
            end += 1
            while end < limit, bytes[end] != quote {
                end += bytes[end] == UInt8(ascii: "\\") && quote == UInt8(ascii: "\"") ? 2 : 1
            }
            return start..<min(end + 1, limit)
        }
        while end < limit, !Self.endsWord(bytes[end]) { end += 1 }
        return start..<min(max(end, start + Self.width(bytes[start])), limit)
    }

    /// The line that holds an offset, from 0.
    func line(of offset: Int) -> Int {
        var low = 0
        var high = lineStarts.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle - 1 }
        }
        return low
    }

    /// The offsets of a line without its end.
    func line(_ number: Int) -> Range<Int> { lineStarts[number]..<endOfLine(number) }

    private func endOfLine(_ line: Int) -> Int {
        var end = line + 1 < lineStarts.count ? lineStarts[line + 1] : bytes.count
        let start = lineStarts[line]
        while end > start, bytes[end - 1] == 0x0A || bytes[end - 1] == 0x0D { end -= 1 }
        return end
    }

    private static func endsWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: " "), UInt8(ascii: ":"), UInt8(ascii: ","), UInt8(ascii: "("), UInt8(ascii: ")"),
            UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "'"),
            UInt8(ascii: "\""), 0x09:
            true
        default: false
        }
    }

    /// How many bytes the character of a first byte has.
    static func width(_ byte: UInt8) -> Int {
        if byte < 0xC0 { return 1 }
        if byte < 0xE0 { return 2 }
        return byte < 0xF0 ? 3 : 4
    }
}
