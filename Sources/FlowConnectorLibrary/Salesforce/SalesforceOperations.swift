import FlowCore
import FlowDefinitions

/// The operations and triggers of Salesforce, as the platform's connector declares them.
enum SalesforceOperations {
    /// What an operation does, whatever the version its name carries.
    enum Kind: Sendable {
        case list(table: String?)
        case get
        case getByExternalID
        case create
        case update
        case upsert
        case delete
        case query
        case search
        case request
        case tables
    }

    private static let table = OperationParameter("table", .string, required: true, summary: "The object's API name.")
    private static let id = OperationParameter("id", .string, required: true, summary: "The record's id.")
    private static let item = OperationParameter("item", .object, required: true, summary: "The fields.")
    private static let select = OperationParameter("$select", .string, summary: "The fields to return.")
    private static let unmodified = OperationParameter(
        "If-Unmodified-Since", .string,
        summary:
            "The record's LastModifiedDate as formatDateTime(…, 'R') writes it: status 412 where it was changed in a "
            + "later second; the platform's connector has no such parameter.")
    private static let external = [
        table, OperationParameter("externalIdField", .string, required: true, summary: "The external id's field."),
        OperationParameter("externalId", .string, required: true, summary: "The external id."),
    ]
    private static let listing = [
        OperationParameter("$filter", .string, summary: "Which records, as OData."),
        OperationParameter("$orderby", .string, summary: "The order, as OData."),
        OperationParameter("$top", .integer, summary: "The most records."),
        OperationParameter("$skip", .integer, summary: "How many records are passed over."), select,
    ]
    private static let record: JSON = [
        "type": "object", "properties": ["Id": ["type": "string"]], "additionalProperties": true,
    ]
    private static let list: JSON = [
        "type": "object", "properties": ["value": ["type": "array", "items": ["type": "object"]]],
    ]
    private static let queryResult: JSON = [
        "type": "object",
        "properties": [
            "totalSize": ["type": "integer"], "done": ["type": "boolean"],
            "records": ["type": "array", "items": ["type": "object"]],
        ],
    ]

    private typealias Entry = (kind: Kind, operation: ConnectorOperation)

    private static func entry(
        _ kind: Kind, _ id: String, _ summary: String, _ parameters: [OperationParameter], _ replay: ReplayRule,
        schema: JSON? = nil, old: [String] = []
    ) -> [Entry] {
        let names = [(id, nil as String?)] + old.map { ($0, id) }
        return names.map { name, replacement in
            (
                kind,
                ConnectorOperation(
                    id: name, summary: summary, parameters: parameters, replay: replay, outputSchema: schema,
                    replacedBy: replacement)
            )
        }
    }

    private static let entries: [Entry] = {
        var entries = entry(.list(table: nil), "GetItems", "Lists records.", [table] + listing, .read, schema: list)
        for name in ["Account", "Contact", "Opportunity", "Case", "Product2", "User"] {
            entries += entry(
                .list(table: name), "GetItems_table_\(name.lowercased())", "Lists records of \(name).", listing, .read,
                schema: list)
        }
        entries += entry(
            .get, "GetItem_V2", "Gets a record.", [table, id, select], .read, schema: record, old: ["GetItem"])
        entries += entry(
            .getByExternalID, "GetItemByExternalId", "Gets a record by an external id.", external, .read, schema: record
        )
        entries += entry(
            .create, "PostItem_V2", "Creates a record.", [table, item], .lookup, schema: record, old: ["PostItem"])
        entries += entry(
            .update, "PatchItem_V3", "Changes a record.", [table, id, item, select, unmodified], .idempotent,
            schema: record, old: ["PatchItem_V2", "PatchItem"])
        entries += entry(
            .upsert, "PatchItemByExternalIdV2", "Creates or changes a record by an external id.", external + [item],
            .idempotent, schema: record, old: ["PatchItemByExternalId"])
        entries += entry(.delete, "DeleteItem", "Deletes a record.", [table, id], .lookup)
        entries += entry(
            .query, "ExecuteSoqlQuery", "Runs a SOQL query.",
            [
                OperationParameter("query", .any, required: true, summary: "The query, with @name for parameters."),
                OperationParameter("parameters", .object, summary: "The values of @name."),
            ], .read, schema: queryResult)
        entries += entry(
            .search, "ExecuteSOSLQuery", "Runs a SOSL search.", [OperationParameter("q", .string, required: true)],
            .read,
            schema: ["type": "object", "properties": ["searchRecords": ["type": "array"]]])
        entries += entry(
            .request, "HttpRequest", "Sends an HTTP request to the organization.",
            [
                OperationParameter("Uri", .string, required: true, summary: "The address, or its path."),
                OperationParameter(
                    "Method", .string, summary: "The method; GET where none is given.",
                    allowedValues: ["GET", "POST", "PUT", "PATCH", "DELETE"]),
                OperationParameter("ContentType", .string, summary: "The type of the body."),
                OperationParameter("Body", .any, summary: "The body."),
            ]
                + (1...5).map { OperationParameter("CustomHeader\($0)", .string, summary: "A header, name: value.") },
            .inDoubt)
        entries += entry(.tables, "GetTables", "Lists the objects.", [], .read, schema: list)
        return entries
    }()

    static let all: [ConnectorOperation] = entries.map(\.operation)

    private static let kinds: [String: Kind] = Dictionary(
        uniqueKeysWithValues: entries.map { ($0.operation.id.lowercased(), $0.kind) })

    /// What an operation does, or nil for one that is not known.
    static func kind(_ id: String) -> Kind? { kinds[id.lowercased()] }

    static let triggers: [ConnectorTrigger] = [
        ("GetOnNewItems", "When a record is created."), ("GetOnUpdatedItems", "When a record is created or changed."),
    ].map { id, summary in
        ConnectorTrigger(
            id: id, summary: summary, mode: .polling,
            parameters: [
                table, OperationParameter("$filter", .string), OperationParameter("$orderby", .string), select,
            ], outputSchema: list)
    }
}
