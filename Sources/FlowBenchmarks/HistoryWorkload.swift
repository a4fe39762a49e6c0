import FlowCore
import FlowDefinitions
import FlowEngine
import FlowRuntime
import FlowStorage
import FlowStoreSQLite

/// A million stored runs: how long each question about them takes, and how far the search index is behind under load.
///
/// It takes minutes and is run only where it is named.
enum HistoryWorkload {
    static let name = "history"
    private static let runCount = 1_000_000
    private static let start = Timestamp(year: 2026, month: 1, day: 5)
    private static let span = Duration.seconds(30 * 86_400)

    static func run(_ gauges: Gauges, folder: String?) async throws -> [Measurement] {
        let scratch = try folder == nil ? BenchFolder() : nil
        let settings = EnvironmentSettings(
            projectFolder: folder ?? scratch?.path ?? ".", performanceProfile: .unlimited)
        try settings.makeStateFolder()
        try StateFiles.write(settings.projectFolder + "/flowrun.yaml", Array("environments:\n  default: {}\n".utf8))
        let store = try SQLiteFlowStore(
            path: settings.databaseFile, key: try settings.key(variable: nil), durability: .process)
        var measurements: [Measurement] = []
        func add(_ metric: String, _ value: Double, _ unit: String, _ count: Int) {
            let measurement = Measurement(
                workload: name, metric: metric, value: value, unit: unit, runs: count, floor: gauges.commitsPerSecond,
                load: gauges.load)
            FlowrunBench.note(measurement.line)
            measurements.append(measurement)
        }
        let clock = ContinuousClock()
        let there = try await store.runCount(RunFilter())
        if there < runCount {
            let filled = try await clock.measure { try await fill(store, from: there) }
            add("stored_runs_per_second", Double(runCount - there) / filled.seconds, "runs/s", runCount)
        }
        let indexed = try await clock.measure { while try await !store.followText(limit: 500) {} }
        add("indexed_runs_per_second", Double(runCount) / indexed.seconds, "runs/s", runCount)
        let environment = FlowEnvironment(settings, store: store, connectors: ConnectorRegistry([]))
        try await environment.start(listening: false)
        try await install(in: environment, settings.projectFolder + "/flows")
        for (metric, request) in questions {
            var times: [Duration] = []
            for _ in 0..<5 {
                times.append(try await clock.measure { _ = try await environment.perform(request) })
            }
            add(metric + "_ms", (times.max() ?? .zero) / .milliseconds(1), "ms", times.count)
        }
        await environment.shutdown()
        await store.close()
        add("search_lag_ms", try await lag() / .milliseconds(1), "ms", 60_000)
        return measurements
    }

    // MARK: Questions

    private static func list(_ arguments: JSONObject) -> EnvironmentRequest { EnvironmentRequest(.listRuns, arguments) }

    private static func day(_ number: Int64) -> JSON { .string((start + .seconds(number * 86_400)).description) }

    /// What is asked; each answer is a page of 50 runs at most.
    private static let questions: [(String, EnvironmentRequest)] = [
        ("list", list([:])), ("list_flow", list(["flow": .string(flowName(2))])),
        ("list_flow_rare", list(["flow": .string(flowName(39))])), ("list_failed", list(["status": "Failed"])),
        ("list_timed_out", list(["status": "TimedOut"])), ("list_waiting", list(["status": "Waiting"])),
        ("list_running", list(["status": "Running"])), ("list_cancelled", list(["status": "Cancelled"])),
        ("list_in_doubt", list(["status": "InDoubt"])), ("list_since", list(["since": day(29)])),
        ("list_until", list(["until": day(1)])), ("list_between", list(["since": day(10), "until": day(11)])),
        ("list_before_all", list(["until": day(0)])), ("list_key", list(["key": "R-0123456"])),
        ("list_text_rare", list(["text": "customer 777777"])), ("list_text_common", list(["text": "contoso"])),
        ("list_text_none", list(["text": "nowhere"])), ("list_text_beginning", list(["text": "R-01234*"])),
        ("list_text_phrase", list(["text": "mail777777@fabrikam.example"])),
        ("list_error_code", list(["error": "NotFound"])), ("list_error_text", list(["error": "host 17"])),
        ("list_error_none", list(["error": "StoreFull"])),
        ("list_flow_failed", list(["flow": .string(flowName(2)), "status": "Failed"])),
        ("list_flow_timed_out", list(["flow": .string(flowName(3)), "status": "TimedOut"])),
        ("list_flow_until", list(["flow": .string(flowName(2)), "until": day(2)])),
        ("list_failed_between", list(["status": "Failed", "since": day(3), "until": day(4)])),
        ("list_failed_until", list(["status": "Failed", "until": day(2)])),
        (
            "list_flow_failed_between",
            list(["flow": .string(flowName(5)), "status": "Failed", "since": day(3), "until": day(4)])
        ),
        ("list_text_flow", list(["text": "contoso", "flow": .string(flowName(38))])),
        ("list_text_failed", list(["text": "contoso", "status": "Failed"])),
        ("list_text_timed_out", list(["text": "contoso", "status": "TimedOut"])),
        ("list_text_until", list(["text": "contoso", "until": day(2)])),
        ("list_text_key", list(["text": "contoso", "key": "R-0123456"])),
        ("list_error_flow", list(["error": "NotFound", "flow": .string(flowName(30))])),
        ("list_error_until", list(["error": "BadGateway", "until": day(2)])),
        (
            "list_error_text_flow_failed",
            list(["error": "BadGateway", "text": "fabrikam", "flow": .string(flowName(1)), "status": "Failed"])
        ),
        ("trace", EnvironmentRequest(.trace, ["key": "R-0123456"])),
        ("show", EnvironmentRequest(.showRun, ["run": .string(runName(500_000))])),
        ("flow_list", EnvironmentRequest(.listFlows)),
    ]

