import FlowCore
import FlowDefinitions
import FlowEngine
import FlowStorage
import Synchronization

/// A run in memory: its machine, what waits to be done with it, and what waits to be committed.
///
/// A cell goes through these phases: it is *stepped* on the executor while there is something to do; events and commands
/// gather meanwhile; they are *committed* one batch at a time; after a commit its commands are carried out. A cell with
/// nothing to do may be *let go*: the run is then only what the store holds. After a refused commit it is *thrown away*
/// and built again from the store.
final class RunCell: ExecutorWork {
    /// What a cell does next.
    enum Work: Sendable {
        /// A stimulus for the machine.
        case stimulus(RunStimulus)
        /// The machine was folded from the journal and takes up what was under way.
        case resume
    }

    /// Why a run exists and does not go on.
    enum Hold: Sendable {
        /// The trigger's concurrency lets no further run go on.
        case turn
        /// Nobody waits for it here; the next owner of the environment goes on with it.
        case owner
    }

    /// A batch on its way into the store, and what is to be done once it is there.
    struct Batch: Sendable {
        var commit: StoreCommit
        var commands: [RunCommand]
        var timers: [(id: TimerID, at: Timestamp)]
        var messages: [InboxEntry]
        var isStart: Bool
        var outcome: RunOutcome?
        var summary: RunSummary
        /// The calls whose outcomes it saves.
        var finished: [SavedOutcome]
    }

    /// A call whose outcome is saved with a batch, and the key of its content.
    struct SavedOutcome: Sendable {
        let effect: EffectID
        let content: String
    }

    struct State {
        /// Nil while it is being stepped.
        var machine: RunStateMachine?
        var work: [Work] = []
        /// Whether the executor has the cell, or is about to.
        var isScheduled = false
        var hasMore = false
        var isGone = false
        /// What is not committed yet.
        var events: [JournalEvent] = []
        var changes: [StoreChange] = []
        /// The requests that are not counted yet.
        var requests = 0
        var commands: [RunCommand] = []
        var timers: [(id: TimerID, at: Timestamp)] = []
        var messages: [InboxEntry] = []
        var isCommitting = false
        var isStored: Bool
        var nextNumber: Int64
        var summary: RunSummary
        var wait: RunWaitReason?
        var outcome: RunOutcome?
        var hasReplied = false
        /// Calls that are out, in this process.
        var inFlight: Set<EffectID> = []
        /// What the calls are that this process let out, by the key of their content.
        var contents: [EffectID: String] = [:]
        /// The call whose outcome is being stepped.
        var atHand: EffectID?
        /// The calls whose outcomes are taken in and not committed yet.
        var unsaved: [EffectID] = []
        /// The connection for whose sign-in a call waits.
        var signIn: String?
        var ledger: [EffectID: EffectEntry]
        /// Calls that end subscriptions and are not known to have ended.
        var openEnds: Set<EffectID> = []
        /// The timers that are set, as far as this process knows.
        var openTimers: Set<TimerID> = []
        /// Whether the store holds the timer that ends the run when it has lasted too long.
        var hasExpiry = false
        /// Someone waits for the first commit.
        var isAwaited: Bool
        /// Why the run only exists and does not go on.
        var hold: Hold?
        /// What calls under way write to records that a trigger guards against echoes.
        var echoes: [EffectID: [EchoEntry]] = [:]
    }

    let name: String
    let identity: RunIdentity
    /// Calls whose intents are committed and that surely never left, because their connection had to sign in first.
    let neverSent: Set<EffectID>
    /// Who wanted the run to start, for a new one.
    let starter: RunWatch?
    /// Whether the run stands in the queue for its turn; once it has it, it is built anew.
    let isQueued: Bool
    /// Whether it is a new run that goes at once, so that its turn is free where it does not come to be.
    let tookTurn: Bool
    let host: RunHost
    private let state: Mutex<State>

    /// Makes the cell of a new run.
    /// - Parameters:
    ///   - machine: its machine, not stepped yet.
    ///   - identity: who it is.
    ///   - summary: its summary.
    ///   - changes: what is committed together with its start.
    ///   - host: who carries out its commands.
    ///   - isAwaited: whether someone waits for its first commit, which then comes as early as possible.
    ///   - hold: why it only begins to exist and does not go on yet, or nil.
    ///   - starter: who wants it to start.
    init(
        _ machine: RunStateMachine, identity: RunIdentity, summary: RunSummary, changes: [StoreChange], host: RunHost,
        isAwaited: Bool, hold: Hold?, starter: RunWatch
    ) {
        self.starter = starter
        isQueued = hold == .turn
        tookTurn = !isQueued
        name = identity.run
        self.identity = identity
        self.host = host
        neverSent = []
        state = Mutex(
            State(
                machine: machine, changes: changes, isStored: false, nextNumber: 1, summary: summary, ledger: [:],
                isAwaited: isAwaited, hold: hold))
    }

