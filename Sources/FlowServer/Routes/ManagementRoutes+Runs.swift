import FlowCore
import FlowRuntime
import FlowStorage

extension ManagementRoutes {
    private static let run = flow + "/runs/{run}"
    private static let trigger = flow + "/triggers/{trigger}"

    // MARK: Runs

    static let runs: [Route] = [
        Route(
            "GET", flow + "/runs", "listRuns", "Runs, newest first; a run-only user sees their own.",
            .flow(.runOnly, .readActivity), query: [RunListFilter.parameter] + Paging.parameters,
            gives: .json("RunList")
        ) { call async throws(FlowError) in try await listRuns(call) },
        Route(
            "GET", run, "getRun", "A run.", .run(.readActivity),
            query: [Route.QueryParameter("$expand", "`properties/actions` adds the actions.")], gives: .json("Run")
        ) { call async throws(FlowError) in
            let expands = call.request.query("$expand")?.contains("properties/actions") == true
            let page = try await page(call)
            return .json(shapes(call).run(page, flow: call.flow.id, isOwner: isOwner(call), withActions: expands))
        },
        Route(
            "POST", run + "/cancel", "cancelRun", "Cancels a run.", .flow(.owner, .manageFlows), gives: .nothing
        ) { call async throws(FlowError) in
            _ = try await call.perform(.cancelRun, ["run": .string(call.run.name)])
            return .empty()
        },
        Route(
            "GET", run + "/actions", "listActions", "The actions of a run, those inside others as well.",
            .flow(.owner, .readActivity), query: Paging.parameters, gives: .json("ActionList")
        ) { call async throws(FlowError) in
            let values = shapes(call).actions(try await page(call), flow: call.flow.id)
            return try Paging(call.request).page(of: values, call.environment)
        },
        Route(
            "GET", run + "/actions/{action}", "getAction", "An action of a run.", .flow(.owner, .readActivity),
            gives: .json("Action")
        ) { call async throws(FlowError) in
            let name = call.parameter("action")
            let page = try await page(call)
            guard let action = shapes(call).action(name, of: page, flow: call.flow.id) else {
                throw noAction(name, call)
            }
            return .json(action)
        },
        Route(
            "GET", run + "/actions/{action}/repetitions", "listRepetitions", "The repetitions of an action in a loop.",
            .flow(.owner, .readActivity), query: Paging.parameters, gives: .json("ActionList")
        ) { call async throws(FlowError) in
            try Paging(call.request).page(of: try await repetitions(call), call.environment)
        },
        Route(
            "GET", run + "/actions/{action}/repetitions/{repetition}", "getRepetition",
            "A repetition of an action in a loop.", .flow(.owner, .readActivity), gives: .json("Action")
        ) { call async throws(FlowError) in
            let name = call.parameter("repetition")
            guard let found = try await repetitions(call).first(where: { $0["name"]?.stringValue == name }) else {
                throw noAction(call.parameter("action") + "/" + name, call)
            }
            return .json(found)
        },
    ]

    private static func isOwner(_ call: RouteCall) -> Bool { call.flow.right == .owner }

    private static func listRuns(_ call: RouteCall) async throws(FlowError) -> APIResponse {
        let wanted = try RunListFilter(call.request.query("$filter"))
        let paging = try Paging(call.request)
        // One more than the page has tells whether there is a next one.
        var filter = RunFilter(flowIDs: [call.flow.id], after: paging.token, limit: paging.top + 1)
        filter.statuses = wanted.status.map { [$0] }
        filter.since = wanted.since
        filter.until = wanted.until
        filter.trackingID = wanted.trackingID
        if !isOwner(call) { filter.initiator = call.caller.user }
        if let token = paging.token {
            do throws(FlowError) {
                _ = try await call.environment.managedRun(token, of: call.flow, for: call.caller)
            } catch  where error.code == .workflowRunNotFound {
                throw Paging.wrongToken
            }
        }
        let runs = try await call.environment.managedRuns(filter)
        let shapes = shapes(call)
        return paging.page(of: runs, call.environment) {
            shapes.run($0, flow: call.flow.id, isOwner: isOwner(call))
        }
    }

    private static func page(_ call: RouteCall) async throws(FlowError) -> JSON {
        try await call.perform(.showRun, ["run": .string(call.run.name)])
    }

    private static func repetitions(_ call: RouteCall) async throws(FlowError) -> [JSON] {
        let name = call.parameter("action")
        let page = try await page(call)
        guard let rows = shapes(call).repetitions(of: name, of: page, flow: call.flow.id) else {
            throw noAction(name, call)
        }
        return rows
    }

    private static func noAction(_ name: String, _ call: RouteCall) -> FlowError {
        FlowError(
            .resourceNotFound, "The workflow run '\(call.parameter("run"))' has no action '\(name)'.",
            hint: "see `flowrun runs show \(call.parameter("run"))`")
    }

    // MARK: Triggers

