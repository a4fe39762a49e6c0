public import FlowCore
import Synchronization

/// Runs, journals, inboxes, timers and leases in memory.
struct InMemoryRuns {
    struct Run {
        var summary: RunSummary
        var place: Int
    }

    var byName: [String: Run] = [:]
    /// The names in the order of making; nil where a run was deleted.
    var order: [String?] = []
    var journals: [String: [JournalBatch]] = [:]
    var inboxes: [String: [InboxEntry]] = [:]
    var timers: [String: [String: RunTimer]] = [:]
    var leases: [String: RunLease] = [:]

    mutating func apply(_ change: StoreChange) {
        switch change {
        case .startRun(let run):
            byName[run.name] = Run(summary: run, place: order.count)
            order.append(run.name)
        case .updateRun(let run): byName[run.name]?.summary = run
        case .deleteRuns(let names): for name in names { delete(name) }
        case .append(let batch): if !batch.events.isEmpty { journals[batch.run, default: []].append(batch) }
        case .lease(let lease): leases[lease.run] = lease
        case .send(let message):
            if inboxes[message.run]?.contains(where: { $0.id == message.id }) != true {
                inboxes[message.run, default: []].append(message)
            }
        case .take(let run, let messages):
            inboxes[run]?.removeAll { messages.contains($0.id) }
            if inboxes[run]?.isEmpty == true { inboxes[run] = nil }
        case .setTimer(let timer): timers[timer.run, default: [:]][timer.id] = timer
        case .clearTimer(let run, let timer):
            timers[run]?[timer] = nil
            if timers[run]?.isEmpty == true { timers[run] = nil }
        default: break
        }
    }

    private mutating func delete(_ name: String) {
        if let run = byName.removeValue(forKey: name) { order[run.place] = nil }
        journals[name] = nil
        inboxes[name] = nil
        timers[name] = nil
        leases[name] = nil
    }

    func list(_ filter: RunFilter) -> [RunSummary] {
        var places = 0..<order.count
        if let after = filter.after {
            guard let run = byName[after] else { return [] }
            places = filter.isOldestFirst ? run.place + 1..<order.count : 0..<run.place
        }
        var found: [RunSummary] = []
        for number in 0..<places.count {
            guard found.count < filter.limit else { break }
            let name = order[filter.isOldestFirst ? places.lowerBound + number : places.upperBound - 1 - number]
            if let name, let run = byName[name], matches(filter, run.summary) { found.append(run.summary) }
        }
        return found
    }

    /// Whether a run fits; a text is searched for in its events as they are.
    func matches(_ filter: RunFilter, _ run: RunSummary) -> Bool {
        filter.matches(run) { (journals[run.name] ?? []).flatMap(\.events).map(\.hidingSealed) }
    }
}

extension InMemoryFlowStore {
    /// Does nothing: a search looks at the events themselves.
    public func followText(limit: Int) async throws(FlowError) -> Bool { true }

    /// The events of a run.
    public func journal(of run: String, after number: Int64, sealed: SealedMembers) async throws(FlowError) -> [JSON] {
        let batches = state.withLock { $0.runs.journals[run] ?? [] }
        var events: [JSON] = []
        for batch in batches where batch.last > number {
            for event in batch.events.dropFirst(Int(max(0, number - batch.first + 1))) {
                events.append(sealed == .opened ? event.json : event.hidingSealed)
            }
        }
        return events
    }

    /// The number of a run's last event.
    public func lastEventNumber(of run: String) async throws(FlowError) -> Int64 {
        state.withLock { $0.runs.journals[run]?.last?.last ?? 0 }
    }

    /// The summary of a run.
    public func run(_ name: String) async throws(FlowError) -> RunSummary? {
        state.withLock { $0.runs.byName[name]?.summary }
    }

    /// Runs that fit a filter, newest first.
    public func runs(_ filter: RunFilter) async throws(FlowError) -> [RunSummary] {
        state.withLock { $0.runs.list(filter) }
    }

    /// How many runs fit a filter.
    public func runCount(_ filter: RunFilter) async throws(FlowError) -> Int {
        state.withLock { state in
            state.runs.byName.values.count { state.runs.matches(filter, $0.summary) }
        }
    }

    /// The newest run of each flow.
    public func latestRuns() async throws(FlowError) -> [String: RunSummary] {
        state.withLock { state in
            var latest: [String: RunSummary] = [:]
            for name in state.runs.order.reversed() {
                guard let name, let run = state.runs.byName[name]?.summary, latest[run.flowID] == nil else { continue }
                latest[run.flowID] = run
            }
            return latest
        }
    }

    /// Unfinished runs that have something to do now.
    public func resumableRuns(after name: String?, limit: Int) async throws(FlowError) -> [RunSummary] {
        state.withLock { state in
            let start = name.flatMap { state.runs.byName[$0]?.place }.map { $0 + 1 } ?? 0
            var found: [RunSummary] = []
            for name in state.runs.order[start...] {
                guard found.count < limit else { break }
                guard let name, let run = state.runs.byName[name]?.summary, !run.isFinished else { continue }
                if run.wait == nil || state.runs.inboxes[name] != nil { found.append(run) }
            }
            return found
        }
    }

    /// The messages in a run's inbox.
    public func inbox(of run: String) async throws(FlowError) -> [InboxEntry] {
        state.withLock { $0.runs.inboxes[run] ?? [] }
    }

    /// The timers that are due, earliest first.
    public func timers(dueBy instant: Timestamp, limit: Int) async throws(FlowError) -> [RunTimer] {
        state.withLock { state in
            let due = state.runs.timers.values.flatMap(\.values).filter { $0.due <= instant }
            return Array(due.sorted(by: earlier).prefix(limit))
        }
    }

    /// The timers of a run, earliest first.
    public func timers(of run: String) async throws(FlowError) -> [RunTimer] {
        state.withLock { ($0.runs.timers[run] ?? [:]).values.sorted(by: earlier) }
    }

    /// When the next timer is due.
    public func nextTimer() async throws(FlowError) -> Timestamp? {
        state.withLock { $0.runs.timers.values.flatMap(\.values).map(\.due).min() }
    }

    /// The lease of a run.
    public func lease(of run: String) async throws(FlowError) -> RunLease? {
        state.withLock { $0.runs.leases[run] }
    }
}

private func earlier(_ left: RunTimer, _ right: RunTimer) -> Bool {
    (left.due, left.run, left.id) < (right.due, right.run, right.id)
}
