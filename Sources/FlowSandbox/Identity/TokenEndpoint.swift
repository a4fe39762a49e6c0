import FlowCore

/// The token endpoint in both of its versions.
struct TokenEndpoint {
    private let version: Int
    private let transaction: Transaction
    private let form: [String: String]
    private let basic: (id: String, secret: String)?

    /// How long an access token lasts.
    static let lifetime = Duration.seconds(3_600)

    init(version: Int, _ request: ServiceRequest, _ transaction: Transaction) {
        self.version = version
        self.transaction = transaction
        form = request.form
        basic = BasicCredentials.read(request)
    }

    func respond() throws -> ServiceResponse {
        guard let grant = form["grant_type"] else { throw refusal(.parameterMissing("grant_type")) }
        let client = try checkClient()
        transaction.account = "app:" + client
        switch grant {
        case "client_credentials":
            guard form["client_secret"] ?? basic?.secret != nil else { throw refusal(.secretMissing) }
            return try answer(to: nil, client: client, resource: resource(mustBeDefault: true), refresh: nil)
        case "password":
            let user = try IdentityService.authenticate(form["username"], form["password"], in: transaction)
            let resource = try resource()
            try requireSignIn(user)
            return try answer(
                to: user, client: client, resource: resource,
                refresh: try RefreshGrant.issue(user, client, in: transaction))
        case "authorization_code":
            let code = try AuthorizationCode.redeem(form, client: client, in: transaction)
            return try answer(
                to: code.user, client: client,
                resource: try Self.resource(form["scope"] ?? code.asked, in: transaction),
                refresh: try RefreshGrant.issue(code.user, client, in: transaction), scope: form["scope"] ?? code.asked,
                nonce: code.nonce)
        case "refresh_token":
            return try refresh(client)
        case "device_code", "urn:ietf:params:oauth:grant-type:device_code":
            guard let code = form["device_code"] ?? form["code"] else {
                throw refusal(.parameterMissing("device_code"))
            }
            let (user, asked) = try DeviceCode.redeem(code, client: client, in: transaction)
            try requireSignIn(user)
            let resource =
                try form["resource"] == nil && form["scope"] == nil ? Self.resource(asked, in: transaction) : resource()
            return try answer(
                to: user, client: client, resource: resource,
                refresh: try RefreshGrant.issue(user, client, in: transaction), scope: form["scope"] ?? asked)
        default: throw refusal(.grantUnsupported(grant))
        }
    }

    private func checkClient() throws -> String {
        guard let client = form["client_id"] ?? basic?.id else { throw refusal(.parameterMissing("client_id")) }
        let folded = client.lowercased()
        guard folded == Tenant.clientID || folded == Tenant.connectorClientID else {
            throw refusal(.applicationNotFound(client))
        }
        if let secret = form["client_secret"] ?? basic?.secret {
            let known = transaction.world.secrets.clientSecret
            guard folded == Tenant.clientID, Digest.constantTimeEqual(Array(secret.utf8), Array(known.utf8)) else {
                throw refusal(.wrongSecret(client))
            }
        }
        if folded == Tenant.clientID {
            try DirectoryApplication.refuse(
                hasSecret: form["client_secret"] ?? basic?.secret != nil, in: transaction)
        }
        return folded
    }

    private func refresh(_ client: String) throws -> ServiceResponse {
        guard let token = form["refresh_token"] else { throw refusal(.parameterMissing("refresh_token")) }
        let user = try RefreshGrant.redeem(token, client, in: transaction)
        transaction.account = user.upn
        try IdentityService.refuse(user, in: transaction)
        try requireSignIn(user)
        let resource = try resource()
        return try answer(
            to: user, client: client, resource: resource, refresh: try RefreshGrant.issue(user, client, in: transaction)
        )
    }

    private func requireSignIn(_ user: DirectoryUser) throws {
        guard user.hasSignedIn else { throw refusal(.serviceNotEnabled) }
    }

    /// The resource of `resource` (v1) or of `scope` (v2).
    private func resource(mustBeDefault: Bool = false) throws -> String {
        let asked = version == 1 ? form["resource"] : form["scope"] ?? form["resource"]
        guard let asked else { throw refusal(.parameterMissing(version == 1 ? "resource" : "scope")) }
        if version == 2, mustBeDefault, !asked.hasSuffix("/.default") { throw refusal(.scopeInvalid(asked)) }
        return try Self.resource(asked, in: transaction)
    }

