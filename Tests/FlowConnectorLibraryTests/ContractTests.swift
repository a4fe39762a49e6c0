import FlowConnectorLibrary
import FlowCore
import FlowDefinitions
import FlowHTTP
import FlowTesting
import Testing

@Suite struct ContractTests {
    static let samples: [String: [String: JSONObject]] = [
        "partnercenterref": [
            "GetAllReferrals": [:], "CreateReferral": ["Referral": ["name": "N"]], "GetReferralById": ["id": "R1"],
            "UpdateReferralById": ["id": "R1", "if-match": "\"1\"", "odataReferral": ["name": "N"]],
            "PatchReferralById": ["id": "R1", "Referral": [["path": "/status", "value": "Active"]]],
            "CreateDealRegistrationByReferralId": ["id": "R1", "Referral": [["value": ["type": "AzureIPCoSell"]]]],
        ],
        "partnercenterevents": [
            "ViewRegistration": [:],
            "EventRegistration": ["WebhookUrl": "https://x.example", "WebhookEvents": ["referral-created"]],
        ],
        "salesforce": [
            "GetItems": ["table": "Account", "$select": "Id"], "GetItem_V2": ["table": "Account", "id": "1"],
            "GetItemByExternalId": ["table": "A__c", "externalIdField": "E__c", "externalId": "x"],
            "PostItem_V2": ["table": "Account", "item": ["Name": "N"]],
            "PatchItem_V3": ["table": "Account", "id": "1", "item": ["Name": "N"]],
            "PatchItemByExternalIdV2": [
                "table": "A__c", "externalIdField": "E__c", "externalId": "x", "item": ["Name": "N"],
            ],
            "DeleteItem": ["table": "Account", "id": "1"], "ExecuteSoqlQuery": ["query": "SELECT Id FROM Account"],
            "HttpRequest": ["Uri": "/services/data", "Method": "GET"], "GetTables": [:],
        ],
        "commondataserviceforapps": [
            "ListRecords": ["entityName": "accounts"], "GetItem": ["entityName": "accounts", "recordId": "1"],
            "CreateRecord": ["entityName": "accounts", "item/name": "N"],
            "UpdateRecord": ["entityName": "accounts", "recordId": "1", "item/name": "N"],
            "DeleteRecord": ["entityName": "accounts", "recordId": "1"],
            "AssociateEntities": [
                "entityName": "accounts", "recordId": "1", "associationEntityRelationship": "contacts",
                "item/@odata.id": "contacts(2)",
            ],
            "PerformUnboundAction": ["actionName": "WinOpportunity"],
            "PerformBoundAction": ["entityName": "leads", "actionName": "QualifyLead", "recordId": "1"],
        ],
        "http": [
            "GET": ["uri": "https://service.example/x"], "POST": ["uri": "https://service.example/x", "body": 1],
        ],
    ]

    @Test(arguments: ["http", "partnercenterref", "partnercenterevents", "salesforce", "commondataserviceforapps"])
    func `each connector keeps the contract`(name: String) async {
        let contract = ConnectorContract(session: session(name), samples: Self.samples[name] ?? [:]) { transport in
            let all = ConnectorRegistry(StandardConnectors.make(transport: transport))
            guard let connector = all[name] else { preconditionFailure("\(name) is not shipped") }
            return connector
        }
        let violations = await contract.violations()
        #expect(violations.isEmpty, "\(violations)")
    }

    @Test func `the catalogue knows names with and without shared_, in any letter case`() {
        let catalog = StandardConnectors.catalog
        #expect(catalog.operation("patchitem_v3", of: "shared_salesforce")?.id == "PatchItem_V3")
        #expect(catalog.operation("PostItem", of: "salesforce")?.replacedBy == "PostItem_V2")
        #expect(catalog.trigger("GetOnNewItems", of: "salesforce")?.mode == .polling)
        #expect(!catalog.knows(connector: "shared_office365"))
    }

    @Test(
        arguments: [
            ("http", "POST", [:], ReplayRule.inDoubt),
            ("http", "post", ["headers": ["idempotency-key": "k"]], .idempotent),
            ("http", "GET", [:], .read), ("http", "PUT", [:], .idempotent),
            ("salesforce", "PostItem_V2", [:], .lookup), ("salesforce", "HttpRequest", ["Method": "GET"], .read),
            ("salesforce", "HttpRequest", ["Method": "POST"], .inDoubt), ("salesforce", "DeleteItem", [:], .lookup),
            ("partnercenterref", "CreateReferral", [:], .lookup),
            ("partnercenterevents", "UpdateRegistration", [:], .idempotent),
            ("commondataserviceforapps", "CreateRecord", [:], .idempotent),
            ("commondataserviceforapps", "PerformUnboundAction", [:], .inDoubt),
        ] as [(String, String, JSONObject, ReplayRule)])
    func `replay rules are as documented`(connector: String, id: String, parameters: JSONObject, rule: ReplayRule) {
        #expect(StandardConnectors.catalog[connector]?.replay(of: OperationCall(id, parameters)) == rule)
    }
}
