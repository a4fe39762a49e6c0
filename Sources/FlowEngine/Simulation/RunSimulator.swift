public import FlowCore
public import FlowDefinitions

/// Runs flows without a world: calls are answered by mocks, and time passes only where a run waits.
///
/// It is what `flowrun conform` runs flows with, over the same ``RunStateMachine`` as real runs. It can
/// also crash and recover a run at any of its events, to show that recovery changes nothing.
public final class RunSimulator {
    /// What came of firing a trigger.
    public enum Firing: Sendable {
        /// The runs that began, by their places in ``RunSimulator/runs``.
        case runs([Int])
        /// No run, because of a condition.
        case skipped
        /// No run, because of an error.
        case failed(RunFailure)
        /// No run, because the request does not fit the trigger; the caller gets this answer.
        case refused(RunReply)
    }

    /// All runs in the order in which they began, child runs among them.
    public private(set) var runs: [SimulatedRun] = []
    /// All requests in the order in which they were sent; repeats by recovery are none.
    public private(set) var calls: [SimulatedCall] = []
    /// Actions that called and had no mock.
    public private(set) var missingMocks: [String] = []
    /// The instant that it is.
    public private(set) var now: Timestamp

    /// How long a call may take.
    public var callLimit = Duration.seconds(120)
    /// How many actions a step may start.
    public var budget = StepBudget.slice
    /// The number of events, those of all runs counted, after which every run is thrown away and rebuilt from its journal,
    /// once; nil for never.
    public var crashesAfterEvents: Int?
    /// Whether the crash comes between the commit of the last event and the commands that follow from it.
    public var crashesBeforeCommands = false
    /// What recovery does with a call that is out; nil finds what came of it, whatever it is.
    public var replayRule: (@Sendable (EffectIntent) -> ReplayRule)?
    /// How often each effect reached the world, by run and number; more than once only after a crash.
    public private(set) var sendCounts: [String: Int] = [:]
    /// The effects that were in flight when the runs were thrown away, by run and number.
    public private(set) var inFlightAtCrash: Set<String> = []
    /// How many events all runs have.
    public var eventCount: Int { runs.reduce(0) { $0 + $1.events.count } }

    private let plans: [(flow: FlowDefinition, plan: FlowPlan)]
    private let set: FlowSet
    private let mocks: [String: [MockAnswer]]
    private let settings: RunSettings
    private var used: [String: Int] = [:]
    private var places: [String: Int] = [:]
    private var agenda: [Entry] = []
    private var counter: UInt64 = 0
    /// What the world did for effects that were carried out, so that a repeat by recovery finds it.
    private var done: [String: (at: Timestamp, outcome: EffectOutcome)] = [:]
    /// Goes up with a crash: what was under way before it does not go on.
    private var process = 0
    /// The messages that lie, or lay, in an inbox.
    private var sent: Set<String> = []

    private struct Entry {
        let at: Timestamp
        let number: UInt64
        let run: Int
        let stimulus: RunStimulus
        /// Messages lie in the inbox and survive a crash; results and timers do not.
        let isDurable: Bool
    }

    /// Makes a world.
    /// - Parameters:
    ///   - flows: the flows at hand.
    ///   - mocks: answers by action name, in the order of the requests; the last one repeats.
    ///   - clock: the instant at which it begins.
    ///   - settings: the rules of the engine.
    /// - Throws: `InvalidTemplate` where a flow cannot be compiled, `ActionTypeNotSupported` where one cannot run.
    public init(
        flows: FlowSet, mocks: [String: [MockAnswer]] = [:], clock: Timestamp, settings: RunSettings = RunSettings()
    ) throws(FlowError) {
        var plans: [(FlowDefinition, FlowPlan)] = []
        for flow in flows.flows {
            let plan = try FlowPlan(flow)
            try plan.requireSupported()
            plans.append((flow, plan))
        }
        self.plans = plans
        set = flows
        self.mocks = Dictionary(
            mocks.map { ($0.key.lowercased(), $0.value) }, uniquingKeysWith: { first, _ in first })
        now = clock
        self.settings = settings
    }

    // MARK: Starting

