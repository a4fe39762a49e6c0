import FlowCore
import FlowDefinitions
import FlowEngine
import FlowStorage
import Synchronization

/// Carries out what the machines of runs command: commits, calls, timers, messages, replies.
///
/// The host holds the runs that have something to do as cells; all others are rows in the store. Whoever has something
/// for a run hands it to ``deliver(_:to:)``, which takes the run up from the store where it is not in memory.
final class RunHost: Sendable {
    /// What the host waits for in time.
    enum TimerKey: Hashable, Sendable {
        /// A timer of a run.
        case run(String, TimerID)
        /// A run has lasted as long as a run may.
        case expire(String)
        /// A run at rest leaves the memory.
        case letGo(String)
        /// The end of a subscription is open, perhaps since an earlier process, perhaps of a run that is over.
        case subscription(String)
        /// The next timers are read from the store.
        case scan
        /// Runs that ended long ago are deleted.
        case prune
        /// Less counts against the limits of five minutes.
        case pace
    }

    /// A run in memory, or on its way into it.
    private enum Place {
        case cell(RunCell)
        case loading([RunCell.Work])
    }

    /// A call by its run, its number there, and the key of its content: a run that is built again may decide otherwise.
    private struct EffectKey: Hashable {
        let run: String
        let effect: EffectID
        let content: String
    }

    /// The calls that are out in this process.
    private struct Calls {
        /// Which cell sent a call, or asked for it last; held, so that no other cell is ever taken for it.
        var out: [EffectKey: RunCell] = [:]
        /// What came of calls and is not on disk yet, by run: a cell that is thrown away takes nothing with it.
        var late: [String: [EffectKey: EffectOutcome]] = [:]
    }

    private let settingsInForce: Mutex<EnvironmentSettings>
    // Beside the settings, for each request asks for them.
    private let limitsInForce: Mutex<ServerLimits>
    let store: any FlowStore
    let connectors: ConnectorRegistry
    let clock: any RuntimeClock
    let options: FlowEnvironment.Options
    let executor: RunExecutor
    let waiters = RunWaiters()
    let plans: PlanCache
    /// Keeps the search index up with what runs commit.
    let search: SearchFollowing
    private let places = Mutex<[String: Place]>([:])
    private let calls = Mutex(Calls())
    private let configuration = Mutex(Configuration())
    let ready = HostReadiness()
    private let idle = IdleSignal()
    let turns = RunTurns()
    /// What the clocks showed when the next deletion was scheduled.
    let pruneMark = Mutex<(now: Timestamp, elapsed: Duration)?>(nil)
    let scannedUntil = Mutex(Timestamp(ticks: .min))
    private let address = Mutex<String?>(nil)
    private let watch = Mutex<AlertWatch?>(nil)

    /// Who looks for what people should know of; nil where nobody is told.
    var alerts: AlertWatch? {
        get { watch.withLock { $0 } }
        set { watch.withLock { $0 = newValue } }
    }

    let timers: TimerQueue<TimerKey>

    /// What runs read of the environment's configuration.
    struct Configuration: Sendable {
        var catalog = Catalog()
        var state = EnvironmentState()
        var echoes = EchoGuardian()
        /// The connections with their secrets, as far as they were needed.
        var connections: [String: Connection] = [:]
        /// The flows made ready to start, by id, as far as they were started.
        var runnables: [String: RunnableFlow] = [:]
    }

    init(
        _ settings: EnvironmentSettings, store: any FlowStore, connectors: ConnectorRegistry, clock: any RuntimeClock,
        options: FlowEnvironment.Options
    ) {
        settingsInForce = Mutex(settings)
        limitsInForce = Mutex(settings.server.limits)
        self.store = store
        self.connectors = connectors
        self.clock = clock
        self.options = options
        self.executor = options.threads.map { RunExecutor(threads: $0) } ?? RunExecutor()
        self.plans = PlanCache(store: store)
        timers = TimerQueue(clock: clock)
        requests = RequestUse(
            now: clock.now, pace: Pace(settings.performanceProfile), written: { store.figures.contentBytes },
            whenSlow: { [timers, report = options.report] until in
                timers.set(.pace, at: until)
                report(Self.slowed(until))
            })
        slots = TaskGate(limit: settings.performanceProfile.concurrentCalls)
        search = SearchFollowing(store, clock: clock, report: options.report)
        timers.whenDue { [weak self] keys in self?.due(keys) }
        store.whenUnusable { [weak self] error in self?.storeFailed(error, run: nil) }
    }

