public import FlowCore
import FlowStorage
import GRDB

extension SQLiteWriter {
    /// Counts calls against a quota.
    func count(_ use: QuotaUse) throws(Failure) {
        try run(
            """
            INSERT INTO quotas (name, window, used) VALUES (?, ?, ?)
            ON CONFLICT (name, window) DO UPDATE SET used = used + excluded.used
            """, .text(use.name), SQLValue(use.window), .integer(use.amount))
    }
}

extension SQLiteFlowStore {
    /// How much was used of a quota.
    public func quotaUsed(_ name: String, since: Timestamp) async throws(FlowError) -> Int64 {
        try await read { database in
            let statement = try database.cachedStatement(
                sql: "SELECT total(used) FROM quotas WHERE name = ? AND window >= ?")
            return Int64(try Double.fetchOne(statement, arguments: [name, since.ticks]) ?? 0)
        }
    }
}