    /// The resource that a resource or a list of scopes names.
    static func resource(_ asked: String, in transaction: Transaction) throws -> String {
        let openID: Set<String> = ["openid", "profile", "email", "offline_access"]
        let scopes = asked.split(separator: " ").map(String.init).filter { !openID.contains($0) }
        guard let scope = scopes.first else {
            throw IdentityFailure.scopeInvalid(asked).failure(in: transaction)
        }
        guard scope.contains("://") else { throw IdentityFailure.resourceNotFound(scope).failure(in: transaction) }
        // The resource is the scope without its last part, if the scope has one after the host.
        var resource = scope
        let afterScheme = scope.components(after: "://")
        if let slash = afterScheme.firstIndex(of: "/") {
            resource = String(scope.prefix(scope.count - afterScheme[slash...].count))
        }
        guard TokenAudience.service(of: resource, in: transaction.world) != nil else {
            throw IdentityFailure.resourceNotFound(resource).failure(in: transaction)
        }
        return resource
    }

    private func answer(
        to user: DirectoryUser?, client: String, resource: String, refresh: String?, scope: String? = nil,
        nonce: String? = nil
    ) throws -> ServiceResponse {
        let now = transaction.now
        let token = AccessToken(
            audience: resource, service: TokenAudience.service(of: resource, in: transaction.world) ?? "",
            upn: user?.upn ?? "", objectID: user?.objectID ?? client, clientID: client, roles: user?.roles ?? [],
            issued: now, expires: now + Self.lifetime)
        let seconds = now.ticks / Timestamp.ticksPerSecond
        var body: JSONObject = ["token_type": "Bearer"]
        if version == 1 {
            body["expires_in"] = "3600"
            body["ext_expires_in"] = "3600"
            body["expires_on"] = .string(String(seconds + 3_600))
            body["not_before"] = .string(String(seconds))
            body["resource"] = .string(resource)
            if user != nil { body["scope"] = "user_impersonation" }
        } else {
            if user != nil { body["scope"] = .string("\(resource)/user_impersonation") }
            body["expires_in"] = 3_599
            body["ext_expires_in"] = 3_599
        }
        body["access_token"] = .string(token.text(in: transaction.world))
        if let refresh { body["refresh_token"] = .string(refresh) }
        if let user, let scope = scope ?? form["scope"], scope.split(separator: " ").contains("openid") {
            var claims: JSONObject = [
                "aud": .string(client), "iss": .string("https://sts.windows.net/\(Tenant.id)/"),
                "iat": .integer(seconds), "nbf": .integer(seconds), "exp": .integer(seconds + 3_600),
                "sub": .string(user.objectID), "oid": .string(user.objectID), "tid": .string(Tenant.id),
                "preferred_username": .string(user.upn), "name": .string(user.displayName), "ver": "2.0",
            ]
            if let nonce { claims["nonce"] = .string(nonce) }
            body["id_token"] = .string(AccessToken.sign(.object(claims), transaction.world.secrets.tokenKey))
        }
        // By this clients tell the accounts in their cache apart.
        if let user, form["client_info"] == "1" {
            let account: JSON = ["uid": .string(user.objectID), "utid": .string(Tenant.id)]
            body["client_info"] = .string(Base64.encodeURL(account.bytes))
        }
        return .json(200, .object(body), headers: [("Cache-Control", "no-store"), ("Pragma", "no-cache")])
    }

    private func refusal(_ failure: IdentityFailure) -> ServiceFailure { failure.failure(in: transaction) }
}

/// Client credentials in `Authorization: Basic …`.
enum BasicCredentials {
    /// Id and secret, or nil where the request has none.
    static func read(_ request: ServiceRequest) -> (id: String, secret: String)? {
        guard let value = request.header("authorization"), value.lowercased().hasPrefix("basic "),
            let bytes = Base64.decode(String(value.dropFirst(6)))
        else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let mark = text.firstIndex(of: ":") else { return nil }
        return (URLText.decode(text[..<mark]), URLText.decode(text[text.index(after: mark)...]))
    }
}

extension String {
    /// What stands after the first place where a word occurs; empty where it does not.
    func components(after word: String) -> Substring {
        var rest = self[...]
        while !rest.isEmpty {
            if rest.hasPrefix(word) { return rest.dropFirst(word.count) }
            rest = rest.dropFirst()
        }
        return rest
    }

    /// The text with every occurrence of a character replaced.
    func replacing(_ character: Character, with other: Character) -> String {
        String(map { $0 == character ? other : $0 })
    }
}
