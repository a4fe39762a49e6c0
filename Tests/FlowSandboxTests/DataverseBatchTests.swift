import FlowCore
import FlowHTTP
import FlowSandbox
import Testing

@Suite struct DataverseBatchTests {
    static let data = DataverseTests.data

    struct Environment: Sendable {
        let fixture: SandboxFixture
        let token: String

        func call(
            _ method: String, _ path: String, _ body: JSON? = nil, headers: [(String, String)] = []
        ) async throws -> SandboxFixture.Answer {
            try await fixture.call(
                .commondataserviceforapps, method, data + path, token: token, headers: headers, body)
        }

        /// Sends lines as the body of a batch with the boundary `b`; gives the status and the answer's lines.
        func batch(
            _ lines: [String], prefer: String? = nil, type: String = "multipart/mixed; boundary=b"
        ) async throws -> (status: Int, lines: [String]) {
            var headers: HTTPHeaders = ["Authorization": "Bearer " + token, "Content-Type": type]
            if let prefer { headers.append("Prefer", prefer) }
            let url = fixture.sandbox.url(of: .commondataserviceforapps) + data + "/$batch"
            let response = try await fixture.transport.send(
                HTTPRequest("POST", url, headers: headers, body: Array(lines.joined(separator: "\r\n").utf8)))
            let text = String(decoding: response.body, as: UTF8.self)
            return (response.status, text.split(separator: "\r\n").map(String.init))
        }

        func count(_ set: String, _ filter: String) async throws -> JSON? {
            let answer = try await call("GET", "/\(set)?$count=true&$filter=" + URLText.encode(filter))
            return answer.json["@odata.count"]
        }
    }

    static func run(_ body: @escaping @Sendable (Environment) async throws -> Void) async throws {
        try await SandboxFixture.run { fixture in
            let token = try await fixture.token("seller", fixture.sandbox.url(of: .commondataserviceforapps))
            try await body(Environment(fixture: fixture, token: token))
        }
    }

    static func part(_ boundary: String, _ request: String, _ body: String = "", id: String? = nil) -> [String] {
        ["--" + boundary, "Content-Type: application/http", "Content-Transfer-Encoding: binary"]
            + (id.map { ["Content-ID: " + $0] } ?? [])
            + ["", request + " HTTP/1.1", "Content-Type: application/json; type=entry", "", body]
    }

    static func changeSet(_ parts: [[String]]) -> [String] {
        ["--b", "Content-Type: multipart/mixed; boundary=\"c\"", ""] + parts.flatMap { $0 } + ["--c--", ""]
    }