    static let triggers: [Route] = [
        Route(
            "GET", flow + "/triggers", "listTriggers", "The triggers of a flow.", .flow(.runOnly, .readFlows),
            query: Paging.parameters, gives: .json("TriggerList")
        ) { call async throws(FlowError) in
            let page = try await call.perform(.showFlow, ["flow": .string(call.flow.id)])
            let own = call.flow.triggerType == nil ? [] : [shapes(call).trigger(call.flow, page)]
            return try Paging(call.request).page(of: own, call.environment)
        },
        Route(
            "GET", trigger, "getTrigger", "A trigger.", .flow(.runOnly, .readFlows), gives: .json("Trigger")
        ) { call async throws(FlowError) in
            try checkTrigger(call)
            let page = try await call.perform(.showFlow, ["flow": .string(call.flow.id)])
            return .json(shapes(call).trigger(call.flow, page))
        },
        Route(
            "POST", trigger + "/listCallbackUrl", "listCallbackUrl", "The URL that starts the flow: a secret.",
            .flow(.owner, .manageFlows), gives: .json("CallbackURL")
        ) { call async throws(FlowError) in
            try checkTrigger(call)
            guard ["request", "httpwebhook"].contains(call.flow.triggerType?.lowercased()) else {
                throw FlowError(
                    .triggerURLNotAvailable,
                    "The 'ListCallbackUrl' API is not supported by triggers of type '\(call.flow.triggerType ?? "")'.")
            }
            let url = try await call.perform(.flowURL, ["flow": .string(call.flow.id)])
            return .json(ManagementShapes.callbackURL(url))
        },
        Route(
            "POST", trigger + "/run", "runTrigger", "Starts a flow by hand; the body is its input.",
            .flow(.runOnly, .runFlows), body: "Any", gives: .json("StartedRun", status: 202)
        ) { call async throws(FlowError) in
            try checkTrigger(call)
            var arguments: JSONObject = ["flow": .string(call.flow.id), "wait": false]
            if !call.request.body.isEmpty { arguments["input"] = try call.request.json() }
            let run = try await call.perform(.startRun, arguments)
            let name = run["name"] ?? .null
            var response = APIResponse.json(["name": name], status: 202)
            response.headers.append(.init(name: "x-ms-workflow-run-id", value: name.stringValue ?? ""))
            return response
        },
        Route(
            "GET", trigger + "/histories", "listTriggerHistories",
            "When the trigger fired, skipped or failed, and why.",
            .flow(.owner, .readActivity), query: [RunListFilter.parameter] + Paging.parameters,
            gives: .json("HistoryList")
        ) { call async throws(FlowError) in try await listHistories(call) },
        Route(
            "GET", trigger + "/histories/{history}", "getTriggerHistory", "One time that the trigger fired or did not.",
            .flow(.owner, .readActivity), gives: .json("History")
        ) { call async throws(FlowError) in
            try checkTrigger(call)
            let name = call.parameter("history")
            guard let row = try await call.environment.managedHistory(name, of: call.flow) else {
                throw FlowError(
                    .resourceNotFound, "The trigger '\(call.flow.trigger)' has no history '\(name)'.",
                    hint: "see `flowrun flow history`")
            }
            return .json(shapes(call).history(row, flow: call.flow.id))
        },
        Route(
            "POST", trigger + "/histories/{run}/resubmit", "resubmitRun", "Starts a new run with the same trigger.",
            .flow(.owner, .runFlows), gives: .accepted
        ) { call async throws(FlowError) in
            try checkTrigger(call)
            let run = try await call.perform(.resubmitRun, ["run": .string(call.run.name), "wait": false])
            var response = APIResponse.empty(status: 202)
            response.headers.append(.init(name: "x-ms-workflow-run-id", value: run["name"]?.stringValue ?? ""))
            return response
        },
    ]

    private static func checkTrigger(_ call: RouteCall) throws(FlowError) {
        let name = call.parameter("trigger")
        guard name == call.flow.trigger, call.flow.triggerType != nil else {
            throw FlowError(
                .workflowTriggerNotFound, "The workflow '\(call.flow.id)' trigger '\(name)' could not be found.")
        }
    }

    private static func listHistories(_ call: RouteCall) async throws(FlowError) -> APIResponse {
        try checkTrigger(call)
        let wanted = try RunListFilter(call.request.query("$filter"))
        let paging = try Paging(call.request)
        if let token = paging.token, try await call.environment.managedHistory(token, of: call.flow) == nil {
            throw Paging.wrongToken
        }
        let filter = TriggerHistoryFilter(
            flow: call.flow.id, status: wanted.status, since: wanted.since, until: wanted.until, after: paging.token,
            limit: paging.top + 1)
        let rows = try await call.environment.managedHistories(filter)
        let shapes = shapes(call)
        return paging.page(of: rows, call.environment) { shapes.history($0, flow: call.flow.id) }
    }
}
