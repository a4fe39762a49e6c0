public import FlowCore
public import FlowStorage
import GRDB

extension SQLiteWriter {
    /// Writes what is known of an effect.
    func put(_ entry: EffectEntry) throws(Failure) {
        let known = try knownRun(entry.run)
        try run(
            """
            INSERT INTO effects (run, effect, path, operation, connection, state, intended_at, finished_at, result,
                subject)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (run, effect) DO UPDATE SET path = excluded.path, operation = excluded.operation,
                connection = excluded.connection, state = excluded.state, intended_at = excluded.intended_at,
                finished_at = excluded.finished_at, result = excluded.result, subject = excluded.subject
            """, .integer(known.id), .text(entry.id), .text(entry.path), .text(entry.operation),
            SQLValue(entry.connection), .text(entry.state.rawValue), SQLValue(entry.intendedAt),
            SQLValue(entry.finishedAt), SQLValue(entry.result), SQLValue(entry.subject))
    }
}

extension EffectEntry {
    fileprivate static let query = """
        SELECT runs.name, effect, path, operation, connection, state, intended_at, finished_at, result, subject
        FROM effects JOIN runs ON runs.id = effects.run
        """

    fileprivate init(_ row: Row) {
        self.init(
            run: row[0], id: row[1], path: row[2], operation: row[3], connection: row[4],
            state: State(rawValue: row[5]) ?? .inDoubt, intendedAt: row.instant(6), finishedAt: row.optionalInstant(7),
            result: row[8], subject: row[9])
    }
}

extension SQLiteFlowStore {
    /// The effects of a run.
    public func effects(of run: String) async throws(FlowError) -> [EffectEntry] {
        try await read { database in
            let sql = "\(EffectEntry.query) WHERE runs.name = ? ORDER BY intended_at, effect"
            return try Row.fetchAll(database, sql: sql, arguments: [run]).map(EffectEntry.init)
        }
    }

    /// The effects that fit, newest first.
    public func effects(_ filter: EffectFilter) async throws(FlowError) -> [EffectEntry] {
        try await read { database in
            var terms: [String] = []
            var arguments: [any DatabaseValueConvertible] = []
            if let states = filter.states {
                terms.append("state IN (\(Array(repeating: "?", count: states.count).joined(separator: ", ")))")
                arguments += states.map(\.rawValue) as [any DatabaseValueConvertible]
            }
            if let connection = filter.connection {
                terms.append("connection = ?")
                arguments.append(connection)
            }
            if let subject = filter.subject {
                terms.append("subject = ?")
                arguments.append(subject)
            }
            if let since = filter.since {
                terms.append("intended_at >= ?")
                arguments.append(since.ticks)
            }
            let condition = terms.isEmpty ? "" : "WHERE " + terms.joined(separator: " AND ")
            let sql =
                "\(EffectEntry.query) \(condition) ORDER BY intended_at DESC, effects.run DESC, effect DESC LIMIT ?"
            return try Row.fetchAll(database, sql: sql, arguments: StatementArguments(arguments + [filter.limit]))
                .map(EffectEntry.init)
        }
    }
}
