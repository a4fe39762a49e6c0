import FlowCore
import FlowDefinitions
import FlowStorage
import FlowTesting
import Synchronization
import Testing

@testable import FlowRuntime

@Suite struct RunTests {
    @Test func `a run with calls ends with its outputs and leaves its ledger`() async throws {
        let world = try TestWorld([("writer.flow.yaml", FlowTexts.writing)])
        let environment = try await world.environment()
        try await world.setUp(environment)
        let run = try await environment.perform(
            EnvironmentRequest(.startRun, ["flow": "Writer", "input": ["Word": "hello"]]))
        #expect(run["status"] == "Succeeded", "\(run)")
        #expect(run["outputs"]?["answer"]?["value"] == "hello!")
        #expect(world.service.written.values.sorted() == [1, 1])
        let actions = run["actions"]?.arrayValue ?? []
        #expect(actions.map { $0["name"]?.stringValue } == ["Create", "Read", "Update", "Answer"])
        let effects = try await world.store.effects(of: run["name"]?.stringValue ?? "")
        #expect(effects.map(\.operation) == ["crm/Create", "crm/Update"])
        #expect(effects.allSatisfy { $0.state == .finished && $0.connection == "crm-ana" })
        await environment.shutdown()
    }

    @Test func `missing inputs are listed, wrong ones are refused`() async throws {
        let world = try TestWorld([("writer.flow.yaml", FlowTexts.writing)])
        let environment = try await world.environment()
        try await world.setUp(environment)
        await #expect(throws: FlowError.self) {
            _ = try await environment.perform(EnvironmentRequest(.startRun, ["flow": "Writer"]))
        }
        let reply = await environment.reply(to: EnvironmentRequest(.startRun, ["flow": "Writer"]))
        guard case .error(let error) = reply else { return }
        #expect(error.code == .missingInput)
        #expect(error.details.map(\.message) == ["Word"])
        await environment.shutdown()
    }

    @Test(arguments: [FaultyStore.Fault.diedBefore, .diedAfter])
    func `a crash at any commit loses nothing and does nothing twice`(_ fault: FaultyStore.Fault) async throws {
        var number = 1
        while true {
            let world = try TestWorld([
                ("child.flow.yaml", FlowTexts.child), ("parent.flow.yaml", FlowTexts.parent),
                ("writer.flow.yaml", FlowTexts.writing),
            ])
            let first = try await world.environment()
            try await world.setUp(first)
            let before = world.store.commitCount
            world.store.fail(commit: before + number, fault)
            let isOver = Mutex(false)
            let runs = Task {
                let names = await Self.runBoth(first)
                isOver.withLock { $0 = true }
                return names
            }
            while !world.store.isDead, !isOver.withLock({ $0 }) { await Task.yield() }
            let wasHit = world.store.isDead
            await first.shutdown()
            let names = await runs.value;
            world.restart()
            guard wasHit else {
                #expect(number > 5)
                break
            }
            let second = try await world.environment()
            for name in names { try await Self.expectEnd(of: name, second) }
            for run in try await world.store.runs(RunFilter()) { try await Self.expectEnd(of: run.name, second) }
            // A created record is looked up, so none is there twice.
            let created = world.service.state.withLock { state in
                state.calls.filter { $0.operationID == "Create" }.map(\.idempotencyKey)
            }
            #expect(Set(created).count == created.count, "commit \(number), \(fault)")
            await second.shutdown()
            number += 1
        }
    }

    private static func runBoth(_ environment: FlowEnvironment) async -> [String] {
        var names: [String] = []
        for (flow, input) in [("Parent", [:] as JSON), ("Writer", ["text": "x"])] {
            let request = EnvironmentRequest(.startRun, ["flow": .string(flow), "input": input])
            if case .result(let run) = await environment.reply(to: request), let name = run["name"]?.stringValue {
                names.append(name)
            }
        }
        return names
    }

    private static func expectEnd(of name: String, _ environment: FlowEnvironment) async throws {
        let run = try await environment.perform(EnvironmentRequest(.watchRun, ["run": .string(name)]))
        #expect(run["status"] == "Succeeded", "\(run)")
    }

    @Test func `what ended thirty days ago is deleted, what waits stays`() async throws {
        let world = try TestWorld([
            ("writer.flow.yaml", FlowTexts.writing),
            (
                "wait.flow.yaml",
                """
                name: Waiter
                triggers: { manual: { type: Request, kind: Button } }
                actions:
                  Wait: { type: Wait, inputs: { interval: { count: 29, unit: Day } } }
                """
            ),
        ])
        let environment = try await world.environment()
        try await world.setUp(environment)
        let old = try await environment.perform(
            EnvironmentRequest(.startRun, ["flow": "Writer", "input": ["text": "x"]]))
        world.clock.advance(by: .seconds(29 * 86_400))
        let waiting = try await environment.perform(EnvironmentRequest(.startRun, ["flow": "Waiter", "wait": false]))
        world.clock.advance(by: .seconds(2 * 86_400))
        let name = old["name"]?.stringValue ?? ""
        while try await world.store.run(name) != nil { await Task.yield() }
        #expect(try await world.store.journal(of: name, after: 0, sealed: .hidden).isEmpty)
        #expect(try await world.store.run(waiting["name"]?.stringValue ?? "") != nil)
        await environment.shutdown()
    }

    @Test func `a parent gets the child's response`() async throws {
        let world = try TestWorld([("child.flow.yaml", FlowTexts.child), ("parent.flow.yaml", FlowTexts.parent)])
        let environment = try await world.environment()
        try await world.setUp(environment)
        let run = try await environment.perform(EnvironmentRequest(.startRun, ["flow": "Parent"]))
        #expect(run["outputs"]?["result"]?["value"] == 42, "\(run)")
        let children = try await world.store.runs(RunFilter(parentRun: run["name"]?.stringValue))
        #expect(children.map(\.flowName) == ["Child"])
        await environment.shutdown()
    }

    @Test func `a delay is a timer, and the run leaves the memory`() async throws {
        let world = try TestWorld([
            (
                "wait.flow.yaml",
                """
                name: Waiter
                triggers: { manual: { type: Request, kind: Button } }
                actions:
                  Wait: { type: Wait, inputs: { interval: { count: 2, unit: Hour } } }
                """
            )
        ])
        let first = try await world.environment()
        try await world.setUp(first)
        let started = try await first.perform(EnvironmentRequest(.startRun, ["flow": "Waiter", "wait": false]))
        let name = started["name"]?.stringValue ?? ""
        while try await world.store.timers(of: name).count < 2 { await Task.yield() }
        while first.counts.runsInMemory > 0 { await Task.yield() }
        await first.shutdown()
        let second = try await world.environment()
        async let ended = second.perform(EnvironmentRequest(.watchRun, ["run": .string(name)]))
        world.clock.advance(by: .seconds(2 * 3_600 + 1))
        // The timers of the next minutes are read again when their window comes.
        for _ in 0..<20 {
            world.clock.advance(by: .seconds(60))
            await Task.yield()
        }
        #expect(try await ended["status"] == "Succeeded")
        await second.shutdown()
    }

    @Test func `an attempt after a lost answer asks first where the service can be asked`() async throws {
        let flow = """
            name: Writer
            \(FlowTexts.reference)
            triggers:
              manual: { type: Request, kind: Button }
            actions:
            \(FlowTexts.call("Create", "Create"))
            \(FlowTexts.call("Update", "Update", after: "Create"))
            \(FlowTexts.call("Post", "Post", after: "Update"))
            """
        let world = try TestWorld([("writer.flow.yaml", flow)])
        let environment = try await world.environment()
        try await world.setUp(environment)
        world.service.state.withLock { $0.lostAnswers = ["Create a": 1, "Update a": 1, "Post a": 1] }
        let started = try await environment.perform(
            EnvironmentRequest(.startRun, ["flow": "Writer", "wait": false]))
        let name = started["name"]?.stringValue ?? ""
        while try await world.store.run(name)?.status != "Succeeded" {
            if environment.host.isIdle, let next = world.clock.sleeping.first { world.clock.advance(to: next) }
            await Task.yield()
        }
        // Found by asking; repeated without harm; repeated as the platform does, since nobody can be asked.
        let counts = world.service.state.withLock { state in
            Dictionary(uniqueKeysWithValues: state.written.map { (state.items[$0.key] ?? "", $0.value) })
        }
        #expect(counts == ["Create a": 1, "Update a": 2, "Post a": 2])
        let page = try await environment.perform(EnvironmentRequest(.showRun, ["run": .string(name)]))
        let attempts = page["actions"]?.arrayValue?.map { $0["attempts"]?.arrayValue?.count ?? 0 }
        #expect(attempts == [2, 2, 2], "\(page)")
        await environment.shutdown()
    }

    @Test func `a call in doubt waits until someone settles it`() async throws {
        let text = FlowTexts.writing.replacing("operationId: Create", with: "operationId: Post")
        let world = try TestWorld([("writer.flow.yaml", text)])
        let first = try await world.environment()
        try await world.setUp(first)
        // The start and the intent are one commit; the second one brings the result, and is lost.
        world.store.fail(commit: world.store.commitCount + 2, .diedBefore)
        _ = await first.reply(to: EnvironmentRequest(.startRun, ["flow": "Writer", "input": ["text": "x"]]))
        await first.shutdown()
        world.restart()
        let second = try await world.environment()
        let name = try await world.store.runs(RunFilter()).first?.name ?? ""
        let parked = try await second.perform(EnvironmentRequest(.watchRun, ["run": .string(name)]))
        #expect(parked["status"] == "Waiting", "\(parked)")
        #expect(parked["code"] == "InDoubt")
        let found = try await second.perform(EnvironmentRequest(.listRuns, ["status": "InDoubt"]))
        #expect(found.arrayValue?.count == 1)
        let settled = try await second.perform(
            EnvironmentRequest(
                .settleRun, ["run": .string(name), "action": "actions/Create", "happened": ["id": "r9"]]))
        #expect(settled["status"] == "Succeeded", "\(settled)")
        await second.shutdown()
    }

    @Test func `a run waits for a sign-in and goes on after it`() async throws {
        let world = try TestWorld([("writer.flow.yaml", FlowTexts.writing)])
        let environment = try await world.environment()
        try await world.setUp(environment)
        world.service.state.withLock { $0.signInRefused = true }
        let parked = try await environment.perform(
            EnvironmentRequest(.startRun, ["flow": "Writer", "input": ["text": "x"]]))
        #expect(parked["status"] == "Waiting", "\(parked)")
        #expect(parked["waitsFor"]?["kind"] == "signIn")
        world.service.state.withLock { $0.signInRefused = false }
        _ = try await environment.perform(EnvironmentRequest(.login, ["account": "ana@adatum.example"]))
        let run = try await environment.perform(
            EnvironmentRequest(.watchRun, ["run": parked["name"] ?? .null]))
        #expect(run["status"] == "Succeeded", "\(run)")
        await environment.shutdown()
    }

    @Test func `a cancelled run ends Cancelled`() async throws {
        let world = try TestWorld([
            (
                "wait.flow.yaml",
                """
                name: Waiter
                triggers: { manual: { type: Request, kind: Button } }
                actions:
                  Wait: { type: Wait, inputs: { interval: { count: 2, unit: Hour } } }
                """
            )
        ])
        let environment = try await world.environment()
        try await world.setUp(environment)
        let started = try await environment.perform(EnvironmentRequest(.startRun, ["flow": "Waiter", "wait": false]))
        let cancelled = try await environment.perform(
            EnvironmentRequest(.cancelRun, ["run": started["name"] ?? .null]))
        #expect(cancelled["status"] == "Cancelled", "\(cancelled)")
        let again = await environment.reply(to: EnvironmentRequest(.cancelRun, ["run": started["name"] ?? .null]))
        guard case .error(let error) = again else { return #expect(Bool(false)) }
        #expect(error.code == .workflowRunCanNotBeCancelled)
        await environment.shutdown()
    }
}
