/// Reads JSON text: strictly as RFC 8259 has it, or leniently as Json.NET does.
///
/// Lenient reading accepts single quotes, comments, trailing commas, unquoted keys, `NaN`, `Infinity`, `undefined`
/// and text after the value. In both forms a repeated key keeps its last value, and objects keep the order of keys.
public struct JSONReader {
    /// How strictly a text is read.
    public enum Leniency: Sendable {
        /// RFC 8259.
        case strict
        /// What Json.NET's default reader accepts.
        case jsonNET
    }

    /// What is wrong with a text, and where.
    public struct Failure: Error, Sendable, Hashable {
        /// One sentence without a place.
        public let message: String
        /// The line, from 1.
        public let line: Int
        /// The column in bytes, from 1.
        public let column: Int
        /// The offset in bytes, from 0.
        public let offset: Int
        /// The JSON path to where the reader stood, as in `items[2].name`.
        public let path: String
    }

    /// The deepest nesting that is read.
    public static let nestingLimit = 512

    private let bytes: UnsafeBufferPointer<UInt8>
    private let lenient: Bool
    private let nestingLimit: Int
    private var position = 0
    private var depth = 0
    private var path: [PathPart] = []

    private enum PathPart {
        case key(String)
        case index(Int)
    }

    private init(_ bytes: UnsafeBufferPointer<UInt8>, _ leniency: Leniency, nestingLimit: Int) {
        self.bytes = bytes
        self.lenient = leniency == .jsonNET
        self.nestingLimit = nestingLimit
    }

    /// Reads a text.
    /// - Parameters:
    ///   - text: the JSON text, a byte order mark allowed.
    ///   - leniency: how strictly it is read.
    /// - Returns: the value.
    /// - Throws: ``Failure``.
    public static func read(_ text: String, _ leniency: Leniency = .strict) throws(Failure) -> JSON {
        var text = text
        let result = text.withUTF8 { bytes in Result { () throws(Failure) in try read(bytes, leniency) } }
        return try result.get()
    }

    /// Reads UTF-8 bytes.
    /// - Parameters:
    ///   - bytes: the JSON text, a byte order mark allowed.
    ///   - leniency: how strictly it is read.
    ///   - nestingLimit: the deepest nesting that is read; more than the usual only for what flowrun wrote itself.
    /// - Returns: the value.
    /// - Throws: ``Failure``.
    public static func read(
        _ bytes: [UInt8], _ leniency: Leniency = .strict, nestingLimit: Int = JSONReader.nestingLimit
    ) throws(Failure) -> JSON {
        let result = bytes.withUnsafeBufferPointer { bytes in
            Result { () throws(Failure) in try read(bytes, leniency, nestingLimit: nestingLimit) }
        }
        return try result.get()
    }

    /// Reads UTF-8 bytes in place.
    public static func read(
        _ bytes: UnsafeBufferPointer<UInt8>, _ leniency: Leniency = .strict,
        nestingLimit: Int = JSONReader.nestingLimit
    ) throws(Failure) -> JSON {
        var reader = JSONReader(bytes, leniency, nestingLimit: nestingLimit)
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { reader.position = 3 }
        try reader.skipBlanks()
        let value = try reader.readValue()
        if !reader.lenient {
            try reader.skipBlanks()
            if reader.position < bytes.count { throw reader.failure("there is text after the value") }
        }
        return value
    }

    // MARK: Values

    private mutating func readValue() throws(Failure) -> JSON {
        guard position < bytes.count else { throw failure("the text ends where a value is expected") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try readObject()
        case UInt8(ascii: "["): return try readArray()
        case UInt8(ascii: "\""): return .string(try readString())
        case UInt8(ascii: "'") where lenient: return .string(try readString())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try readNumber()
        case UInt8(ascii: "+") where lenient, UInt8(ascii: ".") where lenient: return try readNumber()
        default: return try readWord()
        }
    }

    private mutating func readWord() throws(Failure) -> JSON {
        if consume("true") { return .bool(true) }
        if consume("false") { return .bool(false) }
        if consume("null") { return .null }
        if lenient {
            if consume("undefined") { return .null }
            if consume("NaN") { return .double(.nan) }
            if consume("Infinity") { return .double(.infinity) }
        }
        throw failure("unexpected character '\(character)'")
    }

    private mutating func consume(_ word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        guard position + length <= bytes.count else { return false }
        for offset in 0..<length where bytes[position + offset] != word.utf8Start[offset] { return false }
        position += length
        return true
    }

