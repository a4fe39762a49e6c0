import FlowCore
import FlowHTTP
import FlowSandbox
import Foundation
import Testing

@Suite struct ControlTests {
    @Test func `faults answer instead of a service, and the ledger tells`() async throws {
        try await SandboxFixture.run { fixture in
            let token = try await fixture.referralsToken()
            func list() async throws -> SandboxFixture.Answer {
                try await fixture.call(.partnercenterref, "GET", ReferralsTests.path, token: token)
            }
            try await fixture.control(
                "POST", "/faults", ["service": "partnercenterref", "status": 429, "retryAfter": 7, "for": "1h"])
            let throttled = try await list()
            #expect(throttled.status == 429 && throttled.headers["Retry-After"] == "7")
            try await fixture.control("POST", "/clock/advance", ["duration": "PT59M"])
            #expect(try await list().status == 429)
            try await fixture.control("POST", "/faults", ["service": "partnercenterref", "garbage": true])
            #expect(try await list().json == .null)
            try await fixture.control("POST", "/faults", ["service": "partnercenterref", "drop": true])
            await #expect(throws: HTTPFailure.self) { try await list() }
            try await fixture.control("DELETE", "/faults?service=partnercenterref")
            #expect(try await list().status == 200)
            try await fixture.control("POST", "/faults", ["service": "partnercenterref", "expireTokens": true])
            #expect(try await list().status == 401)
            let ledger = try await fixture.control("GET", "/requests?service=partnercenterref").json.arrayValue ?? []
            // A client may repeat a read whose connection was cut, so the drop may stand there twice.
            let seen = ledger.map { "\($0.at("status")) \($0.text("fault"))" }
            #expect(seen.filter { $0 != "0 drop" } == ["429 status", "429 status", "200 garbage", "200 ", "401 "])
            #expect(seen.contains("0 drop"))
            let tokens = try await fixture.control("GET", "/requests?service=identity").json
            #expect(tokens.at("0/body").stringValue?.contains("password=***") == true)
            #expect(!tokens.text.contains(fixture.password(of: "referrals.admin")))
            let bad: [JSON] = [
                ["service": "salesfroce", "drop": true], ["service": "salesforce"],
                ["service": "salesforce", "drop": true, "rate": 101],
            ]
            for body in bad {
                let answer = try await fixture.control("POST", "/faults", body)
                #expect(answer.status == 400 && answer.json.at("error/code") == "InvalidSandboxRequest")
            }
        }
    }

    @Test func `records are shown and edited, and a reset brings the seed back`() async throws {
        try await SandboxFixture.run { fixture in
            let accounts = try await fixture.control("GET", "/data/salesforce/Account?Name=Litware%20Foods").json
            let id = accounts.at("0/Id").stringValue ?? ""
            let edited = try await fixture.control("PATCH", "/data/salesforce/Account/" + id, ["BillingCountry": "GB"])
            #expect(edited.json["BillingCountry"] == "GB")
            let made = try await fixture.control(
                "POST", "/data/commondataserviceforapps/accounts", ["name": "Adventure Works"])
            #expect(made.status == 201)
            let shared = try await fixture.control("POST", "/share", ["name": "Mine", "details": ["dealValue": 5]]).json
            #expect(shared.at("details/dealValue") == 5)
            let sharedID = shared["id"]?.stringValue ?? ""
            let tagged = try await fixture.control(
                "PATCH", "/data/partnercenterref/referral/" + sharedID, ["referralProgram": "Program"])
            #expect(tagged.json["referralProgram"] == "Program" && tagged.json["eTag"] != shared["eTag"])
            let declined = try await fixture.control("POST", "/referrals/\(sharedID)/decline")
            #expect(declined.json["substatus"] == "Declined")
            #expect(try await fixture.control("POST", "/referrals/\(sharedID)/accept").status == 400)
            #expect(
                try await fixture.control("GET", "/data/salesforce/Acount").json.at("error/hint")
                    == "did you mean 'Account'?")
            // A new password ends the user's grants and takes the old one's place.
            let user = "seller@adatum.example"
            try await fixture.control("PATCH", "/data/identity/user/" + user, ["password": "other-password"])
            #expect(try await fixture.token("seller", "https://api.partner.microsoft.com").isEmpty)
            #expect(try await fixture.control("POST", "/reset").status == 204)
            #expect(try await !fixture.token("seller", "https://api.partner.microsoft.com").isEmpty)
            let status = try await fixture.control("GET", "/status").json
            let referrals = status["records"]?.arrayValue?.first { $0["kind"] == "referral" }
            #expect(referrals?["count"] == 0)
            let stranger = try await fixture.send("GET", fixture.sandbox.controlURL + "/status", token: "x")
            #expect(stranger.status == 401)
        }
    }

    @Test func `state survives a restart, and one folder runs one sandbox`() async throws {
        let path = FileManager.default.temporaryDirectory.path + "/flowrun-sandbox-" + UUIDText.random()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let folder = SandboxStateFolder(path: path)
        let transport = CurlTransport(CurlTransport.Configuration(addressPolicy: .local))
        let first = try await SandboxServer.withRunning(folder: folder) { sandbox in
            let fixture = SandboxFixture(sandbox: sandbox, transport: transport)
            #expect(folder.description() == sandbox)
            let rights = try FileManager.default.attributesOfItem(atPath: path + "/sandbox.json")[.posixPermissions]
            #expect(rights as? Int == 0o600)
            await #expect(throws: FlowError.self) { try await SandboxServer(folder: folder).run() }
            try await fixture.control("POST", "/clock/advance", ["duration": "10d"])
            return try await fixture.control("POST", "/share").json
        }
        #expect(folder.description() == nil)
        try await SandboxServer.withRunning(folder: folder) { sandbox in
            let fixture = SandboxFixture(sandbox: sandbox, transport: transport)
            let again = try await fixture.control(
                "GET", "/data/partnercenterref/referral/" + (first["id"]?.stringValue ?? "")
            ).json
            #expect(again["eTag"] == first["eTag"])
            let clock = try await fixture.control("GET", "/clock")
            let offset = clock.json["offsetSeconds"]?.doubleValue ?? 0
            // A service's clock is read from its answers.
            #expect(clock.headers["Date"]?.dropFirst(17).prefix(5) == clock.json.text("now").dropFirst(11).prefix(5))
            #expect(offset == 864_000)
            // The control API ends the process's server, too.
            #expect(try await fixture.control("POST", "/stop").status == 202)
        }
    }
}