    deinit { executor.stop() }

    // MARK: Configuration

    /// Takes over a changed configuration.
    func use(_ catalog: Catalog, _ state: EnvironmentState) {
        let echoes = EchoGuardian(catalog, state, now: clock.now)
        configuration.withLock { $0 = Configuration(catalog: catalog, state: state, echoes: echoes) }
    }

    /// What `flowrun.yaml` says of the environment, as far as it has been taken over.
    var settings: EnvironmentSettings { settingsInForce.withLock { $0 } }

    /// What the server takes from its clients before it refuses.
    var serverLimits: ServerLimits { limitsInForce.withLock { $0 } }

    /// Takes over changed settings.
    func use(_ settings: EnvironmentSettings) {
        settingsInForce.withLock { $0 = settings }
        limitsInForce.withLock { $0 = settings.server.limits }
        requests.pace.use(settings.performanceProfile)
        slots.use(limit: settings.performanceProfile.concurrentCalls)
        releasePace()
    }

    var catalog: Catalog { configuration.withLock { $0.catalog } }
    var state: EnvironmentState { configuration.withLock { $0.state } }
    /// What tells our own writes from changes by others.
    var echoes: EchoGuardian { configuration.withLock { $0.echoes } }

    /// The base address of trigger and callback URLs.
    var publicAddress: String {
        get { settings.server.publicURL ?? address.withLock { $0 } ?? "http://\(settings.server.listen)" }
        set { address.withLock { $0 = newValue } }
    }

    /// A flow made ready to start, where that was done under the present configuration.
    func readyFlow(_ id: String) -> RunnableFlow? { configuration.withLock { $0.runnables[id] } }

    /// Keeps a flow that was made ready to start until the configuration changes.
    func keep(_ runnable: RunnableFlow) {
        configuration.withLock { configuration in
            // One that was made under an earlier configuration is not kept.
            guard configuration.catalog[runnable.flow.id]?.installed == runnable.flow.installed else { return }
            configuration.runnables[runnable.flow.id] = runnable
        }
    }

    /// A connection works no more, or works again, without a change of the configuration.
    func take(standingOf stored: StoredConnection) {
        let name = stored.connection.name
        configuration.withLock { configuration in
            configuration.connections[name] = nil
            configuration.state.connections[name]?.status = stored.status
            configuration.state.connections[name]?.statusCode = stored.statusCode
            configuration.state.connections[name]?.statusMessage = stored.statusMessage
        }
    }

    /// A connection with its secrets.
    func connection(_ name: String) async throws(FlowError) -> Connection? {
        if let known = configuration.withLock({ $0.connections[name] }) { return known }
        guard let stored = try await store.connection(name) else { return nil }
        configuration.withLock { $0.connections[name] = stored.connection }
        return stored.connection
    }

    let tally = RuntimeTally()
    /// What the flows use of their requests.
    let requests: RequestUse
    /// Refuses calls beyond a limit.
    let gate = CallGate()
    /// Through which all calls go out.
    let slots: TaskGate

    /// What the process has in hand and has done.
    var counts: FlowEnvironment.Counts {
        let done = tally.counts
        return FlowEnvironment.Counts(
            runsInMemory: places.withLock { $0.count }, callsOut: calls.withLock { $0.out.count },
            runsStarted: done.runsStarted,
            runsEnded: done.runsEnded.values.reduce(0, +))
    }

    /// Ends the host: what is being committed is committed, nothing new begins.
    func stop() async {
        enter(.shuttingDown)
        timers.stop()
        search.stop()
        executor.stop()
        let rest = requests.rest(now: clock.now)
        // A store that fails at the end keeps what it has; a few seconds of a count are no reason to wait.
        if !rest.isEmpty { try? await store.commit(StoreCommit(rest)) }
        waiters.endAll(
            FlowError(
                .storeInUse, "The process that owns the environment is ending.",
                hint: "the run goes on at the next start"))
    }

    /// Whether no run has anything to do in this process.
    var isIdle: Bool { idle.isIdle }

