package import FlowCore

/// The seeded tenant: one organization, one app registration.
package enum Tenant {
    /// The tenant's id.
    package static let id = "2d3f1c6a-58b4-4c1e-9a6b-0c9d8f7e6a51"
    /// The domain of its users.
    package static let domain = "adatum.example"
    /// The organization's name.
    package static let name = "Adatum Partner Ltd"
    /// The client id of the seeded app registration.
    package static let clientID = "7f0c0d6e-3b5a-4a53-9d0e-51a6c2b84f19"
    /// The client id of Microsoft's own Partner Center connector, which is accepted without a secret.
    package static let connectorClientID = "a45b191f-fd2a-4dfe-b883-2eb19d179ca9"

    /// Whether a path segment names this tenant.
    static func isNamed(_ segment: String) -> Bool {
        let name = segment.lowercased()
        return name == id || name == domain || name == "common" || name == "organizations"
            || name == "adatum.onmicrosoft.com"
    }
}

/// A user of the directory.
package struct DirectoryUser: Sendable {
    /// The record's kind.
    package static let kind = "identity/user"

    /// The user principal name.
    package let upn: String
    /// The object id.
    package let objectID: String
    /// The name for people.
    package let displayName: String
    /// The directory and Dataverse roles.
    package let roles: [String]
    /// The present password.
    package let password: String
    /// Whether the account has signed in at least once.
    package let hasSignedIn: Bool
    /// Whether the account is enabled.
    package let isEnabled: Bool
    /// The number of the AADSTS error with which its sign-in is refused, or nil.
    package let signInError: Int64?
    /// Grants from before this instant are no longer good.
    package let tokensValidFrom: Timestamp

    init(_ record: Record) {
        let body = record.body
        upn = record.id
        objectID = body["objectId"]?.stringValue ?? ""
        displayName = body["displayName"]?.stringValue ?? record.id
        roles = body["roles"]?.arrayValue?.compactMap(\.stringValue) ?? []
        password = body["password"]?.stringValue ?? ""
        hasSignedIn = body["signedInOnce"]?.boolValue ?? false
        isEnabled = body["enabled"]?.boolValue ?? true
        signInError = body["signInError"]?.integerValue
        tokensValidFrom = Timestamp(ticks: body["tokensValidFrom"]?.integerValue ?? 0)
    }

    /// A user by name, letter case ignored.
    package static func find(_ upn: String, in transaction: Transaction) throws -> DirectoryUser? {
        try transaction.record(kind, upn.lowercased()).map(DirectoryUser.init)
    }

    /// All users in the order in which they were seeded or added.
    package static func all(in transaction: Transaction) throws -> [DirectoryUser] {
        try transaction.records(kind).sorted { $0.created < $1.created }.map(DirectoryUser.init)
    }

    /// Marks that a user has signed in.
    static func markSignedIn(_ upn: String, in transaction: Transaction) throws {
        guard var record = try transaction.record(kind, upn.lowercased()) else { return }
        guard record.body["signedInOnce"]?.boolValue != true else { return }
        record.body["signedInOnce"] = true
        try transaction.update(record)
        transaction.hasUserChanges = true
    }
}

/// A resource for which tokens are issued.
package enum TokenAudience {
    /// Who accepts a token for a resource, or nil where the directory knows no such resource.
    static func service(of resource: String, in world: World) -> String? {
        var resource = resource.lowercased()
        while resource.hasSuffix("/") { resource.removeLast() }
        for service in SandboxService.allCases where resource == world.url(of: service).lowercased() {
            return service.rawValue
        }
        switch resource {
        case "https://api.partner.microsoft.com": return SandboxService.partnercenterref.rawValue
        case "https://api.partnercenter.microsoft.com": return SandboxService.partnercenterevents.rawValue
        case "https://service.flow.microsoft.com", "https://graph.windows.net", "https://graph.microsoft.com":
            return "other"
        default:
            let host = resource.hasPrefix("https://") ? resource.dropFirst(8) : ""
            return host.hasSuffix(".dynamics.com") && !host.contains("/")
                ? SandboxService.commondataserviceforapps.rawValue : nil
        }
    }
}
