import FlowConnectorLibrary
import FlowCore
import FlowDefinitions
import FlowHTTP
import FlowTesting
import Testing

@Suite struct SalesforceTests {
    private static let api = "https://adatum.my.salesforce.com/services/data/v58.0"
    private let session = FlowConnectorLibraryTests.session("salesforce")
    private static let describe = RecordedTransport.Exchange(
        "GET \(api)/sobjects/Opportunity/describe",
        json: [
            "fields": [
                ["name": "Id", "type": "id", "filterable": true],
                ["name": "Name", "type": "string", "filterable": true],
                ["name": "Amount", "type": "currency", "filterable": true],
                ["name": "CloseDate", "type": "date", "filterable": true],
                ["name": "CreatedDate", "type": "datetime", "filterable": true],
                ["name": "Description", "type": "textarea", "filterable": false],
                ["name": "Ref__c", "type": "string", "filterable": true, "externalId": true],
            ]
        ])

    private func call(
        _ id: String, _ parameters: JSONObject, _ exchanges: [RecordedTransport.Exchange], minimum: Int? = nil
    ) async throws -> (OperationAnswer, [String], [HTTPRequest]) {
        let transport = RecordedTransport([salesforceToken] + exchanges)
        let answer = try await SalesforceConnector(transport: transport)
            .perform(OperationCall(id, parameters, minimum: minimum), in: session)
        #expect(transport.unused == [])
        return (answer, transport.calls, transport.requests)
    }

