import FlowCore
import FlowDefinitions
import FlowStorage
import GRDB
import Testing

@testable import FlowStoreSQLite

@Suite struct StoreFormatTests {
    private let runName = "08584400000000000000000000001CU12"
    private let flowID = "11111111-2222-5333-8444-555555555555"
    private let start = Timestamp(year: 2026, month: 1, day: 5)

    private func makeFormat1(in folder: TemporaryFolder) throws {
        let queue = try DatabaseQueue(path: folder.database)
        try queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            try database.execute(sql: OldFormats.format1)
            try database.execute(sql: "PRAGMA application_id = 1718384498; PRAGMA user_version = 1")
        }
        try queue.close()
    }

    private func checkContent(_ store: SQLiteFlowStore) async throws {
        let run = try #require(try await store.run(runName))
        #expect(run.flowID == flowID)
        #expect(run.keys == [BusinessKey(name: "referral", value: "R-1")])
        #expect(run.wait == RunWait(.timer, until: start + .seconds(60)))
        let events = try await store.journal(of: runName)
        #expect(events.count == 2)
        #expect(events[0] == ["event": 1])
        #expect(events[1]["inputs"] == "hush")
        #expect(events[1]["outputs"]?["body"]?.arrayValue?.count == 2_000)
        #expect(try await store.timers(of: runName).map(\.due) == [start + .seconds(60)])
        #expect(try await store.inbox(of: runName).map(\.body) == [["a": 1]])
        #expect(try await store.effects(of: runName).map(\.state) == [.inFlight])
        #expect(try await store.triggerState(flow: flowID, trigger: "t")?.watermark == "2026-01-05")
        #expect(try await store.seenKeys(flow: flowID, keys: ["006;1"])["006;1"]?.run == runName)
        #expect(try await store.triggerHistoryEntry(runName)?.payload == ["x": 1])
        #expect(try await store.connection("sf")?.connection.secrets == ["password": "hush"])
        #expect(try await store.bindings().map(\.connection) == ["sf"])
        #expect(try await store.variables().map(\.value) == ["hush"])
        #expect(try await store.metadata("activation") == ["flows": []])
        let flow = try #require(try await store.flow(flowID))
        #expect(flow.triggerKey == [1, 2, 3])
        #expect(flow.state == .started)
        #expect(try await store.definition(flow.definitionHash)?.text == "name: Deals\n")
        #expect(try await store.versions(of: flowID).count == 1)
        #expect(try await store.solutions().map(\.name) == ["CoSell"])
        try await store.commit(
            StoreCommit([.append(JournalBatch(run: runName, first: 3, events: [JournalEvent("on")]))]))
        #expect(try await store.journal(of: runName, after: 2, sealed: .hidden) == ["on"])
    }

    @Test func `a database of the first format is read and gone on with`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try makeFormat1(in: folder)
        let store = try SQLiteFlowStore(path: folder.database, key: folder.key)
        try await checkContent(store)
        await store.close()
    }

    @Test func `a database of the first format is listed by who only reads it`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try makeFormat1(in: folder)
        let reader = try SQLiteFlowStore(reading: folder.database, key: nil)
        var filter = RunFilter(flowIDs: [flowID], statuses: ["Running"], isFinished: false)
        filter.since = start - .seconds(1)
        filter.key = "R-1"
        #expect(try await reader.runs(filter).map(\.name) == [runName])
        filter.statuses = ["Failed"]
        #expect(try await reader.runs(filter).isEmpty)
        filter = RunFilter()
        filter.text = "Deals"
        #expect(try await reader.runs(filter).isEmpty, "nobody has made an index yet")
        await reader.close()
    }

    @Test func `the first step still makes the first format`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try makeFormat1(in: folder)
        func tables(_ queue: DatabaseQueue) throws -> [String] {
            let sql = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
            return try queue.read { try String.fetchAll($0, sql: sql) }
        }
        let fresh = try DatabaseQueue()
        try fresh.write { try $0.execute(sql: SchemaStep.all[0].sql) }
        #expect(try tables(fresh) == tables(try DatabaseQueue(path: folder.database)))
    }

    @Test func `an older database is carried forward as a whole or not at all`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try makeFormat1(in: folder)
        let next = (SchemaStep.all.last?.format ?? 0) + 1
        var location = StoreLocation(path: folder.database)
        location.steps =
            SchemaStep.all + [
                SchemaStep(format: next, sql: "ALTER TABLE runs ADD COLUMN extra TEXT; UPDATE nothing SET x = 1;")
            ]
        #expect(throws: FlowError.self) { try SQLiteFlowStore(location, key: folder.key) }
        let untouched = try SQLiteFlowStore(path: folder.database, key: folder.key)
        #expect(try await untouched.run(runName) != nil)
        await untouched.close()

        location.steps =
            SchemaStep.all + [
                SchemaStep(format: next, sql: "ALTER TABLE runs ADD COLUMN extra TEXT NOT NULL DEFAULT 'new'")
            ]
        let carried = try SQLiteFlowStore(location, key: folder.key)
        try await checkContent(carried)
        await carried.close()
        do throws(FlowError) {
            _ = try SQLiteFlowStore(path: folder.database, key: folder.key)
            Issue.record("an older flowrun opened a newer format")
        } catch {
            #expect(error.code == .storeFormatNewer)
        }
    }
}
