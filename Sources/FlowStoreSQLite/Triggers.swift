public import FlowCore
public import FlowStorage
import GRDB

extension SQLiteWriter {
    /// Writes where a trigger stands.
    func put(_ state: TriggerState) throws(Failure) {
        try run(
            """
            INSERT OR REPLACE INTO triggers (flow, name, watermark, next_due, subscription, failures)
            VALUES (?, ?, ?, ?, ?, ?)
            """, .text(state.flow), .text(state.trigger), SQLValue(state.watermark), SQLValue(state.nextDue),
            SQLValue(state.subscription), SQLValue(state.failures))
    }

    /// Forgets where a flow's triggers stand and what they have seen.
    func forgetTriggers(of flow: String) throws(Failure) {
        try run("DELETE FROM triggers WHERE flow = ?", .text(flow))
        try run("DELETE FROM trigger_keys WHERE flow = ?", .text(flow))
    }

    /// Remembers that a trigger has seen a key.
    func remember(_ key: TriggerKey) throws(Failure) {
        try run(
            """
            INSERT INTO trigger_keys (flow, key, run, seen_at) VALUES (?, ?, ?, ?)
            ON CONFLICT (flow, key) DO NOTHING
            """, .text(key.flow), .text(key.key), SQLValue(key.run), SQLValue(key.seenAt))
        guard changedCount == 1 else {
            statementCount -= 1
            let run = try row(
                "SELECT run FROM trigger_keys WHERE flow = ? AND key = ?", .text(key.flow), .text(key.key)
            ) { $0.text(0) }
            throw .refused(StoreRefusal.keySeen(key, run: run ?? nil))
        }
    }

    /// Forgets keys seen before an instant.
    func forgetKeys(of flow: String, before: Timestamp) throws(Failure) {
        try run("DELETE FROM trigger_keys WHERE flow = ? AND seen_at < ?", .text(flow), SQLValue(before))
    }

    /// Writes an entry of the trigger history; a later word about it need not repeat the payload.
    func put(_ entry: TriggerHistoryEntry, _ payload: StoredContent?) throws(Failure) {
        try run(
            """
            INSERT INTO trigger_history (name, flow, trigger_name, status, code, message, fired, run, start_time,
                end_time, split_count, split_done, format, payload)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET flow = excluded.flow, trigger_name = excluded.trigger_name,
                status = excluded.status, code = excluded.code, message = excluded.message, fired = excluded.fired,
                run = excluded.run, start_time = excluded.start_time, end_time = excluded.end_time,
                split_count = excluded.split_count, split_done = excluded.split_done,
                format = coalesce(excluded.format, format), payload = coalesce(excluded.payload, payload)
            """, .text(entry.id), .text(entry.flow), .text(entry.trigger), .text(entry.status), SQLValue(entry.code),
            SQLValue(entry.message), SQLValue(entry.fired), SQLValue(entry.run), SQLValue(entry.startTime),
            SQLValue(entry.endTime), SQLValue(entry.splitCount), SQLValue(entry.splitDone),
            payload.map { .integer($0.format.rawValue) } ?? .null, SQLValue(payload?.bytes))
    }
}

extension TriggerHistoryEntry {
    fileprivate static let columns = """
        name, flow, trigger_name, status, code, message, fired, run, start_time, end_time, split_count, split_done,
        format
        """

    fileprivate init(_ row: Row) {
        let format: Int64 = row[12] ?? 0
        self.init(
            id: row[0], flow: row[1], trigger: row[2], status: row[3], code: row[4], message: row[5], fired: row[6],
            run: row[7], startTime: row.instant(8), endTime: row.optionalInstant(9),
            isSealed: StoredContent.Format(rawValue: format).contains(.sealed), splitCount: row[10], splitDone: row[11])
    }
}

extension TriggerState {
    fileprivate static let query = "SELECT flow, name, watermark, next_due, subscription, failures FROM triggers"

    fileprivate init(_ row: Row) throws {
        self.init(
            flow: row[0], trigger: row[1], watermark: try row.json(2), nextDue: row.optionalInstant(3),
            subscription: try row.json(4), failures: row[5])
    }
}

extension SQLiteFlowStore {
    /// Where a flow's trigger stands.
    public func triggerState(flow: String, trigger: String) async throws(FlowError) -> TriggerState? {
        try await read { database in
            let sql = "\(TriggerState.query) WHERE flow = ? AND name = ?"
            return try Row.fetchOne(database.cachedStatement(sql: sql), arguments: [flow, trigger])
                .map(TriggerState.init)
        }
    }

    /// Where all triggers stand.
    public func triggerStates() async throws(FlowError) -> [TriggerState] {
        try await read { database in
            try Row.fetchAll(database, sql: "\(TriggerState.query) ORDER BY flow, name").map(TriggerState.init)
        }
    }

    /// Those of some keys that a flow's trigger has seen.
    public func seenKeys(flow: String, keys: [String]) async throws(FlowError) -> [String: TriggerKey] {
        try await read { database in
            let statement = try database.cachedStatement(
                sql: "SELECT run, seen_at FROM trigger_keys WHERE flow = ? AND key = ?")
            var seen: [String: TriggerKey] = [:]
            for key in keys {
                guard let row = try Row.fetchOne(statement, arguments: [flow, key]) else { continue }
                seen[key] = TriggerKey(flow: flow, key: key, run: row[0], seenAt: row.instant(1))
            }
            return seen
        }
    }

