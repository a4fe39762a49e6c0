public import FlowCore
public import FlowStorage
import Synchronization

/// A store that fails on purpose.
///
/// Count the commits of a scenario once, then run it again with a fault at each of them in turn and look at what is
/// left: nothing may be lost, nothing done twice.
public final class FaultyStore: FlowStore {
    /// How a commit fails.
    public enum Fault: Sendable, Hashable {
        /// The disk is full: nothing happened, and the next commit works.
        case refused
        /// The disk could not be synced: the caller is told that nothing happened, but the commit is there, and the next
        /// one works.
        case keptUnsaid
        /// Nothing happened, and nothing works from now on, as if the process had died before the commit.
        case diedBefore
        /// The commit is durable, but the caller is not told, and nothing works from now on, as if the process had died
        /// after it.
        case diedAfter
    }

    private struct State {
        var commitCount = 0
        var faults: [Int: Fault] = [:]
        var isDead = false
        /// Whether nothing more is taken; it is dead once the last commit is done.
        var isDying = false
    }

    private let store: any FlowStore
    private let state = Mutex(State())

    /// Makes a store that behaves like another one until a fault is set.
    public init(_ store: any FlowStore) { self.store = store }

    /// How many commits have been asked for.
    public var commitCount: Int { state.withLock { $0.commitCount } }

    /// Whether it behaves as if its process had died.
    public var isDead: Bool { state.withLock { $0.isDead } }

    /// Makes a commit fail.
    /// - Parameters:
    ///   - number: which one, counted from 1 over the store's life.
    ///   - fault: how.
    public func fail(commit number: Int, _ fault: Fault) { state.withLock { $0.faults[number] = fault } }

    /// Nothing works from now on, as if the process had died.
    public func die() {
        state.withLock { state in
            state.isDying = true
            state.isDead = true
        }
    }

    /// Forgets all faults and works again, as a new process does.
    public func revive() {
        state.withLock { state in
            state.faults = [:]
            state.isDead = false
            state.isDying = false
        }
    }

    /// Commits, or fails where a fault was set.
    public func commit(_ commit: StoreCommit) async throws(FlowError) {
        switch nextFault() {
        case nil: try await store.commit(commit)
        case .refused: throw FlowError(.storeFull, "The disk is full, on purpose.")
        case .keptUnsaid:
            try await store.commit(commit)
            throw FlowError(.storeUnusable, "The disk cannot be synced, on purpose.")
        case .diedBefore: throw Self.dead
        case .diedAfter:
            defer { state.withLock { $0.isDead = true } }
            try await store.commit(commit)
            throw Self.dead
        }
    }

    /// Commits at once where the store behind does and no fault is set for it.
    public func commitAtOnce(_ commit: StoreCommit) -> Result<Void, FlowError>? {
        let isNext = state.withLock { state in
            guard !state.isDying, state.faults[state.commitCount + 1] == nil else { return false }
            state.commitCount += 1
            return true
        }
        return isNext ? store.commitAtOnce(commit) : nil
    }

    /// Counts a commit.
    /// - Returns: how it is to fail, if it is.
    private func nextFault() -> Fault? {
        state.withLock { state in
            if state.isDying { return .diedBefore }
            state.commitCount += 1
            let fault = state.faults[state.commitCount]
            if fault == .diedBefore || fault == .diedAfter { state.isDying = true }
            if fault == .diedBefore { state.isDead = true }
            return fault
        }
    }

    private static var dead: FlowError { FlowError(.storeUnusable, "The process has died, on purpose.") }

    /// Unusable while it is dead.
    public var health: StoreHealth { isDead ? .unusable(Self.dead) : store.health }

    /// Asks the store behind to tell.
    public func whenUnusable(_ call: @escaping @Sendable (FlowError) -> Void) { store.whenUnusable(call) }

    /// Opens the store again, unless it is dead.
    public func reopen() async throws(FlowError) {
        if isDead { throw Self.dead }
        try await store.reopen()
    }

    /// Closes the store behind.
    public func close() async { await store.close() }
}

extension FaultyStore {
    /// Asks the store behind.
    public func journal(of run: String, after number: Int64, sealed: SealedMembers) async throws(FlowError) -> [JSON] {
        try await store.journal(of: run, after: number, sealed: sealed)
    }

    /// Asks the store behind.
    public func lastEventNumber(of run: String) async throws(FlowError) -> Int64 {
        try await store.lastEventNumber(of: run)
    }

    /// Asks the store behind.
    public func run(_ name: String) async throws(FlowError) -> RunSummary? { try await store.run(name) }

    /// Asks the store behind.
    public func runs(_ filter: RunFilter) async throws(FlowError) -> [RunSummary] { try await store.runs(filter) }

    /// Asks the store behind.
    public func runCount(_ filter: RunFilter) async throws(FlowError) -> Int { try await store.runCount(filter) }

    /// Lets the store behind follow, unless the process is dead.
    public func followText(limit: Int) async throws(FlowError) -> Bool {
        if isDead { throw Self.dead }
        return try await store.followText(limit: limit)
    }