    /// Fires the trigger of a flow and runs until nothing is left to do.
    /// - Parameters:
    ///   - flow: the flow's name.
    ///   - outputs: what the trigger brings, or nil.
    ///   - callerWaits: whether someone waits for a Response.
    ///   - parameters: values of the flow's parameters.
    /// - Returns: the runs that began, or why there are none.
    /// - Throws: `NestedWorkflowNotFound` where there is no such flow, `InvalidTemplateParameter` where a parameter has no
    ///   value, `JournalUnreadable` where recovery failed.
    public func fire(
        _ flow: String, outputs: JSON?, callerWaits: Bool, parameters: JSONObject = [:]
    ) throws(FlowError) -> Firing {
        let plan = try plan(flow)
        try plan.requireParameters(parameters)
        if let failure = TriggerGate(plan).schemaFailure(of: outputs?["body"]) {
            let body: JSON = ["error": failure.json]
            return .refused(RunReply(action: ActionInstance(""), statusCode: 400, body: body))
        }
        let payload = TriggerPayload(
            name: plan.trigger?.name ?? "manual", inputs: plan.trigger?.recordedInputs, outputs: outputs,
            startTime: now,
            callerWaits: callerWaits, hidesInputs: plan.trigger?.hidesInputs ?? false,
            hidesOutputs: plan.trigger?.hidesOutputs ?? false)
        let identity = identity(plan, run: "run-\(runs.count + 1)", parameters: parameters)
        switch TriggerGate(plan).pass(payload, identity: identity, at: now, entropy: entropy()) {
        case .skipped: return .skipped
        case .failed(let failure): return .failed(failure)
        case .runs(let payloads):
            var started: [Int] = []
            for payload in payloads {
                let identity = self.identity(plan, run: "run-\(runs.count + 1)", parameters: parameters)
                started.append(try start(plan, identity, payload))
            }
            try runToEnd()
            return .runs(started)
        }
    }

    /// Hands a stimulus to a run and runs until nothing is left to do.
    /// - Throws: `JournalUnreadable` where recovery failed.
    public func send(_ stimulus: RunStimulus, to run: Int) throws(FlowError) {
        try step(run, stimulus, isDurable: true)
        try runToEnd()
    }

    private func plan(_ reference: String) throws(FlowError) -> FlowPlan {
        let flow = try set.flow(reference)
        guard let found = plans.first(where: { $0.flow.name == flow.name && $0.flow.file == flow.file }) else {
            throw FlowError(.nestedWorkflowNotFound, "The flow '\(reference)' is not among the flows at hand.")
        }
        return found.plan
    }

    private func identity(_ plan: FlowPlan, run: String, parameters: JSONObject = [:]) -> RunIdentity {
        RunIdentity(
            run: run, flowName: plan.name, flowID: plan.definition.id ?? plan.name, parameters: parameters,
            callbackBase: "https://callback.flowrun.invalid", settings: settings)
    }

    private func start(
        _ plan: FlowPlan, _ identity: RunIdentity, _ payload: TriggerPayload
    ) throws(FlowError) -> Int {
        let place = runs.count
        places[identity.run] = place
        runs.append(
            SimulatedRun(
                flow: plan.name, machine: RunStateMachine(plan: plan, identity: identity),
                callerWaits: payload.callerWaits))
        try step(place, .triggerFired(payload), isDurable: true)
        return place
    }

    // MARK: Going on

    private func runToEnd() throws(FlowError) {
        var left = Self.stepLimit
        while !agenda.isEmpty {
            left -= 1
            guard left > 0 else {
                throw FlowError(.runTooLong, "The simulated runs went on for more than \(Self.stepLimit) steps.")
            }
            let entry = agenda.removeFirst()
            now = max(now, entry.at)
            try step(entry.run, entry.stimulus, isDurable: entry.isDurable)
        }
    }

    /// How many steps a simulation may take: far more than any test, so that a mistake cannot go on for ever.
    private static let stepLimit = 2_000_000

    private func schedule(_ run: Int, _ stimulus: RunStimulus, at instant: Timestamp, isDurable: Bool = false) {
        counter += 1
        let entry = Entry(at: max(now, instant), number: counter, run: run, stimulus: stimulus, isDurable: isDurable)
        let place = agenda.firstIndex { $0.at > entry.at } ?? agenda.count
        agenda.insert(entry, at: place)
    }

    private func entropy() -> UInt64 {
        counter += 1
        return counter &* 0xD6E8_FEB8_6659_FD93
    }

