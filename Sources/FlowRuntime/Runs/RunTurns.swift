import FlowCore
import FlowStorage
import Synchronization

/// The turns of flows whose triggers limit how many runs go on at once, and of groups of flows of which one run goes at a time.
final class RunTurns: Sendable {
    /// Whether a run may go on.
    enum Turn: Sendable {
        /// At once.
        case now
        /// When another one has ended.
        case later
    }

    /// Flows that share their turns; a flow alone, most often.
    struct Lane: Sendable, Hashable {
        /// The flows, by id.
        let flows: [String]
        /// How many of their runs go on at once.
        let runs: Int

        /// What the lane is known by.
        var name: String { flows[0] }
    }

    private struct State {
        /// How many runs of a lane go on.
        var active: [String: Int] = [:]
        /// How many runs have ended.
        var ends: [String: Int] = [:]
        /// How many may go on.
        var limits: [String: Int] = [:]
        /// The runs that waited and whose turn has come.
        var granted: Set<String> = []
    }

    private let state = Mutex(State())
    private let gate = TaskGate()

    /// Takes a turn, or a place in the queue.
    /// - Parameters:
    ///   - lane: the flows that share the turn.
    ///   - flow: the flow of the run.
    ///   - limit: how many runs of that flow may wait, or nil where any number may.
    ///   - store: where the runs are.
    /// - Returns: whether the run goes on now.
    /// - Throws: `WorkflowMaximumWaitingRunCountExceeded` where the queue is full.
    func take(_ lane: Lane, flow: String, limit: Int?, store: any FlowStore) async throws(FlowError) -> Turn {
        await gate.enter()
        defer { gate.leave() }
        _ = try await count(lane, store: store)
        var waitingFilter = RunFilter(flowIDs: lane.flows, isFinished: false)
        waitingFilter.waiting = .turn
        let waiting = try await store.runCount(waitingFilter)
        let mayGo = state.withLock { state -> Bool in
            let active = state.active[lane.name] ?? 0
            guard active < lane.runs, waiting == 0 else { return false }
            state.active[lane.name] = active + 1
            return true
        }
        if mayGo { return .now }
        guard let limit else { return .later }
        var own = waiting
        if lane.flows.count > 1 {
            waitingFilter.flowIDs = [flow]
            own = try await store.runCount(waitingFilter)
        }
        guard own < limit else {
            throw FlowError(
                .workflowMaximumWaitingRunCountExceeded,
                "The number of waiting workflow runs '\(own)' has exceeded the maximum allowed limit of "
                    + "'\(limit)'. Try increasing the value of 'maximumWaitingRuns' in trigger concurrency "
                    + "configuration.", hint: "wait until runs have ended; see `flowrun runs list --status Waiting`")
        }
        return .later
    }

    /// Counts the runs of a lane where that was not done yet, so that no end of a run falls between reading and knowing.
    /// - Returns: how many runs wait, or nil where the lane was counted before.
    private func count(_ lane: Lane, store: any FlowStore) async throws(FlowError) -> Int? {
        guard state.withLock({ $0.active[lane.name] }) == nil else { return nil }
        while true {
            let ends = state.withLock { $0.ends[lane.name] ?? 0 }
            var filter = RunFilter(flowIDs: lane.flows, isFinished: false)
            let unfinished = try await store.runCount(filter)
            filter.waiting = .turn
            let waiting = try await store.runCount(filter)
            let isKnown = state.withLock { state -> Bool in
                guard state.ends[lane.name] ?? 0 == ends else { return false }
                state.active[lane.name] = max(0, unfinished - waiting)
                state.limits[lane.name] = lane.runs
                return true
            }
            if isKnown { return waiting }
        }
    }

    /// A run of a lane has ended, as its row says.
    /// - Returns: whether its turn is to be passed on; not where the lane's runs are still to be counted.
    func hasEnded(_ lane: Lane) -> Bool {
        state.withLock { state in
            state.ends[lane.name, default: 0] += 1
            return state.active[lane.name] != nil
        }
    }

    /// Whether turns of a lane are counted: else any number of runs goes at once.
    func isCounted(_ lane: Lane) -> Bool { state.withLock { $0.active[lane.name] != nil } }

    /// Takes a turn that is free, for whoever waits.
    func claim(_ lane: Lane) -> Bool {
        state.withLock { state in
            guard let active = state.active[lane.name], active < state.limits[lane.name] ?? 0 else { return false }
            state.active[lane.name] = active + 1
            return true
        }
    }

    /// A turn goes over to the first of the runs that wait and have none yet.
    /// - Returns: that run, or nil where there is none; the turn is then free.
    func pass(toFirstOf runs: [String], of lane: Lane) -> String? {
        state.withLock { state in
            if let next = runs.first(where: { !state.granted.contains($0) }) {
                state.granted.insert(next)
                return next
            }
            state.active[lane.name] = max(0, (state.active[lane.name] ?? 1) - 1)
            return nil
        }
    }

    /// A run is over: nothing of its turn is remembered.
    /// - Returns: whether it had waited for a turn and got one, told once.
    func forget(_ run: String) -> Bool { state.withLock { $0.granted.remove(run) != nil } }

    /// Whether a run that waited has its turn.
    func isGranted(_ run: String) -> Bool { state.withLock { $0.granted.contains(run) } }

    /// Counts the runs of a lane after a start of the process.
    /// - Returns: how many of those that wait may go on; none where a run that began meanwhile has seen to it.
    func recount(_ lane: Lane, store: any FlowStore) async throws(FlowError) -> Int {
        await gate.enter()
        defer { gate.leave() }
        guard let waiting = try await count(lane, store: store) else { return 0 }
        return state.withLock { state in
            let active = state.active[lane.name] ?? 0
            let free = max(0, min(waiting, lane.runs - active))
            state.active[lane.name] = active + free
            return free
        }
    }
}
