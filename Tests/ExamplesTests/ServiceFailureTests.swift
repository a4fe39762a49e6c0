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

    @Test func `a service that is down or answers garbage fails the action, and a resubmit does the work`() async throws
    {
        let scratch = try ScratchFolder()
        try await scratch.sandbox()
        try await scratch.project(
            ["referrals": SmallFlows.referrals, "accounts": SmallFlows.accounts],
            references: ["partnercenterref_ref": "partnercenterref", "salesforce_ref": "salesforce"], usesSandbox: true)
        try await scratch.flowrun("connection", "create", "partnercenterref", "--account", Self.admin)
        try await scratch.flowrun("connection", "create", "salesforce", "--account", "crm.admin@adatum.example")
        try await scratch.flowrun("bind-connection", "--all")
        try await scratch.flowrun("activate", "--all")

        let faults: [(service: String, flow: String, fault: [String], code: String)] = [
            ("partnercenterref", "Referrals", ["--garbage"], "InvalidProtocolResponse"),
            ("partnercenterref", "Referrals", ["--status", "503"], "ServiceUnavailable"),
            ("partnercenterref", "Referrals", ["--status", "429", "--retry-after", "1"], "429"),
            ("partnercenterref", "Referrals", ["--drop"], "ServiceTemporarilyUnavailable"),
            // Salesforce's sign-in stands at the same address as its records.
            ("salesforce", "Accounts", ["--garbage"], "InvalidTokenResponse"),
            ("salesforce", "Accounts", ["--status", "503"], "ServiceTemporarilyUnavailable"),
        ]
        for (service, flow, fault, code) in faults {
            let made = try await BuiltBinary.run(["sandbox", "fault", service] + fault, in: scratch.path)
            #expect(made.exitCode == 0)
            let run = try await scratch.json("run", flow, exit: 1)
            #expect(run["status"] == "Failed")
            #expect(run["actions"]?[0]?["status"] == "Failed")
            let action = run["actions"]?[0]
            let codes = [action?["code"], action?["error"]?["code"]].compactMap { $0?.stringValue }
            #expect(codes.contains(code), "\(fault): \(codes)")
        }
        let text = try await scratch.flowrun("run", "Accounts", exit: 1).output
        for words in ["actions/Call", "answered with status 503", "flowrun explain", "flowrun runs show"] {
            #expect(text.contains(words), "\(words) in \(text)")
        }
        // A directory that is away is no refused sign-in: the run fails, it does not wait for a person.
        try await scratch.flowrun("sandbox", "fault", "partnercenterref", "--clear")
        try await scratch.flowrun("sandbox", "fault", "identity", "--status", "503")
        let away = try await scratch.json("run", "Referrals", exit: 1)
        #expect(away["status"] == "Failed")
        // What is wrong with a service is no reason to take a connection for broken.
        let connections = try await scratch.json("connection", "list").arrayValue ?? []
        #expect(connections.allSatisfy { $0["status"] == "Connected" }, "\(connections)")

        try await scratch.flowrun("sandbox", "fault", "--clear")
        for run in try await scratch.json("runs", "list", "--status", "Failed").arrayValue ?? [] {
            let again = try await scratch.json("runs", "resubmit", try #require(run["name"]?.stringValue))
            #expect(again["status"] == "Succeeded")
        }

        try await scratch.flowrun("sandbox", "fault", "identity", "--garbage")
        let before = try await scratch.json("runs", "list")
        let test = try await scratch.flowrun("connection", "test", "partnercenterref-referrals.admin", exit: 5)
        #expect(test.messages.contains("InvalidTokenResponse"))
        #expect(test.messages.contains("hint:"))
        try await scratch.flowrun("sandbox", "stop")
        let gone = try await scratch.flowrun(
            "connection", "create", "salesforce", "--account", "crm.admin@adatum.example", exit: 4)
        #expect(gone.messages.contains("flowrun sandbox start"))
        #expect(try await scratch.json("runs", "list") == before)
    }

    @Test func `a sign-in that expired parks the run, stops an activation, and is renewed by login`() async throws {
        let scratch = try ScratchFolder()
        let sandbox = try await scratch.sandbox()
        try await scratch.project(
            ["referrals": SmallFlows.referrals], references: ["partnercenterref_ref": "partnercenterref"],
            usesSandbox: true)
        let token = try await refreshToken(of: Self.admin, sandbox, scratch)
        try await scratch.flowrun(
            "connection", "create", "partnercenterref", "--account", Self.admin, "--name", "pc", "--grant",
            "refresh_token", "--secret", "refreshToken=-", input: token)
        try await scratch.flowrun("bind-connection", "--all")
        try await scratch.flowrun("activate", "--all")
        try await scratch.flowrun("run", "Referrals")

        try await scratch.flowrun("sandbox", "fault", "identity", "--expire-tokens")
        try await scratch.flowrun("sandbox", "fault", "partnercenterref", "--expire-tokens")
        let run = try await scratch.flowrun("run", "Referrals", exit: 5)
        #expect(run.output.contains("Waiting"))
        #expect(run.output.contains("flowrun login \(Self.admin)"), "\(run.output)")
        #expect(try await scratch.json("connection", "list")[0]?["status"] == "Unauthenticated")
        let test = try await scratch.flowrun("connection", "test", "pc", exit: 5)
        #expect(test.messages.contains("AADSTS"))
        #expect(test.messages.contains("flowrun login \(Self.admin)"))

        try await scratch.flowrun("deactivate", "--all")
        let refused = try await scratch.json("activate", "--all", exit: 5)
        #expect(refused["problems"]?[0]?["code"] == "ConnectionAuthorizationFailed")
        #expect(refused["problems"]?[0]?["hint"]?.stringValue?.contains("flowrun login \(Self.admin)") == true)
        #expect(try await scratch.json("flow", "list")[0]?["state"] == "Stopped")

        // Nobody owns the environment: the command that renews the sign-in leads the parked run on.
        try await scratch.flowrun("login", Self.admin)
        #expect(try await scratch.json("connection", "list")[0]?["status"] == "Connected")
        #expect(try await scratch.json("runs", "list")[0]?["status"] == "Succeeded")

        // And under an owner it goes on there.
        try await scratch.flowrun("activate", "--all")
        try await scratch.flowrun("sandbox", "fault", "identity", "--expire-tokens")
        try await scratch.flowrun("sandbox", "fault", "partnercenterref", "--expire-tokens")
        let serve = try await scratch.serve()
        let parked = try await scratch.json("run", "Referrals", exit: 5)
        #expect(parked["waitsFor"]?["kind"] == "signIn")
        try await scratch.flowrun("login", Self.admin)
        let name = try #require(parked["name"]?.stringValue)
        #expect(try await scratch.json("runs", "watch", name)["status"] == "Succeeded")
        #expect(await serve.end() == 0)
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
