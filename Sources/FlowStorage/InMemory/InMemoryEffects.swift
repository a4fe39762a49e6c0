public import FlowCore
import Synchronization

/// The ledger of effects in memory.
struct InMemoryEffects {
    private var entries: [EffectEntry] = []
    private var places: [InMemoryState.Pair: Int] = [:]

    mutating func put(_ entry: EffectEntry) {
        let pair = InMemoryState.Pair(entry.run, entry.id)
        if let place = places[pair] {
            entries[place] = entry
        } else {
            places[pair] = entries.count
            entries.append(entry)
        }
    }

    mutating func delete(_ runs: [String]) {
        let runs = Set(runs)
        guard entries.contains(where: { runs.contains($0.run) }) else { return }
        let kept = entries.filter { !runs.contains($0.run) }
        self = InMemoryEffects()
        for entry in kept { put(entry) }
    }

    func of(_ run: String) -> [EffectEntry] { entries.filter { $0.run == run } }

    func list(_ filter: EffectFilter) -> [EffectEntry] {
        Array(entries.reversed().lazy.filter(filter.matches).prefix(filter.limit))
    }
}

extension EffectFilter {
    /// Whether an effect fits; the limit does not count.
    package func matches(_ entry: EffectEntry) -> Bool {
        if let states, !states.contains(entry.state) { return false }
        if let connection, entry.connection != connection { return false }
        if let subject, entry.subject != subject { return false }
        if let since, entry.intendedAt < since { return false }
        return true
    }
}

extension InMemoryFlowStore {
    /// The effects of a run.
    public func effects(of run: String) async throws(FlowError) -> [EffectEntry] {
        state.withLock { $0.effects.of(run) }
    }

    /// The effects that fit, newest first.
    public func effects(_ filter: EffectFilter) async throws(FlowError) -> [EffectEntry] {
        state.withLock { $0.effects.list(filter) }
    }

    /// What was last written to a record.
    public func echo(kind: String, entity: String) async throws(FlowError) -> EchoEntry? {
        state.withLock { $0.echoes[InMemoryState.Pair(kind, entity)] }
    }

    /// How much was used of a quota.
    public func quotaUsed(_ name: String, since: Timestamp) async throws(FlowError) -> Int64 {
        state.withLock { state in
            (state.quotas[name] ?? [:]).reduce(0) { $1.key >= since ? $0 + $1.value : $0 }
        }
    }
}
