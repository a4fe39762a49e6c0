public import FlowCore
public import FlowStorage
import GRDB

extension SQLiteWriter {
    /// Puts a message into a run's inbox.
    func send(_ message: InboxEntry, _ content: StoredContent) throws(Failure) {
        try run(
            """
            INSERT INTO inbox (run, message, kind, format, body, sent_at) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (run, message) DO NOTHING
            """, .text(message.run), .text(message.id), .text(message.kind), .integer(content.format.rawValue),
            .blob(content.bytes), SQLValue(message.sentAt))
    }

    /// Takes messages out of a run's inbox.
    func take(_ messages: [String], from run: String) throws(Failure) {
        for message in messages {
            try self.run("DELETE FROM inbox WHERE run = ? AND message = ?", .text(run), .text(message))
        }
    }
}

extension SQLiteFlowStore {
    /// The messages in a run's inbox.
    public func inbox(of run: String) async throws(FlowError) -> [InboxEntry] {
        let vault = vault
        return try await read { database in
            let statement = try database.cachedStatement(
                sql: "SELECT message, kind, format, body, sent_at FROM inbox WHERE run = ? ORDER BY id")
            return try Row.fetchAll(statement, arguments: [run]).map { row in
                var entry = InboxEntry(run: run, id: row[0], kind: row[1], body: .null, sentAt: row.instant(4))
                let content = try StoredContent(format: row[2], bytes: row.bytes(3))
                entry.body = try content.json(vault: vault, place: entry.place)
                entry.isSealed = content.format.contains(.sealed)
                return entry
            }
        }
    }
}
