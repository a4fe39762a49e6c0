import FlowCore
import FlowDefinitions

/// The operations and the trigger of Microsoft Dataverse, as the platform's connector declares them.
enum DataverseOperations {
    /// What an operation does, whatever the name it goes by.
    enum Kind: Sendable {
        case list
        case get
        case create
        case update
        case updateOnly
        case delete
        case associate
        case disassociate
        case unboundAction
        case boundAction
    }

    private static let entity = OperationParameter(
        "entityName", .string, required: true, summary: "The table's entity set name (plural).")
    private static let record = OperationParameter("recordId", .string, required: true, summary: "The row's id.")
    private static let item = OperationParameter("item", .object, summary: "The columns.")
    private static let partition = OperationParameter(
        "partitionId", .string, summary: "The partition of an elastic table.")
    private static let match = OperationParameter(
        "If-Match", .string,
        summary: "The @odata.etag that the row must still have, else status 412; the platform's connector has no such "
            + "parameter.")
    private static let row: JSON = [
        "type": "object", "properties": ["@odata.etag": ["type": "string"]], "additionalProperties": true,
    ]

    private typealias Entry = (kind: Kind, operation: ConnectorOperation)

    private static let entries: [Entry] = {
        let text: (String) -> OperationParameter = { OperationParameter($0, .string) }
        let shapes: [(Kind, String, String, [OperationParameter], ReplayRule, JSON?)] = [
            (
                .list, "ListRecords", "Lists rows.",
                [entity] + ["$select", "$filter", "$orderby", "$expand"].map(text)
                    + [OperationParameter("$top", .integer)] + ["fetchXml", "$skiptoken"].map(text) + [partition],
                .read,
                [
                    "type": "object",
                    "properties": [
                        "@odata.context": ["type": "string"], "@odata.nextLink": ["type": "string"],
                        "value": ["type": "array", "items": row],
                    ],
                ]
            ),
            (
                .get, "GetItem", "Gets a row.", [entity, record] + ["$select", "$expand"].map(text) + [partition],
                .read,
                row
            ),
            (.create, "CreateRecord", "Adds a row.", [entity, item], .idempotent, row),
            (
                .update, "UpdateRecord", "Changes a row, or adds it.", [entity, record, item, match], .idempotent, row
            ),
            (
                .update, "UpsertRecord", "Changes a row, or adds it.", [entity, record, item, match], .idempotent, row
            ),
            (
                .updateOnly, "UpdateOnlyRecord", "Changes a row that exists.", [entity, record, item, match],
                .idempotent, row
            ),
            (.delete, "DeleteRecord", "Deletes a row.", [entity, record, partition], .lookup, nil),
            (
                .associate, "AssociateEntities", "Relates two rows.",
                [
                    entity, record, OperationParameter("associationEntityRelationship", .string, required: true),
                    OperationParameter("item/@odata.id", .string, required: true, summary: "The other row's address."),
                ], .lookup, nil
            ),
            (
                .disassociate, "DisassociateEntities", "Ends the relation of two rows.",
                [
                    entity, record, OperationParameter("associationEntityRelationship", .string, required: true),
                    OperationParameter("$id", .string, required: true, summary: "The other row's address."),
                ], .lookup, nil
            ),
            (
                .unboundAction, "PerformUnboundAction", "Performs an action of the environment.",
                [OperationParameter("actionName", .string, required: true), item], .inDoubt, nil
            ),
            (
                .boundAction, "PerformBoundAction", "Performs an action of a row.",
                [entity, OperationParameter("actionName", .string, required: true), record, item], .inDoubt, nil
            ),
        ]
        let organization = OperationParameter(
            "organization", .string, required: true, summary: "The address of the environment.")
        return shapes.flatMap { kind, id, summary, parameters, replay, schema -> [Entry] in
            [(id, parameters), (id + "WithOrganization", [organization] + parameters)].map { id, parameters in
                (
                    kind,
                    ConnectorOperation(
                        id: id, summary: summary, parameters: parameters, replay: replay, outputSchema: schema)
                )
            }
        }
    }()

    static let all: [ConnectorOperation] = entries.map(\.operation)

    private static let kinds: [String: Kind] = Dictionary(
        uniqueKeysWithValues: entries.map { ($0.operation.id.lowercased(), $0.kind) })

    /// What an operation does, or nil for one that is not known.
    static func kind(_ id: String) -> Kind? { kinds[id.lowercased()] }

    static let triggers = [
        ConnectorTrigger(
            id: "SubscribeWebhookTrigger", summary: "When a row is added or changed.", mode: .polling,
            parameters: [
                OperationParameter(
                    "subscriptionRequest/message", .integer, required: true,
                    summary: "1 added, 2 deleted, 3 changed, 4 added or changed, 5 added or deleted, 6 changed or "
                        + "deleted, 7 any of them.",
                    allowedValues: (1...7).map { .integer($0) }),
                OperationParameter(
                    "subscriptionRequest/entityname", .string, required: true, summary: "The table's logical name."),
                OperationParameter(
                    "subscriptionRequest/scope", .integer, required: true,
                    summary: "1 user, 2 business unit, 3 parent and child business units, 4 organization.",
                    allowedValues: (1...4).map { .integer($0) }),
                OperationParameter("subscriptionRequest/filteringattributes", .string),
                OperationParameter("subscriptionRequest/filterexpression", .string),
                OperationParameter("subscriptionRequest/postponeuntil", .string),
                OperationParameter("subscriptionRequest/runas", .integer),
                OperationParameter("subscriptionRequest/name", .string),
                OperationParameter("subscriptionRequest/sdkmessagename", .string),
                OperationParameter("subscriptionRequest/version", .integer),
                OperationParameter("subscriptionRequest/url", .string),
            ], outputSchema: row, interval: .seconds(15), splitsRows: true, refusal: refusal)
    ]

    /// What a poll cannot see: deleted rows, whose a row is to its owner's team, and the future.
    @Sendable private static func refusal(_ parameters: JSONObject) -> String? {
        let given = OperationParameters("SubscribeWebhookTrigger", parameters)
        if let message = given.text("subscriptionRequest/message"), ["2", "5", "6", "7"].contains(message) {
            return "rows are asked for, and a deleted row does not answer (message \(message))"
        }
        if let scope = given.text("subscriptionRequest/scope"), ["1", "2", "3"].contains(scope) {
            return "all rows that the connection can read are looked at, not those of one user or unit (scope \(scope))"
        }
        if given.text("subscriptionRequest/postponeuntil") != nil {
            return "a run cannot be postponed by 'postponeuntil'"
        }
        return nil
    }
}
