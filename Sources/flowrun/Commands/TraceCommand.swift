import ArgumentParser
import FlowCore
import FlowRuntime

/// `flowrun trace KEY`: one timeline of a deal through all flows.
struct TraceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace", abstract: "Shows one timeline of a business key through all flows.",
        discussion: """
            A solution says under 'businessKeys' which values of a trigger are keys, such as a referral's address. The \
            timeline holds the runs with that key, their child runs, and every call that changed something.
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The key's value, such as a referral's id.")
    var key: String

    func run() async throws {
        let result = try await options.perform(.trace, ["key": .string(key)])
        options.present(result) {
            var table = Table("TIME", "FLOW", "EVENT", "RESULT", "RUN")
            for entry in result.arrayValue ?? [] {
                table.add(
                    entry.text("time"), entry["flow"]?.text("name") ?? "", Self.event(entry), Self.outcome(entry),
                    entry.text("run"))
            }
            return table.text
        }
    }

    private static func event(_ entry: JSON) -> String {
        switch entry.text("event") {
        case "runStarted": "begins"
        case "runEnded": "ends"
        default: "\(entry.text("action")): \(entry.text("operation"))"
        }
    }

    private static func outcome(_ entry: JSON) -> String {
        let words = [
            entry.text("status"), entry.text("code"), entry.text("result"), entry.text("subject"),
            entry.text("state") == "finished" ? "" : entry.text("state"),
        ]
        return words.filter { !$0.isEmpty }.joined(separator: " ")
    }
}