    private func step(_ run: Int, _ stimulus: RunStimulus, isDurable: Bool) throws(FlowError) {
        var stimulus = stimulus
        let process = process
        while process == self.process {
            let step = runs[run].machine.step(stimulus, at: now, entropy: entropy(), budget: budget)
            if let limit = crashesAfterEvents, eventCount + step.events.count >= limit {
                crashesAfterEvents = nil
                let kept = step.events.prefix(max(0, limit - eventCount))
                runs[run].events += kept
                // A message that was not taken still lies in the inbox.
                if case .message(let message) = stimulus, !kept.contains(where: { $0.takes(message) }) {
                    schedule(run, stimulus, at: now, isDurable: true)
                }
                if kept.count == step.events.count, !crashesBeforeCommands { try carryOut(step, run) }
                return try recover()
            }
            runs[run].events += step.events
            try carryOut(step, run)
            guard step.hasMore else { return }
            stimulus = .continue
        }
    }

    /// Throws the machines of all runs away and makes them anew from the journals, as a new process does.
    private func recover() throws(FlowError) {
        process += 1
        agenda.removeAll { !$0.isDurable }
        let old = runs.indices
        for run in old {
            // What the journal keeps is text: it is read back.
            var events: [RunEvent] = []
            for event in runs[run].events { events.append(try RunEvent(journal: event.journalForm.json)) }
            let machine = runs[run].machine
            runs[run].machine = try RunStateMachine(plan: machine.plan, identity: machine.identity, folding: events)
            inFlightAtCrash.formUnion(runs[run].machine.effectsInFlight.map { key(of: $0, run) })
        }
        for run in old {
            var step = runs[run].machine.resume(at: now, entropy: entropy(), budget: budget)
            while true {
                runs[run].events += step.events
                try carryOut(step, run)
                guard step.hasMore else { break }
                step = runs[run].machine.step(.continue, at: now, entropy: entropy(), budget: budget)
            }
        }
    }

    private func carryOut(_ step: RunStep, _ run: Int) throws(FlowError) {
        let process = process
        for command in step.commands where process == self.process {
            switch command {
            case .carryOut(let intent, let recovered): try carryOut(intent, run, recovered: recovered)
            case .abandon: break
            case .setTimer(let id, let instant): schedule(run, .timerDue(id), at: instant)
            case .cancelTimer(let id): agenda.removeAll { $0.run == run && $0.stimulus == .timerDue(id) }
            case .reply(let reply): take(reply, of: run)
            case .complete(let outcome): complete(run, outcome)
            }
        }
    }

    // MARK: The world

    private func carryOut(_ intent: EffectIntent, _ run: Int, recovered: Bool) throws(FlowError) {
        let key = key(of: intent, run)
        if case .child(let start) = intent.kind { return try startChild(start, intent, run) }
        if recovered, replay(intent, key, run) { return }
        sendCounts[key, default: 0] += 1
        calls.append(SimulatedCall(flow: runs[run].flow, action: intent.action.name, kind: intent.kind))
        if case .http(let call) = intent.kind, call.purpose == .unsubscribe {
            return finish(key, run, intent, .answered(OperationAnswer(statusCode: 200)), at: now)
        }
        let answer = nextAnswer(intent.action.name)
        if let id = intent.kind.callbackID(in: runs[run].machine) {
            guard case .answer(let status, let headers, let body) = answer.result else {
                return finish(key, run, intent, outcome(of: answer), at: now)
            }
            var outputs: JSONObject = ["statusCode": .integer(Int64(status)), "headers": .object(headers)]
            if let body { outputs["body"] = body }
            finish(key, run, intent, .answered(OperationAnswer(statusCode: 200)), at: now)
            return schedule(
                run, .message(InboxMessage(id: "callback \(counter)", .callback(id: id, outputs: outputs))),
                at: now + answer.delay, isDurable: true)
        }
        if answer.delay > callLimit {
            let failure = EffectFailure(
                code: FlowError.Code.gatewayTimeout.rawValue,
                message: "The service did not answer within the time limit.", isTransient: true)
            return finish(key, run, intent, .failed(failure), at: now + callLimit)
        }
        finish(key, run, intent, outcome(of: answer), at: now + answer.delay)
    }

    private func key(of intent: EffectIntent, _ run: Int) -> String {
        "\(runs[run].machine.identity.run) \(intent.id)"
    }

