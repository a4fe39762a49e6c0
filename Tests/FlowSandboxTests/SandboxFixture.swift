import FlowCore
import FlowHTTP
import FlowSandbox
import Foundation

/// A running sandbox in a folder of its own, and a client of its services.
struct SandboxFixture: Sendable {
    let sandbox: SandboxDescription
    let transport: CurlTransport

    /// Runs a sandbox while a test uses it.
    static func run<Value: Sendable>(
        _ body: @escaping @Sendable (SandboxFixture) async throws -> Value
    ) async throws -> Value {
        let path = FileManager.default.temporaryDirectory.path + "/flowrun-sandbox-" + UUIDText.random()
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await SandboxServer.withRunning(folder: SandboxStateFolder(path: path)) { sandbox in
            try await body(
                SandboxFixture(
                    sandbox: sandbox, transport: CurlTransport(CurlTransport.Configuration(addressPolicy: .local))))
        }
    }

    /// An answer with its body as JSON, null where it is none.
    struct Answer: Sendable {
        var status: Int
        var headers: HTTPHeaders
        var json: JSON
    }

    /// Sends a request.
    func send(
        _ method: String, _ url: String, token: String? = nil, headers: [(String, String)] = [], body: [UInt8] = []
    ) async throws -> Answer {
        var fields = HTTPHeaders()
        if let token { fields.append("Authorization", "Bearer " + token) }
        for (name, value) in headers { fields.append(name, value) }
        let response = try await transport.send(HTTPRequest(method, url, headers: fields, body: body))
        return Answer(
            status: response.status, headers: response.headers, json: (try? JSONReader.read(response.body)) ?? .null)
    }

    /// Sends JSON to a service.
    func call(
        _ service: SandboxService, _ method: String, _ path: String, token: String?, headers: [(String, String)] = [],
        _ body: JSON? = nil
    ) async throws -> Answer {
        try await send(
            method, sandbox.url(of: service) + path, token: token,
            headers: headers + (body == nil ? [] : [("Content-Type", "application/json")]), body: body?.bytes ?? [])
    }

    /// Calls the control API.
    @discardableResult
    func control(_ method: String, _ path: String, _ body: JSON? = nil) async throws -> Answer {
        try await send(
            method, sandbox.controlURL + path, token: sandbox.controlToken,
            headers: body == nil ? [] : [("Content-Type", "application/json")], body: body?.bytes ?? [])
    }

    /// Sends a form.
    func form(_ url: String, _ fields: KeyValuePairs<String, String>) async throws -> Answer {
        let text = fields.map { URLText.encode($0.key) + "=" + URLText.encode($0.value) }.joined(separator: "&")
        return try await send(
            "POST", url, headers: [("Content-Type", "application/x-www-form-urlencoded")], body: Array(text.utf8))
    }

    /// The identity service's value of sandbox.json.
    var identity: JSON { sandbox.json["services"]?["identity"] ?? .null }

    /// A text of an object in sandbox.json.
    func text(_ service: SandboxService, _ key: String) -> String {
        sandbox.json["services"]?[service.rawValue]?[key]?.stringValue ?? ""
    }

    func password(of user: String) -> String {
        let upn = user.contains("@") ? user : user + "@adatum.example"
        return identity["users"]?.arrayValue?.first { $0["upn"]?.stringValue == upn }?["password"]?.stringValue ?? ""
    }

    /// The token endpoint's URL.
    func tokenURL(version: Int = 1, tenant: String? = nil) -> String {
        let tenant = tenant ?? text(.identity, "tenant")
        return sandbox.url(of: .identity) + "/\(tenant)/oauth2" + (version == 2 ? "/v2.0/token" : "/token")
    }

    /// An access token of a seeded user.
    func token(_ user: String, _ resource: String) async throws -> String {
        let answer = try await form(
            tokenURL(),
            [
                "grant_type": "password", "client_id": text(.identity, "clientId"),
                "client_secret": text(.identity, "clientSecret"), "resource": resource,
                "username": user + "@adatum.example", "password": password(of: user),
            ])
        return answer.json["access_token"]?.stringValue ?? ""
    }

    /// An access token for the referrals API.
    func referralsToken(_ user: String = "referrals.admin") async throws -> String {
        try await token(user, "https://api.partner.microsoft.com")
    }
}

/// A referral that passes the service's validation.
let validReferral: JSON = [
    "name": "Northwind data platform", "type": "Shared", "qualification": "SalesQualified",
    "externalReferenceId": "006Qy00000AbCdEIAV", "target": [["type": "SolutionProfile", "id": "SOL-70001-ADT"]],
    "customerProfile": [
        "name": "Northwind Traders", "address": ["city": "Lisbon", "postalCode": "1100-001", "country": "PT"],
        "team": [
            ["firstName": "Ana", "lastName": "Reis", "phoneNumber": "+351210000000", "email": "ana@northwind.example"]
        ],
    ],
    "consent": [
        "consentToToShareInfoWithOthers": true, "consentToContact": true,
        "consentToShareReferralWithMicrosoftSellers": true,
    ],
    "details": [
        "notes": "Need a demo.", "dealValue": "42000", "currency": "EUR", "closingDateTime": "2027-06-30",
        "requirements": ["solutions": [["id": "SOL-70001-ADT", "name": "Adatum Insight", "type": "Name"]]],
    ],
    "team": [["firstName": "Joel", "lastName": "Kim", "phoneNumber": "+44", "email": "joel.kim@adatum.example"]],
]

extension JSON {
    /// The value at a path of keys and indexes, `a/0/b`; null where there is none.
    func at(_ path: String) -> JSON {
        path.split(separator: "/").reduce(self) { value, part in
            Int(part).flatMap { value[$0] } ?? value[String(part)] ?? .null
        }
    }

    /// A member's text; empty where there is none.
    func text(_ key: String) -> String { self[key]?.stringValue ?? "" }

    /// The object with values laid over it.
    func with(_ changes: JSONObject) -> JSON {
        var object = objectValue ?? [:]
        for (key, value) in changes { object[key] = value }
        return .object(object)
    }
}
