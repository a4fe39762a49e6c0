import FlowCore
import FlowHTTP
import FlowSandbox
import Testing

@Suite struct IdentityTests {
    /// What is changed in a good password request, and what is answered.
    struct Refusal: Sendable {
        var name: String
        var fields: [String: String?]
        var status: Int
        var error: String
        var number: Int64
    }

    static let refusals = [
        Refusal(
            name: "wrong secret", fields: ["client_secret": "x"], status: 401, error: "invalid_client",
            number: 7_000_215),
        Refusal(
            name: "unknown app", fields: ["client_id": "6b0f1d7e-0000-4000-8000-000000000000"], status: 400,
            error: "unauthorized_client", number: 700_016),
        Refusal(name: "wrong password", fields: ["password": "x"], status: 400, error: "invalid_grant", number: 50_126),
        Refusal(
            name: "unknown user", fields: ["username": "nobody@adatum.example"], status: 400, error: "invalid_grant",
            number: 50_034),
        Refusal(
            name: "unknown resource", fields: ["resource": "https://example.org"], status: 400,
            error: "invalid_resource",
            number: 500_011),
        Refusal(
            name: "no grant type", fields: ["grant_type": nil], status: 400, error: "invalid_request", number: 900_144),
        Refusal(
            name: "unknown grant type", fields: ["grant_type": "x"], status: 400, error: "unsupported_grant_type",
            number: 70_003),
        Refusal(
            name: "unknown refresh token", fields: ["grant_type": "refresh_token", "refresh_token": "x"], status: 400,
            error: "invalid_grant", number: 70_000),
    ]

    @Test func `tokens are refused as Microsoft Entra ID refuses them`() async throws {
        try await SandboxFixture.run { fixture in
            let good = [
                "grant_type": "password", "client_id": fixture.text(.identity, "clientId"),
                "client_secret": fixture.text(.identity, "clientSecret"),
                "resource": "https://api.partner.microsoft.com",
                "username": "referrals.admin@adatum.example", "password": fixture.password(of: "referrals.admin"),
            ]
            for refusal in Self.refusals {
                var fields: [String: String] = good
                for (name, value) in refusal.fields { fields[name] = value }
                let answer = try await fixture.send(
                    "POST", fixture.tokenURL(), headers: [("Content-Type", "application/x-www-form-urlencoded")],
                    body: Array(
                        fields.map { "\($0.key)=\(URLText.encode($0.value))" }.joined(separator: "&").utf8))
                #expect(answer.status == refusal.status, "\(refusal.name)")
                #expect(answer.json["error"] == .string(refusal.error), "\(refusal.name)")
                #expect(answer.json["error_codes"] == [.integer(refusal.number)], "\(refusal.name)")
                let text = answer.json["error_description"]?.stringValue ?? ""
                #expect(text.hasPrefix("AADSTS\(refusal.number): "), "\(refusal.name)")
                #expect(text.contains("\r\nTrace ID: "), "\(refusal.name)")
            }
            let tenant = try await fixture.form(
                fixture.tokenURL(tenant: "elsewhere.example"), ["grant_type": "password"])
            #expect(tenant.json["error_codes"] == [90_002])
        }
    }

    @Test func `an account is refused with the error that is set for it`() async throws {
        try await SandboxFixture.run { fixture in
            let user = "/data/identity/user/seller@adatum.example"
            let fields: KeyValuePairs = [
                "grant_type": "password", "client_id": fixture.text(.identity, "clientId"),
                "resource": "https://api.partner.microsoft.com", "username": "seller@adatum.example",
                "password": fixture.password(of: "seller"),
            ]
            let refresh = try await fixture.form(fixture.tokenURL(), fields).json.text("refresh_token")
            #expect(try await fixture.control("PATCH", user, ["signInError": 12]).status == 400)
            for (number, error, status) in [
                (50_053, "invalid_grant", 400), (50_055, "invalid_grant", 400), (50_076, "interaction_required", 400),
                (50_079, "interaction_required", 400), (50_132, "invalid_grant", 400), (50_133, "invalid_grant", 400),
                (50_144, "invalid_grant", 400), (65_001, "invalid_grant", 400),
                (50_033, "temporarily_unavailable", 503), (90_033, "temporarily_unavailable", 503),
            ] as [(Int64, String, Int)] {
                try await fixture.control("PATCH", user, ["signInError": .integer(number)])
                let refused = try await fixture.form(fixture.tokenURL(), fields)
                #expect(refused.status == status)
                #expect(refused.json["error"] == .string(error) && refused.json["error_codes"] == [.integer(number)])
                let late = try await fixture.form(
                    fixture.tokenURL(),
                    [
                        "grant_type": "refresh_token", "client_id": fixture.text(.identity, "clientId"),
                        "resource": "https://api.partner.microsoft.com", "refresh_token": refresh,
                    ])
                #expect(late.json["error_codes"] == [.integer(number)])
            }
            try await fixture.control("PATCH", user, ["signInError": .null])
            #expect(try await fixture.form(fixture.tokenURL(), fields).json["access_token"] != nil)
        }
    }

