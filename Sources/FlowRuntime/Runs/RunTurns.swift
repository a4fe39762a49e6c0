import FlowCore
import FlowStorage
import Synchronization

/// The turns of flows whose triggers limit how many runs go on at once.
final class RunTurns: Sendable {
    /// Whether a run may go on.
    enum Turn: Sendable {
        /// At once.
        case now
        /// When another one has ended.
        case later
    }

    private struct State {
        /// How many runs of a flow go on.
        var active: [String: Int] = [:]
        /// How many may go on.
        var limits: [String: Int] = [:]
        /// The runs that waited and whose turn has come.
        var granted: Set<String> = []
    }

    private let state = Mutex(State())
    private let gate = SerialGate()

    /// Takes a turn, or a place in the queue.
    /// - Throws: `WorkflowMaximumWaitingRunCountExceeded` where the queue is full.
    func take(
        _ flow: String, _ concurrency: TriggerRules.Concurrency, store: any FlowStore
    ) async throws(FlowError) -> Turn {
        await gate.enter()
        defer { gate.leave() }
        var waitingFilter = RunFilter(flowIDs: [flow], isFinished: false)
        waitingFilter.waiting = .turn
        let waiting = try await store.runCount(waitingFilter)
        if state.withLock({ $0.active[flow] }) == nil {
            let unfinished = try await store.runCount(RunFilter(flowIDs: [flow], isFinished: false))
            state.withLock { $0.active[flow] = $0.active[flow] ?? unfinished - waiting }
        }
        let mayGo = state.withLock { state -> Bool in
            let active = state.active[flow] ?? 0
            state.limits[flow] = concurrency.runs
            guard active < concurrency.runs, waiting == 0 else { return false }
            state.active[flow] = active + 1
            return true
        }
        if mayGo { return .now }
        guard waiting < concurrency.waiting else {
            throw FlowError(
                .workflowMaximumWaitingRunCountExceeded,
                "The number of waiting workflow runs '\(waiting)' has exceeded the maximum allowed limit of "
                    + "'\(concurrency.waiting)'. Try increasing the value of 'maximumWaitingRuns' in trigger concurrency "
                    + "configuration.", hint: "Wait until runs have ended; see `flowrun runs list --status Waiting`.")
        }
        return .later
    }

    /// Whether turns of a flow are counted.
    func isLimited(_ flow: String) -> Bool { state.withLock { $0.active[flow] != nil } }

    /// Takes a turn that is free, for whoever waits.
    func claim(_ flow: String) -> Bool {
        state.withLock { state in
            guard let active = state.active[flow], active < state.limits[flow] ?? 0 else { return false }
            state.active[flow] = active + 1
            return true
        }
    }

    /// A turn goes over to the first of the runs that wait and have none yet.
    /// - Returns: that run, or nil where there is none; the turn is then free.
    func pass(toFirstOf runs: [String], of flow: String) -> String? {
        state.withLock { state in
            if let next = runs.first(where: { !state.granted.contains($0) }) {
                state.granted.insert(next)
                return next
            }
            state.active[flow] = max(0, (state.active[flow] ?? 1) - 1)
            return nil
        }
    }

    /// A run is over: nothing of its turn is remembered.
    func forget(_ run: String) { state.withLock { _ = $0.granted.remove(run) } }

    /// Whether a run that waited has its turn.
    func isGranted(_ run: String) -> Bool { state.withLock { $0.granted.contains(run) } }

    /// Counts the runs of a flow anew after a start of the process.
    /// - Returns: how many of those that wait may go on.
    func recount(
        _ flow: String, _ concurrency: TriggerRules.Concurrency, store: any FlowStore
    ) async throws(FlowError) -> Int {
        var filter = RunFilter(flowIDs: [flow], isFinished: false)
        let unfinished = try await store.runCount(filter)
        filter.waiting = .turn
        let waiting = try await store.runCount(filter)
        let free = max(0, min(waiting, concurrency.runs - (unfinished - waiting)))
        state.withLock { $0.active[flow] = unfinished - waiting + free }
        return free
    }
}
