import FlowCore
import FlowStorage
import Foundation
import GRDB
import Synchronization
import Testing

@testable import FlowStoreSQLite

/// A disk that gives back something else than was written.
@Suite struct StoreDamageTests {
    private static let pageSize = 4_096
    /// Enough that the middle of the log lies among them.
    private static let commits = 40
    private static let frameSize = 24 + pageSize

    private func run(_ name: String) -> RunSummary {
        RunSummary(
            name: name, flowID: "f", flowName: "F", definitionHash: "h", startTime: Timestamp(ticks: 0),
            triggerName: "t")
    }

    /// Changes bytes of a file.
    private func damage(_ path: String, at offset: Int, _ length: Int) throws {
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try file.seek(toOffset: UInt64(offset))
        let old = try file.read(upToCount: length) ?? Data()
        try file.seek(toOffset: UInt64(offset))
        try file.write(contentsOf: Data(old.map { ~$0 }))
        try file.close()
    }

    /// A store as a crash leaves it, in whose log one commit after the other stands.
    private func crashedStore() async throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let store = try SQLiteFlowStore(path: folder.database, key: folder.key)
        for number in 1...Self.commits { try await store.commit(StoreCommit([.startRun(run("r\(number)"))])) }
        let copy = try folder.crashCopy()
        await store.close()
        return copy
    }

    private func frames(_ folder: TemporaryFolder) throws -> Int {
        let size = try FileManager.default.attributesOfItem(atPath: folder.database + "-wal")[.size] as? Int
        return (try #require(size) - 32) / Self.frameSize
    }

    /// Where something is changed: in the log's head, or in a frame in its middle.
    @Test(
        arguments: [
            ("a page", true, 24 + 100), ("a checksum", true, 16), ("a salt", true, 8),
            ("the first page", false, 32 + 24),
            ("the head's checksum", false, 24), ("the head's salt", false, 16), ("the head's page size", false, 8),
        ])
    func `a damaged log is refused where commits would be lost silently, and the hint leads out`(
        _ what: String, _ isInMiddle: Bool, _ place: Int
    ) async throws {
        let folder = try await crashedStore()
        defer { folder.remove() }
        let log = folder.database + "-wal"
        let count = try frames(folder)
        try #require(count > 8)
        try damage(log, at: isInMiddle ? 32 + count / 2 * Self.frameSize + place : place, 4)
        let found = WriteAheadLog(beside: folder.database).findDamage()
        #expect(found?.frame == (isInMiddle ? count / 2 + 1 : 1), "\(what)")
        let before = try Data(contentsOf: URL(fileURLWithPath: log))
        var hint: String?
        do {
            _ = try SQLiteFlowStore(path: folder.database, key: folder.key)
            Issue.record("the damaged log was taken: \(what)")
        } catch {
            #expect(error.code == .storeCorrupt)
            hint = error.hint
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: log)) == before)

        let command = try #require(hint?.firstMatch(of: #/truncate -s (\d+) /#))
        #expect(truncate(log, Int(command.1) ?? -1) == 0)
        let store = try SQLiteFlowStore(path: folder.database, key: folder.key)
        let kept = try await store.runCount(RunFilter())
        #expect(isInMiddle ? (1..<Self.commits).contains(kept) : kept == 0, "\(what): \(kept)")
        await store.close()
    }

    @Test func `a commit that was under way when the power went is no damage`() async throws {
        let folder = try await crashedStore()
        defer { folder.remove() }
        let log = folder.database + "-wal"
        let count = try frames(folder)
        #expect(WriteAheadLog(beside: folder.database).findDamage() == nil)
        try damage(log, at: 32 + (count - 1) * Self.frameSize + 24, 4)
        #expect(WriteAheadLog(beside: folder.database).findDamage() == nil)
        let store = try SQLiteFlowStore(path: folder.database, key: folder.key)
        #expect(try await store.runCount(RunFilter()) == Self.commits - 1)
        await store.close()
        // A log that was begun anew holds frames of the one before behind its end.
        let again = try await crashedStore()
        defer { again.remove() }
        let owner = try SQLiteFlowStore(path: again.database, key: again.key)
        try await DatabaseQueue(path: again.database).writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA wal_checkpoint(RESTART)")
        }
        try await owner.commit(StoreCommit([.startRun(run("next"))]))
        let copy = try again.crashCopy()
        defer { copy.remove() }
        try #require(try frames(copy) >= count)
        #expect(WriteAheadLog(beside: copy.database).findDamage() == nil)
        await owner.close()
    }

    @Test func `without the promise of power loss a torn log is taken as far as it goes`() async throws {
        let folder = try await crashedStore()
        defer { folder.remove() }
        try damage(folder.database + "-wal", at: 32 + (try frames(folder) - 6) * Self.frameSize + 24, 4)
        let store = try SQLiteFlowStore(path: folder.database, key: folder.key, durability: .process)
        #expect(try await store.runCount(RunFilter()) > 0)
        await store.close()
    }

    @Test func `a page that reads damaged ends commits until every page was found whole`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let filling = try SQLiteFlowStore(path: folder.database, key: folder.key)
        for number in 1...300 {
            let events = [JournalEvent(.string(UUIDText.random() + UUIDText.random()))]
            try await filling.commit(
                StoreCommit([
                    .startRun(run("r\(number)")), .append(JournalBatch(run: "r\(number)", first: 1, events: events)),
                ]))
        }
        try await DatabaseQueue(path: folder.database).writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
        await filling.close()
        let whole = try Data(contentsOf: URL(fileURLWithPath: folder.database))

        let store = try SQLiteFlowStore(path: folder.database, key: folder.key)
        let told = Mutex<[FlowError.Code]>([])
        store.whenUnusable { error in told.withLock { $0.append(error.code) } }
        try damage(folder.database, at: 2 * Self.pageSize, whole.count - 2 * Self.pageSize)
        for _ in 0..<2 {
            await #expect(throws: FlowError.self) { try await store.runs(RunFilter(limit: 300)) }
        }
        #expect(told.withLock { $0 } == [.storeCorrupt])
        guard case .unusable(let failure) = store.health else {
            Issue.record("the store is \(store.health)")
            return
        }
        #expect(failure.code == .storeCorrupt)
        for _ in 0..<2 {
            do {
                try await store.commit(StoreCommit([.startRun(run("lost"))]))
                Issue.record("a commit to a damaged database was done")
            } catch {
                #expect(error.code == .storeCorrupt)
            }
            await #expect(throws: FlowError.self) { try await store.reopen() }
        }
        // The disk gives back what was written, after all.
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: folder.database))
        try file.write(contentsOf: whole)
        try file.close()
        try await store.reopen()
        #expect(store.health == .ready)
        try await store.commit(StoreCommit([.startRun(run("kept"))]))
        #expect(try await store.runCount(RunFilter()) == 301)
        await store.close()
    }

    @Test func `a journal that is damaged alone is said to be so and harms no other run`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let store = try SQLiteFlowStore(path: folder.database, key: folder.key)
        for name in ["a", "b"] {
            try await store.commit(
                StoreCommit([
                    .startRun(run(name)),
                    .append(JournalBatch(run: name, first: 1, events: [JournalEvent(["n": .string(name)])])),
                ]))
        }
        try await DatabaseQueue(path: folder.database).write { database in
            try database.execute(
                sql: "UPDATE journal SET events = zeroblob(20) WHERE id = (SELECT min(id) FROM journal)")
        }
        do {
            _ = try await store.journal(of: "a")
            Issue.record("a damaged journal was read")
        } catch {
            #expect(error.code == .journalUnreadable)
            #expect(error.hint?.contains("flowrun restore FILE") == true)
        }
        #expect(try await store.journal(of: "b") == [["n": "b"]])
        #expect(store.health == .ready)
        await store.close()
    }
}
