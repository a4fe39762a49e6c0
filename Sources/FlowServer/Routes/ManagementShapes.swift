import FlowCore
import FlowRuntime

/// The platform's shapes of flows, runs, actions, triggers and connections.
struct ManagementShapes {
    private let server: FlowEnvironment
    private let environment: String

    init(_ server: FlowEnvironment) {
        self.server = server
        environment = server.settings.name
    }

    private func id(_ rest: String) -> JSON {
        .string("/providers/Microsoft.ProcessSimple/environments/\(environment)\(rest)")
    }

    private var place: JSON {
        ["name": .string(environment), "type": "Microsoft.ProcessSimple/environments", "id": id("")]
    }

    /// The environment itself.
    var ownEnvironment: JSON {
        [
            "name": .string(environment), "id": id(""), "type": "Microsoft.ProcessSimple/environments",
            "location": "local",
            "properties": [
                "displayName": .string(environment), "provisioningState": "Succeeded", "environmentSku": "Default",
                "isDefault": .bool(environment == "default"), "azureRegionHint": "local",
                "runtimeEndpoints": ["microsoft.Flow": .string(server.publicAddress)],
            ],
        ]
    }

    // MARK: Flows

    /// A flow: what a run-only user sees, and for owners the rest.
    func flow(_ flow: ManagedFlow, _ page: JSON, definition: JSON? = nil) -> JSON {
        let isOwner = flow.right == .owner
        var trigger: JSONObject = ["type": .string(flow.triggerType ?? "")]
        trigger["kind"] = flow.triggerKind.map { .string($0) }
        var summary: JSONObject = [
            "triggers": flow.triggerType == nil ? [] : [.object(trigger)], "actions": .array(flow.actions),
        ]
        if let description = page["description"], !description.isNull { summary["description"] = description }
        var properties: JSONObject = [
            "apiId": "/providers/Microsoft.PowerApps/apis/shared_logicflows", "displayName": .string(flow.name),
            "userType": isOwner ? "Owner" : "User", "state": page["state"] ?? "Stopped", "environment": place,
            "createdTime": .string(flow.createdTime.description),
            "lastModifiedTime": .string(flow.lastModifiedTime.description),
            "flowSuspensionReason": .string(flow.suspensionReason ?? "None"), "provisioningMethod": "FromSolution",
            "installationStatus": "Installed", "definitionSummary": .object(summary), "isManaged": false,
            "plan": "NotSpecified", "workflowEntityId": .string(flow.id),
        ]
        if let schema = flow.triggerSchema { properties["triggerSchema"] = schema }
        if isOwner, let references = page["connectionReferences"]?.arrayValue {
            properties["connectionReferences"] = .object(
                JSONObject(references.map { ($0["reference"]?.stringValue ?? "", Self.reference($0)) }))
        }
        properties["definition"] = definition
        return [
            "name": .string(flow.id), "id": id("/flows/\(flow.id)"),
            "type": "Microsoft.ProcessSimple/environments/flows", "properties": .object(properties),
        ]
    }

    private static func reference(_ reference: JSON) -> JSON {
        let connector = reference["connector"]?.stringValue ?? ""
        var entry: JSONObject = [
            "source": reference["runtimeSource"] == "invoker" ? "Invoker" : "Embedded",
            "id": .string("/providers/Microsoft.PowerApps/apis/shared_\(connector)"), "apiName": .string(connector),
        ]
        if let connection = reference["connection"], !connection.isNull { entry["connectionName"] = connection }
        if let name = reference["logicalName"], !name.isNull { entry["connectionReferenceLogicalName"] = name }
        return .object(entry)
    }

    func permissions(_ page: JSON) -> [JSON] {
        let flow = page["id"]?.stringValue ?? ""
        return (page["shares"]?.arrayValue ?? []).map { share in
            let upn = share["upn"]?.stringValue ?? ""
            return [
                "name": .string(upn), "id": id("/flows/\(flow)/permissions/\(upn)"),
                "type": "Microsoft.ProcessSimple/environments/flows/permissions",
                "properties": [
                    "roleName": share["role"] == "owner" ? "CanEdit" : "CanView", "permissionType": "Principal",
                    "principal": ["id": .string(upn), "type": "User"],
                ],
            ]
        }
    }

    // MARK: Runs

