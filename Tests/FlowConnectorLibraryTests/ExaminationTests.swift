import FlowConnectorLibrary
import FlowCore
import FlowDefinitions
import FlowHTTP
import FlowTesting
import Testing

/// What connectors find when they compare flows with their services.
@Suite struct ExaminationTests {
    private static func use(_ operation: String, _ parameters: JSONObject) -> ExaminationRequest.Use {
        ExaminationRequest.Use(flow: "F", action: "A", operationID: operation, parameters: parameters)
    }

    private static func shown(_ findings: [Finding]) -> [String] {
        findings.map { "\($0.code.rawValue) \($0.subject)" }
    }

    // MARK: Salesforce

    @Test func `Salesforce: fields that are not there, and values that a restricted picklist lacks`() async throws {
        let base = "https://adatum.my.salesforce.com/services/data/v58.0/sobjects"
        let transport = RecordedTransport([
            salesforceToken,
            .init(
                "GET \(base)/Lead/describe",
                json: [
                    "fields": [
                        ["name": "LastName"],
                        [
                            "name": "Status", "restrictedPicklist": true,
                            "picklistValues": [
                                ["value": "Pre MQL", "active": true], ["value": "Old", "active": false],
                            ],
                        ],
                    ]
                ]),
            .init(
                "GET \(base)/Opportunity/describe",
                json: [
                    "fields": [
                        ["name": "Id"], ["name": "Name"],
                        [
                            "name": "CurrencyIsoCode",
                            "picklistValues": [
                                ["value": "EUR", "active": true], ["value": "USD", "active": true],
                                ["value": "DEM", "active": false],
                            ],
                        ],
                    ]
                ]),
            .init("GET \(base)/Nowhere__c/describe", 404, json: [["errorCode": "NOT_FOUND", "message": "x"]]),
        ])
        let request = ExaminationRequest(
            uses: [
                Self.use(
                    "PostItem_V2",
                    ["table": "Lead", "item/LastName": .null, "item/Status": "Open - Not Contacted", "item/Nope__c": 1]),
                Self.use("GetItems", ["table": "Opportunity", "$select": "Id, name,Audit__c"]),
                Self.use("GetItems", ["table": "Nowhere__c"]),
                Self.use("ExecuteSoqlQuery", ["query": "SELECT Id FROM Account"]),
            ], receivers: [], isServing: true)
        let found = try await SalesforceConnector(transport: transport)
            .examine(request, in: session("salesforce", parameters: ["apiVersion": "v58.0"]))
        #expect(
            Self.shown(found.findings) == [
                "FieldMissing field 'Lead.Nope__c'", "FieldValueNotAllowed field 'Lead.Status'",
                "FieldMissing object 'Nowhere__c'", "FieldMissing field 'Opportunity.Audit__c'",
            ])
        #expect(found.findings[1].cause.contains("Pre MQL") && !found.findings[1].cause.contains("Old"))
        #expect(found.findings.allSatisfy { $0.evidence == ["F · A"] })
        #expect(found.currenciesKnown == ["EUR", "USD"])
        #expect(transport.unused == [])
    }

    // MARK: Dataverse

    @Test func `Dataverse: the service names what is not there, one after another`() async throws {
        let base = "https://org.crm.dynamics.com/api/data/v9.2"
        func refusal(_ status: Int, _ message: String) -> RecordedTransport.Exchange {
            .init("GET \(base)/opportunities", status, json: ["error": ["code": "0x0", "message": .string(message)]])
        }
        let transport = RecordedTransport([
            entraToken,
            refusal(400, "Could not find a property named 'msft_a' on type 'Microsoft.Dynamics.CRM.opportunity'."),
            refusal(400, "Could not find a property named 'msft_b' on type 'Microsoft.Dynamics.CRM.opportunity'."),
            .init("GET \(base)/opportunities", json: ["value": []]),
            .init(
                "GET \(base)/nowheres", 404,
                json: ["error": ["code": "0x8006088a", "message": "Resource not found for the segment 'nowheres'."]]),
            .init("GET \(base)/transactioncurrencies", json: ["value": []]),
            .init("GET \(base)/transactioncurrencies", json: ["value": [["isocurrencycode": "EUR"]]]),
        ])
        let request = ExaminationRequest(
            uses: [
                Self.use(
                    "UpdateOnlyRecord",
                    [
                        "entityName": "opportunities", "item/name": .null, "item/msft_a": .null,
                        "item/transactioncurrencyid@odata.bind": .null,
                    ]),
                Self.use("ListRecords", ["entityName": "opportunities", "$select": "msft_b,name"]),
                Self.use("ListRecords", ["entityName": "nowheres"]),
                Self.use("ListRecords", ["entityName": "transactioncurrencies", "$select": "isocurrencycode"]),
            ], receivers: [], isServing: true)
        let found = try await DataverseConnector(transport: transport)
            .examine(request, in: session("commondataserviceforapps"))
        #expect(
            Self.shown(found.findings) == [
                "FieldMissing table 'nowheres'", "FieldMissing column 'opportunities.msft_a'",
                "FieldMissing column 'opportunities.msft_b'",
            ])
        #expect(found.currenciesKnown == ["EUR"])
        #expect(transport.unused == [])
    }

    // MARK: Partner Center

    private static let receiver = "http://127.0.0.1:7070/workflows/1/triggers/manual/paths/invoke?sig=a"
    private static let all: JSON = [
        "referral-created", "referral-updated", "related-referral-created", "related-referral-updated",
    ]

    @Test(
        arguments: [
            (404, nil, all, true, ["WebhookNotRegistered"], true),
            (200, receiver, all, true, [], false),
            (200, "http://127.0.0.1:9999/workflows/1/triggers/manual/paths/invoke?sig=a", all, false, [], false),
            (
                200, "http://127.0.0.1:9999/workflows/1/triggers/manual/paths/invoke?sig=a", all, true,
                ["WebhookRegisteredElsewhere"], true
            ),
            (200, "https://prod-1.logic.azure.com/workflows/2?sig=b", all, true, ["WebhookRegisteredElsewhere"], false),
            (200, receiver, ["referral-created"], true, ["WebhookEventsMissing"], true),
        ] as [(Int, String?, JSON, Bool, [String], Bool)])
    func `Partner Center Events: the registration leads here, or not, or to an address of ours that is old`(
        status: Int, url: String?, events: JSON, isServing: Bool, codes: [String], isSafe: Bool
    ) async throws {
        let transport = RecordedTransport([
            entraToken,
            .init(
                "GET https://api.partnercenter.microsoft.com/webhooks/v1/registration", status,
                json: ["WebhookUrl": url.map { .string($0) } ?? .null, "WebhookEvents": events]),
        ])
        let request = ExaminationRequest(
            uses: [Self.use("EventRegistration", [:])],
            receivers: [ExaminationRequest.Receiver(flow: "R", url: Self.receiver, isOn: true)], isServing: isServing)
        let found = try await PartnerCenterEvents(transport: transport)
            .examine(request, in: session("partnercenterevents"))
        #expect(found.findings.map(\.code.rawValue) == codes)
        #expect(found.findings.contains { $0.call != nil } == isSafe)
        for finding in found.findings {
            #expect(finding.repair.hasPrefix("flowrun run \"F\" --input ") && finding.repair.contains("flow url 'R'"))
            #expect(!(finding.evidence + [finding.repair]).contains { $0.contains("sig=") })
        }
        #expect(found.receiver == (codes.isEmpty || codes == ["WebhookEventsMissing"] ? "R" : nil))
    }

    @Test func `Partner Center Referrals: the currencies of open referrals, and when one changed last`() async throws {
        let transport = RecordedTransport([
            entraToken,
            .init(
                "GET https://api.partner.microsoft.com/v1.0/engagements/referrals",
                json: [
                    "value": [
                        ["details": ["currency": "EUR"], "updatedDateTime": "2026-03-02T09:15:20.1234567Z"],
                        ["details": ["currency": "NOK"], "updatedDateTime": "2026-03-01T09:15:20.1234567Z"],
                        ["details": ["currency": ""]],
                    ]
                ]),
        ])
        let found = try await PartnerCenterReferrals(transport: transport).examine(
            ExaminationRequest(uses: [], receivers: [], isServing: true), in: session("partnercenterref"))
        #expect(found.findings.isEmpty && found.currenciesInUse == ["EUR", "NOK"])
        #expect(found.latestChange == Timestamp(iso8601: "2026-03-02T09:15:20.1234567Z"))
    }
}
