import FlowCore
import FlowStorage
import Foundation
import GRDB
import Testing

@testable import FlowStoreSQLite

@Suite struct SearchIndexTests {
    private let start = Timestamp(year: 2026, month: 1, day: 5)

    private func run(_ name: String, ended: Bool = true) -> RunSummary {
        RunSummary(
            name: name, flowID: "flow", flowName: "Deals", definitionHash: "hash",
            status: ended ? "Succeeded" : "Running", startTime: start, endTime: ended ? start + .seconds(1) : nil,
            triggerName: "manual")
    }

    private func add(_ store: SQLiteFlowStore, _ name: String, _ word: String, ended: Bool = true) async throws {
        let event = JournalEvent(["t": "actionEnded", "a": "Say", "s": "Succeeded", "outputs": .string(word)])
        try await store.commit(
            StoreCommit([
                .startRun(run(name, ended: ended)), .append(JournalBatch(run: name, first: 1, events: [event])),
            ]))
    }

    private func find(_ store: SQLiteFlowStore, _ text: String) async throws -> [String] {
        var filter = RunFilter()
        filter.text = text
        return try await store.runs(filter).map(\.name)
    }

    private func catchUp(_ store: SQLiteFlowStore) async throws { while try await !store.followText(limit: 2) {} }

    private func indexed(_ folder: TemporaryFolder) throws -> Int {
        let queue = try DatabaseQueue(path: folder.database + "-search")
        return try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM texts") ?? 0 }
    }

    @Test func `what was committed without following is found after the next start`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let first = try SQLiteFlowStore(path: folder.database, key: folder.key)
        try await add(first, "a", "apple")
        try await add(first, "open", "pear", ended: false)
        try await catchUp(first)
        await first.close()

        let second = try SQLiteFlowStore(path: folder.database, key: folder.key)
        try await add(second, "b", "banana")
        let more = JournalEvent(["t": "actionEnded", "a": "Say", "s": "Succeeded", "outputs": "quince"])
        try await second.commit(
            StoreCommit([.append(JournalBatch(run: "open", first: 2, events: [more])), .updateRun(run("open"))]))
        try await second.commit(StoreCommit([.deleteRuns(["a"])]))
        await second.close()

