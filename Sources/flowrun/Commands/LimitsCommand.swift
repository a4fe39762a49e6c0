import ArgumentParser
import FlowCore
import FlowRuntime

/// `flowrun limits`: what is used of the services' quotas.
struct LimitsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limits", abstract: "Shows how many calls each connection has made today, and how many it may.",
        discussion: "The count is durable; the day is that of UTC.")

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let result = try await options.perform(.limits)
        options.present(result) {
            var table = Table("CONNECTION", "CONNECTOR", "USED", "LIMIT", "RESETS")
            for row in result.arrayValue ?? [] {
                table.add(
                    row.text("connection"), row.text("connector"), row["used"]?.text ?? "0",
                    row["limit"].flatMap { $0.isNull ? nil : $0.text } ?? "none", row.text("resetsAt"))
            }
            return table.text
        }
    }
}
