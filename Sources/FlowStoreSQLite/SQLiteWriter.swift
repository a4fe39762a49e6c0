import FlowCore
import FlowStorage
import GRDB
import GRDBSQLite

/// The connection that writes.
///
/// GRDB opens the file and sets it up; the statements of commits go to SQLite directly, because binding through
/// `StatementArguments` takes about as long as the insert itself.
///
/// It is used by one thread at a time: by the one that opens the store, afterwards by whoever ``GroupCommitter`` lets
/// write. That is what makes it safe to send.
final class SQLiteWriter: @unchecked Sendable {
    /// How a commit ends that is not done.
    enum Failure: Error {
        /// It contradicts what is there; the others of its group stand.
        case refused(FlowError)
        /// The disk or file refuses; nothing of the group stands.
        case unusable(FlowError)
    }

    /// What is known of a run that is being written, so that an append needs no look-up.
    struct KnownRun {
        var id: Int64
        var lastEvent: Int64
        var epoch: Int64
        var leaseHolder: String?
        var keys: [BusinessKey]
        /// Whether it was over when it was made: nobody will write to it after its events.
        var isOver = false
    }

    let location: StoreLocation
    let vault: Vault
    /// Is told which runs a group has changed.
    let feed: SearchFeed
    /// The runs that the group at hand has changed and deleted so far.
    var touchedRuns: [Int64] = []
    var deletedRuns: [Int64] = []
    var knownRuns: [String: KnownRun] = [:]
    /// How many statements of the commit at hand have been executed.
    var statementCount = 0

    private let queue: DatabaseQueue
    private let connection: OpaquePointer
    private var statements: [UnsafePointer<UInt8>: OpaquePointer] = [:]

    /// Opens the file, makes it or carries it forward where needed.
    init(_ location: StoreLocation, vault: Vault, feed: SearchFeed = SearchFeed()) throws(FlowError) {
        self.location = location
        self.vault = vault
        self.feed = feed
        do {
            queue = try location.openForWriting()
            connection = try queue.writeWithoutTransaction { database in
                guard let connection = database.sqliteConnection else { throw StoreRefusal.closed }
                // GRDB's hooks expect that every transaction goes through GRDB.
                sqlite3_commit_hook(connection, nil, nil)
                sqlite3_rollback_hook(connection, nil, nil)
                return connection
            }
        } catch {
            throw StoreFailure.error(error, path: location.path)
        }
        try checkKey()
    }

    /// From how many bytes on the write-ahead log is worked into the database when the store is closed.
    private static let largeLog = 1 << 20

    /// Closes the file.
    /// - Parameter tidily: whether a long write-ahead log is worked into the database first. A short one is left to the
    ///   next opening: that takes less time than the three flushes of the disk, which a short command would wait for.
    func close(tidily: Bool = false) {
        for statement in statements.values { sqlite3_finalize(statement) }
        statements = [:]
        if tidily && location.logSize >= Self.largeLog {
            queue.inDatabase { _ in _ = sqlite3_exec(connection, "PRAGMA wal_checkpoint(TRUNCATE)", nil, nil, nil) }
        }
        try? queue.close()
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
    }

    /// The first opening with a key remembers its check value; later ones compare.
    private func checkKey() throws(FlowError) {
        guard let check = vault.keyCheck else { return }
        do throws(Failure) {
            let stored = try row("SELECT value FROM metadata WHERE name = 'key check'") { $0.bytes(0) }
            guard let stored else {
                try run("INSERT INTO metadata (name, value) VALUES ('key check', ?)", .blob(check))
                return
            }
            guard Digest.constantTimeEqual(stored, check) else { throw Failure.unusable(Vault.wrongKey) }
        } catch {
            switch error {
            case .refused(let error), .unusable(let error):
                close()
                throw error
            }
        }
    }

    /// Shows that a store that had become unusable can be written again, by writing a little.
    ///
    /// It also takes the place of what a failed commit may have left in the write-ahead log, so that this cannot come
    /// back by a crash.
    func proveWritable() throws(FlowError) {
        let failure: FlowError? = queue.inDatabase { _ in
            do throws(Failure) {
                try run("BEGIN IMMEDIATE")
                try run("INSERT OR REPLACE INTO metadata (name, value) VALUES ('reopened', randomblob(32))")
                try run("COMMIT")
                return nil
            } catch {
                rollBack()
                switch error {
                case .refused(let error), .unusable(let error): return error
                }
            }
        }
        guard let failure else { return }
        close()
        throw failure
    }

    // MARK: Groups