    /// Makes the cell of a run that was folded from its journal.
    init(
        folded machine: RunStateMachine, identity: RunIdentity, summary: RunSummary, eventCount: Int, hasReplied: Bool,
        ledger: [EffectEntry], hold: Hold?, host: RunHost
    ) {
        starter = nil
        isQueued = hold == .turn
        tookTurn = false
        name = identity.run
        self.identity = identity
        self.host = host
        var entries: [EffectID: EffectEntry] = [:]
        var neverSent: Set<EffectID> = []
        for entry in ledger where entry.state == .inFlight || entry.state == .inDoubt {
            guard let id = EffectID(entry.id) else { continue }
            entries[id] = entry
            if summary.wait?.kind == .signIn, entry.connection == summary.wait?.subject { neverSent.insert(id) }
        }
        self.neverSent = neverSent
        state = Mutex(
            State(
                machine: machine, isStored: true, nextNumber: Int64(eventCount) + 1, summary: summary,
                outcome: machine.outcome, hasReplied: hasReplied, ledger: entries, hasExpiry: true, isAwaited: false,
                hold: hold))
        let openEnds = machine.effectsInFlight.filter(\.kind.endsSubscription).map(\.id)
        state.withLock { $0.openEnds = Set(openEnds) }
    }

    // MARK: Work

    /// Puts in what a cell does first, before anyone else sees it; ``begin()`` sets it going.
    func prepare(_ work: [Work]) { state.withLock { $0.work = work } }

    /// Sets a prepared cell going, unless work that came meanwhile has done so.
    func begin() {
        let mustSchedule = state.withLock { state in
            guard !state.isGone, !state.isScheduled, !state.work.isEmpty else { return false }
            state.isScheduled = true
            return true
        }
        if mustSchedule { schedule() }
    }

    private func schedule(here: Bool = false) {
        host.isBusy(self)
        // A new run goes on to its first commit: its caller waits for that.
        if host.requests.pace.isSlow, state.withLock({ $0.isStored }), host.requests.pace.hold(self) { return }
        if here, host.isAlone(self), host.executor.doHere(self) { return }
        host.executor.add(self)
    }

    /// Hands work to the run.
    /// - Parameters:
    ///   - work: what is to be done.
    ///   - here: whether a first slice of it may be done in the calling thread, where no other run has anything to do.
    /// - Returns: false where the cell is gone and the run has to be taken up from the store.
    func post(_ work: Work, here: Bool = false) -> Bool {
        let (isTaken, mustSchedule) = state.withLock { state in
            if state.isGone { return (false, false) }
            state.work.append(work)
            if state.isScheduled { return (true, false) }
            state.isScheduled = true
            return (true, true)
        }
        if mustSchedule { schedule(here: here) }
        return isTaken
    }

    /// Steps the machine once.
    func slice() -> Bool {
        // The machine leaves the state, so that it is stepped in place and without the lock; nothing else may refer to it
        // meanwhile, or it would be copied.
        var taken: RunStateMachine?
        let next = state.withLock { state -> (Work, StepBudget)? in
            guard !state.isGone, state.machine != nil else { return nil }
            let work: Work
            if state.hasMore {
                work = .stimulus(.continue)
            } else if !state.work.isEmpty {
                work = state.work.removeFirst()
            } else {
                state.isScheduled = false
                return nil
            }
            taken = state.machine.take()
            if case .stimulus(let stimulus) = work {
                if case .effectFinished(let id, _) = stimulus { state.atHand = id }
                // To end a run needs no turn.
                if stimulus.endsRun, state.hold == .turn { state.hold = nil }
            }
            return (work, state.hold != nil ? StepBudget(actions: 0) : .slice)
        }
        guard let (work, budget) = next, taken != nil else { return false }
        let now = host.clock.now
        let entropy = UInt64.random(in: .min ... .max)
        let step: RunStep?
        switch work {
        case .stimulus(let stimulus): step = taken?.step(stimulus, at: now, entropy: entropy, budget: budget)
        case .resume: step = taken?.resume(at: now, entropy: entropy, budget: budget)
        }
        return take(step ?? RunStep(), &taken)
    }

