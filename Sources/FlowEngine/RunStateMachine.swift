public import FlowCore
public import FlowDefinitions

/// One run of a flow: stimuli in, events and commands out.
///
/// The machine sees no clock, no file, no network and draws no random numbers: time and entropy come with each step. Two
/// machines that get the same steps give the same events. It is a value: a copy goes its own way.
///
/// A runtime commits the events of a step before it carries out its commands, and steps again with `continue` while a step
/// `hasMore`. After a crash it makes the machine anew from the journal's events and calls ``resume(at:entropy:budget:)``.
public struct RunStateMachine: @unchecked Sendable {
    // Unchecked, because the state lies in an object for speed; it is copied before a change whenever it is shared, so no two
    // machines ever see each other's changes, and a machine may be sent between threads like any value.
    private var state: RunState

    /// Makes a run that has not begun; the first stimulus is `triggerFired`.
    /// - Parameters:
    ///   - plan: the flow; see ``FlowPlan/requireSupported()`` for what must not run.
    ///   - identity: who the run is.
    public init(plan: FlowPlan, identity: RunIdentity) { state = RunState(plan: plan, identity: identity) }

    /// Makes a run of its journal.
    /// - Parameters:
    ///   - plan: the flow with which the run began.
    ///   - identity: who the run is; the first event's takes its place.
    ///   - events: all events of the run in order.
    /// - Throws: `JournalUnreadable` where the events do not fit the flow.
    public init(
        plan: FlowPlan, identity: RunIdentity, folding events: some Sequence<RunEvent>
    ) throws(FlowError) {
        state = RunState(plan: plan, identity: identity)
        state.isFolding = true
        for event in events { try state.fold(event) }
        state.isFolding = false
    }

    /// The state, to be read.
    var foldedState: RunState { state }

    /// Who the run is.
    public var identity: RunIdentity { state.identity }

    /// The flow.
    public var plan: FlowPlan { state.plan }

    /// How the run ended, once it has.
    public var outcome: RunOutcome? { state.outcome }

    /// Whether the run has begun.
    public var hasBegun: Bool { state.trigger != nil }

    /// Whether the caller was answered.
    public var hasReplied: Bool { state.reply != nil }

    /// The variables in the order of their declaration.
    public var variables: JSONObject { JSONObject(state.variables.map { ($0.name, $0.value) }) }

    /// The effects that are out, oldest first.
    public var effectsInFlight: [EffectIntent] {
        state.effects.keys.sorted().compactMap { state.effects[$0]?.intent }
    }

    /// Takes a stimulus and goes on as far as the budget allows.
    /// - Parameters:
    ///   - stimulus: what happened.
    ///   - now: the instant at which the step happens.
    ///   - entropy: random bits of this step.
    ///   - budget: how much may be done.
    /// - Returns: events to be committed and commands to be carried out after that.
    public mutating func step(
        _ stimulus: RunStimulus, at now: Timestamp, entropy: UInt64, budget: StepBudget = .slice
    ) -> RunStep {
        prepare(now, entropy)
        switch stimulus {
        case .triggerFired(let payload):
            guard state.trigger == nil else { break }
            state.events.append(
                .runStarted(
                    RunStart(
                        identity: state.identity, trigger: payload,
                        hidesParameters: state.plan.hasSecureParameters || !state.identity.secretParameters.isEmpty,
                        at: now)))
            state.begin(payload, at: now)
        case .effectFinished(let id, let outcome): state.effectFinished(id, outcome)
        case .timerDue(let id): if state.outcome == nil { state.timerDue(id) }
        case .message(let message): take(message)
        case .cancel(let by):
            guard state.outcome == nil, state.earlyEnd == nil else { break }
            state.events.append(.cancelRequested(by: by, at: now))
            state.requestEnd(.cancelled)
        case .expire:
            guard state.outcome == nil, state.earlyEnd == nil else { break }
            state.events.append(.expired(at: now))
            state.requestEnd(.expired)
        case .continue: break
        }
        return work(budget)
    }

    /// Goes on after the journal was folded: gives out the commands for effects in flight, flagged as recovered, and for
    /// open timers, repeats the reply if there was one, and computes on from the last event.
    /// - Parameters:
    ///   - now: the instant at which the step happens.
    ///   - entropy: random bits of this step.
    ///   - budget: how much may be done.
    /// - Returns: events to be committed and commands to be carried out after that.
    public mutating func resume(at now: Timestamp, entropy: UInt64, budget: StepBudget = .slice) -> RunStep {
        prepare(now, entropy)
        state.holdSurplusRounds()
        if let reply = state.reply { state.commands.append(.reply(reply)) }
        for id in state.effects.keys.sorted() {
            guard let effect = state.effects[id], !effect.isInDoubt else { continue }
            // A run that is over waits for nothing, but the ends of its subscriptions go out all the same.
            guard state.outcome == nil ? state.isAwaited(effect) : effect.intent.kind.endsSubscription else { continue }
            state.commands.append(.carryOut(effect.intent, recovered: true))
        }
        state.endOpenSubscriptions()
        if let outcome = state.outcome {
            state.commands.append(.complete(outcome))
        } else {
            for id in state.timers.keys.sorted() {
                if let timer = state.timers[id] { state.commands.append(.setTimer(id, at: timer.due)) }
            }
        }
        return work(budget)
    }

    private mutating func prepare(_ now: Timestamp, _ entropy: UInt64) {
        if !isKnownUniquelyReferenced(&state) { state = RunState(copying: state) }
        state.now = now
        state.random = RandomSource(seed: entropy)
    }

    private func take(_ message: InboxMessage) {
        defer { state.events.append(.messageTaken(id: message.id, at: state.now)) }
        switch message.content {
        case .childReplied(let id, let answer): state.effectFinished(id, .answered(answer))
        case .childEnded(let id, let end): state.effectFinished(id, .childEnded(end))
        case .callback(let id, let outputs): state.callbackReceived(id, outputs)
        case .settlement(let id, let outcome): state.effectFinished(id, outcome)
        case .cancel(let by):
            guard state.outcome == nil, state.earlyEnd == nil else { return }
            state.events.append(.cancelRequested(by: by, at: state.now))
            state.requestEnd(.cancelled)
        }
    }

    private func work(_ budget: StepBudget) -> RunStep {
        var left = budget.actions
        while state.hasWork, left > 0 {
            state.process(state.dequeue())
            left -= 1
        }
        var step = RunStep(events: state.events, commands: state.commands)
        state.events = []
        state.commands = []
        step.outcome = state.outcome
        step.hasMore = state.hasWork
        if !step.hasMore, step.outcome == nil { step.wait = state.waitReason }
        return step
    }
}
