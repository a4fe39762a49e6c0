/// A step from a collection to what it holds.
enum PathStep: Sendable, Hashable {
    /// To the value of a key.
    case key(String)
    /// To an element.
    case index(Int)

    /// The key, or nil.
    var key: String? {
        if case .key(let key) = self { key } else { nil }
    }
}

/// Where a cursor stands in a YAML or JSON text.
struct CursorPlace {
    /// What may stand at a cursor.
    enum Role {
        /// A key of the mapping at ``path``.
        case key
        /// The value at ``path``.
        case value
        /// The value at ``path``, or a key of a mapping that may begin there.
        case entry
        /// Nothing: a comment, or the end of something complete.
        case nothing
    }

    /// What may stand there.
    var role: Role
    /// The way from the root.
    var path: [PathStep]
    /// Where the text that is being written begins; the cursor itself where none is.
    var start: Int
    /// How that text is written.
    var style: ScalarStyle
    /// The keys of the innermost mapping that stand before the cursor.
    var keys: [String]
    /// The texts and words in the innermost mapping that stand before the cursor.
    var values: [String: String]
    /// The same of every open collection, the outermost first: as many as ``path`` has steps, and the innermost.
    var outerValues: [[String: String]] = []
}

/// Finds where a cursor stands by reading what lies before it, whether or not the whole can be parsed.
///
/// What is broken is left at the end of its line: a quote or bracket that is not closed ends where the next line is
/// indented no deeper than the value may be.
struct CursorScanner {
    /// An open collection.
    private struct Level {
        enum Kind { case blockMapping, blockSequence, flowMapping, flowSequence }

        var kind: Kind
        /// The column of its keys or dashes; for braces and brackets that of the block around.
        var indent: Int
        var key: String?
        var index = 0
        var keys: [String] = []
        var values: [String: String] = [:]
        /// In braces: whether the colon was read.
        var isAfterColon = false
        /// Whether the current key or element has its value, at least the beginning.
        var hasValue = false

        var isFlow: Bool { kind == .flowMapping || kind == .flowSequence }
    }

    private let bytes: [UInt8]
    private let end: Int
    private let isJSON: Bool
    private var position = 0
    private var lineStart = 0
    private var levels: [Level] = []
    private var found: CursorPlace?

    /// The place of a cursor.
    /// - Parameters:
    ///   - bytes: the text.
    ///   - offset: the cursor's offset.
    /// - Returns: the place.
    static func place(in bytes: [UInt8], at offset: Int) -> CursorPlace {
        var scanner = CursorScanner(bytes, end: min(offset, bytes.count))
        return scanner.scan()
    }

    private init(_ bytes: [UInt8], end: Int) {
        self.bytes = bytes
        self.end = end
        let first = bytes.first { ![0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) }
        isJSON = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    }

