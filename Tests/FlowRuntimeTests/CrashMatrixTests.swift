import FlowCore
import FlowDefinitions
import FlowEngine
import FlowStorage
import FlowTesting
import Synchronization
import Testing

@testable import FlowRuntime

/// A process dies before and after each of its commits in turn, and the next one ends all runs as if nothing had happened.
@Suite struct CrashMatrixTests {
    @Test(arguments: [FaultyStore.Fault.diedBefore, .diedAfter])
    func `a crash at any commit of a rich run changes nothing, and no finished effect is done again`(
        _ fault: FaultyStore.Fault
    ) async throws {
        let calm = try await Crash.rich(at: .max, fault)
        #expect(!calm.wasHit)
        #expect(calm.runs.count == 9 && calm.runs.allSatisfy { $0.contains(" Succeeded [") })
        #expect(calm.counts.values.allSatisfy { $0 == 1 } && calm.counts.count > 20)
        var number = 1
        var repeated: Set<ReplayRule> = []
        var doubts = 0
        while true {
            let crashed = try await Crash.rich(at: number, fault)
            guard crashed.wasHit else { break }
            #expect(crashed.runs.difference(from: calm.runs).map { "\($0)" } == [], "commit \(number)")
            #expect(crashed.effects == calm.effects, "commit \(number)")
            for (key, count) in crashed.counts where count > 1 {
                let rule = crashed.rules[key] ?? .inDoubt
                #expect(count == 2 && crashed.inFlight.contains(key), "\(key) \(rule), commit \(number)")
                #expect(rule == .idempotent, "\(key), commit \(number)")
                repeated.insert(rule)
            }
            doubts += crashed.doubts
            number += 1
        }
        #expect(number > 40)
        // A result that was not committed any more is done again or in doubt; a call that the commit was to let out, and that
        // never went, is in doubt.
        #expect(doubts > 0 && (fault == .diedAfter || !repeated.isEmpty))
    }

    @Test(arguments: [FaultyStore.Fault.diedBefore, .diedAfter, .refused, .keptUnsaid])
    func `a fault at any commit of a poll gives one run an item`(_ fault: FaultyStore.Fault) async throws {
        var number = 1
        while true {
            let crashed = try await Crash.poll(at: number, fault)
            #expect(
                crashed.runs == Array(repeating: "Poller Succeeded [\"Update Succeeded\"]", count: 3),
                "commit \(number)")
            #expect(Set(crashed.effects) == ["Update a", "Update b", "Update c"], "commit \(number)")
            #expect(crashed.effects.count == 3, "commit \(number)")
            guard crashed.wasHit else { break }
            number += 1
        }
        #expect(number > 6)
    }

    @Test(arguments: [FaultyStore.Fault.diedBefore, .diedAfter, .refused, .keptUnsaid])
    func `a subscription ends whatever fails, also after the run's own end`(_ fault: FaultyStore.Fault) async throws {
        var number = 1
        while true {
            let crashed = try await Crash.hook(at: number, fault)
            #expect(crashed.runs == ["Hook Succeeded [\"Signal Succeeded\"]"], "commit \(number)")
            #expect(
                crashed.effects == ["https://api.test/subscribe", "https://api.test/unsubscribe"], "commit \(number)")
            guard crashed.wasHit else { break }
            number += 1
        }
        #expect(number > 4)
    }

    @Test(arguments: [FaultyStore.Fault.diedBefore, .diedAfter])
    func `what computes for long is committed in pieces, and goes on after the last one`(
        _ fault: FaultyStore.Fault
    ) async throws {
        var number = 1
        while true {
            let crashed = try await Crash.long(at: number, fault)
            #expect(crashed.runs.count == 1 && crashed.runs[0].hasPrefix("Long Succeeded"), "commit \(number)")
            guard crashed.wasHit else { break }
            number += 1
        }
        #expect(number > 2)
    }

    @Test(arguments: [FaultyStore.Fault.refused, .keptUnsaid])
    func `a failed commit at any place of a rich run is made up for in the same process`(
        _ fault: FaultyStore.Fault
    ) async throws {
        let calm = try await Crash.rich(at: .max, fault)
        var number = 1
        while true {
            let refused = try await Crash.rich(at: number, fault)
            guard refused.wasHit else { break }
            #expect(refused.runs.difference(from: calm.runs).map { "\($0)" } == [], "commit \(number)")
            #expect(refused.effects == calm.effects, "commit \(number)")
            // The process lives: it knows what became of the calls that were out, so nothing is repeated or in doubt, but
            // for the end of a subscription, of which nobody waits for the answer. An intent that the disk kept, though it
            // said that it had not, may be in doubt.
            #expect(refused.repeated == [], "commit \(number)")
            #expect(refused.doubts == 0 || fault == .keptUnsaid, "commit \(number)")
            number += 1
        }
        #expect(number > 40)
    }
}

