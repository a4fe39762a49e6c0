import FlowCore
import FlowRuntime

/// The management API with the platform's paths and shapes, `/providers/Microsoft.ProcessSimple/environments/…`.
struct ManagementRoutes {
    let environment: FlowEnvironment
    /// The person in whose name the caller acts.
    let user: String?

    private static let prefix = "/providers/Microsoft.ProcessSimple"

    func respond(to request: APIRequest) async -> APIResponse {
        do throws(FlowError) {
            let path = request.path.map { $0 }
            guard path.count >= 2 else { return EnvironmentRouter.notFound(request) }
            switch path[1].lowercased() {
            case "microsoft.processsimple": return try await processSimple(request, Array(path.dropFirst(2)))
            case "microsoft.powerapps": return try await powerApps(request, Array(path.dropFirst(2)))
            default: return EnvironmentRouter.notFound(request)
            }
        } catch {
            return .error(error)
        }
    }

    private func perform(
        _ operation: EnvironmentRequest.Operation, _ arguments: JSONObject = [:]
    ) async throws(FlowError) -> JSON {
        try await environment.perform(EnvironmentRequest(operation, arguments, as: user))
    }

    // MARK: Microsoft.ProcessSimple

    private func processSimple(_ request: APIRequest, _ path: [String]) async throws(FlowError) -> APIResponse {
        guard path.first == "environments" else { return EnvironmentRouter.notFound(request) }
        if path.count == 1 { return .json(["value": [shapes.ownShape]]) }
        let name = environment.settings.name
        guard path[1] == name || path[1] == "~default" || path[1] == "Default-\(name)" else {
            throw FlowError(.environmentNotFound, "The environment '\(path[1])' is not served here.")
        }
        if path.count == 2 { return .json(shapes.ownShape) }
        switch path[2] {
        case "flows" where path.count == 3: return try await listFlows(request)
        case "flows": return try await flow(request, id: path[3], Array(path.dropFirst(4)))
        case "connections": return .json(["value": try await connections()])
        default: return EnvironmentRouter.notFound(request)
        }
    }

    private var shapes: ManagementShapes { ManagementShapes(environment: environment.settings.name) }

    private func listFlows(_ request: APIRequest) async throws(FlowError) -> APIResponse {
        guard request.method == "GET" else { return EnvironmentRouter.wrongMethod(request, allowed: "GET") }
        let flows = try await perform(.listFlows).arrayValue ?? []
        return .json(["value": .array(flows.map { shapes.flow($0) })])
    }

    private func flow(_ request: APIRequest, id: String, _ rest: [String]) async throws(FlowError) -> APIResponse {
        let page = try await perform(.showFlow, ["flow": .string(id)])
        let id = page["id"]?.stringValue ?? id
        switch (request.method, rest.first, rest.count) {
        case ("GET", nil, _):
            return .json(shapes.flow(page, definition: try await environment.definition(ofFlow: id)))
        case ("POST", "start"?, 1):
            try await environment.startFlow(id, as: user)
            return .empty()
        case ("POST", "stop"?, 1):
            try await environment.stopFlow(id)
            return .empty()
        case ("GET", "connections"?, 1): return .json(["value": try await connections(of: page)])
        case ("GET", "permissions"?, 1): return .json(["value": .array(shapes.permissions(page))])
        case ("POST", "modifyPermissions"?, 1): return try await modifyPermissions(request, id)
        case (_, "runs"?, _): return try await runs(request, id, Array(rest.dropFirst()))
        case (_, "triggers"?, _): return try await triggers(request, page, Array(rest.dropFirst()))
        default: return EnvironmentRouter.notFound(request)
        }
    }

    // MARK: Runs

    private func runs(_ request: APIRequest, _ flow: String, _ rest: [String]) async throws(FlowError) -> APIResponse {
        guard let name = rest.first else {
            var arguments = try ManagementFilter.arguments(request)
            arguments["flow"] = .string(flow)
            let runs = try await perform(.listRuns, arguments).arrayValue ?? []
            return .json(["value": .array(runs.map { shapes.run($0, flow: flow) })])
        }
        switch (request.method, rest.dropFirst().first, rest.count) {
        case ("GET", nil, _):
            let run = try await perform(.showRun, ["run": .string(name)])
            let expands = request.query("$expand")?.contains("properties/actions") == true
            return .json(shapes.run(run, flow: flow, withActions: expands))
        case ("POST", "cancel"?, 2):
            _ = try await perform(.cancelRun, ["run": .string(name)])
            return .empty()
        case ("GET", "actions"?, 2):
            let run = try await perform(.showRun, ["run": .string(name)])
            return .json(["value": .array(shapes.actions(run, flow: flow))])
        case ("GET", "actions"?, 3), ("GET", "actions"?, 4):
            let run = try await perform(.showRun, ["run": .string(name)])
            guard let action = shapes.action(rest[2], of: run, flow: flow, repetitions: rest.count == 4) else {
                throw FlowError(
                    .workflowRunNotFound, "The workflow run '\(name)' has no action '\(rest[2])'.")
            }
            return .json(action)
        default: return EnvironmentRouter.notFound(request)
        }
    }

    // MARK: Triggers

