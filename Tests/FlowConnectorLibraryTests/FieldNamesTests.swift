import FlowConnectorLibrary
import FlowCore
import FlowDefinitions
import FlowHTTP
import FlowTesting
import Testing

/// The parameter `fieldNames`: what an organization calls otherwise than the flows.
@Suite struct FieldNamesTests {
    private static let api = "https://adatum.my.salesforce.com/services/data/v58.0"
    private static let dataverse = "https://org.crm.dynamics.com/api/data/v9.2"

    private func salesforce(
        _ names: String, _ id: String, _ parameters: JSONObject, _ exchanges: [RecordedTransport.Exchange]
    ) async throws -> (answer: OperationAnswer, calls: [String], requests: [HTTPRequest]) {
        let transport = RecordedTransport([salesforceToken] + exchanges)
        let answer = try await SalesforceConnector(transport: transport).perform(
            OperationCall(id, parameters), in: session("salesforce", parameters: ["fieldNames": names]))
        #expect(transport.unused == [])
        return (answer, transport.calls, transport.requests)
    }

    @Test func `a query asks by the organization's names, and its records come with the flows'`() async throws {
        let (answer, calls, _) = try await salesforce(
            #"{"Audit__c": "Acme_Log__c", "Deal__c": "Acme_Deal__c"}"#, "GetItems",
            [
                "table": "Deal__c", "$select": "Id,Audit__c,Other_Audit__c",
                "$filter": "Audit__c eq 'it''s Audit__c' and Deal__r/audit__c ne null",
            ],
            [
                .init(
                    "GET \(Self.api)/sobjects/Acme_Deal__c/describe",
                    json: ["name": "Acme_Deal__c", "fields": [["name": "Acme_Log__c", "type": "string"]]]),
                .init(
                    "GET \(Self.api)/query",
                    json: [
                        "records": [
                            [
                                "attributes": ["type": "Acme_Deal__c"], "Acme_Log__c": "Acme_Log__c",
                                "Acme_Deal__r": ["Acme_Log__c": 1],
                            ]
                        ]
                    ]),
            ])
        #expect(
            calls.last
                == "GET \(Self.api)/query?q=SELECT Id, Acme_Log__c, Other_Audit__c FROM Acme_Deal__c WHERE "
                + "(Acme_Log__c = 'it\\'s Audit__c' AND Acme_Deal__r.Acme_Log__c != null)")
        #expect(answer.body == ["value": [["Audit__c": "Acme_Log__c", "Deal__r": ["Audit__c": 1]]]])
    }

    @Test func `a record is written by the organization's names, its values stay as they are`() async throws {
        let (answer, _, requests) = try await salesforce(
            #"{"Audit__c": "Acme_Log__c"}"#, "PatchItem_V3",
            ["table": "Opportunity", "id": "1", "item": ["Audit__c": "Audit__c", "Name": "N"], "$select": "Audit__c"],
            [
                .init("PATCH \(Self.api)/sobjects/Opportunity/1", 204),
                .init(
                    "GET \(Self.api)/sobjects/Opportunity/1?fields=Acme_Log__c", json: ["Acme_Log__c": "Audit__c"]),
            ])
        #expect(try JSONReader.read(requests[1].body) == ["Acme_Log__c": "Audit__c", "Name": "N"])
        #expect(answer.body == ["Audit__c": "Audit__c"])
    }

    @Test func `rows of Dataverse name columns, look-ups and tables as the organization does`() async throws {
        let transport = RecordedTransport([
            entraToken,
            .init(
                "PATCH \(Self.dataverse)/acme_deals(1)",
                json: [
                    "acme_log": "x", "_acme_boss_value": "2", "acme_log@OData.Community.Display.V1.FormattedValue": "x",
                ]
            ),
        ])
        let names = #"{"msft_deals": "acme_deals", "msft_audit": "acme_log", "msft_boss": "acme_boss"}"#
        let answer = try await DataverseConnector(transport: transport).perform(
            OperationCall(
                "UpdateRecord",
                [
                    "entityName": "msft_deals", "recordId": "1",
                    "item": ["msft_audit": "msft_audit", "msft_boss@odata.bind": "/msft_deals(key='msft_deals')"],
                ]), in: session("commondataserviceforapps", parameters: ["fieldNames": names]))
        let sent = try JSONReader.read(transport.requests[1].body)
        #expect(sent == ["acme_log": "msft_audit", "acme_boss@odata.bind": "/acme_deals(key='msft_deals')"])
        #expect(
            answer.body
                == [
                    "msft_audit": "x", "_msft_boss_value": "2",
                    "msft_audit@OData.Community.Display.V1.FormattedValue": "x",
                ])
    }

    @Test(arguments: [
        "[]", "{", #"{"a": 1}"#, #"{"a b": "c"}"#, #"{"a": ""}"#, #"{"a": "c", "b": "C"}"#, #"{"a": "c", "A": "d"}"#,
    ])
    func `a map that is none is refused when the connection is made`(names: String) async throws {
        let transport = RecordedTransport([salesforceToken])
        let error = await failure {
            try await SalesforceConnector(transport: transport)
                .signIn(session("salesforce", parameters: ["fieldNames": names]))
        }
        #expect(
            error?.code == .invalidArgument && error?.hint?.contains("fieldNames") == true,
            "\(String(describing: error))")
    }
}