/// One way through a scenario with a fault at one of its commits, and what is seen of it at the end.
private struct Crash {
    /// Whether the commit that was to fail was reached.
    var wasHit = false
    /// The runs with their ends and actions, sorted.
    var runs: [String] = []
    /// What was written, by operation and item, once for each run that wanted it; sorted.
    var effects: [String] = []
    /// How often each effect was written, by its key.
    var counts: [String: Int] = [:]
    var rules: [String: ReplayRule] = [:]
    /// What was written more than once, with the rule of its call.
    var repeated: [String] {
        counts.filter { $0.value != 1 && !$0.key.hasSuffix(" end") }.map { key, count in
            "\(key) \(rules[key].map { "\($0)" } ?? "") \(count) times"
        }
    }

    /// The keys of the effects that were in flight when the process died.
    var inFlight: Set<String> = []
    /// How many effects someone had to settle.
    var doubts = 0

    /// Set up once: most of the matrix would be setting up.
    private static let richWorld = Task {
        let world = try TestWorld([
            ("leaf.flow.yaml", CrashFlows.leaf), ("middle.flow.yaml", CrashFlows.middle),
            ("main.flow.yaml", CrashFlows.main),
        ])
        let environment = try await world.environment()
        try await world.setUp(environment)
        await environment.shutdown()
        return world
    }

    static func rich(at number: Int, _ fault: FaultyStore.Fault) async throws -> Crash {
        let world = TestWorld(copying: try await richWorld.value)
        world.service.state.withLock {
            $0.refusals = ["Create b": 1, "Update x": 1]
            $0.lostAnswers = ["Create a": 1]
        }
        return try await run(world, at: number, fault) { environment in
            // Someone waits for the Response; the time goes on meanwhile.
            let before = world.store.commitCount
            Task { _ = await environment.reply(to: EnvironmentRequest(.startRun, ["flow": "Main"])) }
            while world.store.commitCount == before { await Task.yield() }
        }
    }

    static func hook(at number: Int, _ fault: FaultyStore.Fault) async throws -> Crash {
        let world = try TestWorld([("hook.flow.yaml", CrashFlows.hook)])
        return try await run(world, at: number, fault) { environment in
            _ = await environment.reply(to: EnvironmentRequest(.startRun, ["flow": "Hook", "wait": false]))
        }
    }

    static func long(at number: Int, _ fault: FaultyStore.Fault) async throws -> Crash {
        let world = try TestWorld([("long.flow.yaml", CrashFlows.long)])
        return try await run(world, at: number, fault) { environment in
            _ = await environment.reply(to: EnvironmentRequest(.startRun, ["flow": "Long", "wait": false]))
        }
    }

    static func poll(at number: Int, _ fault: FaultyStore.Fault) async throws -> Crash {
        let world = try TestWorld([("poller.flow.yaml", FlowTexts.polling)])
        return try await run(world, at: number, fault, expectedRuns: 3) { _ in
            let items: [JSON] = ["a", "b", "c"].map { ["Name": .string($0)] }
            world.service.state.withLock { $0.stock = items }
        }
    }

    private static func run(
        _ world: TestWorld, at number: Int, _ fault: FaultyStore.Fault, expectedRuns: Int = 1,
        start: (FlowEnvironment) async -> Void
    ) async throws -> Crash {
        var crash = Crash()
        var environment = try await world.environment()
        if try await world.store.connections(withSecrets: false).isEmpty { try await world.setUp(environment) }
        let first = world.store
        if number < .max { first.fail(commit: first.commitCount + number, fault) }
        let last = number < .max ? first.commitCount + number : .max
        await start(environment)
        var driver = Driver(world: world, environment: environment, expectedRuns: expectedRuns)
        try await driver.drive()
        crash.wasHit = first.commitCount >= last
        if first.isDead {
            await environment.shutdown()
            world.restart()
            for effect in try await world.store.effects(EffectFilter(states: [.inFlight], limit: 1_000)) {
                let key = UUIDText.named("\(effect.run)/\(effect.path)", namespace: Array("flowrun effect k".utf8))
                // The end of a subscription is counted apart from its beginning.
                crash.inFlight.formUnion([key, key + " end"])
            }
            environment = try await world.environment()
            // What was not accepted is asked for again, as whoever asked would do.
            if try await world.store.runCount(RunFilter()) == 0 { await start(environment) }
            driver.environment = environment
            try await driver.drive()
        } else if crash.wasHit, try await world.store.runCount(RunFilter()) == 0 {
            await start(environment)
            try await driver.drive()
        }
        crash.doubts = driver.settled.count
        for run in try await world.store.runs(RunFilter(limit: 1_000)) {
            let page = try await environment.perform(EnvironmentRequest(.showRun, ["run": .string(run.name)]))
            let actions = (page["actions"]?.arrayValue ?? []).map { action in
                "\(action["name"]?.stringValue ?? "") \(action["status"]?.stringValue ?? "")"
            }
            crash.runs.append("\(run.flowName) \(run.status) \(actions)")
        }
        crash.runs.sort()
        world.service.state.withLock { state in
            crash.counts = state.written
            crash.rules = state.rules
            crash.effects = state.items.values.sorted()
        }
        await environment.shutdown()
        return crash
    }
}

