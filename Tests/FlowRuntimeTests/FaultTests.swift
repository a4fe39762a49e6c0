import FlowCore
import FlowDefinitions
import FlowEngine
import FlowStorage
import FlowTesting
import Synchronization
import Testing

@testable import FlowRuntime

/// What goes wrong around runs: clocks that are set, flows that change, calls that come late, a store that fails.
@Suite struct FaultTests {
    private static func waiter(_ word: String) -> String {
        """
        name: Waiter
        \(FlowTexts.reference)
        triggers: { manual: { type: Request, kind: Button } }
        actions:
          Wait: { type: Wait, inputs: { interval: { count: 2, unit: Hour } } }
        \(FlowTexts.call("Update", "Update", after: "Wait"))
          Word: { type: Compose, inputs: \(word), runAfter: { Update: [Succeeded] } }
        outputs:
          word: { type: String, value: "@outputs('Word')" }
        """
    }

    private func until(_ what: String, _ holds: () async throws -> Bool) async throws {
        for _ in 0..<100_000 {
            if try await holds() { return }
            await Task.yield()
        }
        Issue.record("in vain: \(what)")
    }

    /// Starts the waiting flow and waits until it lies in the store.
    private func startWaiting(_ world: TestWorld, _ environment: FlowEnvironment) async throws -> String {
        let started = try await environment.perform(EnvironmentRequest(.startRun, ["flow": "Waiter", "wait": false]))
        let name = started["name"]?.stringValue ?? ""
        try await until("the run waits") { try await world.store.run(name)?.wait?.kind == .timer }
        try await until("the run is passive") { environment.counts.runsInMemory == 0 }
        return name
    }

    /// Lets time pass until a run has ended.
    private func pass(_ world: TestWorld, _ name: String, within limit: Duration) async throws {
        let end = world.clock.now + limit
        try await until("the run ends") {
            if world.clock.now < end { world.clock.advance(by: .seconds(60)) }
            return try await world.store.run(name)?.isFinished == true
        }
    }

    @Test func `a clock that is set forward makes timers due, one that is set back makes them wait`() async throws {
        let world = try TestWorld([("waiter.flow.yaml", Self.waiter("done"))])
        let environment = try await world.environment()
        try await world.setUp(environment)
        let began = world.clock.now
        let forward = try await startWaiting(world, environment)
        world.clock.set(to: began + .seconds(5 * 3_600))
        try await pass(world, forward, within: .seconds(120))
        #expect(try await world.store.run(forward)?.status == "Succeeded")

        let back = try await startWaiting(world, environment)
        let due = try await world.store.timers(of: back).map(\.due).min()
        #expect(due == world.clock.now + .seconds(7_200))
        world.clock.set(to: began)
        for _ in 0..<500 { await Task.yield() }
        #expect(try await world.store.run(back)?.isFinished == false)
        // A run that is begun now waits by the clock as it is now.
        let later = try await startWaiting(world, environment)
        try await pass(world, later, within: .seconds(3 * 3_600))
        #expect(try await world.store.run(back)?.isFinished == false)
        try await pass(world, back, within: .seconds(9 * 3_600))
        #expect(try await world.store.run(back)?.status == "Succeeded")
        await environment.shutdown()
    }

    @Test func `a run keeps its definition when the flow is edited, turned on again and uninstalled`() async throws {
        let world = try TestWorld([("waiter.flow.yaml", Self.waiter("old"))])
        let environment = try await world.environment()
        try await world.setUp(environment)
        let first = try await startWaiting(world, environment)
        let hash = try await world.store.run(first)?.definitionHash
        let edited = Self.waiter("new").replacing("count: 2, unit: Hour", with: "count: 1, unit: Minute")
        try StateFiles.write(world.folder + "/waiter.flow.yaml", Array(edited.utf8))
        _ = try await environment.perform(EnvironmentRequest(.installSolution, ["path": .string(world.folder)]))
        _ = try await environment.perform(EnvironmentRequest(.activate, ["all": true]))
        #expect(try await world.store.run(first)?.definitionHash == hash)
        let second = try await startWaiting(world, environment)
        #expect(try await world.store.run(second)?.definitionHash != hash)
        _ = try await environment.perform(EnvironmentRequest(.deactivate, ["all": true]))
        _ = try await environment.perform(EnvironmentRequest(.uninstallSolution, ["name": "Test"]))
        #expect(try await world.store.flows().isEmpty)
        // The next process takes them up from their journals, with no flow installed.
        await environment.shutdown()
        world.restart()
        let next = try await world.environment()
        for (name, word) in [(second, "new"), (first, "old")] {
            try await pass(world, name, within: .seconds(3 * 3_600))
            let page = try await next.perform(EnvironmentRequest(.showRun, ["run": .string(name)]))
            #expect(page["status"] == "Succeeded" && page["outputs"]?["word"]?["value"] == .string(word), "\(page)")
        }
        await next.shutdown()
    }

