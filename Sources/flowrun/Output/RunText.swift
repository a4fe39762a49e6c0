import FlowCore

/// Runs as a person reads them.
enum RunText {
    /// The status in its colour.
    static func status(_ status: String) -> String {
        switch status {
        case "Succeeded": Style.green(status)
        case "Failed", "TimedOut", "Aborted": Style.red(status)
        case "Skipped": Style.faint(status)
        default: Style.yellow(status)
        }
    }

    /// The run, its actions, and what came of it.
    /// - Parameters:
    ///   - run: the run.
    ///   - isStored: whether it can be looked at again.
    /// - Returns: the text.
    static func summary(of run: JSON, isStored: Bool = true) -> String {
        var lines = [head(of: run)]
        for action in run["actions"]?.arrayValue ?? [] { lines.append(line(of: action)) }
        lines += ending(of: run)
        if isStored, ["Failed", "TimedOut"].contains(run.text("status")) {
            lines.append("  hint: flowrun runs show \(run.text("name"))")
        }
        return lines.joined(separator: "\n")
    }

    /// The run's page: the tree of actions with attempts, inputs and outputs, and what went wrong.
    static func page(of run: JSON) -> String {
        var lines = [head(of: run)] + kin(of: run)
        if let trigger = run["trigger"], !trigger.isNull {
            lines.append("  trigger \(trigger.text("name"))")
            lines += content("outputs", of: trigger, indent: "    ")
        }
        for action in run["actions"]?.arrayValue ?? [] { lines += tree(of: action, indent: "  ") }
        lines += ending(of: run)
        return lines.joined(separator: "\n")
    }

    /// The run that this one repeats, and those that repaired it.
    private static func kin(of run: JSON) -> [String] {
        var lines: [String] = []
        let source = run.text("sourceRun")
        if !source.isEmpty { lines.append("  \(run.text("sourceKind")) of \(source)") }
        for repair in run["repairedBy"]?.arrayValue ?? [] {
            lines.append("  repaired by \(repair.text("name"))  \(status(repair.text("status")))")
        }
        return lines
    }

    /// A table of runs.
    static func table(of runs: [JSON]) -> String {
        var table = Table("RUN", "STATUS", "FLOW", "START", "DURATION", "ERROR")
        for run in runs {
            table.add(
                run.text("name"), run.text("status"), run["flow"]?.text("name") ?? "", shortTime(run.text("startTime")),
                duration(run), run["error"]?.text("code") ?? "")
        }
        return table.text
    }

    private static func head(of run: JSON) -> String {
        "\(status(run.text("status")))  \(Style.bold(run["flow"]?.text("name") ?? ""))  \(run.text("name"))  "
            + "\(shortTime(run.text("startTime")))  \(duration(run))"
    }

    private static func line(of action: JSON) -> String {
        let shown = action.text("status")
        var line = "  \(pad(status(shown), shown: shown, to: 10))  \(action.text("path"))"
        if let count = action["repetitionCount"]?.integerValue { line += " ×\(count)" }
        let code = action.text("code")
        if !code.isEmpty, code != "OK", code != "NotSpecified" { line += "  \(Style.faint(code))" }
        if let message = action["error"]?.text("message"), !message.isEmpty, action.text("status") == "Failed" {
            line += "\n              \(message)"
            if let hint = action["error"]?.text("hint"), !hint.isEmpty { line += "\n              hint: \(hint)" }
        }
        return line
    }

