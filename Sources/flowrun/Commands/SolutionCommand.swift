import ArgumentParser
import FlowCore
import FlowRuntime

/// `flowrun solution`: brings solutions into the environment and takes them out.
struct SolutionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "solution", abstract: "Installs, lists and uninstalls solutions.",
        subcommands: [Install.self, List.self, Uninstall.self])

    /// `solution install`.
    struct Install: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "install",
            abstract: "Brings a solution's flows into the environment, all off.",
            discussion: "Without PATH the solutions named in flowrun.yaml are installed.")

        @OptionGroup var options: GlobalOptions

        @Argument(help: "A folder with solution.yaml and its flows.")
        var path: String?

        @Option(help: "Deployment settings, as Microsoft's JSON has them: variables and connections.")
        var settings: String?

        @Flag(help: "Flows that were on stay on.")
        var keepStates = false

        func run() async throws {
            var arguments: JSONObject = ["keepStates": .bool(keepStates)]
            if let path { arguments["path"] = .string(AbsolutePath.of(path)) }
            if let settings { arguments["settings"] = try Input.json(file: settings) }
            let result = try await options.perform(.installSolution, arguments)
            options.present(result) {
                (result.arrayValue ?? [result]).map { solution in
                    let flows = solution["flows"]?.arrayValue?.count ?? 0
                    let states = keepStates ? "those that were on stay on" : "all off"
                    return
                        "installed \(solution.text("displayName")) \(solution.text("version")): \(flows) flows, \(states)"
                }.joined(separator: "\n")
            }
        }
    }

    /// `solution list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists the installed solutions.")

        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let result = try await options.perform(.listSolutions)
            options.present(result) {
                var table = Table("SOLUTION", "VERSION", "FLOWS", "DISPLAY NAME")
                for solution in result.arrayValue ?? [] {
                    table.add(
                        solution.text("uniqueName"), solution.text("version"),
                        String(solution["flows"]?.arrayValue?.count ?? 0), solution.text("displayName"))
                }
                return table.text
            }
        }
    }

    /// `solution uninstall`.
    struct Uninstall: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "uninstall",
            abstract: "Turns a solution's flows off and takes them out; the history of their runs stays.")

        @OptionGroup var options: GlobalOptions

        @Argument(help: "The solution's unique or display name.")
        var name: String

        func run() async throws {
            let result = try await options.perform(.uninstallSolution, ["name": .string(name)])
            options.present(result) { "uninstalled \(result.text("displayName"))" }
        }
    }
}
