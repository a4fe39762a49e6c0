/// One line of a text, split where libyaml ends lines.
struct SourceLine {
    /// The line without what ends it.
    var text: [Unicode.Scalar]
    /// What ends the line, or nil for a last line without an end; CR and CRLF read as LF.
    let terminator: Unicode.Scalar?

    /// The lines of a text; a text that ends with a line end has no empty line after it.
    static func split(_ text: String) -> [SourceLine] {
        var lines: [SourceLine] = []
        var line: [Unicode.Scalar] = []
        var isAfterReturn = false
        for scalar in text.unicodeScalars {
            defer { isAfterReturn = scalar == "\r" }
            if scalar == "\n", isAfterReturn { continue }
            switch scalar {
            case "\n", "\r": lines.append(SourceLine(text: line, terminator: "\n"))
            case "\u{85}", "\u{2028}", "\u{2029}": lines.append(SourceLine(text: line, terminator: scalar))
            default:
                line.append(scalar)
                continue
            }
            line.removeAll(keepingCapacity: true)
        }
        if !line.isEmpty { lines.append(SourceLine(text: line, terminator: nil)) }
        return lines
    }

    /// How many spaces the line begins with.
    var leadingSpaces: Int { text.prefix { $0 == " " }.count }

    /// Whether the line holds blanks and tabs at most.
    var isBlank: Bool { text.allSatisfy(\.isBlank) }
}

extension Unicode.Scalar {
    /// Whether this is a blank or a tab.
    var isBlank: Bool { self == " " || self == "\t" }
}

extension Sequence<Unicode.Scalar> {
    /// The scalars as a text.
    var string: String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: self)
        return String(text)
    }
}

extension ArraySlice<Unicode.Scalar> {
    /// The scalars without blanks and tabs at the ends.
    var trimmed: ArraySlice<Unicode.Scalar> {
        var rest = drop(while: \.isBlank)
        while rest.last?.isBlank == true { rest.removeLast() }
        return rest
    }
}