    @Test func `a list is a query with all fields, translated from OData`() async throws {
        let (answer, calls, _) = try await call(
            "GetItems",
            [
                "table": "Opportunity", "$orderby": "Name desc,Account/Name", "$top": 5, "$skip": 2,
                "$filter": "StageName eq 'O''Brien' and (Amount gt '5' or CloseDate le '2026-06-30T00:00:00Z')",
            ],
            [
                Self.describe,
                .init(
                    "GET \(Self.api)/query",
                    json: [
                        "records": [
                            ["attributes": ["type": "O"], "Id": "1", "Account": ["attributes": [:], "Name": "A"]]
                        ], "done": true,
                    ]),
            ])
        #expect(answer.body == ["value": [["Id": "1", "Account": ["Name": "A"]]]])
        #expect(
            calls.last
                == "GET \(Self.api)/query?q=SELECT Id, Name, Amount, CloseDate, CreatedDate, Description, Ref__c "
                + "FROM Opportunity WHERE (StageName = 'O\\'Brien' AND (Amount > 5 OR CloseDate <= 2026-06-30)) "
                + "ORDER BY Name DESC, Account.Name ASC LIMIT 5 OFFSET 2")
    }

    @Test(
        arguments: [
            ("contains(Name,'50%')", "Name LIKE '%50\\%%'"), ("startswith(Name,'a') eq false", "(NOT Name LIKE 'a%')"),
            ("substringof('x',Name)", "Name LIKE '%x%'"), ("not (A ne null)", "(NOT A != null)"),
            ("A eq true or B lt 3 or C eq D", nil),
            ("CreatedDate gt 2026-01-02T03:04:05.678Z", "CreatedDate > 2026-01-02T03:04:05Z"),
            ("CreatedDate gt datetime'2026-01-02T03:04:05Z'", "CreatedDate > 2026-01-02T03:04:05Z"),
            ("CreatedDate ge LAST_N_DAYS:3", "CreatedDate >= LAST_N_DAYS:3"), ("A eq 'x' B", nil), ("A eq", nil),
            ("A eq 'x", nil),
            ("Name eq 'x' OR Id in ('1')", nil), ("A' OR eq 'x'", nil), ("A eq 1) or (B eq 2", nil),
        ] as [(String, String?)])
    func `filters become conditions, or are refused`(filter: String, condition: String?) async throws {
        let transport = RecordedTransport([
            salesforceToken, Self.describe, .init("GET \(Self.api)/query", json: ["records": []], repeats: true),
        ])
        let error = await failure {
            _ = try await SalesforceConnector(transport: transport).perform(
                OperationCall("GetItems", ["table": "Opportunity", "$select": "Id", "$filter": .string(filter)]),
                in: session)
        }
        if let condition {
            #expect(transport.calls.last?.hasSuffix("WHERE \(condition)") == true, "\(transport.calls.last ?? "")")
        } else if filter.contains("C eq D") {
            // A name after an operator passes as a date literal; the service judges it.
            #expect(error == nil)
        } else {
            #expect(error?.code == .operationParameterInvalid)
        }
    }

    @Test func `more pages are fetched for a high top, and where pagination asks`() async throws {
        let pages: [RecordedTransport.Exchange] = [
            .init(
                "GET \(Self.api)/query",
                json: ["records": [["Id": "1"]], "nextRecordsUrl": "/services/data/v58.0/query/01g-1"]),
            .init("GET \(Self.api)/query/01g-1", json: ["records": [["Id": "2"]]]),
        ]
        let parameters: JSONObject = ["table": "Lead", "$select": "Id"]
        let all: JSON = ["value": [["Id": "1"], ["Id": "2"]]]
        #expect(try await call("GetItems", parameters, pages, minimum: 2).0.body == all)
        var top = parameters
        top["$top"] = "2"
        #expect(try await call("GetItems", top, pages).0.body == all)
    }

    @Test func `created and changed records are read back`() async throws {
        let record: JSON = ["attributes": [:], "Id": "006", "Name": "N"]
        let read = RecordedTransport.Exchange("GET \(Self.api)/sobjects/Opportunity/006", json: record)
        let created = try await call(
            "PostItem", ["table": "Opportunity", "item/Name": "N"],
            [.init("POST \(Self.api)/sobjects/Opportunity", 201, json: ["id": "006", "success": true]), read])
        #expect(
            created.0
                == OperationAnswer(
                    statusCode: 201, headers: ["Content-Type": "application/json"], body: ["Id": "006", "Name": "N"]))
        #expect(try JSONReader.read(created.2[1].body) == ["Name": "N"])
        let changed = try await call(
            "PatchItem_V3", ["table": "Opportunity", "id": "006", "item": ["Name": "N"]],
            [.init("PATCH \(Self.api)/sobjects/Opportunity/006", 204), read])
        #expect(changed.0.statusCode == 200)
        #expect(changed.2[1].headers["If-Unmodified-Since"] == nil)
        let time = "Mon, 02 Mar 2026 09:15:20 GMT"
        let refused = try await call(
            "PatchItem_V3",
            ["table": "Opportunity", "id": "006", "item": ["Name": "N"], "If-Unmodified-Since": .string(time)],
            [.init("PATCH \(Self.api)/sobjects/Opportunity/006", 412)])
        #expect(refused.0.statusCode == 412)
        #expect(refused.2[1].headers["If-Unmodified-Since"] == time)
        let unread = try await call(
            "PostItem_V2", ["table": "Opportunity", "item/Name": "N"],
            [
                .init("POST \(Self.api)/sobjects/Opportunity", 201, json: ["id": "006"]),
                .init("GET \(Self.api)/sobjects/Opportunity/006", 500),
            ])
        #expect(unread.0.body == ["Id": "006"])
        let upserted = try await call(
            "PatchItemByExternalIdV2",
            [
                "table": "Opportunity", "externalIdField": "Ref__c", "externalId": "a/b",
                "item": ["Ref__c": "a/b", "Name": "N"],
            ],
            [
                .init("PATCH \(Self.api)/sobjects/Opportunity/Ref__c/a/b", 200, json: ["id": "006", "created": false]),
                read,
            ])
        #expect(try JSONReader.read(upserted.2[1].body) == ["Name": "N"])
        #expect(upserted.2[1].url.hasSuffix("/Ref__c/a%2Fb"))
    }

    @Test func `an error of the service passes through`() async throws {
        let body: JSON = [["errorCode": "REQUIRED_FIELD_MISSING", "message": "Required fields are missing: [Name]"]]
        let (answer, _, _) = try await call(
            "PostItem_V2", ["table": "Account", "item": [:]],
            [.init("POST \(Self.api)/sobjects/Account", 400, json: body)])
        #expect(answer.statusCode == 400)
        #expect(answer.body == body)
    }

    @Test func `an answer that is not the service's own is never taken for an empty list`() async throws {
        let garbage = RecordedTransport.Exchange("GET \(Self.api)/query", json: "nonsense")
        let list = await failure {
            _ = try await call("GetItems", ["table": "Lead", "$select": "Id"], [garbage])
        }
        #expect(list?.code == .invalidProtocolResponse)
        let poll = await failure {
            _ = try await SalesforceConnector(transport: RecordedTransport([salesforceToken, garbage])).poll(
                TriggerPoll(
                    triggerID: "GetOnNewItems", parameters: ["table": "Lead", "$select": "Id"],
                    watermark: "2026-03-02T00:00:00Z"), in: session)
        }
        #expect(poll?.code == .invalidProtocolResponse)
        let create = await failure {
            _ = try await call(
                "PostItem_V2", ["table": "Lead", "item": [:]],
                [.init("POST \(Self.api)/sobjects/Lead", 200, json: "nonsense")])
        }
        #expect(create?.code == .invalidProtocolResponse)
    }

    @Test func `queries take values as literals, outside of quotes only`() async throws {
        let (answer, calls, _) = try await call(
            "ExecuteSoqlQuery",
            [
                "query/query": "SELECT Id FROM A WHERE N = @name AND M = '@name' AND K IN @list",
                "query/parameters/name": "x' OR Id != '", "query/parameters/list": [1, 2],
            ], [.init("GET \(Self.api)/query", json: ["totalSize": 0, "done": true, "records": []])])
        #expect(answer.body?["totalSize"] == 0)
        #expect(calls.last?.hasSuffix("N = 'x\\' OR Id != \\'' AND M = '@name' AND K IN (1, 2)") == true)
    }

    @Test func `a request by hand stays at the organization`() async throws {
        let (answer, _, requests) = try await call(
            "HttpRequest",
            ["Uri": "/services/data/v41.0/limits", "Method": "POST", "CustomHeader1": "X-A: b", "Body": ["a": 1]],
            [.init("POST https://adatum.my.salesforce.com/services/data/v41.0/limits", json: ["ok": 1])])
        #expect(answer.body == ["ok": 1])
        #expect(requests[1].headers["X-A"] == "b")
        let error = await failure {
            _ = try await call("HttpRequest", ["Uri": "https://elsewhere.example/x", "Method": "GET"], [])
        }
        #expect(error?.code == .operationParameterInvalid)
    }

    @Test func `a record in doubt is found by external id, else by fields, time and user`() async throws {
        let intent = Timestamp(year: 2026, month: 3, day: 2)
        let cases: [(JSONObject, String)] = [
            (
                ["Name": "N", "Ref__c": "r"],
                "SELECT Id FROM Opportunity WHERE Ref__c = 'r' ORDER BY CreatedDate ASC LIMIT 1"
            ),
            (
                ["Name": "N", "Amount": 5, "CloseDate": "2026-06-30", "Description": "d"],
                "SELECT Id FROM Opportunity WHERE (CreatedDate >= 2026-03-01T23:59:00Z) AND "
                    + "(CreatedById = '005000000000001') AND (Name = 'N') AND (Amount = 5) AND (CloseDate = 2026-06-30) "
                    + "ORDER BY CreatedDate ASC LIMIT 1"
            ),
        ]
        for (item, soql) in cases {
            for isFound in [true, false] {
                let records: JSON = isFound ? [["Id": "006"]] : []
                let transport = RecordedTransport([
                    salesforceToken, Self.describe,
                    .init("GET \(Self.api)/query?q=\(soql)", json: ["records": records]),
                    .init("GET \(Self.api)/sobjects/Opportunity/006", json: ["Id": "006", "Name": "N"]),
                ])
                let answer = try await SalesforceConnector(transport: transport).lookUp(
                    OperationCall("PostItem_V2", ["table": "Opportunity", "item": .object(item)]), intendedAt: intent,
                    in: session)
                #expect(answer?.statusCode == (isFound ? 201 : nil))
                #expect(answer?.body?["Name"] == (isFound ? "N" : nil))
            }
        }
    }

    @Test(arguments: [(404, 204), (200, nil)] as [(Int, Int?)])
    func `a deletion is done where the record is gone`(status: Int, answer: Int?) async throws {
        let transport = RecordedTransport([
            salesforceToken, .init("GET \(Self.api)/sobjects/Lead/1?fields=Id", status, json: [:]),
        ])
        let found = try await SalesforceConnector(transport: transport).lookUp(
            OperationCall("DeleteItem", ["table": "Lead", "id": "1"]), intendedAt: Timestamp(ticks: 0), in: session)
        #expect(found?.statusCode == answer)
    }

    @Test func `a second change in the second of a poll is taken too, and only once`() async throws {
        func answer(_ time: String, _ amounts: Int64...) -> RecordedTransport.Exchange {
            let records = amounts.map { amount -> JSON in
                ["Id": "1", "LastModifiedDate": "2026-03-02T12:00:30.000+0000", "Amount": .integer(amount)]
            }
            return .init(
                "GET \(Self.api)/query", headers: ["Date": "Mon, 02 Mar 2026 12:\(time) GMT"],
                json: ["records": .array(records)])
        }
        let transport = RecordedTransport([
            salesforceToken, answer("00:00"), answer("00:30", 5), answer("00:30", 5), answer("00:31", 6),
            answer("00:33", 6), answer("00:34", 6),
        ])
        let connector = SalesforceConnector(transport: transport)
        var watermark: JSON?
        var seen: Set<String> = []
        var taken: [Int] = []
        for _ in 0..<5 {
            let poll = TriggerPoll(
                triggerID: "GetOnUpdatedItems", parameters: ["table": "Lead", "$select": "Amount"],
                watermark: watermark, seen: seen)
            let answer = try await connector.poll(poll, in: session)
            (watermark, seen) = (answer.watermark, answer.seen)
            taken.append(answer.outputs?["body"]?["value"]?.arrayValue?.count ?? 0)
        }
        // The first poll takes nothing; what is changed in its second comes with the next one.
        #expect(taken == [0, 1, 1, 0, 0])
        #expect(seen == ["1 2026-03-02T12:00:30.000+0000"])
    }

    @Test func `polls take each change once, by the service's clock`() async throws {
        func answer(_ date: String, _ records: JSON) -> RecordedTransport.Exchange {
            .init(
                "GET \(Self.api)/query", headers: ["Date": "Mon, 02 Mar 2026 \(date) GMT"], json: ["records": records])
        }
        func record(_ id: String, _ time: String) -> JSON {
            ["Id": .string(id), "LastModifiedDate": .string("2026-03-02T\(time).000+0000")]
        }
        let transport = RecordedTransport([
            salesforceToken, answer("12:00:00", []), answer("12:00:01", [record("old", "11:59:00")]),
            answer("12:01:00", [record("old", "11:59:00"), record("new", "12:00:30")]),
            answer("12:02:00", [record("new", "12:00:30")]),
            answer("12:10:00", [record("new", "12:01:50"), record("new", "12:09:59")]),
            .init("GET \(Self.api)/query", 403, json: [["errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "m"]]),
        ])
        let connector = SalesforceConnector(transport: transport)
        var watermark: JSON?
        var seen: Set<String> = []
        var taken: [[String]] = []
        var waits: [Duration?] = []
        for _ in 0..<5 {
            let poll = TriggerPoll(
                triggerID: "GetOnUpdatedItems", parameters: ["table": "Lead", "$select": "Id"], watermark: watermark,
                seen: seen)
            let answer = try await connector.poll(poll, in: session)
            watermark = answer.watermark
            seen = answer.seen
            taken.append(
                (answer.outputs?["body"]?["value"]?.arrayValue ?? []).compactMap { $0["LastModifiedDate"]?.stringValue }
            )
            waits.append(answer.retryAfter)
        }
        #expect(
            taken == [
                [], ["2026-03-02T12:00:30.000+0000"], [],
                ["2026-03-02T12:01:50.000+0000", "2026-03-02T12:09:59.000+0000"], [],
            ])
        #expect(watermark == "2026-03-02T12:10:00.0000000Z")
        #expect(seen.map { $0.prefix(32) } == ["new 2026-03-02T12:09:59.000+0000"])
        #expect(waits.last == .seconds(60))
        #expect(
            transport.calls[4]
                == "GET \(Self.api)/query?q=SELECT Id, LastModifiedDate FROM Lead WHERE LastModifiedDate > 2026-03-02T11:59:00Z ORDER BY LastModifiedDate ASC"
        )
    }
}
