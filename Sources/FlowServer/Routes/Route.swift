import FlowCore
import FlowRuntime
import FlowStorage

/// One thing that the server does: where, for whom, what it takes and what it gives.
///
/// Routing, the check of rights and `/openapi.json` read this one value, so that none of them can differ from another.
struct Route: Sendable {
    /// The method; `*` for whichever a flow asks for.
    let method: String
    let path: PathTemplate
    /// The name of the operation in `/openapi.json`.
    let id: String
    /// One sentence.
    let summary: String
    let access: Access
    let query: [QueryParameter]
    /// The name of the body's schema, or nil where none is read.
    let body: String?
    /// Whether the body may be a browser's form; the answer then is a page, or the way to one.
    let takesForm: Bool
    let answer: Answer
    /// Refuses a request whatever its body is, before the body is read; nil where the access says all.
    let refuse: Refusal?
    let respond: Responder

    typealias Refusal = @Sendable (inout RouteCall) async -> APIResponse?
    typealias Responder = @Sendable (RouteCall) async throws(FlowError) -> APIResponse

    init(
        _ method: String, _ path: String, _ id: String, _ summary: String, _ access: Access,
        query: [QueryParameter] = [], body: String? = nil, form: Bool = false, gives answer: Answer,
        refusing refuse: Refusal? = nil,
        _ respond: @escaping Responder
    ) {
        self.method = method
        self.path = PathTemplate(path)
        self.id = id
        self.summary = summary
        self.access = access
        self.query = query
        self.body = body
        takesForm = form
        self.answer = answer
        self.refuse = refuse
        self.respond = respond
    }

    /// Whether the body of a request is read.
    var takesBody: Bool { method == "*" || body != nil }

    /// Whether the answer takes little work where the body is small: trigger URLs and health, not lists and pages.
    var isShort: Bool { id == "invokeTrigger" || id == "getHealth" || id == "getReadiness" }

    /// How large the body may be.
    var bodySize: EnvironmentRouter.BodySize {
        switch access {
        case .signature, .socket: .message
        case .anyone, .operators, .person, .maker, .admin, .flow, .run: .small
        }
    }

    /// Who may call a route.
    enum Access: Sendable, Hashable {
        /// Anyone who reaches the server.
        case anyone
        /// Anyone while the server is not exposed; else an admin, with a token for reading activity.
        case operators
        /// Whoever has an address that is signed; the handler checks it.
        case signature
        /// Whoever may open the owner's socket.
        case socket
        /// Every person, with a token for this.
        case person(TokenScope)
        /// Environment makers and admins.
        case maker(TokenScope)
        /// Environment admins.
        case admin(TokenScope)
        /// Persons with this right on the flow of the path.
        case flow(FlowRight, TokenScope)
        /// Owners of the flow of the path, and whoever started its run.
        case run(TokenScope)
    }

    /// A parameter of the query.
    struct QueryParameter: Sendable, Hashable {
        let name: String
        let summary: String
        let schema: JSON

        init(_ name: String, _ summary: String, _ schema: JSON = ["type": "string"]) {
            self.name = name
            self.summary = summary
            self.schema = schema
        }
    }

    /// What is given where all goes well.
    struct Answer: Sendable, Hashable {
        enum Content: Sendable, Hashable {
            /// JSON of a schema that is named.
            case json(String)
            case text
            /// A page.
            case html
            /// Whatever a flow gives.
            case any
            case nothing
        }

        let status: Int
        let content: Content

        static func json(_ schema: String, status: Int = 200) -> Answer {
            Answer(status: status, content: .json(schema))
        }
        static let text = Answer(status: 200, content: .text)
        static let html = Answer(status: 200, content: .html)
        static let nothing = Answer(status: 200, content: .nothing)
        static let accepted = Answer(status: 202, content: .nothing)
        static let any = Answer(status: 200, content: .any)
    }
}

/// A path with parameters, as in `/flows/{flow}/start`; `{*rest}` at the end takes all that follows.
struct PathTemplate: Sendable, Hashable {
    enum Part: Sendable, Hashable {
        /// A word, letter case ignored.
        case word(String)
        case parameter(String)
        case rest(String)
    }

    let text: String
    let parts: [Part]

    init(_ text: String) {
        self.text = text
        parts = text.split(separator: "/").map { part in
            guard part.hasPrefix("{"), part.hasSuffix("}") else { return .word(part.lowercased()) }
            let name = String(part.dropFirst().dropLast())
            return name.hasPrefix("*") ? .rest(String(name.dropFirst())) : .parameter(name)
        }
    }

    /// The names of the parameters, in order.
    var parameters: [String] {
        parts.compactMap { part in
            if case .parameter(let name) = part { name } else { nil }
        }
    }

    /// The values of the parameters where a path fits, or nil.
    func match(_ path: [String]) -> [String: String]? {
        var values: [String: String] = [:]
        for (place, part) in parts.enumerated() {
            if case .rest(let name) = part {
                values[name] = path.dropFirst(place).joined(separator: "/")
                return values
            }
            guard place < path.count else { return nil }
            switch part {
            case .word(let word): guard path[place].equals(ignoringASCIICase: word) else { return nil }
            case .parameter(let name): values[name] = path[place]
            case .rest: return nil
            }
        }
        return path.count == parts.count ? values : nil
    }
}

/// A request on its way through a route, with everything that was found out about it.
struct RouteCall: Sendable {
    let environment: FlowEnvironment
    var request: APIRequest
    /// The values of the path's parameters.
    let parameters: [String: String]
    let counters: RequestCounters
    let sessions: Sessions
    let signIns: SignInAttempts
    let caller: Caller
    /// The call of a trigger, where it was made before the body was read.
    var trigger: TriggerCall?
    private let managedFlow: ManagedFlow?
    private let managedRun: RunSummary?

    init(
        _ environment: FlowEnvironment, _ request: APIRequest, _ parameters: [String: String],
        by router: EnvironmentRouter, caller: Caller = .machine, flow: ManagedFlow? = nil, run: RunSummary? = nil
    ) {
        self.environment = environment
        self.request = request
        self.parameters = parameters
        counters = router.counters
        sessions = router.sessions
        signIns = router.signIns
        self.caller = caller
        managedFlow = flow
        managedRun = run
    }

    /// The flow of the path, on which the caller has the right that the route asks for.
    var flow: ManagedFlow {
        guard let managedFlow else { preconditionFailure("the path of this route has no flow") }
        return managedFlow
    }

    /// The run of the path: of the flow of the path, and such that the caller may see it.
    var run: RunSummary {
        guard let managedRun else { preconditionFailure("the path of this route has no flow and run") }
        return managedRun
    }

    /// The cookie of a session that the request carries, whether it holds or not.
    var cookie: String? { EnvironmentRouter.cookie(of: request, environment) }

    /// The session of whoever signed in with a browser, or nil.
    var session: Sessions.Session? {
        guard let cookie, let session = sessions.session(cookie, now: environment.clock.now),
            environment.caller(session.person) != nil
        else { return nil }
        return session
    }

    /// The value of a parameter that the path declares.
    func parameter(_ name: String) -> String {
        guard let value = parameters[name] else { preconditionFailure("the path of this route has no {\(name)}") }
        return value
    }

    /// Carries out an operation in the caller's name.
    func perform(
        _ operation: EnvironmentRequest.Operation, _ arguments: JSONObject = [:]
    ) async throws(FlowError) -> JSON {
        try await environment.perform(EnvironmentRequest(operation, arguments, as: caller.user))
    }
}
