import FlowCore
import FlowDefinitions

/// Rebuilding of a run from its events: nothing is evaluated, nothing is decided again.
///
/// Each event takes the item out of the queue that led to it, and changes the state as it did when it was new; what is
/// left in the queue at the end is what the run has to do next.
extension RunState {
    /// Takes one event.
    func fold(_ event: RunEvent) throws(FlowError) {
        switch event {
        case .runStarted(let start):
            identity = start.identity
            begin(start.trigger, at: start.at)
        case .actionStarted(let start): try fold(start)
        case .actionEnded(let end): try fold(end)
        case .iterationEnded(let end): try fold(end)
        case .effectIntended(let intent):
            now = intent.intendedAt
            let (action, repetition) = try find(intent.action)
            if intent.kind.endsSubscription {
                openSubscriptions.removeAll { $0 == OpenSubscription(action: action.id, repetition: repetition) }
                return noteIntent(nil, intent)
            }
            let number = Int(states[place(action, repetition)].work)
            guard calls.indices.contains(number) else { throw Self.mismatch("an effect of '\(action.name)'") }
            removeWork(action.id, repetition, kinds: [.advance])
            noteIntent(number, intent)
        case .effectFinished(let finish):
            now = finish.at
            noteOutcome(finish.id, finish.outcome)
        case .timerSet(let setting):
            let (action, repetition) = try find(setting.action)
            lastTimer = max(lastTimer, setting.id.number)
            timers[setting.id] = TimerState(
                purpose: setting.purpose, due: setting.due, action: action.id, repetition: repetition)
            let number = Int(states[place(action, repetition)].work)
            switch setting.purpose {
            case .retry:
                removeWork(action.id, repetition, kinds: [.advance])
                if calls.indices.contains(number) { prepareRetry(number) }
            case .poll:
                removeWork(action.id, repetition, kinds: [.advance])
                if calls.indices.contains(number) { preparePoll(number) }
            case .wait, .limit: removeWork(action.id, repetition, kinds: [.arm])
            }
        case .timerDue(let id, let at):
            now = at
            timerDue(id)
        case .messageTaken(_, let at): now = at
        case .callbackReceived(let receipt):
            now = receipt.at
            if let number = callbacks[receipt.id] { noteCallback(number, receipt.outputs) }
        case .replied(let reply, let at):
            now = at
            self.reply = reply
            replier = reply.action
        case .cancelRequested(_, let at):
            now = at
            requestEnd(.cancelled)
        case .expired(let at):
            now = at
            requestEnd(.expired)
        case .runEnded(let result):
            now = result.endTime
            outcome = result
            clearQueue()
            timers = [:]
        case .repaired(let at): repairedAt = at
        case .callKept(let call): keptCalls[call.action] = call
        }
    }

    /// Takes what the trigger brought.
    func begin(_ payload: TriggerPayload, at instant: Timestamp) {
        now = instant
        startTime = instant
        trigger = payload
        secrets = plan.secrets(hidesTrigger: payload.hidesOutputs, secretParameters: identity.secretParameters)
        _ = addRepetition(body: 0, parent: -1, index: 0, item: .null)
        open(containers[0], 0)
    }

    private func fold(_ start: ActionStart) throws(FlowError) {
        now = start.at
        let (action, repetition) = try find(start.action)
        removeWork(action.id, repetition)
        markStarted(action, repetition, inputs: start.inputs)
        if action.timeout != nil { enqueueFirst(.arm, action.id, repetition) }
        switch (action.work, start.decision) {
        case (_, .branch(let branch)): take(branch, of: action, repetition)
        case (_, .incomparable(let failure)): openIncomparable(action, repetition, failure)
        case (_, .items(let items, let concurrency)): openRounds(action, repetition, items, concurrency)
        case (_, .rounds(let count, let timeout)): openUntil(action, repetition, count, timeout)
        case (.scope, _): openBranches(action, repetition) { _ in .open }
        case (.wait, _):
            states[place(action, repetition)].status = .waiting
            enqueueFirst(.arm, action.id, repetition)
        case (_, .retryPolicy(let policy)): foldCall(action, repetition, policy, start.callbackID)
        case (.http, _), (.httpWebhook, _), (.operation, _), (.connection, _), (.childFlow, _):
            foldCall(action, repetition, fixedPolicy(action), start.callbackID)
        default: throw Self.mismatch("the beginning of '\(action.name)'")
        }
    }

