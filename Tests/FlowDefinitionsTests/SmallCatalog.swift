import FlowCore
import FlowDefinitions

/// A catalog of two connectors with a few operations.
struct SmallCatalog: OperationCatalog {
    private static let table = OperationParameter("table", .string, required: true)
    private static let query = [
        OperationParameter("$filter", .string), OperationParameter("$orderby", .string),
        OperationParameter("$select", .string), OperationParameter("$top", .integer),
        OperationParameter("$skip", .integer),
    ]

    private static let salesforce = [
        ConnectorOperation(id: "GetItems", summary: "Gets records.", parameters: [table] + query, replay: .read),
        ConnectorOperation(
            id: "GetItem_V2", summary: "Gets a record.",
            parameters: [
                table, OperationParameter("id", .string, required: true), OperationParameter("$select", .string),
            ],
            replay: .read),
        ConnectorOperation(
            id: "PostItem_V2", summary: "Creates a record.",
            parameters: [table, OperationParameter("item", .object, required: true)], replay: .lookup),
        ConnectorOperation(
            id: "PatchItem_V3", summary: "Changes a record.",
            parameters: [
                table, OperationParameter("id", .string, required: true),
                OperationParameter("item", .object, required: true),
            ], replay: .idempotent),
    ]

    private static let entity = OperationParameter("entityName", .string, required: true)
    private static let record = OperationParameter("recordId", .string, required: true)

    private static let dataverse = [
        ConnectorOperation(
            id: "ListRecords", summary: "Lists rows.",
            parameters: [entity] + query + [
                OperationParameter("$expand", .string), OperationParameter("fetchXml", .string),
            ],
            replay: .read),
        ConnectorOperation(
            id: "GetItem", summary: "Gets a row.",
            parameters: [
                entity, record, OperationParameter("$select", .string), OperationParameter("$expand", .string),
            ],
            replay: .read),
        ConnectorOperation(
            id: "CreateRecord", summary: "Adds a row.",
            parameters: [entity, OperationParameter("item", .object, required: true)], replay: .idempotent),
        ConnectorOperation(
            id: "UpdateRecord", summary: "Changes or adds a row.",
            parameters: [entity, record, OperationParameter("item", .object, required: true)], replay: .idempotent),
        ConnectorOperation(
            id: "UpdateOnlyRecord", summary: "Changes a row.",
            parameters: [entity, record, OperationParameter("item", .object, required: true)], replay: .idempotent),
    ]

    private static let triggers: [String: [ConnectorTrigger]] = [
        "salesforce": [
            ConnectorTrigger(
                id: "GetOnNewItems", summary: "A record is created.", mode: .polling,
                parameters: [table] + query),
            ConnectorTrigger(
                id: "GetOnUpdatedItems", summary: "A record is changed.", mode: .polling,
                parameters: [table] + query),
        ],
        "commondataserviceforapps": [
            ConnectorTrigger(
                id: "SubscribeWebhookTrigger", summary: "A row changes.", mode: .webhook,
                parameters: [OperationParameter("subscriptionRequest", .object, required: true)])
        ],
    ]

    private func operations(of connector: String) -> [ConnectorOperation] {
        switch connector {
        case "salesforce": Self.salesforce
        case "commondataserviceforapps": Self.dataverse
        default: []
        }
    }

    func knows(connector: String) -> Bool { !operations(of: connector).isEmpty }

    func operation(_ id: String, of connector: String) -> ConnectorOperation? {
        operations(of: connector).first { $0.id == id }
    }

    func trigger(_ id: String, of connector: String) -> ConnectorTrigger? {
        Self.triggers[connector]?.first { $0.id == id }
    }

    func operationIDs(of connector: String) -> [String] {
        operations(of: connector).map(\.id) + (Self.triggers[connector] ?? []).map(\.id)
    }
}
