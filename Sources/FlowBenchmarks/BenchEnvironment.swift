import FlowCore
import FlowDefinitions
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

/// An environment with one flow, `durability: full`, in a folder of its own.
final class BenchEnvironment: Sendable {
    private let folder: BenchFolder
    private let environment: FlowEnvironment
    private let store: any FlowStore
    private let flow: JSON

    init(_ workload: String) async throws {
        folder = try BenchFolder()
        let solution = "uniqueName: Bench\nversion: 1.0.0.0\nflows:\n  - { file: a.flow.yaml }\n"
        try StateFiles.write(folder.path + "/solution.yaml", Array(solution.utf8))
        try StateFiles.write(folder.path + "/a.flow.yaml", Array(try WorkloadFile.text(workload).utf8))
        let settings = EnvironmentSettings(projectFolder: folder.path)
        try settings.makeStateFolder()
        store = try SQLiteFlowStore(
            path: settings.databaseFile, key: try settings.key(variable: nil), durability: .full)
        environment = FlowEnvironment(settings, store: store, connectors: ConnectorRegistry([]))
        try await environment.start()
        _ = try await environment.perform(EnvironmentRequest(.installSolution, ["path": .string(folder.path)]))
        _ = try await environment.perform(EnvironmentRequest(.activate, ["all": true]))
        let flows = try await environment.perform(EnvironmentRequest(.listFlows))
        flow = flows.arrayValue?.first?["name"] ?? .null
    }

    /// Runs the flow until a number of runs has ended well.
    /// - Returns: how long it took.
    func run(_ count: Int, width: Int) async throws -> Duration {
        let environment = environment
        let request = EnvironmentRequest(.startRun, ["flow": flow, "detail": false])
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

    func close() async {
        await environment.shutdown()
        await store.close()
    }
}
