import ArgumentParser
import FlowCore
import FlowRuntime

/// `flowrun audit`: which deals are in step, which are behind, which are blocked and why.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Compares both sides of every deal: in step, behind, or blocked and why.",
        discussion: """
            Reads both services in bulk, as the solution's `audit` says, and compares; it changes nothing. A deal that is behind or \
            blocked comes with the newest run that concerned it. Exit code 1 when a deal is not in step.
            """)

    @OptionGroup var options: GlobalOptions

    @Option(help: "Only this solution.")
    var solution: String?

    @Flag(help: "Lists the deals that are in step too.")
    var all = false

    func run() async throws {
        let result = try await options.perform(.audit, solution.map { ["solution": .string($0)] } ?? [:])
        let solutions = result["solutions"]?.arrayValue ?? []
        options.present(result) { solutions.map(text).joined(separator: "\n\n") }
        let isInStep = solutions.allSatisfy { $0["behind"] == 0 && $0["blocked"] == 0 }
        if !isInStep { throw EndWith(.failed) }
    }

    private func text(_ solution: JSON) -> String {
        let deals = solution["deals"]?.arrayValue ?? []
        let shown = all ? deals : deals.filter { $0["state"] != "inStep" }
        var lines = [
            "\(solution.text("left")) and \(solution.text("right")): \(solution["inStep"]?.text ?? "0") in step, "
                + "\(solution["behind"]?.text ?? "0") behind, \(solution["blocked"]?.text ?? "0") blocked"
        ]
        for deal in shown {
            lines.append("")
            lines.append("\(label(deal))  \(Style.bold(deal.text("title")))  \(deal.text("key"))")
            let why = [deal.text("rule"), deal.text("message")].filter { !$0.isEmpty }.joined(separator: ": ")
            if !why.isEmpty { lines.append("  why:    \(why)") }
            for difference in deal["differences"]?.arrayValue ?? [] {
                lines.append(
                    "  value:  \(difference.text("name")): \(word(difference["left"])) | \(word(difference["right"]))")
            }
            if !deal.text("since").isEmpty { lines.append("  since:  \(deal.text("since"))") }
            if let run = deal["run"], !run.isNull {
                lines.append("  run:    \(run.text("name"))  \(run.text("status"))  \(run.text("flow"))")
            }
        }
        return lines.joined(separator: "\n")
    }

    private func word(_ value: JSON?) -> String { value.map { $0.stringValue ?? $0.text } ?? "" }

    private func label(_ deal: JSON) -> String {
        switch deal.text("state") {
        case "inStep": Style.green("in step")
        case "behind": Style.yellow("\(deal.text("behind")) is behind")
        default: Style.red("blocked")
        }
    }
}
