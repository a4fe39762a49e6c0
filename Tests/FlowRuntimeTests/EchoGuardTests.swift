import FlowCore
import FlowDefinitions
import FlowRuntime
import FlowStorage
import FlowTesting
import Synchronization
import Testing

/// What tells our own writes from changes by others, and what is so without it.
@Suite struct EchoGuardTests {
    private static let guarding = """
        echoGuard:
          - { trigger: Poller, entityId: Id, fields: [Name, Amount], writtenBy: [Poller/Update] }
        """

    /// A polling flow that writes the name of each item, and nothing else, to the same record.
    private struct Watched {
        let world: TestWorld
        let environment: FlowEnvironment

        init(_ solution: String, parameters: String = "") async throws {
            let text = FlowTexts.polling.replacing("triggers:", with: parameters + "\ntriggers:")
            world = try TestWorld([("poller.flow.yaml", text)], solution: solution)
            environment = try await world.environment()
            try await world.setUp(environment)
        }

        func counts() async throws -> (runs: Int, suppressed: Int) {
            let skipped = try await world.store.triggerHistory(TriggerHistoryFilter(status: "Skipped"))
            return (
                try await world.store.runCount(RunFilter(statuses: ["Succeeded"])),
                skipped.filter { $0.code == "EchoSuppressed" }.count
            )
        }

        /// One poll, and whatever comes of it.
        func poll(_ items: [JSON]) async throws -> (runs: Int, suppressed: Int) {
            let before = try await counts()
            let polls = world.service.state.withLock { state in
                state.news = items.isEmpty ? [] : [items]
                return state.polls.count
            }
            world.clock.advance(by: .seconds(61))
            for _ in 0..<100_000 {
                let now = try await counts()
                let done = now.runs + now.suppressed - before.runs - before.suppressed
                if world.service.state.withLock({ $0.polls.count }) > polls, done == items.count {
                    return (now.runs - before.runs, now.suppressed - before.suppressed)
                }
                await Task.yield()
            }
            Issue.record("nothing came of the poll")
            return (0, 0)
        }
    }

    @Test func `an item is an echo where a run wrote since and every compared field is known`() async throws {
        let watched = try await Watched(Self.guarding)
        let steps: [(item: JSON, isEcho: Bool, why: String)] = [
            (["Id": "r1", "Name": "a", "Amount": 1], false, "nothing is known of the record"),
            (["Id": "r1", "Name": "a", "Amount": 1.0], true, "the name is what the run wrote, the amount as it was"),
            (["Id": "r1", "Name": "a", "Amount": 1], false, "nobody of us wrote since: a minor edit starts a run"),
            (["Id": "r1", "Name": "b", "Amount": 1], false, "the name is another one"),
            (["Id": "r1", "Name": "b", "Amount": 2], false, "an edit of the same moment as our write"),
            (["Id": "r1", "Name": "b", "Amount": 2, "Audit": "new line"], true, "other fields are not compared"),
            (["Id": "r1", "Name": "a", "Amount": 2], false, "an older value is a change again"),
        ]
        for step in steps {
            let result = try await watched.poll([step.item])
            #expect(result.suppressed == (step.isEcho ? 1 : 0), "\(step.why)")
            #expect(result.runs == (step.isEcho ? 0 : 1), "\(step.why)")
        }
        await watched.environment.shutdown()
    }

    @Test func `which fields are compared may depend on a variable`() async throws {
        let solution = """
            environmentVariables: { tst_value: { type: String, displayName: Value, default: Amount } }
            echoGuard:
              - { trigger: Poller, entityId: Id, fields: [Name, "@{parameters('Value (tst_value)')}"], writtenBy: [Poller/Update] }
            """
        let watched = try await Watched(
            solution,
            parameters: """
                parameters:
                  Value (tst_value): { type: String, defaultValue: Amount, metadata: { schemaName: tst_value } }
                """)
        let first: JSON = ["Id": "r1", "Name": "a", "Amount": 1, "Worth": 1]
        #expect(try await watched.poll([first]) == (1, 0))
        #expect(try await watched.poll([["Id": "r1", "Name": "a", "Amount": 1, "Worth": 2]]) == (0, 1))
        _ = try await watched.environment.perform(
            EnvironmentRequest(.setVariable, ["name": "tst_value", "value": "Worth"]))
        #expect(try await watched.poll([["Id": "r1", "Name": "a", "Amount": 1, "Worth": 2]]) == (1, 0))
        #expect(try await watched.poll([["Id": "r1", "Name": "a", "Amount": 2, "Worth": 2]]) == (0, 1))
        #expect(try await watched.poll([["Id": "r1", "Name": "a", "Amount": 2, "Worth": 3]]) == (1, 0))
        await watched.environment.shutdown()
    }

