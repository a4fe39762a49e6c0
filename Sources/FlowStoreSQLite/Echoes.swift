public import FlowCore
public import FlowStorage
import GRDB

extension SQLiteWriter {
    /// Lays what is newly known of a record over what was known.
    ///
    /// What an earlier version kept there, one hash of all fields, tells nothing of each and is forgotten.
    func put(_ entry: EchoEntry) throws(Failure) {
        try run(
            """
            INSERT INTO echoes (kind, entity, fields_hash, run, written_at) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (kind, entity) DO UPDATE SET
                fields_hash = CASE WHEN json_valid(fields_hash) THEN json_patch(fields_hash, excluded.fields_hash)
                    ELSE excluded.fields_hash END,
                run = excluded.run, written_at = excluded.written_at
            """,
            .text(entry.kind), .text(entry.entity), .text(EchoValues.text(entry.values)), .text(entry.run),
            SQLValue(entry.writtenAt))
    }
}

/// The digests of a record's fields as one text.
private enum EchoValues {
    static func text(_ values: [String: String]) -> String {
        var object = JSONObject()
        for (name, digest) in values.sorted(by: { $0.key < $1.key }) { object[name] = .string(digest) }
        return JSON.object(object).text
    }

    static func values(_ text: String) -> [String: String] {
        guard let object = (try? JSONReader.read(text))?.objectValue else { return [:] }
        return Dictionary(
            object.compactMap { name, digest in digest.stringValue.map { (name, $0) } }, uniquingKeysWith: { $1 })
    }
}

extension SQLiteFlowStore {
    /// What is known of a record's compared fields.
    public func echo(kind: String, entity: String) async throws(FlowError) -> EchoEntry? {
        try await read { database in
            let statement = try database.cachedStatement(
                sql: "SELECT fields_hash, run, written_at FROM echoes WHERE kind = ? AND entity = ?")
            return try Row.fetchOne(statement, arguments: [kind, entity]).map { row in
                EchoEntry(
                    kind: kind, entity: entity, values: EchoValues.values(row[0]), run: row[1],
                    writtenAt: row.instant(2))
            }
        }
    }
}
