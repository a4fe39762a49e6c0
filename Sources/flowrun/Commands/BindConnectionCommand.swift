import ArgumentParser
import FlowCore
import FlowRuntime

/// `flowrun bind-connection`: gives flows their connections.
struct BindConnectionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bind-connection",
        abstract: "Binds connections to connection references, or lists what lacks one.",
        discussion: """
            Without --connection, --run-only, --all or --settings every action without a connection is listed (⚠). A \
            binding belongs to the connection reference and so to every flow that uses it.
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The flow: GUID, name, alias or a unique beginning.")
    var flow: String?

    @Option(help: "Only the reference that this action uses.")
    var action: String?

    @Option(help: "Only this reference: its key or logical name.")
    var reference: String?

    @Option(help: "The connection to bind.")
    var connection: String?

    @Option(help: "use-connection or provided-by-user: whose connection FLOW's references use in this environment.")
    var runOnly: String?

    @Flag(help: "Binds every reference that has exactly one fitting connection.")
    var all = false

    @Option(help: "Deployment settings with connections, as Microsoft's JSON has them.")
    var settings: String?

    @Option(name: .customLong("as"), help: "The person who does it.")
    var user: String?

    func run() async throws {
        var selection = JSONObject()
        if let flow { selection["flow"] = .string(flow) }
        if let action { selection["action"] = .string(action) }
        if let reference { selection["reference"] = .string(reference) }
        if let runOnly { return try await setRunOnly(runOnly, selection) }
        if connection != nil || all || settings != nil { return try await bind(selection) }
        let missing = try await options.perform(.listBindings, selection, as: user)
        options.present(missing) { Self.missingText(missing.arrayValue ?? []) }
        if options.format == .table, Console.canAsk { try await askForEach(missing.arrayValue ?? []) }
    }

    private func bind(_ selection: JSONObject) async throws {
        var arguments = selection
        if let connection { arguments["connection"] = .string(connection) }
        arguments["all"] = .bool(all)
        if let settings { arguments["settings"] = try Input.json(file: settings) }
        let result = try await options.perform(.bind, arguments, as: user)
        options.present(result) { Self.boundText(result.arrayValue ?? []) }
    }

    private func setRunOnly(_ value: String, _ selection: JSONObject) async throws {
        let sources = ["use-connection": "embedded", "provided-by-user": "invoker"]
        guard let source = sources[value] else {
            let near = Suggestion.nearest(to: value, among: sources.keys) ?? "use-connection"
            throw FlowError(
                .invalidArgument, "--run-only takes use-connection or provided-by-user, not '\(value)'.",
                hint: "--run-only \(near)")
        }
        guard flow != nil else {
            throw FlowError(
                .invalidArgument, "--run-only needs the flow whose references are meant.",
                hint: "flowrun bind-connection FLOW --run-only \(value)")
        }
        var arguments = selection
        arguments["runtimeSource"] = .string(source)
        let result = try await options.perform(.bindRunOnly, arguments, as: user)
        options.present(result) {
            (result.arrayValue ?? []).map { row in
                let isInvoker = row.text("runtimeSource") == "invoker"
                let meaning = isInvoker ? "Provided by run-only user" : "Use this connection"
                return "\(row.text("flow")): \(row.text("reference")) → \(meaning)"
            }.uniqued().joined(separator: "\n")
        }
    }

    private func askForEach(_ rows: [JSON]) async throws {
        for logicalName in rows.map({ $0.text("logicalName") }).uniqued() {
            guard let answer = Console.ask("connection for \(logicalName) (empty: leave it)?"), !answer.isEmpty else {
                continue
            }
            let arguments: JSONObject = ["reference": .string(logicalName), "connection": .string(answer)]
            let result = try await options.perform(.bind, arguments, as: user)
            Console.write(Self.boundText(result.arrayValue ?? []))
        }
    }

    private static func missingText(_ rows: [JSON]) -> String {
        if rows.isEmpty { return "every action has its connection" }
        var table = Table("", "FLOW", "ACTION", "REFERENCE", "CONNECTOR")
        for row in rows {
            table.add(
                "⚠", row.text("flow"), row.text("action"), row.text("logicalName"), row.text("connector"))
        }
        let fixes = rows.map { $0.text("fix") }.filter { !$0.isEmpty }.uniqued()
        return ([table.text, "", "to bind them:"] + fixes.map { "  " + $0 }).joined(separator: "\n")
    }

    private static func boundText(_ rows: [JSON]) -> String {
        if rows.isEmpty { return "nothing to bind" }
        var lines: [String] = []
        for logicalName in rows.map({ $0.text("logicalName") }).uniqued() {
            let uses = rows.filter { $0.text("logicalName") == logicalName }
            lines.append("\(logicalName) → \(uses.first?.text("connection") ?? "")")
            for flow in uses.map({ $0.text("flow") }).uniqued() {
                let count = uses.count { $0.text("flow") == flow }
                lines.append("    \(flow): \(count) \(count == 1 ? "action" : "actions")")
            }
        }
        return lines.joined(separator: "\n")
    }
}
