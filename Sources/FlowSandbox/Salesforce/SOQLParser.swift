import FlowCore

/// Reads SOQL.
struct SOQLParser {
    private enum Token: Equatable {
        case word(String)
        case text(String)
        case symbol(String)
        case end
    }

    private var tokens: [(token: Token, offset: Int)] = []
    private var position = 0
    private var depth = 0
    private let now: Timestamp

    /// Reads a query.
    /// - Parameters:
    ///   - text: the query.
    ///   - now: the present, for date literals.
    /// - Returns: the query.
    /// - Throws: ``SOQLQuery/Failure``.
    static func parse(_ text: String, now: Timestamp) throws(SOQLQuery.Failure) -> SOQLQuery {
        var parser = try SOQLParser(text, now: now)
        let query = try parser.query(isSubquery: false)
        guard parser.current == .end else { throw parser.unexpected() }
        return query
    }

    private init(_ text: String, now: Timestamp) throws(SOQLQuery.Failure) {
        self.now = now
        let characters = Array(text)
        var place = 0
        while place < characters.count {
            let character = characters[place]
            let start = place
            if character.isWhitespace {
                place += 1
            } else if character == "'" {
                tokens.append((.text(try Self.quoted(characters, &place)), start))
            } else if "(),".contains(character) {
                place += 1
                tokens.append((.symbol(String(character)), start))
            } else if "=<>!".contains(character) {
                place += 1
                var symbol = String(character)
                if place < characters.count, characters[place] == "=" || (character == "<" && characters[place] == ">")
                {
                    symbol.append(characters[place])
                    place += 1
                }
                tokens.append((.symbol(symbol == "<>" ? "!=" : symbol), start))
            } else {
                while place < characters.count,
                    characters[place].isLetter || characters[place].isNumber
                        || "_.-:+%$".contains(characters[place])
                {
                    place += 1
                }
                guard place > start else {
                    throw SOQLQuery.Failure(message: "unexpected token: '\(character)'", offset: start)
                }
                tokens.append((.word(String(characters[start..<place])), start))
            }
        }
        tokens.append((.end, characters.count))
    }

    private static func quoted(_ characters: [Character], _ place: inout Int) throws(SOQLQuery.Failure) -> String {
        let start = place
        var value = ""
        place += 1
        while place < characters.count {
            let character = characters[place]
            place += 1
            if character == "'" { return value }
            guard character == "\\", place < characters.count else {
                value.append(character)
                continue
            }
            let escaped = characters[place]
            place += 1
            switch escaped {
            case "n", "N": value.append("\n")
            case "r", "R": value.append("\r")
            case "t", "T": value.append("\t")
            case "b", "B": value.append("\u{8}")
            case "f", "F": value.append("\u{C}")
            case "'", "\"", "\\": value.append(escaped)
            // Escaped wildcards keep their backslash: LIKE takes it off.
            case "_", "%": value += "\\" + String(escaped)
            default: throw SOQLQuery.Failure(message: "Illegal string sequence '\\\(escaped)'", offset: start)
            }
        }
        throw SOQLQuery.Failure(message: "unexpected token: '<EOF>'", offset: start)
    }

    // MARK: Query

    private mutating func query(isSubquery: Bool) throws(SOQLQuery.Failure) -> SOQLQuery {
        depth += 1
        defer { depth -= 1 }
        guard depth < 20 else { throw unexpected() }
        var query = SOQLQuery()
        try expect("SELECT")
        repeat { try column(&query) } while takeSymbol(",")
        try expect("FROM")
        query.from = try name()
        if case .word(let word) = current, !Self.clauses.contains(word.uppercased()) {
            position += 1
            query.alias = word
        }
        if take("USING") {
            try expect("SCOPE")
            _ = try name()
        }
        if take("WHERE") { query.condition = try condition() }
        if take("WITH") { _ = try name() }
        if take("GROUP") {
            try expect("BY")
            repeat { query.groupBy.append(try path()) } while takeSymbol(",")
            if take("HAVING") { query.having = try condition() }
        }
        if take("ORDER") {
            try expect("BY")
            repeat { query.orderBy.append(try order()) } while takeSymbol(",")
        }
        if take("LIMIT") { query.limit = try count() }
        if take("OFFSET") { query.offset = try count() }
        while take("FOR") { _ = try name() }
        if take("ALL") { try expect("ROWS") }
        guard !isSubquery || current == .symbol(")") else { throw unexpected() }
        if let alias = query.alias { query = query.withoutAlias(alias) }
        return query
    }

