public import FlowCore
public import FlowStorage
import GRDB

/// Lists of runs: which index leads to those that are wanted.
///
/// Every list ends at its limit, so what is frequent is found at once by walking backwards. What is rare is found by an
/// index: each is asked whether it leads to few runs, and the first that does is followed. Where all conditions are frequent and yet nothing fits all of them, one walk over the table is the worst that happens.
extension SQLiteFlowStore {
    /// Up to how many runs are few: they are looked up one by one and put in order.
    static let few = 5_000

    /// Runs that fit a filter, newest first.
    public func runs(_ filter: RunFilter) async throws(FlowError) -> [RunSummary] {
        if filter.searches { return try await search(filter) }
        let few = Self.few
        let isCurrent = isCurrent
        return try await read { database in
            var condition = RunCondition(filter, isIndexed: isCurrent)
            condition.addCursor(filter)
            let lead = try condition.lead(few: few, database)
            return try Self.list(condition, limit: filter.limit, from: lead, database)
        }
    }

    /// How many runs fit a filter.
    public func runCount(_ filter: RunFilter) async throws(FlowError) -> Int {
        if filter.searches {
            var filter = filter
            filter.after = nil
            filter.limit = .max
            return try await search(filter).count
        }
        let few = Self.few
        let isCurrent = isCurrent
        return try await read { database in
            var condition = RunCondition(filter, isIndexed: isCurrent)
            let lead = try condition.lead(few: few, database)
            return try Int.fetchOne(
                database.cachedStatement(sql: "SELECT count(*) FROM runs \(condition.text(lead))"),
                arguments: StatementArguments(condition.arguments(lead))) ?? 0
        }
    }

    private static func list(
        _ condition: RunCondition, limit: Int, from lead: RunCondition.Lead, _ database: Database
    ) throws -> [RunSummary] {
        let sql =
            "SELECT \(RunSummary.columns) FROM runs \(condition.text(lead)) ORDER BY id \(condition.order) LIMIT ?"
        let rows = try Row.fetchCursor(
            database.cachedStatement(sql: sql), arguments: StatementArguments(condition.arguments(lead) + [limit]))
        var runs: [RunSummary] = []
        while let row = try rows.next() { runs.append(try RunSummary(row)) }
        return runs
    }

    // MARK: Searching

    /// Runs that hold a text and fit the rest of a filter.
    private func search(_ filter: RunFilter) async throws(FlowError) -> [RunSummary] {
        do {
            return try await searchIndex(filter)
        } catch {
            throw StoreFailure.error(error, path: SearchFile(beside: location.path).path)
        }
    }

    private func searchIndex(_ filter: RunFilter) async throws -> [RunSummary] {
        // A run's name is no word that is searched for: it is asked for as a whole, or not at all.
        var named: [RunSummary] = []
        if let text = filter.text, filter.error == nil, filter.after == nil, let run = try await run(text) {
            var rest = filter
            rest.text = nil
            if rest.matches(run, events: { [] }) { named = [run] }
        }
        guard let match = filter.searchExpression else { return named }
        var below = Int64.max
        if let after = filter.after {
            below = try await read { database in
                try Int64.fetchOne(database, sql: "SELECT id FROM runs WHERE name = ?", arguments: [after]) ?? 0
            }
        }
        var condition = RunCondition(filter, isIndexed: isCurrent)
        condition.addCursor(filter)
        let found: [RunSummary]
        let (few, narrowed) = try await fewRuns(condition)
        if let few {
            found = try await look(few, match, condition, filter.limit)
        } else {
            let below = narrowed.highest == .max ? below : min(below, narrowed.highest + 1)
            found = try await walk(match, below: below, from: narrowed.lowest, condition, filter.limit)
        }
        return named + found.filter { run in !named.contains { $0.name == run.name } }
    }

    /// The runs that the other conditions lead to, where these are few; else the conditions, bounded by their times.
    private func fewRuns(_ condition: RunCondition) async throws -> ([Int64]?, RunCondition) {
        try await read { database in
            var condition = condition
            // Each is looked for in the index on its own, so they should be very few.
            let lead = try condition.lead(few: 500, database)
            guard lead.isFew else { return (nil, condition) }
            let ids = try Int64.fetchAll(
                database.cachedStatement(sql: "SELECT id FROM runs \(condition.text(lead)) ORDER BY id DESC"),
                arguments: StatementArguments(condition.arguments(lead)))
            return (ids, condition)
        }
    }

    private func look(
        _ runs: [Int64], _ match: String, _ condition: RunCondition, _ limit: Int
    ) async throws -> [RunSummary] {
        let found = try await search.runs(match, among: runs)
        return try await fetch(runs.filter(found.contains), condition, limit)
    }

