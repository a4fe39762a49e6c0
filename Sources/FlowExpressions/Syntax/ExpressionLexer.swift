/// Cuts an expression into tokens, byte by byte.
struct ExpressionLexer {
    private let bytes: [UInt8]
    private let start: Int
    private let end: Int
    private var position: Int

    /// Makes a lexer of a part of a template's bytes.
    init(_ bytes: [UInt8], from start: Int, to end: Int) {
        self.bytes = bytes
        self.start = start
        self.end = end
        position = start
    }

    /// The expression's text.
    var source: String { String(decoding: bytes[start..<end], as: UTF8.self) }

    /// The next token; after a value a dot selects, elsewhere it may begin a number.
    mutating func next(afterValue: Bool) throws(SyntaxFailure) -> ExpressionToken {
        skipBlanks()
        guard position < end else { return ExpressionToken(kind: .end, range: end..<end) }
        let byte = bytes[position]
        switch byte {
        case UInt8(ascii: "("): return single(.leftParenthesis)
        case UInt8(ascii: ")"): return single(.rightParenthesis)
        case UInt8(ascii: "["): return single(.leftBracket)
        case UInt8(ascii: "]"): return single(.rightBracket)
        case UInt8(ascii: ","): return single(.comma)
        case UInt8(ascii: "?"): return single(.questionMark)
        case UInt8(ascii: "."):
            if !afterValue, isDigit(at: position + 1) { return try number() }
            return single(.dot)
        case UInt8(ascii: "'"): return try string()
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default:
            if Self.isNameStart(byte) { return name() }
            throw unexpectedCharacter()
        }
    }

    private mutating func single(_ kind: ExpressionToken.Kind) -> ExpressionToken {
        position += 1
        return ExpressionToken(kind: kind, range: (position - 1)..<position)
    }

    private mutating func skipBlanks() {
        while position < end {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    private mutating func name() -> ExpressionToken {
        let first = position
        while position < end, Self.isNamePart(bytes[position]) { position += 1 }
        let text = String(decoding: bytes[first..<position], as: UTF8.self)
        return ExpressionToken(kind: .identifier(text), range: first..<position)
    }

    private mutating func string() throws(SyntaxFailure) -> ExpressionToken {
        let quote = UInt8(ascii: "'")
        let first = position
        position += 1
        var pieceStart = position
        var buffer: [UInt8] = []
        while position < end {
            guard bytes[position] == quote else {
                position += 1
                continue
            }
            if position + 1 < end, bytes[position + 1] == quote {
                buffer.append(contentsOf: bytes[pieceStart...position])
                position += 2
                pieceStart = position
                continue
            }
            buffer.append(contentsOf: bytes[pieceStart..<position])
            position += 1
            let text = String(decoding: buffer, as: UTF8.self)
            return ExpressionToken(kind: .string(text), range: first..<position)
        }
        throw SyntaxFailure(
            "The template language expression '\(source)' is not valid: the text literal that begins at position "
                + "'\(first - start)' is not closed.",
            range: first..<end, hint: "close the text with ', and write a quote inside it twice: ''")
    }

    private mutating func number() throws(SyntaxFailure) -> ExpressionToken {
        let first = position
        if bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") { position += 1 }
        let wholeStart = position
        skipDigits()
        var digits = position - wholeStart
        var isFloat = false
        if position < end, bytes[position] == UInt8(ascii: ".") {
            isFloat = true
            position += 1
            let fractionStart = position
            skipDigits()
            digits += position - fractionStart
        }
        guard digits > 0 else {
            position = first
            throw unexpectedCharacter()
        }
        if position < end, bytes[position] | 0x20 == UInt8(ascii: "e") {
            isFloat = true
            position += 1
            if position < end, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            guard isDigit(at: position) else { throw unexpectedCharacter() }
            skipDigits()
        }
        if position < end, Self.isNamePart(bytes[position]) { throw unexpectedCharacter() }
        let text = String(decoding: bytes[first..<position], as: UTF8.self)
        let range = first..<position
        if isFloat {
            let plain = Self.completed(text)
            guard let value = Double(plain), value.isFinite else {
                throw invalidNumber(text, range, of: "floats", hint: nil)
            }
            return ExpressionToken(kind: .float(value), range: range)
        }
        guard let value = Int64(text) else {
            throw invalidNumber(text, range, of: "64-bit integers", hint: "write it as decimal('\(text)')")
        }
        return ExpressionToken(kind: .integer(value), range: range)
    }

    /// Swift's own number reader wants a digit on both sides of the point.
    private static func completed(_ text: String) -> String {
        var result = ""
        var lastWasDigit = false
        for character in text {
            if character == ".", !lastWasDigit { result.append("0") }
            if character == "e" || character == "E", result.last == "." { result.append("0") }
            result.append(character)
            lastWasDigit = character.isNumber
        }
        return result.hasSuffix(".") ? result + "0" : result
    }

    private func invalidNumber(_ text: String, _ range: Range<Int>, of kind: String, hint: String?) -> SyntaxFailure {
        SyntaxFailure(
            "The template language expression '\(source)' is not valid: the number '\(text)' is outside the range of "
                + "\(kind).",
            range: range, hint: hint)
    }

    private mutating func skipDigits() {
        while isDigit(at: position) { position += 1 }
    }

    private func isDigit(at place: Int) -> Bool { place < end && bytes[place] &- UInt8(ascii: "0") < 10 }

    private func unexpectedCharacter() -> SyntaxFailure {
        guard position < end else {
            return SyntaxFailure(
                "The template language expression '\(source)' is not valid: it ends where a digit is expected.",
                range: end..<end)
        }
        let character = String(decoding: bytes[position..<min(end, position + 4)], as: UTF8.self).unicodeScalars.first
        let length = character.map { UTF8.width($0) } ?? 1
        return SyntaxFailure(
            "The template language expression '\(source)' is not valid: the string character "
                + "'\(character.map { String($0) } ?? "")' at position '\(position - start)' is not expected.",
            range: position..<min(end, position + length), hint: Self.hint(for: character))
    }

    private static func hint(for character: Unicode.Scalar?) -> String? {
        switch character {
        case "\"": "texts stand in single quotes: 'text'"
        case "@":
            "only the first expression of a text begins with @; remove it, or write @@ for a text that begins with @"
        case "=", "!": "there are no operators; write equals(a, b), and not(equals(a, b)) for the opposite"
        case "&": "there are no operators; write and(a, b)"
        case "|": "there are no operators; write or(a, b)"
        case "<", ">": "there are no operators; write less(a, b) or greater(a, b)"
        case "*": "there are no operators; write mul(a, b)"
        case "/": "there are no operators; write div(a, b); write @@ for a text that begins with @"
        case "%": "there are no operators; write mod(a, b)"
        case "+", "-": "there are no operators; write add(a, b), sub(a, b), or concat(a, b) for texts"
        case ";": "arguments are separated by commas"
        case "{", "}": "inside an expression there are no braces; @{…} belongs into text only"
        case "\\": "a quote inside a text is written twice: ''"
        case "\u{200B}", "\u{FEFF}", "\u{00A0}", "\u{200C}", "\u{200D}", "\u{2060}":
            "remove the invisible character; it often comes from copying"
        case "\u{2018}", "\u{2019}", "\u{201C}", "\u{201D}": "texts stand in straight single quotes: 'text'"
        default: nil
        }
    }

    private static func isNameStart(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: "_")
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        isNameStart(byte) || byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: "$")
    }
}