    /// Does with a call that an earlier process may have sent what its rule says.
    /// - Returns: false where it is to be sent for the first time.
    private func replay(_ intent: EffectIntent, _ key: String, _ run: Int) -> Bool {
        let known = done[key]
        switch replayRule?(intent) ?? .lookup {
        case .read, .idempotent:
            // The world takes it again and answers as it did.
            if known != nil { sendCounts[key, default: 0] += 1 }
        case .lookup: break
        case .inDoubt:
            schedule(run, .effectFinished(intent.id, .inDoubt(reason: "The process ended.")), at: now)
            // Someone looks at the service and says what became of the call.
            let message = InboxMessage(id: "settle \(key)", .settlement(intent.id, known?.outcome ?? .didNotHappen))
            schedule(run, .message(message), at: known?.at ?? now, isDurable: true)
            return true
        }
        guard let known else { return false }
        schedule(run, .effectFinished(intent.id, known.outcome), at: known.at)
        return true
    }

    private func finish(
        _ key: String, _ run: Int, _ intent: EffectIntent, _ outcome: EffectOutcome, at instant: Timestamp
    ) {
        done[key] = (instant, outcome)
        schedule(run, .effectFinished(intent.id, outcome), at: instant)
    }

    private func outcome(of answer: MockAnswer) -> EffectOutcome {
        switch answer.result {
        case .answer(let status, let headers, let body):
            .answered(OperationAnswer(statusCode: status, headers: headers, body: body))
        case .failure(let code, let message):
            .failed(EffectFailure(code: code, message: message, isTransient: code != Self.missingMock))
        }
    }

    private static let missingMock = "MockMissing"

    private func nextAnswer(_ action: String) -> MockAnswer {
        let key = action.lowercased()
        guard let answers = mocks[key], let last = answers.last else {
            missingMocks.append(action)
            return MockAnswer(
                .failure(code: Self.missingMock, message: "The action '\(action)' called and has no mock."))
        }
        let place = used[key, default: 0]
        used[key] = place + 1
        return place < answers.count ? answers[place] : last
    }

    private func startChild(_ start: ChildStart, _ intent: EffectIntent, _ run: Int) throws(FlowError) {
        // The start is repeated: the child's message is on its way, or comes when the child itself is taken up.
        guard places[start.run] == nil else { return }
        let plan = try plan(start.reference)
        var outputs: JSONObject = ["headers": .object(start.headers)]
        if let body = start.body { outputs["body"] = body }
        let payload = TriggerPayload(
            name: plan.trigger?.name ?? "manual", inputs: plan.trigger?.recordedInputs, outputs: .object(outputs),
            startTime: now, callerWaits: true, hidesInputs: plan.trigger?.hidesInputs ?? false,
            hidesOutputs: plan.trigger?.hidesOutputs ?? false)
        var identity = identity(plan, run: start.run)
        identity.parent = .init(run: runs[run].machine.identity.run, action: intent.path, effect: intent.id)
        _ = try self.start(plan, identity, payload)
    }

    private func take(_ reply: RunReply, of run: Int) {
        if runs[run].reply == nil { runs[run].reply = reply }
        let answer = OperationAnswer(statusCode: reply.statusCode, headers: reply.headers, body: reply.body)
        tellParent(of: run) { .childReplied($0, answer) }
    }

    private func complete(_ run: Int, _ outcome: RunOutcome) {
        guard runs[run].reply == nil else { return }
        let end = ChildEnd(run: runs[run].machine.identity.run, status: outcome.status)
        tellParent(of: run) { .childEnded($0, end) }
    }

    /// Puts the one message of a child run into its parent's inbox.
    private func tellParent(of run: Int, _ content: (EffectID) -> InboxMessage.Content) {
        let identity = runs[run].machine.identity
        guard let parent = identity.parent, let place = places[parent.run], sent.insert(identity.run).inserted else {
            return
        }
        let message = InboxMessage(id: "child:\(identity.run)", content(parent.effect))
        schedule(place, .message(message), at: now, isDurable: true)
    }
}

extension RunEvent {
    /// Whether this is the taking of a message.
    fileprivate func takes(_ message: InboxMessage) -> Bool {
        if case .messageTaken(let id, _) = self { id == message.id } else { false }
    }
}

extension EffectIntent.Kind {
    /// The id of the callback that a subscription awaits, or nil.
    func callbackID(in machine: RunStateMachine) -> String? {
        switch self {
        case .operation(let request): request.callbackID
        case .connection(let request): request.callbackID
        case .http(let call): call.purpose == .subscribe ? call.callbackID : nil
        case .child: nil
        }
    }
}
