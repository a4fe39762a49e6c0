public import FlowCore
import Synchronization

/// States, seen keys and history of triggers in memory.
struct InMemoryTriggers {
    var states: [InMemoryState.Pair: TriggerState] = [:]
    var keys: [String: [String: TriggerKey]] = [:]
    var history: [TriggerHistoryEntry] = []

    mutating func apply(_ change: StoreChange) {
        switch change {
        case .trigger(let trigger): states[InMemoryState.Pair(trigger.flow, trigger.trigger)] = trigger
        case .forgetTriggers(let flow):
            states = states.filter { $0.key.first != flow }
            keys[flow] = nil
        case .seen(let key): keys[key.flow, default: [:]][key.key] = key
        case .forgetKeys(let flow, let before): keys[flow] = keys[flow]?.filter { $0.value.seenAt >= before }
        case .history(let entry):
            if let place = history.lastIndex(where: { $0.id == entry.id }) {
                // A later word about an entry need not repeat what the trigger received.
                var entry = entry
                if entry.payload == nil {
                    entry.payload = history[place].payload
                    entry.isSealed = history[place].isSealed
                }
                history[place] = entry
            } else {
                history.append(entry)
            }
        case .deleteHistory(let ids): history.removeAll { ids.contains($0.id) }
        default: break
        }
    }
}

extension TriggerHistoryFilter {
    /// Whether an entry fits; the limit does not count.
    package func matches(_ entry: TriggerHistoryEntry) -> Bool {
        if let flow, entry.flow != flow { return false }
        if let trigger, entry.trigger != trigger { return false }
        if let status, entry.status != status { return false }
        if let since, entry.startTime < since { return false }
        if let until, entry.startTime >= until { return false }
        return true
    }
}

extension InMemoryFlowStore {
    /// Where a flow's trigger stands.
    public func triggerState(flow: String, trigger: String) async throws(FlowError) -> TriggerState? {
        state.withLock { $0.triggers.states[InMemoryState.Pair(flow, trigger)] }
    }

    /// Where all triggers stand.
    public func triggerStates() async throws(FlowError) -> [TriggerState] {
        state.withLock { $0.triggers.states.values.sorted { ($0.flow, $0.trigger) < ($1.flow, $1.trigger) } }
    }

    /// Those of some keys that a flow's trigger has seen.
    public func seenKeys(flow: String, keys: [String]) async throws(FlowError) -> [String: TriggerKey] {
        state.withLock { state in
            var seen: [String: TriggerKey] = [:]
            for key in keys { seen[key] = state.triggers.keys[flow]?[key] }
            return seen
        }
    }

    /// Entries of the trigger history, newest first.
    public func triggerHistory(_ filter: TriggerHistoryFilter) async throws(FlowError) -> [TriggerHistoryEntry] {
        state.withLock { state in
            let kept = state.triggers.history.filter { !$0.repeatsRun }.map(withoutPayload)
            let fired = state.runs.byName.values.compactMap { TriggerHistoryEntry(of: $0.summary) }
            var entries = (kept + fired).sorted { $0.precedes($1) }[...]
            if let after = filter.after {
                guard let place = entries.firstIndex(where: { $0.id == after }) else { return [] }
                entries = entries[(place + 1)...]
            }
            return Array(entries.lazy.filter(filter.matches).prefix(filter.limit))
        }
    }

    /// One entry of the trigger history.
    public func triggerHistoryEntry(_ id: String) async throws(FlowError) -> TriggerHistoryEntry? {
        state.withLock { state in
            let kept = state.triggers.history.last { $0.id == id }
            return kept ?? state.runs.byName[id].flatMap { TriggerHistoryEntry(of: $0.summary) }
        }
    }

    /// Entries that began before an instant and are split to their end.
    public func oldHistory(before instant: Timestamp, limit: Int) async throws(FlowError) -> [String] {
        state.withLock { state in
            let old = state.triggers.history.lazy.filter { $0.startTime < instant && $0.splitDone >= $0.splitCount }
            return old.prefix(limit).map(\.id)
        }
    }

    /// Entries whose payload is not split up to its end.
    public func unfinishedSplits() async throws(FlowError) -> [TriggerHistoryEntry] {
        state.withLock { state in
            state.triggers.history.filter { $0.splitDone < $0.splitCount }.map(withoutPayload)
        }
    }
}

private func withoutPayload(_ entry: TriggerHistoryEntry) -> TriggerHistoryEntry {
    var entry = entry
    entry.payload = nil
    return entry
}
