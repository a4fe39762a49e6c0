import FlowCore
import FlowDefinitions
import FlowStorage
import FlowTesting
import Synchronization
import Testing

@testable import FlowRuntime

/// Changed flow files are taken over while the environment works.
@Suite struct SolutionWatchTests {
    /// An environment whose solution lies in a folder, and a watch on it under a clock that stands still.
    private final class World: Sendable {
        let folder = "/tmp/flowrun-tests/\(UUIDText.random())"
        let clock = VirtualClock()
        let environment: FlowEnvironment
        private let reloads = Mutex<[[String]]>([])
        private let problems = Mutex<[FlowError]>([])

        static func greeting(_ text: String) -> String {
            """
            name: Greeting
            triggers: { manual: { type: Request, kind: Http, inputs: { schema: {} } } }
            actions:
              Wait: { type: Wait, inputs: { interval: { count: 1, unit: Minute } } }
              Say: { type: Compose, inputs: "\(text)", runAfter: { Wait: [Succeeded] } }
            """
        }

        static let other = """
            name: Other
            triggers: { manual: { type: Request, kind: Http, inputs: { schema: {} } } }
            actions: { Say: { type: Compose, inputs: other } }
            """

        init() async throws {
            try StateFiles.makeFolder(folder)
            environment = FlowEnvironment(
                EnvironmentSettings(projectFolder: folder), store: InMemoryFlowStore(),
                connectors: ConnectorRegistry([]), clock: clock,
                options: FlowEnvironment.Options(threads: 1, idleLimit: .zero))
            try write("solution.yaml", Self.solution(["greeting", "other"]))
            try write("greeting.flow.yaml", Self.greeting("one"))
            try write("other.flow.yaml", Self.other)
            try await environment.start()
            _ = try await environment.perform(EnvironmentRequest(.installSolution, ["path": .string(folder)]))
            _ = try await environment.perform(EnvironmentRequest(.activate, ["all": true]))
        }

        static func solution(_ flows: [String]) -> String {
            "uniqueName: W\nversion: 1.0.0.0\nflows:\n"
                + flows.map { "  - { file: \($0).flow.yaml }\n" }.joined()
        }

        func write(_ name: String, _ text: String) throws {
            try StateFiles.write(folder + "/" + name, Array(text.utf8))
        }

        /// Watches while the body runs; `look` makes the watch look once.
        func watching(_ body: (_ look: () async -> Void) async throws -> Void) async throws {
            let watch = SolutionWatch(environment, interval: .seconds(1)) { problem in
                self.problems.withLock { $0.append(problem) }
            } onReload: { flows in
                self.reloads.withLock { $0.append(flows) }
            }
            let task = Task { await watch.run() }
            let step = { () async in
                // The watch sleeps again once it has looked.
                while !self.clock.sleeping.contains(self.clock.now + .seconds(1)) { await Task.yield() }
            }
            await step()
            let result: Result<Void, any Error>
            do {
                try await body {
                    self.clock.advance(by: .seconds(1))
                    await step()
                }
                result = .success(())
            } catch {
                result = .failure(error)
            }
            task.cancel()
            await task.value
            await environment.shutdown()
            try result.get()
        }

        var taken: [[String]] { reloads.withLock { $0 } }
        var refused: [FlowError] { problems.withLock { $0 } }

        func start(_ flow: String) async throws -> String {
            let run = try await environment.perform(
                EnvironmentRequest(.startRun, ["flow": .string(flow), "wait": false]))
            return run["name"]?.stringValue ?? ""
        }

        /// What the last action of a run gave, once the run has ended.
        func said(_ run: String) async throws -> JSON? {
            _ = try await environment.perform(EnvironmentRequest(.watchRun, ["run": .string(run)]))
            let page = try await environment.perform(EnvironmentRequest(.showRun, ["run": .string(run)]))
            return page["actions"]?.arrayValue?.first { $0["path"] == "actions/Say" }?["outputs"]
        }
    }

    @Test func `a changed file is taken over once it is at rest, and a run that began before goes on as it was`()
        async throws
    {
        let world = try await World()
        try await world.watching { look in
            await look()
            #expect(world.taken.isEmpty)
            let old = try await world.start("Greeting")
            try world.write("greeting.flow.yaml", World.greeting("half"))
            await look()
            // Between two looks it changed again: it is not at rest.
            try world.write("greeting.flow.yaml", World.greeting("two and more"))
            await look()
            #expect(world.taken.isEmpty)
            await look()
            #expect(world.taken == [["Greeting"]])
            let new = try await world.start("Greeting")
            world.clock.advance(by: .seconds(60))
            #expect(try await world.said(old) == "one")
            #expect(try await world.said(new) == "two and more")
            #expect(world.refused.isEmpty)
        }
    }

    @Test func `a file with errors is named with its place, its flow goes on, and others are taken over`() async throws
    {
        let world = try await World()
        try await world.watching { look in
            try world.write("greeting.flow.yaml", World.greeting("@{concat(}"))
            try world.write("other.flow.yaml", World.other.replacing("inputs: other", with: "inputs: changed"))
            await look()
            await look()
            #expect(world.taken == [["Other"]])
            let place = try #require(world.refused.first?.location)
            #expect(place.file == world.folder + "/greeting.flow.yaml" && place.line == 5 && place.column > 1)
            let run = try await world.start("Greeting")
            let other = try await world.start("Other")
            world.clock.advance(by: .seconds(60))
            #expect(try await world.said(run) == "one")
            #expect(try await world.said(other) == "changed")
            // Nothing is said again until something changes again.
            let count = world.refused.count
            await look()
            await look()
            #expect(world.refused.count == count)
            try world.write("greeting.flow.yaml", World.greeting("mended"))
            await look()
            await look()
            #expect(world.taken == [["Other"], ["Greeting"]])
        }
    }

    @Test func `what could not be on is not taken over, new flows come in off, and a missing file changes nothing`()
        async throws
    {
        let world = try await World()
        try await world.watching { look in
            try world.write(
                "other.flow.yaml",
                World.other + "\nconnectionReferences: { crm: { connector: salesforce } }\n")
            try world.write("solution.yaml", World.solution(["greeting", "other", "new"]))
            await look()
            await look()
            #expect(world.taken.isEmpty)
            #expect(world.refused.count == 1)
            try world.write("new.flow.yaml", World.other.replacing("name: Other", with: "name: New"))
            await look()
            await look()
            #expect(world.taken == [["New"]])
            #expect(world.refused.dropFirst().map(\.code.rawValue).contains("XrmConnectionReferenceMissingConnection"))
            let flows = try await world.environment.perform(EnvironmentRequest(.listFlows)).arrayValue ?? []
            #expect(flows.map { $0["state"] } == ["Started", "Started", "Stopped"])
            _ = try await world.start("Other")
        }
    }
}
