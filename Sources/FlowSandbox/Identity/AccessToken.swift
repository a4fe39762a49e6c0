package import FlowCore

/// An access token of the directory: claims signed with the sandbox's key (HS256).
package struct AccessToken: Sendable {
    /// The resource as it was asked for.
    package var audience: String
    /// The service that accepts it.
    package var service: String
    /// The user's principal name; empty for an app-only token.
    package var upn: String
    /// The object id of user or service principal.
    package var objectID: String
    /// The client that asked.
    package var clientID: String
    /// The roles at the time of issue.
    package var roles: [String]
    /// When it was issued.
    package var issued: Timestamp
    /// When it expires.
    package var expires: Timestamp

    /// Whether it stands for the app itself, without a user.
    package var isAppOnly: Bool { upn.isEmpty }
    /// Who called, for ledger and quota.
    package var account: String { isAppOnly ? "app:" + clientID : upn }

    /// The signed text.
    package func text(in world: World) -> String {
        var claims: JSONObject = [
            "aud": .string(audience), "iss": .string("https://sts.windows.net/\(Tenant.id)/"),
            "iat": .integer(issued.ticks / Timestamp.ticksPerSecond),
            "nbf": .integer(issued.ticks / Timestamp.ticksPerSecond),
            "exp": .integer(expires.ticks / Timestamp.ticksPerSecond), "appid": .string(clientID),
            "oid": .string(objectID), "tid": .string(Tenant.id), "ver": "1.0",
            "roles": .array(roles.map { .string($0) }), "svc": .string(service), "ist": .integer(issued.ticks),
        ]
        if isAppOnly {
            claims["idtyp"] = "app"
        } else {
            claims["upn"] = .string(upn)
            claims["unique_name"] = .string(upn)
            claims["scp"] = "user_impersonation"
        }
        return Self.sign(.object(claims), world.secrets.tokenKey)
    }

    /// Signs claims as a JSON web token.
    static func sign(_ claims: JSON, _ key: [UInt8]) -> String {
        let header: JSON = ["typ": "JWT", "alg": "HS256"]
        let signed = Base64.encodeURL(header.bytes) + "." + Base64.encodeURL(claims.bytes)
        return signed + "." + Base64.encodeURL(Digest.hmacSHA256(Array(signed.utf8), key: key))
    }

    /// Why a token is not accepted.
    package enum Refusal: Error, Sendable {
        /// There is none.
        case missing
        /// It was not issued here, was changed, or is for another service.
        case invalid
        /// Its time is over.
        case expired
    }

    /// Reads and checks a token.
    /// - Parameters:
    ///   - request: the request that carries it.
    ///   - service: the service that must accept it.
    ///   - transaction: the request's transaction.
    /// - Returns: the token.
    /// - Throws: ``Refusal``.
    package static func check(
        _ request: ServiceRequest, for service: SandboxService, in transaction: Transaction
    ) throws -> AccessToken {
        guard let text = request.bearerToken else { throw Refusal.missing }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let signature = Base64.decode(String(parts[2])),
            Digest.constantTimeEqual(
                signature,
                Digest.hmacSHA256(Array("\(parts[0]).\(parts[1])".utf8), key: transaction.world.secrets.tokenKey)),
            let payload = Base64.decode(String(parts[1])), let claims = try? JSONReader.read(payload),
            claims["svc"]?.stringValue == service.rawValue
        else { throw Refusal.invalid }
        let token = AccessToken(
            audience: claims["aud"]?.stringValue ?? "", service: service.rawValue,
            upn: claims["upn"]?.stringValue ?? "", objectID: claims["oid"]?.stringValue ?? "",
            clientID: claims["appid"]?.stringValue ?? "",
            roles: claims["roles"]?.arrayValue?.compactMap(\.stringValue) ?? [],
            issued: Timestamp(ticks: claims["ist"]?.integerValue ?? 0),
            expires: Timestamp(ticks: (claims["exp"]?.integerValue ?? 0) * Timestamp.ticksPerSecond))
        let validFrom = try transaction.setting("tokens valid from " + service.rawValue).flatMap(Int64.init) ?? 0
        guard transaction.now < token.expires, token.issued.ticks >= validFrom else { throw Refusal.expired }
        transaction.account = token.account
        return token
    }

    /// Ends all access tokens of a service at once; for the directory itself, all refresh tokens.
    package static func expireAll(of service: SandboxService, in transaction: Transaction) throws {
        try transaction.setSetting("tokens valid from " + service.rawValue, String(transaction.now.ticks))
    }
}
