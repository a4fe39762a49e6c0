import FlowCore
import FlowDefinitions
import FlowEngine

/// The check of a request's body against the schema of its trigger.
enum TriggerSchema {
    /// Checks a body.
    /// - Throws: `TriggerInputSchemaMismatch`.
    static func check(_ body: JSON?, _ schema: JSON, trigger: Trigger) throws(FlowError) {
        let details: String
        if let body {
            let findings = JSONSchema(schema).validate(body)
            if findings.isEmpty { return }
            details = findings.map(\.message).joined(separator: ",")
        } else {
            guard schema["required"]?.arrayValue?.isEmpty == false else { return }
            details = "The input body is missing required schema properties."
        }
        throw FlowError(
            .triggerInputSchemaMismatch,
            "The input body for trigger '\(trigger.name)' of type '\(trigger.type)' did not match its schema definition. "
                + "Error details: '\(details)'.", path: trigger.path,
            hint: "send a body that fits the trigger's schema")
    }
}
