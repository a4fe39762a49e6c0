import FlowCore
import FlowStorage

/// Whose turn it is where a trigger or a group of flows limits how many runs go on at once.
extension RunHost {
    /// Whether a run may go on at once under its trigger's concurrency and its flow's group; if not, it waits for its turn.
    func takeTurn(_ runnable: RunnableFlow) async throws(FlowError) -> RunTurns.Turn {
        let concurrency = runnable.rules.concurrency
        guard let lane = lane(of: runnable.flow.id, concurrency) else { return .now }
        return try await turns.take(lane, flow: runnable.flow.id, limit: concurrency?.waiting, store: store)
    }

    /// The turns that a flow's runs need, or nil where any number goes at once.
    func lane(of flow: String, _ concurrency: TriggerRules.Concurrency?) -> RunTurns.Lane? {
        let group = catalog.groups[flow] ?? []
        if group.count > 1 { return RunTurns.Lane(flows: group, runs: 1) }
        guard let runs = group.isEmpty ? concurrency?.runs : 1 else { return nil }
        return RunTurns.Lane(flows: [flow], runs: runs)
    }

    /// The turns of a flow that may be off by now.
    func lane(of flow: String) -> RunTurns.Lane {
        lane(of: flow, nil) ?? RunTurns.Lane(flows: [flow], runs: 1)
    }

    /// Whether a run that waited has its turn.
    func isGranted(_ run: String) -> Bool { turns.isGranted(run) }

    /// Counts the runs of a lane anew after a start of the process.
    /// - Returns: how many of those that wait may go on.
    func recountTurns(of lane: RunTurns.Lane) async throws(FlowError) -> Int {
        try await turns.recount(lane, store: store)
    }

    /// A run that had taken a turn did not come to be.
    func giveBackTurn(of flow: String) {
        let lane = lane(of: flow)
        if turns.isCounted(lane) { turnIsFree(lane) }
    }

    /// A turn of a flow is free: the run that has waited longest takes it.
    func passTurn(_ lane: RunTurns.Lane) { turnIsFree(lane) }

    func turnIsFree(_ lane: RunTurns.Lane) {
        // Reading the next waiting run is asynchronous; nobody waits for it.
        Task {
            repeat {
                let waiting = await runsWaitingForTurn(in: lane)
                if let next = turns.pass(toFirstOf: waiting, of: lane) {
                    letGo(next)
                    return takeUp(next)
                }
                // A run that was sent into the queue while this one read it is there by now, or looks itself.
                let late = await runsWaitingForTurn(in: lane)
                guard late.contains(where: { !turns.isGranted($0) }) else { return }
            } while turns.claim(lane)
        }
    }

    /// The runs that have waited longest: more than can have a turn and not have begun.
    private func runsWaitingForTurn(in lane: RunTurns.Lane) async -> [String] {
        var filter = RunFilter(flowIDs: lane.flows, isFinished: false, limit: 2 * lane.runs + 16)
        filter.isOldestFirst = true
        filter.waiting = .turn
        return (try? await store.runs(filter))?.map(\.name) ?? []
    }

    /// A run that was sent into the queue exists now: the turn it waits for may have become free in between.
    func isQueued(_ run: String, of flow: String) {
        let watch = waiters.watch(run)
        Task {
            defer { waiters.unwatch(run, watch) }
            let lane = lane(of: flow)
            guard (try? await watch.started()) != nil, turns.claim(lane) else { return }
            turnIsFree(lane)
        }
    }
}
