import ArgumentParser
import FlowCore
import FlowRuntime

/// `flowrun reconcile`: runs what was missed, once for each deal that is behind.
struct ReconcileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile", abstract: "Brings the deals that are behind up to date: one run each, oldest first.",
        discussion: """
            Finds them as `flowrun audit` does, and runs for each the flow that the solution names; what is blocked stays as it is. \
            Both sides are compared again at the end. Exit code 1 when a deal is still behind.
            """)

    @OptionGroup var options: GlobalOptions

    @Option(help: "Only this solution.")
    var solution: String?

    @Flag(help: "Only say what would be run.")
    var plan = false

    func run() async throws {
        var arguments: JSONObject = ["plan": .bool(plan)]
        if let solution { arguments["solution"] = .string(solution) }
        let result = try await options.perform(.reconcile, arguments)
        let solutions = result["solutions"]?.arrayValue ?? []
        options.present(result) { solutions.map(text).joined(separator: "\n\n") }
        if !plan, !solutions.allSatisfy({ $0["behind"] == 0 }) { throw EndWith(.failed) }
    }

    private func text(_ solution: JSON) -> String {
        var lines: [String] = []
        for deal in solution["deals"]?.arrayValue ?? [] {
            let verb = plan ? "would run" : deal.text("status").isEmpty ? "not run" : deal.text("status")
            lines.append("\(Style.bold(deal.text("title")))  \(deal.text("key"))  \(deal.text("behind")) is behind")
            lines.append("  \(verb)  \(deal.text("flow"))  \(deal.text("run"))")
            if !deal.text("error").isEmpty { lines.append("  \(Style.red(deal.text("error")))") }
        }
        let blocked = solution["blocked"]?.text ?? "0"
        lines.append(
            "\(solution.text("left")) and \(solution.text("right")): \(solution["behind"]?.text ?? "0") behind"
                + (blocked == "0" ? "" : ", \(blocked) blocked: see `flowrun audit`"))
        return lines.joined(separator: "\n")
    }
}
