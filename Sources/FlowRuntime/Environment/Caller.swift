public import FlowCore
import FlowStorage

/// What a token may be used for, in the names that the platform's own tokens have.
public enum TokenScope: String, Sendable, Hashable, CaseIterable {
    /// Everything that the person in whose name it acts may do.
    case user = "User"
    /// Reading flows, triggers, connections and permissions.
    case readFlows = "Flows.Read.All"
    /// Reading runs, actions and trigger histories.
    case readActivity = "Activity.Read.All"
    /// Starting flows; a scope that the platform does not have.
    case runFlows = "Flows.Run.All"
    /// All of the above, and changing flows, runs, connections and permissions.
    case manageFlows = "Flows.Manage.All"

    /// Whether a token with this scope may do what needs another.
    func covers(_ needed: TokenScope) -> Bool {
        switch self {
        case .user, .manageFlows: true
        case .readFlows, .readActivity, .runFlows: self == needed
        }
    }

    /// The scopes of the texts.
    /// - Throws: `InvalidArgument` naming one that there is not.
    static func scopes(_ texts: [String]) throws(FlowError) -> [TokenScope] {
        var scopes: [TokenScope] = []
        for text in texts {
            guard let scope = allCases.first(where: { $0.rawValue.lowercased() == text.lowercased() }) else {
                let names = allCases.map(\.rawValue)
                throw FlowError(
                    .invalidArgument, "There is no scope '\(text)'.",
                    hint: Suggestion.hint(for: text, among: names)
                        ?? "scopes are: \(names.joined(separator: ", "))")
            }
            scopes.append(scope)
        }
        return scopes
    }
}

/// What a person is in the whole environment, beside the flows that are shared with them.
public enum EnvironmentRole: String, Sendable, Hashable, CaseIterable {
    /// Environment admin: every right on every flow, run and connection.
    case admin
    /// Environment maker: may make connections of their own.
    case maker
}

/// What a person may do with a flow; the greater includes the lesser.
package enum FlowRight: Int, Sendable, Hashable, Comparable {
    /// Starts it and sees what came of that, nothing else.
    case runOnly
    /// Owner or co-owner: everything.
    case owner

    package static func < (left: FlowRight, right: FlowRight) -> Bool { left.rawValue < right.rawValue }
}

/// Who calls the management API, and what they may do.
public struct Caller: Sendable, Hashable {
    /// The person (UPN), or nil for the one at the machine.
    public let user: String?
    /// The name of the token, or nil where none was needed.
    public let token: String?
    /// What the token may be used for.
    let scopes: [TokenScope]
    /// What the person is in the environment.
    let roles: Set<EnvironmentRole>

    /// The name of the token with which the work that is being done was asked for, for the audit log.
    @TaskLocal package static var token: String?

    /// The one at the machine, who may do everything.
    public static let machine = Caller(user: nil, token: nil, scopes: [.user], roles: [.admin])

    /// Whether the caller has every right; the one at the machine does.
    public var isAdmin: Bool { roles.contains(.admin) }

    /// Whether the caller may make connections.
    public var isMaker: Bool { isAdmin || roles.contains(.maker) }

    /// Whether the token may be used for something.
    public func permits(_ scope: TokenScope) -> Bool { scopes.contains { $0.covers(scope) } }
}

extension FlowEnvironment {
    /// Who shows a bearer token.
    /// - Throws: `InvalidAuthenticationToken`, `ExpiredAuthenticationToken`, or an error of the store.
    public func caller(showing token: String) async throws(FlowError) -> Caller {
        let digest = Digest.sha256(Array(token.utf8))
        let known = try await store.tokens().first { Digest.constantTimeEqual($0.digest, digest) }
        guard let known else { throw Self.unknownToken }
        if let expires = known.expires, expires <= clock.now {
            throw FlowError(
                .expiredAuthenticationToken, "The token '\(known.name)' expired at \(expires.secondsDescription).",
                hint: "make a new one: `flowrun token create`")
        }
        // A scope that an older version let pass gives no right.
        let scopes = known.scopes.isEmpty ? [.user] : known.scopes.compactMap(TokenScope.init(rawValue:))
        guard let user = known.upn else {
            return Caller(user: nil, token: known.name, scopes: scopes, roles: [.admin])
        }
        let state = host.state
        guard let person = try? state.knownUser(user) else { throw Self.unknownToken }
        return Caller(user: person, token: known.name, scopes: scopes, roles: state.roles(of: person))
    }

    private static var unknownToken: FlowError {
        FlowError(
            .invalidAuthenticationToken, "The access token is not valid.",
            hint: "make one: `flowrun token create`")
    }
}

extension EnvironmentState {
    /// The roles of a person in the environment.
    func roles(of upn: String) -> Set<EnvironmentRole> {
        let folded = upn.lowercased()
        let person = users.first { $0.upn.lowercased() == folded }
        return Set((person?.roles ?? []).compactMap(EnvironmentRole.init(rawValue:)))
    }

    /// What a person may do with a flow, or nil for nothing; nil as person is the one at the machine.
    func right(of user: String?, on flow: String) -> FlowRight? {
        guard let user else { return .owner }
        if isOwner(user, of: flow) || roles(of: user).contains(.admin) { return .owner }
        let folded = user.lowercased()
        return shares.contains { $0.flow == flow && $0.upn.lowercased() == folded } ? .runOnly : nil
    }

    /// Whether a flow is shared with a person as co-owner, whatever the person is in the environment; nil is the one at
    /// the machine.
    func isOwner(_ user: String?, of flow: String) -> Bool {
        guard let folded = user?.lowercased() else { return true }
        return shares.contains { $0.flow == flow && $0.role == .owner && $0.upn.lowercased() == folded }
    }
}