    // MARK: Runs

    private static func flowName(_ number: Int) -> String { "Bench flow \(number)" }
    private static func flowID(_ number: Int) -> String {
        "00000000-0000-5000-8000-0000000000\(number < 10 ? "0" : "")\(number)"
    }
    private static func runName(_ number: Int) -> String { "0858\(1_000_000_000_000_000 - number)CU00" }

    /// Installs the flows to which the runs belong.
    private static func install(in environment: FlowEnvironment, _ folder: String) async throws {
        let text = try WorkloadFile.text("hello")
        var solution = "uniqueName: History\nversion: 1.0.0.0\nflows:\n"
        try StateFiles.makeFolder(folder)
        for number in 0..<40 {
            let flow = text.replacing("name: bench hello", with: "name: \(flowName(number))\nid: \(flowID(number))")
            try StateFiles.write("\(folder)/\(number).flow.yaml", Array(flow.utf8))
            solution += "  - { file: \(number).flow.yaml }\n"
        }
        try StateFiles.write(folder + "/solution.yaml", Array(solution.utf8))
        _ = try await environment.perform(EnvironmentRequest(.installSolution, ["path": .string(folder)]))
    }

    /// Stores runs that have ended, and a few that wait, by the store's own commits.
    private static func fill(_ store: SQLiteFlowStore, from first: Int) async throws {
        let definition = StoredDefinition(file: "hello.flow.yaml", text: try WorkloadFile.text("hello"))
        try await store.commit(StoreCommit([.definition(definition)]))
        let step = 1_000
        for group in stride(from: first, to: runCount, by: step) {
            var changes: [StoreChange] = []
            changes.reserveCapacity(step * 3)
            for number in group..<min(group + step, runCount) { add(number, definition.hash, to: &changes) }
            try await store.commit(StoreCommit(changes))
        }
    }

    /// A run as a flow with three actions leaves it; one in twelve has failed, a few timed out or wait.
    private static func add(_ number: Int, _ definition: String, to changes: inout [StoreChange]) {
        // A fixed scatter, the same on every machine.
        let scatter = Int(UInt32(truncatingIfNeeded: number) &* 2_654_435_761 >> 8)
        let flow = min(39, (scatter % 41) * (scatter / 64 % 41) / 41)
        let began = start + span * number / runCount
        var run = RunSummary(
            name: runName(number), flowID: flowID(flow), flowName: flowName(flow), definitionHash: definition,
            startTime: began, triggerName: "manual", initiator: "ana@adatum.example", trackingID: runName(number))
        let referral = String(number % 400_000 + 10_000_000).dropFirst()
        run.keys = [BusinessKey(name: "referral", value: "R-\(referral)")]
        let mail = "mail\(number)@\(scatter % 7 == 0 ? "contoso" : "fabrikam").example"
        let body: JSON = [
            "customer": .string("Customer \(number)"), "mail": .string(mail),
            "amount": .integer(Int64(scatter % 9_973)),
            "city": .string(["Zürich", "Seattle", "Berlin", "Paris"][scatter % 4]),
        ]
        var events: [JournalEvent] = [
            JournalEvent([
                "t": "runStarted", "at": .integer(began.ticks), "v": 1, "run": .string(run.name),
                "flow": .string(run.flowName), "flowId": .string(run.flowID), "environment": "default",
                "definition": .string(definition), "trigger": "manual", "outputs": ["headers": [:], "body": body],
                "start": .integer(began.ticks), "end": .integer(began.ticks), "settings": [:],
            ])
        ]
        for action in ["Get_account", "Compose", "Send_mail"] {
            events.append(
                JournalEvent([
                    "t": "actionEnded", "at": .integer(began.ticks + 900), "a": .string(action), "s": "Succeeded",
                    "c": "OK", "inputs": ["to": .string(mail)],
                    "outputs": [
                        "statusCode": 200, "body": ["id": .integer(Int64(number)), "name": body["customer"] ?? .null],
                    ],
                ]))
        }
        run.endTime = began + .milliseconds(90)
        run.status = "Succeeded"
        if scatter % 12 == 0 {
            run.status = "Failed"
            run.code = "ActionFailed"
            run.errorCode = scatter % 5 == 0 ? "NotFound" : "BadGateway"
            run.errorMessage = "An action failed. The host \(scatter % 50) answered with an unexpected status."
        } else if number % 50_000 == 7 {
            run.status = "TimedOut"
            run.errorCode = "ActionTimedOut"
        } else if number % 10_000 == 9 {
            run.endTime = nil
            run.status = "Waiting"
            run.code = "InDoubt"
            run.wait = RunWait(.settlement, subject: "actions/Send_mail")
        }
        changes += [
            .startRun(run), .append(JournalBatch(run: run.name, first: 1, events: events)),
            .effect(
                EffectEntry(
                    run: run.name, id: "1", path: "actions/Send_mail", operation: "office365/SendMail",
                    connection: "mail", state: .finished, intendedAt: began, finishedAt: began, result: "200")),
        ]
    }

    // MARK: Lag

    /// The largest lag of the search index while 64 runs at a time end as fast as they can.
    private static func lag() async throws -> Duration {
        let environment = try await BenchEnvironment("hello")
        let sampler = Task {
            var largest = Duration.zero
            while !Task.isCancelled {
                largest = max(largest, environment.searchLag)
                try? await Task.sleep(for: .milliseconds(20))
            }
            return largest
        }
        _ = try await environment.run(60_000, width: 64)
        sampler.cancel()
        let largest = await sampler.value
        await environment.close()
        return largest
    }
}
