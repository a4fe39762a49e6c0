public import FlowCore

/// Gives YAML text its form: two columns a level, no blanks at line ends, at most one empty line in a row, one line end at
/// the end.
///
/// It moves lines and takes blanks away; words, quotes, order, comments, block scalars and what stands together on a line
/// stay as they are written. A result is given only where it reads as the same values with the same comments. What has
/// been formatted once is not changed by formatting it again.
public enum FlowTextFormatter {
    /// What came of formatting.
    public enum Result: Sendable, Hashable {
        /// The text in its form.
        case formatted(String)
        /// The text is JSON, which is left as it is.
        case json
    }

    /// Formats a text.
    /// - Parameters:
    ///   - text: the text.
    ///   - file: the name under which places are given.
    /// - Returns: the text in its form, or that it is JSON.
    /// - Throws: what keeps the text from being read, as `InvalidYAML` or `DuplicateKey`; `FormattingRefused`.
    public static func format(_ text: String, file: String) throws(FlowError) -> Result {
        try format(Array(text.utf8), file: file)
    }

    /// Formats bytes, which must be UTF-8 with or without a byte order mark.
    /// - Parameters:
    ///   - bytes: the text.
    ///   - file: the name under which places are given.
    /// - Returns: the text in its form, or that it is JSON.
    /// - Throws: what keeps the text from being read, as `InvalidYAML` or `DuplicateKey`; `FormattingRefused`.
    public static func format(_ bytes: [UInt8], file: String) throws(FlowError) -> Result {
        let source = FlowTextReader.read(bytes, file: file)
        let errors = source.findings.filter { $0.severity == .error }
        if var error = errors.first?.error {
            error.details = errors.dropFirst().map(\.error)
            throw error
        }
        let content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes[3...]) : bytes
        if FlowTextReader.isJSON(content, file: file) { return .json }
        guard let value = source.root?.json, let before = SourceLayout(content) else { throw refusal(file) }
        let result = before.text
        let read = FlowTextReader.read(result, file: file)
        guard read.root?.json == value, let after = SourceLayout(Array(result.utf8)),
            after.layout.comments == before.layout.comments
        else { throw refusal(file) }
        return .formatted(result)
    }

    /// The comments of a text in order, each from its `#`; nil where the text is no YAML.
    public static func comments(of text: String) -> [String]? { SourceLayout(Array(text.utf8))?.layout.comments }

    private static func refusal(_ file: String) -> FlowError {
        FlowError(
            .formattingRefused, "The text has a form that cannot be formatted without changing what it says.",
            location: SourceLocation(file: file, line: 1, column: 1),
            hint: "it is left as it is; write keys without '?' and values without tabs between them")
    }
}

/// A text's lines with their layout.
private struct SourceLayout {
    let lines: [SourceLine]
    let layout: LineLayout

    init?(_ bytes: [UInt8]) {
        guard let tokens = YAMLToken.scan(bytes) else { return nil }
        lines = SourceLine.split(String(decoding: bytes, as: UTF8.self))
        layout = LineLayout(lines, tokens: tokens)
    }

    /// The text in its form.
    var text: String {
        var output = String.UnicodeScalarView()
        var isAfterEmptyLine = false
        for (number, line) in lines.enumerated() {
            guard let role = layout.roles[number] else {
                isAfterEmptyLine = true
                continue
            }
            if isAfterEmptyLine, !output.isEmpty { output.append("\n") }
            isAfterEmptyLine = false
            switch role {
            case .content(let indent), .comment(let indent):
                let text = stripped(number)
                if !text.isEmpty { output.append(contentsOf: repeatElement(" ", count: indent)) }
                output.append(contentsOf: text)
            case .block(let oldIndent, let newIndent):
                let text = line.text.dropFirst(min(line.leadingSpaces, oldIndent))
                if !text.isEmpty { output.append(contentsOf: repeatElement(" ", count: newIndent)) }
                output.append(contentsOf: text)
            }
            output.append(line.terminator ?? "\n")
        }
        return String(output)
    }

    /// A line without the blanks at its ends and with its gaps closed.
    private func stripped(_ number: Int) -> ArraySlice<Unicode.Scalar> {
        var text = lines[number].text
        // From right to left, so that the columns stay true.
        if let column = layout.openEnds[number] {
            var end = column + 1
            while end < text.count, text[end] != " ", text[end] != "#" { end += 1 }
            text.replaceSubrange(column + 1..<end, with: text[column + 1..<end].filter { $0 != "+" } + ["-"])
        }
        for gap in (layout.gaps[number] ?? []).reversed() { text.replaceSubrange(gap, with: [" "]) }
        let rest = text.drop(while: \.isBlank)
        var result = rest
        while result.last?.isBlank == true { result.removeLast() }
        // `\` before a blank at the end of a line in double quotes keeps the blank.
        if layout.escapedEnds.contains(number), result.count < rest.count,
            result.reversed().prefix(while: { $0 == "\\" }).count % 2 == 1
        {
            result.append(rest[result.endIndex])
        }
        return result
    }
}
