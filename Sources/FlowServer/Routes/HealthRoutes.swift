import FlowCore
import FlowRuntime
import FlowStorage

/// `/healthz`, `/readyz` and `/metrics`.
struct HealthRoutes {
    let environment: FlowEnvironment
    let counters: RequestCounters

    static let routes: [Route] = [
        Route("GET", "/healthz", "getHealth", "Whether the process answers.", .anyone, gives: .json("Health")) { _ in
            .json(["status": "ok"])
        },
        Route(
            "GET", "/readyz", "getReadiness", "Whether requests and triggers are taken; 503 where they are not.",
            .anyone, gives: .json("Health")
        ) { call in HealthRoutes(environment: call.environment, counters: call.counters).readiness },
        Route(
            "GET", "/metrics", "getMetrics", "What the process has done, as Prometheus reads it.", .operators,
            gives: .text
        ) { call in
            let routes = HealthRoutes(environment: call.environment, counters: call.counters)
            return .text(await routes.metrics, type: "text/plain; version=0.0.4; charset=utf-8")
        },
    ]

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
        get async {
            var text = PrometheusText()
            add(environment.figures, to: &text)
            add(environment.store.figures, to: &text)
            // A store that cannot be read says so in flowrun_ready; the other figures are of use all the same.
            if let waiting = try? await environment.waitingRuns() {
                text.add(
                    "flowrun_runs_waiting", .gauge, "Runs that wait, by what for.",
                    waiting.map { ([("for", $0.kind)], $0.count) })
            }
            return text.text
        }
    }

    private func add(_ store: StoreFigures, to text: inout PrometheusText) {
        text.add(
            "flowrun_commit_seconds", "How long commits took, with the waiting for others.",
            [([], store.commitSeconds)])
        text.add("flowrun_commit_group_size", "How many commits were written together.", [([], store.groupSizes)])
        text.add("flowrun_commits_waiting", .gauge, "Commits that wait to be written.", [([], store.waiting)])
        text.add(
            "flowrun_commit_failures_total", .counter, "Groups of commits that the disk refused.",
            [([], store.failures)])
        text.add("flowrun_wal_bytes", .gauge, "Size of the write-ahead log.", [([], store.logBytes)])
        text.add("flowrun_database_bytes", .gauge, "Size of the database.", [([], store.databaseBytes)])
    }

    private func add(_ figures: RuntimeFigures, to text: inout PrometheusText) {
        text.add(
            "flowrun_ready", .gauge, "Whether requests and triggers are taken.",
            [([], environment.readiness == .ready ? 1 : 0)])
        text.add(
            "flowrun_http_requests_total", .counter, "Requests answered, by route and class of status.",
            counters.byRoute.map { ([("route", $0.key.route), ("status", "\($0.key.status)xx")], $0.count) })
        text.add(
            "flowrun_http_request_seconds", "How long requests took, by route.",
            counters.seconds.map { ([("route", $0.route)], $0.seconds) })
        text.add(
            "flowrun_runs_in_memory", .gauge, "Runs that have something to do or were lately active.",
            [([], figures.runsInMemory)])
        text.add("flowrun_calls_out", .gauge, "Calls of runs that are under way.", [([], figures.callsOut)])
        text.add(
            "flowrun_runs_started_total", .counter, "Runs started by this process.", [([], figures.runsStarted)])
        text.add(
            "flowrun_runs_ended_total", .counter, "Runs ended in this process, by status.",
            figures.runsEnded.map { ([("status", $0.status)], $0.count) })
        text.add("flowrun_run_seconds", "How long runs lasted, waiting included.", [([], figures.runSeconds)])
        text.add(
            "flowrun_actions_ended_total", .counter, "Actions and repetitions ended in this process, by status.",
            figures.actions.map { ([("status", $0.status)], $0.count) })
        text.add(
            "flowrun_connector_calls_total", .counter, "Calls of services, by connector and what came of them.",
            figures.calls.map { ([("connector", $0.connector), ("result", $0.result)], $0.count) })
        text.add(
            "flowrun_connector_call_seconds", "How long calls of services took, by connector and result.",
            figures.callSeconds.map { ([("connector", $0.connector), ("result", $0.result)], $0.seconds) })
        text.add(
            "flowrun_timers", .gauge, "What waits for an instant in this process: timers of the next minutes and more.",
            [([], figures.timers)])
        text.add("flowrun_flows_started", .gauge, "Flows that are on.", [([], figures.flowsStarted)])
        text.add(
            "flowrun_connections_broken", .gauge, "Connections that do not work until someone signs in.",
            [([], figures.connectionsBroken)])
        text.add(
            "flowrun_search_lag_seconds", .gauge, "Age of the oldest commit that a search for text does not find yet.",
            [([], environment.searchLag.seconds)])
    }
}