    private mutating func readObject() throws(Failure) -> JSON {
        try enter()
        position += 1
        var object = JSONObject()
        try skipBlanks()
        if take(UInt8(ascii: "}")) {
            depth -= 1
            return .object(object)
        }
        while true {
            let key = try readKey()
            try skipBlanks()
            guard take(UInt8(ascii: ":")) else { throw failure("expected ':' after the key '\(key)'") }
            try skipBlanks()
            path.append(.key(key))
            object[key] = try readValue()
            path.removeLast()
            try skipBlanks()
            if take(UInt8(ascii: ",")) {
                try skipBlanks()
                if lenient, take(UInt8(ascii: "}")) { break }
                continue
            }
            if take(UInt8(ascii: "}")) { break }
            throw failure("expected ',' or '}' after a member")
        }
        depth -= 1
        return .object(object)
    }

    private mutating func readKey() throws(Failure) -> String {
        guard position < bytes.count else { throw failure("the text ends where a key is expected") }
        let byte = bytes[position]
        if byte == UInt8(ascii: "\"") || (lenient && byte == UInt8(ascii: "'")) { return try readString() }
        guard lenient else { throw failure("expected a key in double quotes") }
        let start = position
        while position < bytes.count, Self.isNamePart(bytes[position]) { position += 1 }
        guard position > start else { throw failure("expected a key") }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func readArray() throws(Failure) -> JSON {
        try enter()
        position += 1
        var elements: [JSON] = []
        try skipBlanks()
        if take(UInt8(ascii: "]")) {
            depth -= 1
            return .array(elements)
        }
        while true {
            path.append(.index(elements.count))
            elements.append(try readValue())
            path.removeLast()
            try skipBlanks()
            if take(UInt8(ascii: ",")) {
                try skipBlanks()
                if lenient, take(UInt8(ascii: "]")) { break }
                continue
            }
            if take(UInt8(ascii: "]")) { break }
            throw failure("expected ',' or ']' after an element")
        }
        depth -= 1
        return .array(elements)
    }

    private mutating func enter() throws(Failure) {
        depth += 1
        if depth > nestingLimit { throw failure("the value is nested deeper than \(nestingLimit) levels") }
    }

    // MARK: Numbers

    private mutating func readNumber() throws(Failure) -> JSON {
        let start = position
        var fraction = false
        var digits = 0
        if bytes[position] == UInt8(ascii: "-") || (lenient && bytes[position] == UInt8(ascii: "+")) { position += 1 }
        if lenient, consume("Infinity") { return .double(bytes[start] == UInt8(ascii: "-") ? -.infinity : .infinity) }
        let firstDigit = position
        while position < bytes.count, Self.isDigit(bytes[position]) {
            position += 1
            digits += 1
        }
        if !lenient {
            if digits == 0 { throw failure("expected a digit") }
            if digits > 1, bytes[firstDigit] == UInt8(ascii: "0") { throw failure("a number has a leading zero") }
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            fraction = true
            position += 1
            let before = position
            while position < bytes.count, Self.isDigit(bytes[position]) {
                position += 1
                digits += 1
            }
            if position == before, !lenient { throw failure("expected a digit after the decimal point") }
        }
        if digits == 0 { throw failure("expected a digit") }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            fraction = true
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            let before = position
            while position < bytes.count, Self.isDigit(bytes[position]) { position += 1 }
            if position == before { throw failure("expected a digit in the exponent") }
        }
        if !fraction {
            if let value = integer(from: firstDigit, negative: bytes[start] == UInt8(ascii: "-")) {
                return .integer(value)
            }
            let sign = bytes[start] == UInt8(ascii: "-") ? "-" : ""
            // Lenient reading takes zeros before the digits, which no reader would take again.
            let digits = bytes[firstDigit..<position].drop { $0 == UInt8(ascii: "0") }
            return .decimal(sign + String(decoding: digits, as: UTF8.self))
        }
        var text = String(decoding: bytes[start..<position], as: UTF8.self)
        if lenient, text.hasPrefix(".") || text.hasPrefix("+") || text.hasPrefix("-.") {
            text = text.replacing("+.", with: "0.").replacing("-.", with: "-0.")
            if text.hasPrefix(".") { text = "0" + text }
        }
        if text.hasSuffix(".") { text += "0" }
        guard let value = Double(text), value.isFinite else {
            throw failure("'\(text.prefix(40))' is outside the range of numbers")
        }
        return .double(value)
    }

    private func integer(from first: Int, negative: Bool) -> Int64? {
        var value: Int64 = 0
        for place in first..<position {
            let digit = Int64(bytes[place] - UInt8(ascii: "0"))
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            let (sum, carry) =
                negative
                ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            if carry { return nil }
            value = sum
        }
        return value
    }

    // MARK: Texts

