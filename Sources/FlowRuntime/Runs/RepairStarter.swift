import FlowCore
import FlowDefinitions
import FlowEngine
import FlowStorage

extension RunHost {
    /// Begins a run that repairs another one: what stands of the old journal is committed as the new one's beginning, and
    /// the run is then taken up from the store, as after a crash.
    /// - Parameters:
    ///   - planned: the repair.
    ///   - goesOn: whether this process goes on with it; else the next owner of the environment does.
    /// - Returns: the new run's name, and a watch that sees it from its beginning.
    /// - Throws: `WorkflowMaximumWaitingRunCountExceeded`, or an error of the store.
    func start(_ planned: PlannedRepair, goesOn: Bool) async throws(FlowError) -> (name: String, watch: RunWatch) {
        guard [.ready, .recovering].contains(readiness) else { throw notReady }
        let turn = try await takeTurn(try runnable(planned.flow))
        let now = clock.now
        let name = RunName.new(at: now)
        var identity = planned.identity
        identity.run = name
        identity.callbackBase = "\(publicAddress)/callbacks/\(name)"
        let source = planned.source
        let summary = RunSummary(
            name: name, flowID: source.flowID, flowName: identity.flowName, definitionHash: planned.definitionHash,
            status: turn == .later ? "Waiting" : "Running", startTime: now, triggerName: source.triggerName,
            initiator: identity.initiator, trackingID: identity.trackingID.map { SecretMask.masking($0) } ?? name,
            sourceRun: source.name, wait: turn == .later ? RunWait(.turn) : nil, keys: source.keys, text: source.text,
            properties: ["repairs": true])
        let hidesParameters = planned.plan.hasSecureParameters || !identity.secretParameters.isEmpty
        let events = planned.repair.events(identity: identity, hidesParameters: hidesParameters, at: now)
            .map { JournalEvent($0) }
        let expiry = RunTimer(run: name, id: RunExpiry.timer, due: now + RunExpiry.duration)
        let watch = waiters.watch(name)
        do throws(FlowError) {
            try await store.commit(
                StoreCommit([
                    .startRun(summary), .append(JournalBatch(run: name, first: 1, events: events)), .setTimer(expiry),
                ]))
        } catch {
            waiters.unwatch(name, watch)
            if turn == .now { giveBackTurn(of: planned.flow.id) }
            throw error
        }
        noteStart(name)
        if turn == .now, goesOn { takeUp(name) }
        return (name, watch)
    }
}
