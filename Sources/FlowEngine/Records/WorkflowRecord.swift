public import FlowCore

/// What `workflow()` tells of a flow and, where there is one, of its run.
public enum WorkflowRecord {
    /// The record of a flow's run.
    public static func of(_ identity: RunIdentity) -> JSON {
        of(flow: identity.flowID, named: identity.flowName, in: identity.environment, run: identity.run)
    }

    /// The record of a flow.
    /// - Parameters:
    ///   - flow: the flow's id.
    ///   - name: the flow's name.
    ///   - environment: the name of its environment.
    ///   - run: the run, or nil where none asks.
    /// - Returns: the record.
    public static func of(flow: String, named name: String, in environment: String, run: String? = nil) -> JSON {
        let id = "/workflows/" + flow
        var record: JSONObject = [
            "id": .string(id), "name": .string(flow), "type": "Microsoft.Logic/workflows", "location": "local",
            "tags": [
                "flowDisplayName": .string(name), "environmentName": .string(environment),
                "logicAppName": .string(flow),
            ],
        ]
        if let run {
            record["run"] = [
                "id": .string(id + "/runs/" + run), "name": .string(run), "type": "Microsoft.Logic/workflows/runs",
            ]
        }
        return .object(record)
    }
}