    @Test
    func `a child that is uninstalled goes on, and a parent that would start it later fails with the platform's words`()
        async throws
    {
        let child = """
            name: Child
            triggers: { manual: { type: Request, kind: Button } }
            actions:
              Wait: { type: Wait, inputs: { interval: { count: 4, unit: Hour } } }
              Respond: { type: Response, kind: PowerApp, inputs: { statusCode: 200, body: late }, runAfter: { Wait: [Succeeded] } }
            """
        func parent(_ name: String, hours: Int) -> String {
            """
            name: \(name)
            triggers: { manual: { type: Request, kind: Button } }
            actions:
              Wait: { type: Wait, inputs: { interval: { count: \(hours), unit: Hour } } }
              Call: { type: Workflow, inputs: { host: { workflowReferenceName: Child } }, runAfter: { Wait: [Succeeded] } }
            outputs:
              word: { type: String, value: "@body('Call')" }
            """
        }
        let world = try TestWorld([
            ("child.flow.yaml", child), ("early.flow.yaml", parent("Early", hours: 1)),
            ("late.flow.yaml", parent("Late", hours: 3)),
        ])
        let environment = try await world.environment()
        try await world.setUp(environment)
        var names: [String: String] = [:]
        for flow in ["Early", "Late"] {
            let started = try await environment.perform(
                EnvironmentRequest(.startRun, ["flow": .string(flow), "wait": false]))
            names[flow] = started["name"]?.stringValue
        }
        let (early, late) = (try #require(names["Early"]), try #require(names["Late"]))
        try await until("both wait") { try await world.store.runCount(RunFilter(waiting: .timer)) == 2 }
        try await until("both are passive") { environment.counts.runsInMemory == 0 }
        try await until("the child was started") {
            if try await world.store.run(early)?.wait?.kind == .child { return true }
            world.clock.advance(by: .seconds(60))
            return false
        }
        _ = try await environment.perform(EnvironmentRequest(.deactivate, ["all": true]))
        _ = try await environment.perform(EnvironmentRequest(.uninstallSolution, ["name": "Test"]))
        try await pass(world, late, within: .seconds(3 * 3_600))
        let failed = try await environment.perform(EnvironmentRequest(.showRun, ["run": .string(late)]))
        #expect(failed["status"] == "Failed")
        let call = failed["actions"]?.arrayValue?.first { $0["name"] == "Call" }
        #expect(call?["error"]?["code"] == "WorkflowNotFound", "\(failed)")
        #expect(call?["error"]?["message"] == "The workflow 'Child' could not be found.")
        // The one that had its child in time gets its answer.
        try await pass(world, early, within: .seconds(6 * 3_600))
        #expect(try await world.store.run(early)?.status == "Succeeded")
        await environment.shutdown()
    }

    @Test func `a run that was cancelled while a call was out gets the call's result into its journal`() async throws {
        let world = try TestWorld([("writer.flow.yaml", FlowTexts.writing)])
        let environment = try await world.environment()
        try await world.setUp(environment)
        world.service.state.withLock { $0.isHeld = true }
        let started = try await environment.perform(
            EnvironmentRequest(.startRun, ["flow": "Writer", "input": ["text": "x"], "wait": false]))
        let name = started["name"]?.stringValue ?? ""
        try await until("the call is out") { world.service.state.withLock { !$0.held.isEmpty } }
        let cancelled = try await environment.perform(EnvironmentRequest(.cancelRun, ["run": .string(name)]))
        #expect(cancelled["status"] == "Cancelled")
        #expect(try await world.store.effects(of: name).map(\.state) == [.inFlight])
        world.service.release()
        try await until("the result is journaled") {
            try await world.store.effects(of: name).map(\.state) == [.finished]
        }
        #expect(try await world.store.run(name)?.status == "Cancelled")
        try await until("the run leaves the memory") { environment.counts.runsInMemory == 0 }
        await environment.shutdown()
    }

    @Test func `a store that fails is told with its code until it is well again`() async throws {
        let world = try TestWorld([("writer.flow.yaml", FlowTexts.writing)])
        let environment = try await world.environment()
        try await world.setUp(environment)
        for number in 1...3 { world.store.fail(commit: world.store.commitCount + number, .refused) }
        let reply = await environment.reply(
            to: EnvironmentRequest(.startRun, ["flow": "Writer", "input": ["text": "x"]]))
        guard case .error(let error) = reply else {
            Issue.record("the run was taken")
            return
        }
        #expect(error.code == .storeFull)
        try await until("the store is well") {
            if let next = world.clock.sleeping.first { world.clock.advance(to: next) }
            return environment.readiness == .ready
        }
        #expect(environment.storeFailure == nil)
        #expect(try await world.store.runCount(RunFilter()) == 0)
        await environment.shutdown()
    }
}
