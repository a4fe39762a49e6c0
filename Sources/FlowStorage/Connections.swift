public import FlowCore
public import FlowDefinitions

/// Reads the connections of an environment.
public protocol ConnectionStore: Sendable {
    /// The connections, by name. Their secrets are opened only where they are asked for, so that a reader without the
    /// key can list them.
    func connections(withSecrets: Bool) async throws(FlowError) -> [StoredConnection]

    /// A connection with its secrets, or nil.
    func connection(_ name: String) async throws(FlowError) -> StoredConnection?
}

/// A connection with its state in the environment.
public struct StoredConnection: Sendable, Hashable {
    /// Whether a connection works.
    public enum Status: String, Sendable, Hashable, CaseIterable {
        /// It does.
        case connected = "Connected"
        /// The service refuses it.
        case error = "Error"
        /// Someone has to sign in again.
        case unauthenticated = "Unauthenticated"
    }

    /// The connection; its secrets are kept encrypted.
    public var connection: Connection
    /// Whether it works.
    public var status: Status
    /// The code of what the service said.
    public var statusCode: String?
    /// What the service said.
    public var statusMessage: String?
    /// The people (UPN) beside the account who may use it.
    public var sharedWith: [String]
    /// When it was created.
    public var createdAt: Timestamp
    /// When the sign-in expires, if known.
    public var expires: Timestamp?
    /// What a sign-in left that is worth keeping, such as tokens; kept encrypted.
    public var session: JSON?

    /// Makes a stored connection.
    public init(
        connection: Connection, status: Status = .connected, statusCode: String? = nil, statusMessage: String? = nil,
        sharedWith: [String] = [], createdAt: Timestamp, expires: Timestamp? = nil, session: JSON? = nil
    ) {
        self.connection = connection
        self.status = status
        self.statusCode = statusCode
        self.statusMessage = statusMessage
        self.sharedWith = sharedWith
        self.createdAt = createdAt
        self.expires = expires
        self.session = session
    }
}
