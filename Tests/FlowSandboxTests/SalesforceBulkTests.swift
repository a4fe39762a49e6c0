import FlowCore
import FlowHTTP
import FlowSandbox
import Testing

@Suite struct SalesforceBulkTests {
    private static let jobs = SalesforceTests.data + "/jobs"

    /// A client of the jobs.
    private struct Client {
        let fixture: SandboxFixture
        let token: String?

        func call(_ method: String, _ path: String, _ body: JSON? = nil) async throws -> SandboxFixture.Answer {
            try await fixture.call(.salesforce, method, jobs + path, token: token, body)
        }

        /// Text from a path, with the answer's header fields.
        func text(_ path: String) async throws -> (text: String, headers: HTTPHeaders) {
            let response = try await fixture.transport.send(
                HTTPRequest(
                    "GET", fixture.sandbox.url(of: .salesforce) + jobs + path,
                    headers: ["Authorization": "Bearer " + (token ?? "")]))
            return (String(decoding: response.body, as: UTF8.self), response.headers)
        }

        func upload(_ id: String, _ text: String, type: String = "text/csv; charset=UTF-8") async throws -> Int {
            try await fixture.send(
                "PUT", fixture.sandbox.url(of: .salesforce) + "\(jobs)/ingest/\(id)/batches", token: token,
                headers: [("Content-Type", type)], body: Array(text.utf8)
            ).status
        }

        /// Creates a job, uploads its rows, lets it go.
        func ingest(_ job: JSONObject, _ rows: String) async throws -> JSON {
            let id = try await call("POST", "/ingest", .object(job)).json.text("id")
            #expect(try await upload(id, rows) == 201)
            let closed = try await call("PATCH", "/ingest/" + id, ["state": "UploadComplete"])
            #expect(closed.status == 200 && closed.json["state"] == "UploadComplete")
            return try await call("GET", "/ingest/" + id).json
        }
    }

    private static func run(_ body: @escaping @Sendable (Client) async throws -> Void) async throws {
        try await SandboxFixture.run { fixture in
            try await body(
                Client(fixture: fixture, token: try await SalesforceTests.token(fixture)["access_token"]?.stringValue))
        }
    }