        let third = try SQLiteFlowStore(path: folder.database, key: folder.key)
        try await catchUp(third)
        #expect(try await find(third, "apple") == [])
        #expect(try await find(third, "banana") == ["b"])
        #expect(try await find(third, "pear quince") == ["open"])
        #expect(try indexed(folder) == 2)
        await third.close()
    }

    @Test func `a number that is given out again belongs to its new run`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let first = try SQLiteFlowStore(path: folder.database, key: folder.key)
        try await add(first, "a", "apple")
        try await add(first, "b", "banana")
        try await catchUp(first)
        await first.close()
        let second = try SQLiteFlowStore(path: folder.database, key: folder.key)
        try await second.commit(StoreCommit([.deleteRuns(["a", "b"])]))
        try await add(second, "c", "cherry")
        await second.close()
        let third = try SQLiteFlowStore(path: folder.database, key: folder.key)
        try await catchUp(third)
        #expect(try await find(third, "apple") == [])
        #expect(try await find(third, "banana") == [])
        #expect(try await find(third, "cherry") == ["c"])
        #expect(try indexed(folder) == 1)
        await third.close()
    }

    @Test(arguments: ["missing", "damaged", "foreign", "newer"])
    func `an index that is of no use is made anew, and no run is lost`(_ kind: String) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let file = folder.database + "-search"
        let first = try SQLiteFlowStore(path: folder.database, key: folder.key)
        for number in 0..<5 { try await add(first, "r\(number)", "word\(number)") }
        try await catchUp(first)
        await first.close()
        for ending in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file + ending) }
        switch kind {
        case "missing": try FileManager.default.removeItem(atPath: file)
        case "damaged": try Data(repeating: 7, count: 8_192).write(to: URL(fileURLWithPath: file))
        case "foreign":
            try FileManager.default.removeItem(atPath: file)
            let queue = try DatabaseQueue(path: file)
            try await queue.write { try $0.execute(sql: "CREATE TABLE x (y); PRAGMA user_version = 1") }
        default:
            let queue = try DatabaseQueue(path: file)
            try await queue.write { try $0.execute(sql: "PRAGMA user_version = 99") }
        }
        let second = try SQLiteFlowStore(path: folder.database, key: folder.key)
        try await catchUp(second)
        for number in 0..<5 { #expect(try await find(second, "word\(number)") == ["r\(number)"]) }
        #expect(try await second.runCount(RunFilter()) == 5)
        await second.close()
    }

    @Test func `an index that is damaged while it is in use is made anew`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let store = try SQLiteFlowStore(path: folder.database, key: folder.key)
        try await add(store, "a", "apple")
        try await catchUp(store)
        #expect(try await find(store, "apple") == ["a"])
        let queue = try DatabaseQueue(path: folder.database + "-search")
        try await queue.write { try $0.execute(sql: "DELETE FROM texts_data") }
        try queue.close()
        await #expect(throws: FlowError.self) { _ = try await find(store, "apple") }
        try await add(store, "b", "banana")
        try await catchUp(store)
        #expect(try await find(store, "apple") == ["a"])
        #expect(try await find(store, "banana") == ["b"])
        await store.close()
    }

    @Test func `a journal that cannot be read hides only its own words`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let first = try SQLiteFlowStore(path: folder.database, key: folder.key)
        try await add(first, "a", "apple")
        try await add(first, "b", "banana")
        await first.close()
        let queue = try DatabaseQueue(path: folder.database)
        let damage = "UPDATE journal SET events = x'00', format = 257 WHERE id < 2 << 28"
        try await queue.write { try $0.execute(sql: damage) }
        try queue.close()
        let second = try SQLiteFlowStore(path: folder.database, key: folder.key)
        try await catchUp(second)
        #expect(try await find(second, "apple") == [])
        #expect(try await find(second, "deals") == ["b", "a"])
        await second.close()
    }

    @Test func `a long journal is searched at its beginning and at its end`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let store = try SQLiteFlowStore(path: folder.database, key: folder.key)
        let events = (1...4_000).map { number in
            JournalEvent([
                "t": "actionEnded", "a": "Say", "i": [.integer(Int64(number))], "s": "Succeeded",
                "tracked": ["x": [["t": "y"], ["t": "z"]]],
                "outputs": .string(number == 1 ? "first" : number == 4_000 ? "last" : "between"),
            ])
        }
        try await store.commit(
            StoreCommit([.startRun(run("a")), .append(JournalBatch(run: "a", first: 1, events: events))]))
        try await catchUp(store)
        #expect(try await find(store, "first last between") == ["a"])
        await store.close()
    }

    @Test func `a list takes the way that leads to few runs`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let store = try SQLiteFlowStore(path: folder.database, key: folder.key, durability: .process)
        var changes: [StoreChange] = []
        for number in 0..<200 {
            var summary = run("r\(number)")
            summary.flowID = number % 50 == 0 ? "rare" : "usual"
            summary.status = number % 40 == 0 ? "Failed" : "Succeeded"
            summary.startTime = start + .seconds(Int64(number))
            changes.append(.startRun(summary))
        }
        try await store.commit(StoreCommit(changes))
        // Every way gives the same list, whatever it costs.
        for body: (inout RunFilter) -> Void in [
            { $0.flowIDs = ["rare"] }, { $0.statuses = ["Failed"] }, { $0.since = start + .seconds(190) },
            {
                $0.flowIDs = ["rare"]
                $0.statuses = ["Failed"]
            },
            {
                $0.flowIDs = ["usual"]
                $0.until = start + .seconds(7)
                $0.after = "r5"
            }, { $0.statuses = ["Succeeded"] }, { $0.isFinished = false },
        ] {
            var filter = RunFilter(limit: 500)
            body(&filter)
            var condition = RunCondition(filter)
            condition.addCursor(filter)
            let expected = try await store.runs(RunFilter(limit: 500)).filter { summary in
                let number = Int(summary.name.dropFirst()) ?? 0
                return filter.matches(summary, events: { [] }) && (filter.after == nil || number < 5)
            }
            for few in [0, 3, 1_000] {
                let names = try await store.read { [condition] database in
                    var condition = condition
                    let lead = try condition.lead(few: few, database)
                    let sql = "SELECT name FROM runs \(condition.text(lead)) ORDER BY id DESC"
                    return try String.fetchAll(
                        database, sql: sql, arguments: StatementArguments(condition.arguments(lead)))
                }
                #expect(names == expected.map(\.name), "\(filter), few: \(few)")
            }
        }
        await store.close()
    }
}
