import FlowCore
import FlowHTTP
import FlowSandbox
import Testing

@Suite struct SalesforceTests {
    static let data = "/services/data/v58.0"

    static func token(_ fixture: SandboxFixture, _ changes: [String: String] = [:]) async throws -> JSON {
        func value(_ key: String) -> String { fixture.text(.salesforce, key) }
        var fields = [
            "grant_type": "password", "client_id": value("clientId"), "client_secret": value("clientSecret"),
            "username": value("username"), "password": value("password") + value("securityToken"),
        ]
        for (name, change) in changes { fields[name] = change }
        let text = fields.map { "\($0.key)=\(URLText.encode($0.value))" }.joined(separator: "&")
        return try await fixture.send(
            "POST", fixture.sandbox.url(of: .salesforce) + "/services/oauth2/token",
            headers: [("Content-Type", "application/x-www-form-urlencoded")], body: Array(text.utf8)
        ).json
    }

    @Test func `a record is written only if no later second changed it`() async throws {
        try await SandboxFixture.run { fixture in
            let session = try await Self.token(fixture)["access_token"]?.stringValue
            func call(_ method: String, _ path: String, _ header: (String, String)? = nil, _ body: JSON? = nil)
                async throws -> SandboxFixture.Answer
            {
                try await fixture.call(
                    .salesforce, method, Self.data + "/sobjects/Opportunity" + path, token: session,
                    headers: header.map { [$0] } ?? [], body)
            }
            let deal: JSON = ["Name": "Deal", "StageName": "Active", "CloseDate": "2026-06-30"]
            let id = "/" + (try await call("POST", "", nil, deal).json["id"]?.stringValue ?? "")
            let modified = try await call("GET", id).json["LastModifiedDate"]?.stringValue ?? ""
            #expect(modified.hasSuffix(".000+0000"))
            let time = HTTPDate.text(try #require(Timestamp(iso8601: modified)))
            let condition = ("If-Unmodified-Since", time)
            #expect(try await call("GET", id, ("If-Modified-Since", time)).status == 304)
            #expect(try await call("PATCH", id, condition, ["Amount": 1]).status == 204)
            try await fixture.control("POST", "/clock/advance", ["duration": "PT2S"])
            #expect(try await call("PATCH", id, nil, ["Amount": 2]).status == 204)
            #expect(try await call("PATCH", id, condition, ["Amount": 3]).status == 412)
            #expect(try await call("PATCH", id, ("If-Unmodified-Since", "soon"), ["Amount": 3]).status == 400)
            // Reading knows the same conditions, by id and by external id.
            #expect(try await call("PATCH", id, nil, ["Referral_Identifier__c": "r-304"]).status == 204)
            for place in [id, "/Referral_Identifier__c/r-304"] {
                let late = HTTPDate.text(try #require(Timestamp(iso8601: modified)) + .seconds(86_400))
                #expect(try await call("GET", place, condition).status == 412)
                #expect(try await call("GET", place, ("If-Unmodified-Since", late)).status == 200)
                #expect(try await call("GET", place, ("If-Modified-Since", late)).status == 304)
                #expect(try await call("PATCH", place, condition, ["Amount": 3]).status == 412)
            }
            let now = try await call("GET", id, ("If-Modified-Since", time))
            #expect(now.status == 200 && now.json["Amount"] == 2.0)
        }
    }

    @Test func `sessions are issued for three grants and refused in the documented words`() async throws {
        try await SandboxFixture.run { fixture in
            let password = try await Self.token(fixture)
            #expect(password["instance_url"] == .string(fixture.sandbox.url(of: .salesforce)))
            #expect(password["access_token"]?.stringValue?.hasPrefix("00D") == true)
            #expect(password["issued_at"]?.stringValue?.count == 13)
            let refresh = try await Self.token(
                fixture, ["grant_type": "refresh_token", "refresh_token": fixture.text(.salesforce, "refreshToken")])
            #expect(refresh["access_token"] != nil)
            #expect(try await Self.token(fixture, ["grant_type": "client_credentials"])["access_token"] != nil)
            for (changes, error, text) in [
                (["password": fixture.text(.salesforce, "password")], "invalid_grant", "authentication failure"),
                (["client_id": "x"], "invalid_client_id", "client identifier invalid"),
                (["client_secret": "x"], "invalid_client", "invalid client credentials"),
                (["grant_type": "x"], "unsupported_grant_type", "grant type not supported"),
                (
                    ["grant_type": "refresh_token", "refresh_token": "x"], "invalid_grant",
                    "expired access/refresh token"
                ),
            ] {
                let answer = try await Self.token(fixture, changes)
                #expect(answer == ["error": .string(error), "error_description": .string(text)])
            }
            let path = Self.data + "/sobjects"
            let session = password["access_token"]?.stringValue
            let used = try await fixture.call(.salesforce, "GET", path, token: session)
            #expect(used.status == 200)
            #expect(used.headers["Sforce-Limit-Info"]?.hasPrefix("api-usage=") == true)
            try await fixture.control("POST", "/faults", ["service": "salesforce", "expireTokens": true])
            let ended = try await fixture.call(.salesforce, "GET", path, token: session)
            #expect(ended.status == 401)
            #expect(ended.json == [["message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"]])
        }
    }

    @Test func `a person signs in at the page, the code is good once, and the refresh token goes on`() async throws {
        try await SandboxFixture.run { fixture in
            let base = fixture.sandbox.url(of: .salesforce) + "/services/oauth2"
            let verifier = String(repeating: "v", count: 43)
            let challenge = Base64.encodeURL(Digest.sha256(Array(verifier.utf8)))
            let address = "http://localhost:8400/back"
            func page(_ changes: [String: String] = [:]) -> String {
                var options = [
                    "client_id": fixture.text(.salesforce, "clientId"), "response_type": "code",
                    "redirect_uri": address, "state": "s 1", "code_challenge": challenge,
                ]
                for (name, value) in changes { options[name] = value }
                return base + "/authorize?"
                    + options.map { "\($0.key)=\(URLText.encode($0.value))" }.joined(separator: "&")
            }
            for (changes, error) in [
                (["client_id": "x"], "invalid_client_id"), (["response_type": "token"], "unsupported_response_type"),
                (["redirect_uri": "https://elsewhere.example/"], "redirect_uri_mismatch"),
            ] {
                #expect(try await fixture.send("GET", page(changes)).json["error"] == .string(error))
            }
            #expect(try await fixture.send("GET", page()).status == 200)
            let user = "seller@adatum.example"
            let wrong = try await fixture.form(page(), ["username": user, "password": "wrong"])
            #expect(wrong.status == 400 && wrong.json["error"] == "invalid_grant")
            let back = try await fixture.form(page(), ["username": user, "password": fixture.password(of: "seller")])
            let target = try #require(back.headers["Location"])
            #expect(back.status == 302 && target.hasPrefix(address + "?code=aPrx") && target.hasSuffix("&state=s%201"))
            let code = URLText.decode(target.dropFirst((address + "?code=").count).prefix { $0 != "&" })
            func redeem(_ verifier: String) async throws -> JSON {
                try await Self.token(
                    fixture,
                    [
                        "grant_type": "authorization_code", "code": code, "redirect_uri": address,
                        "code_verifier": verifier,
                    ])
            }
            #expect(try await redeem("other")["error_description"] == "invalid code verifier")
            let tokens = try await redeem(verifier)
            #expect(try await redeem(verifier)["error_description"] == "invalid authorization code")
            let fresh = try await Self.token(
                fixture, ["grant_type": "refresh_token", "refresh_token": tokens.text("refresh_token")])
            // The session is the seller's own, not that of the API user.
            #expect(tokens["access_token"] != nil && fresh["id"] == tokens["id"] && fresh["refresh_token"] == nil)
            let me = try await fixture.control("GET", "/data/salesforce/User?Username=" + user).json.at("0/Id")
            #expect(fresh.text("id").hasSuffix("/" + (me.stringValue ?? "-")))
        }
    }

    /// A create that is refused: object, values, code, fields.
    static let refusals: [(object: String, values: JSON, code: String, fields: JSON?)] = [
        ("Opportunity", ["Name": "x"], "REQUIRED_FIELD_MISSING", ["StageName", "CloseDate"]),
        ("Opportunity", ["Nmae": "x"], "INVALID_FIELD", nil),
        (
            "Lead", ["LastName": "x", "Company": "y", "Status": "Pre MQL"], "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            ["Status"]
        ),
        (
            "Account", ["Name": "x", "CreatedDate": "2026-01-01T00:00:00Z"], "INVALID_FIELD_FOR_INSERT_UPDATE",
            ["CreatedDate"]
        ),
        (
            "Account", ["Name": "x", "BillingPostalCode": "123456789012345678901"], "STRING_TOO_LONG",
            ["BillingPostalCode"]
        ),
        ("Contact", ["LastName": "x", "Email": "nobody"], "INVALID_EMAIL_ADDRESS", ["Email"]),
        ("Contact", ["LastName": "x", "AccountId": "003000000000001AAA"], "MALFORMED_ID", ["AccountId"]),
        (
            "Contact", ["LastName": "x", "AccountId": "001000000000001AAA"], "INVALID_CROSS_REFERENCE_KEY",
            ["AccountId"]
        ),
        (
            "Opportunity", ["Name": "x", "StageName": "y", "CloseDate": "2026-01-01", "Amount": "many"],
            "JSON_PARSER_ERROR",
            nil
        ),
        (
            "Opportunity",
            ["Name": "x", "StageName": "y", "CloseDate": "2026-01-01", "Referral_Identifier__c": "r-1"],
            "DUPLICATE_VALUE", []
        ),
    ]

    @Test func `records are validated, kept, upserted and deleted`() async throws {
        try await SandboxFixture.run { fixture in
            let session = try await Self.token(fixture)["access_token"]?.stringValue
            func call(_ method: String, _ path: String, _ body: JSON? = nil) async throws -> SandboxFixture.Answer {
                try await fixture.call(.salesforce, method, Self.data + path, token: session, body)
            }
            let created = try await call(
                "POST", "/sobjects/opportunity",
                [
                    "Name": " Deal ", "StageName": "Closed Won", "CloseDate": "2026-06-30T00:00:00Z", "amount": "42000",
                    "CurrencyIsoCode": "EUR", "Referral_Identifier__c": "r-1", "Description": "",
                ])
            #expect(created.status == 201)
            let id = created.json["id"]?.stringValue ?? ""
            #expect(id.count == 18 && id.hasPrefix("006"))
            #expect(created.headers["Location"] == Self.data + "/sobjects/Opportunity/" + id)
            let read = try await call("GET", "/sobjects/Opportunity/" + id.prefix(15))
            #expect(read.json["Amount"] == 42_000.0)
            #expect(read.json["CloseDate"] == "2026-06-30")
            #expect(read.json["Name"] == "Deal")
            #expect(read.json["Description"] == .null)
            #expect(read.json["IsWon"] == true)
            #expect(read.json["CreatedDate"] == read.json["LastModifiedDate"])
            #expect(read.json["CreatedDate"]?.stringValue?.hasSuffix("+0000") == true)
            #expect(read.json.at("attributes/url") == .string(Self.data + "/sobjects/Opportunity/" + id))
            for (object, values, code, fields) in Self.refusals {
                let answer = try await call("POST", "/sobjects/" + object, values)
                #expect(answer.status == 400, "\(values)")
                #expect(answer.json.at("0/errorCode") == .string(code), "\(values)")
                #expect(answer.json[0]?["fields"] == fields, "\(values)")
            }
            // Times have whole seconds.
            try await fixture.control("POST", "/clock/advance", ["duration": "PT1S"])
            let change = try await call("PATCH", "/sobjects/Opportunity/" + id, ["StageName": "On Hold"])
            #expect(change.status == 204)
            let after = try await call("GET", "/sobjects/Opportunity/\(id)?fields=StageName,IsClosed,LastModifiedDate")
            #expect(after.json["IsClosed"] == false)
            #expect(
                (after.json["LastModifiedDate"]?.stringValue ?? "") > (read.json["LastModifiedDate"]?.stringValue ?? "")
            )
            let upsert = "/sobjects/Opportunity/Referral_Identifier__c/"
            let same = try await call("PATCH", upsert + "r-1", ["NextStep": "call"])
            #expect(same.status == 200 && same.json["created"] == false && same.json["id"] == .string(id))
            let fresh = try await call(
                "PATCH", upsert + "r%202", ["Name": "Two", "StageName": "Active", "CloseDate": "2026-01-01"])
            #expect(fresh.status == 201 && fresh.json["created"] == true)
            #expect(try await call("GET", upsert + "r%202").json["Name"] == "Two")
            #expect(try await call("GET", upsert + "r-3").status == 404)
            let either = URLText.encode(
                "SELECT Name FROM Opportunity WHERE (Id = '\(id)' OR Referral_Identifier__c IN ('r-1', 'r 2')) AND Name != 'x'"
            )
            let both = try await call("GET", "/query?q=" + either).json["records"]?.arrayValue
            #expect(Set((both ?? []).map { $0["Name"] }) == ["Deal", "Two"] && both?.count == 2)
            #expect(try await call("DELETE", "/sobjects/Opportunity/" + id).status == 204)
            #expect(try await call("GET", "/sobjects/Opportunity/" + id).json.at("0/errorCode") == "ENTITY_IS_DELETED")
            let describe = try await call("GET", "/sobjects/Opportunity/describe")
            let field = describe.json["fields"]?.arrayValue?.first { $0["name"] == "Referral_Identifier__c" }
            #expect(field?["externalId"] == true && field?["unique"] == true)
        }
    }

    /// A query and the names (or the one number) that it yields.
    static let queries: [(query: String, names: [String])] = [
        ("SELECT Name FROM Account WHERE BillingCountry = 'de'", ["Contoso Manufacturing"]),
        ("SELECT Name FROM Account WHERE Name LIKE '%s' ORDER BY Name DESC", ["Tailspin Toys", "Litware Foods"]),
        ("SELECT Name FROM Account WHERE Name LIKE 'L_tware%'", ["Litware Foods"]),
        (
            "select name from account where industry in ('Retail', 'Banking') and (not name = 'Woodgrove Bank') order by name",
            ["Litware Foods", "Tailspin Toys"]
        ),
        ("SELECT Name FROM Account WHERE BillingCountry = null", ["Proseware Health"]),
        ("SELECT Name FROM Account ORDER BY BillingCountry NULLS LAST LIMIT 1 OFFSET 4", ["Proseware Health"]),
        (
            "SELECT a.Name FROM Account a WHERE a.Owner.Name = 'Joel Kim' AND a.Phone != '+494000000000' LIMIT 1",
            ["Litware Foods"]
        ),
        (
            "SELECT Name FROM Opportunity WHERE CloseDate > TODAY AND CreatedDate = TODAY AND Amount >= 65000",
            ["Contoso predictive maintenance"]
        ),
        (
            "SELECT Name FROM Opportunity WHERE LastModifiedDate > 2020-01-01T00:00:00Z AND IsClosed = false",
            ["Contoso predictive maintenance"]
        ),
        ("SELECT Name FROM Opportunity WHERE LastModifiedDate > 2999-01-01T00:00:00.000+01:00", []),
        (
            "SELECT Name FROM Account WHERE Id IN (SELECT AccountId FROM Opportunity WHERE StageName = 'Qualification')",
            ["Contoso Manufacturing"]
        ),
        ("SELECT Name FROM User WHERE Email = 'seller@adatum.example'", ["Sam Ellis"]),
        (
            "SELECT Name FROM Microsoft_Solution__c WHERE Opportunity__r.Account.BillingCity = 'Hamburg'",
            ["Adatum Insight"]
        ),
    ]

    static let badQueries: [(query: String, code: String, text: String)] = [
        ("SELECT Nmae FROM Account", "INVALID_FIELD", "No such column 'Nmae' on entity 'Account'."),
        ("SELECT Name FROM Acount", "INVALID_TYPE", "sObject type 'Acount' is not supported."),
        ("SELECT Name FROM Account WHERE", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        (
            "SELECT Name FROM Account WHERE Name = 'a' AND Name = 'b' OR Name = 'c'", "MALFORMED_QUERY",
            "unexpected token: 'OR'"
        ),
        (
            "SELECT Name FROM Opportunity WHERE LastModifiedDate > '2020-01-01T00:00:00Z'", "INVALID_FIELD",
            "must be of type dateTime"
        ),
        ("SELECT Name FROM Opportunity WHERE Audit__c = 'x'", "INVALID_FIELD", "can not be filtered in a query call"),
        ("SELECT Foo.Name FROM Opportunity", "INVALID_FIELD", "Didn't understand relationship 'Foo' in field path."),
    ]

    @Test func `queries filter, follow parents, count, group and page`() async throws {
        try await SandboxFixture.run { fixture in
            let session = try await Self.token(fixture)["access_token"]?.stringValue
            func query(_ text: String, _ headers: [(String, String)] = []) async throws -> SandboxFixture.Answer {
                try await fixture.call(
                    .salesforce, "GET", Self.data + "/query?q=" + URLText.encode(text), token: session, headers: headers
                )
            }
            for (text, names) in Self.queries {
                let answer = try await query(text)
                #expect(
                    answer.json["records"]?.arrayValue?.map { $0.at("Name").stringValue ?? "" } == names,
                    "\(text): \(answer.json)")
                #expect(answer.json["totalSize"] == .integer(Int64(names.count)), "\(text)")
            }
            for (text, code, message) in Self.badQueries {
                let answer = try await query(text)
                #expect(answer.status == 400, "\(text)")
                #expect(answer.json.at("0/errorCode") == .string(code), "\(text)")
                #expect(answer.json.at("0/message").stringValue?.contains(message) == true, "\(answer.json)")
            }
            #expect(
                try await query("SELECT COUNT() FROM Account").json == ["totalSize": 5, "done": true, "records": []])
            let groups = try await query(
                "SELECT Industry, COUNT(Id) total, MAX(Name) FROM Account GROUP BY Industry HAVING COUNT(Id) > 1")
            #expect(
                groups.json["records"] == [
                    [
                        "attributes": ["type": "AggregateResult"], "Industry": "Retail", "total": 2,
                        "expr0": "Tailspin Toys",
                    ]
                ])
            let nested = try await query(
                "SELECT Account.Owner.Name, Account.Name, (SELECT Contact.Email, Role FROM OpportunityContactRoles WHERE IsPrimary = true) FROM Opportunity"
            ).json
            #expect(nested.at("records/0/Account/Owner/Name") == "Joel Kim")
            #expect(nested.at("records/0/Account/attributes/type") == "Account")
            #expect(
                nested.at("records/0/OpportunityContactRoles/records/0/Contact/Email") == "mia.vogel@contoso.example")
            for number in 1...205 {
                _ = try await fixture.call(
                    .salesforce, "POST", Self.data + "/sobjects/Lead", token: session,
                    ["LastName": .string("Lead \(number)"), "Company": "Contoso"])
            }
            let first = try await query(
                "SELECT Id FROM Lead ORDER BY CreatedDate", [("Sforce-Query-Options", "batchSize=200")])
            #expect(first.json["done"] == false && first.json["totalSize"] == 205)
            let next = first.json["nextRecordsUrl"]?.stringValue ?? ""
            #expect(next.hasSuffix("-200"))
            let second = try await fixture.call(.salesforce, "GET", next, token: session)
            #expect(second.json["done"] == true && second.json["records"]?.arrayValue?.count == 5)
            let unknown = try await fixture.call(
                .salesforce, "GET", Self.data + "/query/01gQy0000000001AAA-200", token: session)
            #expect(unknown.json.at("0/errorCode") == "INVALID_QUERY_LOCATOR")
        }
    }
}
