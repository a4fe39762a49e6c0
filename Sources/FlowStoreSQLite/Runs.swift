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
        let known = KnownRun(id: lastInsertedID, lastEvent: 0, epoch: 0, leaseHolder: nil, keys: summary.keys)
        remember(known, of: summary.name)
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
            knownRuns[name] = nil
        }
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
    fileprivate static let columns = """
        name, flow, flow_name, definition, status, code, error_code, error_message, start_time, end_time, trigger_name,
        initiator, tracking, parent, source, wait_kind, wait_subject, wait_until, keys, text, properties
        """

    fileprivate var propertiesText: String? { properties.isEmpty ? nil : JSON.object(properties).text }

    fileprivate init(_ row: Row) throws {
        let wait: String? = row[15]
        self.init(
            name: row[0], flowID: row[1], flowName: row[2], definitionHash: row[3], status: row[4], code: row[5],
            errorCode: row[6], errorMessage: row[7], startTime: row.instant(8), endTime: row.optionalInstant(9),
            triggerName: row[10], initiator: row[11], trackingID: row[12], parentRun: row[13], sourceRun: row[14],
            wait: wait.flatMap(RunWait.Kind.init).map {
                RunWait($0, subject: row[16], until: row.optionalInstant(17))
            },
            keys: BusinessKey.list(row[18]), text: row[19], properties: try row.json(20)?.objectValue ?? [:])
    }
}

extension SQLiteFlowStore {
    /// The summary of a run.
    public func run(_ name: String) async throws(FlowError) -> RunSummary? {
        try await read { database in
            let statement = try database.cachedStatement(sql: "SELECT \(RunSummary.columns) FROM runs WHERE name = ?")
            return try Row.fetchOne(statement, arguments: [name]).map(RunSummary.init)
        }
    }

    /// Runs that fit a filter, newest first.
    public func runs(_ filter: RunFilter) async throws(FlowError) -> [RunSummary] {
        try await read { database in
            var condition = RunCondition(filter)
            condition.addCursor(filter.after)
            let sql = """
                SELECT \(RunSummary.columns) FROM runs \(condition.text) ORDER BY id DESC LIMIT ?
                """
            let rows = try Row.fetchCursor(
                database.cachedStatement(sql: sql), arguments: StatementArguments(condition.arguments + [filter.limit]))
            var runs: [RunSummary] = []
            while let row = try rows.next() { runs.append(try RunSummary(row)) }
            return runs
        }
    }

    /// How many runs fit a filter.
    public func runCount(_ filter: RunFilter) async throws(FlowError) -> Int {
        try await read { database in
            let condition = RunCondition(filter)
            return try Int.fetchOne(
                database.cachedStatement(sql: "SELECT count(*) FROM runs \(condition.text)"),
                arguments: StatementArguments(condition.arguments)) ?? 0
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

/// The conditions of a filter as SQL.
private struct RunCondition {
    private var terms: [String] = []
    private(set) var arguments: [any DatabaseValueConvertible] = []

    /// Whether only unfinished runs are wanted: few, and in an index of their own, which SQLite does not choose by itself
    /// where the order is that of the table.
    private var isUnfinishedOnly = false

    var text: String {
        let index = isUnfinishedOnly ? "INDEXED BY runs_unfinished " : ""
        return terms.isEmpty ? "" : index + "WHERE " + terms.joined(separator: " AND ")
    }

    init(_ filter: RunFilter) {
        if let flows = filter.flowIDs { add(oneOf: "flow", flows) }
        if let statuses = filter.statuses { add(oneOf: "status", statuses) }
        if let code = filter.code { add("code = ?", code) }
        if let since = filter.since { add("start_time >= ?", since.ticks) }
        if let until = filter.until { add("start_time < ?", until.ticks) }
        if let ended = filter.endedBefore { add("end_time < ?", ended.ticks) }
        if let key = filter.key {
            if let name = filter.keyName {
                add("id IN (SELECT run FROM run_keys WHERE value = ? AND name = ?)", key, name)
            } else {
                add("id IN (SELECT run FROM run_keys WHERE value = ?)", key)
            }
        }
        if let text = filter.text {
            let pattern = Self.pattern(text)
            let columns = ["name", "flow_name", "error_code", "error_message", "text"]
            var parts = columns.map { "\($0) LIKE ? ESCAPE '\\'" }
            parts.append("id IN (SELECT run FROM run_keys WHERE value LIKE ? ESCAPE '\\')")
            terms.append("(" + parts.joined(separator: " OR ") + ")")
            arguments += parts.map { _ in pattern }
        }
        if let error = filter.error {
            add(
                "(error_code = ? OR code = ? OR error_message LIKE ? ESCAPE '\\')", error, error, Self.pattern(error))
        }
        if let parent = filter.parentRun { add("parent = ?", parent) }
        if let source = filter.sourceRun { add("source = ?", source) }
        if filter.isFinished == true { terms.append("end_time IS NOT NULL") }
        if filter.isFinished == false || filter.waiting != nil {
            terms.append("end_time IS NULL")
            isUnfinishedOnly = true
        }
        if let waiting = filter.waiting { add("wait_kind = ?", waiting.rawValue) }
        if let subject = filter.waitSubject { add("wait_subject = ?", subject) }
    }

    mutating func addCursor(_ name: String?) {
        if let name { add("id < (SELECT id FROM runs WHERE name = ?)", name) }
    }

    private mutating func add(_ term: String, _ values: any DatabaseValueConvertible...) {
        terms.append(term)
        arguments += values
    }

    private mutating func add(oneOf column: String, _ values: [String]) {
        let places = Array(repeating: "?", count: values.count).joined(separator: ", ")
        terms.append("\(column) IN (\(places))")
        arguments += values as [any DatabaseValueConvertible]
    }

    private static func pattern(_ text: String) -> String {
        var pattern = "%"
        for character in text {
            if character == "%" || character == "_" || character == "\\" { pattern.append("\\") }
            pattern.append(character)
        }
        return pattern + "%"
    }
}
