public import FlowCore
public import FlowStorage
import GRDB

extension SQLiteWriter {
    /// Installs a solution or replaces it.
    func put(_ solution: InstalledSolution) throws(Failure) {
        try run(
            """
            INSERT OR REPLACE INTO solutions (name, display_name, version, source, text, installed_at)
            VALUES (?, ?, ?, ?, ?, ?)
            """, .text(solution.name), .text(solution.displayName), .text(solution.version), .text(solution.source),
            .text(solution.text), SQLValue(solution.installedAt))
    }

    /// Keeps a definition under its hash.
    func put(_ definition: StoredDefinition, _ text: StoredContent) throws(Failure) {
        try run(
            "INSERT OR IGNORE INTO definitions (hash, file, format, text) VALUES (?, ?, ?, ?)", .text(definition.hash),
            .text(definition.file), .integer(text.format.rawValue), .blob(text.bytes))
    }

    /// Installs a flow or changes it, and remembers its version.
    func put(_ flow: InstalledFlow) throws(Failure) {
        let key = try seal(flow.triggerKey, for: flow.keyPlace)
        try run(
            """
            INSERT OR REPLACE INTO flows (id, name, aliases, solution, place, definition, state, state_reason,
                state_changed_at, first_activated_at, activated_by, trigger_key, installed_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, .text(flow.id), .text(flow.name), SQLValue(flow.aliases), SQLValue(flow.solution),
            SQLValue(flow.place), .text(flow.definitionHash), .text(flow.state.rawValue), SQLValue(flow.stateReason),
            SQLValue(flow.stateChangedAt), SQLValue(flow.firstActivatedAt), SQLValue(flow.activatedBy), .blob(key),
            SQLValue(flow.installedAt))
        let last = try row(
            "SELECT definition FROM flow_versions WHERE flow = ? ORDER BY id DESC LIMIT 1", .text(flow.id)
        ) { $0.text(0) }
        if last != flow.definitionHash {
            try run(
                "INSERT INTO flow_versions (flow, definition, installed_at) VALUES (?, ?, ?)", .text(flow.id),
                .text(flow.definitionHash), SQLValue(flow.installedAt))
        }
    }

    /// Takes a flow out, with what was set for it.
    func removeFlow(_ id: String) throws(Failure) {
        try run("DELETE FROM flows WHERE id = ?", .text(id))
        try run("DELETE FROM shares WHERE flow = ?", .text(id))
        try run("DELETE FROM run_only_settings WHERE flow = ?", .text(id))
        try forgetTriggers(of: id)
    }
}

extension InstalledFlow {
    fileprivate static let query = """
        SELECT id, name, aliases, solution, place, definition, state, state_reason, state_changed_at,
            first_activated_at, activated_by, trigger_key, installed_at
        FROM flows
        """

    /// For what the key of its trigger URL is encrypted.
    fileprivate var keyPlace: String { "flow/\(id)/trigger key" }

    fileprivate init(_ row: Row, vault: Vault) throws {
        self.init(
            id: row[0], name: row[1], aliases: try row.names(2), solution: row[3], place: row[4],
            definitionHash: row[5], state: FlowState(rawValue: row[6]) ?? .stopped, stateReason: row[7],
            stateChangedAt: row.instant(8), firstActivatedAt: row.optionalInstant(9), activatedBy: row[10],
            triggerKey: [], installedAt: row.instant(12))
        if vault.hasKey { triggerKey = try vault.open(row.bytes(11), for: keyPlace) }
    }
}

extension SQLiteFlowStore {
    /// The installed solutions.
    public func solutions() async throws(FlowError) -> [InstalledSolution] {
        try await read { database in
            let sql = "SELECT name, display_name, version, source, text, installed_at FROM solutions ORDER BY name"
            return try Row.fetchAll(database, sql: sql).map { row in
                InstalledSolution(
                    name: row[0], displayName: row[1], version: row[2], source: row[3], text: row[4],
                    installedAt: row.instant(5))
            }
        }
    }

    /// The installed flows; without the environment's key their trigger keys are empty.
    public func flows() async throws(FlowError) -> [InstalledFlow] {
        let vault = vault
        return try await read { database in
            let sql = "\(InstalledFlow.query) ORDER BY coalesce(solution, ''), place, name"
            return try Row.fetchAll(database, sql: sql).map { row in try InstalledFlow(row, vault: vault) }
        }
    }

    /// A flow by its id; without the environment's key its trigger key is empty.
    public func flow(_ id: String) async throws(FlowError) -> InstalledFlow? {
        let vault = vault
        return try await read { database in
            let statement = try database.cachedStatement(sql: "\(InstalledFlow.query) WHERE id = ?")
            return try Row.fetchOne(statement, arguments: [id]).map { row in try InstalledFlow(row, vault: vault) }
        }
    }

    /// A definition by its hash.
    public func definition(_ hash: String) async throws(FlowError) -> StoredDefinition? {
        try await read { database in
            let sql = "SELECT file, format, text FROM definitions WHERE hash = ?"
            return try Row.fetchOne(database, sql: sql, arguments: [hash]).map { row in
                let text = try StoredContent(format: row[1], bytes: row.bytes(2)).content
                return StoredDefinition(hash: hash, file: row[0], text: String(decoding: text, as: UTF8.self))
            }
        }
    }

    /// The versions that a flow has had.
    public func versions(of flow: String) async throws(FlowError) -> [FlowVersion] {
        try await read { database in
            let sql = "SELECT definition, installed_at FROM flow_versions WHERE flow = ? ORDER BY id DESC"
            return try Row.fetchAll(database, sql: sql, arguments: [flow]).map { row in
                FlowVersion(flow: flow, definitionHash: row[0], installedAt: row.instant(1))
            }
        }
    }
}
