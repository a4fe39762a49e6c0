package import FlowCore
package import GRDB

/// The world as one request sees and changes it: all of its changes happen, or none.
///
/// Everything is kept by ``Record``; values by which records are looked up are indexed as *keys*.
package final class Transaction {
    /// The open database transaction.
    package let database: Database
    /// The world it belongs to.
    package let world: World
    /// The instant of the request on the sandbox clock.
    package let now: Timestamp

    /// Who called, for the ledger.
    package var account: String?
    /// Whether webhook deliveries were added, so that the dispatcher must wake.
    package private(set) var hasDeliveries = false
    /// Whether a user changed, so that `sandbox.json` must be written again.
    package var hasUserChanges = false
    /// Counted calls; kept even where the request is refused.
    private var counted: [(name: String, day: String)] = []

    /// Opens the world for one request.
    package init(_ database: Database, of world: World) {
        self.database = database
        self.world = world
        now = world.clock.now
    }

    // MARK: Parts

    /// Answers a part of the work: where it is refused, its changes are undone and the refusal is the answer.
    func attempt(_ answer: () throws -> ServiceResponse) throws -> ServiceResponse {
        var response = ServiceResponse(500)
        do {
            try database.inSavepoint {
                response = try answer()
                return .commit
            }
        } catch let failure as ServiceFailure {
            response = failure.response
        }
        return response
    }

    /// Does several parts of which all or none shall count.
    /// - Parameter parts: gives whether they count.
    /// - Throws: what the parts throw, after which none counts; what the database raises.
    func together(_ parts: () throws -> Bool) throws {
        try database.inSavepoint { try parts() ? .commit : .rollback }
    }

    // MARK: Settings and counters

    /// A value of the sandbox itself, kept until the next reset.
    package func setting(_ name: String) throws -> String? {
        try String.fetchOne(statement("SELECT value FROM setting WHERE name = ?"), arguments: [name])
    }

    /// Keeps a value of the sandbox itself.
    package func setSetting(_ name: String, _ value: String) throws {
        try statement(
            "INSERT INTO setting(name, value) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value"
        )
        .execute(arguments: [name, value])
    }

    /// The next number of a counter, from 1.
    package func next(_ counter: String) throws -> Int64 {
        let name = "counter " + counter
        let value = (try setting(name).flatMap(Int64.init) ?? 0) + 1
        try setSetting(name, String(value))
        return value
    }

    /// A limit of the sandbox that `settings` may change, such as `partnerCenterDailyCalls`.
    package func limit(_ name: String, default standard: Int) throws -> Int {
        try setting("limit " + name).flatMap(Int.init) ?? standard
    }

    // MARK: Usage

    /// Counts one call for a day's quota and gives the count so far; refused requests count too.
    package func countCall(_ name: String) throws -> Int {
        let day = String(now.description.prefix(10))
        counted.append((name, day))
        let before = try Int.fetchOne(
            statement("SELECT count FROM usage WHERE name = ? AND day = ?"), arguments: [name, day])
        return (before ?? 0) + counted.count { $0.name == name && $0.day == day }
    }

    /// Writes the counted calls.
    package func commitUsage() throws {
        for (name, day) in counted {
            try statement(
                """
                INSERT INTO usage(name, day, count) VALUES(?, ?, 1)
                ON CONFLICT(name, day) DO UPDATE SET count = count + 1
                """
            ).execute(arguments: [name, day])
        }
    }

    // MARK: Records

    /// A record by its id, deleted ones too.
    package func record(_ kind: String, _ id: String) throws -> Record? {
        try Row.fetchOne(statement(Self.select + " WHERE kind = ? AND id = ?"), arguments: [kind, id]).map(Self.record)
    }

    /// All records of a kind in the order of their ids.
    package func records(_ kind: String, includingDeleted: Bool = false) throws -> [Record] {
        try records(" WHERE kind = ? AND deleted <= ? ORDER BY id", [kind, includingDeleted ? 1 : 0])
    }

    /// The records of a kind that changed at an instant or later.
    package func records(_ kind: String, modifiedFrom instant: Timestamp) throws -> [Record] {
        try records(" WHERE kind = ? AND modified >= ? ORDER BY id", [kind, instant.ticks])
    }

    /// A page of the records of a kind in the order of their creation or change, and how many there are in all.
    /// - Parameters:
    ///   - kind: what they are.
    ///   - field: an indexed field; with its values, only records that hold one of these are meant.
    ///   - values: the values.
    ///   - byChange: whether they are ordered by their last change rather than by their creation.
    ///   - descending: whether the newest come first.
    ///   - skip: how many are left out.
    ///   - most: how many the page has at most, given how many there are.
    /// - Returns: the records and the count.
    /// - Throws: what the database raises.
    package func page(
        of kind: String, where field: String? = nil, isOneOf values: [String] = [], byChange: Bool, descending: Bool,
        from skip: Int, most: (Int) -> Int
    ) throws -> (records: [Record], found: Int) {
        let order = (byChange ? "modified" : "created") + (descending ? " DESC" : " ASC")
        var fitting = "kind = ?1 AND deleted = 0"
        var arguments: StatementArguments = [kind]
        if let field {
            let marks = values.indices.map { "?\($0 + 3)" }.joined(separator: ", ")
            fitting += " AND id IN (SELECT id FROM record_key WHERE kind = ?1 AND field = ?2 AND value IN (\(marks)))"
            arguments += StatementArguments([field] + values.map { $0.lowercased() })
        }
        let found =
            try Int.fetchOne(statement("SELECT count(*) FROM record WHERE \(fitting)"), arguments: arguments) ?? 0
        // The indexes alone find which ones; only these are read.
        let records = try records(
            """
             WHERE kind = ?1 AND id IN (
                SELECT id FROM record WHERE \(fitting) ORDER BY \(order), id
                LIMIT \(max(0, most(found))) OFFSET \(skip))
            ORDER BY \(order), id
            """, arguments)
        return (records, found)
    }

    /// The ids of the records that hold a value in an indexed field; letter case does not count.
    package func ids(_ kind: String, where field: String, is value: String) throws -> [String] {
        try String.fetchAll(
            statement("SELECT id FROM record_key WHERE kind = ? AND field = ? AND value = ? ORDER BY id"),
            arguments: [kind, field, value.lowercased()])
    }

    /// The records that hold a value in an indexed field and are not deleted.
    package func records(_ kind: String, where field: String, is value: String) throws -> [Record] {
        try ids(kind, where: field, is: value).compactMap { id in
            guard let record = try record(kind, id), !record.isDeleted else { return nil }
            return record
        }
    }

    /// How many records of a kind there are.
    package func count(_ kind: String) throws -> Int {
        try Int.fetchOne(
            statement("SELECT count(*) FROM record WHERE kind = ? AND deleted = 0"), arguments: [kind]) ?? 0
    }

    /// Creates a record; creation and change have the same instant.
    /// - Parameters:
    ///   - kind: what it is.
    ///   - id: its id.
    ///   - body: its values.
    ///   - keys: the values by which it will be looked up.
    ///   - instant: when; a fresh one where none is given.
    /// - Returns: the record.
    /// - Throws: what the database raises.
    @discardableResult
    package func insert(
        _ kind: String, _ id: String, _ body: JSONObject, keys: [String: String] = [:], at instant: Timestamp? = nil
    ) throws -> Record {
        let instant = instant ?? stamp()
        let record = Record(
            kind: kind, id: id, body: body, created: instant, modified: instant, version: world.nextVersion(),
            isDeleted: false)
        try statement(
            "INSERT INTO record(kind, id, body, created, modified, version, deleted) VALUES(?, ?, ?, ?, ?, ?, 0)"
        ).execute(arguments: [kind, id, JSON.object(body).text, instant.ticks, instant.ticks, record.version])
        try index(record, keys)
        return record
    }

    /// Keeps a changed record under a fresh instant and version.
    /// - Parameters:
    ///   - record: the record with its new values.
    ///   - keys: all values by which it is looked up.
    ///   - instant: when; a fresh one where none is given.
    /// - Returns: the record as it is kept.
    /// - Throws: what the database raises.
    @discardableResult
    package func update(
        _ record: Record, keys: [String: String] = [:], at instant: Timestamp? = nil
    ) throws -> Record {
        var record = record
        record.modified = instant ?? stamp()
        record.version = world.nextVersion()
        try statement("UPDATE record SET body = ?, modified = ?, version = ?, deleted = ? WHERE kind = ? AND id = ?")
            .execute(arguments: [
                JSON.object(record.body).text, record.modified.ticks, record.version, record.isDeleted, record.kind,
                record.id,
            ])
        try statement("DELETE FROM record_key WHERE kind = ? AND id = ?").execute(arguments: [record.kind, record.id])
        if !record.isDeleted { try index(record, keys) }
        return record
    }

    /// Removes a record for good.
    package func delete(_ kind: String, _ id: String) throws {
        try statement("DELETE FROM record WHERE kind = ? AND id = ?").execute(arguments: [kind, id])
        try statement("DELETE FROM record_key WHERE kind = ? AND id = ?").execute(arguments: [kind, id])
    }

    /// An instant later than every one given before, on a whole millisecond.
    package func stamp() -> Timestamp { world.nextStamp(notBefore: now) }

    /// Notes that deliveries were added.
    package func noteDeliveries() { hasDeliveries = true }

    /// A statement that is prepared once for each database connection.
    package func statement(_ sql: String) throws -> Statement { try database.cachedStatement(sql: sql) }

    private static let select = "SELECT kind, id, body, created, modified, version, deleted FROM record"

    private func records(_ rest: String, _ arguments: StatementArguments) throws -> [Record] {
        let cursor = try Row.fetchCursor(statement(Self.select + rest), arguments: arguments)
        var records: [Record] = []
        while let row = try cursor.next() { records.append(Self.record(row)) }
        return records
    }

    private static func record(_ row: Row) -> Record {
        // Every body is written by `insert` and `update`, so it is an object.
        let body = (try? JSONReader.read(row[2] as String))?.objectValue ?? JSONObject()
        return Record(
            kind: row[0], id: row[1], body: body, created: Timestamp(ticks: row[3]),
            modified: Timestamp(ticks: row[4]), version: row[5], isDeleted: row[6])
    }

    private func index(_ record: Record, _ keys: [String: String]) throws {
        for (field, value) in keys {
            try statement("INSERT OR IGNORE INTO record_key(kind, field, value, id) VALUES(?, ?, ?, ?)")
                .execute(arguments: [record.kind, field, value.lowercased(), record.id])
        }
    }
}
