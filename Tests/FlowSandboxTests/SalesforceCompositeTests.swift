import FlowCore
import FlowHTTP
import FlowSandbox
import Testing

@Suite struct SalesforceCompositeTests {
    static let data = SalesforceTests.data

    struct Org: Sendable {
        let fixture: SandboxFixture
        let session: String?

        func call(_ method: String, _ path: String, _ body: JSON? = nil) async throws -> SandboxFixture.Answer {
            try await fixture.call(.salesforce, method, data + path, token: session, body)
        }

        func count(_ object: String, _ condition: String) async throws -> JSON? {
            let query = URLText.encode("SELECT COUNT() FROM \(object) WHERE \(condition)")
            return try await call("GET", "/query?q=" + query).json["totalSize"]
        }
    }

    static func run(_ body: @escaping @Sendable (Org) async throws -> Void) async throws {
        try await SandboxFixture.run { fixture in
            let session = try await SalesforceTests.token(fixture)["access_token"]?.stringValue
            try await body(Org(fixture: fixture, session: session))
        }
    }

    static func step(_ reference: String, _ method: String, _ path: String, _ body: JSON? = nil) -> JSON {
        var step: JSONObject = [
            "referenceId": .string(reference), "method": .string(method), "url": .string(data + path),
        ]
        step["body"] = body
        return .object(step)
    }

    @Test func `later calls of a composite use what earlier ones gave`() async throws {
        try await Self.run { org in
            let answer = try await org.call(
                "POST", "/composite",
                [
                    "compositeRequest": [
                        Self.step("account", "POST", "/sobjects/Account", ["Name": "Composed"]),
                        Self.step(
                            "people", "POST", "/composite/sobjects",
                            [
                                "records": [
                                    [
                                        "attributes": ["type": "Contact"], "LastName": "Of @{account.id}",
                                        "AccountId": "@{account.id}",
                                    ]
                                ]
                            ]),
                        Self.step(
                            "found", "GET", "/query?q=SELECT Id, LastName FROM Contact WHERE Id='@{people[0].id}'"),
                        Self.step("account_again", "GET", "/sobjects/Account/@{account.id}?fields=Name"),
                        Self.step(
                            "change", "PATCH", "/sobjects/Contact/@{found.records[0].Id}",
                            ["FirstName": "@{account_again.Name}"]),
                    ]
                ])
            #expect(answer.status == 200)
            let parts = try #require(answer.json["compositeResponse"]?.arrayValue)
            #expect(parts.map { $0.at("httpStatusCode") } == [201, 200, 200, 200, 204])
            #expect(parts.map { $0.text("referenceId") } == ["account", "people", "found", "account_again", "change"])
            let id = parts[0].at("body/id").stringValue ?? ""
            #expect(parts[0].at("httpHeaders/Location").stringValue == Self.data + "/sobjects/Account/" + id)
            #expect(parts[2].at("body/records/0/LastName").stringValue == "Of " + id)
            #expect(parts[4]["body"] == .null)
            let contact = try await org.call("GET", "/sobjects/Contact/" + (parts[1].at("body/0/id").stringValue ?? ""))
            #expect(contact.json["AccountId"]?.stringValue == id && contact.json["FirstName"] == "Composed")
        }
    }

    @Test func `a failing call halts what needs it, and with allOrNone everything is undone`() async throws {
        try await Self.run { org in
            let steps: JSON = [
                Self.step("good", "POST", "/sobjects/Account", ["Name": "Half"]),
                Self.step("bad", "POST", "/sobjects/Contact", ["FirstName": "x"]),
                Self.step("after", "PATCH", "/sobjects/Contact/@{bad.id}", ["FirstName": "y"]),
            ]
            let loose = try await org.call("POST", "/composite", ["compositeRequest": steps]).json["compositeResponse"]
            #expect(loose?.at("0/httpStatusCode") == 201)
            #expect(loose?.at("1/body/0/errorCode") == "REQUIRED_FIELD_MISSING")
            #expect(loose?.at("2/body/0/errorCode") == "PROCESSING_HALTED")
            #expect(loose?.at("2/body/0/message") == "Invalid reference specified. No value for bad.id found in bad")
            #expect(try await org.count("Account", "Name = 'Half'") == 1)
            let whole = try await org.call("POST", "/composite", ["allOrNone": true, "compositeRequest": steps]).json
            let codes = (whole["compositeResponse"]?.arrayValue ?? []).map { $0.at("body/0/errorCode") }
            #expect(codes == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING", "PROCESSING_HALTED"])
            #expect(try await org.count("Account", "Name = 'Half'") == 1)
        }
    }

