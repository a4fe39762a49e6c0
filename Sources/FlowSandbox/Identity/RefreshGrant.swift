import FlowCore

/// Refresh tokens: opaque, kept by their digest, good for 90 days after their last use.
enum RefreshGrant {
    private static let kind = "identity/refresh"
    private static let inactivity = Duration.seconds(90 * 86_400)

    /// Issues a token for a user and client.
    static func issue(_ user: DirectoryUser, _ client: String, in transaction: Transaction) throws -> String {
        let token = "1.A" + Base64.encodeURL(SecureRandom.bytes(48))
        try transaction.insert(
            kind, digest(token), ["upn": .string(user.upn), "client": .string(client)], at: transaction.now)
        return token
    }

    /// The user of a token that is still good; its time begins anew.
    static func redeem(_ token: String, _ client: String, in transaction: Transaction) throws -> DirectoryUser {
        guard let grant = try transaction.record(kind, digest(token)), grant.body["client"]?.stringValue == client,
            let name = grant.body["upn"]?.stringValue
        else { throw IdentityFailure.refreshTokenInvalid.failure(in: transaction) }
        guard let user = try DirectoryUser.find(name, in: transaction) else {
            throw IdentityFailure.userNotFound(name).failure(in: transaction)
        }
        transaction.account = user.upn
        guard user.isEnabled else { throw IdentityFailure.userDisabled.failure(in: transaction) }
        let validFrom = max(
            user.tokensValidFrom.ticks,
            try transaction.setting("tokens valid from identity").flatMap(Int64.init) ?? 0)
        guard grant.created.ticks >= validFrom else {
            throw IdentityFailure.grantRevoked(issued: grant.created, validFrom: Timestamp(ticks: validFrom))
                .failure(in: transaction)
        }
        guard transaction.now < grant.modified + inactivity else {
            throw IdentityFailure.refreshTokenExpired(issued: grant.created).failure(in: transaction)
        }
        try transaction.update(grant, at: transaction.now)
        return user
    }

    private static func digest(_ token: String) -> String { Digest.sha256(Array(token.utf8)).hexadecimal }
}