    private mutating func readString() throws(Failure) -> String {
        let quote = bytes[position]
        position += 1
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte == quote {
                let text = String(decoding: bytes[start..<position], as: UTF8.self)
                position += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try readEscapedString(from: start, quote: quote) }
            if byte < 0x20, !lenient { throw failure("a text holds a control character; write it as an escape") }
            position += 1
        }
        throw failure("a text is not closed")
    }

    private mutating func readEscapedString(from start: Int, quote: UInt8) throws(Failure) -> String {
        var buffer = Array(bytes[start..<position])
        while position < bytes.count {
            let byte = bytes[position]
            if byte == quote {
                position += 1
                return String(decoding: buffer, as: UTF8.self)
            }
            if byte != UInt8(ascii: "\\") {
                if byte < 0x20, !lenient { throw failure("a text holds a control character; write it as an escape") }
                buffer.append(byte)
                position += 1
                continue
            }
            position += 1
            guard position < bytes.count else { throw failure("a text is not closed") }
            let escape = bytes[position]
            position += 1
            switch escape {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): buffer.append(escape)
            case UInt8(ascii: "'") where lenient: buffer.append(escape)
            case UInt8(ascii: "b"): buffer.append(0x08)
            case UInt8(ascii: "f"): buffer.append(0x0C)
            case UInt8(ascii: "n"): buffer.append(0x0A)
            case UInt8(ascii: "r"): buffer.append(0x0D)
            case UInt8(ascii: "t"): buffer.append(0x09)
            case UInt8(ascii: "u"): buffer.append(contentsOf: try readUnicodeEscape().utf8)
            default:
                position -= 1
                throw failure("'\\\(character)' is no escape")
            }
        }
        throw failure("a text is not closed")
    }

    private mutating func readUnicodeEscape() throws(Failure) -> String {
        let first = try readHexQuad()
        if first & 0xFC00 == 0xD800, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        {
            let mark = position
            position += 2
            let second = try readHexQuad()
            if second & 0xFC00 == 0xDC00 {
                let scalar = 0x10000 + ((first & 0x3FF) << 10 | (second & 0x3FF))
                return Unicode.Scalar(scalar).map { String($0) } ?? "\u{FFFD}"
            }
            position = mark
        }
        return Unicode.Scalar(first).map { String($0) } ?? "\u{FFFD}"
    }

    private mutating func readHexQuad() throws(Failure) -> UInt32 {
        guard let value = HexDigit.quad(bytes[position...]) else {
            throw failure("'\\u' needs four hexadecimal digits")
        }
        position += 4
        return value
    }

    // MARK: Blanks and places

    private mutating func skipBlanks() throws(Failure) {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            case UInt8(ascii: "/") where lenient: try skipComment()
            default: return
            }
        }
    }

    private mutating func skipComment() throws(Failure) {
        guard position + 1 < bytes.count else { throw failure("unexpected character '/'") }
        if bytes[position + 1] == UInt8(ascii: "/") {
            while position < bytes.count, bytes[position] != 0x0A { position += 1 }
        } else if bytes[position + 1] == UInt8(ascii: "*") {
            position += 2
            while position + 1 < bytes.count,
                bytes[position] != UInt8(ascii: "*") || bytes[position + 1] != UInt8(ascii: "/")
            {
                position += 1
            }
            guard position + 1 < bytes.count else { throw failure("a comment is not closed") }
            position += 2
        } else {
            throw failure("unexpected character '/'")
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        isDigit(byte) || (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: "$") || byte == UInt8(ascii: "-") || byte >= 0x80
    }

    private var character: Character {
        guard position < bytes.count else { return "\u{FFFD}" }
        return String(decoding: bytes[position..<min(position + 4, bytes.count)], as: UTF8.self).first ?? "\u{FFFD}"
    }

    private func failure(_ message: String) -> Failure {
        var line = 1
        var lineStart = 0
        for place in 0..<min(position, bytes.count) where bytes[place] == 0x0A {
            line += 1
            lineStart = place + 1
        }
        var text = ""
        for part in path {
            switch part {
            case .key(let key): text += text.isEmpty ? key : "." + key
            case .index(let index): text += "[\(index)]"
            }
        }
        return Failure(message: message, line: line, column: position - lineStart + 1, offset: position, path: text)
    }
}

extension JSON {
    /// Reads a JSON text strictly.
    /// - Throws: ``JSONReader/Failure``.
    public init(parsing text: String) throws(JSONReader.Failure) { self = try JSONReader.read(text) }

    /// Reads UTF-8 bytes strictly.
    /// - Throws: ``JSONReader/Failure``.
    public init(parsing bytes: [UInt8]) throws(JSONReader.Failure) { self = try JSONReader.read(bytes) }
}