    /// An action and what is inside it; actions stand in one list, each with its path, so depth is that of the path.
    private static func tree(of action: JSON, indent: String) -> [String] {
        let status = action.text("status")
        let path = action.text("path")
        let depth = path.split(separator: "/").count { $0 == "actions" } - 1
        let outer = indent + String(repeating: "  ", count: max(0, depth))
        let name = action.text("name").isEmpty ? path : action.text("name")
        var first = "\(outer)\(Self.status(status))  \(name)"
        let type = action.text("type")
        if !type.isEmpty { first += "  \(Style.faint(type))" }
        guard status != "Skipped" else { return [first] }
        let time = duration(action)
        if !time.isEmpty { first += "  \(time)" }
        let code = action.text("code")
        if !code.isEmpty, code != "OK", code != "NotSpecified" { first += "  \(code)" }
        if let count = action["repetitionCount"]?.integerValue { first += "  ×\(count)" }
        if !action.text("keptFrom").isEmpty { first += "  \(Style.faint("done in \(action.text("keptFrom"))"))" }
        var lines = [first]
        let inner = outer + "    "
        if let message = action["error"]?.text("message"), !message.isEmpty { lines.append(inner + message) }
        if let hint = action["error"]?.text("hint"), !hint.isEmpty { lines.append("\(inner)hint: \(hint)") }
        // What a Compose puts out is what was put in.
        if action["inputs"] != action["outputs"] { lines += content("inputs", of: action, indent: inner) }
        lines += content("outputs", of: action, indent: inner)
        let attempts = action["attempts"]?.arrayValue ?? []
        if attempts.count > 1 {
            for (number, attempt) in attempts.enumerated() {
                let time = shortTime(attempt.text("startTime"))
                lines.append("\(inner)attempt \(number + 1): \(attempt.text("code")) \(time)")
            }
        }
        for repetition in action["repetitions"]?.arrayValue ?? [] {
            lines += tree(of: repetition, indent: indent + "  ")
        }
        return lines
    }

    private static let contentLimit = 240

    private static func content(_ name: String, of action: JSON, indent: String) -> [String] {
        guard let value = action[name], !value.isNull else { return [] }
        let text = value.text
        if text.count <= contentLimit { return ["\(indent)\(name): \(text)"] }
        return ["\(indent)\(name): \(text.prefix(contentLimit))… (\(text.utf8.count) bytes; --json shows all)"]
    }

    private static func ending(of run: JSON) -> [String] {
        var lines: [String] = []
        if let error = run["error"], !error.isNull {
            lines.append("  \(Style.bold(error.text("code"))): \(error.text("message"))")
            if !error.text("hint").isEmpty { lines.append("  hint: \(error.text("hint"))") }
        }
        if let wait = run["waitsFor"], !wait.text("hint").isEmpty {
            let what =
                wait.text("kind") == "signIn" ? "the sign-in of connection" : "someone to say whether it happened:"
            lines.append("  waits for \(what) \(wait.text("subject"))")
            lines.append("  hint: \(wait.text("hint"))")
        }
        if let code = explainedCode(of: run) { lines.append("  more: flowrun explain \(code)") }
        if let response = run["response"], !response.isNull {
            lines.append("  response \(response.text("statusCode")): \(response.text("body"))")
        }
        if let outputs = run["outputs"]?.objectValue, !outputs.isEmpty {
            lines.append("  outputs: \(JSON.object(outputs).text)")
        }
        return lines
    }

    /// The code of the first action that failed by itself, where there is a page about it.
    private static func explainedCode(of run: JSON) -> String? {
        guard run.text("status") != "Succeeded" else { return nil }
        let actions = run["actions"]?.arrayValue ?? []
        let codes = actions.filter { $0.text("status") == "Failed" }.map { $0["error"]?.text("code") ?? "" }
        return codes.first { $0 != "ActionFailed" && ErrorPage.all[FlowError.Code($0)] != nil }
    }

    private static func shortTime(_ text: String) -> String {
        text.count > 19 ? String(text.prefix(19)) + "Z" : text
    }

    private static func duration(_ record: JSON) -> String {
        guard let start = Timestamp(iso8601: record.text("startTime")),
            let end = Timestamp(iso8601: record.text("endTime"))
        else { return "" }
        let seconds = (end - start).seconds
        if seconds < 1 { return "\(Int((seconds * 1_000).rounded())) ms" }
        if seconds < 120 { return "\((seconds * 10).rounded() / 10) s" }
        return "\(Int(seconds / 60)) min"
    }

    private static func pad(_ text: String, shown: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - shown.count))
    }
}
