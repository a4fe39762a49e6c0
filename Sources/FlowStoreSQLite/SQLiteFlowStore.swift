public import FlowCore
public import FlowStorage
import GRDB
import Synchronization

/// The store in an SQLite database.
///
/// The process that owns the environment opens it for writing; any number of others read beside it. Commits of all runs
/// are written in groups (``GroupCommitter``). A store that is opened for writing is closed by ``close()``, not by
/// letting go of it.
public final class SQLiteFlowStore: FlowStore {
    let vault: Vault
    let location: StoreLocation
    private let committer: GroupCommitter?
    private let readers: StoreReaders
    private let damage = FoundDamage()
    private let keptValues = KeptValues()
    /// How many bytes of content were written in this process.
    private let contentBytes = Atomic<Int64>(0)
    let search: SearchReaders
    /// Whether the database has the present format; one that is only read may have an earlier one.
    let isCurrent: Bool
    private let searchThread: SearchThread?

    /// Opens the store as its owner; makes the database where there is none.
    /// - Parameters:
    ///   - path: the database file.
    ///   - key: the environment's key, 32 bytes.
    ///   - durability: what a commit survives.
    /// - Throws: `StoreKeyWrong`, `StoreFormatNewer`, `StoreCorrupt`, `StoreReadOnly`, `StoreLocked`, `StoreUnusable`.
    public convenience init(path: String, key: [UInt8], durability: StoreDurability = .full) throws(FlowError) {
        try self.init(StoreLocation(path: path, durability: durability), key: key)
    }

    /// Opens the store as its owner, at a location with settings of its own.
    package init(_ location: StoreLocation, key: [UInt8]) throws(FlowError) {
        self.location = location
        vault = Vault(key: key)
        let feed = SearchFeed()
        let writer = try SQLiteWriter(location, vault: vault, feed: feed)
        isCurrent = true
        let readers = StoreReaders(location)
        self.readers = readers
        let search = SearchReaders(location)
        self.search = search
        searchThread = SearchThread(location, feed: feed) { search.drop() }
        committer = GroupCommitter(writer) { readers.dropAll() }
    }

    /// Opens the store for reading, beside its owner or without one.
    /// - Parameters:
    ///   - path: the database file, which must be there.
    ///   - key: the environment's key; nil where nothing secret is read.
    /// - Throws: `StoreKeyWrong`, `StoreFormatNewer`, `StoreCorrupt`, `StoreUnusable`.
    public init(reading path: String, key: [UInt8]?) throws(FlowError) {
        location = StoreLocation(path: path)
        vault = Vault(key: key)
        committer = nil
        readers = StoreReaders(location)
        search = SearchReaders(location)
        searchThread = nil
        let location = location
        let check = vault.keyCheck
        do {
            let (format, stored): (Int, [UInt8]?) = try readers.readNow { database in
                let format = try location.checkFormat(database)
                let value = try Row.fetchOne(database, sql: "SELECT value FROM metadata WHERE name = 'key check'")
                return (format, value.map { $0.bytes(0) })
            }
            isCurrent = format == location.steps.last?.format
            if let stored, let check, !Digest.constantTimeEqual(stored, check) { throw Vault.wrongKey }
        } catch {
            throw StoreFailure.error(error, path: path)
        }
    }

    /// Makes a commit durable.
    public func commit(_ commit: StoreCommit) async throws(FlowError) {
        guard let committer else { throw readOnly }
        guard let prepared = try prepare(commit) else { return }
        try note(await committer.commit(prepared), prepared)
    }

