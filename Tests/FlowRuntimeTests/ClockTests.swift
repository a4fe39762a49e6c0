import FlowCore
import FlowStorage
import FlowTesting
import Synchronization
import Testing

@testable import FlowRuntime

/// People and time servers set clocks; nothing fires twice for that, and nothing is lost.
@Suite struct ClockTests {
    private static func recurring(_ recurrence: String) -> String {
        """
        name: Clockwork
        triggers:
          Recurrence: { type: Recurrence, recurrence: \(recurrence) }
        actions:
          Done: { type: Compose, inputs: done }
        """
    }

    private func until(_ what: String, _ holds: () async throws -> Bool) async throws {
        for _ in 0..<100_000 {
            if try await holds() { return }
            await Task.yield()
        }
        Issue.record("in vain: \(what)")
    }

    private func settle() async { for _ in 0..<2_000 { await Task.yield() } }

    private func runs(_ world: TestWorld) async throws -> Int { try await world.store.runCount(RunFilter()) }

    /// Waits until what was due has fired and the next occurrence is slept for: the recorded one, or the one given.
    private func rest(_ world: TestWorld, until instant: Timestamp? = nil) async throws {
        try await until("the next occurrence is waited for") {
            let recorded = try await world.store.triggerStates().first?.nextDue
            return (instant ?? recorded).map { world.clock.sleeping.contains($0) } ?? false
        }
    }

    /// Lets time pass in small steps, as it does, up to the next occurrence at the latest.
    private func pass(_ world: TestWorld, _ span: Duration, step: Duration = .seconds(60)) async {
        let end = world.clock.elapsed + span
        while world.clock.elapsed < end {
            world.clock.advance(by: min(step, end - world.clock.elapsed))
            await settle()
        }
    }

    @Test func `an interval fires once when the clock is set forward, and goes on when it is set back`() async throws {
        let world = try TestWorld([("c.flow.yaml", Self.recurring("{ frequency: Minute, interval: 5 }"))])
        let environment = try await world.environment()
        try await world.setUp(environment)
        try await until("the first fires") { try await runs(world) == 1 }
        try await rest(world)
        await pass(world, .seconds(300))
        try await rest(world)
        #expect(try await runs(world) == 2)

        // Five hours ahead: what lay between is due once.
        world.clock.set(to: world.clock.now + .seconds(5 * 3_600))
        try await until("it fires once") { try await runs(world) == 3 }
        try await rest(world)
        await pass(world, .seconds(240))
        #expect(try await runs(world) == 3)
        await pass(world, .seconds(60))
        try await until("the next comes an interval later") { try await runs(world) == 4 }
        try await rest(world)

        // And back to the time: the next comes an interval later, not in five hours.
        world.clock.set(to: world.clock.now - .seconds(5 * 3_600))
        try await rest(world, until: world.clock.now + .seconds(300))
        await pass(world, .seconds(240))
        #expect(try await runs(world) == 4)
        await pass(world, .seconds(60))
        try await until("it fires an interval later") { try await runs(world) == 5 }
        try await rest(world)
        await pass(world, .seconds(300))
        try await until("it goes on") { try await runs(world) == 6 }
        await environment.shutdown()
    }

    @Test func `a schedule fires once a day, whatever the clock is set to around it`() async throws {
        // The virtual clock begins at nine.
        let daily = "{ frequency: Day, interval: 1, schedule: { hours: [10], minutes: [0] } }"
        let world = try TestWorld([("c.flow.yaml", Self.recurring(daily))])
        let environment = try await world.environment()
        try await world.setUp(environment)
        let began = world.clock.now
        try await rest(world)
        await pass(world, .seconds(3_600), step: .seconds(600))
        try await until("it fires at ten") { try await runs(world) == 1 }
        try await rest(world)

        // Half an hour back: ten o'clock comes again and has been.
        world.clock.set(to: began + .seconds(1_800))
        try await rest(world)
        await pass(world, .seconds(3_600), step: .seconds(600))
        #expect(try await runs(world) == 1)

        // A year ahead by mistake: it fires; and set right again it fires the next morning.
        world.clock.set(to: began + .seconds(365 * 86_400 + 7_200))
        try await until("it is due") { try await runs(world) == 2 }
        try await rest(world)
        world.clock.set(to: began + .seconds(7_200))
        try await rest(world, until: began + .seconds(86_400 + 3_600))
        await pass(world, .seconds(86_400 - 3_600), step: .seconds(3_600))
        try await until("it fires on the right day") { try await runs(world) == 3 }
        try await rest(world, until: began + .seconds(2 * 86_400 + 3_600))
        await environment.shutdown()
    }

