public import FlowCore

/// Where an environment keeps its runs and its configuration.
///
/// Everything is written by one call, ``commit(_:)``: a commit is a value that takes effect as a whole or not at all.
/// Everything else reads. What has been committed is seen by every later read.
///
/// Drivers: ``InMemoryFlowStore`` here, `SQLiteFlowStore` in FlowStoreSQLite. `StoreContract` in FlowTesting holds
/// what each of them must do.
///
/// ## Topics
/// - Writing: ``StoreCommit``, ``StoreChange``
/// - Runs: ``JournalStore``, ``RunStore``, ``InboxStore``, ``TimerStore``, ``LeaseStore``
/// - Effects: ``EffectLedger``, ``EchoLedger``, ``QuotaStore``
/// - Searching: ``SearchStore``, ``SearchQuery``
/// - Triggers: ``TriggerStore``
/// - Configuration: ``FlowCatalog``, ``VariableStore``, ``UserStore``, ``ConnectionStore``, ``BindingStore``,
///   ``MetadataStore``
public protocol FlowStore: JournalStore, RunStore, SearchStore, InboxStore, TimerStore, LeaseStore, EffectLedger,
    EchoLedger, QuotaStore, TriggerStore, FlowCatalog, VariableStore, UserStore, ConnectionStore, BindingStore,
    MetadataStore
{
    /// Makes a commit durable.
    ///
    /// Commits that come at the same time share one transaction; each is still all or nothing for itself. A refused
    /// commit (`RunExists`, `JournalConflict`, `LeaseLost`, `TriggerKeySeen`) leaves the others alone. When the disk
    /// refuses, nothing of the whole group happened and every caller is told so; the store then has to be reopened,
    /// which the next commit or ``reopen()`` does.
    /// - Throws: the refusals above, or an error of the store (`StoreFull`, `StoreUnusable`, `StoreCorrupt` …).
    func commit(_ commit: StoreCommit) async throws(FlowError)

    /// Makes a commit durable in the calling thread, where nobody else commits at the moment.
    ///
    /// A change of threads takes longer than a commit where the disk is fast; a store that cannot do without one never does
    /// this.
    /// - Returns: what ``commit(_:)`` would return or throw; nil where nothing was done and ``commit(_:)`` has to be asked.
    func commitAtOnce(_ commit: StoreCommit) -> Result<Void, FlowError>?

    /// Whether the store can be written.
    var health: StoreHealth { get }

    /// Says who is told when reading finds that the store cannot be used any more; a commit tells its caller.
    ///
    /// ``health`` is then `unusable` and commits are refused, until ``reopen()`` finds it well.
    func whenUnusable(_ call: @escaping @Sendable (FlowError) -> Void)

    /// What the store has done in this process; a store that counts nothing gives zeros.
    var figures: StoreFigures { get }

    /// Opens the store again after it became unusable; does nothing where it is well.
    /// - Throws: why it still cannot be used.
    func reopen() async throws(FlowError)

    /// Waits for what is queued and closes the store; later calls fail.
    func close() async
}

/// Whether a store can be written.
public enum StoreHealth: Sendable, Hashable {
    /// It can.
    case ready
    /// It only reads, because another process owns the environment.
    case readOnly
    /// The last commit failed and the store is not open again.
    case unusable(FlowError)
    /// It was closed.
    case closed
}

/// What a commit survives.
public enum StoreDurability: String, Sendable, Hashable, CaseIterable {
    /// Power loss.
    case full
    /// The death of the process.
    case process
}

extension FlowStore {
    /// Nothing is done at once.
    public func commitAtOnce(_ commit: StoreCommit) -> Result<Void, FlowError>? { nil }

    /// A store that counts nothing.
    public var figures: StoreFigures { StoreFigures() }
}
