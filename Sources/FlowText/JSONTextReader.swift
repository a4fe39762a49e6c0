import FlowCore

/// Reads JSON text as leniently as Json.NET into a tree with places: comments, trailing commas, single quotes and
/// unquoted keys are taken.
struct JSONTextReader {
    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0
    private var cursor: TextCursor
    private var findings: [TextFinding] = []
    private var findingCounts: [TextFinding.Severity: Int] = [:]

    private struct Failure: Error {
        let code: FlowError.Code
        let message: String
        let offset: Int
    }

    static func read(_ bytes: [UInt8], file: String) -> SourceText {
        var reader = JSONTextReader(bytes: bytes, cursor: TextCursor(file: file))
        do throws(Failure) {
            try reader.skipBlanks()
            let root = try reader.readValue()
            try reader.skipBlanks()
            guard reader.position == bytes.count else {
                throw reader.failure("There is text after the end of the JSON value.")
            }
            return SourceText(root: root, findings: reader.findings)
        } catch {
            let location = reader.cursor.location(of: error.offset, in: bytes)
            reader.findings.append(TextFinding(.error, error.code, error.message, at: location))
            return SourceText(root: nil, findings: reader.findings)
        }
    }

    private init(bytes: [UInt8], cursor: TextCursor) {
        self.bytes = bytes
        self.cursor = cursor
    }

    // MARK: Values

    private mutating func readValue() throws(Failure) -> SourceNode {
        guard let byte = current else { throw failure("The text ends where a value is expected.") }
        switch byte {
        case UInt8(ascii: "{"): return try readObject()
        case UInt8(ascii: "["): return try readArray()
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            let start = here
            let text = try readString()
            return SourceNode(.scalar(.string(text)), at: start, end: here, style: .quoted)
        default: return try readWord()
        }
    }