    @Test func `a restart with a clock that is right again believes no occurrence that is far off`() async throws {
        let world = try TestWorld([("c.flow.yaml", Self.recurring("{ frequency: Hour, interval: 1 }"))])
        let environment = try await world.environment()
        try await world.setUp(environment)
        let began = world.clock.now
        try await until("the first fires") { try await runs(world) == 1 }
        try await rest(world)
        world.clock.set(to: began + .seconds(365 * 86_400))
        try await until("it is due") { try await runs(world) == 2 }
        try await rest(world)
        await environment.shutdown()
        world.restart()
        world.clock.set(to: began + .seconds(60))
        let next = try await world.environment()
        try await rest(world, until: world.clock.now + .seconds(3_600))
        await pass(world, .seconds(3_600), step: .seconds(600))
        try await until("it fires within the hour") { try await runs(world) == 3 }
        await next.shutdown()
    }

    @Test func `a polling trigger goes on asking when the clock is set back`() async throws {
        let world = try TestWorld([("poller.flow.yaml", FlowTexts.polling)])
        let environment = try await world.environment()
        try await world.setUp(environment)
        try await until("it asks") { world.service.state.withLock { $0.polls.count } == 1 }
        await pass(world, .seconds(90), step: .seconds(90))
        try await until("it asks again") { world.service.state.withLock { $0.polls.count } == 2 }
        try await rest(world)
        world.clock.set(to: world.clock.now - .seconds(10 * 3_600))
        try await rest(world, until: world.clock.now + .seconds(60))
        await pass(world, .seconds(60))
        try await until("it asks again") { world.service.state.withLock { $0.polls.count } == 3 }
        await environment.shutdown()
    }

    @Test func `a clock that is far ahead deletes no history within a day`() async throws {
        let world = try TestWorld([("c.flow.yaml", Self.recurring("{ frequency: Month, interval: 1 }"))])
        let environment = try await world.environment()
        try await world.setUp(environment)
        try await until("a run ends") { try await world.store.runCount(RunFilter(isFinished: true)) == 1 }
        await pass(world, .seconds(60))
        world.clock.set(to: world.clock.now + .seconds(60 * 86_400))
        await settle()
        await pass(world, .seconds(3_600), step: .seconds(600))
        #expect(try await world.store.runCount(RunFilter(isFinished: true)) >= 1)
        let first = try await world.store.runs(RunFilter(isFinished: true)).last?.name ?? ""
        #expect(try await world.store.run(first) != nil)
        // A day later it counts as the time.
        await pass(world, .seconds(2 * 86_400), step: .seconds(3_600))
        try await until("it is deleted") { try await world.store.run(first) == nil }
        await environment.shutdown()
    }

    @Test func `a store that failed is looked at again though the clock was set back`() async throws {
        let world = try TestWorld([("c.flow.yaml", Self.recurring("{ frequency: Day, interval: 1 }"))])
        let environment = try await world.environment()
        try await world.setUp(environment)
        try await until("a run ends") { try await world.store.runCount(RunFilter(isFinished: true)) == 1 }
        await settle()
        world.store.fail(commit: world.store.commitCount + 1, .diedBefore)
        _ = try? await environment.perform(EnvironmentRequest(.startRun, ["flow": "Clockwork"]))
        try await until("the store is unusable") { environment.readiness == .storeUnusable }
        world.clock.set(to: world.clock.now - .seconds(10 * 3_600))
        world.store.revive()
        await pass(world, .seconds(10), step: .seconds(1))
        try await until("the store is well again") { environment.readiness == .ready }
        await environment.shutdown()
    }

    @Test(
        arguments: [
            ("the next one", "2026-01-05T10:00", "2026-01-05T10:00"),
            ("the one after, which follows one that has fired", "2026-01-06T10:00", "2026-01-06T10:00"),
            ("one that a wrong clock reckoned", "2027-03-01T10:00", "2026-01-05T10:00"),
        ])
    func `an occurrence is believed where the clock can have been right`(
        _ what: String, _ due: String, _ expected: String
    ) throws {
        let json: JSON = ["frequency": "Day", "interval": 1, "schedule": ["hours": [10], "minutes": [0]]]
        let recurrence = try #require(Recurrence(json))
        let now = try #require(Timestamp(iso8601: "2026-01-05T09:30:00Z"))
        let believed = recurrence.believed(try #require(Timestamp(iso8601: due + ":00Z")), now: now)
        #expect(believed == Timestamp(iso8601: expected + ":00Z"), "\(what)")
    }
}
