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

    /// The run that this one repeats, and those that repaired it.
    static func kin(of run: JSON) -> [String] {
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

    /// The first line about a run.
    static func head(of run: JSON) -> String {
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

    /// What came of the run: its error, what it waits for, its response or outputs.
    ///
    /// - Parameters:
    ///   - run: the run.
    ///   - showsLastOutputs: whether a run without outputs of its own is given those of its last action.
    /// - Returns: the lines.
    static func ending(of run: JSON, showsLastOutputs: Bool = true) -> [String] {
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
        if showsLastOutputs, let last = run["lastOutputs"], !last.isNull {
            let text = last["outputs"]?.text ?? ""
            let shown = text.count > 240 ? "\(text.prefix(240))… (\(text.utf8.count) bytes; --json shows all)" : text
            lines.append("  outputs of \(last.text("action")): \(shown)")
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

    /// An instant without its fraction.
    static func shortTime(_ text: String) -> String {
        text.count > 19 ? String(text.prefix(19)) + "Z" : text
    }

    /// How long a record took, or nothing while it goes on.
    static func duration(_ record: JSON) -> String {
        guard let start = Timestamp(iso8601: record.text("startTime")),
            let end = Timestamp(iso8601: record.text("endTime"))
        else { return "" }
        return duration(end - start)
    }

    /// A duration as it is read at a glance.
    static func duration(_ duration: Duration) -> String {
        let seconds = duration.seconds
        if seconds < 1 { return "\(Int((seconds * 1_000).rounded())) ms" }
        if seconds < 120 { return "\((seconds * 10).rounded() / 10) s" }
        return "\(Int(seconds / 60)) min"
    }

    private static func pad(_ text: String, shown: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - shown.count))
    }
}