    @Test(arguments: [true, false])
    func `each write brings an item: with the guard that ends, without it goes on`(isGuarded: Bool) async throws {
        let watched = try await Watched(isGuarded ? Self.guarding : "")
        var result = try await watched.poll([["Id": "r1", "Name": "a", "Amount": 1]])
        var runs = result.runs
        // The storm would never end: it is looked at for ten rounds.
        for _ in 1...10 {
            result = try await watched.poll(result.runs == 0 ? [] : [["Id": "r1", "Name": "a", "Amount": 1]])
            runs += result.runs
        }
        #expect(runs == (isGuarded ? 1 : 11))
        await watched.environment.shutdown()
    }

    @Test func `of flows in a group one run goes at a time, whichever flow it belongs to`() async throws {
        func text(_ name: String) -> String {
            """
            name: \(name)
            triggers: { manual: { type: Request, kind: Button } }
            actions: { Wait: { type: Wait, inputs: { interval: { count: 10, unit: Second } } } }
            """
        }
        let world = try TestWorld(
            [
                ("one.flow.yaml", text("One")), ("two.flow.yaml", text("Two")), ("free.flow.yaml", text("Free")),
            ], solution: "oneAtATime: [[One, Two]]")
        var environment = try await world.environment()
        try await world.setUp(environment)
        var names: [String] = []
        for flow in ["One", "Two", "One", "Free"] {
            let started = try await environment.perform(
                EnvironmentRequest(.startRun, ["flow": .string(flow), "wait": false]))
            names.append(started["name"]?.stringValue ?? "")
        }
        func waiting() async throws -> [String] {
            var filter = RunFilter(isFinished: false)
            filter.waiting = .turn
            return try await world.store.runs(filter).map(\.name).reversed()
        }
        func until(_ condition: () async throws -> Bool) async throws {
            for _ in 0..<100_000 {
                if try await condition() { return }
                await Task.yield()
            }
            Issue.record("nothing happened")
        }
        try await until { try await waiting() == [names[1], names[2]] }
        try await until { world.clock.sleeping.count > 0 }

        // The next owner counts them again.
        await environment.shutdown()
        environment = try await world.environment()
        try await until { try await waiting() == [names[1], names[2]] }
        for left in [[names[2]], []] {
            try await until {
                world.clock.advance(by: .seconds(11))
                return try await waiting() == left
            }
        }
        try await until {
            world.clock.advance(by: .seconds(11))
            return try await world.store.runCount(RunFilter(statuses: ["Succeeded"])) == 4
        }
        await environment.shutdown()
    }

    @Test func `no turn is lost where a process ends while runs end and others wait`() async throws {
        func text(_ name: String) -> String {
            """
            name: \(name)
            triggers: { manual: { type: Request, kind: Button } }
            actions: { Note: { type: Compose, inputs: done } }
            """
        }
        let world = try TestWorld(
            [("one.flow.yaml", text("One")), ("two.flow.yaml", text("Two"))], solution: "oneAtATime: [[One, Two]]")
        var environment = try await world.environment()
        try await world.setUp(environment)
        for round in 1...12 {
            for flow in ["One", "Two", "Two", "One"] {
                _ = await environment.reply(
                    to: EnvironmentRequest(.startRun, ["flow": .string(flow), "wait": false]))
            }
            for _ in 0..<(round * 7 % 40) { await Task.yield() }
            // The process dies: what it still tries fails, and the next one finds what it left.
            world.restart()
            let dead = environment
            environment = try await world.environment()
            await dead.shutdown()
        }
        for _ in 0..<2_000_000 {
            if try await world.store.runCount(RunFilter(isFinished: false)) == 0 { break }
            await Task.yield()
        }
        let left = try await world.store.runs(RunFilter(isFinished: false))
        #expect(left.isEmpty, "\(left.map { "\($0.flowName) \($0.status) \(String(describing: $0.wait))" })")
        await environment.shutdown()
    }
}