    /// Whether no other run has anything to do in this process.
    func isAlone(_ cell: RunCell) -> Bool { idle.isAlone(cell.name) }

    /// Waits until no run has anything to do in this process.
    func waitUntilIdle() async { await idle.wait() }

    // MARK: Cells

    /// Takes a new run in.
    /// - Returns: false where a run of that name is in memory already.
    func add(_ cell: RunCell) -> Bool {
        let isNew = places.withLock { places -> Bool in
            guard places[cell.name] == nil else { return false }
            places[cell.name] = .cell(cell)
            return true
        }
        if isNew { idle.enter(cell.name) }
        return isNew
    }

    /// Hands work to a run, which is taken up from the store where it is not in memory.
    func deliver(_ work: RunCell.Work, to run: String) {
        while true {
            let (cell, mustLoad) = places.withLock { places -> (RunCell?, Bool) in
                switch places[run] {
                case .cell(let cell): return (cell, false)
                case .loading(let waiting):
                    places[run] = .loading(waiting + [work])
                    return (nil, false)
                case nil:
                    places[run] = .loading([work])
                    return (nil, true)
                }
            }
            if let cell {
                if cell.post(work) { return }
                // The cell was let go in between.
                forget(cell)
                continue
            }
            if mustLoad { startLoading(run) }
            return
        }
    }

    /// Takes a run up without having anything for it.
    func takeUp(_ run: String) {
        let mustLoad = places.withLock { places -> Bool in
            guard places[run] == nil else { return false }
            places[run] = .loading([])
            return true
        }
        if mustLoad { startLoading(run) }
    }

    /// Takes a run up and waits until it is in memory.
    func takeUpNow(_ run: String) async {
        let mustLoad = places.withLock { places -> Bool in
            guard places[run] == nil else { return false }
            places[run] = .loading([])
            return true
        }
        guard mustLoad else { return }
        idle.enter(run)
        await load(run)
    }

    private func startLoading(_ run: String) {
        idle.enter(run)
        // Reading the store is asynchronous; the run's work waits in its place meanwhile.
        Task { await load(run) }
    }

    private func load(_ run: String) async {
        do throws(FlowError) {
            let summary = try await store.run(run)
            guard let summary, let folded = try await fold(summary) else {
                calls.withLock { $0.late[run] = nil }
                drop(run)
                // It ended in the queue while the turn was passed to it.
                if let summary, turns.forget(run) { turnIsFree(lane(of: summary.flowID)) }
                return
            }
            let cell = folded.cell
            // A run that waits for its turn stays where it is until the turn comes, or until it is ended.
            let goesOn = !cell.isQueued
            var work: [RunCell.Work] = goesOn ? [.resume] : []
            work += folded.messages.map { RunStimulus.message($0) }.filter { goesOn || $0.endsRun }
                .map { .stimulus($0) }
            places.withLock { places in
                if case .loading(let waiting) = places[run] {
                    work += waiting.filter { waiting in
                        // A message that was sent while the run was loading stands in the inbox as well.
                        guard case .stimulus(.message(let message)) = waiting else { return true }
                        return !folded.messages.contains { $0.id == message.id }
                    }
                }
                // All of it stands in the cell before anyone else sees it: a cell that has done a part may be let go.
                cell.prepare(work)
                places[run] = .cell(cell)
            }
            cell.begin()
            mayLetGo(cell)
        } catch {
            drop(run)
            if error.code != .runUnreadable, error.code != .journalUnreadable {
                storeFailed(error, run: run)
            } else {
                options.report(error)
            }
        }
    }

    private func drop(_ run: String) {
        places.withLock { $0[run] = nil }
        idle.leave(run)
    }

    private func forget(_ cell: RunCell) {
        let isForgotten = places.withLock { places -> Bool in
            guard case .cell(let present) = places[cell.name], present === cell else { return false }
            places[cell.name] = nil
            return true
        }
        if isForgotten { idle.leave(cell.name) }
    }

    /// Lets a run that only waits go, where it is in memory.
    func letGo(_ run: String) {
        if case .cell(let cell) = places.withLock({ $0[run] }), cell.letGo() { forget(cell) }
    }

