import FlowCore
import FlowRuntime
import FlowStorage

/// The management API with the platform's paths and shapes, `/providers/Microsoft.ProcessSimple/environments/…`.
enum ManagementRoutes {
    static let routes: [Route] = environments + flows + runs + repairs + triggers + connections

    private static let base = "/providers/Microsoft.ProcessSimple"
    static let environment = base + "/environments/{environment}"
    static let flow = environment + "/flows/{flow}"

    static func shapes(_ call: RouteCall) -> ManagementShapes { ManagementShapes(call.environment) }

    /// What to do in place of making, changing or deleting a flow here: flows are files.
    static func hint(forMethodOf request: APIRequest) -> String? {
        let places = [PathTemplate(environment + "/flows"), PathTemplate(flow)]
        guard ["POST", "PUT", "PATCH", "DELETE"].contains(request.method),
            places.contains(where: { $0.match(request.path) != nil })
        else { return nil }
        return "Flows are files: change the flow's file, then `flowrun solution install PATH`, or serve with `--watch`."
    }

    // MARK: Environments

    private static let environments: [Route] = [
        Route(
            "GET", base + "/environments", "listEnvironments", "The environments: the one that is served.",
            .person(.readFlows), gives: .json("EnvironmentList")
        ) { call in .json(["value": [shapes(call).ownEnvironment]]) },
        Route(
            "GET", environment, "getEnvironment", "The environment.", .person(.readFlows), gives: .json("Environment")
        ) { call in .json(shapes(call).ownEnvironment) },
    ]

    // MARK: Flows

    private static let ownership = Route.QueryParameter(
        "$filter", "`search('personal')`: not shared with co-owners; `search('team')`: shared with some.",
        ["type": "string", "enum": ["", "search('personal')", "search('team')"]])

    private static let flows: [Route] = [
        Route(
            "GET", environment + "/flows", "listFlows", "The flows that the caller owns or may run.",
            .person(.readFlows), query: [ownership] + Paging.parameters, gives: .json("FlowList")
        ) { call async throws(FlowError) in try await listFlows(call) },
        Route(
            "GET", base + "/scopes/admin/environments/{environment}/v2/flows", "listFlowsAsAdmin", "All flows.",
            .admin(.readFlows), query: Paging.parameters, gives: .json("FlowList")
        ) { call async throws(FlowError) in try await listFlows(call) },
        Route(
            "GET", base + "/scopes/admin/environments/{environment}/flows/{flow}", "getFlowAsAdmin", "A flow.",
            .admin(.readFlows), gives: .json("Flow")
        ) { call async throws(FlowError) in .json(try await shown(call)) },
        Route(
            "GET", flow, "getFlow", "A flow; its definition and connections for owners only.",
            .flow(.runOnly, .readFlows), gives: .json("Flow")
        ) { call async throws(FlowError) in .json(try await shown(call)) },
        Route("POST", flow + "/start", "startFlow", "Turns a flow on.", .flow(.owner, .manageFlows), gives: .nothing) {
            call async throws(FlowError) in
            try await call.environment.startFlow(call.flow.id, as: call.caller.user)
            return .empty()
        },
        Route("POST", flow + "/stop", "stopFlow", "Turns a flow off.", .flow(.owner, .manageFlows), gives: .nothing) {
            call async throws(FlowError) in
            try await call.environment.stopFlow(call.flow.id, as: call.caller.user)
            return .empty()
        },
        Route(
            "GET", flow + "/connections", "listFlowConnections", "The connections that a flow uses.",
            .flow(.owner, .readFlows), query: Paging.parameters, gives: .json("ConnectionList")
        ) { call async throws(FlowError) in
            let page = try await call.perform(.showFlow, ["flow": .string(call.flow.id)])
            let references = page["connectionReferences"]?.arrayValue ?? []
            let used = Set(references.compactMap { $0["connection"]?.stringValue })
            let all = call.environment.managedConnections(for: .machine)
            let own = all.filter { used.contains($0["name"]?.stringValue ?? "") }
            return try Paging(call.request).page(of: own.map(shapes(call).connection), call.environment)
        },
        Route(
            "GET", flow + "/permissions", "listPermissions", "With whom a flow is shared.", .flow(.owner, .readFlows),
            query: Paging.parameters, gives: .json("PermissionList")
        ) { call async throws(FlowError) in
            let page = try await call.perform(.showFlow, ["flow": .string(call.flow.id)])
            return try Paging(call.request).page(of: shapes(call).permissions(page), call.environment)
        },
        Route(
            "POST", flow + "/modifyPermissions", "modifyPermissions", "Shares a flow, or no longer.",
            .flow(.owner, .manageFlows), body: "PermissionChanges", gives: .nothing
        ) { call async throws(FlowError) in try await modifyPermissions(call) },
    ]

