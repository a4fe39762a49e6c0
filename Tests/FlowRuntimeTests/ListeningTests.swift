import FlowCore
import FlowDefinitions
import FlowRuntime
import FlowStorage
import FlowTesting
import Synchronization
import Testing

/// Triggers that follow the clock, ask, or are subscribed.
@Suite struct ListeningTests {
    private func settle(until condition: () async throws -> Bool) async throws {
        for _ in 0..<100_000 {
            if try await condition() { return }
            await Task.yield()
        }
        Issue.record("nothing happened")
    }

    private static let hourly = """
        name: Hourly
        triggers:
          Every_hour: { type: Recurrence, recurrence: { frequency: Hour, interval: 1, startTime: "2026-01-01T00:00:00Z" } }
        actions: { Note: { type: Compose, inputs: done } }
        """

    @Test(arguments: [("skip", 0), ("once", 1), ("all", 2)])
    func `times at which nothing served a schedule`(_ rule: String, _ expected: Int) async throws {
        let world = try TestWorld(
            [("hourly.flow.yaml", Self.hourly)], solution: "missedTimes: { Hourly: \(rule) }")
        let first = try await world.environment()
        try await world.setUp(first)
        await first.shutdown()
        world.restart()
        // Two occurrences pass while nothing serves.
        world.clock.advance(by: .seconds(9_000))
        let second = try await world.environment()
        try await settle { try await world.store.runCount(RunFilter(statuses: ["Succeeded"])) == expected }
        let skipped = try await world.store.triggerHistory(TriggerHistoryFilter(status: "Skipped"))
        #expect(skipped.map(\.code) == (rule == "skip" ? ["OccurrenceMissed"] : []))
        // The schedule goes on where it would have been.
        world.clock.advance(by: .seconds(3_600))
        try await settle { try await world.store.runCount(RunFilter(statuses: ["Succeeded"])) == expected + 1 }
        await second.shutdown()
    }

    @Test func `windows begin where they are told to and leave no gap while the flow is off`() async throws {
        let flow = """
            name: Windows
            triggers:
              Each:
                type: SlidingWindow
                recurrence: { frequency: Hour, interval: 1, startTime: "START" }
                inputs: { delay: PT5M }
            actions:
              Note: { type: Compose, inputs: "@{trigger().outputs.windowStartTime} to @{trigger().outputs.windowEndTime}" }
            outputs:
              window: { type: String, value: "@outputs('Note')" }
            """
        let probe = VirtualClock()
        let start = probe.now - .seconds(2 * 3_600)
        let world = try TestWorld([("windows.flow.yaml", flow.replacing("START", with: start.description))])
        let environment = try await world.environment()
        try await world.setUp(environment)
        func windows() async throws -> [String] {
            var texts: [String] = []
            for run in try await world.store.runs(RunFilter(statuses: ["Succeeded"], limit: 100)).reversed() {
                let page = try await environment.perform(EnvironmentRequest(.showRun, ["run": .string(run.name)]))
                texts.append(
                    page["outputs"]?["window"]?["value"]?.stringValue ?? page["outputs"]?["window"]?.text ?? "")
            }
            return texts
        }
        func window(_ hour: Int64) -> String {
            let end = start + .seconds(hour * 3_600)
            return "\(end - .seconds(3_600)) to \(end)"
        }
        // Two windows have ended and waited their delay, the third is due now and waits for it.
        try await settle { try await world.store.runCount(RunFilter(statuses: ["Succeeded"])) == 2 }
        world.clock.advance(by: .seconds(301))
        try await settle { try await world.store.runCount(RunFilter(statuses: ["Succeeded"])) == 3 }
        _ = try await environment.perform(EnvironmentRequest(.deactivate, ["flows": ["Windows"]]))
        world.clock.advance(by: .seconds(2 * 3_600))
        _ = try await environment.perform(EnvironmentRequest(.activate, ["flows": ["Windows"]]))
        try await settle { try await world.store.runCount(RunFilter(statuses: ["Succeeded"])) == 5 }
        #expect(try await windows() == [window(0), window(1), window(2), window(3), window(4)])
        await environment.shutdown()
    }

