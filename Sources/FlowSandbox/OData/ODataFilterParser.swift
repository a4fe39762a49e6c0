import FlowCore

/// Reads `$filter`: or, and, not, comparisons, parentheses, functions, lambdas.
struct ODataFilterParser {
    private enum Token: Equatable {
        case word(String)
        case literal(JSON)
        case instant(Timestamp)
        case symbol(Character)
        case end
    }

    private var tokens: [(token: Token, offset: Int)] = []
    private var position = 0
    private var depth = 0

    init(_ text: String) throws(ODataFilter.Failure) {
        let characters = Array(text)
        var place = 0
        while place < characters.count {
            let character = characters[place]
            if character.isWhitespace {
                place += 1
            } else if character == "'" {
                let start = place
                var value = ""
                place += 1
                while true {
                    guard place < characters.count else {
                        throw ODataFilter.Failure(
                            message: "There is an unterminated string literal at position \(start).", offset: start)
                    }
                    if characters[place] == "'" {
                        if place + 1 < characters.count, characters[place + 1] == "'" {
                            value.append("'")
                            place += 2
                            continue
                        }
                        place += 1
                        break
                    }
                    value.append(characters[place])
                    place += 1
                }
                tokens.append((.literal(.string(value)), start))
            } else if "(),/:".contains(character) {
                tokens.append((.symbol(character), place))
                place += 1
            } else {
                let start = place
                let startsLikeNumber = character.isNumber || character == "-" || character == "+"
                while place < characters.count {
                    let next = characters[place]
                    let belongs =
                        next.isLetter || next.isNumber || "_.-@$".contains(next)
                        || (startsLikeNumber && (next == ":" || next == "+"))
                    guard belongs else { break }
                    place += 1
                }
                guard place > start else {
                    throw ODataFilter.Failure(
                        message: "Syntax error: character '\(character)' is not valid at position \(start).",
                        offset: start)
                }
                tokens.append((Self.token(String(characters[start..<place]), startsLikeNumber), start))
            }
        }
        tokens.append((.end, characters.count))
    }

    private static func token(_ word: String, _ startsLikeNumber: Bool) -> Token {
        if UUIDText.isValid(word) { return .literal(.string(word.lowercased())) }
        if startsLikeNumber {
            if word.utf8.count >= 10, let instant = Timestamp(iso8601: word) { return .instant(instant) }
            if let number = Int64(word) { return .literal(.integer(number)) }
            if let number = Double(word) { return .literal(.double(number)) }
        }
        switch word {
        case "true": return .literal(true)
        case "false": return .literal(false)
        case "null": return .literal(.null)
        default: return .word(word)
        }
    }

    mutating func parse() throws(ODataFilter.Failure) -> ODataFilter {
        let filter = try parseOr()
        guard current == .end else { throw unexpected() }
        return filter
    }

    private var current: Token { tokens[position].token }

    private mutating func parseOr() throws(ODataFilter.Failure) -> ODataFilter {
        var left = try parseAnd()
        while takeWord("or") { left = .or(left, try parseAnd()) }
        return left
    }

    private mutating func parseAnd() throws(ODataFilter.Failure) -> ODataFilter {
        var left = try parseNot()
        while takeWord("and") { left = .and(left, try parseNot()) }
        return left
    }

    private mutating func parseNot() throws(ODataFilter.Failure) -> ODataFilter {
        depth += 1
        defer { depth -= 1 }
        guard depth < 100 else {
            throw ODataFilter.Failure(message: "The filter is nested too deeply.", offset: tokens[position].offset)
        }
        if takeWord("not") { return .not(try parseNot()) }
        return try parseComparison()
    }

    private mutating func parseComparison() throws(ODataFilter.Failure) -> ODataFilter {
        let left = try parseOperand()
        guard case .word(let word) = current else { return left }
        if let comparison = ODataFilter.Operator(rawValue: word) {
            position += 1
            return .compare(comparison, left, try parseOperand())
        }
        guard word == "in" else { return left }
        position += 1
        try expect("(")
        var choices = [try parseOperand()]
        while take(",") { choices.append(try parseOperand()) }
        try expect(")")
        return .oneOf(left, choices)
    }

    private mutating func parseOperand() throws(ODataFilter.Failure) -> ODataFilter {
        switch current {
        case .literal(let value):
            position += 1
            return .literal(value)
        case .instant(let instant):
            position += 1
            return .instant(instant)
        case .symbol("("):
            position += 1
            let inner = try parseOr()
            try expect(")")
            return inner
        case .word(let name):
            position += 1
            if take("(") { return try parseFunction(name) }
            return try parsePath(name)
        default: throw unexpected()
        }
    }

    private static let functions = ["contains": 2, "startswith": 2, "endswith": 2, "tolower": 1, "toupper": 1]

    private mutating func parseFunction(_ name: String) throws(ODataFilter.Failure) -> ODataFilter {
        let offset = tokens[position].offset
        guard let count = Self.functions[name] else {
            throw ODataFilter.Failure(
                message: "An unknown function with name '\(name)' was found.", offset: offset)
        }
        var arguments = [try parseOr()]
        while take(",") { arguments.append(try parseOr()) }
        try expect(")")
        guard arguments.count == count else {
            throw ODataFilter.Failure(
                message: "The function '\(name)' takes \(count) arguments, not \(arguments.count).", offset: offset)
        }
        return .function(name, arguments)
    }

    private mutating func parsePath(_ name: String) throws(ODataFilter.Failure) -> ODataFilter {
        var path = [name]
        while take("/") {
            guard case .word(let part) = current else { throw unexpected() }
            position += 1
            if part == "any" || part == "all", take("(") { return try parseLambda(part == "all", path) }
            path.append(part)
        }
        return .path(path)
    }

    private mutating func parseLambda(_ isAll: Bool, _ path: [String]) throws(ODataFilter.Failure) -> ODataFilter {
        if take(")") { return .lambda(isAll: isAll, path: path, variable: "", predicate: nil) }
        guard case .word(let variable) = current else { throw unexpected() }
        position += 1
        try expect(":")
        let predicate = try parseOr()
        try expect(")")
        return .lambda(isAll: isAll, path: path, variable: variable, predicate: predicate)
    }

    private mutating func take(_ symbol: Character) -> Bool {
        guard current == .symbol(symbol) else { return false }
        position += 1
        return true
    }

    private mutating func takeWord(_ word: String) -> Bool {
        guard current == .word(word) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ symbol: Character) throws(ODataFilter.Failure) {
        guard take(symbol) else { throw unexpected() }
    }

    private func unexpected() -> ODataFilter.Failure {
        let offset = tokens[position].offset
        return ODataFilter.Failure(message: "Syntax error at position \(offset) in the filter.", offset: offset)
    }
}
