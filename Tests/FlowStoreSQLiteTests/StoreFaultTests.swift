import FlowCore
import FlowStorage
import FlowTesting
import GRDB
import Synchronization
import Testing

@testable import FlowStoreSQLite

@Suite struct StoreFaultTests {
    /// Decides at each statement of the writer what happens.
    final class Script: Sendable {
        private let state = Mutex((count: 0, failAt: Int.max, code: Int32(0)))
        let whenReached: @Sendable (Int) -> Void

        init(_ whenReached: @escaping @Sendable (Int) -> Void = { _ in }) { self.whenReached = whenReached }

        var count: Int { state.withLock { $0.count } }

        func fail(at number: Int, with code: Int32) { state.withLock { $0 = (0, number, code) } }

        func next() -> Int32 {
            let (count, code) = state.withLock { state in
                state.count += 1
                return (state.count, state.count == state.failAt ? state.code : 0)
            }
            whenReached(count)
            return code
        }
    }

    private func run(_ name: String) -> RunSummary {
        var run = RunSummary(
            name: name, flowID: "f", flowName: "F", definitionHash: "h", startTime: Timestamp(ticks: 0),
            triggerName: "t")
        run.keys = [BusinessKey(name: "k", value: "v")]
        return run
    }

    /// A commit that touches everything that belongs to runs and triggers.
    private func wholeCommit(_ name: String) -> StoreCommit {
        let large = JSON.string(String(repeating: "x", count: 20_000))
        return StoreCommit([
            .startRun(run(name)),
            .append(JournalBatch(run: name, first: 1, events: [JournalEvent(["a": large]), JournalEvent(2)])),
            .setTimer(RunTimer(run: name, id: "1", due: Timestamp(ticks: 5))),
            .send(InboxEntry(run: name, id: "m", kind: "k", body: 1, sentAt: Timestamp(ticks: 1))),
            .effect(
                EffectEntry(run: name, id: "e", path: "actions/A", operation: "o", intendedAt: Timestamp(ticks: 1))),
            .echo(EchoEntry(kind: "k", entity: "1", values: ["a": name], run: name, writtenAt: Timestamp(ticks: 1))),
            .useQuota(QuotaUse(name: "q", window: Timestamp(ticks: 0))),
            .trigger(TriggerState(flow: "f", trigger: "t", watermark: .string(name))),
            .seen(TriggerKey(flow: "f", key: name, run: name, seenAt: Timestamp(ticks: 1))),
            .history(
                TriggerHistoryEntry(
                    id: name, flow: "f", trigger: "t", status: "Succeeded", fired: true, startTime: Timestamp(ticks: 1))
            ),
            .append(JournalBatch(run: name, first: 3, events: [JournalEvent(3)])),
        ])
    }

    /// What of such a commit is in a store: everything, nothing, or what should not be.
    private func presence(of name: String, in store: some FlowStore) async throws -> String {
        let parts: [Bool] = [
            try await store.run(name) != nil, try await store.journal(of: name).count == 3,
            try await store.timers(of: name).count == 1, try await store.inbox(of: name).count == 1,
            try await store.effects(of: name).count == 1,
            try await store.echo(kind: "k", entity: "1")?.values == ["a": name],
            try await store.triggerState(flow: "f", trigger: "t")?.watermark == .string(name),
            try await store.seenKeys(flow: "f", keys: [name]).count == 1,
            try await store.triggerHistoryEntry(name) != nil,
        ]
        if parts.allSatisfy({ $0 }) { return "all" }
        let journal = try await store.journal(of: name)
        return parts.contains(true) || !journal.isEmpty ? "some: \(parts)" : "nothing"
    }

