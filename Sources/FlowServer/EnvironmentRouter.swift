import FlowCore
import FlowRuntime
import FlowStorage
import Logging

/// Answers the requests of an environment: finds the route, proves that the caller may, and lets the route answer.
struct EnvironmentRouter: Sendable {
    let environment: FlowEnvironment
    let counters: RequestCounters
    /// Where requests are logged, at the level `info`.
    var logger: Logger?
    var table = RouteTable.all
    /// Who is signed in with a browser.
    let sessions = Sessions()
    let signIns = SignInAttempts()

    /// How large a body may be.
    enum BodySize: Sendable, Hashable {
        /// A message to a flow.
        case message
        /// What the management API takes.
        case small
    }

    /// Up to how many bytes of a body are read and checked where the connection is served.
    private static let shortBody = 64 * 1_024

    /// Answers a request whose body is at hand.
    func respond(to request: APIRequest) async -> APIResponse {
        let body = request.body
        return await respond(to: request) { _ in body }
    }

    /// Answers a request; its body is read only where the caller may send it.
    func respond(
        to request: APIRequest, reading body: (BodySize) async throws(FlowError) -> [UInt8]
    ) async -> APIResponse {
        let start = ContinuousClock.now
        let match = table.match(request.method, request.path)
        var response = await answer(request, match, body)
        if request.method == "HEAD" { response.body = [] }
        let duration = ContinuousClock.now - start
        var route = "none"
        if case .route(let found, _) = match { route = found.id }
        counters.count(route, status: response.status, after: duration)
        log(request, route, response, duration)
        return response
    }

    /// Logs a request: never its query or body, which may hold secrets.
    private func log(_ request: APIRequest, _ route: String, _ response: APIResponse, _ duration: Duration) {
        guard let logger, logger.logLevel <= .info else { return }
        var fields: Logger.Metadata = [
            "method": "\(request.method)", "route": "\(route)", "status": "\(response.status)",
            "milliseconds": "\(Int(duration / .milliseconds(1)))", "client": "\(request.client)",
        ]
        if let run = response.headers.first(where: { $0.name == "x-ms-workflow-run-id" }) {
            fields["run"] = "\(run.value)"
        }
        if let trace = request.header("traceparent").flatMap(TraceContext.init(header:)) {
            fields["trace"] = "\(trace.traceID)"
        }
        logger.info("request", metadata: fields)
    }

    private func answer(
        _ request: APIRequest, _ match: RouteTable.Match, _ body: (BodySize) async throws(FlowError) -> [UInt8]
    ) async -> APIResponse {
        do throws(FlowError) {
            switch match {
            case .nothing: throw Self.nothing(at: request)
            case .otherMethods(let methods): return Self.wrongMethod(request, allowed: methods)
            case .route(let route, let parameters):
                var call = try await admit(request, to: route, parameters)
                if let refuse = route.refuse, let refusal = await refuse(&call) { return refusal }
                if route.takesBody { call.request.body = try await body(route.bodySize) }
                let whole = call
                if route.isShort, whole.request.body.count <= Self.shortBody {
                    return try await answer(whole, by: route)
                }
                // Other connections of the event loop do not wait for what may compute for long.
                return try await withTaskExecutorPreference(globalConcurrentExecutor) { () throws(FlowError) in
                    try await answer(whole, by: route)
                }
            }
        } catch {
            var response = APIResponse.error(error)
            if response.status == 401 { response.headers.append(.init(name: "WWW-Authenticate", value: "Bearer")) }
            return response
        }
    }