    /// A run; values of its trigger and its response for owners only.
    func run(_ run: JSON, flow: String, isOwner: Bool, withActions: Bool = false) -> JSON {
        let name = run["name"]?.stringValue ?? ""
        var properties: JSONObject = ["startTime": run["startTime"] ?? ""]
        for key in ["endTime", "code", "error"] where run[key]?.isNull == false { properties[key] = run[key] }
        properties["status"] = run["status"]
        properties["correlation"] = ["clientTrackingId": run["clientTrackingId"] ?? .string(name)]
        properties["trigger"] = trigger(of: run, flow: flow, isOwner: isOwner)
        properties["outputs"] = run["outputs"]?.objectValue.map { .object($0) } ?? [:]
        if isOwner, let response = run["response"], !response.isNull { properties["response"] = response }
        if isOwner, withActions {
            var actions = JSONObject()
            for action in self.actions(run, flow: flow) {
                actions[action["name"]?.stringValue ?? ""] = action["properties"]
            }
            properties["actions"] = .object(actions)
        }
        return [
            "name": .string(name), "id": id("/flows/\(flow)/runs/\(name)"),
            "type": "Microsoft.ProcessSimple/environments/flows/runs", "properties": .object(properties),
        ]
    }

    private func trigger(of run: JSON, flow: String, isOwner: Bool) -> JSON {
        let name = run["name"]?.stringValue ?? ""
        let start = run["startTime"] ?? ""
        var trigger: JSONObject = [
            "name": run["trigger"]?["name"] ?? "manual", "startTime": run["trigger"]?["startTime"] ?? start,
            "endTime": run["trigger"]?["endTime"] ?? start, "originHistoryName": .string(name), "status": "Succeeded",
        ]
        if let time = run["trigger"]?["scheduledTime"], !time.isNull { trigger["scheduledTime"] = time }
        if let source = run["sourceRun"], !source.isNull { trigger["sourceHistoryName"] = source }
        if isOwner {
            link(run["trigger"]?["inputs"], ["contents", "TriggerInputs"], name, flow, as: "inputsLink", &trigger)
            link(run["trigger"]?["outputs"], ["contents", "TriggerOutputs"], name, flow, as: "outputsLink", &trigger)
        }
        return .object(trigger)
    }

    private func link(
        _ value: JSON?, _ place: [String], _ run: String, _ flow: String, as key: String, _ members: inout JSONObject
    ) {
        guard let value, !value.isNull else { return }
        members[key] = server.contentLink(to: value, at: place, run: run, flow: flow)
    }

    /// All actions of a run, those inside others as well.
    func actions(_ run: JSON, flow: String) -> [JSON] {
        (run["actions"]?.arrayValue ?? []).map { action($0, of: run, flow: flow) }
    }

    /// The action of a name, or nil.
    func action(_ name: String, of run: JSON, flow: String) -> JSON? {
        run["actions"]?.arrayValue?.first { $0["name"]?.stringValue == name }.map { action($0, of: run, flow: flow) }
    }

    /// The repetitions of the action of a name, or nil where there is no such action.
    func repetitions(of name: String, of run: JSON, flow: String) -> [JSON]? {
        guard let found = run["actions"]?.arrayValue?.first(where: { $0["name"]?.stringValue == name }) else {
            return nil
        }
        return (found["repetitions"]?.arrayValue ?? []).map { repetition in
            action(repetition, of: run, flow: flow, repetition: FlowEnvironment.repetitionName(repetition))
        }
    }

    private func action(_ action: JSON, of run: JSON, flow: String, repetition: String? = nil) -> JSON {
        let runName = run["name"]?.stringValue ?? ""
        let name = action["name"]?.stringValue ?? ""
        var properties = JSONObject()
        for key in [
            "startTime", "endTime", "status", "code", "error", "repetitionCount", "iterationCount",
            "repetitionIndexes", "trackedProperties",
        ] where action[key]?.isNull == false {
            properties[key] = action[key]
        }
        let place = ["actions", name] + (repetition.map { ["repetitions", $0] } ?? []) + ["contents"]
        link(action["inputs"], place + ["ActionInputs"], runName, flow, as: "inputsLink", &properties)
        link(action["outputs"], place + ["ActionOutputs"], runName, flow, as: "outputsLink", &properties)
        if let attempts = action["attempts"]?.arrayValue, attempts.count > 1 {
            properties["retryHistory"] = .array(attempts.map(Self.attempt))
        }
        properties["correlation"] = ["clientTrackingId": run["clientTrackingId"] ?? .string(runName)]
        let rest = "/flows/\(flow)/runs/\(runName)/actions/\(name)" + (repetition.map { "/repetitions/\($0)" } ?? "")
        return [
            "name": .string(repetition ?? name), "id": id(rest),
            "type": .string(
                "Microsoft.ProcessSimple/environments/flows/runs/actions" + (repetition == nil ? "" : "/repetitions")),
            "properties": .object(properties),
        ]
    }