    private func triggers(_ request: APIRequest, _ page: JSON, _ rest: [String]) async throws(FlowError) -> APIResponse
    {
        let flow = page["id"]?.stringValue ?? ""
        let known = page["trigger"]?["name"]?.stringValue ?? "manual"
        guard let trigger = rest.first else { return .json(["value": [shapes.trigger(page)]]) }
        guard trigger == known else {
            throw FlowError(
                .workflowTriggerNotFound, "The workflow '\(flow)' trigger '\(trigger)' could not be found.")
        }
        switch (request.method, rest.dropFirst().first, rest.count) {
        case ("GET", nil, _): return .json(shapes.trigger(page))
        case ("POST", "listCallbackUrl"?, 2):
            guard page["trigger"]?["type"]?.stringValue?.lowercased() == "request" else {
                let type = page["trigger"]?["type"]?.stringValue ?? ""
                throw FlowError(
                    .triggerURLNotAvailable,
                    "The 'ListCallbackUrl' API is not supported by triggers of type '\(type)'.")
            }
            let url = try await perform(.flowURL, ["flow": .string(flow)])
            let value = url["url"] ?? .null
            return .json(["response": ["value": value], "value": value, "method": url["method"] ?? "POST"])
        case ("POST", "run"?, 2):
            var arguments: JSONObject = ["flow": .string(flow), "wait": false]
            if !request.body.isEmpty { arguments["input"] = try request.json() }
            let run = try await perform(.startRun, arguments)
            var response = APIResponse.json(run, status: 202)
            response.headers.append(.init(name: "x-ms-workflow-run-id", value: run["name"]?.stringValue ?? ""))
            return response
        case ("GET", "histories"?, 2):
            let rows = try await perform(.triggerHistory, ["flow": .string(flow)]).arrayValue ?? []
            return .json(["value": .array(rows.map { shapes.history($0, flow: flow) })])
        case ("POST", "histories"?, 4) where rest[3] == "resubmit":
            _ = try await perform(.resubmitRun, ["run": .string(rest[2]), "wait": false])
            return .empty(status: 202)
        default: return EnvironmentRouter.notFound(request)
        }
    }

    // MARK: Connections and permissions

    private func connections() async throws(FlowError) -> JSON {
        .array(try await perform(.listConnections).arrayValue?.map { shapes.connection($0) } ?? [])
    }

    private func connections(of page: JSON) async throws(FlowError) -> JSON {
        let names = Set((page["connectionReferences"]?.arrayValue ?? []).compactMap { $0["connection"]?.stringValue })
        let all = try await perform(.listConnections).arrayValue ?? []
        return .array(all.filter { names.contains($0["name"]?.stringValue ?? "") }.map { shapes.connection($0) })
    }

    private func modifyPermissions(_ request: APIRequest, _ flow: String) async throws(FlowError) -> APIResponse {
        let body = try request.json()
        for entry in body["put"]?.arrayValue ?? [] {
            let role = entry["properties"]?["roleName"]?.stringValue == "CanView" ? "runOnly" : "owner"
            let upn = entry["properties"]?["principal"]?["id"] ?? .null
            _ = try await perform(.addShare, ["flow": .string(flow), "upn": upn, "role": .string(role)])
        }
        for entry in body["delete"]?.arrayValue ?? [] {
            for role in ["owner", "runOnly"] {
                _ = try await perform(
                    .removeShare, ["flow": .string(flow), "upn": entry["id"] ?? .null, "role": .string(role)])
            }
        }
        return .empty()
    }

    // MARK: Microsoft.PowerApps

    private func powerApps(_ request: APIRequest, _ path: [String]) async throws(FlowError) -> APIResponse {
        guard path.count >= 3, path[0] == "apis", path[2] == "connections" else {
            return EnvironmentRouter.notFound(request)
        }
        let connector = path[1].hasPrefix("shared_") ? String(path[1].dropFirst(7)) : path[1]
        let own = (try await perform(.listConnections).arrayValue ?? []).filter {
            $0["connector"]?.stringValue == connector
        }
        if path.count == 3 { return .json(["value": .array(own.map { shapes.connection($0) })]) }
        guard let connection = own.first(where: { $0["name"]?.stringValue == path[3] }) else {
            throw FlowError(.connectionNotFound, "There is no connection '\(path[3])'.")
        }
        switch request.method {
        case "GET": return .json(shapes.connection(connection))
        case "DELETE":
            _ = try await perform(.deleteConnection, ["name": .string(path[3])])
            return .empty()
        default: return EnvironmentRouter.wrongMethod(request, allowed: "GET")
        }
    }
}

/// The filters of the platform's run lists.
enum ManagementFilter {
    /// `$filter=status eq 'Failed' and startTime ge T` and `$top` as arguments of `runs.list`.
    /// - Throws: `InvalidArgument`.
    static func arguments(_ request: APIRequest) throws(FlowError) -> JSONObject {
        var arguments = JSONObject()
        if let top = request.query("$top") {
            guard let number = Int64(top), (1...250).contains(number) else {
                throw FlowError(.invalidArgument, "The '$top' query string parameter must lie between 1 and 250.")
            }
            arguments["limit"] = .integer(number)
        }
        for condition in (request.query("$filter") ?? "").components(separatedBy: " and ") {
            let parts = condition.split(separator: " ", maxSplits: 2).map(String.init)
            if parts.isEmpty { continue }
            guard parts.count == 3 else { throw refused(condition) }
            let value = parts[2].filter { $0 != "'" }
            switch (parts[0].lowercased(), parts[1].lowercased()) {
            case ("status", "eq"): arguments["status"] = .string(value)
            case ("starttime", "ge"), ("starttime", "gt"): arguments["since"] = .string(value)
            case ("starttime", "lt"), ("starttime", "le"): arguments["until"] = .string(value)
            default: throw refused(condition)
            }
        }
        return arguments
    }

    private static func refused(_ condition: String) -> FlowError {
        FlowError(.invalidArgument, "The filter '\(condition)' is not understood.")
    }
}

extension String {
    /// The parts between a separator.
    fileprivate func components(separatedBy separator: String) -> [String] {
        split(separator: separator).map(String.init)
    }
}