    @Test func `uploaded rows are written one by one, and each tells what became of it`() async throws {
        try await Self.run { client in
            let made = try await client.call("POST", "/ingest", ["object": "account", "operation": "insert"])
            let id = made.json.text("id")
            #expect(made.status == 200 && id.hasPrefix("750") && made.json["state"] == "Open")
            #expect(made.json["contentUrl"] == .string("services/data/v58.0/jobs/ingest/\(id)/batches"))
            #expect(made.json["object"] == "Account" && made.json["jobType"] == "V2Ingest")
            #expect(try await client.upload(id, "Name\nx\n", type: "application/json") == 415)
            let early = try await client.call("PATCH", "/ingest/" + id, ["state": "UploadComplete"])
            #expect(early.json.at("0/errorCode") == "INVALIDJOBSTATE")
            let rows = "Name,BillingCity\n\"O\"\"Hara, Sons\",\"two\nlines\"\n,Cork\nPlain,\n"
            #expect(try await client.upload(id, rows) == 201)
            #expect(try await client.upload(id, rows) == 400)
            #expect(try await client.call("DELETE", "/ingest/" + id).status == 400)
            let closed = try await client.call("PATCH", "/ingest/" + id, ["state": "UploadComplete"])
            #expect(closed.json["state"] == "UploadComplete")
            let done = try await client.call("GET", "/ingest/" + id).json
            #expect(done["state"] == "JobComplete" && done["contentUrl"] == nil)
            #expect(done["numberRecordsProcessed"] == 3 && done["numberRecordsFailed"] == 1)
            let good = try await client.text("/ingest/\(id)/successfulResults/").text
            #expect(good.hasPrefix("\"sf__Id\",\"sf__Created\",\"Name\",\"BillingCity\"\n\"001"))
            #expect(good.contains("\"true\",\"O\"\"Hara, Sons\",\"two\nlines\"\n"))
            let bad = try await client.text("/ingest/\(id)/failedResults").text
            #expect(
                bad.hasSuffix(
                    "\"\",\"REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --\",\"\",\"Cork\"\n"))
            #expect(try await client.text("/ingest/\(id)/unprocessedrecords").text == "\"Name\",\"BillingCity\"\n")
            let accounts = try await client.fixture.control("GET", "/data/salesforce/Account?Name=O%22Hara,%20Sons")
                .json
            #expect(accounts.at("0/BillingCity") == "two\nlines")
            #expect(try await client.call("GET", "/ingest").json.at("records/0/id") == .string(id))
            #expect(try await client.call("DELETE", "/ingest/" + id).status == 204)
            #expect(try await client.call("GET", "/ingest/" + id).status == 404)
        }
    }

    @Test func `rows update, upsert and delete by id, external id and look-up`() async throws {
        try await Self.run { client in
            let upsert: JSONObject = [
                "object": "Opportunity", "operation": "upsert", "externalIdFieldName": "Referral_Identifier__c",
                "columnDelimiter": "SEMICOLON", "lineEnding": "CRLF",
            ]
            let header = "Referral_Identifier__c;Name;StageName;CloseDate;Amount;Owner.Username\r\n"
            let first = try await client.ingest(
                upsert,
                header + "r-1;One;Active;2027-01-31;5;seller@adatum.example\r\nr-2;Two;Active;2027-01-31;6;nobody\r\n")
            #expect(first["numberRecordsProcessed"] == 2 && first["numberRecordsFailed"] == 1)
            let refused = try await client.text("/ingest/\(first.text("id"))/failedResults").text
            #expect(refused.contains("Foreign key external ID: nobody not found for field Username in entity User"))
            let second = try await client.ingest(upsert, "Referral_Identifier__c;Amount\r\nr-1;#N/A\r\n")
            let told = try await client.text("/ingest/\(second.text("id"))/successfulResults").text
            #expect(told.contains("\"false\";\"r-1\";\"#N/A\"\r\n"))
            func deal() async throws -> JSON {
                try await client.fixture.control(
                    "GET", "/data/salesforce/Opportunity?Referral_Identifier__c=r-1"
                ).json[0] ?? .null
            }
            let one = try await deal()
            #expect(one["Amount"] == .null && one["Name"] == "One")
            let sam = try await client.fixture.control("GET", "/data/salesforce/User?Email=seller@adatum.example").json
            #expect(one["OwnerId"] == sam.at("0/Id"))
            let id = one.text("Id")
            let update: JSONObject = ["object": "Opportunity", "operation": "update"]
            let third = try await client.ingest(update, "Id,NextStep\n\(id),call\n006000000000001AAA,call\n,call\n")
            #expect(third["numberRecordsProcessed"] == 3 && third["numberRecordsFailed"] == 2)
            #expect(try await deal()["NextStep"] == "call")
            _ = try await client.ingest(["object": "Opportunity", "operation": "delete"], "Id\n\(id)\n")
            #expect(try await deal() == .null)
        }
    }

    /// What fails a whole job: its rows and what it says.
    private static let unusable: [(rows: String, message: String)] = [
        ("Nmae\nx\n", "InvalidBatch : Field name not found : Nmae"),
        ("Name,name\nx,y\n", "InvalidBatch : Duplicate field name in the header"),
        ("Name\n\"x\n", "InvalidBatch : Failed to parse CSV"),
        ("Name\n\"x\"y\n", "InvalidBatch : Failed to parse CSV"),
        ("", "InvalidBatch : Failed to parse CSV"),
        ("Name\r\nx\r\n", "InvalidBatch : LineEnding is invalid on user data. Current LineEnding setting is LF"),
    ]

    private static let refusals: [(way: String, job: JSON, code: String)] = [
        ("ingest", ["object": "Acount", "operation": "insert"], "INVALIDENTITY"),
        ("ingest", ["object": "Account", "operation": "query"], "INVALIDJOB"),
        ("ingest", ["object": "Account", "operation": "upsert"], "INVALIDJOB"),
        (
            "ingest", ["object": "Account", "operation": "upsert", "externalIdFieldName": "BillingCity"], "INVALIDJOB"
        ),
        ("ingest", ["object": "Account", "operation": "hardDelete"], "FEATURENOTENABLED"),
        ("ingest", ["object": "Account", "operation": "insert", "columnDelimiter": "DOT"], "INVALIDJOB"),
        ("query", ["operation": "query", "query": "SELECT Nope FROM Account"], "INVALID_FIELD"),
        ("query", ["operation": "query", "query": "SELECT COUNT(Id) FROM Account"], "API_ERROR"),
        ("query", ["operation": "insert", "query": "SELECT Id FROM Account"], "INVALIDJOB"),
    ]

    @Test func `jobs that cannot be carried out say why`() async throws {
        try await Self.run { client in
            for (rows, message) in Self.unusable {
                let job = try await client.ingest(["object": "Account", "operation": "insert"], rows)
                #expect(job["state"] == "Failed" && job["errorMessage"] == .string(message), "\(rows)")
                #expect(try await client.text("/ingest/\(job.text("id"))/unprocessedrecords").text == rows)
            }
            for (way, job, code) in Self.refusals {
                let answer = try await client.call("POST", "/" + way, job)
                #expect(answer.status == 400 && answer.json.at("0/errorCode") == .string(code), "\(answer.json)")
            }
            let open = try await client.call("POST", "/ingest", ["object": "Account", "operation": "insert"]).json
            #expect(try await client.upload(open.text("id"), "Name\nNever\n") == 201)
            let aborted = try await client.call("PATCH", "/ingest/" + open.text("id"), ["state": "Aborted"])
            #expect(aborted.json["state"] == "Aborted")
            #expect(try await client.text("/ingest/\(open.text("id"))/unprocessedrecords").text == "Name\nNever\n")
            let asynchronous = try await client.fixture.call(
                .salesforce, "POST", "/services/async/58.0/job", token: client.token, ["operation": "insert"])
            #expect(asynchronous.json["exceptionCode"] == "FeatureNotEnabled")
        }
    }

    @Test func `the rows of a query come in pages`() async throws {
        try await Self.run { client in
            let made = try await client.call(
                "POST", "/query",
                ["operation": "query", "query": "SELECT Name, Owner.Name FROM Account ORDER BY Name LIMIT 3"])
            #expect(made.json["state"] == "UploadComplete" && made.json["jobType"] == "V2Query")
            let path = "/query/" + made.json.text("id")
            let done = try await client.call("GET", path).json
            #expect(done["state"] == "JobComplete" && done["numberRecordsProcessed"] == 3)
            let first = try await client.text(path + "/results?maxRecords=2")
            #expect(
                first.text
                    == "\"Name\",\"Owner.Name\"\n\"Contoso Manufacturing\",\"Joel Kim\"\n\"Litware Foods\",\"Joel Kim\"\n"
            )
            #expect(first.headers["Sforce-NumberOfRecords"] == "2")
            let locator = try #require(first.headers["Sforce-Locator"])
            let last = try await client.text(path + "/results?maxRecords=2&locator=" + locator)
            #expect(last.text == "\"Name\",\"Owner.Name\"\n\"Proseware Health\",\"Joel Kim\"\n")
            #expect(last.headers["Sforce-Locator"] == "null")
            #expect(
                try await client.call("GET", path + "/results?locator=x").json.at("0/errorCode")
                    == "INVALID_QUERY_LOCATOR")
        }
    }
}