    private mutating func scan() -> CursorPlace {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = min(3, end) }
        while found == nil, position <= end {
            if isJSON { scanFlow(indent: -1) } else { scanLine() }
            if found == nil, position >= end {
                if isJSON || end == 0 || bytes[end - 1] == 0x0A { finishEntry(column: 0) } else { finish(.nothing) }
            }
        }
        return found
            ?? CursorPlace(
                role: .nothing, path: [], start: end, style: .plain(inFlow: false), keys: [], values: [:])
    }

    // MARK: The end

    /// Ends with what is known: the path of all open collections, their current members included.
    private mutating func finish(
        _ role: CursorPlace.Role, start: Int? = nil, style: ScalarStyle = .plain(inFlow: false)
    ) {
        var path: [PathStep] = []
        for (depth, level) in levels.enumerated() {
            switch level.kind {
            case .blockMapping, .flowMapping:
                if depth == levels.count - 1, role == .key { break }
                if let key = level.key { path.append(.key(key)) }
            case .blockSequence, .flowSequence: path.append(.index(level.index))
            }
        }
        let mapping = levels.last.flatMap { $0.kind == .blockMapping || $0.kind == .flowMapping ? $0 : nil }
        found = CursorPlace(
            role: role, path: path, start: start ?? end, style: style, keys: mapping?.keys ?? [],
            values: mapping?.values ?? [:], outerValues: levels.map(\.values))
    }

    /// Ends at the beginning of a line's text, or in an unquoted word there, which may be a key.
    private mutating func finishEntry(column: Int, start: Int? = nil, style: ScalarStyle = .plain(inFlow: false)) {
        leaveDeeper(than: column)
        if levels.last?.kind == .blockSequence, levels.last?.indent == column { levels.removeLast() }
        guard let top = levels.last else { return finish(.key, start: start, style: style) }
        if top.kind == .blockMapping, top.indent == column { return finish(.key, start: start, style: style) }
        if top.kind == .blockMapping, top.hasValue { return finish(.nothing) }
        finish(.entry, start: start, style: style)
        found?.keys = []
        found?.values = [:]
    }

    private mutating func leaveDeeper(than column: Int) {
        while let top = levels.last, top.isFlow || top.indent > column { levels.removeLast() }
    }

    // MARK: Lines

    private mutating func scanLine() {
        lineStart = position
        while position < end, bytes[position] == UInt8(ascii: " ") || bytes[position] == 0x09 { position += 1 }
        let column = position - lineStart
        guard position < end else { return finishEntry(column: column) }
        switch bytes[position] {
        case 0x0A, 0x0D: position += 1
        case UInt8(ascii: "#"): skipLine(isComment: true)
        case UInt8(ascii: "%") where column == 0: skipLine(isComment: true)
        case UInt8(ascii: "-") where column == 0 && bytes[position..<end].starts(with: "---".utf8):
            levels = []
            skipLine(isComment: true)
        default: scanNode(column)
        }
    }

    private mutating func skipLine(isComment: Bool = false) {
        while position < end, bytes[position] != 0x0A { position += 1 }
        if position < end { position += 1 } else if isComment { finish(.nothing) }
    }

    private mutating func skipBlanks() {
        while position < end, bytes[position] == UInt8(ascii: " ") || bytes[position] == 0x09 { position += 1 }
    }

    /// What stands in a line from a column on: dashes, then a key with its value, or a value alone.
    private mutating func scanNode(_ first: Int) {
        var column = first
        while position < end, bytes[position] == UInt8(ascii: "-"), isBlank(at: position + 1) {
            leaveDeeper(than: column)
            if levels.last?.kind == .blockSequence, levels.last?.indent == column {
                levels[levels.count - 1].index += 1
            } else {
                levels.append(Level(kind: .blockSequence, indent: column))
            }
            position += 1
            skipBlanks()
            column = position - lineStart
            guard position < end else { return finish(.entry) }
            if bytes[position] == 0x0A || bytes[position] == 0x0D || bytes[position] == UInt8(ascii: "#") {
                return skipLine(isComment: bytes[position] == UInt8(ascii: "#"))
            }
        }
        switch bytes[position] {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            let start = position + 1
            let style: ScalarStyle = bytes[position] == UInt8(ascii: "'") ? .single : .double
            guard scanQuoted(indent: max(column - 1, 0)) else {
                if found == nil, position >= end { finishEntry(column: column, start: start, style: style) }
                return skipLine()
            }
            let text = ScalarText(bytes, start..<(position - 1), style).text
            skipBlanks()
            guard position < end, bytes[position] == UInt8(ascii: ":") else {
                return position >= end ? finish(.nothing) : skipLine()
            }
            scanValue(ofKey: text, column)
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "|"), UInt8(ascii: ">"), UInt8(ascii: "&"),
            UInt8(ascii: "!"), UInt8(ascii: "*"):
            scanValueHere(indent: levels.last?.indent ?? -1)
        default: scanPlainNode(column)
        }
    }

    private mutating func scanPlainNode(_ column: Int) {
        let start = position
        while position < end {
            let byte = bytes[position]
            if byte == 0x0A || byte == 0x0D { break }
            if byte == UInt8(ascii: ":"), isBlank(at: position + 1) {
                return scanValue(ofKey: trimmed(start..<position), column)
            }
            if byte == UInt8(ascii: "#"), position > start, bytes[position - 1] == UInt8(ascii: " ") {
                return skipLine(isComment: true)
            }
            position += 1
        }
        if position >= end { return finishEntry(column: column, start: start) }
        skipLine()
    }

    /// After a key: its colon and what stands behind it.
    private mutating func scanValue(ofKey key: String, _ column: Int) {
        leaveDeeper(than: column)
        if levels.last?.kind == .blockSequence, levels.last?.indent == column { levels.removeLast() }
        if levels.last?.kind != .blockMapping || levels.last?.indent != column {
            levels.append(Level(kind: .blockMapping, indent: column))
        }
        let top = levels.count - 1
        levels[top].key = key
        levels[top].keys.append(key)
        levels[top].hasValue = false
        position += 1
        scanValueHere(indent: column)
    }

    /// A value in the rest of a line.
    private mutating func scanValueHere(indent: Int) {
        skipBlanks()
        // Anchors and tags stand before their value.
        while position < end, bytes[position] == UInt8(ascii: "&") || bytes[position] == UInt8(ascii: "!") {
            while position < end, !isBlank(at: position) { position += 1 }
            skipBlanks()
        }
        guard position < end else { return finish(.value) }
        let start = position
        switch bytes[position] {
        case 0x0A, 0x0D: return skipLine()
        case UInt8(ascii: "#"): return skipLine(isComment: true)
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            let style: ScalarStyle = bytes[position] == UInt8(ascii: "'") ? .single : .double
            let isClosed = scanQuoted(indent: indent)
            if !isClosed, position >= end { return finish(.value, start: start + 1, style: style) }
            note(ScalarText(bytes, (start + 1)..<(isClosed ? position - 1 : position), style).text)
            if position >= end { return finish(.nothing) }
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            note(nil)
            scanFlow(indent: indent)
            if found != nil { return }
            if position >= end { return finish(.nothing) }
        case UInt8(ascii: "|"), UInt8(ascii: ">"):
            note(nil)
            return scanBlock(indent: indent)
        default:
            while position < end, bytes[position] != 0x0A, bytes[position] != 0x0D {
                if bytes[position] == UInt8(ascii: "#"), bytes[position - 1] == UInt8(ascii: " ") { break }
                position += 1
            }
            if position >= end { return finish(.value, start: start) }
            note(trimmed(start..<position))
        }
        skipLine(isComment: true)
    }

    private mutating func note(_ text: String?) {
        guard let top = levels.indices.last else { return }
        levels[top].hasValue = true
        if let text, let key = levels[top].key { levels[top].values[key] = text }
    }

    // MARK: Texts

    /// Reads a quoted text from its opening quote to behind its closing one.
    /// - Returns: false where it does not end: at the cursor, or at the end of the line that is broken.
    private mutating func scanQuoted(indent: Int) -> Bool {
        let quote = bytes[position]
        position += 1
        while position < end {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                position += 2
            } else if byte == quote {
                if quote == UInt8(ascii: "'"), position + 1 < end, bytes[position + 1] == quote {
                    position += 2
                } else {
                    position += 1
                    return true
                }
            } else if byte == 0x0A, isJSON || !isContinued(indent) {
                return false
            } else {
                position += 1
            }
        }
        position = min(position, end)
        return false
    }

    /// Whether the next line with text is indented deeper.
    private func isContinued(_ indent: Int) -> Bool {
        var place = position
        var column = -1
        while place < bytes.count {
            switch bytes[place] {
            case 0x0A, 0x0D: column = 0
            case UInt8(ascii: " "), 0x09: column += 1
            default: return column > indent
            }
            place += 1
        }
        return true
    }

    /// A text of `|` or `>`: all following lines that are indented deeper.
    private mutating func scanBlock(indent: Int) {
        while position < end, bytes[position] != 0x0A { position += 1 }
        guard position < end else { return finish(.nothing) }
        position += 1
        var start: Int?
        var textIndent = 0
        while position < end {
            let line = position
            while position < end, bytes[position] == UInt8(ascii: " ") { position += 1 }
            let column = position - line
            let isEmpty = position < end && (bytes[position] == 0x0A || bytes[position] == 0x0D)
            if !isEmpty {
                guard column > indent else {
                    if position < end {
                        position = line
                        return
                    }
                    return finishEntry(column: column)
                }
                if start == nil {
                    start = position
                    textIndent = column
                }
            }
            while position < end, bytes[position] != 0x0A { position += 1 }
            if position >= end { return finish(.value, start: start ?? end, style: .block(indent: textIndent)) }
            position += 1
        }
        finishEntry(column: 0)
    }

    private func isBlank(at place: Int) -> Bool {
        place >= end || bytes[place] == UInt8(ascii: " ") || bytes[place] == 0x0A || bytes[place] == 0x0D
            || bytes[place] == 0x09
    }

    private func trimmed(_ range: Range<Int>) -> String {
        var part = bytes[range]
        while let last = part.last, last == UInt8(ascii: " ") || last == 0x09 || last == 0x0D { part.removeLast() }
        return String(decoding: part, as: UTF8.self)
    }

    // MARK: Braces and brackets

    private mutating func scanFlow(indent: Int) {
        let outer = levels.count
        while position < end, found == nil {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: " "), 0x09, 0x0D: position += 1
            case 0x0A:
                if !isJSON, !isContinued(indent), !isClosing() {
                    levels.removeSubrange(outer...)
                    return
                }
                position += 1
                lineStart = position
            case UInt8(ascii: "#") where position > 0 && isBlank(at: position - 1): skipLine(isComment: true)
            case UInt8(ascii: "/") where isJSON && position + 1 < end && bytes[position + 1] == byte:
                skipLine(isComment: true)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                if levels.count > outer { levels[levels.count - 1].hasValue = true }
                let kind: Level.Kind = byte == UInt8(ascii: "{") ? .flowMapping : .flowSequence
                levels.append(Level(kind: kind, indent: indent))
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                position += 1
                if levels.count > outer { levels.removeLast() }
                if levels.count == outer { return }
            case UInt8(ascii: ","):
                position += 1
                guard levels.count > outer else { continue }
                let top = levels.count - 1
                levels[top].index += 1
                levels[top].key = nil
                levels[top].isAfterColon = false
                levels[top].hasValue = false
            case UInt8(ascii: ":"):
                position += 1
                if levels.count > outer { levels[levels.count - 1].isAfterColon = true }
            default: scanFlowText(isQuoted: byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'"), indent)
            }
        }
        guard found == nil, levels.count > outer, let top = levels.last else { return }
        if top.kind == .flowSequence {
            finish(top.hasValue ? .nothing : .value, style: .plain(inFlow: true))
        } else if top.isAfterColon {
            finish(top.hasValue ? .nothing : .value, style: .plain(inFlow: true))
        } else {
            finish(top.key == nil ? .key : .nothing, style: .plain(inFlow: true))
        }
    }

    /// Whether the next line with text begins with a closing bracket.
    private func isClosing() -> Bool {
        let next = bytes[position...].first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        return next == UInt8(ascii: "}") || next == UInt8(ascii: "]")
    }

    private mutating func scanFlowText(isQuoted: Bool, _ indent: Int) {
        guard let top = levels.indices.last, levels[top].isFlow else {
            position += 1
            return
        }
        let isKey = levels[top].kind == .flowMapping && !levels[top].isAfterColon
        var start = position
        let text: String
        if isQuoted {
            let style: ScalarStyle = bytes[position] == UInt8(ascii: "'") ? .single : .double
            start += 1
            let isClosed = scanQuoted(indent: indent)
            if !isClosed, position >= end { return finish(isKey ? .key : .value, start: start, style: style) }
            text = ScalarText(bytes, start..<(isClosed ? position - 1 : position), style).text
        } else {
            position += 1
            while position < end {
                let byte = bytes[position]
                if byte == 0x0A || ",[]{}".utf8.contains(byte) { break }
                if byte == UInt8(ascii: ":"), isBlank(at: position + 1) || isJSON { break }
                position += 1
            }
            if position >= end { return finish(isKey ? .key : .value, start: start, style: .plain(inFlow: true)) }
            text = trimmed(start..<position)
        }
        if isKey {
            levels[top].key = text
            levels[top].keys.append(text)
        } else {
            levels[top].hasValue = true
            if let key = levels[top].key { levels[top].values[key] = text }
        }
    }
}
