import Testing

@testable import FlowCore
@testable import FlowDefinitions
@testable import FlowEngine

/// Repair: a new run keeps what stands of one that ended, does the rest anew, and repeats no effect that is done.
@Suite struct RepairTests {
    /// Runs a machine to its end; calls are answered by action name, timers are due at once.
    struct World {
        /// What calls answer: a name, or a name with its repetitions as in `Send[1]`; nothing is a 200 with the call's number.
        var answers: [String: EffectOutcome] = [:]
        /// The step, counted in stimuli, before which someone cancels the run.
        var cancelsAfter: Int?
        var calls: [String] = []
        var intents: [EffectIntent] = []
        var recovered: [String] = []
        var most = 0
        var events: [RunEvent] = []
        private var now = RunCase.usualClock
        /// When runs are repaired: long after their end.
        static let later = RunCase.usualClock + .seconds(864_000)

        init(_ answers: [String: EffectOutcome] = [:], cancelsAfter: Int? = nil) {
            self.answers = answers
            self.cancelsAfter = cancelsAfter
        }

        static func name(_ action: ActionInstance) -> String {
            action.name + action.indexes.map { "[\($0)]" }.joined()
        }

        mutating func run(_ machine: inout RunStateMachine, _ first: RunStep) {
            var pending: [RunStimulus] = []
            var out: Set<EffectID> = []
            var step = first
            var count = 0
            while true {
                events += step.events
                for command in step.commands {
                    switch command {
                    case .carryOut(let intent, let isRecovered):
                        let name = Self.name(intent.action)
                        calls.append(name)
                        intents.append(intent)
                        if isRecovered { recovered.append(name) }
                        out.insert(intent.id)
                        most = max(most, out.count)
                        let usual = EffectOutcome.answered(
                            OperationAnswer(statusCode: 200, body: ["n": .integer(Int64(calls.count))]))
                        let answer = answers[name] ?? answers[intent.action.name] ?? usual
                        pending.append(.effectFinished(intent.id, answer))
                    case .setTimer(let id, _): pending.append(.timerDue(id))
                    case .abandon, .cancelTimer, .reply, .complete: break
                    }
                }
                count += 1
                if count == cancelsAfter {
                    step = machine.step(.cancel(by: nil), at: now, entropy: UInt64(count), budget: .unlimited)
                    continue
                }
                guard machine.outcome == nil, !pending.isEmpty else { return }
                let next = pending.removeFirst()
                if case .effectFinished(let id, _) = next { out.remove(id) }
                now = now + .seconds(1)
                step = machine.step(next, at: now, entropy: UInt64(count), budget: .unlimited)
            }
        }

        /// Begins a flow and runs it to its end.
        static func source(
            _ text: String, _ answers: [String: EffectOutcome] = [:], body: JSON = [:], cancelsAfter: Int? = nil
        ) throws -> (World, RunStateMachine) {
            var world = World(answers, cancelsAfter: cancelsAfter)
            var (machine, step) = try SimulatedFlows.begin(text, body: body, waits: true)
            world.run(&machine, step)
            return (world, machine)
        }

        /// Repairs what another world did and runs it to its end, crashing after some event where one is given.
        static func repair(
            _ source: World, _ text: String, _ request: RunRepair.Request = RunRepair.Request(),
            newest: String? = nil, _ answers: [String: EffectOutcome] = [:], crash: Int? = nil
        ) throws -> (World, RunStateMachine, RunRepair) {
            let plan = try SimulatedFlows.plan(text)
            let repair = try RunRepair(of: source.events, plan: plan, request) { $0.kind.isReading }
            let identity = RunIdentity(run: "again", flowName: "main", sourceRun: "run")
            let prefix = repair.events(identity: identity, hidesParameters: false, at: later)
            let used = try newest.map { try SimulatedFlows.plan($0) } ?? plan
            var world = World(answers)
            world.now = later
            // Every event goes through the journal.
            world.events = try prefix.map { try RunEvent(journal: JSON(parsing: $0.journalForm.json.text)) }
            var machine = try RunStateMachine(plan: used, identity: identity, folding: world.events)
            let step = machine.resume(at: later, entropy: 1, budget: .unlimited)
            world.run(&machine, step)
            guard let crash, crash < world.events.count else { return (world, machine, repair) }
            var second = World(answers)
            second.events = Array(world.events[..<crash])
            machine = try RunStateMachine(plan: used, identity: identity, folding: second.events)
            second.now = later
            second.run(&machine, machine.resume(at: later, entropy: 1, budget: .unlimited))
            return (second, machine, repair)
        }

