import FlowCore

/// The authorization code flow: a person signs in at a page, and the application exchanges the code that comes back.
///
/// The page is `/{tenant}/oauth2/v2.0/authorize`. A `code_challenge` (PKCE) is checked.
enum AuthorizationCode {
    private static let kind = "identity/code"
    private static let lifetime = Duration.seconds(600)

    /// The page at which a person signs in; what the person sends leads back to the application with a code.
    static func authorize(_ request: ServiceRequest, in transaction: Transaction) throws -> ServiceResponse {
        func refusal(_ failure: IdentityFailure) -> ServiceFailure { failure.failure(in: transaction) }
        guard let client = request.option("client_id")?.lowercased() else {
            throw refusal(.parameterMissing("client_id"))
        }
        guard client == Tenant.clientID || client == Tenant.connectorClientID else {
            throw refusal(.applicationNotFound(client))
        }
        guard request.option("response_type") == "code" else { throw refusal(.parameterMissing("response_type")) }
        guard let address = request.option("redirect_uri") else { throw refusal(.parameterMissing("redirect_uri")) }
        guard isRegistered(address) else { throw refusal(.addressNotRegistered(address)) }
        guard let scope = request.option("scope") ?? request.option("resource") else {
            throw refusal(.parameterMissing("scope"))
        }
        _ = try TokenEndpoint.resource(scope, in: transaction)
        guard request.method == "POST" else { return SignInPages.page("Sign in", fields: ["username", "password"]) }
        let form = request.form
        let user = try IdentityService.authenticate(form["username"], form["password"], in: transaction)
        try DirectoryUser.markSignedIn(user.upn, in: transaction)
        let code = "0.A" + Base64.encodeURL(SecureRandom.bytes(48))
        var body: JSONObject = [
            "client": .string(client), "asked": .string(scope), "upn": .string(user.upn), "address": .string(address),
        ]
        for name in ["code_challenge", "code_challenge_method", "nonce"] {
            if let value = request.option(name) { body[name] = .string(value) }
        }
        try transaction.insert(kind, Digest.sha256(Array(code.utf8)).hexadecimal, body, at: transaction.now)
        var target = address + (address.contains("?") ? "&" : "?") + "code=" + URLText.encode(code)
        if let state = request.option("state") { target += "&state=" + URLText.encode(state) }
        return ServiceResponse(302, headers: [("Location", target)])
    }

    /// Applications on the own machine, and the address of the platform's connectors.
    static func isRegistered(_ address: String) -> Bool {
        let loopback = ["http://localhost", "http://127.0.0.1"].contains { base in
            guard address.hasPrefix(base) else { return false }
            let rest = address.dropFirst(base.count).first
            return rest == nil || rest == ":" || rest == "/"
        }
        return loopback || address == "https://global.consent.azure-apim.net/redirect"
    }

    /// What a redeemed code stands for.
    struct Redeemed {
        let user: DirectoryUser
        /// The scopes or the resource that it was issued for.
        let asked: String
        let nonce: String?
    }

    /// Uses a code up.
    static func redeem(
        _ form: [String: String], client: String, in transaction: Transaction
    ) throws -> Redeemed {
        func refusal(_ failure: IdentityFailure) -> ServiceFailure { failure.failure(in: transaction) }
        guard let code = form["code"] else { throw refusal(.parameterMissing("code")) }
        let digest = Digest.sha256(Array(code.utf8)).hexadecimal
        guard let record = try transaction.record(kind, digest), record.body["client"]?.stringValue == client,
            transaction.now < record.created + lifetime
        else { throw refusal(.codeInvalid) }
        guard form["redirect_uri"] == record.body["address"]?.stringValue else {
            throw refusal(.addressNotRegistered(form["redirect_uri"] ?? ""))
        }
        if let challenge = record.body["code_challenge"]?.stringValue {
            let verifier = form["code_verifier"] ?? ""
            let isPlain = record.body["code_challenge_method"]?.stringValue ?? "plain" == "plain"
            let given = isPlain ? verifier : Base64.encodeURL(Digest.sha256(Array(verifier.utf8)))
            guard given == challenge else { throw refusal(.verifierWrong) }
        }
        guard let user = try DirectoryUser.find(record.body["upn"]?.stringValue ?? "", in: transaction) else {
            throw refusal(.codeInvalid)
        }
        try transaction.delete(kind, digest)
        transaction.account = user.upn
        return Redeemed(
            user: user, asked: record.body["asked"]?.stringValue ?? "", nonce: record.body["nonce"]?.stringValue)
    }
}
