import FlowCore

/// What an unquoted scalar of YAML means, and whether another reader would take it for something else.
enum PlainScalar {
    /// The value by the JSON schema of YAML 1.2; what is no literal of JSON is text.
    static func value(_ text: String) -> JSON {
        switch text {
        case "", "null": return .null
        case "true": return .bool(true)
        case "false": return .bool(false)
        default: break
        }
        guard isJSONNumber(text), let number = try? JSONReader.read(text) else { return .string(text) }
        return number
    }

    /// Why an unquoted value surprises, or nil.
    static func surprise(asValue text: String) -> String? {
        guard !text.isEmpty else { return "The value is empty and reads as null." }
        if isJSONNumber(text), case .string = value(text) {
            return "The number \(text.prefix(40)) is outside the range of numbers and is read as a text."
        }
        return surprise(text)
    }

    /// Why an unquoted key surprises, or nil.
    static func surprise(asKey text: String) -> String? {
        guard !text.isEmpty else { return "The key is empty." }
        if text == "true" || text == "false" || text == "null" || isJSONNumber(text) {
            return "The key \(text) is read as the text '\(text)'; other readers take it for another type."
        }
        return surprise(text)
    }

    private static func surprise(_ text: String) -> String? {
        guard let first = text.utf8.first, text.utf8.count <= 64 else { return nil }
        switch text.lowercased() {
        case "yes", "no", "on", "off":
            return "\(text) without quotes is a text here, but a Boolean to many other YAML readers."
        case "true", "false", "null":
            guard text != text.lowercased() else { return nil }
            return "\(text) is read as a text; YAML spells the literal \(text.lowercased())."
        case "~": return "~ is read as a text; YAML's JSON schema spells the literal null."
        case ".inf", "+.inf", "-.inf", ".nan": return "\(text) is read as a text; JSON has no such number."
        default: break
        }
        let isNumberStart =
            isDigit(first) || first == UInt8(ascii: "+") || first == UInt8(ascii: "-") || first == UInt8(ascii: ".")
        guard isNumberStart, !isJSONNumber(text), looksLikeNumber(text) else { return nil }
        return "\(text) is read as a text: it is no number as JSON writes it."
    }

    /// Whether a text is a number in JSON's grammar.
    static func isJSONNumber(_ text: String) -> Bool {
        var rest = text.utf8[...]
        if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
        guard let first = rest.first, isDigit(first) else { return false }
        if first == UInt8(ascii: "0") { rest.removeFirst() } else { rest = rest.drop(while: isDigit) }
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            guard let digit = rest.first, isDigit(digit) else { return false }
            rest = rest.drop(while: isDigit)
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest.removeFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
            guard let digit = rest.first, isDigit(digit) else { return false }
            rest = rest.drop(while: isDigit)
        }
        return rest.isEmpty
    }

    /// Whether another YAML reader would see a number: hexadecimal, octal, with underscores, a sign, a bare point or a leading zero.
    private static func looksLikeNumber(_ text: String) -> Bool {
        var rest = text.utf8[...]
        if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
        if rest.starts(with: "0x".utf8) {
            return rest.count > 2 && rest.dropFirst(2).allSatisfy { isHexDigit($0) || $0 == UInt8(ascii: "_") }
        }
        if rest.starts(with: "0o".utf8) || rest.starts(with: "0b".utf8) {
            return rest.count > 2 && rest.dropFirst(2).allSatisfy { isDigit($0) || $0 == UInt8(ascii: "_") }
        }
        let plain = String(decoding: rest.filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
        guard plain.utf8.contains(where: isDigit) else { return false }
        let points = plain.utf8.count { $0 == UInt8(ascii: ".") }
        let mantissa = plain.utf8.prefix { $0 != UInt8(ascii: "e") && $0 != UInt8(ascii: "E") }
        guard points <= 1, mantissa.contains(where: isDigit),
            mantissa.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: ".") })
        else { return false }
        guard mantissa.count < plain.utf8.count else { return true }
        var exponent = plain.utf8.dropFirst(mantissa.count + 1)
        if exponent.first == UInt8(ascii: "+") || exponent.first == UInt8(ascii: "-") { exponent.removeFirst() }
        return !exponent.isEmpty && exponent.allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    private static func isHexDigit(_ byte: UInt8) -> Bool { isDigit(byte) || (byte | 0x20) &- UInt8(ascii: "a") < 6 }
}