    /// Lets a run at rest go, at once or after a while.
    func mayLetGo(_ cell: RunCell) {
        guard cell.isAtRest, !cell.settle() else { return }
        idle.leave(cell.name)
        // Its turn came while this cell, which waits for it, was not yet at rest.
        if cell.isQueued, turns.isGranted(cell.name) {
            letGo(cell.name)
            return takeUp(cell.name)
        }
        if cell.isParked { waiters.parked(cell.name) }
        if options.idleLimit == .zero {
            if cell.letGo() { forget(cell) }
        } else {
            timers.set(.letGo(cell.name), at: clock.now + options.idleLimit)
        }
    }

    /// A cell has work again.
    func isBusy(_ cell: RunCell) { idle.enter(cell.name) }

    /// Whether a run cannot go on without someone outside.
    func isParked(_ summary: RunSummary) -> Bool {
        if case .cell(let cell) = places.withLock({ $0[summary.name] }) { return cell.isParked }
        return summary.wait.map { [.settlement, .signIn].contains($0.kind) } ?? false
    }

    /// Whether a call changes nothing, so that it may go out before its intent is committed.
    func reads(_ intent: EffectIntent) -> Bool {
        guard intent.needsCommitFirst else { return true }
        guard case .operation(let request) = intent.kind, let connector = connectors[request.connector] else {
            return false
        }
        let call = OperationCall(
            operationID: request.operationID, parameters: request.parameters, idempotencyKey: intent.idempotencyKey)
        return connector.replay(of: call) == .read
    }

    // MARK: After commits

    func committed(_ batch: RunCell.Batch, of cell: RunCell) {
        search.committed()
        defer { waiters.progressed(cell.name) }
        forgetOutcomes(batch.finished, of: cell.name)
        if batch.isStart { noteStart(cell.name) }
        let horizon = scannedUntil.withLock { $0 }
        for timer in batch.timers {
            if timer.at <= horizon { timers.set(.run(cell.name, timer.id), at: timer.at) }
        }
        for command in batch.commands {
            switch command {
            case .carryOut(let intent, let recovered):
                carryOut(intent, recovered: recovered && !cell.neverSent.contains(intent.id), of: cell)
            case .reply(let reply): waiters.replied(cell.name, reply)
            case .complete: complete(cell, batch.summary)
            case .setTimer, .cancelTimer, .abandon: break
            }
        }
        for entry in batch.messages {
            guard let message = InboxMessage(id: entry.id, kind: entry.kind, body: entry.body) else { continue }
            deliver(.stimulus(.message(message)), to: entry.run)
        }
    }

    /// A new run is in the store.
    func noteStart(_ run: String) {
        tally.runStarted()
        waiters.started(run)
    }

    private func complete(_ cell: RunCell, _ summary: RunSummary) {
        for id in cell.openTimers { timers.remove(.run(cell.name, id)) }
        timers.remove(.expire(cell.name))
        timers.remove(.letGo(cell.name))
        if cell.letGo() { forget(cell) }
        idle.leave(cell.name)
        let wasGranted = turns.forget(cell.name)
        calls.withLock { $0.late[cell.name] = nil }
        tally.runEnded(summary)
        waiters.ended(cell.name, summary)
        let lane = lane(of: summary.flowID)
        if turns.hasEnded(lane), wasGranted || !cell.isQueued { turnIsFree(lane) }
    }

    /// A commit was refused: the run is thrown away and, where the store is at fault, built again from it.
    func refused(_ batch: RunCell.Batch, _ error: FlowError, of cell: RunCell) {
        forget(cell)
        requests.giveBack(batch.commit.changes)
        switch error.code {
        case .runExists, .triggerKeySeen:
            // Others may watch the run that stands; only who wanted to start a second one is told.
            cell.starter?.refuse(error)
            if cell.tookTurn { giveBackTurn(of: cell.identity.flowID) }
            // The run that stands may have got its turn while this cell was in its place.
            if error.code == .runExists { takeUp(cell.name) }
        case .journalConflict, .leaseLost:
            waiters.refused(cell.name, error)
            takeUp(cell.name)
        default:
            waiters.refused(cell.name, error)
            ready.lose(
                receivers: batch.messages.map(\.run),
                turns: cell.tookTurn ? [cell.name: cell.identity.flowID] : [:])
            storeFailed(error, run: cell.name)
        }
    }

    /// Commits what belongs to no run in memory.
    func commit(_ commit: StoreCommit) async throws(FlowError) {
        do {
            try await store.commit(commit)
        } catch {
            if error.meansStoreFails { storeFailed(error, run: nil) }
            throw error
        }
    }