    @Test func `a commit fails at any statement and leaves nothing, and the next one works`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let script = Script()
        var location = StoreLocation(path: folder.database, durability: .process)
        location.beforeStatement = { _ in script.next() }
        let store = try SQLiteFlowStore(location, key: folder.key)
        try await store.commit(wholeCommit("first"))
        var number = 0
        while true {
            number += 1
            script.fail(at: number, with: 10)
            do {
                try await store.commit(wholeCommit("run \(number)"))
                break
            } catch {
                #expect(error.code == .storeUnusable)
                #expect(try await presence(of: "run \(number)", in: store) == "nothing", "statement \(number)")
                guard case .unusable = store.health else { return #expect(Bool(false), "\(store.health)") }
                script.fail(at: .max, with: 0)
                try await store.commit(wholeCommit("after \(number)"))
                #expect(store.health == .ready)
                #expect(try await presence(of: "after \(number)", in: store) == "all")
            }
        }
        #expect(number > 15)
        #expect(try await presence(of: "run \(number)", in: store) == "all")
        #expect(try await store.quotaUsed("q", since: Timestamp(ticks: 0)) == Int64(number) + 1)
        #expect(try await store.findDamage() == [])
        await store.close()
    }

    @Test func `a crash at any statement leaves the commit before it`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let copies = Mutex<[TemporaryFolder]>([])
        let isCopying = Mutex(false)
        let script = Script { _ in
            guard isCopying.withLock({ $0 }), let copy = try? folder.crashCopy() else { return }
            copies.withLock { $0.append(copy) }
        }
        var location = StoreLocation(path: folder.database)
        location.beforeStatement = { _ in script.next() }
        let store = try SQLiteFlowStore(location, key: folder.key)
        try await store.commit(wholeCommit("first"))
        isCopying.withLock { $0 = true }
        try await store.commit(wholeCommit("second"))
        isCopying.withLock { $0 = false }
        let during = copies.withLock { $0 }
        #expect(during.count > 15)
        let after = try folder.crashCopy()
        for (place, copy) in (during + [after]).enumerated() {
            let survivor = try SQLiteFlowStore(path: copy.database, key: folder.key)
            let isAfter = place == during.count
            #expect(try await survivor.run("first") != nil)
            #expect(try await survivor.journal(of: "first").count == 3)
            #expect(try await presence(of: "second", in: survivor) == (isAfter ? "all" : "nothing"), "at \(place)")
            #expect(try await survivor.findDamage() == [])
            try await survivor.commit(wholeCommit("third"))
            await survivor.close()
            copy.remove()
        }
        await store.close()
    }

    @Test func `when the disk refuses, everybody of the group is told and nothing of it happened`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let script = Script()
        var location = StoreLocation(path: folder.database)
        location.beforeStatement = { _ in script.next() }
        let vault = Vault(key: folder.key)
        func prepared(_ commit: StoreCommit) throws -> PreparedCommit {
            try PreparedCommit(commit, vault: vault, keptValues: KeptValues())
        }
        let writer = try SQLiteWriter(location, vault: vault)
        let group = try (0..<10).map { try prepared(wholeCommit("run \($0)")) }
        script.fail(at: 100, with: 13)
        let failed = writer.write(group)
        #expect(failed.count == 10)
        for result in failed {
            guard case .unusable(let error) = result else {
                return #expect(Bool(false), "\(String(describing: result))")
            }
            #expect(error.code == .storeFull)
        }
        // One that is refused after it began to write costs the others only time.
        script.fail(at: .max, with: 0)
        var mixed = group
        mixed.insert(try prepared(StoreCommit([.metadata("m", 1), .startRun(run("run 3"))])), at: 5)
        mixed.append(try prepared(StoreCommit([.startRun(run("run 1"))])))
        let results = writer.write(mixed)
        #expect(results.map { $0 == nil } == (0..<12).map { $0 != 5 && $0 != 11 })
        let again = writer.write(group + [try prepared(StoreCommit([.metadata("n", 1)]))])
        #expect(again.map { $0 == nil } == (0..<11).map { $0 == 10 })
        writer.close()
        let rows = try DatabaseQueue(path: folder.database).read { database in
            try Int.fetchOne(database, sql: "SELECT count(*) FROM runs") ?? 0
        }
        #expect(rows == 10)
    }

    @Test(
        arguments: [
            (13, FlowError.Code.storeFull), (10, .storeUnusable), (1_034, .storeUnusable), (11, .storeCorrupt),
            (26, .storeCorrupt), (5, .storeLocked), (6, .storeLocked), (8, .storeReadOnly), (14, .storeUnusable),
            (7, .storeUnusable),
        ] as [(Int32, FlowError.Code)])
    func `each refusal of SQLite has its code and says what to do`(_ code: Int32, _ expected: FlowError.Code)
        async throws
    {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let script = Script()
        var location = StoreLocation(path: folder.database, durability: .process)
        location.beforeStatement = { _ in script.next() }
        let store = try SQLiteFlowStore(location, key: folder.key)
        script.fail(at: 2, with: code)
        do {
            try await store.commit(StoreCommit([.metadata("m", 1)]))
            #expect(Bool(false), "the commit was done")
        } catch {
            #expect(error.code == expected)
            #expect(error.hint?.isEmpty == false)
            #expect(ErrorPage.all[error.code] != nil)
        }
        await store.close()
    }

    @Test func `a full disk refuses what does not fit, and what fits later goes on`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var location = StoreLocation(path: folder.database)
        location.pageLimit = 120
        let store = try SQLiteFlowStore(location, key: folder.key)
        let text = JSON.string(String((0..<8_000).map { _ in "abcdefghijklmnopqrstuvwxyz".randomElement() ?? "a" }))
        try await store.commit(StoreCommit([.startRun(run("r1"))]))
        var written: Int64 = 0
        var failure: FlowError?
        while failure == nil, written < 1_000 {
            do {
                try await store.commit(
                    StoreCommit([.append(JournalBatch(run: "r1", first: written + 1, events: [JournalEvent(text)]))]))
                written += 1
            } catch {
                failure = error
            }
        }
        #expect(failure?.code == .storeFull)
        #expect(written > 5)
        #expect(try await store.lastEventNumber(of: "r1") == written)
        try await store.commit(StoreCommit([.deleteRuns(["r1"]), .startRun(run("r2"))]))
        try await store.commit(
            StoreCommit([.append(JournalBatch(run: "r2", first: 1, events: [JournalEvent(text)]))]))
        #expect(try await store.journal(of: "r2") == [text])
        await store.close()
    }

    @Test func `a foreign lock is waited for, then told, and nothing is lost when it goes`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var location = StoreLocation(path: folder.database, durability: .process)
        location.busyTimeout = 0.02
        let store = try SQLiteFlowStore(location, key: folder.key)
        try await store.commit(wholeCommit("first"))
        let foreign = try DatabaseQueue(path: folder.database)
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let holder = try DatabaseQueue(path: folder.database, configuration: configuration)
        try await holder.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        do {
            try await store.commit(wholeCommit("second"))
            #expect(Bool(false), "the commit was done")
        } catch {
            #expect(error.code == .storeLocked)
        }
        #expect(try await store.run("first") != nil)
        try await holder.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        try await store.reopen()
        try await store.commit(wholeCommit("second"))
        #expect(try await presence(of: "second", in: store) == "all")
        try foreign.close()
        await store.close()
    }

    @Test func `a faulty store fails the commit it is told to, before or after it`() async throws {
        let inner = InMemoryFlowStore()
        let store = FaultyStore(inner)
        for (number, fault) in [FaultyStore.Fault.refused, .diedBefore, .diedAfter].enumerated() {
            store.fail(commit: store.commitCount + 1, fault)
            await #expect(throws: FlowError.self) { try await store.commit(wholeCommit("run \(number)")) }
            #expect(try await inner.run("run \(number)") == nil || fault == .diedAfter)
            if fault != .refused {
                #expect(store.isDead)
                await #expect(throws: FlowError.self) { try await store.commit(wholeCommit("later \(number)")) }
                store.revive()
            }
            try await store.commit(wholeCommit("after \(number)"))
        }
        #expect(try await inner.run("run 2") != nil)
    }
}