    /// Commits in the calling thread where nobody else does.
    public func commitAtOnce(_ commit: StoreCommit) -> Result<Void, FlowError>? {
        guard let committer else { return nil }
        do throws(FlowError) {
            guard let prepared = try prepare(commit) else { return .success(()) }
            guard let outcome = committer.commitAtOnce(prepared) else { return nil }
            try note(outcome, prepared)
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    private func prepare(_ commit: StoreCommit) throws(FlowError) -> PreparedCommit? {
        if let error = damage.error { throw error }
        let prepared = try PreparedCommit(commit, vault: vault, keptValues: keptValues)
        if prepared.deletesRuns { keptValues.removeAll() }
        return prepared.changes.isEmpty ? nil : prepared
    }

    private func note(_ outcome: GroupCommitter.Outcome, _ prepared: PreparedCommit) throws(FlowError) {
        if case .success = outcome {
            contentBytes.add(prepared.contentBytes, ordering: .relaxed)
            if !prepared.valueHashes.isEmpty { keptValues.insert(prepared.valueHashes) }
        }
        if case .failure(let error) = outcome, error.code == .storeCorrupt { damage.isFound(error) }
        try outcome.get()
    }

    /// Whether the store can be written.
    public var health: StoreHealth {
        guard let committer else { return .readOnly }
        return damage.error.map(StoreHealth.unusable) ?? committer.health
    }

    /// What the store has done in this process.
    public var figures: StoreFigures {
        var figures = committer?.figures ?? StoreFigures()
        figures.contentBytes = contentBytes.load(ordering: .relaxed)
        figures.databaseBytes = location.size(of: "")
        figures.logBytes = location.size(of: "-wal")
        return figures
    }

    /// Opens the store again after it became unusable.
    ///
    /// Where damage was found every page is looked at first: commits to a damaged database could damage more.
    public func reopen() async throws(FlowError) {
        guard let committer else { throw readOnly }
        let isSuspect = damage.error != nil
        if isSuspect {
            readers.dropAll()
            if let finding = try await findDamage().first {
                throw StoreRefusal.corrupt(
                    "The database \(location.path) is damaged.",
                    cause: FlowError.Cause(origin: "sqlite", message: finding))
            }
        }
        try await committer.reopen(anew: isSuspect).get()
        if isSuspect { damage.isGone() }
    }

    /// Says who is told when reading finds that the store cannot be used.
    public func whenUnusable(_ call: @escaping @Sendable (FlowError) -> Void) { damage.whenFound(call) }

    /// Takes up to so many changed runs into the search index; a store that is only read leaves that to its owner.
    public func followText(limit: Int) async throws(FlowError) -> Bool {
        guard let searchThread else { return true }
        return try await searchThread.follow(limit: limit)
    }

    /// Waits for what is queued and closes the store.
    public func close() async {
        await searchThread?.close()
        search.close()
        // As long as a reader is open SQLite leaves the write-ahead log as it is when the writer goes, see
        // ``SQLiteWriter/close()``.
        // What a damaged log holds stays there: beside it the database may be whole.
        await committer?.close(tidily: damage.error == nil)
        readers.close()
    }

    private var readOnly: FlowError {
        FlowError(
            .storeReadOnly, "The store \(location.path) was opened for reading only.",
            hint: "what changes something goes through the owner of the environment")
    }

    // MARK: Reading

    /// Reads from the last committed state.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws(FlowError) -> Value
    {
        do {
            return try await readers.read(body)
        } catch {
            let failure = StoreFailure.error(error, path: location.path)
            if committer != nil, StoreFailure.callsForCheck(error) { damage.isFound(failure) }
            throw failure
        }
    }
}

/// Damage of the database that was met, until it is known to be gone.
private final class FoundDamage: Sendable {
    private struct State {
        var error: FlowError?
        var whenFound: (@Sendable (FlowError) -> Void)?
    }

    private let state = Mutex(State())

    var error: FlowError? { state.withLock { $0.error } }

    func whenFound(_ call: @escaping @Sendable (FlowError) -> Void) { state.withLock { $0.whenFound = call } }

    func isFound(_ error: FlowError) {
        let call = state.withLock { state in
            let isFirst = state.error == nil
            state.error = error
            return isFirst ? state.whenFound : nil
        }
        call?(error)
    }

    func isGone() { state.withLock { $0.error = nil } }
}

extension Row {
    /// The bytes of a column; empty where it is null.
    func bytes(_ place: Int) -> [UInt8] {
        (try? withUnsafeData(atIndex: place) { data in data.map { Array($0) } ?? [] }) ?? []
    }

    /// The instant of a column.
    func instant(_ place: Int) -> Timestamp { Timestamp(ticks: self[place]) }

    /// The instant of a column, or nil where it is null.
    func optionalInstant(_ place: Int) -> Timestamp? {
        let ticks: Int64? = self[place]
        return ticks.map(Timestamp.init(ticks:))
    }

    /// The JSON text of a column, or nil where it is null.
    func json(_ place: Int) throws(FlowError) -> JSON? {
        let text: String? = self[place]
        guard let text else { return nil }
        return try JournalCoding.parse(Array(text.utf8))
    }

    /// The names that a column holds as JSON text.
    func names(_ place: Int) throws(FlowError) -> [String] {
        try json(place)?.arrayValue?.compactMap(\.stringValue) ?? []
    }
}
