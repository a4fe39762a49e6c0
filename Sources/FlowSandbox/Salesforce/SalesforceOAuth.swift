import FlowCore

/// The token endpoint of the organization, and its sessions.
///
/// Grants: `password` (password and security token one after the other), `authorization_code` (see `SalesforceCode`),
/// `refresh_token`, `client_credentials` (runs as the API user), a signed assertion (see `JWTBearer`). There is no `expires_in`; a
/// session ends after two hours without use, on the sandbox clock.
enum SalesforceOAuth {
    private static let kind = "salesforce/session"
    private static let inactivity = Duration.seconds(7_200)

    /// The organization's id.
    static let organization = SalesforceID.full("00DQy000003xAdA") ?? ""

    /// Answers `POST /services/oauth2/token`.
    static func token(_ request: ServiceRequest, in transaction: Transaction) throws -> ServiceResponse {
        let form = request.form
        let basic = BasicCredentials.read(request)
        guard let grant = form["grant_type"] else { throw refusal("invalid_request", "grant type is missing") }
        let grants = ["password", "authorization_code", "refresh_token", "client_credentials", JWTBearer.grant]
        guard grants.contains(grant) else { throw refusal("unsupported_grant_type", "grant type not supported") }
        let secrets = transaction.world.secrets
        // An assertion names its client itself and needs no secret.
        if grant != JWTBearer.grant {
            guard let client = form["client_id"] ?? basic?.id, client == secrets.consumerKey else {
                throw refusal("invalid_client_id", "client identifier invalid")
            }
            let secret = form["client_secret"] ?? basic?.secret
            // A refresh needs no secret where the app does not ask for one; when it is sent, it must be right.
            guard secret == secrets.consumerSecret || (grant == "refresh_token" && secret == nil) else {
                throw refusal("invalid_client", "invalid client credentials")
            }
        }
        let username: String
        var refresh: String?
        switch grant {
        case "password":
            username = form["username"]?.lowercased() ?? ""
            let user = try DirectoryUser.find(username, in: transaction)
            transaction.account = username
            guard let user, user.isEnabled, let password = form["password"],
                Digest.constantTimeEqual(Array(password.utf8), Array((user.password + secrets.securityToken).utf8))
            else { throw refusal("invalid_grant", "authentication failure") }
        case JWTBearer.grant: username = try JWTBearer.user(form, in: transaction)
        case "authorization_code":
            username = try SalesforceCode.redeem(form, in: transaction)
            refresh = try SalesforceCode.refreshToken(of: username, in: transaction)
        case "refresh_token":
            let token = form["refresh_token"] ?? ""
            if token == secrets.salesforceRefreshToken {
                username = SalesforceSeed.apiUser
            } else if let known = try SalesforceCode.user(ofRefreshToken: token, in: transaction) {
                username = known
            } else {
                throw refusal("invalid_grant", "expired access/refresh token")
            }
        default: username = SalesforceSeed.apiUser
        }
        transaction.account = username
        guard let user = try user(username, in: transaction) else {
            throw refusal("invalid_grant", "authentication failure")
        }
        guard user.body["IsActive"] == true else { throw refusal("inactive_user", "user is inactive") }
        return try issue(user, grant, refresh: refresh, in: transaction)
    }

    /// The user record of a user name.
    static func user(_ name: String, in transaction: Transaction) throws -> Record? {
        try transaction.records("salesforce/User", where: "Username", is: name).first
    }

    private static func issue(
        _ user: Record, _ grant: String, refresh: String?, in transaction: Transaction
    ) throws -> ServiceResponse {
        let token = organization.prefix(15) + "!AQ" + Base64.encodeURL(SecureRandom.bytes(64))
        try transaction.insert(
            kind, digest(String(token)), ["user": .string(user.id), "name": user.body["Username"] ?? .null],
            at: transaction.now)
        let url = transaction.world.url(of: .salesforce)
        let id = "\(url)/id/\(organization)/\(user.id)"
        let issued = String(transaction.now.milliseconds)
        let signature = Digest.hmacSHA256(
            Array((id + issued).utf8), key: Array(transaction.world.secrets.consumerSecret.utf8))
        var body: JSONObject = [
            "access_token": .string(String(token)), "instance_url": .string(url), "id": .string(id),
            "token_type": "Bearer", "issued_at": .string(issued), "signature": .string(Base64.encode(signature)),
        ]
        if grant != "password" { body["scope"] = grant == JWTBearer.grant ? "api" : "refresh_token api" }
        if let refresh { body["refresh_token"] = .string(refresh) }
        return .json(
            200, .object(body), type: "application/json;charset=UTF-8", headers: [("Cache-Control", "no-store")])
    }

    /// The user of the request's session.
    static func authorize(_ request: ServiceRequest, in transaction: Transaction) throws -> Record {
        guard let token = request.bearerToken else {
            throw SalesforceFailure.make(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
        }
        let expired = SalesforceFailure.make(401, "INVALID_SESSION_ID", "Session expired or invalid")
        guard let session = try transaction.record(kind, digest(token)), let id = session.body["user"]?.stringValue
        else {
            throw expired
        }
        transaction.account = session.body["name"]?.stringValue
        let validFrom = try transaction.setting("tokens valid from salesforce").flatMap(Int64.init) ?? 0
        guard transaction.now < session.modified + inactivity, session.created.ticks >= validFrom,
            let user = try transaction.record("salesforce/User", id), user.body["IsActive"] == true
        else { throw expired }
        // Use keeps a session alive; noting it every five minutes is exact enough.
        if transaction.now > session.modified + .seconds(300) { try transaction.update(session, at: transaction.now) }
        return user
    }

    static func digest(_ token: String) -> String { Digest.sha256(Array(token.utf8)).hexadecimal }

    static func refusal(_ error: String, _ description: String) -> ServiceFailure {
        ServiceFailure(
            .json(
                400, ["error": .string(error), "error_description": .string(description)],
                type: "application/json;charset=UTF-8"))
    }
}