    private static let clauses: Set<String> = [
        "WHERE", "WITH", "GROUP", "ORDER", "LIMIT", "OFFSET", "FOR", "USING", "ALL", "HAVING",
    ]
    private static let aggregates: Set<String> = ["COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"]

    private mutating func column(_ query: inout SOQLQuery) throws(SOQLQuery.Failure) {
        if takeSymbol("(") {
            query.columns.append(.children(try self.query(isSubquery: true)))
            try expectSymbol(")")
            return
        }
        let path = try path()
        guard takeSymbol("(") else {
            query.columns.append(.field(path))
            return
        }
        let function = path.text.uppercased()
        if function == "FIELDS" {
            query.columns.append(.fields(try name().uppercased()))
            try expectSymbol(")")
            return
        }
        if function == "COUNT", takeSymbol(")") {
            if current == .word("FROM") || current == .word("from") || current == .word("From") {
                query.isCount = true
            } else {
                query.columns.append(.aggregate("COUNT", nil, alias: alias()))
            }
            return
        }
        let argument = try self.path()
        try expectSymbol(")")
        switch function {
        case _ where Self.aggregates.contains(function):
            query.columns.append(.aggregate(function, argument, alias: alias()))
        // Labels and converted currencies are what the field holds: the organization has one language.
        case "TOLABEL", "CONVERTCURRENCY", "FORMAT": query.columns.append(.field(argument))
        default: throw SOQLQuery.Failure(message: "unexpected token: '('", offset: path.offset)
        }
    }

    private mutating func alias() -> String? {
        guard case .word(let word) = current, word.uppercased() != "FROM" else { return nil }
        position += 1
        return word
    }

    private mutating func order() throws(SOQLQuery.Failure) -> SOQLQuery.Order {
        var order = SOQLQuery.Order(path: try path())
        if take("DESC") { order.isDescending = true } else { _ = take("ASC") }
        if take("NULLS") {
            if take("LAST") { order.nullsLast = true } else { try expect("FIRST") }
        }
        return order
    }

    // MARK: Conditions

    private mutating func condition() throws(SOQLQuery.Failure) -> SOQLCondition {
        depth += 1
        defer { depth -= 1 }
        guard depth < 100 else { throw unexpected() }
        var left = try negation()
        var joined: String?
        while case .word(let word) = current, ["AND", "OR"].contains(word.uppercased()) {
            // AND and OR beside each other need parentheses.
            guard joined == nil || joined == word.uppercased() else { throw unexpected() }
            joined = word.uppercased()
            position += 1
            let right = try negation()
            left = joined == "AND" ? .and(left, right) : .or(left, right)
        }
        return left
    }

    private mutating func negation() throws(SOQLQuery.Failure) -> SOQLCondition {
        if take("NOT") { return .not(try negation()) }
        if takeSymbol("(") {
            let inner = try condition()
            try expectSymbol(")")
            return inner
        }
        return try comparison()
    }

    private mutating func comparison() throws(SOQLQuery.Failure) -> SOQLCondition {
        let path = try path()
        if takeSymbol("(") {
            let function = path.text.uppercased()
            guard Self.aggregates.contains(function) else { throw unexpected() }
            let argument = current == .symbol(")") ? nil : try self.path()
            try expectSymbol(")")
            return .aggregate(function, argument, try comparisonOperator(), try value())
        }
        if take("IN") { return try membership(path, isNegated: false) }
        if take("NOT") {
            try expect("IN")
            return try membership(path, isNegated: true)
        }
        for (word, comparison) in [("INCLUDES", SOQLCondition.Operator.includes), ("EXCLUDES", .excludes)]
        where take(word) {
            try expectSymbol("(")
            let first = try value()
            try expectSymbol(")")
            return .compare(path, comparison, first)
        }
        return .compare(path, try comparisonOperator(), try value())
    }