    @Test func `the application is refused with the error that is set for it`() async throws {
        try await SandboxFixture.run { fixture in
            let application = "/data/identity/application/" + fixture.text(.identity, "clientId")
            func ask(secret: String?) async throws -> SandboxFixture.Answer {
                var fields = [
                    "grant_type": "password", "client_id": fixture.text(.identity, "clientId"),
                    "resource": "https://api.partner.microsoft.com", "username": "seller@adatum.example",
                    "password": fixture.password(of: "seller"),
                ]
                fields["client_secret"] = secret
                let text = fields.map { "\($0.key)=\(URLText.encode($0.value))" }.joined(separator: "&")
                return try await fixture.send("POST", fixture.tokenURL(), body: Array(text.utf8))
            }
            let secret = fixture.text(.identity, "clientSecret")
            #expect(try await fixture.control("PATCH", application, ["signInError": 50_055]).status == 400)
            #expect(try await fixture.control("PATCH", application, ["nope": 1]).status == 400)
            for (number, status, error, withoutSecret) in [
                (7_000_222, 401, "invalid_client", false), (70_002, 401, "invalid_client", false),
                (50_001, 400, "invalid_resource", true), (50_033, 503, "temporarily_unavailable", true),
                (65_001, 400, "invalid_grant", true), (90_033, 503, "temporarily_unavailable", true),
            ] as [(Int64, Int, String, Bool)] {
                let set = try await fixture.control("PATCH", application, ["signInError": .integer(number)])
                #expect(set.json["signInError"] == .integer(number))
                let refused = try await ask(secret: secret)
                #expect(refused.status == status && refused.json["error"] == .string(error))
                #expect(refused.json["error_codes"] == [.integer(number)])
                #expect(try await ask(secret: nil).status == (withoutSecret ? status : 200))
            }
            try await fixture.control("PATCH", application, ["signInError": .null])
            #expect(try await ask(secret: secret).status == 200)
            #expect(try await fixture.control("GET", "/data/identity/application").json.at("0/signInError") == .null)
        }
    }

    @Test func `version 1 writes numbers as texts, version 2 as numbers, and refresh tokens go on`() async throws {
        try await SandboxFixture.run { fixture in
            let (client, secret) = (fixture.text(.identity, "clientId"), fixture.text(.identity, "clientSecret"))
            let first = try await fixture.form(
                fixture.tokenURL(),
                [
                    "grant_type": "password", "client_id": client, "client_secret": secret,
                    "resource": "https://api.partner.microsoft.com", "username": "seller@adatum.example",
                    "password": fixture.password(of: "seller"),
                ])
            #expect(first.status == 200)
            #expect(first.json["expires_in"] == "3600")
            let refresh = first.json["refresh_token"]?.stringValue ?? ""
            let second = try await fixture.form(
                fixture.tokenURL(version: 2),
                [
                    "grant_type": "refresh_token", "client_id": client, "client_secret": secret,
                    "refresh_token": refresh,
                    "scope": "https://org1.crm.dynamics.com/.default offline_access",
                ])
            #expect(second.status == 200)
            #expect(second.json["expires_in"] == 3_599)
            // Ninety days without use end it; a revocation ends the younger one.
            let younger = second.json["refresh_token"]?.stringValue ?? ""
            func redeem(_ token: String) async throws -> JSON {
                try await fixture.form(
                    fixture.tokenURL(),
                    [
                        "grant_type": "refresh_token", "client_id": client, "client_secret": secret,
                        "refresh_token": token, "resource": "https://api.partner.microsoft.com",
                    ]
                ).json
            }
            try await fixture.control("POST", "/clock/advance", ["duration": "89d"])
            #expect(try await redeem(younger)["error"] == nil)
            try await fixture.control("POST", "/clock/advance", ["duration": "2d"])
            #expect(try await redeem(refresh)["error_codes"] == [700_082])
            try await fixture.control("POST", "/faults", ["service": "identity", "expireTokens": true])
            #expect(try await redeem(younger)["error_codes"] == [50_173])
        }
    }