/// Moves the time, answers as the world does, and settles what is in doubt, until every run has ended or the process died.
private struct Driver {
    let world: TestWorld
    var environment: FlowEnvironment
    let expectedRuns: Int
    var settled: Set<String> = []
    private var calledBack: Set<String> = []

    init(world: TestWorld, environment: FlowEnvironment, expectedRuns: Int) {
        self.world = world
        self.environment = environment
        self.expectedRuns = expectedRuns
    }

    mutating func drive() async throws {
        var asked: Set<String> = []
        for round in 0..<3_000 {
            // A store that fails keeps runs waiting, and the time has to go on for it to be tried again.
            var patience = 200_000
            while patience > 0, !environment.host.isIdle, !world.store.isDead, environment.readiness == .ready {
                await Task.yield()
                patience -= 1
            }
            if world.store.isDead { return }
            let open = try await world.store.runs(RunFilter(isFinished: false, limit: 1_000))
            if open.isEmpty, try await world.store.runCount(RunFilter()) >= expectedRuns,
                try await world.store.unfinishedSplits().isEmpty
            {
                // The end of a subscription may go out after the run's own end.
                if try await world.store.effects(EffectFilter(states: [.inFlight])).isEmpty { return }
            }
            for run in open where run.code == "InDoubt" { try await settle(run, &asked) }
            try await callBack()
            // A refused start leaves nothing to wait for.
            if open.isEmpty, expectedRuns == 1, round > 200 { return }
            if let next = world.clock.sleeping.first { world.clock.advance(to: next) }
            for _ in 0..<5 { await Task.yield() }
        }
        let open = try await world.store.runs(RunFilter(isFinished: false, limit: 1_000))
        Issue.record(
            "the runs do not end: \(environment.readiness) \(world.clock.now) \(open.map { "\($0.flowName) \($0.wait?.kind.rawValue ?? "-")" }) \(try await world.store.triggerStates())"
        )
    }

    /// Someone looks at the service and says what became of a call.
    private mutating func settle(_ run: RunSummary, _ asked: inout Set<String>) async throws {
        for effect in try await world.store.effects(of: run.name) where effect.state == .inDoubt {
            let key = UUIDText.named("\(run.name)/\(effect.path)", namespace: Array("flowrun effect k".utf8))
            guard asked.insert("\(run.name) \(effect.id)").inserted else { continue }
            settled.insert(key)
            var arguments: JSONObject = ["run": .string(run.name), "action": .string(effect.path)]
            if world.service.written[key] != nil { arguments["happened"] = ["id": "r1"] }
            let request = EnvironmentRequest(.settleRun, arguments)
            // The command waits for the run, and the run for the time, which goes on here.
            Task { [environment] in _ = await environment.reply(to: request) }
        }
    }