    private mutating func comparisonOperator() throws(SOQLQuery.Failure) -> SOQLCondition.Operator {
        if take("LIKE") { return .like }
        guard case .symbol(let symbol) = current, let comparison = SOQLCondition.Operator(rawValue: symbol) else {
            throw unexpected()
        }
        position += 1
        return comparison
    }

    private mutating func membership(_ path: SOQLPath, isNegated: Bool) throws(SOQLQuery.Failure) -> SOQLCondition {
        try expectSymbol("(")
        if case .word(let word) = current, word.uppercased() == "SELECT" {
            let inner = try query(isSubquery: true)
            try expectSymbol(")")
            return .inQuery(path, inner, isNegated: isNegated)
        }
        var values = [try value()]
        while takeSymbol(",") { values.append(try value()) }
        try expectSymbol(")")
        return .oneOf(path, values, isNegated: isNegated)
    }

    private mutating func value() throws(SOQLQuery.Failure) -> SOQLValue {
        switch current {
        case .text(let text):
            position += 1
            return .text(text)
        case .word(let word):
            guard let value = literal(word) else { throw unexpected() }
            position += 1
            return value
        default: throw unexpected()
        }
    }

    private func literal(_ word: String) -> SOQLValue? {
        switch word.lowercased() {
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "null": return .null
        default: break
        }
        if let first = word.first, first.isNumber || first == "-" || first == "+" || first == "." {
            if let number = Double(word) { return .number(number) }
            guard let instant = Timestamp(iso8601: word) else { return nil }
            return word.contains("T") || word.contains("t") ? .instant(instant) : .date(word)
        }
        guard let range = SOQLDateLiteral.range(word, now: now) else { return nil }
        return .range(range.start, range.end)
    }

    // MARK: Tokens

    private var current: Token { tokens[position].token }

    private mutating func path() throws(SOQLQuery.Failure) -> SOQLPath {
        let offset = tokens[position].offset
        return SOQLPath(parts: try name().split(separator: ".").map(String.init), offset: offset)
    }

    private mutating func name() throws(SOQLQuery.Failure) -> String {
        guard case .word(let word) = current, let first = word.first, first.isLetter else { throw unexpected() }
        position += 1
        return word
    }

    private mutating func count() throws(SOQLQuery.Failure) -> Int {
        guard case .word(let word) = current, let count = Int(word), count >= 0 else { throw unexpected() }
        position += 1
        return count
    }

    private mutating func take(_ word: String) -> Bool {
        guard case .word(let found) = current, found.uppercased() == word else { return false }
        position += 1
        return true
    }

    private mutating func takeSymbol(_ symbol: String) -> Bool {
        guard current == .symbol(symbol) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ word: String) throws(SOQLQuery.Failure) {
        guard take(word) else { throw unexpected() }
    }

    private mutating func expectSymbol(_ symbol: String) throws(SOQLQuery.Failure) {
        guard takeSymbol(symbol) else { throw unexpected() }
    }

    private func unexpected() -> SOQLQuery.Failure {
        let shown =
            switch current {
            case .word(let word): word
            case .text(let text): "'\(text)'"
            case .symbol(let symbol): symbol
            case .end: "<EOF>"
            }
        return SOQLQuery.Failure(message: "unexpected token: '\(shown)'", offset: tokens[position].offset)
    }
}

