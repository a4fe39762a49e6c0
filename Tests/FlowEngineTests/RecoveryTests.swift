import Testing

@testable import FlowCore
@testable import FlowDefinitions
@testable import FlowEngine

/// Recovery: folding events and going on is the same as never having stopped.
@Suite struct RecoveryTests {
    struct World: Sendable, CustomStringConvertible {
        let description: String
        let set: FlowSet
        let body: JSON
        let mocks: JSON
        /// Whether recovery goes by the replay rule of each call; otherwise it finds what came of it.
        let hasRules: Bool

        init(
            description: String, flows: [(String, String)], body: JSON, mocks: JSON, hasRules: Bool = false
        ) {
            self.description = description
            set = FlowSet(flows.flatMap { FlowDecoder.decode($1, file: $0 + ".flow.yaml").flows })
            self.body = body
            self.mocks = mocks
            self.hasRules = hasRules
        }
    }

    static let worlds = [
        World(
            description: "a loop with calls", flows: [("main", SimulatedFlows.loop)],
            body: ["items": ["a", "b", "c", "d"]],
            mocks: [
                "Get": [
                    ["statusCode": 200, "body": ["n": 1], "delay": "PT3S"], ["statusCode": 500],
                    ["statusCode": 200, "body": ["n": 2]], ["statusCode": 200, "body": ["n": 5], "delay": "PT1S"],
                    ["statusCode": 200, "body": ["n": 7]],
                ]
            ]),
        World(
            description: "a child flow, waits and an Until",
            flows: [("main", SimulatedFlows.parent), ("child", SimulatedFlows.child)], body: [:],
            mocks: ["Get": [["statusCode": 500], ["statusCode": 200, "body": ["v": 39]]]]),
        World(
            description: "repeats, polls, a webhook and a time limit", flows: [("main", SimulatedFlows.calls)],
            body: [:],
            mocks: [
                "Try": [["statusCode": 503], ["networkError": "connectionFailed"], ["statusCode": 200]],
                "Job": [
                    ["statusCode": 202, "headers": ["Location": "/jobs/1", "Retry-After": "4"]],
                    ["statusCode": 200, "body": ["title": "Deal"]],
                ],
                "Ask": ["statusCode": 200, "body": ["outcome": "Approve"], "delay": "PT26H"],
                "Slow": ["statusCode": 200, "delay": "PT1M"],
            ]),
        World(
            description: "everything at once",
            flows: [
                ("main", SimulatedFlows.everything), ("child", SimulatedFlows.everythingChild),
                ("grandchild", SimulatedFlows.everythingGrandchild),
            ], body: ["items": ["a", "b", "c"]],
            mocks: [
                "Find": [["statusCode": 503], ["statusCode": 200, "delay": "PT2S"]],
                "Create": [
                    ["statusCode": 201, "delay": "PT1S"], ["statusCode": 500],
                    ["statusCode": 429, "headers": ["Retry-After": "3"]], ["statusCode": 201, "delay": "PT1S"],
                ],
                "Post_it": ["statusCode": 200, "delay": "PT3S"],
                "Update": [["statusCode": 200], ["networkError": "connectionFailed"], ["statusCode": 200]],
                "Approve": ["statusCode": 200, "body": ["outcome": "Approve"], "delay": "PT26H"],
                "Signal": ["statusCode": 200, "body": ["done": true], "delay": "PT5M"],
                "Last": [["statusCode": 502], ["statusCode": 200]],
                "Note": ["statusCode": 200, "delay": "PT1S"], "Touch": ["statusCode": 204],
                "Make": ["statusCode": 201, "delay": "PT1S"],
            ], hasRules: true),
    ]

    /// What recovery does with a call of the worlds: operations are named for their rules.
    static func rule(of intent: EffectIntent) -> ReplayRule {
        switch intent.kind {
        case .operation(let request):
            switch request.operationID {
            case "Read": .read
            case "Same": .idempotent
            case "Look": .lookup
            default: .inDoubt
            }
        case .http(let call): call.isReading ? .read : intent.kind.endsSubscription ? .idempotent : .inDoubt
        case .connection, .child: .lookup
        }
    }

    /// What is seen of a world: records without their order, calls, runs, variables, and the time.
    private static func summary(_ simulator: RunSimulator) -> [String] {
        var lines: [String] = []
        for run in simulator.runs {
            lines.append(
                "\(run.flow) \(run.machine.outcome?.status ?? "running") \(JSON.object(run.machine.variables).text)")
            lines.append("ended \(run.machine.outcome?.endTime.description ?? "-")")
            lines.append("response \(run.response?.statusCode ?? 0) \(run.response?.body?.text ?? "-")")
            for action in run.record.actions {
                for record in [action.record].compactMap({ $0 }) + action.repetitions {
                    // A call that was in doubt and had not happened stands there beside the one that took its place.
                    let attempts = record.attempts.filter { $0.code != "DidNotHappen" }
                    lines.append(
                        "\(action.name) \(record.indexes) \(record.status) \(record.code) \(record.inputs?.text ?? "-") "
                            + "\(record.outputs?.text ?? "-") \(attempts.count) \(record.error?.message ?? "-")")
                }
            }
        }
        lines += simulator.calls.map { "call \($0.action) \(JSON.object($0.parts).text)" }
        // The id of a callback is drawn anew where the crash came before its event.
        return lines.map { line in
            guard let id = line.firstRange(of: "callback.flowrun.invalid/run-1.") else { return line }
            return String(line[..<id.upperBound]) + line[id.upperBound...].drop { $0.isHexDigit }
        }
    }

