import ArgumentParser
import FlowCore
import FlowRuntime

/// Which flows `activate` and `deactivate` mean.
struct FlowSelection: ParsableArguments {
    @OptionGroup var global: GlobalOptions

    @Argument(help: "Flows: GUIDs, names, aliases or unique beginnings.")
    var flows: [String] = []

    @Option(help: "All flows of a solution.")
    var solution: String?

    @Flag(help: "All flows of the environment.")
    var all = false

    @Flag(help: "Only say what would be done.")
    var plan = false

    @Option(name: .customLong("as"), help: "The person who does it.")
    var user: String?

    /// Something must be meant.
    func validate() throws {
        if flows.isEmpty, solution == nil, !all {
            throw ValidationError("Name flows, or give --solution NAME or --all.")
        }
    }

    /// The selection as arguments of an operation.
    var arguments: JSONObject {
        var arguments: JSONObject = ["all": .bool(all), "plan": .bool(plan)]
        if !flows.isEmpty { arguments["flows"] = .array(flows.map { .string($0) }) }
        if let solution { arguments["solution"] = .string(solution) }
        return arguments
    }
}

/// `flowrun activate`: turns flows on, children first, or says why not and changes nothing.
struct ActivateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "activate", abstract: "Turns flows on in dependency order; with any problem nothing changes.",
        aliases: ["enable"])

    @OptionGroup var selection: FlowSelection

    @Flag(help: "Turns on only what is named, not the children it needs.")
    var noDependencies = false

    func run() async throws {
        var arguments = selection.arguments
        arguments["noDependencies"] = .bool(noDependencies)
        let result = try await selection.global.perform(.activate, arguments, as: selection.user)
        let problems = result["problems"]?.arrayValue ?? []
        selection.global.present(result) { text(of: result, problems) }
        guard problems.isEmpty else {
            let errors = problems.map { problem in
                FlowError(FlowError.Code(problem.text("code")), problem.text("message"))
            }
            throw EndWith(ExitStatus(of: FlowError(.multipleErrorsOccurred, "", details: errors)))
        }
    }

    private func text(of result: JSON, _ problems: [JSON]) -> String {
        if !problems.isEmpty { return refusal(problems) }
        var lines: [String] = []
        for (number, step) in (result["order"]?.arrayValue ?? []).enumerated() {
            let verb = selection.plan ? "would turn on" : "on"
            lines.append("\(number + 1). \(Style.green(verb))  \(step.text("flow"))")
            for reason in step["because"]?.arrayValue ?? [] {
                lines.append("      \(Style.faint(reason.stringValue ?? reason.text))")
            }
        }
        return lines.isEmpty ? "nothing to turn on: every flow named is on" : lines.joined(separator: "\n")
    }

    private func refusal(_ problems: [JSON]) -> String {
        var lines = [Style.red("refused: nothing has changed"), ""]
        for problem in problems {
            var place = problem.text("flow")
            if !problem.text("action").isEmpty { place += " · " + problem.text("action") }
            if !problem.text("reference").isEmpty { place += " · " + problem.text("reference") }
            lines.append("\(Style.bold(problem.text("code")))  \(place)")
            lines.append("  \(problem.text("message"))")
            if !problem.text("target").isEmpty { lines.append("  \(Style.faint("at: " + problem.text("target")))") }
            if !problem.text("hint").isEmpty { lines.append("  hint: \(problem.text("hint"))") }
        }
        return lines.joined(separator: "\n")
    }
}

/// `flowrun deactivate`: turns flows off, parents first.
struct DeactivateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deactivate", abstract: "Turns flows off, parents first; runs that have begun go on to their end.",
        aliases: ["disable"])

    @OptionGroup var selection: FlowSelection

    func run() async throws {
        let result = try await selection.global.perform(.deactivate, selection.arguments, as: selection.user)
        selection.global.present(result) {
            let names = (result["deactivated"]?.arrayValue ?? []).map { $0.stringValue ?? $0.text("flow") }
            return names.isEmpty
                ? "nothing to turn off: every flow named is off" : names.map { "off  \($0)" }.joined(separator: "\n")
        }
        for problem in result["problems"]?.arrayValue ?? [] {
            Console.note(
                "\(problem.text("flow")): the service was not told that the subscription ends: "
                    + "\(problem.text("code")), \(problem.text("message")) (\(problem.text("hint")))")
        }
    }
}