    private static func attempt(_ attempt: JSON) -> JSON {
        .object(JSONObject((attempt.objectValue ?? [:]).filter { !$0.1.isNull }))
    }

    // MARK: Triggers

    func trigger(_ flow: ManagedFlow, _ page: JSON) -> JSON {
        var properties: JSONObject = [
            "provisioningState": "Succeeded", "state": page["state"] == "Started" ? "Enabled" : "Disabled",
            "type": .string(flow.triggerType ?? ""), "createdTime": .string(flow.createdTime.description),
            "changedTime": .string(flow.lastModifiedTime.description),
        ]
        properties["kind"] = flow.triggerKind.map { .string($0) }
        return [
            "name": .string(flow.trigger), "id": id("/flows/\(flow.id)/triggers/\(flow.trigger)"),
            "type": "Microsoft.ProcessSimple/environments/flows/triggers", "properties": .object(properties),
        ]
    }

    /// The URL of a trigger in both of the platform's shapes.
    static func callbackURL(_ url: JSON) -> JSON {
        let text = url["url"]?.stringValue ?? ""
        let parts = text.split(separator: "?", maxSplits: 1)
        let pairs = parts.count == 2 ? PercentEncoding.pairs(ofForm: parts[1]) : []
        return [
            "response": ["value": .string(text)], "value": .string(text), "method": url["method"] ?? "POST",
            "basePath": .string(parts.first.map(String.init) ?? ""),
            "queries": .object(JSONObject(pairs.map { ($0.name, .string($0.value)) })),
        ]
    }

    func history(_ row: JSON, flow: String) -> JSON {
        let name = row["name"]?.stringValue ?? ""
        let trigger = row["trigger"]?.stringValue ?? "manual"
        var properties: JSONObject = [
            "startTime": row["startTime"] ?? "", "status": row["status"] ?? "", "fired": row["fired"] ?? false,
        ]
        if let end = row["endTime"], !end.isNull { properties["endTime"] = end }
        if row["code"]?.isNull == false { properties["code"] = row["code"] }
        if let message = row["message"], !message.isNull {
            properties["error"] = ["code": row["code"]?.stringValue.map { .string($0) } ?? "", "message": message]
        }
        if let run = row["run"]?.stringValue {
            properties["run"] = [
                "name": .string(run), "id": id("/flows/\(flow)/runs/\(run)"),
                "type": "Microsoft.ProcessSimple/environments/flows/runs",
            ]
        }
        return [
            "name": .string(name), "id": id("/flows/\(flow)/triggers/\(trigger)/histories/\(name)"),
            "type": "Microsoft.ProcessSimple/environments/flows/triggers/histories", "properties": .object(properties),
        ]
    }

    // MARK: Connections

    func connection(_ connection: JSON) -> JSON {
        let connector = connection["connector"]?.stringValue ?? ""
        let name = connection["name"]?.stringValue ?? ""
        let account = connection["account"] ?? ""
        let api = "/providers/Microsoft.PowerApps/apis/shared_\(connector)"
        var status: JSONObject = ["status": connection["status"] ?? ""]
        if let error = connection["error"], !error.isNull { status["error"] = error }
        var properties: JSONObject = [
            "apiId": .string(api), "displayName": account, "statuses": [.object(status)], "connectionParameters": [:],
            "createdBy": ["id": account, "displayName": account, "userPrincipalName": account, "type": "User"],
            "environment": place, "allowSharing": false,
        ]
        if let created = connection["createdAt"], !created.isNull { properties["createdTime"] = created }
        if let expires = connection["expires"], !expires.isNull { properties["expirationTime"] = expires }
        return [
            "name": .string(name), "id": .string("\(api)/connections/\(name)"),
            "type": "Microsoft.PowerApps/apis/connections", "properties": .object(properties),
        ]
    }
}
