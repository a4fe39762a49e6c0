import FlowCore
import FlowRuntime

/// Answers the requests of an environment: triggers, the management API, health; over the owner's socket operations too.
struct EnvironmentRouter: Sendable {
    let environment: FlowEnvironment
    let counters: RequestCounters

    func respond(to request: APIRequest) async -> APIResponse {
        let response = await route(request)
        counters.count(status: response.status)
        return response
    }

    private func route(_ request: APIRequest) async -> APIResponse {
        switch request.path.first {
        case "healthz", "readyz", "metrics":
            return HealthRoutes(environment: environment, counters: counters).respond(to: request)
        case "workflows", "callbacks": return await TriggerRoutes(environment: environment).respond(to: request)
        case "operations":
            guard request.isLocal else { return Self.notFound(request) }
            return await OperationRoutes(environment: environment).respond(to: request)
        case "providers": return await managed(request)
        default: return Self.notFound(request)
        }
    }

    /// The management API: over TCP its caller shows a token.
    private func managed(_ request: APIRequest) async -> APIResponse {
        var user: String?
        if !request.isLocal {
            guard let header = request.header("Authorization"), header.lowercased().hasPrefix("bearer "),
                let authorization = await environment.authorization(of: String(header.dropFirst(7)))
            else {
                return .error(
                    FlowError(
                        .directApiAuthorizationRequired,
                        "The authentication scheme is required. Please add authentication scheme and try again.",
                        hint: "Send 'Authorization: Bearer TOKEN'; `flowrun token create` makes one."))
            }
            user = authorization.user
        }
        return await ManagementRoutes(environment: environment, user: user).respond(to: request)
    }

    static func notFound(_ request: APIRequest) -> APIResponse {
        .error(
            FlowError(.workflowNotFound, "There is nothing at '/\(request.path.joined(separator: "/"))'."), status: 404)
    }

    static func wrongMethod(_ request: APIRequest, allowed: String) -> APIResponse {
        var response = APIResponse.error(
            FlowError(
                .triggerRequestMethodNotValid,
                "The HTTP method for this request is not valid: expected '\(allowed)' and actual '\(request.method)'."),
            status: 405)
        response.headers.append(.init(name: "Allow", value: allowed))
        return response
    }
}