    /// A flow whose trigger comes as often as an environment variable says.
    private static func byVariable(_ trigger: String) -> String {
        """
        name: Healer
        \(FlowTexts.reference)
        parameters:
          Hours (tst_hours): { type: Int, defaultValue: 24, metadata: { schemaName: tst_hours } }
        triggers:
          Now_and_then:
            recurrence: { frequency: Hour, interval: "@parameters('Hours (tst_hours)')" }
            \(trigger)
        actions: { Note: { type: Compose, inputs: done } }
        """
    }

    private static let hours = """
        environmentVariables: { tst_hours: { type: Number, displayName: Hours, default: 24 } }
        """

    @Test(arguments: [true, false])
    func `a schedule that depends on a variable is planned anew when its value changes`(isServed: Bool) async throws {
        let world = try TestWorld(
            [("healer.flow.yaml", Self.byVariable("type: Recurrence"))], solution: Self.hours)
        var environment = try await world.environment()
        try await world.setUp(environment)
        func runs() async throws -> Int { try await world.store.runCount(RunFilter(statuses: ["Succeeded"])) }
        try await settle { try await runs() == 1 }
        // A command that owns the environment for a moment changes what the next `serve` finds.
        func change(_ operation: EnvironmentRequest.Operation, _ value: String? = nil) async throws {
            if !isServed {
                await environment.shutdown()
                world.restart()
                environment = try await world.environment(listening: false)
            }
            var arguments: JSONObject = ["name": "tst_hours"]
            arguments["value"] = value.map { .string($0) }
            _ = try await environment.perform(EnvironmentRequest(operation, arguments))
            if !isServed {
                await environment.shutdown()
                world.restart()
                environment = try await world.environment()
            }
        }
        func due() async throws -> Int64? {
            let page = try await environment.perform(EnvironmentRequest(.showFlow, ["flow": "Healer"]))
            let next = page["nextTime"]?.stringValue.flatMap(Timestamp.init(iso8601:))
            return next.map { ($0 - world.clock.now).components.seconds / 60 }
        }
        world.clock.advance(by: .seconds(60 * 60))
        for refused in ["0", "-1", "1.5"] {
            await #expect(throws: FlowError.self) { try await change(.setVariable, refused) }
        }
        #expect(try await due() == 23 * 60)
        // Each new interval counts from the last run, an hour ago.
        try await change(.setVariable, "3")
        #expect(try await due() == 2 * 60)
        try await change(.setVariable, "48")
        #expect(try await due() == 47 * 60)
        try await change(.unsetVariable)
        #expect(try await due() == 23 * 60)
        world.clock.advance(by: .seconds(60 * 60))
        // Two hours have passed, so that one was due already.
        try await change(.setVariable, "1")
        try await settle { try await runs() == 2 }
        try await settle { try await due() == 60 }
        world.clock.advance(by: .seconds(60 * 60))
        try await settle { try await runs() == 3 }
        await environment.shutdown()
    }

    @Test func `polls and windows that depend on a variable are planned anew, too`() async throws {
        let triggers = [
            "type: SlidingWindow", "type: Http\n    inputs: { method: GET, uri: https://service.example/news }",
        ]
        for trigger in triggers {
            let world = try TestWorld([("healer.flow.yaml", Self.byVariable(trigger))], solution: Self.hours)
            let environment = try await world.environment()
            try await world.setUp(environment)
            func due() async throws -> Int64? {
                let next = try await world.store.triggerStates().first?.nextDue
                return next.map { ($0 - world.clock.now).components.seconds / 3_600 }
            }
            try await settle { try await due() == 24 }
            for value: Int64 in [2, 36] {
                _ = try await environment.perform(
                    EnvironmentRequest(.setVariable, ["name": "tst_hours", "value": .integer(value)]))
                #expect(try await due() == value, "\(trigger)")
            }
            await environment.shutdown()
        }
    }

