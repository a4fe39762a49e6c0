import FlowCore
import FlowHTTP
import FlowSandbox
import Testing

@Suite struct DataverseTests {
    static let data = "/api/data/v9.2"

    @Test func `rows are created, read, changed under a version and deleted`() async throws {
        try await SandboxFixture.run { fixture in
            let token = try await fixture.token("seller", fixture.sandbox.url(of: .commondataserviceforapps))
            func call(
                _ method: String, _ path: String, _ headers: [(String, String)] = [], _ body: JSON? = nil
            ) async throws -> SandboxFixture.Answer {
                try await fixture.call(
                    .commondataserviceforapps, method, Self.data + path, token: token, headers: headers, body)
            }
            let id = "6a1f0f0e-4a4b-4f0c-9c1d-0d9b8a7c6e51"
            let values: JSON = [
                "opportunityid": .string(id), "name": "Deal", "estimatedvalue": 42_000.5,
                "estimatedclosedate": "2026-06-30",
                "parentaccountid@odata.bind": "/accounts(accountnumber='A-1001')",
                "transactioncurrencyid@odata.bind": "transactioncurrencies(isocurrencycode='EUR')",
                "msft_howcanmicrosofthelp": 861_980_002, "msft_referralidentifier": "r-1",
            ]
            let created = try await call("POST", "/opportunities", [], values)
            #expect(created.status == 204)
            #expect(created.headers["OData-EntityId"]?.hasSuffix("/opportunities(\(id))") == true)
            // What the runtime repeats after a crash finds its row there already.
            let again = try await call("POST", "/opportunities", [], values)
            #expect(again.status == 412 && again.json.at("error/code") == "0x80040237")
            let read = try await call(
                "GET",
                "/opportunities(msft_referralidentifier='r-1')?$select=name,estimatedvalue,msft_howcanmicrosofthelp,_parentaccountid_value&$expand=parentaccountid($select=name),msft_opportunity_msft_microsoftsolution",
                [("Prefer", "odata.include-annotations=\"*\"")])
            #expect(read.json["opportunityid"] == .string(id))
            #expect(read.json.at("parentaccountid/name") == "Contoso Manufacturing")
            #expect(
                read.json["msft_howcanmicrosofthelp@OData.Community.Display.V1.FormattedValue"]
                    == "Proof Of Concept or Demo")
            #expect(read.json["estimatedvalue@OData.Community.Display.V1.FormattedValue"] == "42,000.50")
            #expect(
                read.json["_parentaccountid_value@OData.Community.Display.V1.FormattedValue"] == "Contoso Manufacturing"
            )
            #expect(read.json["_transactioncurrencyid_value"]?.isNull == false)
            #expect(read.json["msft_opportunity_msft_microsoftsolution"] == [])
            let either = URLText.encode("msft_referralidentifier eq 'r-1' or opportunityid eq \(id)")
            let both = try await call("GET", "/opportunities?$select=name&$filter=" + either).json["value"]?.arrayValue
            #expect(both?.map { $0["name"] } == ["Deal"])
            let eTag = read.json["@odata.etag"]?.stringValue ?? ""
            #expect(try await call("GET", "/opportunities(\(id))", [("If-None-Match", eTag)]).status == 304)
            #expect(try await call("PATCH", "/opportunities(\(id))", [], ["statuscode": 2]).status == 204)
            let stale = try await call("PATCH", "/opportunities(\(id))", [("If-Match", eTag)], ["name": "x"])
            #expect(stale.status == 412 && stale.json.at("error/code") == "0x80060882")
            let shown = try await call(
                "PATCH", "/opportunities(\(id))?$select=name", [("Prefer", "return=representation")],
                ["name": "Renamed"])
            #expect(shown.status == 200 && shown.json["name"] == "Renamed")
            for (patch, status, code) in [
                (["nosuch": 1], 400, "0x80048d19"), (["msft_howcanmicrosofthelp": 5], 400, "0x8004431A"),
                (["estimatedvalue": "many"], 400, "0x80048d19"), (["statecode": 1], 400, "0x80040203"),
                (["parentaccountid@odata.bind": "/accounts(6a1f0f0e-4a4b-4f0c-9c1d-0d9b8a7c6e52)"], 400, "0x80040217"),
            ] as [(JSON, Int, JSON)] {
                let answer = try await call("PATCH", "/opportunities(\(id))", [], patch)
                #expect(answer.status == status && answer.json.at("error/code") == code, "\(patch) \(answer.json)")
            }
            let win = try await call(
                "POST", "/WinOpportunity", [],
                ["Status": 3, "OpportunityClose": ["opportunityid@odata.bind": .string("/opportunities(\(id))")]])
            #expect(win.status == 204)
            #expect(try await call("GET", "/opportunities(\(id))/statecode").json["value"] == 1)
            let missing = "/accounts(6a1f0f0e-4a4b-4f0c-9c1d-0d9b8a7c6e59)"
            #expect(try await call("PATCH", missing, [("If-Match", "*")], ["name": "x"]).status == 404)
            #expect(try await call("PATCH", missing, [], ["name": "x"]).status == 204)
            #expect(try await call("PATCH", missing, [("If-None-Match", "*")], ["name": "y"]).status == 412)
            #expect(try await call("DELETE", missing).status == 204)
            #expect(try await call("DELETE", missing).json.at("error/code") == "0x80040217")
            #expect(
                try await call(
                    "PATCH", "/environmentvariabledefinitions(schemaname='msft_dealvaluefield')", [],
                    ["defaultvalue": "x"]
                ).status == 403)
            let me = try await call("GET", "/WhoAmI")
            #expect(me.json["UserId"]?.isNull == false)
        }
    }

    /// A query and how many rows it yields, or its error code.
    static let queries: [(query: String, rows: Int?, code: String?)] = [
        ("/accounts?$filter=contains(name,'BANK') or address1_country eq 'IE'", 2, nil),
        ("/accounts?$filter=startswith(name,'l') and createdon gt 2020-01-01T00:00:00Z&$select=name", 1, nil),
        ("/contacts?$filter=parentcustomerid_account/name eq 'Litware Foods'", 1, nil),
        ("/systemusers?$filter=internalemailaddress eq 'seller@adatum.example' and isdisabled eq false", 1, nil),
        ("/transactioncurrencies?$filter=isocurrencycode eq 'EUR'", 1, nil),
        (
            "/environmentvariabledefinitions?$filter=schemaname eq 'msft_onholdstagename'&$expand=environmentvariabledefinition_environmentvariablevalue($select=value)",
            1, nil
        ),
        ("/msft_microsoftsolutiondetails?$orderby=msft_solutionname desc&$top=2", 2, nil),
        ("/accounts?$filter=not contains(name,'o') and accountnumber ne null", 0, nil),
        ("/accounts?$filter=nosuch eq 1", nil, "0x0"), ("/accounts?$filter=name eq", nil, "0x0"),
        ("/accounts?$select=nosuch", nil, "0x0"), ("/accounts?$skip=1", nil, "0x80060888"),
        ("/accounts?fetchXml=<fetch/>", nil, "0x80060888"), ("/acounts", nil, "0x8006088a"),
        ("/accounts(nosuch='x')", nil, "0x80060888"),
        ("/accounts(accountnumber='x')", nil, "0x80060891"),
    ]

    @Test func `definitions are found by a member, choices have labels, several rows are written at once`() async throws
    {
        try await SandboxFixture.run { fixture in
            let token = try await fixture.token("crm.admin", fixture.sandbox.url(of: .commondataserviceforapps))
            func call(_ method: String, _ path: String, _ body: JSON? = nil) async throws -> SandboxFixture.Answer {
                try await fixture.call(.commondataserviceforapps, method, Self.data + path, token: token, body)
            }
            let found = try await call(
                "GET", "/EntityDefinitions?$select=EntitySetName,MetadataId&$filter=LogicalName%20eq%20'opportunity'")
            #expect(found.json.at("value/0/EntitySetName") == "opportunities")
            let id = found.json.at("value/0").text("MetadataId")
            #expect(try await call("GET", "/EntityDefinitions(\(id))").json["LogicalName"] == "opportunity")
            #expect(try await call("GET", "/EntityDefinitions?$filter=LogicalName%20ne%20'x'").status == 400)
            let choices = try await call(
                "GET",
                "/EntityDefinitions(LogicalName='opportunity')/Attributes/Microsoft.Dynamics.CRM.PicklistAttributeMetadata"
                    + "?$select=LogicalName&$expand=OptionSet($select=Options)")
            let help = choices.json["value"]?.arrayValue?.first { $0["LogicalName"] == "msft_howcanmicrosofthelp" }
            #expect(help?.at("OptionSet/Options/0/Label/UserLocalizedLabel/Label").stringValue?.isEmpty == false)
            let made = try await call(
                "POST", "/contacts/Microsoft.Dynamics.CRM.CreateMultiple",
                [
                    "Targets": [
                        ["lastname": "One", "@odata.type": "Microsoft.Dynamics.CRM.contact"], ["lastname": "Two"],
                    ]
                ])
            let ids = made.json["Ids"]?.arrayValue?.compactMap(\.stringValue) ?? []
            #expect(made.status == 200 && ids.count == 2)
            let changed = try await call(
                "POST", "/contacts/Microsoft.Dynamics.CRM.UpdateMultiple",
                ["Targets": .array(ids.map { ["contactid": .string($0), "firstname": "Mia"] })])
            #expect(changed.status == 204)
            #expect(try await call("GET", "/contacts(\(ids[1]))").json["firstname"] == "Mia")
            // Of several rows none is written where one cannot be.
            let refused = try await call(
                "POST", "/contacts/Microsoft.Dynamics.CRM.CreateMultiple",
                ["Targets": [["lastname": "Three"], ["lastname": "Four", "nope": 1]]])
            #expect(refused.status == 400)
            #expect(try await call("GET", "/contacts?$filter=lastname%20eq%20'Three'").json["value"] == [])
        }
    }

    @Test func `queries filter, expand, count and page`() async throws {
        try await SandboxFixture.run { fixture in
            let token = try await fixture.token("crm.admin", "https://adatum.crm4.dynamics.com")
            for (query, rows, code) in Self.queries {
                let parts = query.split(separator: "?", maxSplits: 1)
                let options = parts.count < 2 ? "" : "?" + parts[1].replacing(" ", with: "%20")
                let answer = try await fixture.call(
                    .commondataserviceforapps, "GET", Self.data + parts[0] + options, token: token)
                #expect(answer.json["value"]?.arrayValue?.count == rows, "\(query): \(answer.json)")
                #expect(answer.json.at("error/code").stringValue == code, "\(query): \(answer.json)")
            }
            var next =
                fixture.sandbox.url(of: .commondataserviceforapps) + Self.data
                + "/transactioncurrencies?$select=isocurrencycode&$orderby=isocurrencycode&$count=true"
            var codes: [String] = []
            var pages = 0
            while !next.isEmpty, pages < 10 {
                let page = try await fixture.send(
                    "GET", next, token: token, headers: [("Prefer", "odata.maxpagesize=4")])
                #expect(page.json["@odata.count"] == 10)
                codes += page.json["value"]?.arrayValue?.compactMap { $0["isocurrencycode"]?.stringValue } ?? []
                next = page.json["@odata.nextLink"]?.stringValue ?? ""
                pages += 1
            }
            #expect(pages == 3)
            #expect(codes == ["AUD", "BRL", "CAD", "CHF", "EUR", "GBP", "INR", "JPY", "SEK", "USD"])
            let stranger = try await fixture.token("no.role", "https://adatum.crm4.dynamics.com")
            let refused = try await fixture.call(
                .commondataserviceforapps, "GET", Self.data + "/accounts", token: stranger)
            #expect(refused.status == 403)
            let none = try await fixture.call(.commondataserviceforapps, "GET", Self.data + "/accounts", token: nil)
            #expect(none.status == 401 && none.headers["WWW-Authenticate"]?.hasPrefix("Bearer ") == true)
        }
    }

    @Test func `a lead is qualified, references are listed, tables are described`() async throws {
        try await SandboxFixture.run { fixture in
            let token = try await fixture.token("seller", fixture.sandbox.url(of: .commondataserviceforapps))
            func call(_ method: String, _ path: String, _ body: JSON? = nil) async throws -> SandboxFixture.Answer {
                try await fixture.call(
                    .commondataserviceforapps, method, Self.data + path, token: token,
                    headers: [("Prefer", "return=representation")], body)
            }
            let lead = try await call(
                "POST", "/leads",
                [
                    "subject": "Trial", "firstname": "Ana", "lastname": "Reis", "companyname": "Northwind Traders",
                    "estimatedamount": 1_000, "estimatedclosedate": "2026-06-30",
                ])
            let id = try #require(lead.json["leadid"]?.stringValue)
            let wishes: JSON = [
                "CreateAccount": true, "CreateContact": true, "CreateOpportunity": true, "Status": 3,
                "OpportunityCurrencyId@odata.bind": "/transactioncurrencies(isocurrencycode='EUR')",
            ]
            let made = try await call("POST", "/leads(\(id))/Microsoft.Dynamics.CRM.QualifyLead", wishes)
            #expect(made.status == 200 && made.json["value"]?.arrayValue?.count == 3)
            let deal = try #require(made.json["value"]?[2]?["opportunityid"]?.stringValue)
            let again = try await call("POST", "/leads(\(id))/Microsoft.Dynamics.CRM.QualifyLead", wishes)
            #expect(again.status == 400)
            let row = try await call(
                "GET", "/opportunities(\(deal))?$expand=transactioncurrencyid($select=isocurrencycode)")
            #expect(row.json["name"] == "Trial" && row.json["estimatedvalue"] == 1_000)
            #expect(row.json.at("transactioncurrencyid/isocurrencycode") == "EUR")
            #expect(row.json["_originatingleadid_value"] == .string(id))
            let account = try #require(row.json["_parentaccountid_value"]?.stringValue)
            let one = try await call("GET", "/opportunities(\(deal))/parentaccountid/$ref")
            #expect(one.json["@odata.id"]?.stringValue?.hasSuffix("/accounts(\(account))") == true)
            let many = try await call("GET", "/accounts(\(account))/opportunity_parent_account/$ref")
            #expect(many.json["value"]?.arrayValue?.count == 1)
            let table = try await call(
                "GET", "/EntityDefinitions(LogicalName='opportunity')?$select=EntitySetName,PrimaryIdAttribute")
            #expect(table.json["EntitySetName"] == "opportunities" && table.json["LogicalName"] == nil)
            let columns = try await call(
                "GET", "/EntityDefinitions(LogicalName='opportunity')/Attributes?$select=LogicalName")
            #expect(columns.json["value"]?.arrayValue?.contains(["LogicalName": "msft_audit"]) == true)
            #expect(try await call("GET", "/EntityDefinitions(LogicalName='nosuch')").status == 404)
        }
    }
}