    // MARK: Messages

    /// Puts a message into the inbox of a run and hands it over.
    ///
    /// It is sealed: only the run's plan tells what of it is secret.
    func send(_ message: InboxMessage, to run: String) async throws(FlowError) {
        let entry = InboxEntry(
            run: run, id: message.id, kind: message.kind, body: message.body, isSealed: true, sentAt: clock.now)
        do {
            try await commit(StoreCommit([.send(entry)]))
        } catch {
            if error.meansStoreFails { ready.lose(receivers: [run]) }
            throw error
        }
        deliver(.stimulus(.message(message)), to: run)
    }

    // MARK: Effects

    /// Carries out an effect, unless it is out already or its result is known.
    func carryOut(_ intent: EffectIntent, recovered: Bool, of cell: RunCell) {
        let key = EffectKey(run: cell.name, effect: intent.id, content: intent.idempotencyKey)
        let (mustSend, late) = calls.withLock { calls -> (Bool, EffectOutcome?) in
            if let late = calls.late[cell.name]?[key] { return (false, late) }
            return (calls.out.updateValue(cell, forKey: key) == nil, nil)
        }
        if let late { handOver(late, of: key, to: cell) }
        guard mustSend else { return }
        let performer = EffectPerformer(host: self, identity: cell.identity)
        // One task a call that is out: it is asynchronous by nature and ends with its result.
        Task {
            var result = await performer.perform(intent, recovered: recovered)
            while case .waitsForStore(let error) = result {
                if readiness == .ready { storeFailed(error, run: nil) }
                // Whoever waits for the run is told; it goes on when the store is well again.
                waiters.refused(cell.name, error)
                if let parent = cell.identity.parent { waiters.refused(parent.run, error) }
                await waitForStore()
                guard readiness != .shuttingDown else { return }
                result = await performer.perform(intent, recovered: true)
            }
            end(key, result)
        }
    }

    /// Gives a call's outcome to the cell that asked for it; where the cell is gone, the one that is built in its place
    /// asks for it.
    private func handOver(_ outcome: EffectOutcome, of key: EffectKey, to cell: RunCell) {
        cell.finished(key.effect)
        if !cell.post(.stimulus(.effectFinished(key.effect, outcome))) { takeUp(key.run) }
    }

    /// Outcomes are on disk: nobody needs to be told them again.
    private func forgetOutcomes(_ saved: [RunCell.SavedOutcome], of run: String) {
        guard !saved.isEmpty else { return }
        calls.withLock { calls in
            for outcome in saved {
                calls.late[run]?[EffectKey(run: run, effect: outcome.effect, content: outcome.content)] = nil
            }
            if calls.late[run]?.isEmpty == true { calls.late[run] = nil }
        }
    }

    private func end(_ key: EffectKey, _ result: EffectPerformer.Result) {
        let (present, isSender) = calls.withLock { calls -> (RunCell?, Bool) in
            let sender = calls.out.removeValue(forKey: key)
            var present: RunCell?
            if case .cell(let cell) = places.withLock({ $0[key.run] }) { present = cell }
            // The run may be thrown away at any moment. Built again, it asks for the call again and finds its outcome.
            if case .outcome(let outcome) = result { calls.late[key.run, default: [:]][key] = outcome }
            return (present, present != nil && present === sender)
        }
        switch result {
        case .outcome(let outcome):
            guard let present, isSender else { return takeUp(key.run) }
            handOver(outcome, of: key, to: present)
        case .started:
            // A child run goes on; its reply comes through the inbox.
            guard let present else { return }
            present.finished(key.effect)
            mayLetGo(present)
        case .waitsForSignIn(let connection):
            guard let present else { return }
            present.waits(forSignIn: connection)
            mayLetGo(present)
        case .waitsForStore: break
        }
    }

    /// Someone signed in with a connection: the runs that wait for it go on.
    func signedIn(_ connection: String) async {
        var filter = RunFilter(isFinished: false, limit: 1_000)
        filter.waiting = .signIn
        filter.waitSubject = connection
        guard let runs = try? await store.runs(filter) else { return }
        for run in runs {
            letGo(run.name)
            await takeUpNow(run.name)
        }
    }
}
