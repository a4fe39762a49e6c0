public import FlowCore
import Synchronization

/// A store that lives as long as the process: for `run --file` and for tests.
///
/// Each commit is checked as a whole before any of it is applied.
public final class InMemoryFlowStore: FlowStore {
    let state: Mutex<InMemoryState>

    /// Makes an empty store.
    public init() { state = Mutex(InMemoryState()) }

    /// Makes a store that holds what another one holds now.
    public init(copying other: InMemoryFlowStore) { state = Mutex(other.state.withLock { $0 }) }

    /// Applies a commit.
    public func commit(_ commit: StoreCommit) async throws(FlowError) { try apply(commit) }

    /// Applies a commit.
    public func commitAtOnce(_ commit: StoreCommit) -> Result<Void, FlowError>? {
        Result { () throws(FlowError) in try apply(commit) }
    }

    private func apply(_ commit: StoreCommit) throws(FlowError) {
        let refusal: FlowError? = state.withLock { state in
            if state.isClosed { return StoreRefusal.closed }
            if let refusal = state.refusal(of: commit) { return refusal }
            for change in commit.changes { state.apply(change) }
            return nil
        }
        if let refusal { throw refusal }
    }

    /// Ready until it is closed.
    public var health: StoreHealth { state.withLock { $0.isClosed ? .closed : .ready } }

    /// Does nothing: memory does not fail.
    public func whenUnusable(_ call: @escaping @Sendable (FlowError) -> Void) {}

    /// Does nothing: memory does not fail.
    public func reopen() async throws(FlowError) {
        guard health == .ready else { throw StoreRefusal.closed }
    }

    /// Closes the store; what it held can still be read.
    public func close() async { state.withLock { $0.isClosed = true } }
}

/// What the store in memory holds.
struct InMemoryState {
    /// A pair of names.
    struct Pair: Hashable {
        var first: String
        var second: String

        init(_ first: String, _ second: String) {
            self.first = first
            self.second = second
        }
    }

    var isClosed = false
    var runs = InMemoryRuns()
    var effects = InMemoryEffects()
    var echoes: [Pair: EchoEntry] = [:]
    var quotas: [String: [Timestamp: Int64]] = [:]
    var triggers = InMemoryTriggers()
    var configuration = InMemoryConfiguration()

    mutating func apply(_ change: StoreChange) {
        switch change {
        case .startRun, .updateRun, .deleteRuns, .append, .lease, .send, .take, .setTimer, .clearTimer:
            runs.apply(change)
            if case .deleteRuns(let names) = change { effects.delete(names) }
        case .effect(let entry): effects.put(entry)
        case .echo(let entry):
            let place = Pair(entry.kind, entry.entity)
            echoes[place] = echoes[place]?.overlaid(by: entry) ?? entry
        case .useQuota(let use): quotas[use.name, default: [:]][use.window, default: 0] += use.amount
        case .trigger, .forgetTriggers, .seen, .forgetKeys, .history, .deleteHistory: triggers.apply(change)
        default:
            configuration.apply(change)
            if case .removeFlow(let id) = change { triggers.apply(.forgetTriggers(flow: id)) }
        }
    }
}
