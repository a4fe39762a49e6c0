import FlowCore
import FlowText

/// What starts a flow.
enum TriggerRules {
    private static let methods = ["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS"]

    static func check(_ facts: FlowFacts, into report: inout CheckReport) {
        let flow = facts.flow
        if flow.triggers.isEmpty {
            report.error(
                .invalidTemplate, "The flow has no trigger, so nothing starts it.",
                at: flow.triggersLocation, path: .root,
                hint: "add 'triggers: {manual: {type: Request, kind: Button, inputs: {}}}' or a Recurrence")
        } else if flow.triggers.count > 1 {
            report.warning(
                .severalTriggers,
                "The flow has \(flow.triggers.count) triggers; only the first, '\(flow.triggers[0].name)', starts it.",
                at: flow.triggers[1].location, path: flow.triggers[1].path, hint: "keep one trigger a flow")
        }
        for trigger in flow.triggers { check(trigger, facts, into: &report) }
    }

    private static func check(_ trigger: Trigger, _ facts: FlowFacts, into report: inout CheckReport) {
        let type = trigger.type.lowercased()
        if type == "recurrence" || type == "slidingwindow", trigger.recurrence == nil {
            report.error(
                .invalidWorkflowTriggerRecurrence, "The trigger '\(trigger.name)' has no 'recurrence'.",
                at: trigger.location, path: trigger.path, hint: "add 'recurrence: {frequency: Hour, interval: 1}'")
        }
        if let recurrence = trigger.recurrence {
            var rules = RecurrenceRules(trigger: trigger, recurrence: recurrence, kind: facts.flow.kind, report: report)
            rules.check()
            report = rules.report
        }
        checkConditions(of: trigger, into: &report)
        checkSplitOn(of: trigger, facts, into: &report)
        switch type {
        case "request": checkRequest(trigger, into: &report)
        case "http", "httpwebhook": checkCall(trigger, isWebhook: type == "httpwebhook", into: &report)
        case "openapiconnection", "openapiconnectionwebhook", "openapiconnectionnotification":
            guard trigger.inputs?["host"]?["operationId"] == nil, trigger.inputs?.isTemplate != true else { break }
            missing("host.operationId", of: trigger, into: &report)
        default: break
        }
    }

    private static func missing(_ property: String, of trigger: Trigger, into report: inout CheckReport) {
        report.error(
            .invalidWorkflowTriggerInputs,
            "The 'inputs' of trigger '\(trigger.name)' of type '\(trigger.type)' is not valid. Property '\(property)' is missing.",
            at: trigger.location, path: trigger.path)
    }

    private static func checkConditions(of trigger: Trigger, into report: inout CheckReport) {
        guard let conditions = trigger.node.member("conditions"), !conditions.value.isNull else { return }
        guard conditions.value.isSequence else {
            report.error(
                .invalidTemplate,
                "The 'conditions' of trigger '\(trigger.name)' must be a list of mappings with 'expression', not \(conditions.value.kindPhrase).",
                at: conditions.keyLocation, path: trigger.path)
            return
        }
        for condition in conditions.value.elements {
            guard let expression = condition["expression"] else {
                report.error(
                    .invalidTemplate, "A condition of trigger '\(trigger.name)' must have an 'expression'.",
                    at: condition.location, path: trigger.path)
                continue
            }
            guard let text = expression.string, !text.hasPrefix("@") else { continue }
            report.warning(
                .expressionNotEvaluated,
                "The condition of trigger '\(trigger.name)' is a text, not an expression, so it is never true.",
                at: expression.location, path: trigger.path, hint: "begin it with '@'")
        }
    }

    private static func checkSplitOn(of trigger: Trigger, _ facts: FlowFacts, into report: inout CheckReport) {
        guard let splitOn = trigger.node.member("splitOn"), !splitOn.value.isNull else { return }
        if ["recurrence", "slidingwindow"].contains(trigger.type.lowercased()) {
            report.warning(
                .noOutput,
                "The trigger '\(trigger.name)' of type '\(trigger.type)' brings nothing that could be split.",
                at: splitOn.keyLocation, path: trigger.path, hint: "remove 'splitOn'")
        } else if !splitOn.value.isTemplate, !splitOn.value.isSequence {
            report.warning(
                .expressionNotEvaluated, "The 'splitOn' of trigger '\(trigger.name)' is no expression.",
                at: splitOn.value.location, path: trigger.path, hint: "begin it with '@'")
        }
    }

    private static func checkRequest(_ trigger: Trigger, into report: inout CheckReport) {
        guard let inputs = trigger.inputs, inputs.isMapping else { return }
        if let method = inputs["method"], !method.isTemplate, !method.isNull {
            let word = method.string ?? method.json.text
            if !methods.contains(word.uppercased()), !word.isEmpty {
                report.error(
                    .invalidWorkflowTriggerInputs,
                    "'\(word)' is no method of the trigger '\(trigger.name)'; there are \(methods.joined(separator: ", ")).",
                    at: method.location, path: trigger.path, hint: Suggestion.hint(for: word, among: methods))
            }
        }
        if let relative = inputs.member("relativePath"), inputs["method"] == nil, !relative.value.isNull {
            report.error(
                .invalidWorkflowTriggerInputs,
                "The trigger '\(trigger.name)' has a 'relativePath', which needs a 'method'.", at: relative.keyLocation,
                path: trigger.path)
        }
        guard let schema = inputs["schema"] else { return }
        for problem in SchemaRules.problems(of: schema) {
            report.error(
                .triggerInputSchemaInvalid,
                "The schema of trigger '\(trigger.name)' is not valid: \(problem.message).",
                at: problem.location ?? schema.location, path: trigger.path, hint: problem.hint)
        }
    }

    private static func checkCall(_ trigger: Trigger, isWebhook: Bool, into report: inout CheckReport) {
        guard let inputs = trigger.inputs, inputs.isMapping else {
            missing(isWebhook ? "subscribe" : "uri", of: trigger, into: &report)
            return
        }
        guard let call = isWebhook ? inputs["subscribe"] : inputs else {
            missing("subscribe", of: trigger, into: &report)
            return
        }
        for key in ["method", "uri"] where call.isMapping && call[key] == nil {
            missing(isWebhook ? "subscribe.\(key)" : key, of: trigger, into: &report)
        }
    }
}

extension FlowDefinition {
    /// Where the triggers stand or would stand.
    var triggersLocation: SourceLocation {
        let body = node["properties"]?["definition"] ?? node["definition"] ?? node
        return body.member("triggers")?.keyLocation ?? node.location
    }
}
