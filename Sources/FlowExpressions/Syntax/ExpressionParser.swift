import FlowCore

/// Reads one expression: a literal or a call, then any chain of selections.
struct ExpressionParser {
    /// The deepest nesting of calls and brackets that is read.
    static let nestingLimit = 256

    private var lexer: ExpressionLexer
    private let bytes: [UInt8]
    private let inBraces: Bool
    private let start: Int
    private var token = ExpressionToken(kind: .end, range: 0..<0)
    private var depth = 0

    /// Makes a parser of a part of a template's bytes.
    /// - Parameters:
    ///   - bytes: the whole template.
    ///   - start: where the expression begins.
    ///   - end: where it ends.
    ///   - inBraces: whether it stands in `@{…}`.
    init(_ bytes: [UInt8], from start: Int, to end: Int, inBraces: Bool) {
        self.bytes = bytes
        self.inBraces = inBraces
        self.start = start
        lexer = ExpressionLexer(bytes, from: start, to: end)
    }

    /// Reads the expression and makes sure that nothing follows.
    mutating func parseWhole() throws(SyntaxFailure) -> Expression {
        try advance(afterValue: false)
        let expression = try parseExpression()
        guard token.kind == .end else {
            throw expected(.end, hint: "nothing may follow an expression; write text with expressions as 'text @{…}'")
        }
        return expression
    }

    private mutating func parseExpression() throws(SyntaxFailure) -> Expression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.nestingLimit else {
            throw SyntaxFailure(
                "The template language expression '\(lexer.source)' is nested deeper than \(Self.nestingLimit) levels.",
                range: token.range, hint: "put inner parts into Compose actions and use their outputs")
        }
        var expression = try parsePrimary()
        while let access = try parseAccess() { expression = .access(base: expression, access) }
        return expression
    }

    private mutating func parsePrimary() throws(SyntaxFailure) -> Expression {
        let first = token
        switch first.kind {
        case .string(let value): return try literal(.string(value))
        case .integer(let value): return try literal(.integer(value))
        case .float(let value): return try literal(.double(value))
        case .identifier(let name):
            try advance(afterValue: true)
            if token.kind == .leftParenthesis { return try parseCall(name, first.range) }
            switch name.lowercased() {
            case "true": return .literal(.bool(true), range: first.range)
            case "false": return .literal(.bool(false), range: first.range)
            case "null": return .literal(.null, range: first.range)
            default:
                throw SyntaxFailure(
                    "Unable to parse template language expression '\(lexer.source)': expected token "
                        + "'LeftParenthesis' and actual '\(token.name)'.",
                    range: first.range, hint: hint(forBareName: name))
            }
        default:
            let hint: String? =
                switch first.kind {
                case .end: inBraces ? "write an expression between the braces, or @@{ for a literal @{" : nil
                case .leftBracket: "arrays are written createArray(1, 2) or json('[1, 2]')"
                case .rightParenthesis, .comma: "an argument is missing or a comma is too many"
                default: nil
                }
            throw expected(.identifier(""), hint: hint)
        }
    }

    private mutating func literal(_ value: JSON) throws(SyntaxFailure) -> Expression {
        let range = token.range
        try advance(afterValue: true)
        return .literal(value, range: range)
    }

    private mutating func parseCall(_ name: String, _ nameRange: Range<Int>) throws(SyntaxFailure) -> Expression {
        try advance(afterValue: false)
        var arguments: [Expression] = []
        if token.kind != .rightParenthesis {
            arguments.append(try parseExpression())
            while token.kind == .comma {
                try advance(afterValue: false)
                arguments.append(try parseExpression())
            }
        }
        guard token.kind == .rightParenthesis else {
            throw expected(.rightParenthesis, hint: closingHint)
        }
        let range = nameRange.lowerBound..<token.range.upperBound
        try advance(afterValue: true)
        let call = Expression.Call(name: name, nameRange: nameRange, arguments: arguments, range: range)
        try checkName(call)
        return .call(call)
    }

    private var closingHint: String? {
        switch token.kind {
        case .end: "a closing parenthesis is missing"
        case .identifier, .string, .integer, .float:
            "a comma is missing between two arguments, or a quote inside a text is not doubled: ''"
        default: nil
        }
    }

    private mutating func parseAccess() throws(SyntaxFailure) -> Expression.Access? {
        let start = token.range.lowerBound
        var isOptional = false
        if token.kind == .questionMark {
            isOptional = true
            try advance(afterValue: true)
            guard token.kind == .dot || token.kind == .leftBracket else {
                throw expected(.leftBracket, hint: "after ? comes .name or ['name']")
            }
        }
        switch token.kind {
        case .dot:
            try advance(afterValue: true)
            guard case .identifier(let name) = token.kind else {
                throw expected(.identifier(""), hint: "write .name or ['name'], not both")
            }
            let range = token.range
            try advance(afterValue: true)
            return Expression.Access(
                key: .literal(.string(name), range: range), isOptional: isOptional, range: start..<range.upperBound)
        case .leftBracket:
            try advance(afterValue: false)
            let key = try parseExpression()
            guard token.kind == .rightBracket else {
                throw expected(.rightBracket, hint: "a closing bracket is missing")
            }
            let end = token.range.upperBound
            try advance(afterValue: true)
            return Expression.Access(key: key, isOptional: isOptional, range: start..<end)
        default: return nil
        }
    }

    /// The functions that read by name refuse a missing or non-text name when the flow is saved.
    private func checkName(_ call: Expression.Call) throws(SyntaxFailure) {
        guard Self.nameReaders.contains(call.name.lowercased()) else { return }
        guard let name = call.arguments.first else {
            throw SyntaxFailure(
                "The template language function '\(call.name)' must have at least one parameter.", range: call.range,
                hint: "write the name as a text: \(call.name)('Name')")
        }
        guard case .literal(let value, let range) = name else { return }
        if case .string = value { return }
        throw SyntaxFailure(
            "The provided parameters for template language function '\(call.name)' are not valid.", range: range,
            hint: "write the name as a text: \(call.name)('Name')")
    }

    private static let nameReaders: Set<String> = [
        "variables", "body", "actionbody", "outputs", "actionoutputs", "actions", "items", "result",
    ]

    private mutating func advance(afterValue: Bool) throws(SyntaxFailure) {
        token = try lexer.next(afterValue: afterValue)
    }

    private func hint(forBareName name: String) -> String {
        if FunctionLibrary.declaration(named: name) != nil { return "call it with parentheses: \(name)()" }
        return token.range.lowerBound > start && start == 1
            ? "write @@ for a text that begins with @, and '\(name)' for a text inside an expression"
            : "put a text into quotes: '\(name)'"
    }

    private func expected(_ kind: ExpressionToken.Kind, hint: String?) -> SyntaxFailure {
        SyntaxFailure(
            "Unable to parse template language expression '\(lexer.source)': expected token '\(kind.name)' and actual "
                + "'\(token.name)'.",
            range: token.range, hint: hint)
    }
}
