import FlowCore
import FlowRuntime
import FlowStorage

/// Going on from where a run failed; the platform has only the resubmit beside it.
extension ManagementRoutes {
    static let repairs: [Route] = [
        Route(
            "POST", flow + "/runs/{run}/repair", "repairRun",
            "Goes on from where a run failed, in a new run that keeps what was done.", .flow(.owner, .runFlows),
            body: "RepairRequest", gives: .json("Repair")
        ) { call async throws(FlowError) in try await repair(call) }
    ]

    /// What may be asked for: a text, or yes and no.
    private static let wishes = ["onlyFailedRepetitions", "newest", "repeatDone", "dryRun"]

    private static func repair(_ call: RouteCall) async throws(FlowError) -> APIResponse {
        let body: JSON = call.request.body.isEmpty ? [:] : try call.request.json()
        var arguments: JSONObject = ["runs": [.string(call.run.name)], "wait": false]
        for wish in wishes + ["from"] { arguments[wish] = body[wish] }
        let reply = try await call.perform(.repairRun, arguments)
        guard case .object(let row)? = reply["runs"]?[0] else {
            throw FlowError(.workflowRunNotFound, "The workflow run '\(call.run.name)' could not be found.")
        }
        var repair = JSONObject()
        for name in ["name", "sourceRun", "status", "from", "kept", "pending", "reused", "repeated"] {
            repair[name] = row[name]
        }
        var response = APIResponse.json(.object(repair))
        if let run = row["name"]?.stringValue {
            response.headers.append(.init(name: "x-ms-workflow-run-id", value: run))
        }
        return response
    }
}