    private static func listFlows(_ call: RouteCall) async throws(FlowError) -> APIResponse {
        var flows = call.environment.managedFlows(for: call.caller)
        switch call.request.query("$filter") {
        case nil, ""?: break
        case "search('personal')"?: flows = flows.filter { $0.right == .owner && $0.ownerCount <= 1 }
        case "search('team')"?: flows = flows.filter { $0.right == .owner && $0.ownerCount > 1 }
        case let text?:
            throw FlowError(
                .invalidQueryFilter, "The '$filter' query string parameter is not understood: '\(text)'.",
                hint: "write search('personal') or search('team')")
        }
        let pages = try await call.perform(.listFlows).arrayValue ?? []
        let byID = Dictionary(
            pages.map { ($0["id"]?.stringValue ?? "", $0) }, uniquingKeysWith: { first, _ in first })
        let shapes = shapes(call)
        let values = flows.map { shapes.flow($0, byID[$0.id] ?? .null) }
        return try Paging(call.request).page(of: values, call.environment)
    }

    private static func shown(_ call: RouteCall) async throws(FlowError) -> JSON {
        let page = try await call.perform(.showFlow, ["flow": .string(call.flow.id)])
        guard call.flow.right == .owner else { return shapes(call).flow(call.flow, page) }
        let definition = try await call.environment.definition(ofFlow: call.flow.id)
        return shapes(call).flow(call.flow, page, definition: definition)
    }

    private static func modifyPermissions(_ call: RouteCall) async throws(FlowError) -> APIResponse {
        let body = try call.request.json()
        guard body.objectValue != nil else {
            throw FlowError(.invalidArgument, "The request content is no object.", hint: "see GET /openapi.json")
        }
        for key in ["put", "delete"] {
            guard let list = body[key], list.arrayValue == nil else { continue }
            throw FlowError(.invalidArgument, "'\(key)' is no list.", hint: "give a list of entries, or leave it out")
        }
        // Everything is read before the first change, so that a mistake changes nothing.
        var changes: [(EnvironmentRequest.Operation, JSONObject)] = []
        for entry in body["put"]?.arrayValue ?? [] {
            guard let upn = entry["properties"]?["principal"]?["id"]?.stringValue else {
                throw FlowError(
                    .invalidArgument, "An entry of 'put' names no principal.",
                    hint:
                        "write {\"properties\":{\"principal\":{\"id\":UPN,\"type\":\"User\"},\"roleName\":\"CanEdit\"}}"
                )
            }
            let role: JSON
            switch entry["properties"]?["roleName"]?.stringValue {
            case "CanView"?: role = "runOnly"
            case "CanEdit"?, "Owner"?: role = "owner"
            case let name:
                throw FlowError(
                    .invalidArgument, "There is no role '\(name ?? "")'.", hint: "roles are CanEdit and CanView")
            }
            changes.append((.addShare, ["flow": .string(call.flow.id), "upn": .string(upn), "role": role]))
        }
        for entry in body["delete"]?.arrayValue ?? [] {
            guard let upn = entry["id"]?.stringValue else {
                throw FlowError(.invalidArgument, "An entry of 'delete' has no 'id'.", hint: "give the person's UPN")
            }
            for role: JSON in ["owner", "runOnly"] {
                changes.append((.removeShare, ["flow": .string(call.flow.id), "upn": .string(upn), "role": role]))
            }
        }
        for (operation, arguments) in changes { _ = try await call.perform(operation, arguments) }
        return .empty()
    }
}