    private static let asking = """
        name: Asking
        triggers:
          Ask:
            type: Http
            recurrence: { frequency: Hour, interval: 1 }
            inputs:
              method: GET
              uri: https://service.example/news
              retryPolicy: { type: fixed, count: 2, interval: PT10S }
        actions: { Note: { type: Compose, inputs: "@triggerBody()" } }
        """

    @Test func `an address that answers 202 says where to ask next, and 200 fires`() async throws {
        let world = try TestWorld([("asking.flow.yaml", Self.asking)])
        world.service.state.withLock {
            $0.answers = [
                OperationAnswer(statusCode: 202, headers: ["Location": "/news/2", "Retry-After": "20"]),
                OperationAnswer(statusCode: 200, body: ["n": 1]),
            ]
        }
        let environment = try await world.environment()
        try await world.setUp(environment)
        world.clock.advance(by: .seconds(3_601))
        try await settle { try await world.store.runCount(RunFilter(statuses: ["Succeeded"])) == 1 }
        #expect(
            world.service.state.withLock { $0.addresses } == [
                "https://service.example/news", "https://service.example/news/2",
            ])
        await environment.shutdown()
    }

    @Test func `a question that fails is asked again by its retry policy, then waits for its interval`() async throws {
        let world = try TestWorld([("asking.flow.yaml", Self.asking)])
        world.service.state.withLock { state in
            state.answers =
                [OperationAnswer(statusCode: 202)] + Array(repeating: OperationAnswer(statusCode: 503), count: 3)
        }
        let environment = try await world.environment()
        try await world.setUp(environment)
        func asked() -> Int { world.service.state.withLock { $0.addresses.count } }
        func failures() async throws -> Int {
            try await world.store.triggerHistory(TriggerHistoryFilter(status: "Failed")).count
        }
        world.clock.advance(by: .seconds(3_601))
        try await settle { try await failures() == 1 }
        for count in 2...3 {
            world.clock.advance(by: .seconds(11))
            try await settle { try await failures() == count }
        }
        world.clock.advance(by: .seconds(11))
        for _ in 0..<1_000 { await Task.yield() }
        #expect(asked() == 4)
        world.clock.advance(by: .seconds(3_600))
        try await settle { try await world.store.runCount(RunFilter(statuses: ["Succeeded"])) == 1 }
        await environment.shutdown()
    }

    @Test func `conditions of a trigger that splits are about the parts`() async throws {
        let flow = """
            name: Orders
            triggers:
              Order:
                type: Request
                kind: Http
                splitOn: "@triggerBody()?['lines']"
                conditions: [{ expression: "@not(empty(triggerBody()?['item']))" }]
            actions: { Note: { type: Compose, inputs: "@triggerBody()" } }
            """
        let world = try TestWorld([("orders.flow.yaml", flow)])
        let environment = try await world.environment()
        try await world.setUp(environment)
        let page = try await environment.perform(EnvironmentRequest(.flowURL, ["flow": "Orders"]))
        let url = page["url"]?.stringValue ?? ""
        let reply = await environment.invoke(
            TriggerCall(
                workflow: String(url.split(separator: "/")[3]), trigger: "Order",
                query: [("sig", url.split(separator: "sig=").last.map(String.init) ?? "")],
                headers: [("Content-Type", "application/json")],
                body: Array(#"{"lines":[{"item":"chair"},{"item":""},{"item":"lamp"}]}"#.utf8)))
        #expect(reply.status == 202)
        try await settle { try await world.store.runCount(RunFilter(statuses: ["Succeeded"])) == 2 }
        try await settle {
            try await world.store.triggerHistory(TriggerHistoryFilter(status: "Skipped")).count == 1
        }
        await environment.shutdown()
    }

    private static let subscribed = """
        name: Subscribed
        triggers:
          Called:
            type: HttpWebhook
            inputs:
              subscribe: { method: POST, uri: https://service.example/subscribe, body: "@{listCallbackUrl()}" }
              unsubscribe: { method: POST, uri: https://service.example/unsubscribe, body: "@{listCallbackUrl()}" }
        actions: { Note: { type: Compose, inputs: "@triggerBody()" } }
        """
    private static let other = """
        name: Other
        triggers: { manual: { type: Request, kind: Button } }
        actions: { Note: { type: Compose, inputs: done } }
        """

    private func call(_ environment: FlowEnvironment, _ url: String) async -> TriggerReply {
        await environment.invoke(
            TriggerCall(
                workflow: String(url.split(separator: "/")[3]), trigger: "Called",
                query: [("sig", url.split(separator: "sig=").last.map(String.init) ?? "")],
                headers: [("Content-Type", "application/json")], body: Array(#"{"id":7}"#.utf8)))
    }

    @Test func `a webhook is subscribed when its flow is turned on, and ended when it is turned off`() async throws {
        let world = try TestWorld([("subscribed.flow.yaml", Self.subscribed)])
        let environment = try await world.environment()
        try await world.setUp(environment)
        let url = try #require(world.service.state.withLock { $0.subscriptions.first })
        #expect(await call(environment, url).status == 202)
        try await settle { try await world.store.runCount(RunFilter(statuses: ["Succeeded"])) == 1 }
        _ = try await environment.perform(EnvironmentRequest(.deactivate, ["flows": ["Subscribed"]]))
        #expect(
            world.service.state.withLock { $0.addresses } == [
                "https://service.example/subscribe", "https://service.example/unsubscribe",
            ])
        #expect(await call(environment, url).status == 400)
        #expect(try await world.store.triggerStates().isEmpty)
        await environment.shutdown()
    }

    @Test func `where a service refuses the subscription all flows of the activation are off again`() async throws {
        let world = try TestWorld([("other.flow.yaml", Self.other), ("subscribed.flow.yaml", Self.subscribed)])
        let environment = try await world.environment()
        world.service.state.withLock { $0.answers = [OperationAnswer(statusCode: 403)] }
        await #expect { try await world.setUp(environment) } throws: {
            ($0 as? FlowError)?.code == .webhookSubscriptionFailed
        }
        #expect(try await world.store.flows().map(\.state) == [.stopped, .stopped])
        await environment.shutdown()
    }

    @Test func `a process that died while it subscribed leaves nothing half on`() async throws {
        let world = try TestWorld([("other.flow.yaml", Self.other), ("subscribed.flow.yaml", Self.subscribed)])
        let first = try await world.environment()
        _ = try await first.perform(EnvironmentRequest(.installSolution, ["path": .string(world.folder)]))
        // The commit that would say that the service took it never comes.
        let count = world.store.commitCount
        world.store.fail(commit: count + 2, .diedBefore)
        _ = await first.reply(to: EnvironmentRequest(.activate, ["all": true]))
        world.restart()
        let second = try await world.environment()
        #expect(try await world.store.flows().map(\.state) == [.stopped, .stopped])
        #expect(world.service.state.withLock { $0.addresses.last } == "https://service.example/unsubscribe")
        #expect(try await world.store.triggerStates().isEmpty)
        await second.shutdown()
    }

    @Test func `an end that the service does not take is told, and tried again by the next start`() async throws {
        let world = try TestWorld([("subscribed.flow.yaml", Self.subscribed)])
        let first = try await world.environment()
        try await world.setUp(first)
        world.service.state.withLock { $0.answers = [OperationAnswer(statusCode: 500)] }
        let result = try await first.perform(EnvironmentRequest(.deactivate, ["flows": ["Subscribed"]]))
        #expect(result["problems"]?.arrayValue?.first?["flow"] == "Subscribed")
        await first.shutdown()
        world.restart()
        let second = try await world.environment()
        #expect(
            world.service.state.withLock { $0.addresses.map { $0.split(separator: "/").last } } == [
                "subscribe", "unsubscribe", "unsubscribe",
            ])
        #expect(try await world.store.triggerStates().isEmpty)
        await second.shutdown()
    }
}