    /// Walks backwards through what the index finds, in pages that grow.
    private func walk(
        _ match: String, below: Int64, from lowest: Int64, _ condition: RunCondition, _ limit: Int
    ) async throws -> [RunSummary] {
        var found: [RunSummary] = []
        var below = below
        var page = min(max(limit, 100), 10_000)
        while found.count < limit {
            let ids = try await search.runs(match, from: lowest, below: below, limit: page)
            found += try await fetch(ids, condition, limit - found.count)
            guard ids.count == page, let last = ids.last else { break }
            below = last
            page = min(page * 4, 50_000)
        }
        return found
    }

    private func fetch(_ ids: [Int64], _ condition: RunCondition, _ limit: Int) async throws -> [RunSummary] {
        guard !ids.isEmpty else { return [] }
        return try await read { database in
            try Self.list(condition, limit: limit, from: .these(ids), database)
        }
    }
}

/// The conditions of a filter as SQL; those on texts are not among them.
struct RunCondition: Sendable {
    /// How the runs are come to on which the conditions are tried.
    enum Lead: Sendable {
        /// By this index, whose order is that of the list.
        case index(String)
        /// By a query for numbers, which are few.
        case few(String, [DatabaseValue])
        /// By these numbers.
        case these([Int64])
        /// By the table itself, backwards.
        case table

        var isFew: Bool { if case .few = self { true } else { false } }
    }

    private var terms: [String] = []
    private var values: [DatabaseValue] = []
    /// Queries for the numbers of runs, each by an index of its own, the most telling first.
    private var queries: [(sql: String, values: [DatabaseValue])] = []
    /// The index to follow where no query leads to few runs.
    private var frequent: String?
    /// The condition on the beginning, as the index of beginnings is asked.
    private var times: (term: String, values: [DatabaseValue])?
    /// Below and above which numbers nothing fits.
    private(set) var lowest: Int64 = 0
    private(set) var highest = Int64.max
    /// The direction of the list.
    let order: String

    /// Whether the database has the indexes that are named here; one of an earlier format has not.
    private let isIndexed: Bool

    init(_ filter: RunFilter, isIndexed: Bool = true) {
        self.isIndexed = isIndexed
        order = filter.isOldestFirst && !filter.searches ? "ASC" : "DESC"
        addKeys(filter)
        if let parent = filter.parentRun { add("parent = ?", parent, by: "runs_parent") }
        if let source = filter.sourceRun { add("source = ?", source, by: "runs_source") }
        let isUnfinished =
            filter.isFinished == false || filter.waiting != nil
            || filter.statuses.map { !$0.isEmpty && Self.unfinishedStatuses.isSuperset(of: $0) } == true
        if let waiting = filter.waiting { add("wait_kind = ?", waiting.rawValue) }
        if isUnfinished {
            terms.append("end_time IS NULL")
            var query = "SELECT id FROM runs INDEXED BY runs_unfinished WHERE end_time IS NULL"
            if filter.waiting != nil { query += " AND wait_kind = ?" }
            queries.append((query, filter.waiting.map { [$0.rawValue.databaseValue] } ?? []))
        }
        addStatuses(filter)
        if let code = filter.code { add("code = ?", code) }
        if let subject = filter.waitSubject { add("wait_subject = ?", subject) }
        if let initiator = filter.initiator { add("initiator = ?", initiator) }
        if let tracking = filter.trackingID { add("tracking = ?", tracking) }
        addTimes(filter)
        if let flows = filter.flowIDs {
            let condition = add(oneOf: "flow", flows)
            queries.append(("SELECT id FROM runs INDEXED BY runs_flow WHERE \(condition)", databaseValues(flows)))
            if flows.count == 1 { frequent = frequent ?? "runs_flow" }
        }
        if filter.isFinished == true { terms.append("end_time IS NOT NULL") }
    }

    private static let unfinishedStatuses: Set<String> = ["Running", "Waiting"]
    private static let usualStatuses = ["Succeeded", "Running", "Waiting"]

    private mutating func addKeys(_ filter: RunFilter) {
        guard let key = filter.key else { return }
        var query = "SELECT run FROM run_keys WHERE value = ?"
        var values = [key.databaseValue]
        if let name = filter.keyName {
            query += " AND name = ?"
            values.append(name.databaseValue)
        }
        terms.append("EXISTS (\(query) AND run = runs.id)")
        self.values += values
        queries.append((query, values))
    }

    /// Runs that ended badly have an index of their own: they are what is looked for, and few.
    private mutating func addStatuses(_ filter: RunFilter) {
        guard let statuses = filter.statuses else { return }
        let condition = add(oneOf: "status", statuses)
        guard !statuses.isEmpty, Set(statuses).isDisjoint(with: Self.usualStatuses) else { return }
        let bad = "status NOT IN ('\(Self.usualStatuses.joined(separator: "', '"))')"
        terms.append(bad)
        var query = "SELECT id FROM runs INDEXED BY runs_bad WHERE \(bad) AND \(condition)"
        var values = databaseValues(statuses)
        if let flows = filter.flowIDs {
            query += " AND flow IN (\(Self.places(flows)))"
            values += databaseValues(flows)
        }
        queries.append((query, values))
        if statuses.count == 1 && filter.flowIDs?.count == 1 { frequent = "runs_bad" }
    }

