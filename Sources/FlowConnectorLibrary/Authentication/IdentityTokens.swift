import FlowCore
import FlowDefinitions
import FlowHTTP

/// Access tokens of Microsoft Entra ID for the connections of a connector.
///
/// Grants: `client_credentials`, `refresh_token`, `password`, and `device_code`, which after its sign-in is a refresh
/// token. New refresh tokens are handed to whoever keeps the connections.
struct IdentityTokens: Sendable {
    /// What a token is for.
    ///
    /// The connection is part of it, so that changed credentials never meet an old token; its
    /// refresh token is not, as each use may bring a new one.
    struct Key: Hashable, Sendable {
        var connection: Connection
        var audience: String
        var authority: String
    }

    /// The public directory.
    static let publicAuthority = "https://login.microsoftonline.com"

    private let transport: any HTTPTransport
    private let cache = TokenCache<Key>()
    private let renewed: @Sendable (_ connection: String, _ refreshToken: String) -> Void

    init(
        transport: any HTTPTransport, renewed: @escaping @Sendable (String, String) -> Void = { _, _ in }
    ) {
        self.transport = transport
        self.renewed = renewed
    }

    /// A token for an audience.
    /// - Parameters:
    ///   - audience: the resource, such as `https://api.partner.microsoft.com`.
    ///   - session: the connection.
    ///   - refused: a token that the service has just refused.
    ///   - isFresh: whether the token endpoint is asked though there is a token.
    /// - Returns: the token.
    /// - Throws: the AADSTS or OAuth code.
    func token(
        for audience: String, _ session: ConnectionSession, refused: String? = nil, isFresh: Bool = false
    ) async throws(FlowError) -> AccessToken {
        let authority = ServiceAddress.base(session.endpoints["identity"] ?? Self.publicAuthority)
        var connection = session.connection
        connection.secrets["refreshToken"] = nil
        let key = Key(connection: connection, audience: audience, authority: authority)
        let fetch: @Sendable () async throws(FlowError) -> AccessToken = { () async throws(FlowError) -> AccessToken in
            try await self.fetch(key, session)
        }
        return try await cache.token(
            for: key, refused: refused, isFresh: isFresh, now: session.clock.now, fetch: fetch)
    }

    private func fetch(_ key: Key, _ session: ConnectionSession) async throws(FlowError) -> AccessToken {
        let connection = session.connection
        let form = try TokenForm.entra(connection, audience: key.audience)
        let tenant = connection.parameters["tenant"] ?? "common"
        let url = "\(key.authority)/\(PercentEncoding.encode(tenant))/oauth2/v2.0/token"
        let response = try await TokenForm.post(form, to: url, transport)
        let token = try TokenForm.token(response, connection, url: url, now: session.clock.now)
        if let refreshToken = token.refreshToken, refreshToken != connection.secrets["refreshToken"],
            connection.grant == "refresh_token" || connection.grant == "device_code"
        {
            renewed(connection.name, refreshToken)
        }
        return token
    }
}

/// The form that is posted to a token endpoint, and its answer.
enum TokenForm {
    /// The form of a connection's grant at the v2 endpoint of Entra ID.
    static func entra(_ connection: Connection, audience: String) throws(FlowError) -> [(String, String)] {
        var form = [("client_id", try required("clientId", of: connection))]
        if let secret = connection.secrets["clientSecret"] { form.append(("client_secret", secret)) }
        let scope = audience + "/.default"
        switch connection.grant {
        case "client_credentials":
            _ = try required("clientSecret", of: connection)
            return form + [("grant_type", "client_credentials"), ("scope", scope)]
        case "refresh_token", "device_code":
            let token = try required("refreshToken", of: connection)
            return form + [
                ("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope + " offline_access"),
            ]
        case "password":
            let user = connection.parameters["username"] ?? connection.account
            return form + [
                ("grant_type", "password"), ("username", user),
                ("password", try required("password", of: connection)), ("scope", scope + " offline_access"),
            ]
        default: throw unsupported(connection)
        }
    }

    /// A parameter or secret that a grant needs.
    static func required(_ name: String, of connection: Connection) throws(FlowError) -> String {
        if let value = connection.parameters[name] ?? connection.secrets[name], !value.isEmpty { return value }
        let isSecret = ["clientSecret", "refreshToken", "password", "securityToken"].contains(name)
        if name == "refreshToken", connection.grant == "device_code" {
            throw FlowError(
                .connectionParameterMissing,
                "The connection '\(connection.name)' has not been signed in yet.",
                hint: "run: flowrun login \(connection.account)")
        }
        throw FlowError(
            .connectionParameterMissing,
            "The connection '\(connection.name)' has no '\(name)', which the grant \(connection.grant) needs.",
            hint: "run: flowrun connection create \(connection.connector) --account \(connection.account) "
                + (isSecret ? "--secret \(name)=env:NAME" : "--set \(name)=VALUE"))
    }

    /// The error for a grant that a service does not have.
    static func unsupported(_ connection: Connection) -> FlowError {
        FlowError(
            .connectionGrantNotSupported,
            "The connector \(connection.connector) does not sign in with the grant '\(connection.grant)'.",
            hint: "use --grant client_credentials, refresh_token, password or device_code")
    }

    /// Posts a form.
    static func post(
        _ form: [(String, String)], to url: String, _ transport: any HTTPTransport
    ) async throws(FlowError) -> HTTPResponse {
        let request = HTTPRequest(
            "POST", url, headers: ["Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"],
            body: Array(PercentEncoding.form(form).utf8), timeout: .seconds(30), maximumResponseBytes: 1_048_576)
        do throws(HTTPFailure) {
            return try await transport.send(request)
        } catch {
            throw error.flowError
        }
    }

    /// The token of an answer.
    static func token(
        _ response: HTTPResponse, _ connection: Connection, url: String, now: Timestamp
    ) throws(FlowError) -> AccessToken {
        let host = URLParts(url)?.host ?? url
        guard response.status == 200, let body = (try? JSONReader.read(response.body))?.objectValue,
            let text = body["access_token"]?.stringValue
        else { throw OAuthRefusal.error(response, connection: connection, host: host) }
        // Numbers are texts in the answers of v1.
        let seconds = body["expires_in"].flatMap { $0.integerValue ?? $0.stringValue.flatMap(Int64.init) }
        let margin = seconds.map { min(300, $0 / 10) } ?? 0
        let user = body["id"]?.stringValue.flatMap { $0.split(separator: "/").last.map(String.init) }
        return AccessToken(
            text: text, refreshAt: seconds.map { now + .seconds($0 - margin) },
            instanceURL: body["instance_url"]?.stringValue, userID: user,
            refreshToken: body["refresh_token"]?.stringValue)
    }
}
