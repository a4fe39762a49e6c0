public import FlowCore

/// A connection: an account at a service, with what is needed to sign in.
///
/// Secrets are never part of a description.
public struct Connection: Sendable, Hashable {
    /// The unique name in the environment.
    public var name: String
    /// The connector's API name without `shared_`.
    public var connector: String
    /// The account (UPN) whose connection it is.
    public var account: String
    /// The OAuth grant: `client_credentials`, `refresh_token`, `password` or `device_code`.
    public var grant: String
    /// The open parameters, such as tenant and client id.
    public var parameters: [String: String]
    /// The secret parameters, such as client secret, password and refresh token.
    public var secrets: [String: String]

    /// Makes a connection.
    public init(
        name: String, connector: String, account: String, grant: String, parameters: [String: String],
        secrets: [String: String]
    ) {
        self.name = name
        self.connector = connector
        self.account = account
        self.grant = grant
        self.parameters = parameters
        self.secrets = secrets
    }
}

extension Connection: CustomStringConvertible {
    /// Name, connector and account.
    public var description: String { "\(name) (\(connector), \(account))" }
}

/// A connection at work: with the addresses of its environment and the time.
public struct ConnectionSession: Sendable {
    /// The connection.
    public let connection: Connection
    /// Base addresses by the keys of `endpoints` in flowrun.yaml (`identity`, `salesforce`, …); what is missing is the real service.
    public let endpoints: [String: String]
    /// The time.
    public let clock: any WallClock

    /// Makes a session.
    public init(connection: Connection, endpoints: [String: String], clock: any WallClock) {
        self.connection = connection
        self.endpoints = endpoints
        self.clock = clock
    }
}

/// A parameter of a connection, for `connection create`.
public struct ConnectionParameter: Sendable, Hashable {
    /// The name given to `--set` or `--secret`.
    public let name: String
    /// Whether its value is a secret.
    public let isSecret: Bool
    /// One sentence.
    public let summary: String
    /// The grants that need it; empty where it is optional with all.
    public let requiredBy: Set<String>
    /// The value where none is given, or nil.
    public let defaultValue: String?

    /// Makes a parameter.
    public init(
        _ name: String, secret: Bool = false, summary: String, requiredBy: Set<String> = [],
        default value: String? = nil
    ) {
        self.name = name
        self.isSecret = secret
        self.summary = summary
        self.requiredBy = requiredBy
        self.defaultValue = value
    }
}
