public import FlowCore
public import FlowStorage
import GRDB

extension SQLiteWriter {
    /// Binds a connection reference.
    func put(_ binding: ConnectionBinding) throws(Failure) {
        try run(
            "INSERT OR REPLACE INTO bindings (logical_name, connection, bound_at, bound_by) VALUES (?, ?, ?, ?)",
            .text(binding.logicalName), .text(binding.connection), SQLValue(binding.boundAt),
            SQLValue(binding.boundBy))
    }

    /// Says whose connection a flow's reference uses.
    func put(_ setting: RunOnlySetting) throws(Failure) {
        guard let source = setting.runtimeSource else {
            return try run(
                "DELETE FROM run_only_settings WHERE flow = ? AND reference = ?", .text(setting.flow),
                .text(setting.reference))
        }
        try run(
            "INSERT OR REPLACE INTO run_only_settings (flow, reference, runtime_source) VALUES (?, ?, ?)",
            .text(setting.flow), .text(setting.reference), .text(source))
    }
}

extension SQLiteFlowStore {
    /// The bindings.
    public func bindings() async throws(FlowError) -> [ConnectionBinding] {
        try await read { database in
            let sql = "SELECT logical_name, connection, bound_at, bound_by FROM bindings ORDER BY logical_name"
            return try Row.fetchAll(database, sql: sql).map { row in
                ConnectionBinding(
                    logicalName: row[0], connection: row[1], boundAt: row.instant(2), boundBy: row[3])
            }
        }
    }

    /// The settings of run-only users.
    public func runOnlySettings() async throws(FlowError) -> [RunOnlySetting] {
        try await read { database in
            let sql = "SELECT flow, reference, runtime_source FROM run_only_settings ORDER BY flow, reference"
            return try Row.fetchAll(database, sql: sql).map { row in
                RunOnlySetting(flow: row[0], reference: row[1], runtimeSource: row[2])
            }
        }
    }
}
