import FlowCore

/// Translates the platform's `$filter` (OData) into a condition of SOQL.
///
/// `eq ne gt ge lt le`, `and or not`, parentheses, `contains`, `startswith`, `endswith`, `substringof`; members of parents
/// by slashes. A date in quotes is written without them where the field is one of a date.
struct SOQLFilter {
    private enum Token: Equatable {
        case word(String)
        case text(String)
        case open
        case close
        case comma
    }

    private var tokens: [Token] = []
    private var place = 0
    private let fields: SalesforceFields?

    /// Translates a filter.
    /// - Parameters:
    ///   - filter: the OData text.
    ///   - fields: the fields of the table, or nil.
    /// - Returns: the condition.
    /// - Throws: `OpenApiOperationParameterValidationFailed`.
    static func condition(_ filter: String, fields: SalesforceFields?) throws(FlowError) -> String {
        var translator = SOQLFilter(fields: fields)
        try translator.read(filter)
        let condition = try translator.disjunction()
        guard translator.place == translator.tokens.count else { throw translator.unexpected() }
        return condition
    }

    private init(fields: SalesforceFields?) { self.fields = fields }

    private mutating func read(_ filter: String) throws(FlowError) {
        var rest = filter[...]
        while let character = rest.first {
            switch character {
            case " ", "\t", "\n", "\r", "\r\n": rest = rest.dropFirst()
            case "(":
                tokens.append(.open)
                rest = rest.dropFirst()
            case ")":
                tokens.append(.close)
                rest = rest.dropFirst()
            case ",":
                tokens.append(.comma)
                rest = rest.dropFirst()
            case "'":
                var text = ""
                rest = rest.dropFirst()
                while true {
                    guard let next = rest.first else { throw Self.invalid("a quote is not closed") }
                    rest = rest.dropFirst()
                    if next != "'" {
                        text.append(next)
                    } else if rest.first == "'" {
                        text.append("'")
                        rest = rest.dropFirst()
                    } else {
                        break
                    }
                }
                // The older form datetime'…' is a text with a word before it.
                if case .word(let prefix)? = tokens.last, ["datetime", "guid"].contains(prefix.lowercased()) {
                    tokens.removeLast()
                }
                tokens.append(.text(text))
            default:
                let word = rest.prefix { !" \t\r\n(),'".contains($0) }
                tokens.append(.word(String(word)))
                rest = rest.dropFirst(word.count)
            }
        }
    }

    private static func invalid(_ reason: String) -> FlowError { SOQL.invalid("$filter", reason) }

    private func unexpected() -> FlowError {
        guard place < tokens.count else { return Self.invalid("it ends too early") }
        switch tokens[place] {
        case .word(let word), .text(let word): return Self.invalid("'\(word)' is unexpected")
        case .open: return Self.invalid("'(' is unexpected")
        case .close: return Self.invalid("')' is unexpected")
        case .comma: return Self.invalid("',' is unexpected")
        }
    }

    private mutating func take(_ word: String) -> Bool {
        guard place < tokens.count, case .word(let found) = tokens[place], found.lowercased() == word else {
            return false
        }
        place += 1
        return true
    }

    private mutating func take(_ token: Token) -> Bool {
        guard place < tokens.count, tokens[place] == token else { return false }
        place += 1
        return true
    }

    private mutating func disjunction() throws(FlowError) -> String {
        var parts = [try conjunction()]
        while take("or") { parts.append(try conjunction()) }
        return parts.count == 1 ? parts[0] : "(\(parts.joined(separator: " OR ")))"
    }

    private mutating func conjunction() throws(FlowError) -> String {
        var parts = [try negation()]
        while take("and") { parts.append(try negation()) }
        return parts.count == 1 ? parts[0] : "(\(parts.joined(separator: " AND ")))"
    }

    private mutating func negation() throws(FlowError) -> String {
        if take("not") { return "(NOT \(try negation()))" }
        return try comparison()
    }

    private mutating func comparison() throws(FlowError) -> String {
        if take(.open) {
            let inner = try disjunction()
            guard take(.close) else { throw unexpected() }
            return inner
        }
        guard place < tokens.count, case .word(let word) = tokens[place] else { throw unexpected() }
        if place + 1 < tokens.count, tokens[place + 1] == .open { return try search(word) }
        place += 1
        let name = try field(word)
        let operators = ["eq": "=", "ne": "!=", "gt": ">", "ge": ">=", "lt": "<", "le": "<="]
        guard place < tokens.count, case .word(let written) = tokens[place],
            let symbol = operators[written.lowercased()]
        else { throw unexpected() }
        place += 1
        return "\(name) \(symbol) \(try value(of: name))"
    }

    private mutating func search(_ function: String) throws(FlowError) -> String {
        place += 2
        let isSwapped = function.lowercased() == "substringof"
        var name = ""
        var text = ""
        for part in 0..<2 {
            if part == 1, !take(.comma) { throw unexpected() }
            guard place < tokens.count else { throw unexpected() }
            switch (tokens[place], (part == 0) != isSwapped) {
            case (.word(let word), true): name = try field(word)
            case (.text(let value), false): text = value
            default: throw unexpected()
            }
            place += 1
        }
        guard take(.close) else { throw unexpected() }
        // `contains(…) eq true` is the older way to write it.
        var isNegated = false
        if take("eq") {
            if take("false") { isNegated = true } else if !take("true") { throw unexpected() }
        }
        let literal = String(SOQL.literal(text).dropFirst().dropLast())
            .replacing("%", with: "\\%").replacing("_", with: "\\_")
        let pattern: String
        switch function.lowercased() {
        case "contains", "substringof": pattern = "'%\(literal)%'"
        case "startswith": pattern = "'\(literal)%'"
        case "endswith": pattern = "'%\(literal)'"
        default: throw Self.invalid("the function '\(function)' is not known")
        }
        return isNegated ? "(NOT \(name) LIKE \(pattern))" : "\(name) LIKE \(pattern)"
    }

    private func field(_ word: String) throws(FlowError) -> String {
        let name = word.replacing("/", with: ".")
        guard SOQL.isName(name) else { throw Self.invalid("'\(word)' is no name of a field") }
        return name
    }

    private mutating func value(of field: String) throws(FlowError) -> String {
        guard place < tokens.count else { throw unexpected() }
        let type = fields?[field]?.type
        switch tokens[place] {
        case .text(let text):
            place += 1
            guard let literal = SOQL.literal(.string(text), type: type) else {
                throw Self.invalid("'\(text)' is no value of the field \(field)")
            }
            return literal
        case .word(let word):
            let folded = word.lowercased()
            let isLiteral = ["null", "true", "false"].contains(folded) || Double(word) != nil
            // An instant without quotes, as OData 4 writes it, or a date literal of SOQL.
            let isInstant =
                Timestamp(iso8601: word) != nil || SOQL.isName(word.split(separator: ":").first.map(String.init) ?? "")
            guard isLiteral || isInstant else { throw unexpected() }
            place += 1
            if isLiteral { return folded == word ? word : folded }
            if let instant = Timestamp(iso8601: word), word.contains("T") { return instant.secondsDescription }
            return word
        default: throw unexpected()
        }
    }
}