        func record(_ machine: RunStateMachine) -> RunRecord { RunRecord(folding: events, of: machine.plan.outline) }
    }

    static let refused = EffectOutcome.answered(OperationAnswer(statusCode: 400, body: ["no": 1]))
    static let gone = EffectOutcome.failed(EffectFailure(code: "GatewayTimeout", message: "late", isTransient: true))

    static func post(_ name: String, _ after: String? = nil, on statuses: String = "[Succeeded]", body: String = "1")
        -> String
    {
        let runAfter = after.map { ", runAfter: { \($0): \(statuses) }" } ?? ""
        return
            "\(name): { type: Http, inputs: { method: POST, uri: \"https://api.test/\(name)\", body: \(body), retryPolicy: { type: none } }\(runAfter) }"
    }

    static let chain =
        SimulatedFlows.trigger + """
            actions:
              Made: { type: Compose, inputs: "@guid()" }
              \(post("First", "Made", body: "\"@outputs('Made')\""))
              \(post("Second", "First"))
              \(post("Third", "Second", body: "\"@outputs('Made')\""))
              Sum: { type: Compose, inputs: "@outputs('Made')", runAfter: { Third: [Succeeded] } }

            """

    @Test func `what was done before the failed action stands, and only the rest is done`() throws {
        let (old, machine) = try World.source(Self.chain, ["Second": Self.refused])
        #expect(machine.outcome?.status == "Failed")
        let (new, repaired, repair) = try World.repair(old, Self.chain)
        #expect(repaired.outcome?.status == "Succeeded")
        #expect(new.calls == ["Second", "Third"])
        #expect(repair.points.map(\.text) == ["actions/Second"])
        #expect(repair.kept.map(\.text) == ["actions/Made", "actions/First"])
        #expect(repair.failure?.path.text == "actions/Second")
        // The record shows what happened then as it happened.
        let (before, after) = (old.record(machine), new.record(repaired))
        for name in ["Made", "First"] {
            var (left, right) = (before.action(name)?.record, after.action(name)?.record)
            left?.order = 0
            right?.order = 0
            #expect(left == right && left != nil)
        }
        #expect(after.action("Sum")?.record?.outputs == before.action("Made")?.record?.outputs)
        #expect(after.identity?.sourceRun == "run" && after.outcome?.status == "Succeeded")
    }