    private func foldCall(_ action: PlannedAction, _ repetition: Int, _ policy: RetryPolicy, _ callbackID: String?) {
        openCall(action, repetition, policy, callbackID)
        calls[Int(states[place(action, repetition)].work)].next = .begin
        enqueueFirst(.advance, action.id, repetition)
    }

    private func fold(_ end: ActionEnd) throws(FlowError) {
        now = end.endTime
        guard let number = plan.actionNumber(end.action.name) else { throw Self.mismatch("'\(end.action.name)'") }
        // A child of a loop that never began has a record of its own and no place among the states.
        guard actions[number].loops.count == end.action.indexes.count else { return }
        let (action, repetition) = try find(end.action)
        let place = place(action, repetition)
        removeWork(action.id, repetition)
        removeWork(action.id, repetition, kinds: [.arm])
        let wasStarted = states[place].status != nil
        states[place].status = end.status
        states[place].started = end.startTime
        states[place].ended = end.endTime
        states[place].code = end.code
        states[place].error = end.error
        states[place].trackedProperties = end.trackedProperties
        if let inputs = end.inputs { states[place].inputs = inputs }
        if let count = end.iterationCount { states[place].iterationCount = Int32(count) }
        switch end.outputs {
        case .none: break
        case .value(let value): states[place].outputs = value
        case .inputs: states[place].outputs = states[place].inputs
        case .answer: states[place].outputs = answerOutputs(action, repetition)
        }
        if replier == end.action { replier = nil }
        if wasStarted { release(action, repetition) }
        if end.status == .succeeded { foldVariables(action, states[place]) }
        settle(action, repetition)
        if end.status == .succeeded, case .terminate = action.work, action.staticResult == nil {
            requestEnd(self.end(of: action, states[place].inputs ?? [:]))
        }
    }

    /// Changes variables as an ended action did.
    private func foldVariables(_ action: PlannedAction, _ state: ActionState) {
        guard let inputs = state.inputs else { return }
        switch action.work {
        case .initializeVariable: declareVariables(inputs)
        case .changeVariable(let change, _):
            guard let name = inputs["name"]?.stringValue, let place = variablePlace(name) else { return }
            switch change {
            case .set, .increment, .decrement:
                if let value = state.outputs?["body"]?["value"] { variables[place].value = value }
            case .appendToArray: _ = appendToArray(place, inputs["value"] ?? .null)
            case .appendToString: _ = appendToString(place, inputs["value"] ?? .null)
            }
        default: break
        }
    }

    private func fold(_ end: IterationEnd) throws(FlowError) {
        now = end.at
        let (loop, repetition) = try find(end.loop)
        let work = Int(states[place(loop, repetition)].work)
        if case .until = loop.work {
            guard untilStates.indices.contains(work) else { throw Self.mismatch("a round of '\(loop.name)'") }
            removeWork(loop.id, untilStates[work].round, kinds: [.finishRound])
            openNextUntilRound(loop, untilStates[work].round)
        } else {
            guard foreachStates.indices.contains(work), foreachStates[work].items.indices.contains(end.index) else {
                throw Self.mismatch("a round of '\(loop.name)'")
            }
            openRounds(work, through: end.index)
            let round = foreachStates[work].rounds[end.index]
            removeWork(loop.id, round, kinds: [.finishRound])
            closeForeachRound(loop, round, end.status)
        }
    }

    /// The action and repetition that an event names.
    private func find(_ instance: ActionInstance) throws(FlowError) -> (PlannedAction, Int) {
        guard let number = plan.actionNumber(instance.name), !repetitions.isEmpty,
            actions[number].loops.count == instance.indexes.count
        else { throw Self.mismatch("'\(instance.name)'") }
        var repetition = 0
        for (loopNumber, index) in zip(actions[number].loops, instance.indexes) {
            let loop = actions[loopNumber]
            let work = Int(states[place(loop, repetition)].work)
            if case .until = loop.work, untilStates.indices.contains(work) {
                repetition = untilStates[work].round
            } else if foreachStates.indices.contains(work), foreachStates[work].items.indices.contains(index) {
                openRounds(work, through: index)
                repetition = foreachStates[work].rounds[index]
            } else {
                throw Self.mismatch("'\(instance.name)'")
            }
        }
        return (actions[number], repetition)
    }

    private static func mismatch(_ what: String) -> FlowError {
        FlowError(
            .journalUnreadable, "The journal speaks of \(what), which does not fit the flow with which the run began.",
            hint: "start the run again from its trigger: `flowrun runs resubmit ID`")
    }
}
