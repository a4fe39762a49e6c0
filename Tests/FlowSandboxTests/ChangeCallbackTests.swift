import FlowCore
import FlowHTTP
import FlowSandbox
import Testing

@Suite struct ChangeCallbackTests {
    private static let data = DataverseTests.data

    @Test func `changed rows are told to who registered for them, and to nobody else`() async throws {
        try await SandboxFixture.run { fixture in
            let listener = WebhookListener()
            let token = try await fixture.token("crm.admin", fixture.sandbox.url(of: .commondataserviceforapps))
            func call(_ method: String, _ path: String, _ body: JSON? = nil) async throws -> SandboxFixture.Answer {
                try await fixture.call(
                    .commondataserviceforapps, method, Self.data + path, token: token,
                    headers: [("Prefer", "return=representation")], body)
            }
            func register(_ changes: JSONObject) async throws -> SandboxFixture.Answer {
                let body: JSON = [
                    "name": "deals", "entityname": "opportunity", "message": 7, "scope": 4,
                    "url": .string(listener.url), "filteringattributes": "estimatedvalue,statecode",
                    "filterexpression": "estimatedvalue gt 100",
                ]
                return try await call("POST", "/callbackregistrations", body.with(changes))
            }
            for (changes, code) in [
                (["url": "hook"], "0x80040203"), (["entityname": "opportunities"], "0x80040203"),
                (["message": 8], "0x8004431A"), (["scope": .null], "0x80040203"),
                (["filteringattributes": "nosuch"], "0x0"), (["filterexpression": "name eq"], "0x0"),
            ] as [(JSONObject, JSON)] {
                let answer = try await register(changes)
                #expect(answer.status == 400 && answer.json.at("error/code") == code, "\(changes): \(answer.json)")
            }
            let made = try await register([:])
            #expect(made.status == 201 && made.json["name"] == "deals" && made.json["url"] == nil)
            let registration = made.json.text("callbackregistrationid")
            #expect(try await call("GET", "/callbackregistrations(\(registration))/url").status == 404)

            // Too small for the filter, another column, another table: none of these is told.
            let small = try await call("POST", "/opportunities", ["name": "Small", "estimatedvalue": 5]).json
            let path = "/opportunities(\(small.text("opportunityid")))"
            _ = try await call("PATCH", path, ["description": "Not asked for."])
            _ = try await call("POST", "/accounts", ["name": "Another table"])
            let grown = try await call("PATCH", path, ["estimatedvalue": 500])
            let won = try await call(
                "POST", "/WinOpportunity",
                ["Status": 3, "OpportunityClose": ["opportunityid@odata.bind": .string(path)]])
            #expect(won.status == 204)
            _ = try await call("DELETE", path)
            let told = await listener.next(3).map(\.json)
            #expect(Set(told.map { $0.text("SdkMessage") }) == ["Update", "Delete"])
            let first = try #require(told.first { $0["statecode"] == 0 })
            #expect(first["estimatedvalue"] == 500 && first["ItemInternalId"] == small["opportunityid"])
            #expect(first["RowVersion"]?.stringValue == grown.json.text("@odata.etag").filter(\.isNumber))
            #expect(first["RunAsSystemUserId"] == first["_modifiedby_value"] && first["@odata.etag"] == nil)
            let last = try #require(told.first { $0["SdkMessage"] == "Delete" })
            #expect(last.objectValue?.keys == ["opportunityid", "SdkMessage", "RunAsSystemUserId"])

            try await fixture.control(
                "POST", "/faults", ["service": "commondataserviceforapps", "duplicateWebhooks": true])
            _ = try await call("POST", "/opportunities", ["name": "Twice", "estimatedvalue": 900])
            #expect(await listener.next(2).map { $0.json.text("name") } == ["Twice", "Twice"])
            #expect(try await call("DELETE", "/callbackregistrations(\(registration))").status == 204)
            _ = try await call("POST", "/opportunities", ["name": "Unheard", "estimatedvalue": 900])
            let ledger = try await fixture.control("GET", "/deliveries").json.arrayValue ?? []
            #expect(ledger.map { $0.text("event") }.count == 5)
            #expect(!ledger.contains { $0.at("body/name") == "Unheard" })
        }
    }

    @Test func `a user who asks too often is told how long to wait`() async throws {
        try await SandboxFixture.run { fixture in
            let token = try await fixture.token("crm.admin", fixture.sandbox.url(of: .commondataserviceforapps))
            let other = try await fixture.token("seller", fixture.sandbox.url(of: .commondataserviceforapps))
            func ask(_ token: String) async throws -> SandboxFixture.Answer {
                try await fixture.call(.commondataserviceforapps, "GET", Self.data + "/WhoAmI", token: token)
            }
            let plain = try await ask(token)
            #expect(plain.headers["x-ms-ratelimit-burst-remaining-xrm-requests"] == "5999")
            // Two requests for each of the four servers.
            try await fixture.control("PATCH", "/limits", ["dataverseRequests": 2])
            for _ in 0..<7 { #expect(try await ask(token).status == 200) }
            let refused = try await ask(token)
            #expect(refused.status == 429 && refused.json.at("error/code") == "0x80072322")
            #expect(
                refused.json.at("error/message")
                    == "Number of requests exceeded the limit of 2 over time window of 300 seconds.")
            let wait = try #require(refused.headers["Retry-After"].flatMap { Int($0) })
            #expect((295...300).contains(wait))
            #expect(refused.headers["x-ms-ratelimit-burst-remaining-xrm-requests"] == "0")
            #expect(try await ask(other).status == 200)
            try await fixture.control("POST", "/clock/advance", ["duration": .string("\(wait)s")])
            #expect(try await ask(token).status == 200)
        }
    }
}