    private func answer(_ call: RouteCall, by route: Route) async throws(FlowError) -> APIResponse {
        guard let token = call.caller.token else { return try await route.respond(call) }
        let result = await Caller.$token.withValue(token) { () async -> Result<APIResponse, FlowError> in
            do throws(FlowError) { return .success(try await route.respond(call)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    // MARK: Who may

    /// Proves that the caller may use the route.
    /// - Throws: why not.
    private func admit(
        _ request: APIRequest, to route: Route, _ parameters: [String: String]
    ) async throws(FlowError) -> RouteCall {
        switch route.access {
        case .anyone, .signature: return RouteCall(environment, request, parameters, by: self)
        case .operators:
            if !environment.isExposed { return RouteCall(environment, request, parameters, by: self) }
            let caller = try await caller(of: request, for: .readActivity)
            guard caller.isAdmin else { throw Self.refusal("Only an environment admin may do this.") }
            return RouteCall(environment, request, parameters, by: self, caller: caller)
        case .socket:
            guard request.isLocal else { throw Self.nothing(at: request) }
            return RouteCall(environment, request, parameters, by: self)
        case .person(let scope), .maker(let scope), .admin(let scope), .flow(_, let scope), .run(let scope):
            let caller = try await caller(of: request, for: scope)
            try checkVersion(request)
            if let name = parameters["environment"] { try checkEnvironment(name) }
            return try await admit(request, caller, to: route, parameters)
        }
    }

    private func admit(
        _ request: APIRequest, _ caller: Caller, to route: Route, _ parameters: [String: String]
    ) async throws(FlowError) -> RouteCall {
        var flow: ManagedFlow?
        var run: RunSummary?
        if case .maker = route.access, !caller.isMaker {
            throw Self.refusal("Only an environment maker may do this.")
        }
        if case .admin = route.access, !caller.isAdmin {
            throw Self.refusal("Only an environment admin may do this.")
        }
        if let id = parameters["flow"] { flow = try environment.managedFlow(id, for: caller) }
        if case .flow(let right, _) = route.access, let flow, flow.right < right {
            throw Self.refusal("The flow '\(flow.name)' is shared with you to be run only.")
        }
        if let flow, let name = parameters["run"] {
            run = try await environment.managedRun(name, of: flow, for: caller)
        }
        return RouteCall(environment, request, parameters, by: self, caller: caller, flow: flow, run: run)
    }

    /// Who calls, over TCP by the token they show or by the cookie of their session.
    private func caller(of request: APIRequest, for scope: TokenScope) async throws(FlowError) -> Caller {
        if request.isLocal { return .machine }
        if request.header("Authorization") == nil, let caller = try signedIn(request) { return caller }
        guard let header = request.header("Authorization"), header.lowercased().hasPrefix("bearer ") else {
            throw FlowError(
                .directApiAuthorizationRequired,
                "The authentication scheme is required. Please add authentication scheme and try again.",
                hint: "send 'Authorization: Bearer TOKEN'; `flowrun token create` makes one")
        }
        let caller = try await environment.caller(showing: String(header.dropFirst(7).drop { $0 == " " }))
        guard caller.permits(scope) else {
            throw Self.refusal("The token '\(caller.token ?? "")' has not the scope '\(scope.rawValue)'.")
        }
        return caller
    }

    /// Who is signed in with the cookie of a request, or nil.
    /// - Throws: `CsrfTokenInvalid`.
    private func signedIn(_ request: APIRequest) throws(FlowError) -> Caller? {
        guard let cookie = Self.cookie(of: request, environment),
            let session = sessions.session(cookie, now: environment.clock.now),
            let caller = environment.caller(session.person)
        else { return nil }
        try SignInRoutes.checkIntent(of: request, session, environment)
        return caller
    }

    /// The cookie of a session, or nil.
    static func cookie(of request: APIRequest, _ environment: FlowEnvironment) -> String? {
        let name = Sessions.cookieName(isSecure: environment.publicAddress.hasPrefix("https://")) + "="
        for pair in (request.header("Cookie") ?? "").split(separator: ";") {
            let trimmed = pair.drop { $0 == " " }
            if trimmed.hasPrefix(name) { return String(trimmed.dropFirst(name.count)) }
        }
        return nil
    }

    private func checkEnvironment(_ name: String) throws(FlowError) {
        let own = environment.settings.name
        guard name == own || name == "~default" || name == "Default-\(own)" else {
            throw FlowError(.environmentNotFound, "The environment '\(name)' is not served here.")
        }
    }

    /// The platform's versions are dates; whichever it is, the shapes are the same.
    private func checkVersion(_ request: APIRequest) throws(FlowError) {
        guard let version = request.query("api-version") else { return }
        let date = version.hasSuffix("-preview") ? version.dropLast(8) : version[...]
        let parts = date.split(separator: "-", omittingEmptySubsequences: false)
        let isDate = parts.map(\.count) == [4, 2, 2] && parts.joined().allSatisfy { $0.isASCII && $0.isNumber }
        guard isDate || version == "1" else {
            throw FlowError(
                .invalidAPIVersion, "The api-version '\(version)' is invalid.", hint: "write 2016-11-01")
        }
    }

    // MARK: Refusals

    static func refusal(_ message: String) -> FlowError { FlowError(.flowNotShared, message) }

    static func nothing(at request: APIRequest) -> FlowError {
        FlowError(.resourceNotFound, "There is nothing at '/\(request.path.joined(separator: "/"))'.")
    }

    private static func wrongMethod(_ request: APIRequest, allowed: [String]) -> APIResponse {
        var methods = Set(allowed)
        if methods.contains("GET") { methods.insert("HEAD") }
        let list = methods.sorted().joined(separator: ", ")
        var response = APIResponse.error(
            FlowError(
                .methodNotAllowed,
                "The HTTP method for this request is not valid: expected '\(list)' and actual '\(request.method)'.",
                hint: ManagementRoutes.hint(forMethodOf: request)),
            status: 405)
        response.headers.append(.init(name: "Allow", value: list))
        return response
    }
}
