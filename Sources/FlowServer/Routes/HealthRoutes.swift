import FlowCore
import FlowRuntime

/// `/healthz`, `/readyz` and `/metrics`.
struct HealthRoutes {
    let environment: FlowEnvironment
    let counters: RequestCounters

    func respond(to request: APIRequest) -> APIResponse {
        guard request.method == "GET" || request.method == "HEAD" else {
            return EnvironmentRouter.wrongMethod(request, allowed: "GET")
        }
        switch request.path {
        case ["healthz"]: return .json(["status": "ok"])
        case ["readyz"]: return readiness
        case ["metrics"]: return .text(metrics)
        default: return EnvironmentRouter.notFound(request)
        }
    }

    private var readiness: APIResponse {
        let word =
            switch environment.readiness {
            case .ready: "ready"
            case .recovering: "recovering"
            case .storeUnusable: "storeUnusable"
            case .shuttingDown: "shuttingDown"
            }
        let isReady = environment.readiness == .ready
        var body: JSONObject = ["status": .string(word)]
        if let failure = environment.storeFailure {
            body["error"] = ["code": .string(failure.code.rawValue), "message": .string(failure.message)]
            body["hint"] = failure.hint.map { .string($0) }
        }
        var response = APIResponse.json(.object(body), status: isReady ? 200 : 503)
        if !isReady { response.headers.append(.init(name: "Retry-After", value: "5")) }
        return response
    }

    private var metrics: String {
        var lines = [
            "# HELP flowrun_ready Whether requests and triggers are taken.", "# TYPE flowrun_ready gauge",
            "flowrun_ready \(environment.readiness == .ready ? 1 : 0)",
            "# HELP flowrun_http_requests_total Requests answered, by class of status.",
            "# TYPE flowrun_http_requests_total counter",
        ]
        lines += counters.byClass.map { "flowrun_http_requests_total{status=\"\($0.status)xx\"} \($0.count)" }
        let gauges = environment.counts
        lines += [
            "# HELP flowrun_runs_in_memory Runs that have something to do or were lately active.",
            "# TYPE flowrun_runs_in_memory gauge", "flowrun_runs_in_memory \(gauges.runsInMemory)",
            "# HELP flowrun_calls_out Calls of runs that are under way.", "# TYPE flowrun_calls_out gauge",
            "flowrun_calls_out \(gauges.callsOut)",
            "# HELP flowrun_runs_started_total Runs started by this process.",
            "# TYPE flowrun_runs_started_total counter", "flowrun_runs_started_total \(gauges.runsStarted)",
            "# HELP flowrun_runs_ended_total Runs ended in this process.", "# TYPE flowrun_runs_ended_total counter",
            "flowrun_runs_ended_total \(gauges.runsEnded)",
            "# HELP flowrun_search_lag_seconds Age of the oldest commit that a search for text does not find yet.",
            "# TYPE flowrun_search_lag_seconds gauge", "flowrun_search_lag_seconds \(environment.searchLag.seconds)",
        ]
        return lines.joined(separator: "\n") + "\n"
    }
}