    private mutating func addTimes(_ filter: RunFilter) {
        if let ended = filter.endedBefore { add("end_time < ?", ended.ticks) }
        // What ended before an instant began before it.
        let until = [filter.until, filter.endedBefore].compactMap { $0 }.min()
        guard filter.since != nil || until != nil else { return }
        var parts: [String] = []
        var times: [DatabaseValue] = []
        if let since = filter.since {
            parts.append("start_time >= ?")
            times.append(since.ticks.databaseValue)
        }
        if let until {
            parts.append(filter.until == until ? "start_time < ?" : "start_time <= ?")
            times.append(until.ticks.databaseValue)
        }
        let condition = parts.joined(separator: " AND ")
        terms.append(condition)
        values += times
        queries.append(("SELECT id FROM runs INDEXED BY runs_start WHERE \(condition)", times))
        self.times = (condition, times)
    }

    mutating func addCursor(_ filter: RunFilter) {
        guard let name = filter.after else { return }
        add("id \(order == "ASC" ? ">" : "<") (SELECT id FROM runs WHERE name = ?)", name)
    }

    /// The conditions of the trigger history, which is in the order of beginnings.
    mutating func add(trigger name: String?, after last: TriggerHistoryEntry?) {
        if let name { add("trigger_name = ?", name) }
        guard let last else { return }
        add("start_time <= ?", last.startTime.ticks)
        terms.append("(start_time < ? OR name > ?)")
        values += [last.startTime.ticks.databaseValue, last.id.databaseValue]
    }

    /// Chooses the way to the runs; where that is a walk it begins and ends where the times say.
    mutating func lead(few: Int, _ database: Database) throws -> Lead {
        guard isIndexed else { return .table }
        for (sql, values) in queries {
            let count =
                try Int.fetchOne(
                    database.cachedStatement(sql: "SELECT count(*) FROM (\(sql) LIMIT \(few + 1))"),
                    arguments: StatementArguments(values)) ?? 0
            if count <= few { return .few(sql, values) }
        }
        try narrow(few, database)
        return frequent.map { .index($0) } ?? .table
    }

    /// Runs are numbered as they are made, which is nearly, but not surely, the order of their beginnings: the index
    /// tells the numbers between which all runs are that began when they should.
    private mutating func narrow(_ few: Int, _ database: Database) throws {
        guard let times else { return }
        let span = "SELECT (SELECT max(id) FROM runs) - (SELECT min(id) FROM runs)"
        let all = try Int64.fetchOne(database.cachedStatement(sql: span)) ?? 0
        let inside = try Row.fetchOne(
            database.cachedStatement(
                sql: "SELECT min(id), max(id), count(*) FROM runs INDEXED BY runs_start WHERE \(times.term)"),
            arguments: StatementArguments(times.values))
        guard let inside, let first: Int64 = inside[0], let last: Int64 = inside[1], last - first < all else {
            return
        }
        lowest = first
        highest = last
        terms.append("id >= ? AND id <= ?")
        values += [first.databaseValue, last.databaseValue]
    }

    /// What follows `FROM runs`.
    func text(_ lead: Lead) -> String {
        switch lead {
        case .index(let name): "INDEXED BY \(name) " + clause(terms)
        case .few(let sql, _): "NOT INDEXED " + clause(["id IN (\(sql))"] + terms)
        case .these: "NOT INDEXED " + clause(["id IN (SELECT value FROM json_each(?))"] + terms)
        case .table: "NOT INDEXED " + clause(terms)
        }
    }

    func arguments(_ lead: Lead) -> [DatabaseValue] {
        switch lead {
        case .index, .table: values
        case .few(_, let own): own + values
        case .these(let ids): [("[" + ids.map(String.init).joined(separator: ",") + "]").databaseValue] + values
        }
    }

    private func clause(_ terms: [String]) -> String {
        terms.isEmpty ? "" : "WHERE " + terms.joined(separator: " AND ")
    }

    private mutating func add(_ term: String, _ value: some DatabaseValueConvertible, by index: String? = nil) {
        terms.append(term)
        values.append(value.databaseValue)
        guard let index else { return }
        queries.append(("SELECT id FROM runs INDEXED BY \(index) WHERE \(term)", [value.databaseValue]))
    }

    private mutating func add(oneOf column: String, _ texts: [String]) -> String {
        let term = "\(column) IN (\(Self.places(texts)))"
        terms.append(term)
        values += databaseValues(texts)
        return term
    }

    private static func places(_ texts: [String]) -> String {
        Array(repeating: "?", count: texts.count).joined(separator: ", ")
    }
}

private func databaseValues(_ texts: [String]) -> [DatabaseValue] { texts.map(\.databaseValue) }
