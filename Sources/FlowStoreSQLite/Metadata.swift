public import FlowCore
import FlowStorage
import GRDB

extension SQLiteWriter {
    /// Writes a value under a name, or takes it away.
    func putMetadata(_ name: String, _ value: JSON?) throws(Failure) {
        guard let value else { return try run("DELETE FROM metadata WHERE name = ?", .text("value/" + name)) }
        try run(
            "INSERT OR REPLACE INTO metadata (name, value) VALUES (?, ?)", .text("value/" + name), .blob(value.bytes))
    }
}

extension SQLiteFlowStore {
    /// The value under a name.
    public func metadata(_ name: String) async throws(FlowError) -> JSON? {
        try await read { database in
            let sql = "SELECT value FROM metadata WHERE name = ?"
            return try Row.fetchOne(database, sql: sql, arguments: ["value/" + name]).map { row in
                try JournalCoding.parse(row.bytes(0))
            }
        }
    }
}
