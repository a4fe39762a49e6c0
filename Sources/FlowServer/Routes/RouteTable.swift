/// All routes of the server.
struct RouteTable: Sendable {
    let routes: [Route]
    /// The routes by the first word of their path.
    private let byFirstWord: [String: [Route]]

    init(_ routes: [Route]) {
        self.routes = routes
        byFirstWord = Dictionary(grouping: routes) { route in
            guard case .word(let word)? = route.path.parts.first else {
                preconditionFailure("a path begins with a word: \(route.path.text)")
            }
            return word
        }
    }

    /// Everything that the server does.
    static let all: RouteTable = RouteTable(
        HealthRoutes.routes + SignInRoutes.routes + TriggerRoutes.routes + OperationRoutes.routes
            + ManagementRoutes.routes + OpenAPIDocument.routes)

    /// What was found for a request.
    enum Match {
        case route(Route, [String: String])
        /// The path takes these methods.
        case otherMethods([String])
        case nothing
    }

    func match(_ method: String, _ path: [String]) -> Match {
        let wanted = method == "HEAD" ? "GET" : method
        var methods: [String] = []
        for route in byFirstWord[path.first?.lowercased() ?? ""] ?? [] {
            guard let parameters = route.path.match(path) else { continue }
            if route.method == wanted || route.method == "*" { return .route(route, parameters) }
            methods.append(route.method)
        }
        return methods.isEmpty ? .nothing : .otherMethods(methods)
    }
}
