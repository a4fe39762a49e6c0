public import FlowCore
public import FlowStorage
import GRDB

extension SQLiteWriter {
    /// Takes, renews or gives up the lease of a run.
    func put(_ lease: RunLease) throws(Failure) {
        var known = try knownRun(lease.run)
        let isRenewal = known.epoch == lease.epoch && known.leaseHolder == lease.holder
        guard isRenewal || known.epoch + 1 == lease.epoch else { throw .refused(StoreRefusal.leaseLost(lease.run)) }
        try run(
            "UPDATE runs SET lease_holder = ?, lease_epoch = ?, lease_expires = ? WHERE id = ?", .text(lease.holder),
            .integer(lease.epoch), SQLValue(lease.expires), .integer(known.id))
        known.epoch = lease.epoch
        known.leaseHolder = lease.holder
        knownRuns[lease.run] = known
    }
}

extension SQLiteFlowStore {
    /// The lease of a run.
    public func lease(of run: String) async throws(FlowError) -> RunLease? {
        try await read { database in
            let sql = """
                SELECT lease_holder, lease_epoch, lease_expires FROM runs
                WHERE name = ? AND lease_holder IS NOT NULL
                """
            return try Row.fetchOne(database, sql: sql, arguments: [run]).map { row in
                RunLease(run: run, holder: row[0], epoch: row[1], expires: row.instant(2))
            }
        }
    }
}
