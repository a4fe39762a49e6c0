import FlowCore
import Foundation
import Testing

/// Services that refuse, are down or answer nonsense, and sign-ins that no longer hold.
@Suite struct ServiceFailureTests {
    private static let admin = "referrals.admin@adatum.example"

    @Test func `a sign-in that is refused is named by the directory's code, and nothing is stored`() async throws {
        let scratch = try ScratchFolder()
        try await scratch.sandbox()
        try await scratch.project(
            ["referrals": SmallFlows.referrals], references: ["partnercenterref_ref": "partnercenterref"],
            usesSandbox: true)
        let before = try await scratch.state()
        let role = try await scratch.flowrun(
            "connection", "create", "partnercenterref", "--account", "no.role@adatum.example", exit: 5)
        #expect(role.messages.contains("accessDenied"))
        let never = try await scratch.flowrun(
            "connection", "create", "partnercenterref", "--account", "never.signedin@adatum.example", exit: 5)
        #expect(never.messages.contains("AADSTS650052"))
        #expect(never.messages.contains("flowrun login never.signedin@adatum.example"))
        let password = try await scratch.flowrun(
            "connection", "create", "partnercenterref", "--account", Self.admin, "--grant", "password", "--secret",
            "password=env:FR_PASSWORD", exit: 5, environment: ["FR_PASSWORD": "wrong-horse"])
        #expect(password.messages.contains("AADSTS50126"))
        #expect(!password.messages.contains("wrong-horse"))
        #expect(try await scratch.state() == before)

        try await scratch.flowrun("login", "never.signedin@adatum.example")
        try await scratch.flowrun(
            "connection", "create", "partnercenterref", "--account", "never.signedin@adatum.example")
    }

    /// A refresh token of an account, as a sign-in outside flowrun would give it.
    private func refreshToken(of account: String, _ sandbox: JSON, _ scratch: ScratchFolder) async throws -> String {
        let identity = try #require(sandbox["services"]?["identity"])
        let users = identity["users"]?.arrayValue ?? []
        let user = try #require(users.first { $0["upn"]?.stringValue == account })
        func text(_ value: JSON, _ key: String) throws -> String { try #require(value[key]?.stringValue) }
        let url = try text(identity, "url")
        try scratch.write(
            "sign-in.flow.yaml",
            """
            name: Sign in
            triggers:
              manual: { type: Request, kind: Http, inputs: { schema: {} } }
            actions:
              Ask:
                type: Http
                inputs:
                  method: POST
                  uri: \(url)/\(try text(identity, "tenant"))/oauth2/v2.0/token
                  headers: { Content-Type: application/x-www-form-urlencoded }
                  body: >-
                    grant_type=password&client_id=\(try text(identity, "clientId"))&client_secret=\(try text(identity, "clientSecret"))&username=@{encodeUriComponent('\(account)')}&password=\(try text(user, "password"))&scope=@{encodeUriComponent('https://api.partner.microsoft.com/.default offline_access')}
            outputs:
              token: { type: String, value: "@body('Ask')?['refresh_token']" }
            """)
        let host = try #require(url.split(separator: "/").last)
        let run = try await scratch.json("run", "--file", "sign-in.flow.yaml", "--allow-host", String(host))
        return try #require(run["outputs"]?["token"]?["value"]?.stringValue)
    }
}
