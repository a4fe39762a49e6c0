import FlowCore
import FlowStorage
import FlowTesting
import Synchronization
import Testing

@testable import FlowRuntime

/// `reconcile` beside runs that others start, in virtual time.
@Suite struct ReconcileTests {
    private static let text = """
        name: Catch up
        \(FlowTexts.reference)
        triggers:
          manual:
            type: Request
            kind: Http
            inputs: { schema: {} }
            runtimeConfiguration: { concurrency: { runs: 1, maximumWaitingRuns: 2 } }
        actions:
          Rest: { type: Wait, inputs: { interval: { count: 5, unit: Second } } }
        \(FlowTexts.call("Update", "Update", after: "Rest", item: "{ Name: \"@triggerBody()?['deal']\" }"))
        """

    private static let audit = """
        businessKeys: { deal: "@triggerBody()?['deal']" }
            audit:
              left: &side
                name: Here
                reference: tst_crm
                operation: Get
                parameters: { id: here }
                items: value
                key: "@item()?['id']"
                title: "@item()?['id']"
                changed: "@item()?['changed']"
                values: {}
              right: { <<: *side, name: There, parameters: { id: there } }
              reconcile:
                - flow: Catch up
                  input: { deal: "@item()?['left']?['id']" }
        """.replacing("\n    ", with: "\n")

    @Test func `deals wait for a place among the runs that may wait, and a run that waits already is not doubled`()
        async throws
    {
        let world = try TestWorld([("catch-up.flow.yaml", Self.text)], solution: Self.audit)
        let deals = ["a", "b", "c", "d"]
        world.service.state.withLock {
            $0.records = ["here": deals.map { ["id": .string($0), "changed": "2026-01-01T00:00:00Z"] }, "there": []]
        }
        let environment = try await world.environment()
        try await world.setUp(environment)
        // One goes on and two wait; with that nobody gets in any more.
        for deal in ["x", "y", "c"] {
            _ = try await environment.perform(
                EnvironmentRequest(.startRun, ["flow": "Catch up", "wait": false, "input": ["deal": .string(deal)]]))
        }
        let rows = try await Self.reconcile(environment, world)
        #expect(rows.map { $0["key"]?.stringValue } == deals)
        #expect(rows.allSatisfy { $0["status"] == "Succeeded" }, "\(rows)")
        let written = world.service.state.withLock { $0.items.values.sorted() }
        #expect(written == ["Update a", "Update b", "Update c", "Update d", "Update x", "Update y"])
        await environment.shutdown()
    }

    @Test func `a run that an earlier process left waiting is waited for by a command on its own`() async throws {
        let world = try TestWorld([("catch-up.flow.yaml", Self.text)], solution: Self.audit)
        world.service.state.withLock {
            $0.records = ["here": [["id": "c", "changed": "2026-01-01T00:00:00Z"]], "there": []]
        }
        var environment = try await world.environment()
        try await world.setUp(environment)
        for deal in ["x", "c"] {
            _ = try await environment.perform(
                EnvironmentRequest(.startRun, ["flow": "Catch up", "wait": false, "input": ["deal": .string(deal)]]))
        }
        await environment.shutdown()
        world.restart()
        environment = try await world.environment(listening: false)
        let rows = try await Self.reconcile(environment, world)
        #expect(rows.map { $0["status"] } == ["Succeeded"], "\(rows)")
        let written = world.service.state.withLock { $0.items.values.sorted() }
        #expect(written == ["Update c", "Update x"])
        await environment.shutdown()
    }

    /// Reconciles while the time goes on.
    private static func reconcile(_ environment: FlowEnvironment, _ world: TestWorld) async throws -> [JSON] {
        let isOver = Mutex(false)
        let reconciled = Task {
            defer { isOver.withLock { $0 = true } }
            return try await environment.perform(EnvironmentRequest(.reconcile, [:]))
        }
        for _ in 0..<20_000 where !isOver.withLock({ $0 }) {
            if environment.host.isIdle, let next = world.clock.sleeping.first { world.clock.advance(to: next) }
            await Task.yield()
        }
        return try #require(try await reconciled.value["solutions"]?[0]?["deals"]?.arrayValue)
    }
}
