import FlowCore
import FlowDefinitions

extension LanguageServer {
    /// Answers `textDocument/completion`.
    mutating func completion(_ parameters: JSON) throws(RPC.Failure) -> JSON {
        let (name, position) = try place(parameters)
        let completions = workspace.completions(in: name, at: position)
        let items = completions.enumerated().map { order, completion in
            completion.json(order: order, takesSnippets: editor.takesSnippets)
        }
        return ["isIncomplete": false, "items": .array(items)]
    }

    /// Answers `textDocument/hover`.
    mutating func hover(_ parameters: JSON) throws(RPC.Failure) -> JSON {
        let (name, position) = try place(parameters)
        guard let hover = workspace.hover(in: name, at: position) else { return .null }
        return ["contents": ["kind": "markdown", "value": .string(hover.text)], "range": hover.range.json]
    }

    /// Answers `textDocument/definition`.
    mutating func definition(_ parameters: JSON) throws(RPC.Failure) -> JSON {
        let (name, position) = try place(parameters)
        let places = workspace.definitions(in: name, at: position)
        return .array(places.map { ["uri": .string(address(of: $0.file)), "range": $0.range.json] })
    }
}

extension TextPosition {
    /// Reads a position of the protocol.
    init?(json: JSON) {
        guard let line = json["line"]?.integerValue, let character = json["character"]?.integerValue else { return nil }
        self.init(line: Int(line), character: Int(character))
    }

    /// The position as the protocol writes it.
    var json: JSON { ["line": .integer(Int64(line)), "character": .integer(Int64(character))] }
}

extension TextRange {
    /// Reads a range of the protocol.
    init?(json: JSON) {
        guard let start = json["start"].flatMap(TextPosition.init(json:)),
            let end = json["end"].flatMap(TextPosition.init(json:))
        else { return nil }
        self.init(start, end)
    }

    /// The range as the protocol writes it.
    var json: JSON { ["start": start.json, "end": end.json] }
}

extension FileDiagnostic {
    /// The finding as the protocol writes it; the hint stands below the message.
    var json: JSON {
        let severity: Int64 =
            switch finding.severity {
            case .error: 1
            case .warning: 2
            case .information: 3
            }
        let hint = finding.hint.map { "\nhint: \($0)" } ?? ""
        return [
            "range": range.json, "severity": .integer(severity), "code": .string(finding.code.rawValue),
            "source": "flowrun", "message": .string(finding.message + hint),
        ]
    }
}

extension Completion {
    /// The completion as the protocol writes it.
    func json(order: Int, takesSnippets: Bool) -> JSON {
        let isSnippet = takesSnippets && snippet != nil
        let number = String(order)
        var item: JSONObject = [
            "label": .string(label), "kind": .integer(kind.number),
            "sortText": .string(String(repeating: "0", count: max(0, 5 - number.count)) + number),
            "filterText": .string(label),
            "textEdit": ["range": range.json, "newText": .string(isSnippet ? snippet ?? text : text)],
        ]
        if isSnippet { item["insertTextFormat"] = 2 }
        if let detail { item["detail"] = .string(detail) }
        if let documentation { item["documentation"] = ["kind": "markdown", "value": .string(documentation)] }
        return .object(item)
    }
}

extension Completion.Kind {
    /// The protocol's number of the kind whose icon fits.
    fileprivate var number: Int64 {
        switch self {
        case .function: 3
        case .action, .loop: 9
        case .variable: 6
        case .parameter: 21
        case .property: 10
        case .type: 7
        case .key: 5
        case .word: 12
        case .connectionReference: 18
        case .operation: 2
        case .flow: 17
        }
    }
}
