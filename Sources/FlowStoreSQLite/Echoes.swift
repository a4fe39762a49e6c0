public import FlowCore
public import FlowStorage
import GRDB

extension SQLiteWriter {
    /// Remembers what a run wrote to a record.
    func put(_ entry: EchoEntry) throws(Failure) {
        try run(
            "INSERT OR REPLACE INTO echoes (kind, entity, fields_hash, run, written_at) VALUES (?, ?, ?, ?, ?)",
            .text(entry.kind), .text(entry.entity), .text(entry.fieldsHash), .text(entry.run),
            SQLValue(entry.writtenAt))
    }
}

extension SQLiteFlowStore {
    /// What was last written to a record.
    public func echo(kind: String, entity: String) async throws(FlowError) -> EchoEntry? {
        try await read { database in
            let statement = try database.cachedStatement(
                sql: "SELECT fields_hash, run, written_at FROM echoes WHERE kind = ? AND entity = ?")
            return try Row.fetchOne(statement, arguments: [kind, entity]).map { row in
                EchoEntry(kind: kind, entity: entity, fieldsHash: row[0], run: row[1], writtenAt: row.instant(2))
            }
        }
    }
}