extension SOQLQuery {
    /// The query with the object's alias taken off its paths.
    fileprivate func withoutAlias(_ alias: String) -> SOQLQuery {
        func bare(_ path: SOQLPath) -> SOQLPath {
            guard path.parts.count > 1, path.parts[0].lowercased() == alias.lowercased() else { return path }
            return SOQLPath(parts: Array(path.parts.dropFirst()), offset: path.offset)
        }
        func bare(_ condition: SOQLCondition) -> SOQLCondition {
            switch condition {
            case .and(let left, let right): .and(bare(left), bare(right))
            case .or(let left, let right): .or(bare(left), bare(right))
            case .not(let inner): .not(bare(inner))
            case .compare(let path, let comparison, let value): .compare(bare(path), comparison, value)
            case .oneOf(let path, let values, let isNegated): .oneOf(bare(path), values, isNegated: isNegated)
            case .inQuery(let path, let query, let isNegated): .inQuery(bare(path), query, isNegated: isNegated)
            case .aggregate(let function, let path, let comparison, let value):
                .aggregate(function, path.map { bare($0) }, comparison, value)
            }
        }
        var query = self
        query.columns = columns.map { column in
            switch column {
            case .field(let path): .field(bare(path))
            case .aggregate(let function, let path, let name): .aggregate(function, path.map { bare($0) }, alias: name)
            case .fields, .children: column
            }
        }
        query.condition = condition.map { bare($0) }
        query.having = having.map { bare($0) }
        query.groupBy = groupBy.map { bare($0) }
        query.orderBy = orderBy.map {
            Order(path: bare($0.path), isDescending: $0.isDescending, nullsLast: $0.nullsLast)
        }
        return query
    }
}

/// Date literals, in UTC.
enum SOQLDateLiteral {
    /// From which instant to before which, or nil where the word is none.
    static func range(_ word: String, now: Timestamp) -> (start: Timestamp, end: Timestamp)? {
        let parts = word.uppercased().split(separator: ":")
        guard let name = parts.first.map(String.init) else { return nil }
        let today = now.civil.date
        let day = today.daysSince1970
        func days(_ start: Int, _ end: Int) -> (Timestamp, Timestamp) { (midnight(start), midnight(end)) }
        if parts.count == 2 {
            guard let count = Int(parts[1]), count > 0, count < 100_000 else { return nil }
            switch name {
            case "LAST_N_DAYS": return days(day - count, day + 1)
            case "NEXT_N_DAYS": return days(day + 1, day + 1 + count)
            case "N_DAYS_AGO": return days(day - count, day - count + 1)
            case "LAST_N_MONTHS": return months(today, -count, 0)
            case "NEXT_N_MONTHS": return months(today, 1, 1 + count)
            case "LAST_N_YEARS": return years(today, -count, 0)
            case "NEXT_N_YEARS": return years(today, 1, 1 + count)
            default: return nil
            }
        }
        // 1970-01-01 was a Thursday; weeks begin on Sunday.
        let week = day - ((day + 4) % 7 + 7) % 7
        switch name {
        case "TODAY": return days(day, day + 1)
        case "YESTERDAY": return days(day - 1, day)
        case "TOMORROW": return days(day + 1, day + 2)
        case "THIS_WEEK": return days(week, week + 7)
        case "LAST_WEEK": return days(week - 7, week)
        case "NEXT_WEEK": return days(week + 7, week + 14)
        case "LAST_90_DAYS": return days(day - 90, day + 1)
        case "NEXT_90_DAYS": return days(day + 1, day + 91)
        case "THIS_MONTH": return months(today, 0, 1)
        case "LAST_MONTH": return months(today, -1, 0)
        case "NEXT_MONTH": return months(today, 1, 2)
        case "THIS_QUARTER", "LAST_QUARTER", "NEXT_QUARTER":
            let start = -((today.month - 1) % 3) + (name.hasPrefix("LAST") ? -3 : name.hasPrefix("NEXT") ? 3 : 0)
            return months(today, start, start + 3)
        case "THIS_YEAR": return years(today, 0, 1)
        case "LAST_YEAR": return years(today, -1, 0)
        case "NEXT_YEAR": return years(today, 1, 2)
        default: return nil
        }
    }

    private static func midnight(_ day: Int) -> Timestamp {
        Timestamp(ticks: Int64(day) * 86_400 * Timestamp.ticksPerSecond)
    }

    private static func months(_ date: CivilDate, _ start: Int, _ end: Int) -> (Timestamp, Timestamp) {
        func first(_ offset: Int) -> Timestamp {
            let month = date.year * 12 + date.month - 1 + offset
            return Timestamp(year: month / 12, month: month % 12 + 1, day: 1)
        }
        return (first(start), first(end))
    }

    private static func years(_ date: CivilDate, _ start: Int, _ end: Int) -> (Timestamp, Timestamp) {
        (Timestamp(year: date.year + start, month: 1, day: 1), Timestamp(year: date.year + end, month: 1, day: 1))
    }
}
