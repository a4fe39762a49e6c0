import ArgumentParser
import FlowCore
import FlowRuntime

/// `flowrun flow`: the flows of the environment.
struct FlowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flow", abstract: "Lists and shows flows, their trigger URLs and what their triggers saw.",
        subcommands: [List.self, Show.self, URL.self, History.self])

    /// `flow list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Lists the flows of the environment.")

        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let result = try await options.perform(.listFlows)
            options.present(result) {
                var table = Table("STATE", "FLOW", "TRIGGER", "CHILD", "UNBOUND", "LAST RUN")
                for flow in result.arrayValue ?? [] {
                    let started = flow.text("state") == "Started"
                    let trigger = [flow["trigger"]?.text("type") ?? "", flow["trigger"]?.text("kind") ?? ""]
                    table.add(
                        started ? "on" : flow.text("state") == "Suspended" ? "suspended" : "off", flow.text("name"),
                        trigger.filter { !$0.isEmpty }.joined(separator: "/"),
                        flow["isChild"]?.boolValue == true ? "yes" : "", Self.unbound(flow),
                        flow["lastRun"]?.isNull == false ? flow["lastRun"]?.text("status") ?? "" : "")
                }
                return table.text
            }
        }

        private static func unbound(_ flow: JSON) -> String {
            let count = flow["unbound"]?.arrayValue.map { Int64($0.count) } ?? flow["unbound"]?.integerValue ?? 0
            return count == 0 ? "" : "⚠ \(count)"
        }
    }

    /// `flow show`.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Shows one flow: its state, references, children.")

        @OptionGroup var options: GlobalOptions

        @Argument(help: "The flow: GUID, name, alias or a unique beginning.")
        var flow: String

        func run() async throws {
            let result = try await options.perform(.showFlow, ["flow": .string(flow)])
            options.present(result) { Outline.text(of: result) }
        }
    }

    /// `flow history`.
    struct History: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "history",
            abstract: "Lists what the triggers of a flow have seen, and why no run began where none did.")

        @OptionGroup var options: GlobalOptions

        @Argument(help: "The flow: GUID, name, alias or a unique beginning.")
        var flow: String

        @Option(help: "Only Succeeded, Skipped or Failed.")
        var status: String?

        @Option(help: "Only what came at or after this time, or this long ago (30s, 5m, 2h, 14d).")
        var since: String?

        @Option(help: "At most so many.")
        var limit: Int = 50

        func run() async throws {
            var arguments: JSONObject = ["flow": .string(flow), "limit": .integer(Int64(limit))]
            arguments["status"] = status.map { .string($0) }
            arguments["since"] = since.map { .string($0) }
            let result = try await options.perform(.triggerHistory, arguments)
            options.present(result) {
                var table = Table("TIME", "TRIGGER", "STATUS", "RUN", "WHY")
                for entry in result.arrayValue ?? [] {
                    let why = [entry.text("code"), entry.text("message")].filter { !$0.isEmpty }
                    table.add(
                        entry.text("startTime"), entry.text("trigger"), entry.text("status"), entry.text("run"),
                        why.joined(separator: ": "))
                }
                return table.text
            }
        }
    }

    /// `flow url`.
    struct URL: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "url",
            abstract: "Prints the HTTP POST URL of a flow with a Request trigger.")

        @OptionGroup var options: GlobalOptions

        @Argument(help: "The flow: GUID, name, alias or a unique beginning.")
        var flow: String

        func run() async throws {
            let result = try await options.perform(.flowURL, ["flow": .string(flow)])
            Console.note("note: this URL is a secret; whoever has it can start the flow")
            switch options.format {
            case .table: Console.write(result.text("url"))
            default: options.present(result) { "" }
            }
        }
    }
}
