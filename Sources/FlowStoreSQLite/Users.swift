public import FlowCore
public import FlowStorage
import GRDB

extension SQLiteWriter {
    /// Adds a person or changes it.
    func put(_ user: EnvironmentUser) throws(Failure) {
        try run(
            "INSERT OR REPLACE INTO users (upn, display_name, roles, added_at) VALUES (?, ?, ?, ?)", .text(user.upn),
            SQLValue(user.displayName), SQLValue(user.roles), SQLValue(user.addedAt))
    }

    /// Removes a person, with its shares.
    func removeUser(_ upn: String) throws(Failure) {
        try run("DELETE FROM users WHERE upn = ?", .text(upn))
        try run("DELETE FROM shares WHERE upn = ?", .text(upn))
    }

    /// Gives a person a right on a flow.
    func put(_ share: FlowShare) throws(Failure) {
        try run(
            "INSERT OR IGNORE INTO shares (flow, upn, role) VALUES (?, ?, ?)", .text(share.flow), .text(share.upn),
            .text(share.role.rawValue))
    }

    /// Takes a right on a flow away.
    func remove(_ share: FlowShare) throws(Failure) {
        try run(
            "DELETE FROM shares WHERE flow = ? AND upn = ? AND role = ?", .text(share.flow), .text(share.upn),
            .text(share.role.rawValue))
    }

    /// Adds a token of the management API.
    func put(_ token: APIToken) throws(Failure) {
        try run(
            "INSERT OR REPLACE INTO tokens (name, digest, upn, scopes, created_at, expires) VALUES (?, ?, ?, ?, ?, ?)",
            .text(token.name), .blob(token.digest), SQLValue(token.upn), SQLValue(token.scopes),
            SQLValue(token.createdAt), SQLValue(token.expires))
    }
}

extension SQLiteFlowStore {
    /// The people.
    public func users() async throws(FlowError) -> [EnvironmentUser] {
        try await read { database in
            let sql = "SELECT upn, display_name, roles, added_at FROM users ORDER BY upn"
            return try Row.fetchAll(database, sql: sql).map { row in
                EnvironmentUser(
                    upn: row[0], displayName: row[1], roles: try row.names(2), addedAt: row.instant(3))
            }
        }
    }

    /// The rights on a flow, or on all flows.
    public func shares(of flow: String?) async throws(FlowError) -> [FlowShare] {
        try await read { database in
            let sql = """
                SELECT flow, upn, role FROM shares WHERE :flow IS NULL OR flow = :flow ORDER BY flow, upn, role
                """
            return try Row.fetchAll(database, sql: sql, arguments: ["flow": flow]).compactMap { row in
                FlowShare.Role(rawValue: row[2]).map { FlowShare(flow: row[0], upn: row[1], role: $0) }
            }
        }
    }

    /// The tokens of the management API.
    public func tokens() async throws(FlowError) -> [APIToken] {
        try await read { database in
            let sql = "SELECT name, digest, upn, scopes, created_at, expires FROM tokens ORDER BY name"
            return try Row.fetchAll(database, sql: sql).map { row in
                APIToken(
                    name: row[0], digest: row.bytes(1), upn: row[2], scopes: try row.names(3),
                    createdAt: row.instant(4), expires: row.optionalInstant(5))
            }
        }
    }
}
