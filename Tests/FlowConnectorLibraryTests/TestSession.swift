import FlowCore
import FlowDefinitions
import FlowTesting

/// A clock that stands still.
struct StillClock: WallClock {
    var now = Timestamp(year: 2026, month: 3, day: 2)
}

/// A connection with secrets that occur nowhere else.
func session(
    _ connector: String, grant: String = "refresh_token", endpoints: [String: String] = [:],
    parameters: [String: String] = [:]
) -> ConnectionSession {
    var all = [
        "tenant": "contoso.example", "clientId": "client-1", "organizationUrl": "https://org.crm.dynamics.com",
    ]
    for (name, value) in parameters { all[name] = value }
    return ConnectionSession(
        connection: Connection(
            name: "C1", connector: connector, account: "admin@contoso.example", grant: grant, parameters: all,
            secrets: [
                "clientSecret": "secret-of-client", "refreshToken": "secret-to-refresh", "password": "secret-word",
                "securityToken": "secret-token",
            ]), endpoints: endpoints, clock: StillClock())
}

extension OperationCall {
    /// A call with a key of its own.
    init(_ id: String, _ parameters: JSONObject, minimum: Int? = nil) {
        self.init(
            operationID: id, parameters: parameters, idempotencyKey: "11111111-2222-3333-4444-555555555555",
            minimumItemCount: minimum)
    }
}

/// A token of Entra ID.
let entraToken = RecordedTransport.Exchange(
    "POST https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token",
    json: ["access_token": "token-1", "token_type": "Bearer", "expires_in": 3_599])

/// A token of Salesforce.
let salesforceToken = RecordedTransport.Exchange(
    "POST https://login.salesforce.com/services/oauth2/token",
    json: [
        "access_token": "token-1", "instance_url": "https://adatum.my.salesforce.com",
        "id": "https://login.salesforce.com/id/00D/005000000000001", "token_type": "Bearer", "issued_at": "1",
    ])

/// The error of a call that must fail.
func failure(_ body: () async throws -> Void) async -> FlowError? {
    do {
        try await body()
        return nil
    } catch { return error as? FlowError }
}
