import FlowCore

/// A run's page as a person reads it: the tree of actions with attempts, inputs and outputs, and what went wrong.
struct RunPageText {
    /// How much of a value is shown where not all of it is wanted.
    private static let valueLimit = 240

    private let page: JSON
    private let selection: RunSelection
    private let isFull: Bool
    private let loops: RunLoops

    /// Makes the text of a page.
    /// - Parameters:
    ///   - page: the whole page.
    ///   - selection: what of it is wanted.
    ///   - isFull: whether values are shown whole.
    init(_ page: JSON, _ selection: RunSelection = RunSelection(), isFull: Bool = false) {
        self.page = page
        self.selection = selection
        self.isFull = isFull
        loops = RunLoops(page)
    }

    /// The text.
    /// - Throws: `InvalidArgument` where the run has no such action or repetition.
    func text() throws(FlowError) -> String {
        let selected = try selection.apply(to: page)
        var lines = [RunText.head(of: page)] + RunText.kin(of: page)
        if selection.action == nil, selection.repetition == nil, !selection.failed,
            let trigger = page["trigger"], !trigger.isNull
        {
            lines.append("  trigger \(trigger.text("name"))")
            lines += value("outputs", of: trigger, indent: "    ")
        }
        for action in selected["actions"]?.arrayValue ?? [] { lines += tree(of: action) }
        if let repetition = selection.repetition {
            if let next = loops.nextFailed(after: repetition) { lines.append("  next failed: \(command(next))") }
        } else {
            lines += RunText.ending(of: page, showsLastOutputs: false)
        }
        return lines.joined(separator: "\n")
    }

    private func command(_ repetition: String) -> String {
        "flowrun runs show \(page.text("name")) --repetition '\(repetition)'"
    }

    /// An action and its repetitions; actions stand in one list, each with its path, so depth is that of the path.
    private func tree(of action: JSON) -> [String] {
        let depth = action.text("path").split(separator: "/").count { $0 == "actions" } - 1
        let indent = "  " + String(repeating: "  ", count: max(0, depth))
        let repetitions = action["repetitions"]?.arrayValue ?? []
        guard repetitions.isEmpty else { return repeated(action, repetitions, indent) }
        var lines = record(action, named: action.text("name"), indent)
        guard let (all, failed) = loops.counts(of: action.text("path")) else { return lines }
        var line = "\(indent)    \(all) repetition\(all == 1 ? "" : "s")"
        if failed > 0 { line += ", \(failed) failed" }
        lines.append(line)
        if failed > 0, selection.repetition == nil, let first = loops.nextFailed(of: action.text("path")) {
            lines.append("\(indent)    first failed: \(command(first))")
        }
        return lines
    }

    /// An action in loops: how its repetitions ended, and of those that are asked for or failed first, everything.
    private func repeated(_ action: JSON, _ repetitions: [JSON], _ indent: String) -> [String] {
        var counts: [(status: String, count: Int)] = []
        for repetition in repetitions {
            let status = repetition.text("status")
            if let place = counts.firstIndex(where: { $0.status == status }) {
                counts[place].count += 1
            } else {
                counts.append((status, 1))
            }
        }
        let words = counts.map { "\(RunText.status($0.status)) ×\($0.count)" }.joined(separator: ", ")
        var lines = ["\(indent)\(words)  \(action.text("name"))  \(Style.faint(action.text("type")))"]
        let shown: [JSON]
        if selection.repetition != nil || selection.failed || selection.action != nil {
            // What someone asked for is shown as a whole; a single one says by itself how it ended.
            if repetitions.count == 1 { lines = [] }
            shown = repetitions
        } else {
            shown = Array(repetitions.filter(RunSelection.isFailure).prefix(1))
        }
        for repetition in shown {
            let name = "\(action.text("name"))\(Self.rounds(of: repetition.text("path")))"
            lines += record(repetition, named: name, lines.isEmpty ? indent : indent + "  ")
        }
        return lines
    }

    /// `[3]` of `actions/Each[3]/actions/Send`.
    private static func rounds(of path: String) -> String {
        path.matches(of: /\[\d+\]/).map { String($0.0) }.joined()
    }

    /// One record: how it ended, what went wrong, its attempts, what went in and came out.
    private func record(_ record: JSON, named name: String, _ indent: String) -> [String] {
        let status = record.text("status")
        var first = "\(indent)\(RunText.status(status))  \(name)"
        let type = record.text("type")
        if !type.isEmpty { first += "  \(Style.faint(type))" }
        guard status != "Skipped" else { return [first] }
        let time = RunText.duration(record)
        if !time.isEmpty { first += "  \(time)" }
        let code = record.text("code")
        if !code.isEmpty, code != "OK", code != "NotSpecified" { first += "  \(code)" }
        let source = record.text("keptFrom")
        if !source.isEmpty { first += "  \(Style.faint("done in \(source)"))" }
        var lines = [first]
        let inner = indent + "    "
        if let error = record["error"], !error.isNull {
            let code = error.text("code")
            lines.append(inner + (code.isEmpty ? "" : "\(Style.bold(code)): ") + error.text("message"))
            if !error.text("hint").isEmpty { lines.append("\(inner)hint: \(error.text("hint"))") }
        }
        lines += attempts(of: record, inner)
        let hidden = record["secureData"]?["properties"]?.arrayValue?.compactMap(\.stringValue) ?? []
        // What a Compose puts out is what was put in.
        if record["inputs"] != record["outputs"] { lines += value("inputs", of: record, indent: inner) }
        lines += value("outputs", of: record, indent: inner)
        for name in hidden { lines.append("\(inner)\(name): \(Style.faint("secured, never shown"))") }
        return lines
    }

    /// The attempts of a call, where there was more than one, it started a child run, or nobody knows what came of it.
    private func attempts(of record: JSON, _ indent: String) -> [String] {
        let attempts = record["attempts"]?.arrayValue ?? []
        let isTelling = attempts.count > 1 || attempts.contains { $0.text("code") == "InDoubt" }
        var lines: [String] = []
        for (number, attempt) in attempts.enumerated() {
            if isTelling {
                let words = [
                    "attempt \(number + 1): \(attempt.text("code"))", RunText.shortTime(attempt.text("startTime")),
                    RunText.duration(attempt), attempt["error"]?.text("message") ?? "",
                ]
                lines.append(indent + words.filter { !$0.isEmpty }.joined(separator: "  "))
            }
            if !attempt.text("childRun").isEmpty {
                lines.append("\(indent)child: flowrun runs show \(attempt.text("childRun"))")
            }
        }
        return lines
    }

    private func value(_ name: String, of record: JSON, indent: String) -> [String] {
        guard let value = record[name], !value.isNull else { return [] }
        let text = value.text
        if text.count <= Self.valueLimit { return ["\(indent)\(name): \(text)"] }
        guard isFull else {
            return ["\(indent)\(name): \(text.prefix(Self.valueLimit))… (\(text.utf8.count) bytes; --full shows all)"]
        }
        return ["\(indent)\(name):"] + value.indentedText.split(separator: "\n").map { "\(indent)  \($0)" }
    }
}
