public import FlowCore
public import FlowStorage
import GRDB

extension SQLiteWriter {
    /// How many bits of a journal row's place are the number of its first event.
    static let eventBits: Int64 = 28

    /// Appends a row to a run's journal.
    func append(_ batch: PreparedBatch) throws(Failure) {
        var known = try knownRun(batch.run)
        guard batch.epoch == known.epoch else { throw .refused(StoreRefusal.leaseLost(batch.run)) }
        guard batch.first == known.lastEvent + 1, batch.last < 1 << Self.eventBits else {
            let header = JournalBatch(run: batch.run, first: batch.first, events: [])
            throw .refused(StoreRefusal.journalConflict(header, last: known.lastEvent))
        }
        for value in batch.values { try put(value, of: known.id) }
        try run(
            "INSERT INTO journal (id, last, format, events) VALUES (?, ?, ?, ?)",
            .integer(known.id << Self.eventBits | batch.first), .integer(batch.last),
            .integer(batch.content.format.rawValue), .blob(batch.content.bytes))
        known.lastEvent = batch.last
        knownRuns[batch.run] = known.isOver ? nil : known
        touchedRuns.append(known.id)
    }

    private func put(_ value: PreparedBatch.Value, of run: Int64) throws(Failure) {
        let isKept = try row("SELECT 1 FROM large_values WHERE hash = ?", .text(value.hash)) { _ in true } ?? false
        if !isKept {
            let content = value.content ?? StoredContent(value.bytes)
            try self.run(
                "INSERT INTO large_values (hash, format, content) VALUES (?, ?, ?)", .text(value.hash),
                .integer(content.format.rawValue), .blob(content.bytes))
        }
        try self.run("INSERT OR IGNORE INTO run_values (run, hash) VALUES (?, ?)", .integer(run), .text(value.hash))
    }
}

extension SQLiteFlowStore {
    private struct JournalRow: Sendable {
        var first: Int64
        var format: Int64
        var bytes: [UInt8]
    }

    /// The events of a run.
    public func journal(of run: String, after number: Int64, sealed: SealedMembers) async throws(FlowError) -> [JSON] {
        let rows = try await read { database in
            try Self.rows(of: run, after: number, database)
        }
        var events: [JSON] = []
        for row in rows {
            do throws(FlowError) {
                let batch = try await batch(of: row, run, sealed)
                events.append(contentsOf: batch.dropFirst(Int(max(0, number - row.first + 1))))
            } catch {
                // SQLite says so where the database is damaged. Otherwise it is this run alone that cannot be read.
                guard error.code == .storeCorrupt, error.cause == nil else { throw error }
                throw FlowError(
                    .journalUnreadable,
                    "The journal of the run \(run) is damaged at event \(row.first): \(error.message)",
                    hint: "put a backup back with `flowrun restore FILE`, or start the run again from its trigger: "
                        + "`flowrun runs resubmit \(run)`")
            }
        }
        return events
    }

    private func batch(of row: JournalRow, _ run: String, _ sealed: SealedMembers) async throws(FlowError) -> [JSON] {
        let content = try StoredContent(format: row.format, bytes: row.bytes)
        guard case .array(let batch) = try JournalCoding.parse(content.content) else {
            throw StoreRefusal.corrupt("The row holds no events.")
        }
        guard content.format.contains(.marked) else { return batch }
        let values = try await largeValues(JournalCoding.valueHashes(in: batch))
        return try JournalCoding.restore(
            batch, run: run, first: row.first, values: values, vault: sealed == .opened ? vault : nil)
    }

    private static func rows(of run: String, after number: Int64, _ database: Database) throws -> [JournalRow] {
        let bits = SQLiteWriter.eventBits
        guard
            let id = try Int64.fetchOne(
                database.cachedStatement(sql: "SELECT id FROM runs WHERE name = ?"), arguments: [run])
        else { return [] }
        let statement = try database.cachedStatement(
            sql: "SELECT id, format, events FROM journal WHERE id > ? AND id < ? AND last > ? ORDER BY id")
        let rows = try Row.fetchCursor(statement, arguments: [id << bits, (id + 1) << bits, number])
        var found: [JournalRow] = []
        while let row = try rows.next() {
            let place: Int64 = row[0]
            found.append(JournalRow(first: place & (1 << bits - 1), format: row[1], bytes: row.bytes(2)))
        }
        return found
    }

    private func largeValues(_ hashes: Set<String>) async throws(FlowError) -> [String: JSON] {
        guard !hashes.isEmpty else { return [:] }
        let rows = try await read { database in
            var rows: [(hash: String, format: Int64, bytes: [UInt8])] = []
            let statement = try database.cachedStatement(sql: "SELECT format, content FROM large_values WHERE hash = ?")
            for hash in hashes {
                guard let row = try Row.fetchOne(statement, arguments: [hash]) else { continue }
                rows.append((hash, row[0], row.bytes(1)))
            }
            return rows
        }
        var values: [String: JSON] = [:]
        for row in rows {
            values[row.hash] = try JournalCoding.parse(StoredContent(format: row.format, bytes: row.bytes).content)
        }
        return values
    }

    /// The number of a run's last event.
    public func lastEventNumber(of run: String) async throws(FlowError) -> Int64 {
        let bits = SQLiteWriter.eventBits
        return try await read { database in
            guard let id = try Int64.fetchOne(database, sql: "SELECT id FROM runs WHERE name = ?", arguments: [run])
            else { return 0 }
            return try Int64.fetchOne(
                database, sql: "SELECT last FROM journal WHERE id > ? AND id < ? ORDER BY id DESC LIMIT 1",
                arguments: [id << bits, (id + 1) << bits]) ?? 0
        }
    }
}