    @Test func `a repaired run survives a crash after every event`() throws {
        let (old, _) = try World.source(Self.chain, ["Second": Self.refused])
        let (calm, machine, _) = try World.repair(old, Self.chain)
        let begun = calm.events.firstIndex {
            if case .effectIntended(let intent) = $0 { intent.action.name == "Second" } else { false }
        }
        for event in try #require(begun)...calm.events.count {
            let (crashed, again, _) = try World.repair(old, Self.chain, crash: event)
            #expect(again.outcome?.status == machine.outcome?.status, "after event \(event)")
            #expect(crashed.events.count == calm.events.count)
        }
    }

    @Test(arguments: [
        (from: "First", repeats: false, calls: ["Second", "Third"]),
        (from: "actions/First", repeats: true, calls: ["First", "Second", "Third"]),
        (from: "made", repeats: false, calls: ["Second", "Third"]),
        (from: "Third", repeats: false, calls: []),
    ]) func `a done effect is repeated only if one says so`(_ from: String, _ repeats: Bool, _ calls: [String]) throws {
        let (old, _) = try World.source(Self.chain, ["Second": Self.refused])
        let request = RunRepair.Request(from: from, repeatsDone: repeats)
        let (new, machine, repair) = try World.repair(old, Self.chain, request)
        #expect(new.calls == calls)
        let first = new.record(machine).action("First")?.record
        #expect(first?.status == .succeeded && first?.outputs?["body"]?["n"] == 1)
        if from != "Third" {
            #expect(repair.calls.filter(\.isDone).map(\.path.text) == ["actions/First"])
            #expect(first?.isKept == !repeats)
        }
        // Third is skipped again: what it runs after failed and stands.
        #expect(machine.outcome?.status == (from == "Third" ? "Failed" : "Succeeded"))
    }

    static let handled =
        SimulatedFlows.trigger + """
            actions:
              Try: { type: Scope, actions: { \(post("Risky")), \(post("Never", "Risky")) } }
              Catch: { type: Scope, runAfter: { Try: [Failed] }, actions: { \(post("Mail")) } }
              \(post("Last", "Catch", on: "[Succeeded, Skipped]"))

            """

    @Test func `a failure that a runAfter took on is not where the run is repaired`() throws {
        let (old, _) = try World.source(Self.handled, ["Risky": Self.refused, "Last": Self.refused])
        let (new, machine, repair) = try World.repair(old, Self.handled)
        #expect(repair.points.map(\.text) == ["actions/Last"])
        #expect(new.calls == ["Last"] && machine.outcome?.status == "Succeeded")
        // From the action inside, the handler is skipped, and what it had done does not count any more.
        let (again, second, _) = try World.repair(old, Self.handled, RunRepair.Request(from: "Risky"))
        #expect(again.calls == ["Risky", "Never", "Last"] && second.outcome?.status == "Succeeded")
        #expect(again.record(second).action("Mail")?.record?.status == .skipped)
    }

    static let terminated =
        SimulatedFlows.trigger + """
            actions:
              Try: { type: Scope, actions: { \(post("Risky")) } }
              Log: { type: Compose, inputs: 1, runAfter: { Try: [Failed] } }
              If_bad:
                type: If
                expression: { equals: [1, 1] }
                runAfter: { Log: [Succeeded] }
                actions: { Stop: { type: Terminate, inputs: { runStatus: Failed, runError: { code: Bad, message: no } } } }
              \(post("Good", "Try"))

            """

    @Test func `a Terminate gives way to the failure that led to it`() throws {
        let (old, source) = try World.source(Self.terminated, ["Risky": Self.refused])
        #expect(source.outcome?.code == "Bad")
        let (new, machine, repair) = try World.repair(old, Self.terminated)
        #expect(repair.points.map(\.text) == ["actions/Try/actions/Risky"])
        #expect(new.calls == ["Risky", "Good"])
        #expect(new.record(machine).action("Stop")?.record?.status == .skipped)
        #expect(machine.outcome?.status == "Succeeded")
    }

    static func each(_ concurrency: Int) -> String {
        SimulatedFlows.trigger + """
            actions:
              Names: { type: InitializeVariable, inputs: { variables: [{ name: names, type: array }] } }
              Each:
                type: Foreach
                foreach: "@triggerBody()['items']"
                runtimeConfiguration: { concurrency: { repetitions: \(concurrency) } }
                runAfter: { Names: [Succeeded] }
                actions:
                  \(post("Before", body: "\"@item()\""))
                  \(post("Send", "Before", body: "\"@item()\""))
                  Note: { type: AppendToArrayVariable, inputs: { name: names, value: "@item()" }, runAfter: { Send: [Succeeded] } }
              Sum: { type: Compose, inputs: "@join(variables('names'), ',')", runAfter: { Each: [Succeeded] } }

            """
    }

    @Test(arguments: [
        (concurrency: 1, only: false, names: "a,b,c,d,e"), (concurrency: 1, only: true, names: "a,c,e,b,d"),
        (concurrency: 3, only: false, names: "a,c,e,b,d"), (concurrency: 3, only: true, names: "a,c,e,b,d"),
    ]) func `failed repetitions go on, and no repetition's effect is repeated`(
        _ concurrency: Int, _ only: Bool, _ names: String
    ) throws {
        let text = Self.each(concurrency)
        let (old, source) = try World.source(
            text, ["Send[1]": Self.refused, "Send[3]": Self.refused], body: ["items": ["a", "b", "c", "d", "e"]])
        #expect(source.outcome?.status == "Failed" && old.calls.count == 10)
        let request = RunRepair.Request(onlyFailedRepetitions: only)
        let (new, machine, repair) = try World.repair(old, text, request)
        #expect(machine.outcome?.status == "Succeeded", "\(new.record(machine).actions)")
        #expect(new.calls.sorted() == ["Send[1]", "Send[3]"])
        #expect(new.most <= concurrency)
        #expect(repair.points.map(\.text) == ["actions/Each[1]/actions/Send", "actions/Each[3]/actions/Send"])
        #expect(machine.variables["names"] == .array(names.split(separator: ",").map { .string(String($0)) }))
        #expect(new.record(machine).action("Sum")?.record?.outputs == .string(names))
        #expect(new.record(machine).action("Each")?.record?.iterationCount == 5)
        // And a crash at any event of the repaired run changes nothing of it.
        let begun = repair.events(identity: machine.identity, hidesParameters: false, at: RunCase.usualClock).count
        for event in begun...new.events.count {
            let (crashed, again, _) = try World.repair(old, text, request, crash: event)
            #expect(again.outcome?.status == "Succeeded" && crashed.most <= concurrency, "after event \(event)")
            #expect(again.variables == machine.variables, "after event \(event)")
        }
    }

    @Test(arguments: [
        (from: "actions/Each[3]", calls: ["Send[3]"], end: "Failed"),
        (from: "actions/Each[1]/actions/Send", calls: ["Send[1]"], end: "Failed"),
        (from: "Send", calls: ["Send[1]", "Send[3]"], end: "Succeeded"),
        (from: "Each", calls: ["Send[1]", "Send[3]"], end: "Succeeded"),
    ]) func `a repetition may be named, and others stay as they are`(
        _ from: String, _ calls: [String], _ end: String
    ) throws {
        let text = Self.each(2)
        let (old, _) = try World.source(
            text, ["Send[1]": Self.refused, "Send[3]": Self.refused], body: ["items": ["a", "b", "c", "d", "e"]])
        let (new, machine, _) = try World.repair(old, text, RunRepair.Request(from: from))
        #expect(new.calls.sorted() == calls)
        #expect(machine.outcome?.status == end)
    }

    @Test func `an item that stands at another place is another call`() throws {
        // The loop is evaluated anew, and its items have changed places meanwhile.
        let text = Self.each(1).replacing("@triggerBody()['items']", with: "@body('Get')['list']")
            .replacing(
                "actions:\n  Names",
                with:
                    "actions:\n  Get: { type: Http, inputs: { method: GET, uri: \"https://api.test/list\", retryPolicy: { type: none } } }\n  Names"
            )
            .replacing("Names: [Succeeded] }", with: "Names: [Succeeded], Get: [Succeeded] }")
        func list(_ items: JSON) -> EffectOutcome {
            .answered(OperationAnswer(statusCode: 200, body: ["list": items]))
        }
        let (old, _) = try World.source(text, ["Get": list(["a", "b"]), "Send[1]": Self.refused])
        #expect(old.calls.count == 5)
        let (new, machine, _) = try World.repair(
            old, text, RunRepair.Request(from: "Get"), ["Get": list(["a", "x"])])
        #expect(new.calls == ["Get", "Before[1]", "Send[1]"])
        #expect(machine.outcome?.status == "Succeeded")
    }

    static let until =
        SimulatedFlows.trigger + """
            actions:
              N: { type: InitializeVariable, inputs: { variables: [{ name: n, type: integer, value: 0 }] } }
              Poll:
                type: Until
                expression: "@equals(variables('n'), 4)"
                limit: { count: 9, timeout: PT5S }
                runAfter: { N: [Succeeded] }
                operationOptions: FailWhenLimitsReached
                actions:
                  \(post("Ask", body: "\"@variables('n')\""))
                  Up: { type: IncrementVariable, inputs: { name: n, value: 1 }, runAfter: { Ask: [Succeeded] } }
                  Bad: { type: Compose, inputs: "@div(1, sub(variables('n'), 2))", runAfter: { Up: [Succeeded] } }
              \(post("After", "Poll"))

            """

    @Test func `an Until goes on in the round that failed, and its time begins anew`() throws {
        let text = Self.until.replacing(
            "operationOptions: FailWhenLimitsReached", with: "operationOptions: FailWhenIterationFailed")
        let (old, source) = try World.source(text, ["Ask[2]": Self.refused])
        #expect(source.outcome?.status == "Failed", "\(old.events)")
        // Round 1 divides by zero: the loop ended there.
        #expect(source.variables["n"] == 2 && old.calls == ["Ask[0]", "Ask[1]"])
        let newest = text.replacing("sub(variables('n'), 2)", with: "add(variables('n'), 2)")
        let (new, machine, _) = try World.repair(old, text, newest: newest)
        #expect(new.calls == ["Ask[2]", "Ask[3]", "After"])
        #expect(machine.variables["n"] == 4 && machine.outcome?.status == "Succeeded")
    }

    @Test func `a run that was cut off goes on, and its open call is made by its replay rule`() throws {
        for happened in [true, false] {
            var (old, source) = try World.source(Self.chain, cancelsAfter: 2)
            #expect(source.outcome?.status == "Cancelled" && old.calls == ["First", "Second"])
            let open = try #require(old.intents.last)
            if happened {
                // The answer came after the end, and stands in the journal.
                let late = source.step(
                    .effectFinished(open.id, .answered(OperationAnswer(statusCode: 201))), at: RunCase.usualClock,
                    entropy: 1)
                old.events += late.events
            } else {
                old.events.removeAll {
                    if case .effectFinished(let finish) = $0 { finish.id == open.id } else { false }
                }
            }
            let (new, machine, repair) = try World.repair(old, Self.chain)
            #expect(machine.outcome?.status == "Succeeded")
            #expect(repair.points.isEmpty && repair.calls.map(\.action.name) == ["Second", "Third"])
            #expect(new.calls == (happened ? ["Third"] : ["Second", "Third"]))
            #expect(new.recovered == (happened ? [] : ["Second"]))
            guard !happened else { continue }
            let again = try #require(new.intents.first)
            #expect(again.idempotencyKey == open.idempotencyKey && again.soughtSince == open.intendedAt)
        }
    }

    @Test func `a wait that was cut off keeps its end, and a time limit begins anew`() throws {
        let text =
            SimulatedFlows.trigger + """
                actions:
                  Group:
                    type: Scope
                    limit: { timeout: PT2H }
                    actions: { Pause: { type: Wait, inputs: { interval: { count: 30, unit: Day } } } }

                """
        var (machine, step) = try SimulatedFlows.begin(text)
        var events = step.events
        step = machine.step(.cancel(by: nil), at: RunCase.usualClock + .seconds(60), entropy: 1)
        events += step.events
        #expect(step.outcome?.status == "Cancelled")
        let plan = try SimulatedFlows.plan(text)
        let repair = try RunRepair(of: events, plan: plan, RunRepair.Request()) { $0.kind.isReading }
        let identity = RunIdentity(run: "again", flowName: "main")
        let prefix = repair.events(identity: identity, hidesParameters: false, at: World.later)
        var again = try RunStateMachine(plan: plan, identity: identity, folding: prefix)
        let resumed = again.resume(at: World.later, entropy: 1)
        let due = resumed.commands.compactMap { if case .setTimer(_, let at) = $0 { at } else { nil } }
        #expect(due.sorted() == [World.later + .seconds(7_200), RunCase.usualClock + .seconds(30 * 86_400)])
        #expect(resumed.outcome == nil && resumed.wait?.kind == .timer)
    }

    @Test func `a call that may have happened keeps its key, a refused one gets a new one`() throws {
        for (outcome, keeps) in [(Self.gone, true), (Self.refused, false)] {
            let (old, _) = try World.source(Self.chain, ["Second": outcome])
            let (new, _, _) = try World.repair(old, Self.chain)
            let (before, after) = (old.intents[1], new.intents[0])
            #expect(before.action == after.action)
            #expect((before.idempotencyKey == after.idempotencyKey) == keeps)
            #expect(after.soughtSince == (keeps ? before.intendedAt : nil))
        }
    }

    static let job =
        SimulatedFlows.trigger + """
            actions:
              Job: { type: Http, inputs: { method: POST, uri: "https://api.test/jobs", retryPolicy: { type: none } } }
              \(post("Then", "Job"))

            """

    @Test func `a job that was taken is not sent again when its poll failed`() throws {
        let taken = EffectOutcome.answered(OperationAnswer(statusCode: 202, headers: ["Location": "/jobs/1"]))
        var old = World(["Job": taken])
        var (machine, step) = try SimulatedFlows.begin(Self.job)
        // The first answer is a 202; the poll that follows is refused.
        guard case .carryOut(let post, _)? = step.commands.last else { return #expect(Bool(false)) }
        old.events += step.events
        step = machine.step(.effectFinished(post.id, taken), at: RunCase.usualClock, entropy: 1)
        old.events += step.events
        step = machine.step(.timerDue(TimerID(1)), at: RunCase.usualClock, entropy: 1)
        old.answers = ["Job": Self.refused]
        old.run(&machine, step)
        #expect(machine.outcome?.status == "Failed")
        let (new, repaired, _) = try World.repair(old, Self.job)
        #expect(repaired.outcome?.status == "Succeeded")
        #expect(new.intents.map { $0.kind.isFirstCall } == [false, true])
    }

    @Test func `outputs that could not be evaluated are evaluated anew with the newest version`() throws {
        let text = Self.job + "outputs: { x: { type: Int, value: \"@div(1, 0)\" } }\n"
        let (old, source) = try World.source(text)
        #expect(source.outcome?.code == "OutputParameterEvaluationFailed")
        let newest = text.replacing("div(1, 0)", with: "div(4, 2)")
        let (new, machine, _) = try World.repair(old, text, newest: newest)
        #expect(new.calls.isEmpty && machine.outcome?.outputs?["x"]?["value"] == 2)
    }

    @Test(arguments: [
        (change: ("Second", "Zweite"), difference: nil as String?),
        (change: ("First", "Erste"), difference: "it has no action 'First'"),
        (
            change: ("Compose, inputs: \"@guid()\"", "Join, inputs: { from: [1], joinWith: x }"),
            difference: "'Made' is of type"
        ),
        (
            change: ("  Second: {", "  New: { type: Compose, inputs: 1 }\n  Second: {"),
            difference: nil
        ),
        (
            change: (
                "runAfter: { Made: [Succeeded] }",
                "runAfter: { Made: [Succeeded], Ahead: [Succeeded] } }\n  Ahead: { type: Compose, inputs: 1"
            ),
            difference: "'First' runs after 'Ahead'"
        ),
    ]) func `a newest version must fit what stands`(_ change: (String, String), _ difference: String?) throws {
        let (old, _) = try World.source(Self.chain, ["Second": Self.refused])
        let plan = try SimulatedFlows.plan(Self.chain)
        let newest = Self.chain.replacing(change.0, with: change.1)
        let repair = try RunRepair(of: old.events, plan: plan, RunRepair.Request()) { $0.kind.isReading }
        let found = repair.difference(to: try SimulatedFlows.plan(newest), from: plan)
        if let difference {
            #expect(found?.contains(difference) == true, "\(found ?? "no difference")")
        } else {
            #expect(found == nil)
            let (_, machine, _) = try World.repair(old, Self.chain, newest: newest)
            #expect(machine.outcome?.status == "Succeeded")
        }
    }

    @Test func `an action that is new in a group that has ended is a difference`() throws {
        let (old, _) = try World.source(Self.handled, ["Risky": Self.refused, "Last": Self.refused])
        let plan = try SimulatedFlows.plan(Self.handled)
        let newest = Self.handled.replacing(
            "actions: { Mail", with: "actions: { Extra: { type: Compose, inputs: 1 }, Mail")
        let repair = try RunRepair(of: old.events, plan: plan, RunRepair.Request()) { $0.kind.isReading }
        let difference = repair.difference(to: try SimulatedFlows.plan(newest), from: plan)
        #expect(difference == "'Extra' stands in 'Catch', which has ended without it")
    }

    @Test func `the repair of a repair knows what both have done`() throws {
        let (first, _) = try World.source(Self.chain, ["Second": Self.refused])
        // From the first action on: First is done, Second now, Third fails.
        let (second, machine, _) = try World.repair(
            first, Self.chain, RunRepair.Request(from: "Made"), ["Third": Self.refused])
        #expect(second.calls == ["Second", "Third"] && machine.outcome?.status == "Failed")
        let (third, last, _) = try World.repair(second, Self.chain, RunRepair.Request(from: "Made"))
        #expect(third.calls == ["Third"] && last.outcome?.status == "Succeeded")
    }

    @Test func `a child flow that failed is called again under another name`() throws {
        let text =
            SimulatedFlows.trigger + """
                actions:
                  Call: { type: Workflow, inputs: { host: { workflowReferenceName: child }, body: 1, retryPolicy: { type: none } } }

                """
        func run(_ intent: EffectIntent?) -> String? {
            if case .child(let start)? = intent?.kind { start.run } else { nil }
        }
        let (old, _) = try World.source(text, ["Call": .childEnded(ChildEnd(run: "c", status: "Failed"))])
        let (new, machine, _) = try World.repair(old, text)
        #expect(machine.outcome?.status == "Succeeded" && new.calls == ["Call"])
        #expect(run(new.intents.first) != nil && run(new.intents.first) != run(old.intents.first))
    }

    @Test(
        arguments: [
            (answers: [:], request: RunRepair.Request(), code: FlowError.Code.runNotRepairable),
            (answers: ["Second": refused], request: RunRepair.Request(from: "Secnd"), code: .workflowRunActionNotFound),
            (
                answers: ["Second": refused], request: RunRepair.Request(onlyFailedRepetitions: true),
                code: .runNotRepairable
            ),
            (answers: nil, request: RunRepair.Request(), code: .workflowRunInProgress),
        ] as [([String: EffectOutcome]?, RunRepair.Request, FlowError.Code)])
    func `what cannot be repaired is refused with the next thing to do`(
        _ answers: [String: EffectOutcome]?, _ request: RunRepair.Request, _ code: FlowError.Code
    ) throws {
        var events = try World.source(Self.chain, answers ?? [:]).0.events
        if answers == nil { events.removeLast() }
        let plan = try SimulatedFlows.plan(Self.chain)
        let error = try #require(throws: FlowError.self) {
            _ = try RunRepair(of: events, plan: plan, request) { $0.kind.isReading }
        }
        #expect(error.code == code && error.hint != nil)
        if code == .workflowRunActionNotFound { #expect(error.hint == "did you mean 'Second'?") }
    }
}