    @Test func `what composite requests cannot do is refused in words`() async throws {
        try await Self.run { org in
            func steps(_ count: Int) -> JSON {
                .array((0..<count).map { Self.step("r\($0)", "GET", "/sobjects/Account") })
            }
            let one = Self.step("a", "GET", "/limits")
            for (body, code) in [
                (["compositeRequest": []], "JSON_PARSER_ERROR"), (["compositeRequest": steps(26)], "LIMIT_EXCEEDED"),
                (["compositeRequest": [one, one]], "JSON_PARSER_ERROR"),
                (["compositeRequest": [one], "collateSubrequests": true], "JSON_PARSER_ERROR"),
            ] as [(JSON, JSON)] {
                let answer = try await org.call("POST", "/composite", body)
                #expect(answer.status == 400 && answer.json.at("0/errorCode") == code, "\(answer.json)")
            }
            #expect(
                try await org.call("POST", "/composite/graph", [:]).json.at("0/message").text.contains(
                    "composite/graph"))
            #expect(
                try await org.call("GET", "/composite").json["batch"]?.stringValue == Self.data + "/composite/batch")
            let inner = try await org.call(
                "POST", "/composite",
                [
                    "compositeRequest": [
                        Self.step("a", "POST", "/composite/batch", [:]), Self.step("b", "POST", "/jobs/ingest", [:]),
                    ]
                ]
            ).json["compositeResponse"]
            #expect(inner?.at("0/body/0/errorCode") == "INVALID_BATCH_REQUEST")
            #expect(inner?.at("1/body/0/errorCode") == "INVALID_BATCH_REQUEST")
        }
    }

    @Test func `a batch goes on after an error unless it is told to halt`() async throws {
        try await Self.run { org in
            let requests: JSON = [
                ["method": "POST", "url": "v58.0/sobjects/Account", "richInput": ["Name": "Batched"]],
                ["method": "GET", "url": "v58.0/sobjects/Account/001000000000000AAA"],
                ["method": "GET", "url": "v58.0/query?q=SELECT+COUNT()+FROM+Account+WHERE+Name='Batched'"],
            ]
            let all = try await org.call("POST", "/composite/batch", ["batchRequests": requests]).json
            #expect(all["hasErrors"] == true)
            #expect(all["results"]?.arrayValue?.map { $0.at("statusCode") } == [201, 404, 200])
            #expect(all.at("results/2/result/totalSize") == 1)
            let halted = try await org.call(
                "POST", "/composite/batch", ["haltOnError": true, "batchRequests": requests]
            ).json
            #expect(halted["results"]?.arrayValue?.map { $0.at("statusCode") } == [201, 404, 412])
            #expect(halted.at("results/2/result/0/errorCode") == "BATCH_PROCESSING_HALTED")
        }
    }

    @Test func `collections create, change, upsert, read and delete records with a result each`() async throws {
        try await Self.run { org in
            func deal(_ name: String, _ more: JSONObject = [:]) -> JSON {
                let deal: JSON = [
                    "attributes": ["type": "Opportunity"], "Name": .string(name), "StageName": "Prospecting",
                    "CloseDate": "2027-01-31",
                ]
                return deal.with(more)
            }
            let mixed: JSON = [deal("One"), deal("Two", ["StageName": .null]), ["attributes": ["type": "Nope"]]]
            let made = try await org.call("POST", "/composite/sobjects", ["records": mixed])
            #expect(made.status == 200)
            #expect(made.json.arrayValue?.map { $0.at("success") } == [true, false, false])
            #expect(made.json.at("1/errors/0/statusCode") == "REQUIRED_FIELD_MISSING")
            #expect(made.json.at("1/errors/0/fields") == ["StageName"])
            #expect(made.json.at("2/errors/0/statusCode") == "INVALID_TYPE")
            let none = try await org.call("POST", "/composite/sobjects", ["allOrNone": true, "records": mixed]).json
            #expect(none.at("0/errors/0/statusCode") == "ALL_OR_NONE_OPERATION_ROLLED_BACK")
            #expect(none.at("1/errors/0/statusCode") == "REQUIRED_FIELD_MISSING")
            #expect(try await org.count("Opportunity", "Name = 'One'") == 1)
            let id = made.json.at("0/id").stringValue ?? ""
            let changed = try await org.call(
                "PATCH", "/composite/sobjects",
                [
                    "records": [
                        ["attributes": ["type": "Opportunity"], "id": .string(id), "Amount": 5],
                        ["attributes": ["type": "Opportunity"], "id": "006000000000000AAA", "Amount": 5],
                    ]
                ]
            ).json
            #expect(changed.arrayValue?.map { $0.at("success") } == [true, false])
            let upserted = try await org.call(
                "PATCH", "/composite/sobjects/Opportunity/Referral_Identifier__c",
                [
                    "records": [
                        deal("Keyed", ["Referral_Identifier__c": "r-9"]),
                        deal("Keyed again", ["Referral_Identifier__c": "r-9"]),
                    ]
                ]
            ).json
            #expect(upserted.arrayValue?.map { $0.at("created") } == [true, false])
            let missing = "006000000000000AAA"
            let read = try await org.call(
                "GET", "/composite/sobjects/Opportunity?ids=\(id),\(missing)&fields=Name,Amount")
            #expect(read.json.at("0/Amount") == 5.0 && read.json.at("1") == .null)
            let posted = try await org.call(
                "POST", "/composite/sobjects/Opportunity", ["ids": [.string(id)], "fields": ["Name"]])
            #expect(posted.json.at("0/Name") == "One" && posted.json.at("0/Amount") == .null)
            let whole = try await org.call("DELETE", "/composite/sobjects?allOrNone=true&ids=\(id),\(missing)").json
            #expect(whole.arrayValue?.map { $0.at("success") } == [false, false])
            let gone = try await org.call("DELETE", "/composite/sobjects?ids=\(id),\(missing)").json
            #expect(gone.arrayValue?.map { $0.at("success") } == [true, false])
            let many: JSON = ["records": .array(Array(repeating: deal("x"), count: 201))]
            let refused = try await org.call("POST", "/composite/sobjects", many)
            #expect(refused.status == 400 && refused.json.at("0/errorCode") == "EXCEEDED_ID_LIMIT")
            #expect(try await org.count("Opportunity", "Name = 'x'") == 0)
        }
    }

    @Test func `a tree is created whole or not at all`() async throws {
        try await Self.run { org in
            func tree(_ email: JSON) -> JSON {
                [
                    "records": [
                        [
                            "attributes": ["type": "Account", "referenceId": "a"], "Name": "Tree",
                            "Contacts": [
                                "records": [
                                    [
                                        "attributes": ["type": "Contact", "referenceId": "c"], "LastName": "Leaf",
                                        "Email": email,
                                    ]
                                ]
                            ],
                        ]
                    ]
                ]
            }
            let bad = try await org.call("POST", "/composite/tree/Account", tree("nowhere"))
            #expect(bad.status == 400 && bad.json["hasErrors"] == true)
            #expect(bad.json.at("results/0/referenceId") == "c")
            #expect(bad.json.at("results/0/errors/0/statusCode") == "INVALID_EMAIL_ADDRESS")
            #expect(try await org.count("Account", "Name = 'Tree'") == 0)
            let good = try await org.call("POST", "/composite/tree/Account", tree("leaf@tree.example"))
            #expect(good.status == 201 && good.json["hasErrors"] == false)
            #expect(good.json["results"]?.arrayValue?.map { $0.text("referenceId") } == ["a", "c"])
            let leaf = try await org.call(
                "GET", "/sobjects/Contact/" + (good.json.at("results/1/id").stringValue ?? ""))
            #expect(leaf.json["AccountId"] == good.json.at("results/0/id"))
        }
    }
}
