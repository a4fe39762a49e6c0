import ArgumentParser
import FlowCore
import FlowRuntime

/// `flowrun run FLOW`: starts a flow and waits for its end.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs a flow: one of the environment, or a file on its own.",
        discussion: """
            Input is an object by the keys or titles of the trigger's schema; without a schema it is the trigger's \
            body. --file runs a flow file in memory, without an environment.
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The flow: GUID, name, alias or a unique beginning.")
    var flow: String?

    @Option(help: "A flow file that is run on its own.")
    var file: String?

    @Option(help: "The trigger's input: JSON, @FILE, or - for stdin.")
    var input: String?

    @Option(name: .customLong("as"), help: "The person who runs it.")
    var user: String?

    @Flag(help: "Shows the run's progress.")
    var watch = false

    @Flag(help: "Prints the run's name and does not wait for its end.")
    var noWait = false

    @Option(help: "With --file: HOST or HOST:PORT beyond public addresses that may be called; repeatable.")
    var allowHost: [String] = []

    func validate() throws {
        if (flow == nil) == (file == nil) { throw ValidationError("Name a flow, or give --file PATH.") }
        if file == nil, !allowHost.isEmpty { throw ValidationError("--allow-host goes with --file.") }
        if watch, noWait { throw ValidationError("Give either --watch or --no-wait.") }
        if file != nil, noWait { throw ValidationError("--no-wait needs a flow of the environment.") }
    }

    func run() async throws {
        let body = try input.map { text throws(FlowError) in try Input.json(text) }
        if let file {
            let watching = watch ? RunWatching(options) : nil
            let run = try await FileRun.run(file: file, input: body, allowedHosts: allowHost, watching)
            return watch ? try EndWith.unlessSucceeded(run) : try report(run)
        }
        var arguments: JSONObject = ["flow": .string(flow ?? ""), "wait": .bool(!noWait && !watch)]
        if watch { arguments["watch"] = true }
        if let body { arguments["input"] = body }
        if watch { RunWatching.endOnInterrupt() }
        let result = try await perform(arguments)
        if watch { return try EndWith.unlessSucceeded(result) }
        if noWait {
            if result["hasOwner"]?.boolValue == false {
                Console.note("note: no runtime owns this environment; the run is stored and goes on under the next one")
            }
            return options.present(result) { result.text("name") }
        }
        try report(result)
    }

    /// Starts the run; on a terminal missing required inputs are asked for.
    private func perform(_ arguments: JSONObject) async throws(FlowError) -> JSON {
        do {
            return try await start(arguments)
        } catch  where error.code == .missingInput && Console.canAsk {
            var input = arguments["input"]?.objectValue ?? [:]
            for missing in error.details {
                guard let answer = Console.ask("\(missing.message)?") else { throw error }
                input[missing.path?.text ?? missing.message] = (try? JSON(parsing: answer)) ?? .string(answer)
            }
            var arguments = arguments
            arguments["input"] = .object(input)
            return try await start(arguments)
        }
    }

    private func start(_ arguments: JSONObject) async throws(FlowError) -> JSON {
        guard watch else { return try await options.perform(.startRun, arguments, as: user) }
        let request = EnvironmentRequest(.startRun, arguments, as: user)
        return try await options.access().watch(starting: request, RunWatching(options))
    }

    private func report(_ run: JSON) throws {
        options.present(run) { RunText.summary(of: run, isStored: file == nil) }
        try EndWith.unlessSucceeded(run)
    }
}
