import FlowCore
import FlowText

/// Names, lengths, counts and nesting.
enum NameRules {
    static let actionLimit = 500
    static let nestingLimit = 8
    static let nameLimit = 80
    static let descriptionLimit = 256
    static let caseLimit = 25
    static let variableLimit = 250
    static let parameterLimit = 50
    static let outputLimit = 10
    static let triggerLimit = 10

    static func check(_ facts: FlowFacts, into report: inout CheckReport) {
        checkNames(facts, into: &report)
        checkDescriptions(facts, into: &report)
        checkCounts(facts, into: &report)
        checkNesting(facts, into: &report)
    }

    private static func checkNames(_ facts: FlowFacts, into report: inout CheckReport) {
        for (index, place) in facts.places.enumerated() {
            let action = place.action
            if let first = facts.byName[action.name.lowercased()], first != index {
                let other = facts.places[first].action
                report.error(
                    .duplicateActionName,
                    "The action name '\(action.name)' is taken: '\(other.name)' in line \(other.location.line) has it already; names are unique in the whole flow, whatever the letter case.",
                    at: action.location, path: action.path, hint: "give one of them another name")
            }
            if action.name.count > nameLimit {
                report.error(
                    .invalidWorkflowRunActionName,
                    "The action name has \(action.name.count) characters; at most \(nameLimit) are allowed.",
                    at: action.location, path: action.path)
            } else if action.name.allSatisfy(\.isWhitespace) {
                report.error(
                    .invalidWorkflowRunActionName, "An action needs a name.", at: action.location, path: action.path)
            }
        }
        for trigger in facts.flow.triggers where trigger.name.count > nameLimit || trigger.name.isEmpty {
            report.error(
                .invalidWorkflowTriggerName,
                "The name of a trigger has 1 to \(nameLimit) characters; this one has \(trigger.name.count).",
                at: trigger.location, path: trigger.path)
        }
    }

    private static func checkDescriptions(_ facts: FlowFacts, into report: inout CheckReport) {
        for place in facts.places {
            guard let node = place.action.node.member("description"), let text = node.value.string,
                text.count > descriptionLimit
            else { continue }
            report.error(
                .actionDescriptionTooLong,
                "The description of action '\(place.action.name)' has \(text.count) characters; at most \(descriptionLimit) are allowed.",
                at: node.keyLocation, path: place.action.path)
        }
        for trigger in facts.flow.triggers {
            guard let node = trigger.node.member("description"), let text = node.value.string,
                text.count > descriptionLimit
            else { continue }
            report.error(
                .triggerDescriptionTooLong,
                "The description of trigger '\(trigger.name)' has \(text.count) characters; at most \(descriptionLimit) are allowed.",
                at: node.keyLocation, path: trigger.path)
        }
    }

    private static func checkCounts(_ facts: FlowFacts, into report: inout CheckReport) {
        let flow = facts.flow
        let start = flow.actions.first?.location ?? flow.node.location
        if facts.places.count > actionLimit {
            // Logic Apps on one's own host have been seen with more.
            report.add(
                Diagnostic(
                    flow.kind == .flow ? .error : .warning, .invalidTemplate,
                    "The flow has \(facts.places.count) actions; at most \(actionLimit) are allowed.", at: start,
                    hint: "move a part of them into a child flow"))
        }
        if facts.variables.count > variableLimit {
            report.error(
                .invalidTemplate,
                "The flow has \(facts.variables.count) variables; at most \(variableLimit) are allowed.", at: start,
                path: .root, hint: "keep values that belong together in one variable of type object")
        }
        let implied = ["$connections", "$authentication"].count { name in
            !flow.parameters.contains { $0.name == name }
        }
        let parameters = flow.parameters.count + (flow.kind == .flow ? implied : 0)
        if flow.parameters.count > parameterLimit || (flow.kind == .flow && parameters > parameterLimit) {
            report.error(
                .invalidTemplate,
                "The number of template input parameters limit exceeded: \(parameters) with $connections and $authentication; at most \(parameterLimit) are allowed.",
                at: flow.parameters.first?.location ?? start, path: ActionPath.root.appending("parameters"))
        }
        if flow.outputs.count > outputLimit {
            report.error(
                .invalidTemplate, "The flow has \(flow.outputs.count) outputs; at most \(outputLimit) are allowed.",
                at: flow.outputs[0].keyLocation, path: ActionPath.root.appending("outputs"))
        }
        if flow.triggers.count > triggerLimit {
            report.error(
                .invalidTemplate, "The flow has \(flow.triggers.count) triggers; at most \(triggerLimit) are allowed.",
                at: flow.triggers[0].location, path: .root)
        }
        for place in facts.places where place.action.type == .switch {
            let cases = place.action.node["cases"]?.members.count ?? 0
            guard cases > caseLimit else { continue }
            report.error(
                .allowedSwitchCaseLimitExceeded,
                "The Switch '\(place.action.name)' has \(cases) cases; at most \(caseLimit) are allowed.",
                at: place.action.node.member("cases")?.keyLocation ?? place.action.location, path: place.action.path)
        }
    }

    private static func checkNesting(_ facts: FlowFacts, into report: inout CheckReport) {
        for place in facts.places where place.ancestors.count == nestingLimit + 1 {
            report.error(
                .invalidTemplate,
                "The template actions '\(place.action.name)' are nested at level '\(place.ancestors.count)' which exceeds the maximum nesting limit of '\(nestingLimit)'.",
                at: place.action.location, path: place.action.path, hint: "move the inner part into a child flow")
        }
    }
}
