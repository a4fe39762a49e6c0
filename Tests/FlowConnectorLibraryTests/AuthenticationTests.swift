import FlowConnectorLibrary
import FlowCore
import FlowDefinitions
import FlowHTTP
import FlowTesting
import Synchronization
import Testing

@Suite struct AuthenticationTests {
    private static let view = "GET https://api.partnercenter.microsoft.com/webhooks/v1/registration"

    private func refusal(_ status: Int, _ error: String, _ number: Int64) -> RecordedTransport.Exchange {
        RecordedTransport.Exchange(
            "POST *token", status,
            json: [
                "error": .string(error), "error_codes": [.integer(number)],
                "error_description": .string("AADSTS\(number): Something.\r\nTrace ID: 1\r\nTimestamp: now"),
            ])
    }

    @Test(arguments: [
        ("client_credentials", "grant_type=client_credentials"), ("refresh_token", "refresh_token=secret-to-refresh"),
        ("device_code", "grant_type=refresh_token"), ("password", "username=admin%40contoso.example"),
    ])
    func `each grant posts its form, and the token goes with the call`(grant: String, part: String) async throws {
        let transport = RecordedTransport([entraToken, .init(Self.view, json: ["WebhookUrl": "u"])])
        let answer = try await PartnerCenterEvents(transport: transport).perform(
            OperationCall("ViewRegistration", [:]), in: session("partnercenterevents", grant: grant))
        #expect(answer.body?["WebhookUrl"] == "u")
        let form = String(decoding: transport.requests[0].body, as: UTF8.self)
        #expect(form.contains(part))
        #expect(form.contains("client_id=client-1"))
        #expect(form.contains("scope=https%3A%2F%2Fapi.partnercenter.microsoft.com%2F.default"))
        #expect(transport.requests[1].headers["Authorization"] == "Bearer token-1")
        #expect(transport.requests[1].headers["MS-CorrelationId"] == "11111111-2222-3333-4444-555555555555")
    }

    @Test func `one token serves many calls at a time, and a refused one is fetched once more`() async throws {
        let second = RecordedTransport.Exchange("POST *token", json: ["access_token": "token-2", "expires_in": "3600"])
        let transport = RecordedTransport([
            entraToken, second, .init(Self.view, 401), .init(Self.view, json: [:], repeats: true),
        ])
        let connector = PartnerCenterEvents(transport: transport)
        let session = session("partnercenterevents")
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await connector.perform(OperationCall("ViewRegistration", [:]), in: session).statusCode
                }
            }
            for try await status in group { #expect(status == 200) }
        }
        #expect(transport.requests.filter { $0.url.hasSuffix("/token") }.count == 2)
        #expect(transport.requests.last?.headers["Authorization"] == "Bearer token-2")
    }

    @Test func `a service that goes on refusing gets two calls, and its 401 is the answer`() async throws {
        let transport = RecordedTransport([
            entraToken, .init("POST *token", json: ["access_token": "token-2"]), .init(Self.view, 401, repeats: true),
        ])
        let answer = try await PartnerCenterEvents(transport: transport)
            .perform(OperationCall("ViewRegistration", [:]), in: session("partnercenterevents"))
        #expect(answer.statusCode == 401)
        #expect(transport.requests.count == 4)
    }

    @Test(
        arguments: [
            (400, "access_denied", 650_052, "flowrun login admin@contoso.example"),
            (401, "invalid_client", 7_000_215, "--secret clientSecret=env:NAME"),
            (400, "invalid_grant", 50_126, "--secret password=env:NAME"),
            (400, "invalid_grant", 700_082, "flowrun login admin@contoso.example"),
            (400, "unauthorized_client", 700_016, "--set clientId=ID"),
            (400, "invalid_request", 90_002, "--set tenant=TENANT"),
        ] as [(Int, String, Int64, String)])
    func `a refusal has the directory's code and the command that helps`(
        status: Int, error: String, number: Int64, hint: String
    ) async {
        let refusals = [refusal(status, error, number), refusal(status, error, number)]
        let connector = PartnerCenterEvents(transport: RecordedTransport(refusals))
        let session = session("partnercenterevents")
        let signIn = await failure { try await connector.signIn(session) }
        #expect(signIn?.code.rawValue == "AADSTS\(number)")
        #expect(signIn?.hint?.contains(hint) == true, "\(signIn?.hint ?? "")")
        #expect(signIn?.message.contains("Trace ID") == false)
        let call = await failure {
            _ = try await connector.perform(OperationCall("ViewRegistration", [:]), in: session)
        }
        #expect(call?.code == .connectionAuthorizationFailed)
        #expect(call?.details.first?.code.rawValue == "AADSTS\(number)")
        #expect(call?.hint == signIn?.hint)
    }

    @Test func `signing in finds a missing role`() async {
        let transport = RecordedTransport([
            entraToken,
            .init(
                "GET https://api.partner.microsoft.com/v1.0/engagements/referrals?$top=1", 403,
                json: ["error": ["code": "accessDenied", "message": "No role."]]),
        ])
        let error = await failure {
            try await PartnerCenterReferrals(transport: transport).signIn(session("partnercenterref"))
        }
        #expect(error?.code == .accessDenied)
        #expect(error?.hint?.contains("Referral Admin") == true)
    }

    @Test func `the environment's addresses are called, and new refresh tokens are handed on`() async throws {
        let renewed = Mutex<[String]>([])
        let transport = RecordedTransport([
            .init(
                "POST http://127.0.0.1:1/contoso.example/oauth2/v2.0/token",
                json: ["access_token": "t", "refresh_token": "newer"]),
            .init("GET http://127.0.0.1:2/webhooks/v1/registration", 404, json: [:], repeats: true),
        ])
        let connector = PartnerCenterEvents(transport: transport) { name, token in
            renewed.withLock { $0.append("\(name) \(token)") }
        }
        var session = session(
            "partnercenterevents",
            endpoints: ["identity": "http://127.0.0.1:1/", "partnercenterevents": "http://127.0.0.1:2"])
        _ = try await connector.perform(OperationCall("ViewRegistration", [:]), in: session)
        #expect(renewed.withLock { $0 } == ["C1 newer"])
        // The renewed connection still uses the same access token.
        var connection = session.connection
        connection.secrets["refreshToken"] = "newer"
        session = ConnectionSession(connection: connection, endpoints: session.endpoints, clock: session.clock)
        _ = try await connector.perform(OperationCall("ViewRegistration", [:]), in: session)
        #expect(transport.requests.filter { $0.url.hasSuffix("token") }.count == 1)
    }

    @Test func `a device sign-in asks until the person has finished`() async throws {
        let transport = RecordedTransport([
            .init(
                "POST *devicecode",
                json: [
                    "device_code": "d", "user_code": "ABC", "verification_uri": "https://login/device", "interval": 5,
                    "expires_in": 900,
                ]),
            refusal(400, "authorization_pending", 70_016),
            .init("POST *token", json: ["access_token": "a", "refresh_token": "r"]),
            refusal(400, "expired_token", 70_019),
        ])
        let session = session("partnercenterref", grant: "device_code")
        let audience = try #require(try StandardConnectors.audience(of: session))
        let signIn = DeviceSignIn(session, audience: audience, transport: transport)
        let prompt = try await signIn.begin()
        #expect(prompt.userCode == "ABC")
        #expect(try await signIn.ask(prompt) == .pending(.seconds(5)))
        #expect(try await signIn.ask(prompt) == .finished(refreshToken: "r"))
        #expect(await failure { _ = try await signIn.ask(prompt) }?.code.rawValue == "AADSTS70019")
    }
}
