import FlowCore
import FlowEngine
import FlowStorage
import Synchronization

/// Whether the host takes anything, and what a store that failed took from it.
///
/// ```
/// recovering → ready ⇄ storeUnusable        any of them → shuttingDown, for good
/// ```
final class HostReadiness: Sendable {
    /// What was thrown away with a commit that was refused, and stands in the store once that is well again.
    struct Losses: Sendable {
        /// Runs that were thrown away.
        var runs: Set<String> = []
        /// The flows of new ones among them that had taken a turn.
        var turns: [String: String] = [:]
        /// Runs to which messages were refused that the disk may have kept all the same.
        var receivers: Set<String> = []
    }

    private struct State {
        var phase = FlowEnvironment.Readiness.ready
        var failure: FlowError?
        var losses = Losses()
        /// What others go on with once the store is well again.
        var whenWell: (@Sendable () async -> Void)?
    }

    private let state = Mutex(State())

    var phase: FlowEnvironment.Readiness { state.withLock { $0.phase } }

    /// Why the store cannot be used, while it cannot.
    var failure: FlowError? { state.withLock { $0.phase == .storeUnusable ? $0.failure : nil } }

    var losses: Losses { state.withLock { $0.losses } }

    var whenWell: (@Sendable () async -> Void)? { state.withLock { $0.whenWell } }

    func whenWell(_ call: @escaping @Sendable () async -> Void) { state.withLock { $0.whenWell = call } }

    /// Goes over to another phase, unless the host is ending.
    func enter(_ next: FlowEnvironment.Readiness) {
        state.withLock { state in
            if state.phase != .shuttingDown { state.phase = next }
        }
    }

    /// Everything was taken up; where the store failed meanwhile the host gets ready when that is over.
    func endRecovery() {
        state.withLock { state in
            if state.phase == .recovering { state.phase = .ready }
        }
    }

    /// Remembers what is to be taken up again.
    func lose(run: String? = nil, receivers: [String] = [], turns: [String: String] = [:]) {
        state.withLock { state in
            state.losses.turns.merge(turns) { $1 }
            if let run { state.losses.runs.insert(run) }
            state.losses.receivers.formUnion(receivers)
        }
    }

    /// What was lost is about to be taken up.
    func regain(_ losses: Losses) {
        state.withLock { state in
            state.losses.runs.subtract(losses.runs)
            for run in losses.turns.keys { state.losses.turns[run] = nil }
            state.losses.receivers.subtract(losses.receivers)
        }
    }

    /// Remembers why the store cannot be used.
    /// - Returns: whether this is the first that is known of it, so that someone has to see to it.
    func storeFailed(_ error: FlowError) -> Bool {
        state.withLock { state in
            state.failure = error
            guard state.phase == .ready || state.phase == .recovering else { return false }
            state.phase = .storeUnusable
            return true
        }
    }
}

extension RunHost {
    // MARK: Readiness

    var readiness: FlowEnvironment.Readiness { ready.phase }

    /// Why the store cannot be used, while it cannot.
    var storeFailure: FlowError? { ready.failure }

    func enter(_ next: FlowEnvironment.Readiness) { ready.enter(next) }

    func endRecovery() { ready.endRecovery() }

    /// Says what is to be done once a store that failed is well again.
    func whenStoreIsWell(_ call: @escaping @Sendable () async -> Void) { ready.whenWell(call) }

    /// Why nothing is taken at present.
    var notReady: FlowError {
        storeFailure
            ?? FlowError(
                .storeUnusable, "The environment takes no runs now: its process is ending.",
                hint: "call the command again")
    }

    // MARK: Failing and getting well

    /// The store cannot be used: until it can again nothing is taken; then the runs that were thrown away are built
    /// from it.
    ///
    /// A new run is among them: whoever wanted it was told that it was not taken, but the disk may have kept it.
    func storeFailed(_ error: FlowError, run: String?) {
        options.report(error)
        ready.lose(run: run)
        guard ready.storeFailed(error) else { return }
        // Goes on until the store is well again or the process ends; nothing else waits for it.
        Task {
            var pause = Duration.milliseconds(100)
            while readiness == .storeUnusable {
                do throws(FlowError) {
                    try await regainStore()
                } catch {
                    _ = ready.storeFailed(error)
                    await clock.pause(for: pause)
                    // Looking at a damaged database takes long, and it does not heal.
                    pause = min(pause * 2, error.code == .storeCorrupt ? .seconds(60) : .seconds(2))
                }
            }
        }
    }

    private func regainStore() async throws(FlowError) {
        try await store.reopen()
        // A store is not well as long as a run that was lost with it cannot be read. A start that was refused left no
        // run, unless the disk kept what it said it had not.
        let losses = ready.losses
        var kept: [String] = []
        for run in losses.runs {
            do throws(FlowError) {
                if try await !store.journal(of: run).isEmpty { kept.append(run) }
            } catch {
                // The others do not wait for one that is damaged.
                guard error.code == .journalUnreadable else { throw error }
                options.report(error)
            }
        }
        var messages: [(run: String, message: InboxMessage)] = []
        for run in losses.receivers {
            for entry in try await store.inbox(of: run) {
                guard let message = InboxMessage(id: entry.id, kind: entry.kind, body: entry.body) else { continue }
                messages.append((run, message))
            }
        }
        ready.regain(losses)
        for (run, flow) in losses.turns where !kept.contains(run) { giveBackTurn(of: flow) }
        enter(.ready)
        kept.forEach { takeUp($0) }
        for (run, message) in messages { deliver(.stimulus(.message(message)), to: run) }
        await ready.whenWell?()
    }

    /// Waits until the store is well again, or the process ends.
    func waitForStore() async {
        while readiness == .storeUnusable { await clock.pause(for: .milliseconds(100)) }
    }
}