    /// Asks the store behind.
    public func latestRuns() async throws(FlowError) -> [String: RunSummary] { try await store.latestRuns() }

    /// Asks the store behind.
    public func resumableRuns(after name: String?, limit: Int) async throws(FlowError) -> [RunSummary] {
        try await store.resumableRuns(after: name, limit: limit)
    }

    /// Asks the store behind.
    public func inbox(of run: String) async throws(FlowError) -> [InboxEntry] { try await store.inbox(of: run) }

    /// Asks the store behind.
    public func timers(dueBy instant: Timestamp, limit: Int) async throws(FlowError) -> [RunTimer] {
        try await store.timers(dueBy: instant, limit: limit)
    }

    /// Asks the store behind.
    public func timers(of run: String) async throws(FlowError) -> [RunTimer] { try await store.timers(of: run) }

    /// Asks the store behind.
    public func nextTimer() async throws(FlowError) -> Timestamp? { try await store.nextTimer() }

    /// Asks the store behind.
    public func lease(of run: String) async throws(FlowError) -> RunLease? { try await store.lease(of: run) }

    /// Asks the store behind.
    public func effects(of run: String) async throws(FlowError) -> [EffectEntry] { try await store.effects(of: run) }

    /// Asks the store behind.
    public func effects(_ filter: EffectFilter) async throws(FlowError) -> [EffectEntry] {
        try await store.effects(filter)
    }

    /// Asks the store behind.
    public func echo(kind: String, entity: String) async throws(FlowError) -> EchoEntry? {
        try await store.echo(kind: kind, entity: entity)
    }

    /// Asks the store behind.
    public func quotaUsed(_ name: String, since: Timestamp) async throws(FlowError) -> Int64 {
        try await store.quotaUsed(name, since: since)
    }

    /// Asks the store behind.
    public func triggerState(flow: String, trigger: String) async throws(FlowError) -> TriggerState? {
        try await store.triggerState(flow: flow, trigger: trigger)
    }

    /// Asks the store behind.
    public func triggerStates() async throws(FlowError) -> [TriggerState] { try await store.triggerStates() }

    /// Asks the store behind.
    public func seenKeys(flow: String, keys: [String]) async throws(FlowError) -> [String: TriggerKey] {
        try await store.seenKeys(flow: flow, keys: keys)
    }

    /// Asks the store behind.
    public func triggerHistory(_ filter: TriggerHistoryFilter) async throws(FlowError) -> [TriggerHistoryEntry] {
        try await store.triggerHistory(filter)
    }

    /// Asks the store behind.
    public func triggerHistoryEntry(_ id: String) async throws(FlowError) -> TriggerHistoryEntry? {
        try await store.triggerHistoryEntry(id)
    }

    /// Asks the store behind.
    public func oldHistory(before instant: Timestamp, limit: Int) async throws(FlowError) -> [String] {
        try await store.oldHistory(before: instant, limit: limit)
    }

    /// Asks the store behind.
    public func unfinishedSplits() async throws(FlowError) -> [TriggerHistoryEntry] {
        try await store.unfinishedSplits()
    }

    /// Asks the store behind.
    public func solutions() async throws(FlowError) -> [InstalledSolution] { try await store.solutions() }

    /// Asks the store behind.
    public func flows() async throws(FlowError) -> [InstalledFlow] { try await store.flows() }

    /// Asks the store behind.
    public func flow(_ id: String) async throws(FlowError) -> InstalledFlow? { try await store.flow(id) }

    /// Asks the store behind.
    public func definition(_ hash: String) async throws(FlowError) -> StoredDefinition? {
        try await store.definition(hash)
    }

    /// Asks the store behind.
    public func versions(of flow: String) async throws(FlowError) -> [FlowVersion] {
        try await store.versions(of: flow)
    }

    /// Asks the store behind.
    public func variables() async throws(FlowError) -> [VariableValue] { try await store.variables() }

    /// Asks the store behind.
    public func users() async throws(FlowError) -> [EnvironmentUser] { try await store.users() }

    /// Asks the store behind.
    public func shares(of flow: String?) async throws(FlowError) -> [FlowShare] { try await store.shares(of: flow) }

    /// Asks the store behind.
    public func tokens() async throws(FlowError) -> [APIToken] { try await store.tokens() }

    /// Asks the store behind.
    public func connections(withSecrets: Bool) async throws(FlowError) -> [StoredConnection] {
        try await store.connections(withSecrets: withSecrets)
    }

    /// Asks the store behind.
    public func connection(_ name: String) async throws(FlowError) -> StoredConnection? {
        try await store.connection(name)
    }

    /// Asks the store behind.
    public func bindings() async throws(FlowError) -> [ConnectionBinding] { try await store.bindings() }

    /// Asks the store behind.
    public func runOnlySettings() async throws(FlowError) -> [RunOnlySetting] { try await store.runOnlySettings() }

    /// Asks the store behind.
    public func metadata(_ name: String) async throws(FlowError) -> JSON? { try await store.metadata(name) }
}