    /// Entries of the trigger history, newest first: those that are kept and those that are runs.
    public func triggerHistory(_ filter: TriggerHistoryFilter) async throws(FlowError) -> [TriggerHistoryEntry] {
        let isCurrent = isCurrent
        return try await read { database in
            var last: TriggerHistoryEntry?
            if let after = filter.after {
                last = try Self.entry(after, database).map { TriggerHistoryEntry($0) } ?? Self.firing(after, database)
                if last == nil { return [] }
            }
            let kept = try Self.kept(filter, after: last, database)
            let fired = try Self.fired(filter, after: last, isIndexed: isCurrent, database)
            return Array((kept + fired).sorted { $0.precedes($1) }.prefix(filter.limit))
        }
    }

    /// Entries of events that no run came of, or more than one.
    private static func kept(
        _ filter: TriggerHistoryFilter, after last: TriggerHistoryEntry?, _ database: Database
    ) throws -> [TriggerHistoryEntry] {
        // Up to the second format there was one for each run as well.
        var terms = ["NOT (fired AND run IS name)"]
        var arguments: [any DatabaseValueConvertible] = []
        func add(_ term: String, _ value: (any DatabaseValueConvertible)?) {
            guard let value else { return }
            terms.append(term)
            arguments.append(value)
        }
        add("flow = ?", filter.flow)
        add("trigger_name = ?", filter.trigger)
        add("status = ?", filter.status)
        add("start_time >= ?", filter.since?.ticks)
        add("start_time < ?", filter.until?.ticks)
        if let last {
            terms.append("(start_time < ? OR start_time = ? AND name > ?)")
            arguments += [last.startTime.ticks, last.startTime.ticks, last.id]
        }
        let sql = """
            SELECT \(TriggerHistoryEntry.columns) FROM trigger_history WHERE \(terms.joined(separator: " AND "))
            ORDER BY start_time DESC, name LIMIT ?
            """
        return try Row.fetchAll(database, sql: sql, arguments: StatementArguments(arguments + [filter.limit]))
            .map(TriggerHistoryEntry.init)
    }

    /// Entries of events that a run came of.
    private static func fired(
        _ filter: TriggerHistoryFilter, after last: TriggerHistoryEntry?, isIndexed: Bool, _ database: Database
    ) throws -> [TriggerHistoryEntry] {
        var entries: [TriggerHistoryEntry] = []
        guard filter.status ?? "Succeeded" == "Succeeded" else { return entries }
        var runs = RunFilter(flowIDs: filter.flow.map { [$0] })
        (runs.since, runs.until) = (filter.since, filter.until)
        var condition = RunCondition(runs, isIndexed: isIndexed)
        condition.add(trigger: filter.trigger, after: last)
        let chosen = try condition.lead(few: few, database)
        let lead = chosen.isFew || !isIndexed ? chosen : .index("runs_start")
        let rows = try Row.fetchCursor(
            database.cachedStatement(
                sql: "SELECT \(RunSummary.columns) FROM runs \(condition.text(lead)) ORDER BY start_time DESC, name"),
            arguments: StatementArguments(condition.arguments(lead)))
        while entries.count < filter.limit, let row = try rows.next() {
            if let entry = TriggerHistoryEntry(of: try RunSummary(row)) { entries.append(entry) }
        }
        return entries
    }

    /// The row of an entry that is kept, with its payload.
    private static func entry(_ id: String, _ database: Database) throws -> Row? {
        let sql = "SELECT \(TriggerHistoryEntry.columns), payload FROM trigger_history WHERE name = ?"
        return try Row.fetchOne(database.cachedStatement(sql: sql), arguments: [id])
    }

    /// The entry that a run is.
    private static func firing(_ run: String, _ database: Database) throws -> TriggerHistoryEntry? {
        let sql = "SELECT \(RunSummary.columns) FROM runs WHERE name = ?"
        let row = try Row.fetchOne(database.cachedStatement(sql: sql), arguments: [run])
        return try row.flatMap { TriggerHistoryEntry(of: try RunSummary($0)) }
    }

    /// One entry of the trigger history.
    public func triggerHistoryEntry(_ id: String) async throws(FlowError) -> TriggerHistoryEntry? {
        let vault = vault
        return try await read { database in
            guard let row = try Self.entry(id, database) else { return try Self.firing(id, database) }
            var entry = TriggerHistoryEntry(row)
            if let format: Int64 = row[12] {
                let content = try StoredContent(format: format, bytes: row.bytes(13))
                entry.payload = try content.json(vault: vault, place: entry.place)
            }
            return entry
        }
    }

    /// Entries that began before an instant and are split to their end.
    public func oldHistory(before instant: Timestamp, limit: Int) async throws(FlowError) -> [String] {
        try await read { database in
            // The old ones were written first, so that they are found where the looking begins.
            let sql = """
                SELECT name FROM trigger_history WHERE start_time < ? AND split_done >= split_count ORDER BY id LIMIT ?
                """
            return try String.fetchAll(database, sql: sql, arguments: [instant.ticks, limit])
        }
    }

    /// Entries whose payload is not split up to its end.
    public func unfinishedSplits() async throws(FlowError) -> [TriggerHistoryEntry] {
        try await read { database in
            let sql = """
                SELECT \(TriggerHistoryEntry.columns) FROM trigger_history WHERE split_done < split_count ORDER BY id
                """
            return try Row.fetchAll(database, sql: sql).map(TriggerHistoryEntry.init)
        }
    }
}
