import FlowCore

/// Microsoft Entra ID: token endpoints, device codes, sign-in.
///
/// | route | what it does |
/// | --- | --- |
/// | `POST /{tenant}/oauth2/token` | v1: `resource`; numbers in the answer are texts |
/// | `POST /{tenant}/oauth2/v2.0/token` | v2: `scope` |
/// | `GET`, `POST /{tenant}/oauth2/v2.0/authorize` | a page to sign in at, for the authorization code flow |
/// | `POST /{tenant}/oauth2/devicecode`, `…/v2.0/devicecode` | a device code, good for 900 s |
/// | `POST /devicelogin` | form `user_code, username, password`: approves a device code, and signs in |
/// | `POST /{tenant}/sign-in` | form `username, password`: the "sign in once" of AADSTS650052; answers `{"upn","signedInOnce":true}` |
/// | `GET /devicelogin`, `GET /{tenant}/sign-in` | the same as pages for people |
/// | `GET /{tenant}/v2.0/.well-known/openid-configuration` | where the above are |
/// | `GET /common/userrealm/{user}` | whether the user's domain is managed here |
///
/// Tenants: the id, `adatum.example`, `common`, `organizations`. Grants: `client_credentials`, `password`,
/// `authorization_code`, `refresh_token`, `device_code` (or its URN). Access tokens last an hour, refresh tokens 90 days without use, both on
/// the sandbox clock.
package enum IdentityService {
    /// Answers a request.
    static func respond(to request: ServiceRequest, in transaction: Transaction) throws -> ServiceResponse {
        let path = request.segments
        if path.first == "devicelogin" { return try SignInPages.deviceLogin(request, in: transaction) }
        guard let tenant = path.first, path.count >= 2 else { return notFound }
        guard Tenant.isNamed(tenant) else {
            throw IdentityFailure.tenantNotFound(tenant).failure(in: transaction)
        }
        switch (request.method, path.dropFirst().joined(separator: "/")) {
        case ("POST", "oauth2/token"): return try TokenEndpoint(version: 1, request, transaction).respond()
        case ("POST", "oauth2/v2.0/token"): return try TokenEndpoint(version: 2, request, transaction).respond()
        case ("POST", "oauth2/devicecode"): return try DeviceCode.issue(version: 1, request, in: transaction)
        case ("POST", "oauth2/v2.0/devicecode"): return try DeviceCode.issue(version: 2, request, in: transaction)
        case (_, "oauth2/v2.0/authorize"), (_, "oauth2/authorize"):
            return try AuthorizationCode.authorize(request, in: transaction)
        case ("GET", _) where path[1] == "userrealm" && path.count == 3: return userRealm(path[2])
        case (_, "sign-in"): return try SignInPages.signIn(request, in: transaction)
        case ("GET", "v2.0/.well-known/openid-configuration"), ("GET", ".well-known/openid-configuration"):
            return openIDConfiguration(transaction.world.url(of: .identity))
        default: return notFound
        }
    }

    private static let notFound = ServiceResponse.text(404, "Not found.", type: "text/plain; charset=utf-8")

    private static func openIDConfiguration(_ url: String) -> ServiceResponse {
        let base = "\(url)/\(Tenant.id)"
        return .json(
            200,
            [
                "issuer": .string("\(base)/v2.0"), "token_endpoint": .string("\(base)/oauth2/v2.0/token"),
                "authorization_endpoint": .string("\(base)/oauth2/v2.0/authorize"),
                "response_types_supported": ["code"],
                "scopes_supported": ["openid", "profile", "email", "offline_access"],
                "device_authorization_endpoint": .string("\(base)/oauth2/v2.0/devicecode"),
                "grant_types_supported": [
                    "client_credentials", "password", "authorization_code", "refresh_token",
                    "urn:ietf:params:oauth:grant-type:device_code",
                ],
            ])
    }

    /// Clients ask before they send a password: only a federated domain would want it elsewhere.
    private static func userRealm(_ user: String) -> ServiceResponse {
        let domain = user.split(separator: "@").last.map(String.init) ?? ""
        guard Tenant.isNamed(domain) else {
            return .json(200, ["ver": "1.0", "account_type": "Unknown"])
        }
        return .json(
            200,
            [
                "ver": "1.0", "account_type": "Managed", "domain_name": .string(domain),
                "cloud_instance_name": "microsoftonline.com", "cloud_audience_urn": "urn:federation:MicrosoftOnline",
            ])
    }

    /// Refuses an account with the error that is set for it, also where it comes with a refresh token.
    static func refuse(_ user: DirectoryUser, in transaction: Transaction) throws {
        if let failure = user.signInError.flatMap(IdentityFailure.set) { throw failure.failure(in: transaction) }
    }

    /// The user of a name and password, as the password grant and the sign-in page check them.
    static func authenticate(
        _ name: String?, _ password: String?, in transaction: Transaction
    ) throws -> DirectoryUser {
        guard let name else { throw IdentityFailure.parameterMissing("username").failure(in: transaction) }
        guard let password else { throw IdentityFailure.parameterMissing("password").failure(in: transaction) }
        guard let user = try DirectoryUser.find(name, in: transaction) else {
            throw IdentityFailure.userNotFound(name).failure(in: transaction)
        }
        transaction.account = user.upn
        guard Digest.constantTimeEqual(Array(password.utf8), Array(user.password.utf8)) else {
            throw IdentityFailure.wrongPassword.failure(in: transaction)
        }
        guard user.isEnabled else { throw IdentityFailure.userDisabled.failure(in: transaction) }
        try refuse(user, in: transaction)
        return user
    }
}
