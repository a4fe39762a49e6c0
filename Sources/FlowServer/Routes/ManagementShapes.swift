import FlowCore

/// The platform's shapes of flows, runs, actions, triggers and connections.
struct ManagementShapes {
    let environment: String

    private func id(_ rest: String) -> JSON {
        .string("/providers/Microsoft.ProcessSimple/environments/\(environment)\(rest)")
    }

    /// The environment itself.
    var ownShape: JSON { environment(named: environment) }

    private func environment(named name: String) -> JSON {
        [
            "name": .string(name), "id": id(""), "type": "Microsoft.ProcessSimple/environments", "location": "local",
            "properties": [
                "displayName": .string(name), "provisioningState": "Succeeded", "environmentSku": "Default",
                "isDefault": .bool(name == "default"), "azureRegionHint": "local",
            ],
        ]
    }

    // MARK: Flows

    func flow(_ page: JSON, definition: JSON? = nil) -> JSON {
        let name = page["id"]?.stringValue ?? ""
        var properties: JSONObject = [
            "apiId": "/providers/Microsoft.PowerApps/apis/shared_logicflows", "displayName": page["name"] ?? .null,
            "userType": "Owner", "state": page["state"] ?? .null,
            "environment": [
                "name": .string(environment), "type": "Microsoft.ProcessSimple/environments", "id": id(""),
            ],
            "flowSuspensionReason": "None", "provisioningMethod": "FromSolution", "installationStatus": "Installed",
            "definitionSummary": [
                "triggers": page["trigger"].map { [$0] } ?? [], "actions": [],
                "description": page["description"] ?? .null,
            ],
            "isManaged": false, "plan": "NotSpecified",
        ]
        if let references = page["connectionReferences"]?.arrayValue {
            var entries = JSONObject()
            for reference in references {
                let connector = reference["connector"]?.stringValue ?? ""
                entries[reference["reference"]?.stringValue ?? ""] = [
                    "connectionName": reference["connection"] ?? .null,
                    "connectionReferenceLogicalName": reference["logicalName"] ?? .null,
                    "source": reference["runtimeSource"] == "invoker" ? "Invoker" : "Embedded",
                    "id": .string("/providers/Microsoft.PowerApps/apis/shared_\(connector)"),
                    "apiName": .string(connector),
                ]
            }
            properties["connectionReferences"] = .object(entries)
        }
        properties["definition"] = definition
        return [
            "name": .string(name), "id": id("/flows/\(name)"), "type": "Microsoft.ProcessSimple/environments/flows",
            "properties": .object(properties),
        ]
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

    func run(_ run: JSON, flow: String, withActions: Bool = false) -> JSON {
        let name = run["name"]?.stringValue ?? ""
        var properties: JSONObject = ["startTime": run["startTime"] ?? .null]
        for key in ["endTime", "code", "error"] where run[key]?.isNull == false { properties[key] = run[key] }
        properties["status"] = run["status"]
        properties["correlation"] = ["clientTrackingId": run["clientTrackingId"] ?? .string(name)]
        var trigger: JSONObject = [
            "name": run["trigger"]?["name"] ?? "manual", "startTime": run["startTime"] ?? .null,
            "endTime": run["startTime"] ?? .null, "originHistoryName": .string(name), "status": "Succeeded",
        ]
        if let source = run["sourceRun"], !source.isNull { trigger["sourceHistoryName"] = source }
        properties["trigger"] = .object(trigger)
        properties["outputs"] = run["outputs"]?.isNull == false ? run["outputs"] : [:]
        if let response = run["response"], !response.isNull { properties["response"] = response }
        if withActions {
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

    /// All actions of a run, those inside others as well.
    func actions(_ run: JSON, flow: String) -> [JSON] {
        flattened(run["actions"]?.arrayValue ?? []).map { action($0, of: run, flow: flow) }
    }

    func action(_ name: String, of run: JSON, flow: String, repetitions: Bool) -> JSON? {
        guard let found = flattened(run["actions"]?.arrayValue ?? []).first(where: { $0["name"]?.stringValue == name })
        else { return nil }
        guard repetitions else { return action(found, of: run, flow: flow) }
        let rows = (found["repetitions"]?.arrayValue ?? []).map { action($0, of: run, flow: flow) }
        return ["value": .array(rows)]
    }

    private func flattened(_ actions: [JSON]) -> [JSON] {
        actions.flatMap { action in [action] + flattened(action["actions"]?.arrayValue ?? []) }
    }

    private func action(_ action: JSON, of run: JSON, flow: String) -> JSON {
        let runName = run["name"]?.stringValue ?? ""
        let name = action["name"]?.stringValue ?? ""
        var properties = JSONObject()
        for key in [
            "startTime", "endTime", "status", "code", "error", "inputs", "outputs", "repetitionCount", "iterationCount",
            "repetitionIndexes", "trackedProperties",
        ] where action[key]?.isNull == false {
            properties[key] = action[key]
        }
        if let attempts = action["attempts"]?.arrayValue, attempts.count > 1 {
            properties["retryHistory"] = .array(attempts)
        }
        properties["correlation"] = ["clientTrackingId": run["clientTrackingId"] ?? .string(runName)]
        return [
            "name": .string(name), "id": id("/flows/\(flow)/runs/\(runName)/actions/\(name)"),
            "type": "Microsoft.ProcessSimple/environments/flows/runs/actions", "properties": .object(properties),
        ]
    }

    // MARK: Triggers

    func trigger(_ page: JSON) -> JSON {
        let flow = page["id"]?.stringValue ?? ""
        let name = page["trigger"]?["name"]?.stringValue ?? "manual"
        return [
            "name": .string(name), "id": id("/flows/\(flow)/triggers/\(name)"),
            "type": "Microsoft.ProcessSimple/environments/flows/triggers",
            "properties": [
                "provisioningState": "Succeeded", "state": page["state"] == "Started" ? "Enabled" : "Disabled",
                "type": page["trigger"]?["type"] ?? .null, "kind": page["trigger"]?["kind"] ?? .null,
            ],
        ]
    }

    func history(_ row: JSON, flow: String) -> JSON {
        let name = row["name"]?.stringValue ?? ""
        let trigger = row["trigger"]?.stringValue ?? "manual"
        var properties: JSONObject = [
            "startTime": row["startTime"] ?? .null, "endTime": row["endTime"] ?? .null,
            "status": row["status"] ?? .null,
            "fired": row["fired"] ?? .null,
        ]
        if row["code"]?.isNull == false { properties["code"] = row["code"] }
        if let message = row["message"], !message.isNull {
            properties["error"] = ["code": row["code"] ?? .null, "message": message]
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
        let api = "/providers/Microsoft.PowerApps/apis/shared_\(connector)"
        var status: JSONObject = ["status": connection["status"] ?? .null]
        if let error = connection["error"], !error.isNull { status["error"] = error }
        return [
            "name": .string(name), "id": .string("\(api)/connections/\(name)"),
            "type": "Microsoft.PowerApps/apis/connections",
            "properties": [
                "apiId": .string(api), "displayName": connection["account"] ?? .null, "statuses": [.object(status)],
                "createdBy": ["userPrincipalName": connection["account"] ?? .null, "type": "User"],
                "environment": ["name": .string(environment), "id": id("")], "allowSharing": false,
            ],
        ]
    }
}
