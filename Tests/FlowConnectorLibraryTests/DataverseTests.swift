import FlowConnectorLibrary
import FlowCore
import FlowDefinitions
import FlowHTTP
import FlowTesting
import Testing

@Suite struct DataverseTests {
    private static let api = "https://org.crm.dynamics.com/api/data/v9.2"
    private static let key = "11111111-2222-3333-4444-555555555555"
    private let session = FlowConnectorLibraryTests.session("commondataserviceforapps")

    private func call(
        _ id: String, _ parameters: JSONObject, _ exchanges: [RecordedTransport.Exchange], minimum: Int? = nil
    ) async throws -> (OperationAnswer, HTTPRequest) {
        let transport = RecordedTransport([entraToken] + exchanges)
        let answer = try await DataverseConnector(transport: transport)
            .perform(OperationCall(id, parameters, minimum: minimum), in: session)
        #expect(transport.unused == [])
        #expect(transport.requests[0].text.contains("scope=https%3A%2F%2Forg.crm.dynamics.com%2F.default"))
        return (answer, try #require(transport.requests.dropFirst().first))
    }

    @Test(
        arguments: [
            (
                "ListRecords", ["entityName": "accounts", "$select": "name", "$filter": "name eq 'a&b'", "$top": 3],
                "GET accounts?$select=name&$filter=name eq 'a&b'&$top=3", nil
            ),
            ("GetItem", ["entityName": "accounts", "recordId": "1", "$expand": "x"], "GET accounts(1)?$expand=x", nil),
            (
                "UpdateRecord",
                ["entityName": "accounts", "recordId": "1", "item/name": nil, "item/o@odata.bind": "/a(1)"],
                "PATCH accounts(1)", ["name": nil, "o@odata.bind": "/a(1)"]
            ),
            (
                "UpdateOnlyRecord", ["entityName": "accounts", "recordId": "1", "item": ["name": "n"]],
                "PATCH accounts(1)", ["name": "n"]
            ),
            ("DeleteRecord", ["entityName": "accounts", "recordId": "1"], "DELETE accounts(1)", nil),
            (
                "AssociateEntities",
                [
                    "entityName": "accounts", "recordId": "1", "associationEntityRelationship": "r",
                    "item/@odata.id": "/contacts(2)",
                ], "POST accounts(1)/r/$ref", ["@odata.id": .string(api + "/contacts(2)")]
            ),
            (
                "DisassociateEntities",
                [
                    "entityName": "accounts", "recordId": "1", "associationEntityRelationship": "r",
                    "$id": "contacts(2)",
                ],
                "DELETE accounts(1)/r/$ref?$id=\(api)/contacts(2)", nil
            ),
            (
                "PerformUnboundAction", ["actionName": "WinOpportunity", "item/Status": 3, "item/C/s": "x"],
                "POST WinOpportunity", ["Status": 3, "C": ["s": "x"]]
            ),
            (
                "PerformBoundAction", ["entityName": "leads", "recordId": "1", "actionName": "QualifyLead"],
                "POST leads(1)/Microsoft.Dynamics.CRM.QualifyLead", [:]
            ),
        ] as [(String, JSONObject, String, JSON?)])
    func `operations make their request`(id: String, parameters: JSONObject, request: String, body: JSON?) async throws
    {
        let parts = request.split(separator: " ", maxSplits: 1)
        let (answer, sent) = try await call(
            id, parameters, [.init("\(parts[0]) \(Self.api)/\(parts[1])", json: ["a": 1])])
        #expect(answer.body == ["a": 1])
        #expect(sent.body.isEmpty ? body == nil : try JSONReader.read(sent.body) == body)
        #expect(sent.headers["OData-Version"] == "4.0")
        #expect(sent.headers["If-Match"] == (id == "UpdateOnlyRecord" ? "*" : nil))
    }

    @Test(arguments: ["UpdateRecord", "UpdateOnlyRecord"])
    func `a row is changed only in the version that is named`(id: String) async throws {
        let error: JSON = ["error": ["code": "0x80060882", "message": "The version doesn't match."]]
        let (answer, sent) = try await call(
            id, ["entityName": "leads", "recordId": "1", "item": ["a": 1], "If-Match": "W/\"7\""],
            [.init("PATCH \(Self.api)/leads(1)", 412, json: error)])
        #expect(answer.statusCode == 412 && answer.body == error)
        #expect(sent.headers["If-Match"] == "W/\"7\"")
    }

    @Test func `a row is added under the call's own id, and never twice`() async throws {
        let parameters: JSONObject = ["entityName": "accounts", "item/name": "N"]
        let path = "\(Self.api)/accounts(\(Self.key))"
        let (made, sent) = try await call(
            "CreateRecord", parameters, [.init("PATCH \(path)", 201, json: ["name": "N"])])
        #expect(made.statusCode == 201)
        #expect(sent.headers["If-None-Match"] == "*")
        let duplicate: JSON = [
            "error": ["code": "0x80040237", "message": "A record with matching key values already exists."]
        ]
        let (again, _) = try await call(
            "CreateRecord", parameters,
            [.init("PATCH \(path)", 412, json: duplicate), .init("GET \(path)", json: ["name": "N"])])
        #expect(again.statusCode == 201)
        #expect(again.body == ["name": "N"])
        // Another row's alternate key: the row is not there under our id.
        let (clash, _) = try await call(
            "CreateRecord", parameters, [.init("PATCH \(path)", 412, json: duplicate), .init("GET \(path)", 404)])
        #expect(clash.statusCode == 412)
        #expect(clash.body == duplicate)
        // A row that brings its own id.
        let own = "aaaaaaaa-2222-3333-4444-555555555555"
        let (_, request) = try await call(
            "CreateRecord", ["entityName": "opportunities", "item": ["opportunityid": .string(own)]],
            [.init("PATCH \(Self.api)/opportunities(\(own))", 204)])
        #expect(request.url.contains(own))
    }

    @Test func `pages are followed at the table's own address`() async throws {
        let (answer, _) = try await call(
            "ListRecords", ["entityName": "accounts"],
            [
                .init(
                    "GET \(Self.api)/accounts",
                    json: ["value": [1], "@odata.nextLink": "https://wrong.example/x?$skiptoken=%3Ccookie%3E"]),
                .init("GET \(Self.api)/accounts?$skiptoken=<cookie>", json: ["value": [2]]),
            ], minimum: 5)
        #expect(answer.body == ["value": [1, 2]])
    }

    @Test func `what cannot be a table is refused before a call`() async {
        let transport = RecordedTransport([entraToken])
        let error = await failure {
            _ = try await DataverseConnector(transport: transport).perform(
                OperationCall("GetItem", ["entityName": "accounts(1)/x", "recordId": "1"]), in: session)
        }
        #expect(error?.code == .operationParameterInvalid)
        #expect(transport.requests.isEmpty)
    }

    @Test func `an environment without an address says what to set`() async {
        let bare = FlowConnectorLibraryTests.session("commondataserviceforapps", parameters: ["organizationUrl": ""])
        let error = await failure { try await DataverseConnector(transport: RecordedTransport([])).signIn(bare) }
        #expect(error?.code == .endpointMissing)
        #expect(error?.hint?.contains("flowrun.yaml") == true)
    }

    @Test(arguments: [("contacts(2)", true), ("contacts(3)", false)])
    func `a relation in doubt is looked for`(target: String, isThere: Bool) async throws {
        for id in ["AssociateEntities", "DisassociateEntities"] {
            let transport = RecordedTransport([
                entraToken,
                .init(
                    "GET \(Self.api)/accounts(1)/r/$ref",
                    json: ["value": [["@odata.id": .string(Self.api + "/contacts(2)")]]]),
            ])
            let answer = try await DataverseConnector(transport: transport).lookUp(
                OperationCall(
                    id,
                    [
                        "entityName": "accounts", "recordId": "1", "associationEntityRelationship": "r",
                        "item/@odata.id": .string(target), "$id": .string(target),
                    ]), intendedAt: Timestamp(ticks: 0), in: session)
            #expect(answer?.statusCode == (isThere == (id == "AssociateEntities") ? 204 : nil))
        }
    }
}

extension HTTPRequest {
    /// The body as text.
    var text: String { String(decoding: body, as: UTF8.self) }
}
