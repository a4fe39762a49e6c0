import FlowCore

/// A search: what is looked for, in which fields, and what is given back of which objects.
struct SOSLQuery {
    /// Which fields are searched.
    enum Scope: String {
        case all = "ALL"
        case name = "NAME"
        case email = "EMAIL"
        case phone = "PHONE"
    }

    /// An object whose records are wanted.
    struct Part {
        var object: String
        /// Fields, and what may follow them in SOQL.
        var fields = "Id"
        var clauses = ""

        /// The query that gives all records among which is searched.
        var soql: String { "SELECT \(fields) FROM \(object) \(clauses)" }
    }

    var term: SOSLTerm
    var scope = Scope.all
    /// Empty for all objects.
    var parts: [Part] = []
    var limit: Int?

    /// Reads `FIND {…} [IN … FIELDS] [RETURNING …] [LIMIT n]`.
    static func parse(_ text: String) throws -> SOSLQuery {
        var reader = Reader(text)
        guard reader.take("FIND") else { throw SalesforceSearch.malformed("a search must begin with FIND") }
        guard let term = reader.group("{", "}") else {
            throw SalesforceSearch.malformed("FIND must be followed by the search term in braces: FIND {term}")
        }
        var query = SOSLQuery(term: try SOSLTerm.parse(term))
        if reader.take("IN") {
            let name = reader.word()
            query.scope = try scope(name)
            guard reader.take("FIELDS") else {
                throw SalesforceSearch.malformed("FIELDS is missing after IN \(name)")
            }
        }
        if reader.take("RETURNING") {
            repeat {
                var part = Part(object: reader.word())
                guard !part.object.isEmpty else {
                    throw SalesforceSearch.malformed("an object's name is missing after RETURNING")
                }
                if let inner = reader.group("(", ")") { (part.fields, part.clauses) = split(inner) }
                query.parts.append(part)
            } while reader.take(",")
        }
        if reader.take("LIMIT") {
            guard let limit = Int(reader.word()), (1...2_000).contains(limit) else {
                throw SalesforceSearch.malformed("LIMIT must be from 1 to 2000")
            }
            query.limit = limit
        }
        guard reader.isAtEnd else {
            throw SalesforceSearch.malformed(
                "unexpected token: '\(reader.word())'. The sandbox's SOSL has IN … FIELDS, RETURNING and LIMIT, in this order; WITH, UPDATE and "
                    + "USING are not supported.")
        }
        return query
    }

    /// The scope of `IN … FIELDS`.
    static func scope(_ name: String) throws -> Scope {
        guard let scope = Scope(rawValue: name.uppercased()) else {
            throw SalesforceSearch.malformed(
                "the fields searched must be ALL, NAME, EMAIL or PHONE; '\(name)' is not supported")
        }
        return scope
    }

    /// Fields, and the clauses behind them.
    private static func split(_ inner: String) -> (fields: String, clauses: String) {
        var reader = Reader(inner)
        while !reader.isAtEnd {
            let place = reader.place
            let word = reader.word().uppercased()
            if ["WHERE", "ORDER", "LIMIT", "OFFSET", "USING"].contains(word) {
                let fields = String(inner[..<place]).trimmed
                return (fields.isEmpty ? "Id" : fields, String(inner[place...]))
            }
            if word.isEmpty { reader.skip() }
        }
        return (inner, "")
    }

    /// Reads words, signs and groups from left to right.
    private struct Reader {
        private let text: String
        private(set) var place: String.Index

        init(_ text: String) {
            self.text = text
            place = text.startIndex
            skipBlanks()
        }

        var isAtEnd: Bool { place == text.endIndex }

        private mutating func skipBlanks() {
            while !isAtEnd, text[place].isWhitespace { place = text.index(after: place) }
        }

        /// Leaves one character out.
        mutating func skip() {
            if !isAtEnd { place = text.index(after: place) }
            skipBlanks()
        }

        /// The word that stands here; empty where there is none.
        mutating func word() -> String {
            let word = text[place...].prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
            place = word.endIndex
            skipBlanks()
            return String(word)
        }

        /// Goes on behind a word or sign if it stands here.
        mutating func take(_ expected: String) -> Bool {
            let before = place
            if expected == "," {
                guard !isAtEnd, text[place] == "," else { return false }
                skip()
                return true
            }
            if word().uppercased() == expected { return true }
            place = before
            return false
        }

        /// What stands between two signs, which may be nested; nil where none begins here or it has no end.
        mutating func group(_ open: Character, _ close: Character) -> String? {
            guard !isAtEnd, text[place] == open else { return nil }
            let start = text.index(after: place)
            var at = start
            var depth = 1
            var isQuoted = false
            while at < text.endIndex {
                let character = text[at]
                if character == "\\" {
                    at = text.index(after: at)
                } else if character == "'", open == "(" {
                    isQuoted.toggle()
                } else if !isQuoted, character == open {
                    depth += 1
                } else if !isQuoted, character == close {
                    depth -= 1
                    if depth == 0 {
                        place = text.index(after: at)
                        skipBlanks()
                        return String(text[start..<at])
                    }
                }
                if at < text.endIndex { at = text.index(after: at) }
            }
            return nil
        }
    }
}
