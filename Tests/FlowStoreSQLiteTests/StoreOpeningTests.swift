import FlowCore
import FlowDefinitions
import FlowStorage
import FlowStoreSQLite
import FlowTesting
import Foundation
import GRDB
import Testing

@Suite struct StoreOpeningTests {
    private func run(_ name: String) -> RunSummary {
        RunSummary(
            name: name, flowID: "f", flowName: "F", definitionHash: "h", startTime: Timestamp(ticks: 0),
            triggerName: "t")
    }

    private func expect(_ code: FlowError.Code, _ body: () throws -> Void) {
        do {
            try body()
            Issue.record("it was done")
        } catch {
            #expect((error as? FlowError)?.code == code, "\(error)")
            #expect((error as? FlowError)?.hint?.isEmpty == false)
        }
    }

    @Test func `what was committed is there after closing and opening, readable to its owner alone`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        for number in 1...3 {
            let store = try SQLiteFlowStore(path: folder.database, key: folder.key)
            #expect(try await store.runCount(RunFilter()) == number - 1)
            try await store.commit(
                StoreCommit([
                    .startRun(run("r\(number)")),
                    .append(JournalBatch(run: "r\(number)", first: 1, events: [JournalEvent(1)])),
                ]))
            if number > 1 {
                try await store.commit(
                    StoreCommit([
                        .append(JournalBatch(run: "r1", first: Int64(number), events: [JournalEvent(1)]))
                    ]))
            }
            await store.close()
        }
        let store = try SQLiteFlowStore(path: folder.database, key: folder.key)
        #expect(try await store.lastEventNumber(of: "r1") == 3)
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/\(file)")
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(file)")
        }
        await store.close()
    }

    @Test func `another key is refused, and secrets stand nowhere in the files`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let store = try SQLiteFlowStore(path: folder.database, key: folder.key)
        let secret = "hush-hush-hush"
        try await store.commit(
            StoreCommit([
                .startRun(run("r1")),
                .append(
                    JournalBatch(
                        run: "r1", first: 1, events: [JournalEvent(["inputs": .string(secret)], sealed: ["inputs"])])),
                .send(
                    InboxEntry(
                        run: "r1", id: "m", kind: "k", body: .string(secret), isSealed: true,
                        sentAt: Timestamp(ticks: 0))),
                .history(
                    TriggerHistoryEntry(
                        id: "h", flow: "f", trigger: "t", status: "Succeeded", fired: true,
                        startTime: Timestamp(ticks: 0), payload: .string(secret), isSealed: true)),
                .variable(VariableValue(schemaName: "v", value: .string(secret), isSecret: true)),
                .connection(
                    StoredConnection(
                        connection: Connection(
                            name: "c", connector: "salesforce", account: "a@b", grant: "password", parameters: [:],
                            secrets: ["password": secret]), createdAt: Timestamp(ticks: 0),
                        session: ["token": .string(secret)])),
                .flow(
                    InstalledFlow(
                        id: "f", name: "F", definitionHash: "h", stateChangedAt: Timestamp(ticks: 0),
                        triggerKey: Array(secret.utf8), installedAt: Timestamp(ticks: 0))),
            ]))
        for name in ["store.sqlite", "store.sqlite-wal"] {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(name)"))
            #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(name)")
        }
        await store.close()
        let other = [UInt8](repeating: 8, count: 32)
        expect(.storeKeyWrong) { _ = try SQLiteFlowStore(path: folder.database, key: other) }
        expect(.storeKeyWrong) { _ = try SQLiteFlowStore(reading: folder.database, key: other) }

        let reader = try SQLiteFlowStore(reading: folder.database, key: nil)
        #expect(try await reader.connections(withSecrets: false).map(\.connection.name) == ["c"])
        #expect(try await reader.flows().map(\.triggerKey) == [[]])
        #expect(try await reader.variables().map(\.value) == [nil])
        #expect(try await reader.journal(of: "r1", after: 0, sealed: .hidden) == [[:]])
        await #expect(throws: FlowError.self) { try await reader.journal(of: "r1") }
        await #expect(throws: FlowError.self) { try await reader.connection("c") }
        await reader.close()
    }

    @Test func `the figures count each commit once, alone or in a group, and know the files' sizes`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let store = try SQLiteFlowStore(path: folder.database, key: folder.key)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<50 {
                group.addTask { try? await store.commit(StoreCommit([.startRun(self.run("r\(number)"))])) }
            }
        }
        let figures = store.figures
        #expect(figures.commitSeconds.counts.reduce(0, +) == 50)
        #expect(figures.groupSizes.sum == 50)
        #expect((1...50).contains(figures.groupSizes.counts.reduce(0, +)))
        #expect(figures.commitSeconds.sum > 0 && figures.waiting == 0 && figures.failures == 0)
        #expect(figures.databaseBytes > 0 && figures.logBytes > 0)
        let reader = try SQLiteFlowStore(reading: folder.database, key: nil)
        #expect(reader.figures.commitSeconds.sum == 0 && reader.figures.databaseBytes > 0)
        await reader.close()
        await store.close()
    }

    @Test func `readers see what the owner commits, and write nothing`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        expect(.storeUnusable) { _ = try SQLiteFlowStore(reading: folder.database, key: nil) }
        let owner = try SQLiteFlowStore(path: folder.database, key: folder.key)
        let reader = try SQLiteFlowStore(reading: folder.database, key: folder.key)
        #expect(reader.health == .readOnly)
        for number in 1...3 {
            try await owner.commit(StoreCommit([.startRun(run("r\(number)"))]))
            #expect(try await reader.runCount(RunFilter()) == number)
        }
        do {
            try await reader.commit(StoreCommit([.metadata("m", 1)]))
            Issue.record("a reader wrote")
        } catch {
            #expect(error.code == .storeReadOnly)
        }
        await owner.close()
        #expect(try await reader.runCount(RunFilter()) == 3)
        await reader.close()
        let late = try SQLiteFlowStore(reading: folder.database, key: nil)
        #expect(try await late.runs(RunFilter()).map(\.name) == ["r3", "r2", "r1"])
        await late.close()
    }

    @Test func `a newer format, a foreign file and a damaged one are refused`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let store = try SQLiteFlowStore(path: folder.database, key: folder.key)
        for number in 1...300 {
            try await store.commit(
                StoreCommit([
                    .startRun(run("r\(number)")),
                    .append(JournalBatch(run: "r\(number)", first: 1, events: [JournalEvent(["n": "some text"])])),
                ]))
        }
        await store.close()
        let copy = try folder.crashCopy()
        try await DatabaseQueue(path: copy.database).write { database in
            try database.execute(sql: "UPDATE journal SET format = 99 << 8")
        }
        let rows = try SQLiteFlowStore(path: copy.database, key: folder.key)
        do {
            _ = try await rows.journal(of: "r1")
            Issue.record("a newer row was read")
        } catch {
            #expect(error.code == .storeFormatNewer)
        }
        await rows.close()
        try await DatabaseQueue(path: copy.database).writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA user_version = 99")
        }
        expect(.storeFormatNewer) { _ = try SQLiteFlowStore(path: copy.database, key: folder.key) }
        expect(.storeFormatNewer) { _ = try SQLiteFlowStore(reading: copy.database, key: nil) }
        copy.remove()

        let foreign = try TemporaryFolder()
        try await DatabaseQueue(path: foreign.database).write { database in
            try database.execute(sql: "CREATE TABLE runs (x)")
        }
        expect(.storeCorrupt) { _ = try SQLiteFlowStore(path: foreign.database, key: folder.key) }
        foreign.remove()
        let text = try TemporaryFolder()
        try String(repeating: "this is no database\n", count: 500)
            .write(toFile: text.database, atomically: false, encoding: .utf8)
        expect(.storeCorrupt) { _ = try SQLiteFlowStore(path: text.database, key: folder.key) }
        expect(.storeCorrupt) { _ = try SQLiteFlowStore(reading: text.database, key: nil) }
        text.remove()

        var bytes = try Data(contentsOf: URL(fileURLWithPath: folder.database))
        for place in stride(from: 3 * 4_096, to: bytes.count, by: 4_096) { bytes[place] = 0xff }
        try bytes.write(to: URL(fileURLWithPath: folder.database))
        do {
            let damaged = try SQLiteFlowStore(path: folder.database, key: folder.key)
            do {
                _ = try await damaged.runs(RunFilter())
                Issue.record("damaged pages were read")
            } catch {
                #expect(error.code == .storeCorrupt)
            }
            await damaged.close()
        } catch {
            #expect(error.code == .storeCorrupt)
        }
    }

    @Test func `a backup is a store of its own, made while runs go on`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let store = try SQLiteFlowStore(path: folder.database, key: folder.key)
        try await store.commit(StoreCommit([.startRun(run("r1"))]))
        try await store.backUp(to: folder.path + "/backup.sqlite")
        try await store.commit(StoreCommit([.startRun(run("r2"))]))
        let backup = try SQLiteFlowStore(path: folder.path + "/backup.sqlite", key: folder.key)
        #expect(try await backup.runs(RunFilter()).map(\.name) == ["r1"])
        try await backup.commit(StoreCommit([.startRun(run("r3"))]))
        #expect(try await backup.findDamage() == [])
        await backup.close()
        await #expect(throws: FlowError.self) { try await store.backUp(to: folder.path + "/backup.sqlite") }
        await store.close()
    }
}
