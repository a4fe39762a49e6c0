import FlowCore
import FlowDefinitions
import FlowEngine
import FlowStorage

extension RunHost {
    /// A run built again from its journal.
    struct FoldedRun: Sendable {
        let cell: RunCell
        /// What waits in its inbox.
        let messages: [InboxMessage]
    }

    private static let pageSize = 500
    private static let width = 4

    /// Takes up what an earlier process left: every run that has something to do, every timer, every turn.
    ///
    /// Until it is over the host is not ready. Runs that only wait stay in the store.
    func recover() async throws(FlowError) {
        enter(.recovering)
        await scanTimers()
        try await recountTurns()
        var last: String?
        while true {
            let page = try await store.resumableRuns(after: last, limit: Self.pageSize)
            await takeUp(page.map(\.name))
            guard page.count == Self.pageSize, let name = page.last?.name else { break }
            last = name
        }
        try await takeUpSignedIn()
        schedulePrune(after: .seconds(60))
        endRecovery()
    }

    /// Runs that wait for a sign-in that has happened since, under an owner that ended before they went on.
    private func takeUpSignedIn() async throws(FlowError) {
        var filter = RunFilter(isFinished: false, limit: 10_000)
        filter.waiting = .signIn
        let waiting = try await store.runs(filter)
        guard !waiting.isEmpty else { return }
        let connections = state.connections
        let ready = waiting.filter { run in
            guard let name = run.wait?.subject, let connection = connections[name] else { return true }
            return connection.status == .connected
        }
        await takeUp(ready.map(\.name))
    }

    private func takeUp(_ runs: [String]) async {
        await withTaskGroup(of: Void.self) { group in
            for (place, run) in runs.enumerated() {
                if place >= Self.width { await group.next() }
                group.addTask { await self.takeUpNow(run) }
            }
        }
    }

    private func recountTurns() async throws(FlowError) {
        var counted: Set<String> = []
        for flow in catalog.flows where flow.isStarted {
            guard let rules = try? runnable(flow).rules, let lane = lane(of: flow.id, rules.concurrency),
                counted.insert(lane.name).inserted
            else { continue }
            let free = try await recountTurns(of: lane)
            for _ in 0..<free { passTurn(lane) }
        }
    }

    /// Folds a run's journal: nothing is evaluated, no clock is asked.
    /// - Returns: the run, or nil where it is over and nothing of it is left to be done.
    /// - Throws: `RunUnreadable`, `JournalUnreadable`, or an error of the store.
    func fold(_ summary: RunSummary) async throws(FlowError) -> FoldedRun? {
        let journal = try await store.journal(of: summary.name)
        var events: [RunEvent] = []
        events.reserveCapacity(journal.count)
        for json in journal { events.append(try RunEvent(journal: json)) }
        guard case .runStarted(let start)? = events.first else {
            throw FlowError(
                .runUnreadable, "The journal of the run \(summary.name) does not begin with its start.",
                hint: "start the run again from its trigger: `flowrun runs resubmit \(summary.name)`")
        }
        let plan = try await plans.plan(hash: summary.definitionHash, flow: summary.flowName)
        let machine = try RunStateMachine(plan: plan, identity: start.identity, folding: events)
        if summary.isFinished, !machine.effectsInFlight.contains(where: \.kind.endsSubscription) { return nil }
        let hasReplied = events.contains { if case .replied = $0 { true } else { false } }
        let cell = RunCell(
            folded: machine, identity: start.identity, summary: summary, eventCount: events.count,
            hasReplied: hasReplied, ledger: try await store.effects(of: summary.name),
            hold: summary.wait?.kind == .turn && !isGranted(summary.name) ? .turn : nil, host: self)
        let messages = try await store.inbox(of: summary.name).compactMap { entry in
            InboxMessage(id: entry.id, kind: entry.kind, body: entry.body)
        }
        return FoldedRun(cell: cell, messages: messages)
    }
}
