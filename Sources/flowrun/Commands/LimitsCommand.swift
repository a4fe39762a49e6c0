import ArgumentParser
import FlowCore
import FlowRuntime

/// `flowrun limits`: what is used of the services' quotas.
struct LimitsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limits",
        abstract: "Shows what is used of the limits, and when they will be used up at the present rate.",
        discussion: """
            Calls are counted for each connection and day of UTC, of which the co-sell connectors allow 10,000, and for \
            a minute or five where the page of the connector names a rate. Requests of flows (actions that were not \
            skipped, and retries) and content (bytes of inputs and outputs) are counted over 24 hours and over five \
            minutes; the performance profile says how much there may be. Beyond the limits of connections and of a day \
            calls are answered with 429; beyond those of five minutes runs are slowed down. Counts of a day are durable, \
            the others are those of the process that owns the environment.
            """)

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let result = try await options.perform(.limits)
        options.present(result) {
            var table = Table("WHAT", "OF", "WINDOW", "USED", "LIMIT", "PER HOUR", "USED UP", "RESETS")
            for row in result.arrayValue ?? [] {
                let isOfConnection = row["kind"] == "calls"
                let what =
                    switch row.text("kind") {
                    case "calls": "calls of \(row.text("connector"))"
                    case "callsOut": "calls at once"
                    case "content": "bytes of content"
                    default: "requests"
                    }
                let isOfDay = ["day", "24h"].contains(row.text("window"))
                table.add(
                    what, row[isOfConnection ? "connection" : "flow"]?.stringValue ?? "all flows", row.text("window"),
                    row["used"]?.text ?? "0", row["limit"].flatMap { $0.isNull ? nil : $0.text } ?? "none",
                    row["perHour"]?.text ?? "0", row["usedUpAt"]?.stringValue ?? (isOfDay ? "not today" : "no"),
                    row.text("resetsAt"))
            }
            return table.text
        }
    }
}