    static func simulate(
        _ world: World, crash: Int?, beforeCommands: Bool = false, budget: StepBudget = .slice
    ) throws -> RunSimulator {
        let simulator = try RunSimulator(
            flows: world.set, mocks: try SimulatedFlows.mocks(world.mocks), clock: RunCase.usualClock)
        simulator.crashesAfterEvents = crash
        simulator.crashesBeforeCommands = beforeCommands
        if world.hasRules { simulator.replayRule = { Self.rule(of: $0) } }
        simulator.budget = budget
        _ = try simulator.fire(
            "main", outputs: ["headers": [:], "body": world.body], callerWaits: true)
        return simulator
    }

    @Test(arguments: worlds, [false, true]) func `A crash after any event of any run changes nothing that is seen`(
        _ world: World, beforeCommands: Bool
    ) throws {
        let calm = try Self.simulate(world, crash: nil)
        #expect(calm.runs[0].machine.outcome?.status == "Succeeded", "\(calm.runs[0].record.actions)")
        let expected = Self.summary(calm).sorted()
        var met: [ReplayRule: Set<Bool>] = [:]
        for event in 1...calm.eventCount {
            let crashed = try Self.simulate(world, crash: event, beforeCommands: beforeCommands)
            let actual = Self.summary(crashed).sorted()
            let differences = actual.difference(from: expected).map { "\($0)" }
            #expect(differences == [], "after event \(event)")
            // What was finished is never sent again; what was out is sent again only where its rule says so.
            for (effect, count) in crashed.sendCounts where count > 1 {
                #expect(count == 2 && crashed.inFlightAtCrash.contains(effect), "\(effect) after event \(event)")
            }
            for rule in Self.rules(ofEffectsInFlightIn: crashed) { met[rule.0, default: []].insert(rule.sentTwice) }
        }
        guard world.hasRules, !beforeCommands else { return }
        #expect(met[.read]?.contains(true) == true && met[.idempotent]?.contains(true) == true)
        #expect(met[.lookup] == [false] && met[.inDoubt] == [false])
        #expect(Set(calm.runs.map(\.flow)) == ["main", "child", "grandchild"] && calm.runs.count == 7)
    }

    /// The rules of the effects that were out when the crash came, and whether they were sent a second time.
    private static func rules(
        ofEffectsInFlightIn simulator: RunSimulator
    ) -> [(ReplayRule, sentTwice: Bool)] {
        var rules: [(ReplayRule, Bool)] = []
        for run in simulator.runs {
            for case .effectIntended(let intent) in run.events {
                let key = "\(run.machine.identity.run) \(intent.id)"
                guard simulator.inFlightAtCrash.contains(key), let count = simulator.sendCounts[key] else { continue }
                rules.append((rule(of: intent), count == 2))
            }
        }
        return rules
    }

    @Test(arguments: worlds) func `Slices of one action give the same run as one step`(_ world: World) throws {
        let whole = try Self.simulate(world, crash: nil, budget: .unlimited)
        let sliced = try Self.simulate(world, crash: nil, budget: StepBudget(actions: 1))
        #expect(Self.summary(sliced).sorted() == Self.summary(whole).sorted())
    }

    @Test(arguments: worlds) func `Every event survives the journal`(_ world: World) throws {
        for run in try Self.simulate(world, crash: nil).runs {
            for event in run.events {
                let text = event.journalForm.json.text
                let read = try RunEvent(journal: JSON(parsing: text))
                #expect(read.journalForm == event.journalForm)
            }
        }
    }

    @Test func `Recovery gives out effects in flight as recovered, and open timers`() throws {
        let (_, step) = try SimulatedFlows.begin(SimulatedFlows.calls)
        let plan = try SimulatedFlows.plan(SimulatedFlows.calls)
        let identity = RunIdentity(run: "run", flowName: "main")
        var machine = try RunStateMachine(plan: plan, identity: identity, folding: step.events)
        #expect(machine.identity.callbackBase == "https://callback.test")
        let resumed = machine.resume(at: RunCase.usualClock, entropy: 9)
        guard case .carryOut(let intent, recovered: true)? = resumed.commands.first else {
            Issue.record("\(resumed.commands)")
            return
        }
        #expect(intent.action.name == "Try" && intent.attempt == 1 && intent.needsCommitFirst)
        #expect(resumed.wait?.kind == .effect)
        // The answer leads to a wait; folded again, the timer is open.
        let answered = machine.step(
            .effectFinished(intent.id, .answered(OperationAnswer(statusCode: 503))), at: RunCase.usualClock, entropy: 1)
        var again = try RunStateMachine(plan: plan, identity: identity, folding: step.events + answered.events)
        let open = again.resume(at: RunCase.usualClock, entropy: 1)
        #expect(open.commands == [.setTimer(TimerID(1), at: RunCase.usualClock + .seconds(20))])
        #expect(open.wait?.kind == .timer && open.wait?.isPassive == true)
    }

