/// Tells a text that was surely meant as an expression from an ordinary one.
enum ExpressionText {
    /// Functions whose call in a plain text is no accident.
    private static let telling: Set<String> = [
        "triggerbody", "triggeroutputs", "body", "outputs", "variables", "parameters", "items", "item", "concat",
        "formatdatetime", "utcnow", "equals", "workflow", "actions", "result", "coalesce", "replace", "tolower",
        "toupper", "length", "empty", "adddays", "json", "string", "split", "first", "last", "not", "and", "or", "if",
        "greater", "less", "contains", "createarray", "guid", "union", "join", "substring", "int",
    ]

    /// Functions that read the run; one of these with a quote or an empty call is no prose.
    private static let readers: Set<String> = [
        "triggerbody", "triggeroutputs", "body", "outputs", "variables", "parameters", "items", "item", "actions",
        "workflow", "utcnow",
    ]

    /// Whether a whole text reads like an expression without its `@`: a call of a known function, closed at the end.
    static func looksLikeExpression(_ text: String) -> Bool {
        let trimmed = trim(text)
        guard let open = trimmed.firstIndex(of: "("), let last = trimmed.last, last == ")" || last == "]" else {
            return false
        }
        let name = trimmed[..<open].lowercased()
        guard telling.contains(name) else { return false }
        // Prose such as "not (yet) open" has blanks before the bracket or words after it.
        return isBalanced(trimmed) && hasCallShape(trimmed[open...])
    }

    /// Whether a text holds a call that reads the run inside braces without `@`: `{triggerBody()…}` or `${…}`.
    static func bareBraces(in text: String) -> String? {
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            let before = open > text.startIndex ? text[text.index(before: open)] : " "
            let inside = rest[rest.index(after: open)...]
            if before != "@" {
                let name = inside.prefix { $0.isLetter || $0.isNumber }
                let after = inside.dropFirst(name.count)
                if after.first == "(", readers.contains(name.lowercased()) || isInnerCall(name, after) {
                    return before == "$" ? "${" : "{"
                }
            }
            rest = inside
        }
        return nil
    }

    private static func isInnerCall(_ name: Substring, _ after: Substring) -> Bool {
        guard telling.contains(name.lowercased()), let close = after.firstIndex(of: "}") else { return false }
        return after[..<close].last == ")" && readers.contains { after.lowercased().contains("\($0)(") }
    }

    private static func hasCallShape(_ arguments: Substring) -> Bool {
        let lowered = arguments.lowercased()
        return arguments.contains("'") || lowered.hasPrefix("()") || readers.contains { lowered.contains("\($0)(") }
    }

    private static func isBalanced(_ text: Substring) -> Bool {
        var depth = 0
        var inText = false
        for character in text {
            switch character {
            case "'": inText.toggle()
            case "(" where !inText: depth += 1
            case ")" where !inText: depth -= 1
            default: break
            }
            if depth < 0 { return false }
        }
        return depth == 0 && !inText
    }

    private static func trim(_ text: String) -> Substring {
        var trimmed = text[...]
        while trimmed.first?.isWhitespace == true { trimmed.removeFirst() }
        while trimmed.last?.isWhitespace == true { trimmed.removeLast() }
        return trimmed
    }
}