    private mutating func readWord() throws(Failure) -> SourceNode {
        let start = here
        let begin = position
        while let byte = current, Self.isWordByte(byte) { position += 1 }
        let word = bytes[begin..<position]
        guard !word.isEmpty else {
            throw failure("The character '\(character(at: begin))' cannot begin a JSON value.")
        }
        guard let value = try? JSONReader.read(Array(word)) else {
            throw Failure(
                code: .invalidJSONText,
                message: "'\(String(decoding: word.prefix(40), as: UTF8.self))' is no JSON value; a text needs quotes.",
                offset: begin)
        }
        return SourceNode(.scalar(value), at: start, end: here)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...0xFF:
            true
        default: false
        }
    }

    private mutating func readObject() throws(Failure) -> SourceNode {
        let start = here
        try enter()
        position += 1
        var members: [SourceNode.Member] = []
        var seen: Set<String> = []
        while true {
            try skipBlanks()
            guard let byte = current else { throw failure("The text ends inside an object.") }
            if byte == UInt8(ascii: "}") { break }
            let keyLocation = here
            let key = try readKey()
            if !seen.insert(key).inserted {
                TextFinding.add(
                    TextFinding(
                        .error, .duplicateKey, "The key '\(key)' stands twice in one object.", at: keyLocation,
                        hint: "rename or remove one of them"), to: &findings, &findingCounts)
            }
            try skipBlanks()
            guard current == UInt8(ascii: ":") else { throw failure("A ':' is expected after the key '\(key)'.") }
            position += 1
            try skipBlanks()
            let value = try readValue()
            members.append(.init(key: key, keyLocation: keyLocation, keyStyle: .quoted, value: value))
            try skipBlanks()
            if current == UInt8(ascii: ",") {
                position += 1
            } else if current != UInt8(ascii: "}") {
                throw failure("A ',' or '}' is expected after the value of '\(key)'.")
            }
        }
        position += 1
        depth -= 1
        return SourceNode(.mapping(members), at: start, end: here)
    }

    private mutating func readArray() throws(Failure) -> SourceNode {
        let start = here
        try enter()
        position += 1
        var elements: [SourceNode] = []
        while true {
            try skipBlanks()
            guard let byte = current else { throw failure("The text ends inside an array.") }
            if byte == UInt8(ascii: "]") { break }
            elements.append(try readValue())
            try skipBlanks()
            if current == UInt8(ascii: ",") {
                position += 1
            } else if current != UInt8(ascii: "]") {
                throw failure("A ',' or ']' is expected after an element.")
            }
        }
        position += 1
        depth -= 1
        return SourceNode(.sequence(elements), at: start, end: here)
    }

    private mutating func enter() throws(Failure) {
        depth += 1
        guard depth <= FlowTextReader.nestingLimit else {
            throw Failure(
                code: .nestingTooDeep,
                message: "Values are nested deeper than \(FlowTextReader.nestingLimit) levels.", offset: position)
        }
    }

    private mutating func readKey() throws(Failure) -> String {
        if current == UInt8(ascii: "\"") || current == UInt8(ascii: "'") { return try readString() }
        let begin = position
        while let byte = current, Self.isWordByte(byte) { position += 1 }
        guard position > begin else { throw failure("A key is expected, not '\(character(at: begin))'.") }
        return String(decoding: bytes[begin..<position], as: UTF8.self)
    }

    // MARK: Texts

    private mutating func readString() throws(Failure) -> String {
        let begin = position
        let quote = bytes[position]
        position += 1
        var text: [UInt8] = []
        while true {
            guard let byte = current else {
                throw Failure(code: .invalidJSONText, message: "The text that begins here has no end.", offset: begin)
            }
            position += 1
            if byte == quote { break }
            guard byte == UInt8(ascii: "\\") else {
                text.append(byte)
                continue
            }
            guard let escape = current else { continue }
            position += 1
            switch escape {
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0C)
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "r"): text.append(0x0D)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "u"): try appendUnit(to: &text)
            case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(escape)
            default:
                throw Failure(
                    code: .invalidJSONText, message: "'\\\(character(at: position - 1))' is no escape of JSON.",
                    offset: position - 2)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func appendUnit(to text: inout [UInt8]) throws(Failure) {
        var unit = try readUnit()
        if unit & 0xFC00 == 0xD800, current == UInt8(ascii: "\\"), position + 1 < bytes.count,
            bytes[position + 1] == UInt8(ascii: "u")
        {
            let saved = position
            position += 2
            let low = try readUnit()
            if low & 0xFC00 == 0xDC00 {
                unit = 0x10000 + (unit & 0x3FF) << 10 + (low & 0x3FF)
            } else {
                position = saved
            }
        }
        let scalar = Unicode.Scalar(unit) ?? "\u{FFFD}"
        text.append(contentsOf: String(Character(scalar)).utf8)
    }

    private mutating func readUnit() throws(Failure) -> UInt32 {
        guard let unit = HexDigit.quad(bytes[position...]) else {
            throw failure("Four hexadecimal digits are expected after '\\u'.")
        }
        position += 4
        return unit
    }

    // MARK: Blanks and places

    private mutating func skipBlanks() throws(Failure) {
        while let byte = current {
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            case UInt8(ascii: "/"): try skipComment()
            default: return
            }
        }
    }

    private mutating func skipComment() throws(Failure) {
        let begin = position
        guard position + 1 < bytes.count else { throw failure("A lone '/' is no JSON.") }
        switch bytes[position + 1] {
        case UInt8(ascii: "/"):
            while let byte = current, byte != 0x0A { position += 1 }
        case UInt8(ascii: "*"):
            position += 2
            while true {
                guard position + 1 < bytes.count else {
                    throw Failure(
                        code: .invalidJSONText, message: "The comment that begins here has no end.", offset: begin)
                }
                if bytes[position] == UInt8(ascii: "*"), bytes[position + 1] == UInt8(ascii: "/") { break }
                position += 1
            }
            position += 2
        default: throw failure("A lone '/' is no JSON.")
        }
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private var here: SourceLocation {
        mutating get { cursor.location(of: position, in: bytes) }
    }

    private func failure(_ message: String) -> Failure {
        Failure(code: .invalidJSONText, message: message, offset: position)
    }

    private func character(at offset: Int) -> Character {
        guard offset < bytes.count else { return " " }
        return String(decoding: bytes[offset..<min(offset + 4, bytes.count)], as: UTF8.self).first ?? " "
    }
}
