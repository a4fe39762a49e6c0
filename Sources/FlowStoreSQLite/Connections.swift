public import FlowCore
import FlowDefinitions
public import FlowStorage
import GRDB

extension SQLiteWriter {
    /// Adds a connection or changes it.
    func put(_ stored: StoredConnection) throws(Failure) {
        let connection = stored.connection
        let secrets = try seal(JSON(connection.secrets).bytes, for: stored.secretsPlace)
        var session: [UInt8]?
        if let json = stored.session { session = try seal(json.bytes, for: stored.sessionPlace) }
        try run(
            """
            INSERT OR REPLACE INTO connections (name, connector, account, grant_type, parameters, secrets, session,
                status, status_code, status_message, shared_with, created_at, expires)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, .text(connection.name), .text(connection.connector), .text(connection.account),
            .text(connection.grant), .text(JSON(connection.parameters).text), .blob(secrets), SQLValue(session),
            .text(stored.status.rawValue), SQLValue(stored.statusCode), SQLValue(stored.statusMessage),
            SQLValue(stored.sharedWith), SQLValue(stored.createdAt), SQLValue(stored.expires))
    }
}

extension JSON {
    /// An object of texts, by name.
    fileprivate init(_ texts: [String: String]) {
        self = .object(JSONObject(texts.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    }

    /// The texts of an object.
    fileprivate var texts: [String: String] {
        var texts: [String: String] = [:]
        for (name, value) in objectValue ?? [:] { texts[name] = value.stringValue }
        return texts
    }
}

extension StoredConnection {
    fileprivate static let query = """
        SELECT name, connector, account, grant_type, parameters, secrets, session, status, status_code, status_message,
            shared_with, created_at, expires
        FROM connections
        """

    /// For what its secrets are encrypted.
    fileprivate var secretsPlace: String { "connection/\(connection.name)/secrets" }

    /// For what the rest of a sign-in is encrypted.
    fileprivate var sessionPlace: String { "connection/\(connection.name)/session" }

    fileprivate init(_ row: Row, vault: Vault?) throws {
        self.init(
            connection: Connection(
                name: row[0], connector: row[1], account: row[2], grant: row[3],
                parameters: try row.json(4)?.texts ?? [:], secrets: [:]),
            status: Status(rawValue: row[7]) ?? .error, statusCode: row[8], statusMessage: row[9],
            sharedWith: try row.names(10), createdAt: row.instant(11), expires: row.optionalInstant(12))
        guard let vault else { return }
        connection.secrets = try JournalCoding.parse(vault.open(row.bytes(5), for: secretsPlace)).texts
        let box = row.bytes(6)
        if !box.isEmpty { session = try JournalCoding.parse(vault.open(box, for: sessionPlace)) }
    }
}

extension SQLiteFlowStore {
    /// The connections.
    public func connections(withSecrets: Bool) async throws(FlowError) -> [StoredConnection] {
        let vault = withSecrets ? vault : nil
        return try await read { database in
            try Row.fetchAll(database, sql: "\(StoredConnection.query) ORDER BY name").map { row in
                try StoredConnection(row, vault: vault)
            }
        }
    }

    /// A connection with its secrets.
    public func connection(_ name: String) async throws(FlowError) -> StoredConnection? {
        let vault = vault
        return try await read { database in
            let statement = try database.cachedStatement(sql: "\(StoredConnection.query) WHERE name = ?")
            return try Row.fetchOne(statement, arguments: [name]).map { row in
                try StoredConnection(row, vault: vault)
            }
        }
    }
}
