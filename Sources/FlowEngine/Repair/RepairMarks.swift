import FlowCore
import FlowDefinitions

/// Which events of a run stand in the run that repairs it; see ``RunRepair``.
struct RepairMarks {
    private struct Round: Hashable {
        let loop: ActionInstance
        let index: Int
    }

    private let history: RunHistory
    private let keepsLaterRounds: Bool
    private var redone: Set<ActionInstance> = []
    /// Containers that began and go on.
    private var reopened: Set<ActionInstance> = []
    private var openRounds: Set<Round> = []
    /// The last round of a loop of which something stands.
    private var lastRounds: [ActionInstance: Int] = [:]

    init(_ history: RunHistory, seeds: [ActionInstance], keepsLaterRounds: Bool) {
        self.history = history
        self.keepsLaterRounds = keepsLaterRounds
        for instance in seeds { redo(instance) }
        if let terminator = history.terminator { redo(terminator) }
        // A call that was cut off is made anew, as far as it is not known to have come through.
        for instance in history.closed where history.starts[instance] != nil {
            if history.action(instance)?.isCall == true { redo(instance) }
        }
    }

    private mutating func redo(_ instance: ActionInstance) {
        guard redone.insert(instance).inserted, let action = history.action(instance) else { return }
        redoDependents(of: action, instance)
        reopen(around: instance)
    }

    private mutating func redoDependents(of action: PlannedAction, _ instance: ActionInstance) {
        for number in action.dependents {
            redo(ActionInstance(history.plan.actions[number].name, indexes: instance.indexes))
        }
    }

    private mutating func reopen(around instance: ActionInstance) {
        guard let (parent, enclosing, round) = history.parent(of: instance) else { return }
        if let round {
            openRounds.insert(Round(loop: enclosing, index: round))
            if isOrdered(parent, enclosing) { lastRounds[enclosing] = min(lastRounds[enclosing] ?? round, round) }
        }
        // What never began is decided anew as a whole.
        guard history.starts[enclosing] != nil else { return redo(enclosing) }
        guard !redone.contains(enclosing), reopened.insert(enclosing).inserted else { return }
        redoDependents(of: parent, enclosing)
        reopen(around: enclosing)
    }

    /// Whether a round's repair touches the rounds after it.
    private func isOrdered(_ loop: PlannedAction, _ instance: ActionInstance) -> Bool {
        if case .until = loop.work { return true }
        return !keepsLaterRounds && history.isSequential(instance)
    }

    // MARK: What stands

    /// Whether an action is carried out anew, or for the first time.
    func isRedone(_ instance: ActionInstance) -> Bool {
        isDropped(instance) || (history.closed.contains(instance) && history.starts[instance] == nil)
    }

    private func isDropped(_ instance: ActionInstance) -> Bool {
        if redone.contains(instance) { return true }
        var inner = instance
        while let (_, enclosing, round) = history.parent(of: inner) {
            if redone.contains(enclosing) { return true }
            if let round, let last = lastRounds[enclosing], round > last { return true }
            inner = enclosing
        }
        return false
    }

    /// The events that stand, in their order.
    func prefix() -> [RunEvent] {
        history.events.enumerated().filter { place, event in stands(event, at: place) }.map(\.element)
    }

    private func stands(_ event: RunEvent, at place: Int) -> Bool {
        switch event {
        case .actionStarted(let start): !isDropped(start.action)
        case .actionEnded(let end): isEnded(end.action) && place < history.earlyEnd && !isDropped(end.action)
        case .iterationEnded(let end):
            !openRounds.contains(Round(loop: end.loop, index: end.index))
                && end.index < lastRounds[end.loop] ?? .max && !isDropped(end.loop)
        case .effectIntended(let intent): history.effectOwners[intent.id] != nil && !isDropped(intent.action)
        case .effectFinished(let finish): history.effectOwners[finish.id].map { !isDropped($0) } ?? false
        case .timerSet(let setting): stands(setting)
        case .timerDue(let id, _): history.timerOwners[id].map(stands) ?? false
        case .callbackReceived(let receipt): history.callbackOwners[receipt.id].map { !isDropped($0) } ?? false
        case .replied(let reply, _): !isDropped(reply.action)
        case .runStarted, .runEnded, .cancelRequested, .expired, .messageTaken, .repaired, .callKept: false
        }
    }

    private func isEnded(_ instance: ActionInstance) -> Bool {
        history.ends[instance] != nil && !reopened.contains(instance)
    }

    /// The time limit of what goes on begins anew.
    private func stands(_ setting: TimerSetting) -> Bool {
        !isDropped(setting.action) && (setting.purpose != .limit || isEnded(setting.action))
    }
}

/// Reads what became of the calls of a run that is repaired.
struct KeptCallReader {
    private let history: RunHistory
    private let records: [ActionInstance: ActionRecord.Repetition]

    init(_ history: RunHistory) {
        self.history = history
        let record = RunRecord(folding: history.events, of: history.plan.outline)
        var records: [ActionInstance: ActionRecord.Repetition] = [:]
        for action in record.actions where history.plan.actionNumber(action.name) != nil {
            for entry in [action.record].compactMap({ $0 }) + action.repetitions {
                records[ActionInstance(action.name, indexes: entry.indexes)] = entry
            }
        }
        self.records = records
    }

    /// What is known of the call of an action; nil where it has to be made as if it never was.
    func call(_ instance: ActionInstance) -> KeptCall? {
        let calls = history.intents[instance]?.filter(\.kind.isFirstCall) ?? []
        // What this run itself did not do, because an earlier one had, is handed on.
        guard let first = calls.first, let last = calls.last else { return history.keptCalls[instance] }
        guard let result = result(instance, first, last) else { return nil }
        let end = history.ends[instance]
        return KeptCall(
            action: instance, target: last.kind.target,
            items: KeptCall.Result.digest(of: history.items(around: instance)), result: result,
            isSecure: last.isSecure || end?.hidesInputs ?? false || end?.hidesOutputs ?? false
                || hidesOutputs(instance))
    }

    private func hidesOutputs(_ instance: ActionInstance) -> Bool {
        guard let action = history.action(instance) else { return true }
        let start = history.start
        let secrets = history.plan.secrets(
            hidesTrigger: start.trigger.hidesOutputs, secretParameters: start.identity.secretParameters)
        return action.secretOutputs.holds(secrets)
    }

    private func result(
        _ instance: ActionInstance, _ first: EffectIntent, _ last: EffectIntent
    ) -> KeptCall.Result? {
        if let end = history.ends[instance], end.status == .succeeded {
            return .done(code: end.code, outputs: records[instance]?.outputs)
        }
        let since = first.soughtSince ?? first.intendedAt
        func open(isUnknown: Bool) -> KeptCall.Result {
            .open(key: last.idempotencyKey, since: since, isUnknown: isUnknown)
        }
        switch history.outcomes[last.id] {
        case .answered(let answer) where answer.statusCode < 400:
            // A subscription has ended with the action that made it.
            return history.action(instance)?.waitsForCallback == true ? nil : .answered(answer)
        case .answered(let answer):
            if case .child = last.kind { return nil }
            let mayHaveHappened = answer.statusCode == 408 || answer.statusCode == 429 || answer.statusCode >= 500
            return mayHaveHappened ? open(isUnknown: false) : nil
        case .failed(let failure): return failure.isTransient ? open(isUnknown: false) : nil
        case .childEnded, .didNotHappen: return nil
        case .inDoubt, nil: return open(isUnknown: true)
        }
    }
}
