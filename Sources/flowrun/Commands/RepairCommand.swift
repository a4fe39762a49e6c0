import ArgumentParser
import FlowCore
import FlowRuntime

extension RunsCommand {
    /// `runs repair`.
    struct Repair: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "repair",
            abstract: "Goes on from where runs failed, in new runs that keep what was done.",
            discussion: """
                The new run begins with the part of the old one that stands: every action before the failed one keeps its \
                inputs and outputs. The failed action and what comes after it are carried out anew. An effect that the old \
                run did there already is not repeated: its result is used again.

                From which action: the failures that decided the run's end, or the one that --from names. Where that is in \
                a loop whose repetitions come one after another, the later ones are carried out anew as well, unless \
                --only-failed-repetitions keeps those that succeeded.
                """)

        @OptionGroup var options: GlobalOptions

        @Argument(help: "The runs' names.")
        var names: [String] = []

        @Option(help: "All runs of the same flow that failed with the same error at the same action as this one.")
        var like: String?

        @Option(help: "The action from which to go on: its name, or a path as in actions/Each[3]/actions/Send.")
        var from: String?

        @Flag(help: "Repetitions that succeeded keep their results; only those that failed go on.")
        var onlyFailedRepetitions = false

        @Flag(help: "With the flow's newest definition and the present values of its variables.")
        var newest = false

        @Flag(help: "Effects that were done already are done again.")
        var repeatDone = false

        @Flag(help: "Changes nothing; shows what is kept, what is to be done, and what would be repeated.")
        var dryRun = false

        func validate() throws {
            if names.isEmpty, like == nil { throw ValidationError("Name a run, or give --like RUN.") }
        }

        func run() async throws {
            var arguments: JSONObject = [
                "runs": .array(names.map { .string($0) }), "onlyFailedRepetitions": .bool(onlyFailedRepetitions),
                "newest": .bool(newest), "repeatDone": .bool(repeatDone), "dryRun": .bool(dryRun),
            ]
            arguments["like"] = like.map { .string($0) }
            arguments["from"] = from.map { .string($0) }
            var whole: [JSON] = []
            var worst: JSON?
            var next = JSON.null
            // A large group comes in parts, and each is shown when it is done.
            repeat {
                let part = try await options.perform(.repairRun, arguments)
                let rows = part["runs"]?.arrayValue ?? []
                if options.format == .json { whole += rows } else { show(rows) }
                let bad = rows.first { $0.text("status") != "Succeeded" && (!dryRun || $0.text("status") == "Refused") }
                worst = worst ?? bad
                next = part["next"] ?? .null
                arguments["next"] = next
            } while !next.isNull
            if options.format == .json { show(whole) }
            if let worst { throw EndWith(worst.text("status") == "Refused" ? .failed : ExitStatus(ofRun: worst)) }
        }

        private func show(_ rows: [JSON]) {
            options.present(.array(rows)) {
                rows.map { dryRun ? RepairText.plan(of: $0) : RepairText.line(of: $0) }.joined(separator: "\n")
            }
        }
    }
}

/// Repairs as a person reads them.
enum RepairText {
    /// What came of the repair of one run.
    static func line(of row: JSON) -> String {
        let head = "\(row.text("sourceRun")) → \(row.text("name").isEmpty ? "-" : row.text("name"))"
        var lines = ["\(RunText.status(row.text("status")))  \(head)  \(row["flow"]?.text("name") ?? "")"]
        if let from = from(row) { lines[0] += "  from \(from)" }
        for path in paths("reused", row) { lines.append("  done before   \(path)") }
        for path in paths("repeated", row) { lines.append("  done again    \(path)") }
        if let error = row["error"], !error.isNull {
            lines.append("  \(Style.bold(error.text("code"))): \(error.text("message"))")
            if !error.text("hint").isEmpty { lines.append("  hint: \(error.text("hint"))") }
        }
        if let wait = row["waitsFor"], !wait.text("hint").isEmpty { lines.append("  hint: \(wait.text("hint"))") }
        if ["Failed", "TimedOut"].contains(row.text("status")) {
            lines.append("  hint: flowrun runs show \(row.text("name"))")
        }
        return lines.joined(separator: "\n")
    }

    /// What the repair of one run would do.
    static func plan(of row: JSON) -> String {
        if row.text("status") == "Refused" { return line(of: row) }
        var lines = [
            "\(RunText.status(row.text("status")))  \(row.text("sourceRun"))  \(row["flow"]?.text("name") ?? "")"
                + "  from \(from(row) ?? "where it was cut off")"
        ]
        lines += kept(row)
        for path in paths("reused", row) { lines.append("  done before   \(path)") }
        for path in paths("repeated", row) { lines.append("  done again    \(path)") }
        for path in paths("pending", row) { lines.append("  pending       \(path)") }
        return lines.joined(separator: "\n")
    }

    /// The actions that keep their results, those of a loop in one line.
    private static func kept(_ row: JSON) -> [String] {
        let paths = (row["kept"]?.arrayValue ?? []).compactMap(\.stringValue)
        let groups = Dictionary(grouping: paths) { $0.replacing(/\[\d+\]/, with: "") }
        return paths.map { $0.replacing(/\[\d+\]/, with: "") }.uniqued().map { path in
            let group = groups[path] ?? []
            return "  kept          " + (group.count == 1 ? group[0] : "\(path)  ×\(group.count)")
        }
    }

    private static func from(_ row: JSON) -> String? {
        let paths = row["from"]?.arrayValue?.compactMap(\.stringValue) ?? []
        guard let first = paths.first else { return nil }
        return paths.count == 1 ? first : "\(first) and \(paths.count - 1) more"
    }

    private static func paths(_ key: String, _ row: JSON) -> [String] {
        (row[key]?.arrayValue ?? []).map { effect in
            let isUnknown = effect["unknown"]?.boolValue == true
            return "\(effect.text("path"))  \(effect.text("operation"))"
                + (isUnknown ? "  nobody knows how far it came" : "")
        }
    }
}
