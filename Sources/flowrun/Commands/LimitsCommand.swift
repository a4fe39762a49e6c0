import ArgumentParser
import FlowCore
import FlowRuntime

/// `flowrun limits`: what is used of the services' quotas.
struct LimitsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limits",
        abstract: "Shows what is used of the limits, and when they will be used up at the present rate.",
        discussion: """
            Calls are counted for each connection and day of UTC; the co-sell connectors allow 10,000. Requests of flows \
            (actions that were not skipped, and retries) are counted over 24 hours; the performance profile says how many \
            there may be. Beyond a limit calls are answered with 429. The counts are durable.
            """)

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let result = try await options.perform(.limits)
        options.present(result) {
            var table = Table("WHAT", "OF", "WINDOW", "USED", "LIMIT", "PER HOUR", "USED UP", "RESETS")
            for row in result.arrayValue ?? [] {
                let isOfConnection = row["kind"] == "calls"
                table.add(
                    isOfConnection ? "calls of \(row.text("connector"))" : "requests",
                    row[isOfConnection ? "connection" : "flow"]?.stringValue ?? "all flows", row.text("window"),
                    row["used"]?.text ?? "0", row["limit"].flatMap { $0.isNull ? nil : $0.text } ?? "none",
                    row["perHour"]?.text ?? "0", row["usedUpAt"]?.stringValue ?? "not today", row.text("resetsAt"))
            }
            return table.text
        }
    }
}