    /// The service calls whoever subscribed.
    private mutating func callBack() async throws {
        for url in world.service.state.withLock({ $0.subscriptions }) where !calledBack.contains(url) {
            let parts = url.split(separator: "/").map(String.init)
            let call = TriggerCall(
                workflow: "", trigger: "", headers: [("Content-Type", "application/json")],
                body: Array(#"{"done":true}"#.utf8))
            let reply = await environment.takeCallback(run: parts[parts.count - 2], id: parts[parts.count - 1], call)
            if reply.status != 503 { calledBack.insert(url) }
        }
    }
}

/// The flows of the matrix.
private enum CrashFlows {
    static func call(_ name: String, _ operation: String, item: String, after: String?, indent: Int = 2) -> String {
        """
        \(name):
          type: OpenApiConnection
          runAfter: \(after.map { "{ \($0): [Succeeded] }" } ?? "{}")
          inputs:
            host: { apiId: /providers/Microsoft.PowerApps/apis/shared_crm, connectionName: crm, operationId: \(operation) }
            parameters: { item: { Name: "\(item)" }, id: r1 }
            retryPolicy: { type: fixed, count: 3, interval: PT20S }
        """.split(separator: "\n").map { String(repeating: " ", count: indent) + $0 }.joined(separator: "\n")
    }

    static let button =
        "triggers: { manual: { type: Request, kind: Button, inputs: { schema: { type: object, properties: { item: { type: string, title: Item } } } } } }"

    static let main = """
        name: Main
        \(FlowTexts.reference)
        \(button)
        actions:
          Count: { type: InitializeVariable, inputs: { variables: [{ name: n, type: integer, value: 0 }] } }
        \(call("Find", "Get", item: "x", after: "Count"))
          One_by_one:
            type: Foreach
            foreach: "@createArray('a', 'b')"
            runAfter: { Find: [Succeeded] }
            actions:
        \(call("Create", "Create", item: "@{item()}", after: nil, indent: 6))
          Together:
            type: Foreach
            foreach: "@createArray('a', 'b', 'c', 'd')"
            runtimeConfiguration: { concurrency: { repetitions: 3 } }
            runAfter: { One_by_one: [Succeeded] }
            actions:
              Ask: { type: Workflow, inputs: { host: { workflowReferenceName: Middle }, body: { item: "@item()" } } }
        \(call("Post", "Post", item: "@{item()}", after: "Ask", indent: 6))
          Again:
            type: Until
            expression: "@equals(variables('n'), 2)"
            limit: { count: 5, timeout: PT400H }
            runAfter: { Together: [Succeeded] }
            actions:
              Rest: { type: Wait, inputs: { interval: { count: 5, unit: Second } } }
        \(call("Update", "Update", item: "x", after: "Rest", indent: 6))
              Up: { type: IncrementVariable, inputs: { name: n, value: 1 }, runAfter: { Update: [Succeeded] } }
          Signal:
            type: HttpWebhook
            runAfter: { Again: [Succeeded] }
            inputs:
              subscribe: { method: POST, uri: "https://api.test/subscribe", body: "@listCallbackUrl()", retryPolicy: { type: none } }
              unsubscribe: { method: POST, uri: "https://api.test/unsubscribe" }
          Respond: { type: Response, kind: PowerApp, runAfter: { Signal: [Succeeded] }, inputs: { statusCode: 200, body: { a: 1 } } }
        \(call("Last", "Post", item: "last", after: "Respond"))
        """

    static let hook = """
        name: Hook
        triggers: { manual: { type: Request, kind: Button } }
        actions:
          Signal:
            type: HttpWebhook
            inputs:
              subscribe: { method: POST, uri: "https://api.test/subscribe", body: "@listCallbackUrl()", retryPolicy: { type: none } }
              unsubscribe: { method: POST, uri: "https://api.test/unsubscribe" }
        """

    static let long = """
        name: Long
        triggers: { manual: { type: Request, kind: Button } }
        actions:
          N: { type: InitializeVariable, inputs: { variables: [{ name: n, type: integer, value: 0 }] } }
          Each:
            type: Foreach
            foreach: "@range(0, 2500)"
            runAfter: { N: [Succeeded] }
            actions:
              Up: { type: IncrementVariable, inputs: { name: n, value: 1 } }
          Is_whole:
            type: If
            expression: { equals: ["@variables('n')", 2500] }
            runAfter: { Each: [Succeeded] }
            actions: {}
            else: { actions: { Stop: { type: Terminate, inputs: { runStatus: Failed } } } }
        """

    static let middle = """
        name: Middle
        \(FlowTexts.reference)
        \(button)
        actions:
          Deeper: { type: Workflow, inputs: { host: { workflowReferenceName: Leaf }, body: { item: "@triggerBody()['item']" } } }
        \(call("Note", "Post", item: "note @{triggerBody()['item']}", after: "Deeper"))
          Respond: { type: Response, kind: PowerApp, runAfter: { Note: [Succeeded] }, inputs: { statusCode: 200, body: { a: "@body('Deeper')['made']" } } }
          Linger: { type: Wait, inputs: { interval: { count: 2, unit: Second } }, runAfter: { Respond: [Succeeded] } }
        \(call("Touch", "Update", item: "@{triggerBody()['item']}", after: "Linger"))
        """

    static let leaf = """
        name: Leaf
        \(FlowTexts.reference)
        \(button)
        actions:
        \(call("Make", "Create", item: "made @{triggerBody()['item']}", after: nil))
          Respond: { type: Response, kind: PowerApp, runAfter: { Make: [Succeeded] }, inputs: { statusCode: 200, body: { made: "@triggerBody()['item']" } } }
        """
}