    @Test func `A call in doubt waits until someone says what became of it`() throws {
        for happened in [true, false] {
            var (machine, step) = try SimulatedFlows.begin(SimulatedFlows.calls)
            guard case .carryOut(let intent, _)? = step.commands.last else {
                Issue.record("no call")
                return
            }
            step = machine.step(
                .effectFinished(intent.id, .inDoubt(reason: "killed")), at: RunCase.usualClock, entropy: 1)
            #expect(step.wait?.kind == .settlement && step.commands.isEmpty)
            let record = RunRecord(
                folding: try SimulatedFlows.begin(SimulatedFlows.calls).1.events + step.events, of: machine.plan.outline
            )
            #expect(record.status == "Waiting" && record.code == "InDoubt")
            let outcome: EffectOutcome = happened ? .answered(OperationAnswer(statusCode: 200)) : .didNotHappen
            step = machine.step(
                .message(InboxMessage(id: "m", .settlement(intent.id, outcome))), at: RunCase.usualClock, entropy: 1)
            guard case .carryOut(let next, recovered: false)? = step.commands.last else {
                Issue.record("nothing follows")
                return
            }
            #expect(next.action.name == (happened ? "Job" : "Try"))
            #expect(next.attempt == 1)
            #expect(happened || next.idempotencyKey == intent.idempotencyKey)
        }
    }

    @Test func `A late result of a call that is no longer awaited is journaled and changes nothing`() throws {
        var (machine, step) = try SimulatedFlows.begin(SimulatedFlows.calls)
        guard case .carryOut(let intent, _)? = step.commands.last else {
            Issue.record("no call")
            return
        }
        step = machine.step(.cancel(by: "ada@adatum.example"), at: RunCase.usualClock, entropy: 1)
        #expect(step.outcome?.status == "Cancelled")
        #expect(step.commands.contains(.abandon(intent.id)))
        let late = machine.step(
            .effectFinished(intent.id, .answered(OperationAnswer(statusCode: 200))), at: RunCase.usualClock, entropy: 1)
        #expect(late.events.count == 1 && late.outcome?.status == "Cancelled")
        #expect(machine.step(.timerDue(TimerID(9)), at: RunCase.usualClock, entropy: 1).events.isEmpty)
    }

    @Test func `A call that was given up is not repeated by recovery`() throws {
        let flow =
            SimulatedFlows.trigger + """
                actions:
                  Slow:
                    type: Http
                    inputs: { method: POST, uri: 'https://a.test', retryPolicy: { type: none } }
                    limit: { timeout: PT30S }
                  After: { type: Wait, inputs: { interval: { count: 1, unit: Hour } }, runAfter: { Slow: [TimedOut] } }
                """
        var (machine, first) = try SimulatedFlows.begin(flow)
        let late = machine.step(.timerDue(TimerID(1)), at: RunCase.usualClock + .seconds(30), entropy: 1)
        #expect(late.commands.contains(.abandon(EffectID(1))) && late.wait?.kind == .timer)
        var again = try RunStateMachine(
            plan: machine.plan, identity: machine.identity, folding: first.events + late.events)
        let resumed = again.resume(at: RunCase.usualClock + .seconds(40), entropy: 1)
        #expect(resumed.commands == [.setTimer(TimerID(2), at: RunCase.usualClock + .seconds(3_630))])
        first = again.step(
            .effectFinished(EffectID(1), .answered(OperationAnswer(statusCode: 200))),
            at: RunCase.usualClock + .seconds(50), entropy: 1)
        #expect(first.events.count == 1)
    }

    @Test func `A copy of a machine goes its own way`() throws {
        var (machine, step) = try SimulatedFlows.begin(SimulatedFlows.calls)
        guard case .carryOut(let intent, _)? = step.commands.last else {
            Issue.record("no call")
            return
        }
        var copy = machine
        _ = copy.step(.cancel(by: nil), at: RunCase.usualClock, entropy: 1)
        step = machine.step(
            .effectFinished(intent.id, .answered(OperationAnswer(statusCode: 200))), at: RunCase.usualClock, entropy: 1)
        #expect(copy.outcome?.status == "Cancelled" && machine.outcome == nil && step.commands.count == 1)
    }

    @Test func `The name of a child run depends on parent, place and attempt alone`() throws {
        let identity = RunIdentity(run: "parent", flowName: "main")
        let path = ActionPath(text: "actions/Each[3]/actions/Call")
        #expect(identity.childRun(action: path, attempt: 1) == identity.childRun(action: path, attempt: 1))
        #expect(identity.childRun(action: path, attempt: 1) != identity.childRun(action: path, attempt: 2))
        #expect(identity.childRun(action: path, attempt: 1).utf8.count == 33)
    }
}
