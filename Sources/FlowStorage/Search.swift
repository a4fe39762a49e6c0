public import FlowCore
import FlowEngine

/// The full-text search over runs: an index that follows what is committed.
///
/// Commits never wait for it. Whoever owns the store lets it follow from time to time, see
/// ``followText(limit:)``; a driver that looks at the journals themselves at each search has nothing to do there.
///
/// What is found: the names of flow and actions, business keys, errors, inputs and outputs; never sealed values, and
/// signatures as masked as where runs are shown. See ``SearchQuery`` for how words are compared.
public protocol SearchStore: Sendable {
    /// Takes up to so many changed runs into the index.
    ///
    /// An index that is missing or damaged is made anew; runs that were deleted leave it. It may be called at any time
    /// and after any failure: nothing is lost, because what is not in the index yet is found again.
    /// - Parameter limit: how many runs at most, so that each call is short.
    /// - Returns: whether everything that was committed before the call is in the index now.
    /// - Throws: an error of the store.
    func followText(limit: Int) async throws(FlowError) -> Bool
}

/// A search for text: all of its parts must be there.
///
/// Parts stand between blanks; a part between double quotes may hold blanks. The words of a part, runs of letters and
/// digits, must follow one another; letter case does not matter. `*` at the end of a part stands for any further letters
/// of its last word.
public struct SearchQuery: Sendable, Hashable {
    /// Words that must follow one another.
    public struct Part: Sendable, Hashable {
        /// The words, in lower case.
        public var words: [String]
        /// Whether the last word may go on.
        public var isBeginning: Bool
    }

    /// The parts; none where the text holds no word, and then nothing is found.
    public var parts: [Part] = []

    /// Reads a search as someone writes it.
    public init(_ text: String) {
        for (place, piece) in text.split(separator: "\"", omittingEmptySubsequences: false).enumerated() {
            let isQuoted = place % 2 == 1
            let written = isQuoted ? [piece] : piece.split(whereSeparator: \.isWhitespace)
            for part in written {
                let words = SearchWords.of(String(part))
                if !words.isEmpty { parts.append(Part(words: words, isBeginning: part.hasSuffix("*"))) }
            }
        }
    }

    /// Whether all parts are found in one of the texts each.
    package func matches(_ texts: [[String]]) -> Bool {
        !parts.isEmpty && parts.allSatisfy { part in texts.contains { Self.find(part, in: $0) } }
    }

    private static func find(_ part: Part, in words: [String]) -> Bool {
        guard part.words.count <= words.count else { return false }
        return (0...(words.count - part.words.count)).contains { start in
            part.words.indices.allSatisfy { place in
                let word = words[start + place]
                let isLast = place == part.words.count - 1
                return isLast && part.isBeginning ? word.hasPrefix(part.words[place]) : word == part.words[place]
            }
        }
    }
}

/// Words as searches compare them.
package enum SearchWords {
    /// The words of a text: its letters and digits, in lower case.
    package static func of(_ text: String) -> [String] {
        plain(text).utf8.split(whereSeparator: { !isWordByte($0) }).map { word in
            String(decoding: word.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }, as: UTF8.self)
        }
    }

    /// A text whose words are runs of ASCII letters, digits and bytes beyond ASCII, where only the case of ASCII letters is left open.
    package static func plain(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 >= 0x80 }) else { return text }
        var plain = String.UnicodeScalarView()
        for scalar in text.lowercased().unicodeScalars {
            plain.append(scalar.isASCII || isLetterOrDigit(scalar) ? scalar : " ")
        }
        return String(plain)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        byte >= 0x80 || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A) || (byte >= 0x30 && byte <= 0x39)
    }

    private static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
            .spacingMark, .decimalNumber, .letterNumber, .otherNumber:
            true
        default: false
        }
    }
}

/// What of a run is searched: its own error, and all other text, each with every line once and of a bounded length.
package struct SearchText: Sendable {
    /// How much text of one run is taken at most, in bytes.
    package static let limit = 16_384
    /// How much of one value is taken at most, in bytes.
    private static let valueLimit = 1_024

    /// The code and message of the run's error.
    package private(set) var error = ""
    /// Everything else, a value a line.
    package private(set) var text = ""
    private var lines: Set<String> = []

    /// Makes an empty text.
    package init() {}

    /// Goes on with a text that was made before; what the summary says is taken anew.
    package init(goingOnWith text: String) {
        self.text = text
        lines = Set(text.split(separator: "\n").map(String.init))
    }

    /// Whether no more is taken of the events.
    package var isFull: Bool { text.utf8.count >= Self.limit }

    /// Takes what the summary says.
    package mutating func take(_ run: RunSummary) {
        error = [run.code, run.errorCode, run.errorMessage].compactMap { $0 }.map(Self.line).joined(separator: "\n")
        add(run.flowName)
        for key in run.keys { add(key.value) }
        // Without an id of its own a run is tracked by its name, which is found without an index.
        for text in [run.initiator, run.trackingID == run.name ? nil : run.trackingID, run.text] {
            if let text, !text.isEmpty { add(text) }
        }
    }

    /// Takes the words of an event, sealed members left out, as far as there is room.
    package mutating func take(_ event: JSON) {
        guard !isFull else { return }
        JournalText.each(of: event) { text in
            add(text)
            return !isFull
        }
    }

    private mutating func add(_ value: String) {
        let line = Self.line(value)
        guard lines.insert(line).inserted else { return }
        if !text.isEmpty { text += "\n" }
        text += line
    }

    /// A value as one line of plain words, cut where it is long.
    private static func line(_ value: String) -> String {
        var value = value
        if value.utf8.count > valueLimit { value = String(decoding: value.utf8.prefix(valueLimit), as: UTF8.self) }
        value = SearchWords.plain(value)
        guard value.utf8.contains(UInt8(ascii: "\n")) else { return value }
        return String(decoding: value.utf8.map { $0 == UInt8(ascii: "\n") ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
    }
}
