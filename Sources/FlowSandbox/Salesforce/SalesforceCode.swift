import FlowCore

/// The authorization code flow of the organization: a person signs in at a page, the application exchanges the code that comes back.
///
/// The page is `/services/oauth2/authorize`; applications on the own machine and the platform's connectors may be returned to. A
/// `code_challenge` (PKCE, S256) is checked. The code is good for 15 minutes, once; the refresh token until the user is deactivated.
enum SalesforceCode {
    private static let kind = "salesforce/code"
    private static let refreshKind = "salesforce/refresh"
    private static let lifetime = Duration.seconds(900)

    /// The page at which a person signs in; what the person sends leads back to the application with a code.
    static func authorize(_ request: ServiceRequest, in transaction: Transaction) throws -> ServiceResponse {
        guard request.option("client_id") == transaction.world.secrets.consumerKey else {
            throw SalesforceOAuth.refusal("invalid_client_id", "client identifier invalid")
        }
        guard request.option("response_type") == "code" else {
            throw SalesforceOAuth.refusal("unsupported_response_type", "response type not supported")
        }
        guard let address = request.option("redirect_uri"), AuthorizationCode.isRegistered(address) else {
            throw SalesforceOAuth.refusal("redirect_uri_mismatch", "redirect_uri must match configuration")
        }
        guard request.method == "POST" else { return SignInPages.page("Log in", fields: ["username", "password"]) }
        let form = request.form
        let name = form["username"]?.lowercased() ?? ""
        transaction.account = name
        guard let user = try DirectoryUser.find(name, in: transaction), user.isEnabled, let password = form["password"],
            Digest.constantTimeEqual(Array(password.utf8), Array(user.password.utf8)),
            try SalesforceOAuth.user(name, in: transaction) != nil
        else { throw SalesforceOAuth.refusal("invalid_grant", "authentication failure") }
        let code = "aPrx" + Base64.encodeURL(SecureRandom.bytes(48))
        var body: JSONObject = ["name": .string(name), "address": .string(address)]
        if let challenge = request.option("code_challenge") { body["code_challenge"] = .string(challenge) }
        try transaction.insert(kind, SalesforceOAuth.digest(code), body, at: transaction.now)
        var target = address + (address.contains("?") ? "&" : "?") + "code=" + URLText.encode(code)
        if let state = request.option("state") { target += "&state=" + URLText.encode(state) }
        return ServiceResponse(302, headers: [("Location", target)])
    }

    /// Uses a code up and gives the name of its user.
    static func redeem(_ form: [String: String], in transaction: Transaction) throws -> String {
        let digest = SalesforceOAuth.digest(form["code"] ?? "")
        guard let record = try transaction.record(kind, digest), let name = record.body["name"]?.stringValue else {
            throw SalesforceOAuth.refusal("invalid_grant", "invalid authorization code")
        }
        guard transaction.now < record.created + lifetime else {
            throw SalesforceOAuth.refusal("invalid_grant", "expired authorization code")
        }
        guard form["redirect_uri"] == record.body["address"]?.stringValue else {
            throw SalesforceOAuth.refusal("redirect_uri_mismatch", "redirect_uri must match configuration")
        }
        if let challenge = record.body["code_challenge"]?.stringValue {
            let given = Base64.encodeURL(Digest.sha256(Array((form["code_verifier"] ?? "").utf8)))
            guard given == challenge else { throw SalesforceOAuth.refusal("invalid_grant", "invalid code verifier") }
        }
        try transaction.delete(kind, digest)
        return name
    }

    /// A new refresh token of a user.
    static func refreshToken(of name: String, in transaction: Transaction) throws -> String {
        let token = "5Aep861" + Base64.encodeURL(SecureRandom.bytes(48))
        try transaction.insert(
            refreshKind, SalesforceOAuth.digest(token), ["name": .string(name)], at: transaction.now)
        return token
    }

    /// The user of a refresh token, or nil where it is not known.
    static func user(ofRefreshToken token: String, in transaction: Transaction) throws -> String? {
        try transaction.record(refreshKind, SalesforceOAuth.digest(token))?.body["name"]?.stringValue
    }
}
