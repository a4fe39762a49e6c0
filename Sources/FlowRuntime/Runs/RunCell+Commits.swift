import FlowCore
import FlowDefinitions
import FlowEngine
import FlowStorage

/// What a run's state means for the store, and when it is put there.
extension RunCell {
    /// The changes beside the journal that an event means.
    func changes(for event: RunEvent, _ effects: LedgerWriter, _ state: inout State) {
        switch event {
        case .effectIntended(let intent) where !host.reads(intent):
            if intent.kind.endsSubscription {
                // A timer that is due finds it after a crash, also where the run is over.
                state.openEnds.insert(intent.id)
                state.changes.append(
                    .setTimer(RunTimer(run: name, id: Self.endTimer(intent.id), due: intent.intendedAt)))
            }
            let entry = effects.entry(for: intent)
            state.ledger[intent.id] = entry
            state.changes.append(.effect(entry))
            state.changes += effects.quota(for: intent)
            if intent.attempt > 1 || !intent.kind.isFirstCall { state.requests += 1 }
        case .actionEnded(let end):
            host.tally.actionEnded(end.status)
            if end.status != .skipped { state.requests += 1 }
        case .effectIntended(let intent):
            state.changes += effects.quota(for: intent)
            if intent.attempt > 1 || !intent.kind.isFirstCall { state.requests += 1 }
        case .effectFinished(let finish):
            for echo in effects.written(state.echoes.removeValue(forKey: finish.id) ?? [], finish) {
                state.changes.append(.echo(echo))
            }
            if state.openEnds.remove(finish.id) != nil {
                state.changes.append(.clearTimer(run: name, timer: Self.endTimer(finish.id)))
            }
            guard var entry = state.ledger[finish.id] else { return }
            effects.finish(&entry, finish)
            state.ledger[finish.id] = entry.state == .finished ? nil : entry
            state.changes.append(.effect(entry))
        case .timerDue(let id, _): state.changes.append(.clearTimer(run: name, timer: id.description))
        case .messageTaken(let id, _): state.changes.append(.take(run: name, messages: [id]))
        case .replied(let reply, let at):
            state.hasReplied = true
            if let message = effects.message(of: reply, at: at) { state.messages.append(message) }
        case .runEnded(let outcome):
            if let alerts = host.alerts { state.changes += alerts.changes(of: outcome, identity) }
            if !state.hasReplied, let message = effects.message(of: outcome) { state.messages.append(message) }
        default: break
        }
    }

    /// The id of the timer that stands for the open end of a subscription.
    private static func endTimer(_ effect: EffectID) -> String { "end:\(effect)" }

    /// From how many events on a batch is committed though nothing waits for it.
    ///
    /// What computes for long is then encoded and written while it goes on, and a crash costs little of it.
    private static let pieceSize = 1_024

    /// What is to be committed now, if anything: effects and replies wait for it, the run comes to rest, or much has
    /// gathered.
    ///
    /// - Parameters:
    ///   - state: the cell's state.
    ///   - settles: whether a summary that no longer tells what the run waits for is reason enough.
    /// - Returns: the batch, or nil.
    func nextBatch(_ state: inout State, settles: Bool = false) -> Batch? {
        guard !state.isCommitting else { return nil }
        let rests = !state.isScheduled
        let isDue =
            !state.commands.isEmpty || state.events.count >= Self.pieceSize
            || ((rests || state.isAwaited) && !state.events.isEmpty)
        guard isDue || (rests && (!state.changes.isEmpty || (settles && summaryIsStale(state)))) else { return nil }
        summarize(&state, rests: rests)
        expire(&state)
        var commit = StoreCommit()
        let isStart = !state.isStored
        commit.add(isStart ? .startRun(state.summary) : .updateRun(state.summary))
        if !state.events.isEmpty {
            commit.add(.append(JournalBatch(run: name, first: state.nextNumber, events: state.events)))
            state.nextNumber += Int64(state.events.count)
        }
        commit.changes += state.changes
        commit.changes += host.requests.count(state.requests, of: identity.flowID, now: host.clock.now)
        state.requests = 0
        for message in state.messages { commit.add(.send(message)) }
        let finished = state.unsaved.compactMap { id in
            state.contents.removeValue(forKey: id).map { SavedOutcome(effect: id, content: $0) }
        }
        state.unsaved.removeAll(keepingCapacity: true)
        let batch = Batch(
            commit: commit, commands: state.commands, timers: state.timers, messages: state.messages, isStart: isStart,
            outcome: state.outcome, summary: state.summary, finished: finished)
        state.isCommitting = true
        state.isAwaited = false
        state.events.removeAll(keepingCapacity: true)
        state.changes.removeAll(keepingCapacity: true)
        state.commands.removeAll(keepingCapacity: true)
        state.timers.removeAll(keepingCapacity: true)
        state.messages.removeAll(keepingCapacity: true)
        return batch
    }

    /// A run that does not end at once gets a timer that ends it when it has lasted as long as a run may.
    private func expire(_ state: inout State) {
        if state.outcome != nil {
            if state.hasExpiry { state.changes.append(.clearTimer(run: name, timer: RunExpiry.timer)) }
        } else if !state.hasExpiry {
            state.hasExpiry = true
            let due = state.summary.startTime + RunExpiry.duration
            state.changes.append(.setTimer(RunTimer(run: name, id: RunExpiry.timer, due: due)))
        }
    }

    func summaryIsStale(_ state: State) -> Bool {
        state.isStored && state.outcome == nil && state.hold == nil && storedWait(state) != state.summary.wait
    }

    /// Brings the summary up to date.
    private func summarize(_ state: inout State, rests: Bool) {
        if let outcome = state.outcome {
            state.summary.status = outcome.status
            state.summary.code = outcome.code
            state.summary.errorCode = outcome.error.map { SecretMask.masking($0.code) }
            state.summary.errorMessage = outcome.error.map { SecretMask.masking($0.message) }
            state.summary.endTime = outcome.endTime
            state.summary.wait = nil
            return
        }
        let wait = rests ? storedWait(state) : nil
        state.summary.wait = wait
        switch wait?.kind {
        case .settlement:
            state.summary.status = "Waiting"
            state.summary.code = "InDoubt"
        case .callback, .turn, .signIn:
            state.summary.status = "Waiting"
            state.summary.code = nil
        default:
            state.summary.status = "Running"
            state.summary.code = nil
        }
    }

    /// What the run waits for as the store keeps it; nil where it has something to do after a restart.
    func storedWait(_ state: State) -> RunWait? {
        if state.hold == .turn { return RunWait(.turn) }
        if let connection = state.signIn { return RunWait(.signIn, subject: connection) }
        guard let wait = state.wait, state.inFlight.isEmpty else { return nil }
        switch wait.kind {
        case .effect: return nil
        case .settlement: return RunWait(.settlement, subject: wait.action.text, until: wait.until)
        case .child: return RunWait(.child, subject: wait.action.text, until: wait.until)
        case .callback: return RunWait(.callback, subject: wait.action.text, until: wait.until)
        case .timer: return RunWait(.timer, subject: wait.action.text, until: wait.until)
        }
    }
}

/// How long a run may last.
enum RunExpiry {
    /// The platform's limit.
    static let duration = Duration.seconds(30 * 86_400)
    /// The id of the timer beside those of the machine.
    static let timer = "expire"
}
