public import FlowCore
public import FlowStorage
import GRDB

extension SQLiteWriter {
    /// What is known of a run; looked up where it was not written lately.
    func knownRun(_ name: String) throws(Failure) -> KnownRun {
        if let known = knownRuns[name] { return known }
        let bits = Self.eventBits
        let found = try row(
            """
            SELECT id, lease_epoch, lease_holder, keys,
                (SELECT last FROM journal WHERE journal.id > runs.id << 28 AND journal.id < (runs.id + 1) << 28
                    ORDER BY journal.id DESC LIMIT 1)
            FROM runs WHERE name = ?
            """, .text(name)
        ) { row in
            (
                KnownRun(
                    id: row.integer(0), lastEvent: row.integer(4), epoch: row.integer(1), leaseHolder: row.text(2),
                    keys: []), row.text(3)
            )
        }
        assert(bits == 28, "the query above names the same number of bits")
        guard let (found, keys) = found else { throw .refused(StoreRefusal.noSuchRun(name)) }
        var known = found
        known.keys = BusinessKey.list(keys)
        remember(known, of: name)
        return known
    }

    private func remember(_ run: KnownRun, of name: String) {
        // Enough for the runs that are under way; whoever is forgotten is looked up again.
        if knownRuns.count > 16_384 { knownRuns.removeAll(keepingCapacity: true) }
        knownRuns[name] = run
    }

    /// Makes a run.
    func start(_ summary: RunSummary) throws(Failure) {
        try run(
            """
            INSERT INTO runs (
                name, flow, flow_name, definition, status, code, error_code, error_message, start_time, end_time,
                trigger_name, initiator, tracking, parent, source, wait_kind, wait_subject, wait_until, keys, text,
                properties)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (name) DO NOTHING
            """, .text(summary.name), .text(summary.flowID), .text(summary.flowName), .text(summary.definitionHash),
            .text(summary.status), SQLValue(summary.code), SQLValue(summary.errorCode), SQLValue(summary.errorMessage),
            SQLValue(summary.startTime), SQLValue(summary.endTime), .text(summary.triggerName),
            SQLValue(summary.initiator), SQLValue(summary.trackingID), SQLValue(summary.parentRun),
            SQLValue(summary.sourceRun), SQLValue(summary.wait?.kind.rawValue), SQLValue(summary.wait?.subject),
            SQLValue(summary.wait?.until), SQLValue(BusinessKey.text(summary.keys)), .text(summary.text),
            SQLValue(summary.propertiesText))
        guard changedCount == 1 else {
            statementCount -= 1
            throw .refused(StoreRefusal.runExists(summary.name))
        }
        let known = KnownRun(
            id: lastInsertedID, lastEvent: 0, epoch: 0, leaseHolder: nil, keys: summary.keys, isOver: summary.isFinished
        )
        remember(known, of: summary.name)
        touchedRuns.append(known.id)
        try putKeys(summary.keys, of: known.id)
    }

    /// Replaces the summary of a run.
    func update(_ summary: RunSummary) throws(Failure) {
        var known = try knownRun(summary.name)
        try run(
            """
            UPDATE runs SET status = ?, code = ?, error_code = ?, error_message = ?, end_time = ?, wait_kind = ?,
                wait_subject = ?, wait_until = ?, keys = ?, text = ?, properties = ?, initiator = ?, tracking = ?
            WHERE id = ?
            """, .text(summary.status), SQLValue(summary.code), SQLValue(summary.errorCode),
            SQLValue(summary.errorMessage), SQLValue(summary.endTime), SQLValue(summary.wait?.kind.rawValue),
            SQLValue(summary.wait?.subject), SQLValue(summary.wait?.until), SQLValue(BusinessKey.text(summary.keys)),
            .text(summary.text), SQLValue(summary.propertiesText), SQLValue(summary.initiator),
            SQLValue(summary.trackingID), .integer(known.id))
        if known.keys != summary.keys {
            try deleteKeys(known.keys, of: known.id)
            try putKeys(summary.keys, of: known.id)
            known.keys = summary.keys
            knownRuns[summary.name] = known
        }
        if summary.isFinished { knownRuns[summary.name] = nil }
        touchedRuns.append(known.id)
    }

    private func putKeys(_ keys: [BusinessKey], of id: Int64) throws(Failure) {
        for key in keys {
            try run(
                "INSERT OR IGNORE INTO run_keys (value, name, run) VALUES (?, ?, ?)", .text(key.value),
                .text(key.name), .integer(id))
        }
    }

    private func deleteKeys(_ keys: [BusinessKey], of id: Int64) throws(Failure) {
        for key in keys {
            try run(
                "DELETE FROM run_keys WHERE value = ? AND name = ? AND run = ?", .text(key.value), .text(key.name),
                .integer(id))
        }
    }

