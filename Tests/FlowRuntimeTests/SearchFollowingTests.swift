import FlowCore
import FlowStorage
import FlowTesting
import Synchronization
import Testing

@testable import FlowRuntime

@Suite struct SearchFollowingTests {
    /// Lets the others go on until something holds; a test that waits in vain fails instead of going on for ever.
    private func waitUntil(_ holds: () -> Bool, sourceLocation: Testing.SourceLocation = #_sourceLocation) async {
        let deadline = ContinuousClock.now + .seconds(20)
        while !holds() {
            guard ContinuousClock.now < deadline else {
                Issue.record("waited in vain", sourceLocation: sourceLocation)
                return
            }
            await Task.yield()
        }
    }

    @Test func `the lag is that of the oldest commit, and zero once it is taken in`() async throws {
        let clock = VirtualClock()
        let store = FaultyStore(InMemoryFlowStore())
        let following = SearchFollowing(store, clock: clock, report: { _ in })
        following.committed()
        #expect(following.lag == .zero, "nothing is followed yet")
        following.start()
        await waitUntil { !clock.sleeping.isEmpty }
        clock.advance(by: .milliseconds(100))
        following.committed()
        #expect(following.lag == .milliseconds(100))
        clock.advance(by: .milliseconds(400))
        await waitUntil { following.lag == .zero }
        // It looks once more; nothing is left to do then, so nobody sleeps.
        await waitUntil { !clock.sleeping.isEmpty }
        clock.advance(by: .seconds(1))
        await waitUntil { clock.sleeping.isEmpty }
        following.committed()
        await waitUntil { !clock.sleeping.isEmpty }
        clock.advance(by: SearchFollowing.pause)
        await waitUntil { following.lag == .zero }
        following.stop()
    }

    @Test func `a store that refuses is tried again ever more slowly, and reported once`() async throws {
        let clock = VirtualClock()
        let store = FaultyStore(InMemoryFlowStore())
        store.fail(commit: 1, .diedBefore)
        try? await store.commit(StoreCommit([.metadata("x", 1)]))
        let reports = Mutex(0)
        let following = SearchFollowing(store, clock: clock, report: { _ in reports.withLock { $0 += 1 } })
        let start = clock.now
        following.start()
        var waits: [Duration] = []
        for _ in 0..<9 {
            await waitUntil { !clock.sleeping.isEmpty }
            let next = clock.sleeping[0]
            waits.append(next - clock.now)
            clock.advance(to: next)
            await waitUntil { clock.sleeping.first != next }
        }
        #expect(waits.first == SearchFollowing.pause && waits[1] == SearchFollowing.pause * 2)
        #expect(waits.last == .seconds(30))
        #expect(reports.withLock { $0 } == 1)
        #expect(following.lag == clock.now - start)
        store.revive()
        await waitUntil { !clock.sleeping.isEmpty }
        clock.advance(by: .seconds(30))
        await waitUntil { following.lag == .zero }
        following.stop()
    }

    @Test func `a server follows by itself, and a search finds what was committed just now`() async throws {
        let world = try TestWorld([("writer.flow.yaml", FlowTexts.writing)])
        let environment = try await world.environment()
        try await world.setUp(environment)
        _ = try await environment.perform(
            EnvironmentRequest(.startRun, ["flow": "Writer", "input": ["text": "Quince jelly"]]))
        let found = try await environment.perform(EnvironmentRequest(.listRuns, ["text": "quince"]))
        #expect(found.arrayValue?.count == 1)
        #expect(try await environment.perform(EnvironmentRequest(.listRuns, ["text": "quinces"])) == [])
        await waitUntil {
            // Whenever it lies down to wait, the clock moves on.
            world.clock.advance(by: .milliseconds(10))
            return environment.searchLag == .zero
        }
        await environment.shutdown()
    }
}
