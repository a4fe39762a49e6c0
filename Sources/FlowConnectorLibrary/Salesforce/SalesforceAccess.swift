import FlowCore
import FlowDefinitions
import FlowHTTP
import Synchronization

/// Signing in to a Salesforce organization, and where its API is.
struct SalesforceAccess: Sendable {
    /// The parameters of a connection.
    static let connectionParameters = [
        ConnectionParameter(
            "clientId", summary: "The consumer key of the connected app.",
            requiredBy: ["client_credentials", "refresh_token", "password"]),
        ConnectionParameter(
            "clientSecret", secret: true, summary: "The consumer secret.",
            requiredBy: ["client_credentials", "password"]),
        ConnectionParameter(
            "refreshToken", secret: true, summary: "The refresh token of the user.", requiredBy: ["refresh_token"]),
        ConnectionParameter("username", summary: "The user's name; without it the account."),
        ConnectionParameter("password", secret: true, summary: "The user's password.", requiredBy: ["password"]),
        ConnectionParameter(
            "securityToken", secret: true, summary: "The user's security token, appended to the password."),
        ConnectionParameter("apiVersion", summary: "The version of the API.", default: "v58.0"),
        ConnectionParameter(
            "loginUrl", summary: "The log-in host: login.salesforce.com, test.salesforce.com or a My Domain host.",
            default: "https://login.salesforce.com"),
        FieldNames.parameter,
    ]

    /// What a token is for; changed credentials never meet an old token.
    private struct Key: Hashable, Sendable {
        var connection: Connection
        var login: String
    }

    let transport: any HTTPTransport
    private let cache = TokenCache<Key>()
    private let renewed: @Sendable (String, String) -> Void

    init(transport: any HTTPTransport, renewed: @escaping @Sendable (String, String) -> Void) {
        self.transport = transport
        self.renewed = renewed
    }

    /// A session token; the service does not say how long it lasts.
    func token(
        _ session: ConnectionSession, refused: String? = nil, isFresh: Bool = false
    ) async throws(FlowError) -> AccessToken {
        let login = ServiceAddress.base(
            session.endpoints["salesforceLogin"] ?? session.endpoints["salesforce"]
                ?? session.connection.parameters["loginUrl"] ?? "https://login.salesforce.com")
        var connection = session.connection
        connection.secrets["refreshToken"] = nil
        let key = Key(connection: connection, login: login)
        let fetch: @Sendable () async throws(FlowError) -> AccessToken = { () async throws(FlowError) -> AccessToken in
            try await self.fetch(login, session)
        }
        do throws(FlowError) {
            return try await cache.token(
                for: key, refused: refused, isFresh: isFresh, now: session.clock.now, fetch: fetch)
        } catch {
            throw isFresh ? error : OAuthRefusal.connectionError(error, session.connection)
        }
    }

    private func fetch(_ login: String, _ session: ConnectionSession) async throws(FlowError) -> AccessToken {
        let connection = session.connection
        let url = login + "/services/oauth2/token"
        let response = try await TokenForm.post(try form(connection), to: url, transport)
        let token = try TokenForm.token(response, connection, url: url, now: session.clock.now)
        if let new = token.refreshToken, connection.grant == "refresh_token", new != connection.secrets["refreshToken"]
        {
            renewed(connection.name, new)
        }
        return token
    }

    private func form(_ connection: Connection) throws(FlowError) -> [(String, String)] {
        var form = [
            ("grant_type", connection.grant), ("client_id", try TokenForm.required("clientId", of: connection)),
        ]
        if let secret = connection.secrets["clientSecret"] { form.append(("client_secret", secret)) }
        switch connection.grant {
        case "client_credentials": _ = try TokenForm.required("clientSecret", of: connection)
        case "refresh_token":
            form.append(("refresh_token", try TokenForm.required("refreshToken", of: connection)))
        case "password":
            let password = try TokenForm.required("password", of: connection)
            form.append(("username", connection.parameters["username"] ?? connection.account))
            form.append(("password", password + (connection.secrets["securityToken"] ?? "")))
        default: throw TokenForm.unsupported(connection)
        }
        return form
    }