    /// Deletes runs with everything that belongs to them.
    func deleteRuns(_ names: [String]) throws(Failure) {
        for name in names {
            let found = try row("SELECT id, keys FROM runs WHERE name = ?", .text(name)) { row in
                (row.integer(0), row.text(1))
            }
            guard let (id, keys) = found else { continue }
            try deleteKeys(BusinessKey.list(keys), of: id)
            try run(
                "DELETE FROM journal WHERE id > ? AND id < ?", .integer(id << Self.eventBits),
                .integer((id + 1) << Self.eventBits))
            try run(
                """
                DELETE FROM large_values WHERE hash IN (
                    SELECT hash FROM run_values AS mine WHERE run = ? AND NOT EXISTS (
                        SELECT 1 FROM run_values AS other WHERE other.hash = mine.hash AND other.run <> mine.run))
                """, .integer(id))
            try run("DELETE FROM run_values WHERE run = ?", .integer(id))
            try run("DELETE FROM effects WHERE run = ?", .integer(id))
            try run("DELETE FROM inbox WHERE run = ?", .text(name))
            try run("DELETE FROM timers WHERE run = ?", .text(name))
            try run("DELETE FROM runs WHERE id = ?", .integer(id))
            deletedRuns.append(id)
            knownRuns[name] = nil
        }
        // By this the search index of a later process knows that it holds runs which are gone, and which numbers may
        // have been given out again since.
        try run(
            """
            INSERT INTO metadata (name, value) VALUES ('deletions', 1)
            ON CONFLICT (name) DO UPDATE SET value = value + 1
            """)
        let top = try row("SELECT max(id) FROM runs") { $0.integer(0) } ?? 0
        guard deletedRuns.contains(where: { $0 > top }) else { return }
        try run(
            """
            INSERT INTO metadata (name, value) VALUES ('numbers free from', ?)
            ON CONFLICT (name) DO UPDATE SET value = min(value, excluded.value)
            """, .integer(top))
        try run(
            """
            INSERT OR REPLACE INTO metadata (name, value)
            SELECT 'numbers free at', value FROM metadata WHERE name = 'deletions'
            """)
    }
}

extension BusinessKey {
    /// Keys as a column holds them: an array of pairs; nil where there are none.
    fileprivate static func text(_ keys: [BusinessKey]) -> String? {
        keys.isEmpty ? nil : JSON.array(keys.map { [.string($0.name), .string($0.value)] }).text
    }

    /// The keys of a column.
    fileprivate static func list(_ text: String?) -> [BusinessKey] {
        guard let text, let pairs = try? JSON(parsing: text).arrayValue else { return [] }
        return pairs.compactMap { pair in
            guard let name = pair[0]?.stringValue, let value = pair[1]?.stringValue else { return nil }
            return BusinessKey(name: name, value: value)
        }
    }
}

extension RunSummary {
    static let columns = """
        name, flow, flow_name, definition, status, code, error_code, error_message, start_time, end_time, trigger_name,
        initiator, tracking, parent, source, wait_kind, wait_subject, wait_until, keys, text, properties
        """

    fileprivate var propertiesText: String? { properties.isEmpty ? nil : JSON.object(properties).text }

    /// Reads a row that holds ``columns``, from a place on.
    init(_ row: Row, from at: Int = 0) throws {
        let wait: String? = row[at + 15]
        self.init(
            name: row[at], flowID: row[at + 1], flowName: row[at + 2], definitionHash: row[at + 3],
            status: row[at + 4], code: row[at + 5], errorCode: row[at + 6], errorMessage: row[at + 7],
            startTime: row.instant(at + 8), endTime: row.optionalInstant(at + 9), triggerName: row[at + 10],
            initiator: row[at + 11], trackingID: row[at + 12], parentRun: row[at + 13], sourceRun: row[at + 14],
            wait: wait.flatMap(RunWait.Kind.init).map {
                RunWait($0, subject: row[at + 16], until: row.optionalInstant(at + 17))
            },
            keys: BusinessKey.list(row[at + 18]), text: row[at + 19],
            properties: try row.json(at + 20)?.objectValue ?? [:])
    }
}

extension SQLiteFlowStore {
    /// The summary of a run.
    public func run(_ name: String) async throws(FlowError) -> RunSummary? {
        try await read { database in
            let statement = try database.cachedStatement(sql: "SELECT \(RunSummary.columns) FROM runs WHERE name = ?")
            return try Row.fetchOne(statement, arguments: [name]).map { try RunSummary($0) }
        }
    }

    /// The newest run of each flow.
    public func latestRuns() async throws(FlowError) -> [String: RunSummary] {
        try await read { database in
            // Walks from flow to flow in the index, one look-up each, however many runs there are.
            let sql = """
                WITH RECURSIVE each_flow (flow) AS (
                    SELECT min(flow) FROM runs
                    UNION ALL
                    SELECT (SELECT min(flow) FROM runs WHERE flow > each_flow.flow) FROM each_flow
                    WHERE each_flow.flow IS NOT NULL)
                SELECT \(RunSummary.columns) FROM runs
                WHERE id IN (SELECT (SELECT max(id) FROM runs WHERE flow = each_flow.flow) FROM each_flow)
                """
            var latest: [String: RunSummary] = [:]
            let rows = try Row.fetchCursor(database, sql: sql)
            while let row = try rows.next() {
                let run = try RunSummary(row)
                latest[run.flowID] = run
            }
            return latest
        }
    }

    /// Unfinished runs that have something to do now.
    public func resumableRuns(after name: String?, limit: Int) async throws(FlowError) -> [RunSummary] {
        try await read { database in
            var after: Int64 = 0
            if let name {
                after = try Int64.fetchOne(database, sql: "SELECT id FROM runs WHERE name = ?", arguments: [name]) ?? 0
            }
            let sql = """
                SELECT \(RunSummary.columns) FROM runs WHERE id IN (
                    SELECT id FROM runs INDEXED BY runs_unfinished
                    WHERE end_time IS NULL AND wait_kind IS NULL AND id > :after
                    UNION
                    SELECT id FROM runs WHERE end_time IS NULL AND id > :after AND name IN (SELECT run FROM inbox))
                ORDER BY id LIMIT :limit
                """
            let rows = try Row.fetchCursor(database, sql: sql, arguments: ["after": after, "limit": limit])
            var runs: [RunSummary] = []
            while let row = try rows.next() { runs.append(try RunSummary(row)) }
            return runs
        }
    }
}
