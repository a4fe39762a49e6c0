public import FlowCore

/// Reads the people of an environment, their rights on flows and their tokens.
public protocol UserStore: Sendable {
    /// The people, by UPN.
    func users() async throws(FlowError) -> [EnvironmentUser]

    /// The rights on a flow, or on all flows, by flow and UPN.
    func shares(of flow: String?) async throws(FlowError) -> [FlowShare]

    /// The tokens of the management API, by name.
    func tokens() async throws(FlowError) -> [APIToken]
}

/// A person.
public struct EnvironmentUser: Sendable, Hashable {
    /// The user principal name, in lower case.
    public var upn: String
    /// The name for people.
    public var displayName: String?
    /// The roles in the environment.
    public var roles: [String]
    /// When the person was added.
    public var addedAt: Timestamp

    /// Makes a person.
    public init(upn: String, displayName: String? = nil, roles: [String] = [], addedAt: Timestamp) {
        self.upn = upn
        self.displayName = displayName
        self.roles = roles
        self.addedAt = addedAt
    }
}

/// The right of a person on a flow.
public struct FlowShare: Sendable, Hashable {
    /// The kinds of rights.
    public enum Role: String, Sendable, Hashable, CaseIterable {
        /// Changes, runs and shares the flow.
        case owner
        /// Only runs it.
        case runOnly
    }

    /// The flow's id.
    public var flow: String
    /// The person's UPN.
    public var upn: String
    /// The right.
    public var role: Role

    /// Makes a right.
    public init(flow: String, upn: String, role: Role) {
        self.flow = flow
        self.upn = upn
        self.role = role
    }
}

/// A bearer token of the management API, of which only the digest is kept.
public struct APIToken: Sendable, Hashable {
    /// The name.
    public var name: String
    /// The SHA-256 digest of the token.
    public var digest: [UInt8]
    /// The person (UPN) in whose name it acts, or nil.
    public var upn: String?
    /// What it may do.
    public var scopes: [String]
    /// When it was made.
    public var createdAt: Timestamp
    /// Until when it holds, or nil.
    public var expires: Timestamp?

    /// Makes a token.
    public init(
        name: String, digest: [UInt8], upn: String? = nil, scopes: [String] = [], createdAt: Timestamp,
        expires: Timestamp? = nil
    ) {
        self.name = name
        self.digest = digest
        self.upn = upn
        self.scopes = scopes
        self.createdAt = createdAt
        self.expires = expires
    }
}
