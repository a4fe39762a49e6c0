import FlowCore
import FlowRuntime

extension ManagementRoutes {
    private static let apis = "/providers/Microsoft.PowerApps/apis/{api}/connections"
    private static let named = apis + "/{connection}"
    private static let place = Route.QueryParameter("$filter", "As in `environment eq 'default'`; the one served.")

    static let connections: [Route] = [
        Route(
            "GET", environment + "/connections", "listConnections", "The connections that the caller may use.",
            .person(.readFlows), query: Paging.parameters, gives: .json("ConnectionList")
        ) { call async throws(FlowError) in
            let own = call.environment.managedConnections(for: call.caller)
            return try Paging(call.request).page(of: own.map(shapes(call).connection), call.environment)
        },
        Route(
            "GET", "/providers/Microsoft.PowerApps/scopes/admin/environments/{environment}/connections",
            "listConnectionsAsAdmin", "All connections.", .admin(.readFlows), query: Paging.parameters,
            gives: .json("ConnectionList")
        ) { call async throws(FlowError) in
            let all = call.environment.managedConnections(for: call.caller)
            return try Paging(call.request).page(of: all.map(shapes(call).connection), call.environment)
        },
        Route(
            "GET", apis, "listConnectionsOfConnector", "The connections to a service that the caller may use.",
            .person(.readFlows), query: [place] + Paging.parameters, gives: .json("ConnectionList")
        ) { call async throws(FlowError) in
            try Paging(call.request).page(of: own(call).map(shapes(call).connection), call.environment)
        },
        Route(
            "GET", named, "getConnection", "A connection.", .person(.readFlows), gives: .json("Connection")
        ) { call async throws(FlowError) in .json(shapes(call).connection(try ownConnection(call))) },
        Route(
            "PUT", named, "createConnection",
            "Signs in to a service and keeps the connection, of the caller's account.",
            .maker(.manageFlows), body: "NewConnection", gives: .json("Connection", status: 201)
        ) { call async throws(FlowError) in
            let properties = try call.request.json()["properties"]
            let account = properties?["accountName"]?.stringValue ?? call.caller.user ?? ""
            guard !account.isEmpty else {
                throw EnvironmentRouter.refusal(
                    "The caller is no person of whose account the connection could be; give 'properties.accountName'.")
            }
            guard call.caller.isAdmin || account.lowercased() == call.caller.user?.lowercased() else {
                throw EnvironmentRouter.refusal("A connection of '\(account)' is made by that person or an admin.")
            }
            let made = try await call.environment.makeConnection(
                to: call.parameter("api"), named: call.parameter("connection"), account: account,
                parameters: properties?["connectionParameters"]?.objectValue ?? [:])
            return .json(shapes(call).connection(made), status: 201)
        },
        Route(
            "DELETE", named, "deleteConnection", "Deletes a connection of the caller's own.", .person(.manageFlows),
            gives: .nothing
        ) { call async throws(FlowError) in
            let name = try ownConnection(call)["name"]?.stringValue ?? ""
            guard call.environment.mayDelete(connection: name, call.caller) else {
                throw EnvironmentRouter.refusal("The connection '\(name)' belongs to someone else.")
            }
            _ = try await call.perform(.deleteConnection, ["name": .string(name)])
            return .empty()
        },
    ]

    private static func own(_ call: RouteCall) -> [JSON] {
        let api = call.parameter("api")
        let connector = api.hasPrefix("shared_") ? String(api.dropFirst(7)) : api
        return call.environment.managedConnections(for: call.caller).filter {
            $0["connector"]?.stringValue == connector
        }
    }

    private static func ownConnection(_ call: RouteCall) throws(FlowError) -> JSON {
        let name = call.parameter("connection")
        guard let found = own(call).first(where: { $0["name"]?.stringValue == name }) else {
            throw FlowError(.connectionNotFound, "There is no connection '\(name)'.")
        }
        return found
    }
}