    /// Takes in what came of a step.
    /// - Returns: whether there is more to do.
    private func take(_ step: RunStep, _ machine: inout RunStateMachine?) -> Bool {
        var launches: [(EffectIntent, Bool)] = []
        let effects = LedgerWriter(host: host, identity: identity)
        let (batch, goesOn) = state.withLock { state -> (Batch?, Bool) in
            state.machine = machine.take()
            guard !state.isGone else { return (nil, false) }
            if let id = state.atHand.take() { state.unsaved.append(id) }
            state.hasMore = step.hasMore && state.hold == nil
            state.wait = step.wait
            if let outcome = step.outcome { state.outcome = outcome }
            for event in step.events {
                state.events.append(JournalEvent(event))
                changes(for: event, effects, &state)
            }
            for command in step.commands {
                switch command {
                case .carryOut(let intent, let recovered):
                    state.inFlight.insert(intent.id)
                    state.contents[intent.id] = intent.idempotencyKey
                    state.echoes[intent.id] = effects.echoes(of: intent)
                    if !host.reads(intent) {
                        state.commands.append(command)
                    } else {
                        launches.append((intent, recovered))
                    }
                // The call stays out: what comes of it is journaled, though nobody waits for it.
                case .abandon: break
                case .setTimer(let id, let at):
                    state.changes.append(.setTimer(RunTimer(run: name, id: id.description, due: at)))
                    state.timers.append((id, at))
                    state.openTimers.insert(id)
                case .cancelTimer(let id):
                    state.changes.append(.clearTimer(run: name, timer: id.description))
                    state.timers.removeAll { $0.id == id }
                    state.openTimers.remove(id)
                    host.timers.remove(.run(name, id))
                case .reply, .complete: state.commands.append(command)
                }
            }
            let goesOn = state.hasMore || !state.work.isEmpty
            if !goesOn { state.isScheduled = false }
            return (nextBatch(&state), goesOn)
        }
        for (intent, recovered) in launches {
            host.carryOut(intent, recovered: recovered && !neverSent.contains(intent.id), of: self)
        }
        if let batch {
            // Where no other run waits for this thread, it commits itself: a change of threads takes longer.
            if goesOn || !host.isAlone(self) || !commitAtOnce(batch) { submit(batch) }
        } else if !goesOn {
            // A step may come to nothing; the cell is at rest again.
            host.mayLetGo(self)
        }
        return goesOn
    }

    // MARK: Commits

    private func submit(_ batch: Batch) {
        // A commit outlives the step that asked for it; its end comes back to the cell.
        Task {
            do throws(FlowError) {
                try await host.store.commit(batch.commit)
                committed(batch)
            } catch {
                refused(batch, error)
            }
        }
    }

    /// Commits in this thread where nobody else commits.
    /// - Returns: whether that was done, whatever came of it.
    private func commitAtOnce(_ batch: Batch) -> Bool {
        guard let outcome = host.store.commitAtOnce(batch.commit) else { return false }
        switch outcome {
        case .success: committed(batch)
        case .failure(let error): refused(batch, error)
        }
        return true
    }

    private func committed(_ batch: Batch) {
        let next = state.withLock { state -> Batch? in
            state.isCommitting = false
            state.isStored = true
            guard !state.isGone else { return nil }
            return nextBatch(&state)
        }
        host.committed(batch, of: self)
        if let next {
            submit(next)
        } else {
            host.mayLetGo(self)
        }
    }

    private func refused(_ batch: Batch, _ error: FlowError) {
        state.withLock { state in
            state.isGone = true
            state.isCommitting = false
        }
        host.refused(batch, error, of: self)
    }

    // MARK: Letting go

    /// Forgets the machine where the run only waits and nothing of it is under way.
    /// - Returns: whether the cell is gone.
    func letGo() -> Bool {
        let (isGone, batch) = state.withLock { state -> (Bool, Batch?) in
            guard !state.isGone, !state.isScheduled, !state.isCommitting, state.work.isEmpty, state.events.isEmpty,
                state.commands.isEmpty, state.changes.isEmpty, state.inFlight.isEmpty || state.signIn != nil,
                state.outcome != nil || state.hold != nil || storedWait(state) != nil
            else { return (false, nil) }
            // The row has to tell what the run waits for before the row is all there is.
            if let batch = nextBatch(&state, settles: true) { return (false, batch) }
            state.isGone = true
            state.machine = nil
            return (true, nil)
        }
        if let batch { submit(batch) }
        return isGone
    }

    /// Whether nothing is to be done but to wait.
    var isAtRest: Bool {
        state.withLock { state in
            !state.isGone && !state.isScheduled && !state.isCommitting
                && (state.inFlight.isEmpty || state.signIn != nil) && state.events.isEmpty
        }
    }

    /// The timers that are set.
    var openTimers: Set<TimerID> { state.withLock { $0.openTimers } }

    /// Lets the row say that someone outside has to do something first, where that is so and it does not say so yet.
    /// - Returns: whether that is being committed.
    func settle() -> Bool {
        let batch = state.withLock { state in waitsForPerson(state) ? nextBatch(&state, settles: true) : nil }
        if let batch { submit(batch) }
        return batch != nil
    }

    /// Whether someone outside has to do something before the run can go on, and its row says so.
    var isParked: Bool {
        state.withLock { state in waitsForPerson(state) && !state.isCommitting && !summaryIsStale(state) }
    }

    private func waitsForPerson(_ state: State) -> Bool {
        guard let wait = storedWait(state) else { return false }
        return wait.kind == .settlement || wait.kind == .signIn
    }

    // MARK: Effects

    /// A call came to an end.
    func finished(_ effect: EffectID) { state.withLock { _ = $0.inFlight.remove(effect) } }

    /// A call waits until someone signs in with its connection.
    func waits(forSignIn connection: String) {
        let batch = state.withLock { state -> Batch? in
            guard !state.isGone else { return nil }
            state.signIn = connection
            return nextBatch(&state, settles: true)
        }
        if let batch { submit(batch) }
    }
}

extension RunStimulus {
    /// Whether the run ends, whatever it was about to do.
    var endsRun: Bool {
        switch self {
        case .cancel, .expire: true
        case .message(let message): if case .cancel = message.content { true } else { false }
        default: false
        }
    }
}
