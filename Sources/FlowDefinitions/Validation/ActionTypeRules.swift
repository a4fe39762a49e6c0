import FlowCore
import FlowText

/// Types and kinds of actions and triggers.
enum ActionTypeRules {
    /// Types that the platform knows and flowrun does not run, in lower case.
    static let platformActionTypes: Set<String> = [
        "agent", "agenthandoff", "apimanagement", "appservice", "batch", "changeset", "chunktext",
        "clone_input_record", "connector", "create_new", "csharpscriptcode", "draft_email", "flatfiledecoding",
        "flatfileencoding", "function", "get_current_page", "integrationaccountartifactlookup", "invokefunction",
        "javascriptcode", "liquid", "openapiconnectionnotification", "parsedocument", "parsedocumentwithmetadata",
        "powershellcode", "refresh", "rosettanetdecode", "rosettanetencode", "rosettanetwaitforresponse", "save",
        "sendtobatch", "serviceprovider", "swiftdecode", "swiftencode", "hl7decode", "hl7encode", "edifactdecode",
        "edifactencode", "x12decode", "x12encode", "as2decode", "as2encode", "update_form_attributes", "xmlcompose",
        "xmlparse", "xmlvalidation", "xslt",
    ]

    /// Trigger types that the platform knows, in lower case.
    static let platformTriggerTypes: Set<String> = [
        "apiconnection", "apiconnectionnotification", "apiconnectionwebhook", "apimanagement", "appservice", "batch",
        "http", "httpwebhook", "manual", "openapiconnection", "openapiconnectionnotification",
        "openapiconnectionwebhook", "recurrence", "request", "serviceprovider", "slidingwindow", "start",
    ]

    /// Trigger types that flowrun runs, in lower case.
    static let runTriggerTypes: Set<String> = [
        "apiconnection", "apiconnectionwebhook", "http", "httpwebhook", "openapiconnection",
        "openapiconnectionnotification", "openapiconnectionwebhook", "recurrence", "request", "slidingwindow",
    ]

    /// Kinds of the Request trigger, in the platform's spelling.
    static let requestKinds = [
        "Http", "Button", "PowerApp", "PowerAppV2", "VirtualAgent", "Skills", "Geofence", "EventGrid",
        "SecurityCenterAlert", "TeamsWebhook", "ApiConnection", "Agent",
    ]

    /// Kinds of the Expression action, in the platform's spelling.
    static let expressionKinds = [
        "AddToTime", "SubtractFromTime", "GetFutureTime", "GetPastTime", "CurrentTime", "ConvertTimeZone", "IndexOf",
        "Substring", "FormatNumber",
    ]

    static let responseKinds = ["Http", "PowerApp", "VirtualAgent", "Skills"]

    static func check(_ facts: FlowFacts, into report: inout CheckReport) {
        for place in facts.places { check(place.action, into: &report) }
        for trigger in facts.flow.triggers { check(trigger, into: &report) }
    }

    private static func check(_ action: Action, into report: inout CheckReport) {
        guard !action.typeName.isEmpty else { return }
        let typeMember = action.node.member("type")
        let location = typeMember?.keyLocation ?? action.location
        guard let type = action.type else {
            if platformActionTypes.contains(action.typeName.lowercased()) {
                report.information(
                    .actionTypeNotSupported,
                    "flowrun does not run actions of type '\(action.typeName)'; the action '\(action.name)' keeps the flow from being turned on here.",
                    at: location, path: action.path)
            } else {
                report.error(
                    .workflowRunActionTypeUnsupported,
                    "The action '\(action.name)' has the type '\(action.typeName)', which does not exist.",
                    at: location, path: action.path, hint: suggestion(forType: action.typeName))
            }
            return
        }
        switch type {
        case .expression:
            guard let kind = action.kind, expressionKinds.contains(where: { $0.lowercased() == kind.lowercased() })
            else {
                report.error(
                    .invalidExpressionActionKind,
                    "The action '\(action.name)' of type 'Expression' has \(action.kind.map { "the unknown kind '\($0)'" } ?? "no kind"); there are \(expressionKinds.joined(separator: ", ")).",
                    at: action.node.member("kind")?.keyLocation ?? location, path: action.path,
                    hint: action.kind.flatMap { Suggestion.hint(for: $0, among: expressionKinds) })
                return
            }
        case .response:
            if let kind = action.kind, !responseKinds.contains(where: { $0.lowercased() == kind.lowercased() }) {
                report.error(
                    .invalidTemplate,
                    "The Response '\(action.name)' has the unknown kind '\(kind)'; there are \(responseKinds.joined(separator: ", ")).",
                    at: action.node.member("kind")?.keyLocation ?? location, path: action.path,
                    hint: Suggestion.hint(for: kind, among: responseKinds))
            }
        default: break
        }
    }

    private static func suggestion(forType name: String) -> String? {
        switch name.lowercased().filter({ $0 != "_" && $0 != " " && $0 != "-" }) {
        case "applytoeach": "'Apply to each' is the type Foreach"
        case "dountil": "'Do until' is the type Until"
        case "condition": "a condition is the type If"
        case "httprequest": "an HTTP call is the type Http"
        case "delay", "delayuntil": "a delay is the type Wait"
        case "filterarray", "filter": "'Filter array' is the type Query"
        case "createcsvtable", "createhtmltable": "a table is the type Table with 'format' CSV or HTML"
        case "runachildflow", "childflow": "a child flow is called by the type Workflow"
        default: Suggestion.hint(for: name, among: ActionType.allCases.map(\.rawValue))
        }
    }

    private static func check(_ trigger: Trigger, into report: inout CheckReport) {
        guard !trigger.type.isEmpty else { return }
        let type = trigger.type.lowercased()
        let location = trigger.node.member("type")?.keyLocation ?? trigger.location
        guard platformTriggerTypes.contains(type) else {
            report.error(
                .workflowTriggerTypeUnsupported,
                "The trigger '\(trigger.name)' has the type '\(trigger.type)', which does not exist.", at: location,
                path: trigger.path,
                hint: type == "schedule"
                    ? "a schedule is the type Recurrence"
                    : Suggestion.hint(
                        for: trigger.type,
                        among: [
                            "Request", "Recurrence", "OpenApiConnection", "OpenApiConnectionWebhook", "Http",
                            "HttpWebhook", "SlidingWindow", "ApiConnection", "ApiConnectionWebhook",
                        ]))
            return
        }
        if !runTriggerTypes.contains(type) {
            report.information(
                .actionTypeNotSupported,
                "flowrun does not run triggers of type '\(trigger.type)'; the trigger '\(trigger.name)' keeps the flow from being turned on here.",
                at: location, path: trigger.path)
        }
        guard type == "request", let kind = trigger.kind,
            !requestKinds.contains(where: { $0.lowercased() == kind.lowercased() })
        else { return }
        report.error(
            .invalidTemplate,
            "The Request trigger '\(trigger.name)' has the unknown kind '\(kind)'; there are \(requestKinds.joined(separator: ", ")).",
            at: trigger.node.member("kind")?.keyLocation ?? location, path: trigger.path,
            hint: Suggestion.hint(for: kind, among: requestKinds))
    }
}
