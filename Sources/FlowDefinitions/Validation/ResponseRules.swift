import FlowCore
import FlowText

/// Where Response and Terminate may stand, and what goes with them.
enum ResponseRules {
    static func check(_ facts: FlowFacts, into report: inout CheckReport) {
        for place in facts.places where place.action.type == .response || place.action.type == .terminate {
            checkLoops(place, into: &report)
        }
        let responses = facts.places.map(\.action).filter { $0.type == .response }
        guard !responses.isEmpty else { return }
        if let trigger = facts.trigger { checkTrigger(trigger, responses, into: &report) }
        checkSchemas(responses, into: &report)
    }

    private static func checkLoops(_ place: FlowFacts.Place, into report: inout CheckReport) {
        guard let loop = place.ancestors.last(where: { $0.type?.isLoop == true }) else { return }
        let action = place.action
        report.error(
            .invalidWorkflowRunAction,
            "The workflow run action '\(action.name)' has type '\(action.typeName)' that could not be nested under an action of type '\(loop.typeName.lowercased())'.",
            at: action.location, path: action.path, hint: "set a variable in '\(loop.name)' and act on it afterwards")
    }

    private static func checkTrigger(_ trigger: Trigger, _ responses: [Action], into report: inout CheckReport) {
        if trigger.recurrence != nil {
            for response in responses {
                report.error(
                    .workflowUnsupportedRecurrenceTriggerForResponseAction,
                    "The workflow with 'Response' action type should not have triggers with 'recurrence' property defined.",
                    at: response.location, path: response.path,
                    hint:
                        "nobody waits for an answer of this flow: remove '\(response.name)', or give the flow a Request trigger"
                )
            }
            return
        }
        if trigger.type.lowercased() == "batch" {
            for response in responses {
                report.error(
                    .workflowUnsupportedBatchTriggerForResponseAction,
                    "The workflow with 'Response' action type should not have triggers of type 'Batch'.",
                    at: response.location, path: response.path)
            }
            return
        }
        guard trigger.type.lowercased() == "request" else { return }
        let kind = (trigger.kind ?? "http").lowercased()
        for response in responses {
            let fits: Bool
            switch (response.kind ?? "http").lowercased() {
            case "powerapp": fits = ["button", "powerapp", "powerappv2", "apiconnection"].contains(kind)
            case "virtualagent", "skills": fits = ["virtualagent", "skills"].contains(kind)
            default: fits = true
            }
            guard !fits else { continue }
            report.error(
                .invalidWorkflowRunAction,
                "The Response '\(response.name)' of kind '\(response.kind ?? "")' does not go with a trigger of kind '\(trigger.kind ?? "Http")'.",
                at: response.node.member("kind")?.keyLocation ?? response.location, path: response.path)
        }
    }

    private static func checkSchemas(_ responses: [Action], into report: inout CheckReport) {
        var schemas: [String: JSON] = [:]
        for response in responses {
            guard let status = response.inputs?["statusCode"], !status.isTemplate,
                let schema = response.inputs?.member("schema")
            else { continue }
            let code = status.string ?? status.json.text
            if let first = schemas[code] {
                guard first != schema.value.json else { continue }
                report.error(
                    .invalidTemplate,
                    "The schema definition for action with status code '\(code)' is not valid. The schema definitions for actions with same status code must match.",
                    at: schema.keyLocation, path: response.path,
                    hint: "give all Responses of status \(code) the same schema")
            } else {
                schemas[code] = schema.value.json
            }
        }
    }
}
