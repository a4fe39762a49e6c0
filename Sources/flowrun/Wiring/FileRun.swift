import FlowCore
import FlowDefinitions
import FlowRuntime
import FlowStorage

/// `flowrun run --file`: a flow file on its own, in memory, without an environment.
enum FileRun {
    /// Runs the flow of a file; the other flow files of its folder are the children that it may call.
    /// - Parameters:
    ///   - file: the flow file.
    ///   - input: the trigger's input, or nil.
    ///   - allowedHosts: hosts beyond public addresses that may be called.
    ///   - watching: shows its progress, or nil.
    /// - Returns: the run, as `run --json` shows it.
    /// - Throws: the checker's codes; `MissingInput` and what else starting a run refuses.
    static func run(
        file: String, input: JSON?, allowedHosts: [String], _ watching: RunWatching? = nil
    ) async throws(FlowError) -> JSON {
        let flows = try load(file)
        let settings = EnvironmentSettings(projectFolder: ".", allowedHosts: allowedHosts)
        let connectors = Wiring.connectors(allowing: allowedHosts)
        let environment = FlowEnvironment(
            standalone: flows, settings: settings, store: InMemoryFlowStore(), connectors: connectors)
        try await environment.start(listening: false)
        var arguments: JSONObject = ["flow": .string(flows[0].name), "wait": true]
        if let input { arguments["input"] = input }
        if watching != nil {
            arguments["wait"] = false
            arguments["watch"] = true
        }
        let started = try await environment.perform(EnvironmentRequest(.startRun, arguments))
        if let watching {
            var known: Int64 = 0
            let run = try await watching.follow(started.text("name"), after: &known) { request throws(FlowError) in
                try await environment.perform(request)
            }
            await environment.shutdown()
            return run
        }
        let shown = try await environment.perform(EnvironmentRequest(.showRun, ["run": started["name"] ?? .null]))
        await environment.shutdown()
        return shown
    }

    /// The flow of the file, and after it those that it may call.
    private static func load(_ file: String) throws(FlowError) -> [FlowDefinition] {
        let text = try TextFile.read(file)
        let decoded = FlowDecoder.decode(String(decoding: text, as: UTF8.self), file: file)
        guard let flow = decoded.flows.first, decoded.flows.count == 1, !decoded.hasErrors else {
            // All that is wrong, not only what already hinders the reading.
            throw refusal(FlowChecker(catalog: Wiring.catalog).check(files: [(file, text)]), file)
        }
        let flows = callsChildren(flow) ? [flow] + (try siblings(of: file)) : [flow]
        let set = FlowSet(flows)
        let findings = FlowChecker(catalog: Wiring.catalog).checkForRunning(flow, in: set)
        if findings.contains(where: { $0.severity == .error }) { throw refusal(findings, file) }
        return flows
    }

    private static func callsChildren(_ flow: FlowDefinition) -> Bool {
        flow.allActions.contains { $0.type == .workflow }
    }

    private static func siblings(of file: String) throws(FlowError) -> [FlowDefinition] {
        let folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? "."
        var flows: [FlowDefinition] = []
        for other in try FlowFiles.find([folder]) where other != file && other != "./" + file {
            let text = String(decoding: try TextFile.read(other), as: UTF8.self)
            let decoded = FlowDecoder.decode(text, file: other)
            if !decoded.hasErrors { flows += decoded.flows }
        }
        return flows
    }

    private static func refusal(_ findings: [Diagnostic], _ file: String) -> FlowError {
        let errors = findings.filter { $0.severity == .error }.map(\.error)
        guard errors.count != 1 else { return errors[0] }
        guard !errors.isEmpty else {
            return FlowError(
                .invalidArgument, "\(file) does not hold exactly one flow.", hint: "flowrun check \(file) tells more")
        }
        return FlowError(
            .multipleErrorsOccurred, "\(file) has \(errors.count) errors.",
            hint: "flowrun check \(file) shows them all",
            details: errors)
    }
}