    @Test func `a change set's operations name the rows of earlier ones by their Content-ID`() async throws {
        try await Self.run { environment in
            let (status, lines) = try await environment.batch(
                Self.changeSet([
                    Self.part("c", "POST \(Self.data)/accounts", #"{"name":"Batched"}"#, id: "1"),
                    Self.part(
                        "c",
                        "POST \(environment.fixture.sandbox.url(of: .commondataserviceforapps))\(Self.data)/contacts",
                        #"{"lastname":"Of it","parentcustomerid_account@odata.bind":"$1"}"#, id: "2"),
                    Self.part(
                        "c", "PATCH $1", #"{"address1_city":"Porto","primarycontactid@odata.bind":"$2"}"#, id: "3"),
                    Self.part("c", "PUT /$2/firstname", #"{"value":"First"}"#, id: "4"),
                ])
                    + Self.part(
                        "b",
                        "GET accounts?$select=address1_city&$filter=name eq 'Batched'&$expand=primarycontactid($select=fullname)"
                    )
                    + ["--b--"])
            #expect(status == 200)
            #expect(
                lines.filter { $0.hasPrefix("HTTP/1.1") } == Array(repeating: "HTTP/1.1 204 No Content", count: 4) + [
                    "HTTP/1.1 200 OK"
                ])
            #expect(
                lines.filter { $0.hasPrefix("Content-ID") } == [
                    "Content-ID: 1", "Content-ID: 2", "Content-ID: 3", "Content-ID: 4",
                ])
            #expect(lines.filter { $0.hasPrefix("OData-EntityId") }.count >= 2)
            let found = try JSONReader.read(Array((lines.first { $0.hasPrefix("{") } ?? "").utf8))
            #expect(found.at("value/0/address1_city") == "Porto")
            #expect(found.at("value/0/primarycontactid/fullname") == "First Of it")
        }
    }

    @Test func `a change set that fails changes nothing, and the batch ends there unless told to go on`() async throws {
        try await Self.run { environment in
            let body =
                Self.part("b", "POST accounts", #"{"name":"Kept"}"#)
                + Self.changeSet([
                    Self.part("c", "POST accounts", #"{"name":"Undone"}"#, id: "1"),
                    Self.part("c", "POST contacts", #"{"nosuch":1}"#, id: "2"),
                ])
                + Self.part("b", "POST accounts", #"{"name":"After"}"#) + ["--b--"]
            let (status, lines) = try await environment.batch(body)
            #expect(status == 400)
            #expect(
                lines.filter { $0.hasPrefix("HTTP/1.1") } == ["HTTP/1.1 204 No Content", "HTTP/1.1 400 Bad Request"])
            #expect(lines.contains("Content-ID: 2") && !lines.contains("Content-ID: 1"))
            #expect(lines.contains { $0.contains("0x80048d19") })
            #expect(try await environment.count("accounts", "name eq 'Kept'") == 1)
            #expect(try await environment.count("accounts", "name eq 'Undone'") == 0)
            #expect(try await environment.count("accounts", "name eq 'After'") == 0)
            let (whole, more) = try await environment.batch(body, prefer: "odata.continue-on-error")
            #expect(whole == 200 && more.filter { $0.hasPrefix("HTTP/1.1") }.count == 3)
            #expect(try await environment.count("accounts", "name eq 'After'") == 1)
        }
    }

    @Test func `batches that cannot be read are refused and carry nothing out`() async throws {
        try await Self.run { environment in
            let create = Self.part("b", "POST accounts", #"{"name":"No"}"#)
            let many = (0...1_000).flatMap { _ in Self.part("b", "GET accounts") } + ["--b--"]
            for (lines, type, words) in [
                (create + ["--b--"], "application/json", "multipart/mixed"),
                (create, "multipart/mixed; boundary=b", "does not end"),
                (many, "multipart/mixed; boundary=b", "1000"),
                (create + Self.part("b", "nonsense") + ["--b--"], "multipart/mixed; boundary=b", "no request line"),
                (
                    create + Self.changeSet([Self.part("c", "GET accounts", id: "1")]) + ["--b--"],
                    "multipart/mixed; boundary=b", "GET"
                ),
                (
                    create + Self.changeSet([Self.part("c", "POST accounts", "{}")]) + ["--b--"],
                    "multipart/mixed; boundary=b", "Content-ID"
                ),
            ] {
                let (status, answer) = try await environment.batch(lines, type: type)
                #expect(status == 400 && answer.joined().contains(words), "\(words): \(answer)")
            }
            #expect(try await environment.count("accounts", "name eq 'No'") == 0)
        }
    }

    @Test func `a create holds the rows above and below it, all or none`() async throws {
        try await Self.run { environment in
            let spare = try await environment.call("POST", "/contacts", ["lastname": "Spare"])
            let spareURL = spare.headers["OData-EntityId"] ?? ""
            let nested: JSON = [
                "name": "Deep", "primarycontactid": ["lastname": "Above"],
                "contact_customer_accounts": [["lastname": "Below 1"], ["lastname": "Below 2"]],
                "contact_customer_accounts@odata.bind": [.string(spareURL)],
                "opportunity_parent_account": [
                    [
                        "name": "Deeper",
                        "msft_opportunity_msft_microsoftsolution": [["msft_solutionidentifier": "SOL-1"]],
                    ]
                ],
            ]
            let made = try await environment.call(
                "POST", "/accounts?$expand=primarycontactid,contact_customer_accounts,opportunity_parent_account",
                nested,
                headers: [("Prefer", "return=representation")])
            #expect(made.status == 201)
            #expect(made.json.at("primarycontactid/lastname") == "Above")
            #expect(made.json["contact_customer_accounts"]?.arrayValue?.count == 3)
            #expect(made.json.at("opportunity_parent_account/0/name") == "Deeper")
            #expect(try await environment.count("msft_microsoftsolutions", "msft_solutionidentifier eq 'SOL-1'") == 1)
            let broken = nested.with([
                "name": "Torn", "contact_customer_accounts": [["lastname": "Torn"], ["nosuch": 1]],
            ])
            #expect(try await environment.call("POST", "/accounts", broken).status == 400)
            #expect(try await environment.count("accounts", "name eq 'Torn'") == 0)
            #expect(try await environment.count("contacts", "lastname eq 'Torn'") == 0)
            let id = made.json.text("accountid")
            let patch = try await environment.call("PATCH", "/accounts(\(id))", ["primarycontactid": ["lastname": "x"]])
            #expect(
                patch.status == 400 && patch.json.at("error/message").text.contains("Use Navigation properties instead")
            )
            // What only an administrator may write stays so inside of a create.
            let hidden = try await environment.call(
                "POST", "/opportunities", ["name": "x", "transactioncurrencyid": ["isocurrencycode": "XXX"]])
            #expect(hidden.status == 403)
        }
    }
}
