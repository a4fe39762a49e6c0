/// Where each line of a YAML text belongs: how far it is indented, and what inside it is changed.
///
/// Lines are told apart by the tokens that begin on them. A block collection's members stand two columns deeper than
/// the collection that holds it, whatever they stood at; everything else on a line stays as it is.
struct LineLayout {
    /// What a line is.
    enum Role {
        /// It begins with a token, or goes on with a scalar of several lines.
        case content(indent: Int)
        /// It is a comment.
        case comment(indent: Int)
        /// It belongs to a block scalar, whose lines move together.
        case block(oldIndent: Int, newIndent: Int)
    }

    /// The role of each line; nil for an empty line between tokens.
    private(set) var roles: [Role?]
    /// The blanks after `-`, `?` or `:` that are written as one, by line, from left to right.
    private(set) var gaps: [Int: [Range<Int>]] = [:]
    /// The lines in whose double quotes a blank at the end may be escaped.
    private(set) var escapedEnds: Set<Int> = []
    /// Where the header of a block scalar stands whose text ends without a line end at the end of the file: by line, its column.
    private(set) var openEnds: [Int: Int] = [:]
    /// The column after the last token of each line that has one.
    private var ends: [Int: Int] = [:]

    private let lines: [SourceLine]
    private var stack: [Block] = []
    private var flow = Flow()
    /// The last line that has a role by its tokens.
    private var lastContent = -1
    /// The last line on which a token began.
    private var lastToken = -1
    /// The block collections that were open when the line before ended.
    private var stackBefore: [Block] = []
    /// Whether the last token with width calls for a value.
    private var isValueOpen = false
    private var wasValueOpen = false
    /// The end of a `-`, `?` or `:` after which a token on the same line is awaited.
    private var indicatorEnd: YAMLToken.Mark?

    /// A block collection that is open.
    private struct Block {
        let isSequence: Bool
        /// Whether it is a sequence whose dashes stand under the key, for which libyaml has no tokens.
        let isIndentless: Bool
        let oldColumn: Int
        let newColumn: Int
    }

    /// The flow collections that are open.
    private struct Flow {
        var depth = 0
        /// The column from which the depth counts.
        var base = 0
        /// Whether the outermost one begins its line.
        var beginsLine = false

        var elementIndent: Int { base + 2 * depth }
        /// A closing bracket stays deeper than the key of its collection, as YAML asks.
        var closingIndent: Int { base + 2 * (beginsLine ? depth - 1 : max(depth - 1, 1)) }
    }

    /// Lays out a text.
    init(_ lines: [SourceLine], tokens: [YAMLToken]) {
        self.lines = lines
        roles = Array(repeating: nil, count: lines.count)
        for token in tokens { take(token) }
    }

    /// The comments of the text in order, each from its `#`.
    var comments: [String] {
        var comments: [String] = []
        for (number, line) in lines.enumerated() {
            switch roles[number] {
            case .comment: comments.append(line.text[...].trimmed.string)
            case .content, .block:
                guard let end = ends[number], end <= line.text.count else { continue }
                let rest = line.text[end...].trimmed
                if rest.first == "#" { comments.append(rest.string) }
            case nil: break
            }
        }
        return comments
    }

    // MARK: Tokens

    private var valueIndent: Int { stack.last.map { $0.newColumn + 2 } ?? 0 }

    private mutating func take(_ token: YAMLToken) {
        if token.start.line > lastToken {
            lastToken = token.start.line
            stackBefore = stack
            wasValueOpen = isValueOpen
        }
        noteGap(before: token)
        switch token.kind {
        case .streamStart: return
        case .streamEnd: placeComments(before: lines.count, oldIndent: -1, newIndent: 0)
        case .document: begin(token, indent: 0)
        case .blockMapping, .blockSequence:
            stack.append(
                Block(
                    isSequence: token.kind == .blockSequence, isIndentless: false, oldColumn: token.start.column,
                    newColumn: valueIndent))
        case .blockEnd:
            closeIndentless()
            _ = stack.popLast()
        case .key where flow.depth == 0:
            closeIndentless()
            begin(token, indent: stack.last?.newColumn ?? 0)
            if token.hasWidth { indicatorEnd = token.end }
        case .value where flow.depth == 0:
            closeIndentless()
            if begin(token, indent: stack.last?.newColumn ?? 0) { indicatorEnd = token.end }
        case .blockEntry: takeEntry(token)
        case .flowStart:
            let beginsLine = beginValue(token)
            if flow.depth == 0 {
                flow.beginsLine = beginsLine
                flow.base = beginsLine ? valueIndent : stack.last?.newColumn ?? 0
            }
            flow.depth += 1
        case .flowEnd:
            begin(token, indent: flow.closingIndent)
            flow.depth -= 1
        case .block: takeBlockScalar(token)
        case .plain, .singleQuoted, .doubleQuoted: takeScalar(token)
        case .key, .value, .other: beginValue(token)
        }
        guard token.hasWidth else { return }
        if token.kind != .block { ends[token.end.line] = token.end.column }
        isValueOpen = token.kind == .value || token.kind == .blockEntry
        lastToken = max(lastToken, lastContent)
    }