    @Test func `an account that never signed in is refused until it has`() async throws {
        try await SandboxFixture.run { fixture in
            let user = "never.signedin@adatum.example"
            func ask() async throws -> JSON {
                try await fixture.form(
                    fixture.tokenURL(),
                    [
                        "grant_type": "password", "client_id": fixture.text(.identity, "clientId"),
                        "resource": "https://api.partner.microsoft.com", "username": user,
                        "password": fixture.password(of: user),
                    ]
                ).json
            }
            let refused = try await ask()
            #expect(refused["error"] == "access_denied")
            #expect(refused["error_codes"] == [650_052])
            let signIn = try await fixture.form(
                fixture.sandbox.url(of: .identity) + "/common/sign-in",
                ["username": user, "password": fixture.password(of: user)])
            #expect(signIn.json["signedInOnce"] == true)
            #expect(try await ask()["access_token"] != nil)
            let users = try await fixture.control("GET", "/sandbox").json.at("services/identity/users").arrayValue ?? []
            #expect(users.first { $0["upn"] == .string(user) }?["signedInOnce"] == true)
        }
    }

    @Test func `a person signs in at the page, and the application exchanges the code once`() async throws {
        try await SandboxFixture.run { fixture in
            let client = fixture.text(.identity, "clientId")
            let verifier = String(repeating: "v", count: 43)
            let challenge = Base64.encodeURL(Digest.sha256(Array(verifier.utf8)))
            func page(_ address: String) -> String {
                let options: KeyValuePairs = [
                    "client_id": client, "response_type": "code", "redirect_uri": address, "state": "s 1",
                    "scope": "https://api.partner.microsoft.com/.default openid offline_access", "nonce": "n1",
                    "code_challenge": challenge, "code_challenge_method": "S256",
                ]
                let query = options.map { "\($0.key)=\(URLText.encode($0.value))" }.joined(separator: "&")
                return fixture.sandbox.url(of: .identity) + "/common/oauth2/v2.0/authorize?" + query
            }
            let away = try await fixture.send("GET", page("https://elsewhere.example/"))
            #expect(away.status == 400 && away.json.at("error_codes/0") == 50_011)
            let address = "http://localhost:8400/back"
            #expect(try await fixture.send("GET", page(address)).status == 200)
            let wrong = try await fixture.form(
                page(address), ["username": "referrals.admin@adatum.example", "password": "wrong"])
            #expect(wrong.json.at("error_codes/0") == 50_126)
            let back = try await fixture.form(
                page(address),
                [
                    "username": "referrals.admin@adatum.example", "password": fixture.password(of: "referrals.admin"),
                ])
            let target = try #require(back.headers["Location"])
            #expect(back.status == 302 && target.hasPrefix(address + "?code=") && target.hasSuffix("&state=s%201"))
            let code = String(target.dropFirst((address + "?code=").count).prefix { $0 != "&" })
            func redeem(_ verifier: String) async throws -> SandboxFixture.Answer {
                try await fixture.form(
                    fixture.tokenURL(version: 2),
                    [
                        "grant_type": "authorization_code", "client_id": client, "code": URLText.decode(code),
                        "redirect_uri": address, "code_verifier": verifier, "client_info": "1",
                    ])
            }
            #expect(try await redeem("other").json.at("error_codes/0") == 501_481)
            let tokens = try await redeem(verifier)
            #expect(tokens.status == 200 && tokens.json["refresh_token"] != nil && tokens.json["client_info"] != nil)
            let claims = tokens.json.text("id_token").split(separator: ".").dropFirst().first.flatMap {
                Base64.decode(String($0))
            }
            #expect(try JSONReader.read(claims ?? [])["nonce"] == "n1")
            #expect(try await redeem(verifier).json.at("error_codes/0") == 70_008)
            let realm = try await fixture.send(
                "GET", fixture.sandbox.url(of: .identity) + "/common/userrealm/crm.admin@adatum.example?api-version=1.0"
            )
            #expect(realm.json["account_type"] == "Managed")
        }
    }

    @Test func `a device code is pending until a person approves it`() async throws {
        try await SandboxFixture.run { fixture in
            let client = fixture.text(.identity, "clientId")
            let base = fixture.sandbox.url(of: .identity) + "/common/oauth2/v2.0"
            let code = try await fixture.form(
                base + "/devicecode", ["client_id": client, "scope": "https://api.partner.microsoft.com/.default"])
            #expect(code.json["expires_in"] == 900)
            func poll() async throws -> JSON {
                try await fixture.form(
                    base + "/token",
                    [
                        "grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": client,
                        "device_code": code.json["device_code"]?.stringValue ?? "",
                    ]
                ).json
            }
            #expect(try await poll()["error"] == "authorization_pending")
            let approval = try await fixture.form(
                code.json["verification_uri"]?.stringValue ?? "",
                [
                    "user_code": code.json["user_code"]?.stringValue ?? "",
                    "username": "referrals.admin@adatum.example", "password": fixture.password(of: "referrals.admin"),
                ])
            #expect(approval.json["approved"] == true)
            #expect(try await poll()["refresh_token"] != nil)
            #expect(try await poll()["error"] == "bad_verification_code")
        }
    }
}
