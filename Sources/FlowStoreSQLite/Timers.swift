public import FlowCore
public import FlowStorage
import GRDB

extension SQLiteWriter {
    /// Sets a timer.
    func put(_ timer: RunTimer) throws(Failure) {
        try run(
            "INSERT OR REPLACE INTO timers (run, id, due) VALUES (?, ?, ?)", .text(timer.run), .text(timer.id),
            SQLValue(timer.due))
    }

    /// Takes a timer away.
    func clearTimer(_ id: String, of run: String) throws(Failure) {
        try self.run("DELETE FROM timers WHERE run = ? AND id = ?", .text(run), .text(id))
    }
}

extension SQLiteFlowStore {
    /// The timers that are due, earliest first.
    public func timers(dueBy instant: Timestamp, limit: Int) async throws(FlowError) -> [RunTimer] {
        try await timers("WHERE due <= ? ORDER BY due, run, id LIMIT ?", [instant.ticks, limit])
    }

    /// The timers of a run, earliest first.
    public func timers(of run: String) async throws(FlowError) -> [RunTimer] {
        try await timers("WHERE run = ? ORDER BY due, id", [run])
    }

    private func timers(_ condition: String, _ arguments: StatementArguments) async throws(FlowError) -> [RunTimer] {
        try await read { database in
            let statement = try database.cachedStatement(sql: "SELECT run, id, due FROM timers \(condition)")
            return try Row.fetchAll(statement, arguments: arguments).map { row in
                RunTimer(run: row[0], id: row[1], due: row.instant(2))
            }
        }
    }

    /// When the next timer is due.
    public func nextTimer() async throws(FlowError) -> Timestamp? {
        try await read { database in
            try Int64.fetchOne(database, sql: "SELECT min(due) FROM timers").map(Timestamp.init(ticks:))
        }
    }
}