    /// Calls to the organization of a session.
    func organization(_ session: ConnectionSession) -> SalesforceOrganization {
        SalesforceOrganization(
            caller: ServiceCaller(transport: transport, connection: session.connection) {
                refused async throws(FlowError) -> AccessToken in
                try await self.token(session, refused: refused)
            }, session: session)
    }
}

/// The API of one organization.
struct SalesforceOrganization: Sendable {
    let caller: ServiceCaller
    let session: ConnectionSession

    /// The path of the API's version, such as `/services/data/v58.0`.
    var versionPath: String {
        let version = session.connection.parameters["apiVersion"] ?? "v58.0"
        return "/services/data/" + (version.lowercased().hasPrefix("v") ? version.lowercased() : "v" + version)
    }

    /// The base address: the environment's, else the one that the token endpoint named.
    func base() async throws(FlowError) -> String {
        if let own = session.endpoints["salesforce"] { return ServiceAddress.base(own) }
        guard let named = try await caller.token(nil).instanceURL else {
            throw FlowError(
                .invalidTokenResponse, "The token endpoint of Salesforce named no instance_url.",
                hint: "check the connection's loginUrl")
        }
        return ServiceAddress.base(named)
    }

    /// The id of the connection's user, or nil.
    func userID() async throws(FlowError) -> String? { try await caller.token(nil).userID }

    /// Sends a request to a path below the version.
    func send(
        _ method: String, _ path: String, query: [(String, String?)] = [], headers: HTTPHeaders = [:], json: JSON? = nil
    ) async throws(FlowError) -> HTTPResponse {
        let url = ServiceAddress.make(try await base() + versionPath, path, query: query)
        return try await caller.send(ServiceRequest(method, url, headers: headers, json: json))
    }

    /// Sends a query.
    func query(_ soql: String) async throws(FlowError) -> HTTPResponse {
        try await send("GET", "/query", query: [("q", soql)])
    }

    /// A following page of a query, by the path that the page before named.
    func page(_ path: String) async throws(FlowError) -> HTTPResponse {
        try await caller.send(ServiceRequest("GET", try await base() + (path.hasPrefix("/") ? path : "/" + path)))
    }
}

/// The fields of an object, as far as the connector needs them.
struct SalesforceFields: Sendable {
    struct Field: Sendable {
        var type: String
        var isFilterable: Bool
        var isExternalID: Bool
    }

    /// The names in the service's order.
    let names: [String]
    /// The fields by their names in small letters.
    let fields: [String: Field]

    init?(_ describe: JSON?) {
        guard let list = describe?["fields"]?.arrayValue else { return nil }
        var names: [String] = []
        var fields: [String: Field] = [:]
        for field in list {
            guard let name = field["name"]?.stringValue else { continue }
            names.append(name)
            fields[name.lowercased()] = Field(
                type: field["type"]?.stringValue ?? "string", isFilterable: field["filterable"]?.boolValue ?? true,
                isExternalID: field["externalId"]?.boolValue ?? false)
        }
        self.names = names
        self.fields = fields
    }

    subscript(name: String) -> Field? { fields[name.lowercased()] }
}

/// Descriptions of objects, kept for ten minutes: a list without `$select` needs the names of all fields.
final class SalesforceSchemas: Sendable {
    private struct Key: Hashable {
        var connection: String
        var table: String
    }

    private let known = Mutex<[Key: (fields: SalesforceFields, until: Timestamp)]>([:])

    /// The fields of a table, or the service's refusal.
    func fields(
        of table: String, _ organization: SalesforceOrganization
    ) async throws(FlowError) -> Result<SalesforceFields, RefusedResponse> {
        let now = organization.session.clock.now
        let key = Key(connection: organization.session.connection.name, table: table.lowercased())
        if let found = known.withLock({ $0[key] }), now < found.until { return .success(found.fields) }
        let response = try await organization.send("GET", "/sobjects/\(PercentEncoding.encode(table))/describe")
        guard response.isSuccess else { return .failure(RefusedResponse(response: response)) }
        guard let fields = SalesforceFields(response.value) else {
            throw FlowError.unreadable(response, of: "salesforce")
        }
        known.withLock { $0[key] = (fields, now + .seconds(600)) }
        return .success(fields)
    }
}

/// A service's answer that ends an operation of several calls.
struct RefusedResponse: Error, Sendable {
    let response: HTTPResponse
}
