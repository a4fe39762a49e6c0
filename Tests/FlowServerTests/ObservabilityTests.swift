import FlowCore
import FlowDefinitions
import FlowRuntime
import FlowStorage
import FlowTesting
import Logging
import Synchronization
import Testing

@testable import FlowServer

/// What the server says of itself: figures, log entries, traces, and who did what.
@Suite struct ObservabilityTests {
    @Test func `the figures tell runs, actions and requests, in the form that Prometheus reads`() async throws {
        let world = try await ServerWorld()
        try await world.run("Press")
        try await world.run("Press")
        let flows = "/providers/Microsoft.ProcessSimple/environments/default/flows"
        #expect(await world.send("GET", flows, as: .nobody).status == 401)
        let text = String(decoding: await world.send("GET", "/metrics", as: .nobody).response.body, as: UTF8.self)
        for line in [
            "flowrun_ready 1", "flowrun_runs_started_total 2", "flowrun_runs_ended_total{status=\"Succeeded\"} 2",
            "flowrun_http_requests_total{route=\"listFlows\",status=\"4xx\"} 1",
            "flowrun_run_seconds_bucket{le=\"+Inf\"} 2", "flowrun_run_seconds_count 2", "flowrun_flows_started 3",
            "flowrun_runs_waiting{for=\"timer\"} 0", "flowrun_runs_waiting{for=\"signIn\"} 0",
            "flowrun_commit_failures_total 0", "flowrun_commits_waiting 0", "flowrun_commit_seconds_count 0",
            "flowrun_commit_group_size_bucket{le=\"+Inf\"} 0",
        ] {
            #expect(text.contains(line + "\n"), "\(line) in \(text)")
        }
        // Every line is a comment or a name with labels and a number, and each name is introduced once.
        var names: Set<String> = []
        for line in text.split(separator: "\n") {
            if let name = line.firstMatch(of: /^# TYPE (\w+) (gauge|counter|histogram)$/)?.1 {
                #expect(names.insert(String(name)).inserted, "\(name)")
            } else if !line.hasPrefix("# HELP ") {
                #expect(line.firstMatch(of: /^\w+(\{(\w+="[^"\n]*",?)*\})? [0-9.e+-]+$/) != nil, "\(line)")
            }
        }
        let succeeded = text.firstMatch(of: /flowrun_actions_ended_total\{status="Succeeded"\} (\d+)/)
        #expect(Int(succeeded?.1 ?? "") ?? 0 >= 6)
        await world.environment.shutdown()
    }

    @Test func `a request is logged without what may be secret`() async throws {
        let world = try await ServerWorld()
        let entries = Mutex<[String]>([])
        var logger = Logger(label: "test") { _ in
            CollectingHandler { entry in entries.withLock { $0.append(entry) } }
        }
        logger.logLevel = .info
        var router = world.router
        router.logger = logger
        let url =
            try await world.environment.perform(EnvironmentRequest(.flowURL, ["flow": "Echo"]))["url"]?.stringValue
        let target = "/" + (url ?? "").split(separator: "/").dropFirst(2).joined(separator: "/")
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        let answer = await router.respond(
            to: APIRequest(
                "POST", target + "&password=hunter2", headers: [("traceparent", trace)],
                body: Array("{\"secret\":\"hunter2\"}".utf8)))
        #expect(answer.status == 200)
        let entry = try #require(entries.withLock { $0 }.first)
        #expect(entry.contains("route=invokeTrigger") && entry.contains("status=200"))
        #expect(entry.contains("trace=0af7651916cd43dd8448eb211c80319c"))
        #expect(!entry.contains("hunter2") && !entry.contains("sig"))
        // The run belongs to the trace that its caller named.
        let run = try await world.environment.store.runs(RunFilter()).first
        #expect(run?.trackingID == "0af7651916cd43dd8448eb211c80319c")
        await world.environment.shutdown()
    }

    private struct CollectingHandler: LogHandler {
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info
        let collect: @Sendable (String) -> Void

        init(_ collect: @escaping @Sendable (String) -> Void) { self.collect = collect }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            collect((event.metadata ?? [:]).map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " "))
        }
    }

    @Test(arguments: [
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true),
        ("00-00000000000000000000000000000000-b7ad6b7169203331-01", false),
        ("00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false),
        ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false),
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x", false),
        ("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x", true), ("", false), ("00-1-2-3", false),
    ])
    func `a traceparent is taken only where it is well formed`(_ header: String, _ isGood: Bool) {
        #expect((TraceContext(header: header) != nil) == isGood)
    }

    @Test func `a run stays in its trace`() {
        let trace = "0af7651916cd43dd8448eb211c80319c"
        let first = TraceContext(trackingID: trace, run: "r1", step: "a")
        #expect(first.traceID == trace)
        #expect(first == TraceContext(trackingID: trace, run: "r1", step: "a"))
        #expect(first.spanID != TraceContext(trackingID: trace, run: "r1", step: "b").spanID)
        #expect(TraceContext(header: TraceContext(trackingID: "deal 7", run: "r1", step: "a").header) != nil)
    }

    @Test func `who changed what stands in the audit log, without values`() async throws {
        let path = "/tmp/flowrun-tests/audit-\(UUIDText.random()).jsonl"
        let world = try await ServerWorld(audit: AuditLog(path: path))
        let flow = "/providers/Microsoft.ProcessSimple/environments/default/flows/\(try await world.id(of: "Press"))"
        _ = await world.send("POST", flow + "/stop", as: .owner)
        _ = await world.send("POST", flow + "/triggers/manual/run", as: .runner, body: ["text": "hunter2"])
        _ = await world.send("GET", flow, as: .owner)
        let entries = try String(decoding: StateFiles.read(path), as: UTF8.self).split(separator: "\n").map {
            try JSON(parsing: Array($0.utf8))
        }
        let stop = try #require(entries.first { $0["operation"] == "flow.stop" })
        #expect(stop["who"] == "owner@adatum.example")
        #expect(stop["token"] == "owner")
        #expect(stop["outcome"] == "done")
        let run = try #require(entries.last)
        #expect(run["operation"] == "run.start")
        #expect(run["outcome"] == "refused")
        #expect(run["code"] == "WorkflowTriggerIsNotEnabled")
        #expect(!entries.contains { $0.text.contains("hunter2") || $0.text.contains("s3cret") })
        #expect(entries.contains { $0["operation"] == "connection.create" && $0["who"] == "(this machine)" })
        await world.environment.shutdown()
    }
}
