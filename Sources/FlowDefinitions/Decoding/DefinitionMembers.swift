/// The members that definitions, triggers, actions and parameters may have.
enum DefinitionMembers {
    /// Of a definition as other tools write it.
    static let definition = [
        "$schema", "contentVersion", "description", "metadata", "parameters", "triggers", "actions", "outputs",
        "staticResults",
    ]

    /// Of a flow file.
    static let flowFile =
        definition + ["name", "id", "kind", "connectionReferences", "export", "templateName", "schemaVersion"]

    /// Of a declared parameter.
    static let parameter = ["type", "defaultValue", "allowedValues", "metadata", "description", "value"]

    /// Of a trigger of any type.
    static let trigger = [
        "type", "kind", "inputs", "recurrence", "conditions", "splitOn", "splitOnConfiguration", "correlation",
        "operationOptions", "runtimeConfiguration", "metadata", "description", "evaluatedRecurrence",
    ]

    /// Of an action of a type.
    static func action(_ type: ActionType?) -> [String] {
        switch type {
        case .if: common + ["expression", "actions", "else"]
        case .switch: common + ["expression", "cases", "default"]
        case .foreach: common + ["foreach", "actions"]
        case .until: common + ["expression", "actions"]
        case .scope: common + ["actions"]
        default: common + ["inputs"]
        }
    }

    private static let common = [
        "type", "kind", "runAfter", "limit", "operationOptions", "runtimeConfiguration", "trackedProperties",
        "correlation", "description", "metadata",
    ]

    /// What to do about a member that stands in the wrong place, or nil.
    static func advice(for member: String) -> String? {
        switch member {
        case "retryPolicy", "body", "headers", "method", "uri", "queries", "host", "parameters", "authentication":
            "move it into 'inputs'"
        case "trackedProperties": "only actions have tracked properties"
        case "concurrency", "secureData", "paginationPolicy", "staticResult": "move it into 'runtimeConfiguration'"
        case "timeout", "count": "move it into 'limit'"
        default: nil
        }
    }
}