    /// Writes commits that came at the same time, in one transaction.
    /// - Returns: for each what became of it; `unusable` for all where the disk refused.
    func write(_ group: [PreparedCommit]) -> [Failure?] {
        defer {
            feed.note(touched: touchedRuns, deleted: deletedRuns)
            touchedRuns.removeAll(keepingCapacity: true)
            deletedRuns.removeAll(keepingCapacity: true)
        }
        var results: [Failure?] = []
        results.reserveCapacity(group.count)
        do {
            try run("BEGIN IMMEDIATE")
            for commit in group {
                statementCount = 0
                do {
                    try apply(commit)
                    results.append(nil)
                } catch .refused(let error) {
                    // What had been written of a refused commit can only be taken back together with the others'.
                    guard statementCount == 0 else {
                        rollBack()
                        return writeOneByOne(group)
                    }
                    results.append(.refused(error))
                }
            }
            try run("COMMIT")
            return results
        } catch {
            rollBack()
            if case .refused(let error) = error { return group.map { _ in .unusable(error) } }
            return group.map { _ in error }
        }
    }

    private func writeOneByOne(_ group: [PreparedCommit]) -> [Failure?] {
        var results: [Failure?] = []
        for commit in group {
            do {
                try run("BEGIN IMMEDIATE")
                try apply(commit)
                try run("COMMIT")
                results.append(nil)
            } catch {
                rollBack()
                results.append(error)
                if case .unusable = error {
                    while results.count < group.count { results.append(error) }
                    break
                }
            }
        }
        return results
    }

    private func rollBack() {
        // What is known of runs may have come from what is taken back.
        knownRuns = [:]
        deletedRuns = []
        if sqlite3_get_autocommit(connection) == 0 { sqlite3_exec(connection, "ROLLBACK", nil, nil, nil) }
    }

    private func apply(_ commit: PreparedCommit) throws(Failure) {
        for change in commit.changes { try apply(change) }
    }

    // MARK: Statements

    /// Executes a statement that returns no rows.
    func run(_ sql: StaticString, _ values: SQLValue...) throws(Failure) {
        let statement = try prepared(sql)
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        try bind(values, to: statement)
        let code = try step(statement, sql)
        guard code == SQLITE_DONE || code == SQLITE_ROW else { throw failure(code) }
        statementCount += 1
    }

    /// The first row of a query, or nil where there is none.
    func row<Value>(
        _ sql: StaticString, _ values: SQLValue..., read: (SQLRow) -> Value
    ) throws(Failure) -> Value? {
        let statement = try prepared(sql)
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        try bind(values, to: statement)
        switch try step(statement, sql) {
        case SQLITE_ROW: return read(SQLRow(statement: statement))
        case SQLITE_DONE: return nil
        case let code: throw failure(code)
        }
    }

    /// How many rows the last statement changed.
    var changedCount: Int { Int(sqlite3_changes(connection)) }

    /// The number of the row inserted last.
    var lastInsertedID: Int64 { sqlite3_last_insert_rowid(connection) }

    private func prepared(_ sql: StaticString) throws(Failure) -> OpaquePointer {
        if let statement = statements[sql.utf8Start] { return statement }
        var statement: OpaquePointer?
        let code = sql.withUTF8Buffer { text in
            text.withMemoryRebound(to: CChar.self) { text in
                sqlite3_prepare_v3(
                    connection, text.baseAddress, Int32(text.count), UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
            }
        }
        guard code == SQLITE_OK, let statement else { throw failure(code) }
        statements[sql.utf8Start] = statement
        return statement
    }

    private func bind(_ values: [SQLValue], to statement: OpaquePointer) throws(Failure) {
        for (place, value) in values.enumerated() {
            let code = value.bind(to: statement, at: Int32(place + 1))
            guard code == SQLITE_OK else { throw failure(code) }
        }
    }

    private func step(_ statement: OpaquePointer, _ sql: StaticString) throws(Failure) -> Int32 {
        if let code = location.beforeStatement?(sql.description), code != SQLITE_OK {
            throw .unusable(StoreFailure.error(code, "injected", path: location.path))
        }
        return sqlite3_step(statement)
    }

    private func failure(_ code: Int32) -> Failure {
        let error = StoreFailure.error(
            sqlite3_extended_errcode(connection), String(cString: sqlite3_errmsg(connection)),
            system: sqlite3_system_errno(connection), path: location.path)
        return code & 0xff == SQLITE_CONSTRAINT ? .refused(error) : .unusable(error)
    }
}
