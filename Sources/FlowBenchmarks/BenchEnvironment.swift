import FlowConnectorLibrary
import FlowCore
import FlowDefinitions
import FlowHTTP
import FlowRuntime
import FlowStorage
import FlowStoreSQLite
import Foundation

/// The flows that are run.
enum WorkloadFile {
    static func text(_ name: String) throws -> String {
        guard let url = Bundle.module.url(forResource: "Workloads/\(name).flow", withExtension: "yaml") else {
            throw FlowError(.flowNotFound, "The workload '\(name)' is not in the bundle.")
        }
        return try String(contentsOf: url, encoding: .utf8)
    }

    static func flow(_ name: String) throws -> FlowDefinition {
        guard let flow = FlowDecoder.decode(try text(name), file: name + ".flow.yaml").flows.first else {
            throw FlowError(.flowNotFound, "The workload '\(name)' cannot be read.")
        }
        return flow
    }
}

/// An environment with one flow and its children, `durability: full`, in a folder of its own.
final class BenchEnvironment: Sendable {
    /// The count of what the writer does.
    let writes = WriteCounter()
    private let folder: BenchFolder
    private let environment: FlowEnvironment
    private let store: any FlowStore
    private let request: EnvironmentRequest

    /// Makes an environment.
    /// - Parameters:
    ///   - workload: the flow that is run.
    ///   - others: the flows that it calls.
    ///   - input: what each run is started with.
    ///   - server: the address that flows may call, or nil.
    ///   - folder: where it lives; nil makes a folder that goes away with it.
    ///   - listening: whether it serves; else nothing goes on beside the runs, such as the search index that follows them.
    /// - Throws: what installing and activating throw.
    init(
        _ workload: String, with others: [String] = [], input: JSON? = nil, server: String? = nil,
        in folder: BenchFolder? = nil, listening: Bool = true
    ) async throws {
        let folder = try folder ?? BenchFolder()
        self.folder = folder
        let files = [workload] + others
        let entries = files.map { "  - { file: \($0).flow.yaml }\n" }.joined()
        let solution = "uniqueName: Bench\nversion: 1.0.0.0\nflows:\n\(entries)"
        try StateFiles.write(folder.path + "/solution.yaml", Array(solution.utf8))
        for file in files {
            try StateFiles.write("\(folder.path)/\(file).flow.yaml", Array(try WorkloadFile.text(file).utf8))
        }
        let settings = EnvironmentSettings(projectFolder: folder.path, performanceProfile: .unlimited)
        try settings.makeStateFolder()
        var location = StoreLocation(path: settings.databaseFile, durability: .full)
        let writes = writes
        location.beforeStatement = { sql in
            writes.count(sql)
            return 0
        }
        store = try SQLiteFlowStore(location, key: try settings.key(variable: nil))
        let policy = AddressPolicy(allowedHosts: server.map { [$0] } ?? [])
        let transport = CurlTransport(CurlTransport.Configuration(addressPolicy: policy))
        environment = FlowEnvironment(
            settings, store: store, connectors: ConnectorRegistry([HTTPConnector(transport: transport)]))
        try await environment.start(listening: listening)
        _ = try await environment.perform(EnvironmentRequest(.installSolution, ["path": .string(folder.path)]))
        _ = try await environment.perform(EnvironmentRequest(.activate, ["all": true]))
        var arguments: JSONObject = ["flow": .string(try WorkloadFile.flow(workload).name), "detail": false]
        arguments["input"] = input
        request = EnvironmentRequest(.startRun, arguments)
    }

    /// Runs the flow until a number of runs has ended well.
    /// - Returns: how long it took.
    @discardableResult
    func run(_ count: Int, width: Int) async throws -> Duration {
        let environment = environment
        let request = request
        let clock = ContinuousClock()
        let start = clock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<width {
                let share = count / width + (lane < count % width ? 1 : 0)
                group.addTask {
                    for _ in 0..<share {
                        let run = try await environment.perform(request)
                        guard run["status"] == "Succeeded" else {
                            throw FlowError(.runUnreadable, "A run did not succeed: \(run.text)")
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        return clock.now - start
    }

    /// Begins a run and leaves it as it waits.
    /// - Returns: its summary and the events of its journal.
    func begin() async throws -> (RunSummary, [JSON], [RunTimer]) {
        var request = request
        request.arguments["wait"] = false
        let run = try await environment.perform(request)["name"]?.stringValue ?? ""
        while true {
            guard let summary = try await store.run(run) else { throw FlowError(.runUnreadable, "The run is lost.") }
            let timers = try await store.timers(of: run)
            if summary.wait != nil, !timers.isEmpty {
                return (summary, try await store.journal(of: run, after: 0, sealed: .hidden), timers)
            }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    /// Commits something beside what runs commit.
    func commit(_ commit: StoreCommit) async throws { try await store.commit(commit) }

    /// How far the search index is behind.
    var searchLag: Duration { environment.searchLag }

    func close() async {
        await environment.shutdown()
        await store.close()
    }
}
