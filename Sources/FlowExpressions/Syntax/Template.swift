public import FlowCore

/// A text of a flow definition, parsed: plain text, one expression, or text with expressions in it.
///
/// - A text that begins with `@@` is plain: one `@` is dropped and nothing else happens.
/// - A text that begins with `@`, but not with `@{`, is one expression and keeps the type of its value.
/// - In any other text, each `@{…}` is replaced by its value as text, and `@@{` stands for `@{`.
public struct Template: Sendable {
    /// What a template is.
    public enum Content: Sendable {
        /// Plain text, escapes resolved.
        case literal(String)
        /// One expression.
        case expression(Expression)
        /// Text with expressions in it.
        case interpolation([Part])
    }

    /// A piece of an interpolated text.
    public enum Part: Sendable {
        /// Plain text, escapes resolved.
        case text(String)
        /// An expression; `source` is what stands between the braces.
        case expression(Expression, source: String)
    }

    /// The most characters an expression may have, counted without `@`, or inside `@{…}`.
    public static let expressionLimit = 8_192

    /// The text as written.
    public let text: String
    /// What it is.
    public let content: Content

    /// Parses a text.
    /// - Parameter text: a text value or key of a flow definition.
    /// - Returns: the template.
    /// - Throws: `InvalidTemplate`, in the platform's words.
    public static func parse(_ text: String) throws(FlowError) -> Template {
        do {
            return try read(text)
        } catch {
            throw FlowError(.invalidTemplate, error.message, hint: error.hint)
        }
    }

    /// Parses a text; the failure tells the place.
    /// - Throws: ``SyntaxFailure``.
    public static func read(_ text: String) throws(SyntaxFailure) -> Template {
        Template(text: text, content: try content(of: text))
    }

    /// All expressions in the text, in order.
    public var expressions: [Expression] {
        switch content {
        case .literal: []
        case .expression(let expression): [expression]
        case .interpolation(let parts):
            parts.compactMap { if case .expression(let expression, _) = $0 { expression } else { nil } }
        }
    }

    /// All calls in the text, outer ones before those in their arguments.
    public var calls: [Expression.Call] { expressions.flatMap(\.calls) }

    private static let at = UInt8(ascii: "@")
    private static let brace = UInt8(ascii: "{")

    private static func content(of text: String) throws(SyntaxFailure) -> Content {
        let bytes = text.utf8
        guard let mark = bytes.firstIndex(of: at) else { return .literal(text) }
        if mark == bytes.startIndex, bytes.count > 1 {
            let second = bytes[bytes.index(after: mark)]
            if second == at { return .literal(String(text.dropFirst())) }
            if second != brace { return .expression(try wholeExpression(Array(bytes))) }
        }
        return try interpolation(Array(bytes))
    }

    private static func wholeExpression(_ bytes: [UInt8]) throws(SyntaxFailure) -> Expression {
        try checkLength(bytes[1...])
        var parser = ExpressionParser(bytes, from: 1, to: bytes.count, inBraces: false)
        return try parser.parseWhole()
    }

    private static func interpolation(_ bytes: [UInt8]) throws(SyntaxFailure) -> Content {
        var parts: [Part] = []
        var plain: [UInt8] = []
        var place = 0
        while place < bytes.count {
            guard bytes[place] == at else {
                plain.append(bytes[place])
                place += 1
                continue
            }
            if bytes[place...].starts(with: [at, at, brace]) {
                plain.append(contentsOf: [at, brace])
                place += 3
            } else if bytes[place...].starts(with: [at, brace]) {
                if !plain.isEmpty {
                    parts.append(.text(String(decoding: plain, as: UTF8.self)))
                    plain = []
                }
                let end = try endOfBraces(bytes, from: place + 2)
                try checkLength(bytes[(place + 2)..<end])
                var parser = ExpressionParser(bytes, from: place + 2, to: end, inBraces: true)
                let source = String(decoding: bytes[(place + 2)..<end], as: UTF8.self)
                parts.append(.expression(try parser.parseWhole(), source: source))
                place = end + 1
            } else {
                plain.append(at)
                place += 1
            }
        }
        if parts.isEmpty { return .literal(String(decoding: plain, as: UTF8.self)) }
        if !plain.isEmpty { parts.append(.text(String(decoding: plain, as: UTF8.self))) }
        return .interpolation(parts)
    }

    /// The place of the `}` that closes an interpolation; one inside a text literal does not.
    private static func endOfBraces(_ bytes: [UInt8], from start: Int) throws(SyntaxFailure) -> Int {
        var place = start
        var quoted = false
        while place < bytes.count {
            if bytes[place] == UInt8(ascii: "'") { quoted.toggle() }
            if bytes[place] == UInt8(ascii: "}"), !quoted { return place }
            place += 1
        }
        let source = String(decoding: bytes[start...], as: UTF8.self)
        throw SyntaxFailure(
            "The template language expression '\(source)' is not valid: "
                + (quoted ? "a text literal is not closed." : "the closing brace '}' is missing."),
            range: (start - 2)..<bytes.count,
            hint: quoted
                ? "close the text with ', and write a quote inside it twice: ''"
                : "close the expression with }, or write @@{ for a literal @{")
    }

    private static func checkLength(_ bytes: ArraySlice<UInt8>) throws(SyntaxFailure) {
        guard bytes.count > expressionLimit else { return }
        let length = String(decoding: bytes, as: UTF8.self).utf16.count
        guard length > expressionLimit else { return }
        throw SyntaxFailure(
            "The template language expression limit exceeded: the expression has '\(length)' characters and the "
                + "limit is '\(expressionLimit)'.",
            range: bytes.startIndex..<bytes.endIndex,
            hint: "put parts of the expression into Compose actions and use their outputs")
    }
}