    private mutating func takeEntry(_ token: YAMLToken) {
        if let mapping = stack.last, !mapping.isSequence {
            stack.append(
                Block(
                    isSequence: true, isIndentless: true, oldColumn: token.start.column,
                    newColumn: mapping.newColumn + 2))
        }
        begin(token, indent: stack.last?.newColumn ?? 0)
        indicatorEnd = token.end
    }

    private mutating func closeIndentless() {
        if stack.last?.isIndentless == true { stack.removeLast() }
    }

    private mutating func noteGap(before token: YAMLToken) {
        guard let end = indicatorEnd, token.kind != .blockEnd, token.kind != .streamEnd else { return }
        indicatorEnd = nil
        if token.start.line == end.line, token.start.column > end.column {
            gaps[end.line, default: []].append(end.column..<token.start.column)
        }
    }

    @discardableResult
    private mutating func beginValue(_ token: YAMLToken) -> Bool {
        begin(token, indent: flow.depth > 0 ? flow.elementIndent : valueIndent)
    }

    /// Gives a line its indentation where the token is the first on it.
    @discardableResult
    private mutating func begin(_ token: YAMLToken, indent: Int) -> Bool {
        let line = token.start.line
        guard line > lastContent, line < lines.count else { return false }
        placeComments(before: line, oldIndent: token.start.column, newIndent: indent)
        roles[line] = .content(indent: indent)
        lastContent = line
        return true
    }

    // MARK: Scalars

    private mutating func takeScalar(_ token: YAMLToken) {
        beginValue(token)
        guard token.end.line > token.start.line else { return }
        let indent = flow.depth > 0 ? flow.elementIndent + 2 : valueIndent
        for line in token.start.line + 1...token.end.line { roles[line] = .content(indent: indent) }
        if token.kind == .doubleQuoted { escapedEnds.formUnion(token.start.line..<token.end.line) }
        lastContent = token.end.line
    }

    private mutating func takeBlockScalar(_ token: YAMLToken) {
        beginValue(token)
        let header = lines[token.start.line].text[token.start.column...].dropFirst()
        let indicators = header.prefix { $0 == "+" || $0 == "-" || ("1"..."9").contains($0) }
        ends[token.start.line] = token.start.column + 1 + indicators.count
        var last = min(token.end.column == 0 ? token.end.line - 1 : token.end.line, lines.count - 1)
        guard last > token.start.line else { return }
        let range = token.start.line + 1...last
        let oldIndent: Int
        let newIndent: Int
        if let digit = indicators.first(where: { $0 != "+" && $0 != "-" }) {
            let depth = Int(digit.value - 0x30)
            oldIndent = depth + (stack.last(where: { !$0.isIndentless })?.oldColumn ?? 0)
            newIndent = depth + (stack.last?.newColumn ?? 0)
        } else {
            let first = range.first { line in !lines[line].text.allSatisfy { $0 == " " } }
            oldIndent = first.map { lines[$0].leadingSpaces } ?? range.map { lines[$0].text.count }.max() ?? 0
            newIndent = (stack.last?.newColumn ?? 0) + 2
        }
        if !indicators.contains("+") {
            while last > token.start.line, lines[last].text.count <= oldIndent, lines[last].isBlank { last -= 1 }
        }
        for line in range.prefix(last - token.start.line) {
            roles[line] = .block(oldIndent: oldIndent, newIndent: newIndent)
        }
        if last == lines.count - 1, lines[last].terminator == nil, !indicators.contains("-") {
            openEnds[token.start.line] = token.start.column
        }
        lastContent = last
    }

    // MARK: Comments

    /// Gives the comments above a line their indentation: that of the line, or, where they stand deeper than the line and
    /// follow a deeper block, that of the block.
    private mutating func placeComments(before line: Int, oldIndent: Int, newIndent: Int) {
        for number in lastContent + 1..<max(line, lastContent + 1) where !lines[number].isBlank {
            let column = lines[number].text.prefix { $0.isBlank }.count
            var indent = newIndent
            if flow.depth > 0 {
                indent = flow.elementIndent
            } else if column > oldIndent {
                if wasValueOpen, let open = stackBefore.last, column > open.oldColumn, open.oldColumn >= oldIndent {
                    indent = open.newColumn + 2
                } else if let block = stackBefore.last(where: { $0.oldColumn <= column }), block.oldColumn > oldIndent {
                    indent = block.newColumn
                }
            }
            roles[number] = .comment(indent: indent)
        }
    }
}
