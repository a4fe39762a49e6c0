import FlowCore

/// What a search looks for: words and phrases with `AND`, `OR`, `AND NOT` and parentheses.
///
/// Words are compared whole and without regard to case; `*` stands for any letters, `?` for one, neither at the beginning. Several
/// words without an operator must all be there. In quotes they must follow one another.
indirect enum SOSLTerm {
    /// Words that follow one another in one field.
    case words([String])
    case and(SOSLTerm, SOSLTerm)
    case or(SOSLTerm, SOSLTerm)
    case not(SOSLTerm)

    /// Reads the text between the braces.
    static func parse(_ text: String) throws -> SOSLTerm {
        guard text.trimmed.count > 1 else {
            throw SalesforceSearch.malformed("search term must be longer than one character: \(text.trimmed)")
        }
        var parser = Parser(try Parser.tokens(text))
        let term = try parser.either()
        guard parser.isAtEnd else { throw SalesforceSearch.malformed("unexpected token in the search term") }
        return term
    }

    /// Whether fields, each as its words, hold it.
    func matches(_ fields: [[String]]) -> Bool {
        switch self {
        case .words(let words): fields.contains { Self.holds($0, words) }
        case .and(let left, let right): left.matches(fields) && right.matches(fields)
        case .or(let left, let right): left.matches(fields) || right.matches(fields)
        case .not(let term): !term.matches(fields)
        }
    }

    /// The words of a text in lower case; of a search term with its wildcards.
    static func words(_ text: String, keepingWildcards: Bool = false) -> [String] {
        text.lowercased().split { character in
            !(character.isLetter || character.isNumber || (keepingWildcards && "*?".contains(character)))
        }.map(String.init)
    }

    private static func holds(_ field: [String], _ words: [String]) -> Bool {
        guard field.count >= words.count else { return false }
        return (0...(field.count - words.count)).contains { start in
            words.indices.allSatisfy { fits(Array(field[start + $0]), Array(words[$0])) }
        }
    }

    /// Whether a word fits a pattern; a star is tried again one letter further on, so the time is bounded by both lengths.
    private static func fits(_ word: [Character], _ pattern: [Character]) -> Bool {
        var (place, at) = (0, 0)
        var star: (pattern: Int, word: Int)?
        while place < word.count {
            if at < pattern.count, pattern[at] == "*" {
                star = (at, place)
                at += 1
            } else if at < pattern.count, pattern[at] == "?" || pattern[at] == word[place] {
                at += 1
                place += 1
            } else if let last = star {
                star = (last.pattern, last.word + 1)
                (at, place) = (last.pattern + 1, last.word + 1)
            } else {
                return false
            }
        }
        return pattern[at...].allSatisfy { $0 == "*" }
    }

    private struct Parser {
        enum Token: Equatable {
            case word(String)
            case phrase(String)
            case open, close
        }

        private let tokens: [Token]
        private var place = 0
        private var depth = 0

        init(_ tokens: [Token]) { self.tokens = tokens }

        var isAtEnd: Bool { place == tokens.count }

        static func tokens(_ text: String) throws -> [Token] {
            var tokens: [Token] = []
            var rest = text[...]
            func taken(until isEnd: (Character) -> Bool) -> String {
                var value = ""
                while let character = rest.first, !isEnd(character) {
                    rest.removeFirst()
                    // A backslash keeps what follows it from being an operator.
                    value.append(character == "\\" ? rest.popFirst() ?? "\\" : character)
                }
                return value
            }
            while let character = rest.first {
                if character.isWhitespace {
                    rest.removeFirst()
                } else if character == "(" || character == ")" {
                    rest.removeFirst()
                    tokens.append(character == "(" ? .open : .close)
                } else if character == "\"" {
                    rest.removeFirst()
                    tokens.append(.phrase(taken { $0 == "\"" }))
                    guard rest.popFirst() != nil else {
                        throw SalesforceSearch.malformed("a quote in the search term has no end")
                    }
                } else {
                    tokens.append(.word(taken { $0.isWhitespace || "()\"".contains($0) }))
                }
            }
            return tokens
        }

        mutating func either() throws -> SOSLTerm {
            depth += 1
            defer { depth -= 1 }
            guard depth < 50 else { throw SalesforceSearch.malformed("the search term is nested too deep") }
            var term = try all()
            while take("OR") { term = .or(term, try all()) }
            return term
        }

        private mutating func all() throws -> SOSLTerm {
            var term = try one()
            while !isAtEnd, tokens[place] != .close, !isNext("OR") {
                let isJoined = take("AND")
                if take("NOT") {
                    guard isJoined else { throw SalesforceSearch.malformed("NOT must follow AND") }
                    term = .and(term, .not(try one()))
                } else {
                    term = .and(term, try one())
                }
            }
            return term
        }

        private mutating func one() throws -> SOSLTerm {
            guard !isAtEnd else { throw SalesforceSearch.malformed("unexpected end of the search term") }
            defer { place += 1 }
            switch tokens[place] {
            case .word(let text), .phrase(let text):
                if ["AND", "OR", "NOT"].contains(text.uppercased()), tokens[place] == .word(text) {
                    throw SalesforceSearch.malformed("unexpected token: \(text)")
                }
                let words = SOSLTerm.words(text, keepingWildcards: true)
                guard !words.isEmpty, words.allSatisfy({ $0.first != "*" && $0.first != "?" }) else {
                    throw SalesforceSearch.malformed(
                        "a search term needs letters or digits, and no wildcard before them: \(text)")
                }
                return .words(words)
            case .open:
                place += 1
                let term = try either()
                guard !isAtEnd, tokens[place] == .close else {
                    throw SalesforceSearch.malformed("a parenthesis has no end")
                }
                return term
            case .close: throw SalesforceSearch.malformed("unexpected token: )")
            }
        }

        private func isNext(_ word: String) -> Bool {
            guard !isAtEnd, case .word(let text) = tokens[place] else { return false }
            return text.uppercased() == word
        }

        private mutating func take(_ word: String) -> Bool {
            guard isNext(word) else { return false }
            place += 1
            return true
        }
    }
}
