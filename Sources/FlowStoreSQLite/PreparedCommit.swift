import FlowCore
import FlowStorage
import Synchronization

/// A commit whose contents are encoded, compressed and encrypted already.
///
/// That is done by whoever commits, on its own thread, so that the one thread that writes has little to do.
struct PreparedCommit: Sendable {
    var changes: [PreparedChange] = []
    /// The hashes of the large values that it names.
    var valueHashes: [String] = []
    /// How many bytes its journal rows and large values have before compression.
    var contentBytes: Int64 {
        changes.reduce(0) { if case .append(let batch) = $1 { $0 + Int64(batch.size) } else { $0 } }
    }
    /// Whether it deletes runs, and so perhaps large values.
    var deletesRuns = false

    /// Prepares a commit.
    init(_ commit: StoreCommit, vault: Vault, keptValues: KeptValues) throws(FlowError) {
        changes.reserveCapacity(commit.changes.count)
        for change in commit.changes {
            switch change {
            case .append(let batch):
                guard !batch.events.isEmpty else { continue }
                changes.append(.append(try PreparedBatch(batch, vault: vault, keptValues: keptValues, &valueHashes)))
            case .send(let message):
                let content = try StoredContent(
                    message.body, sealed: message.isSealed, vault: vault, place: message.place)
                changes.append(.send(message, content))
            case .history(let entry):
                var content: StoredContent?
                if let payload = entry.payload {
                    content = try StoredContent(payload, sealed: entry.isSealed, vault: vault, place: entry.place)
                }
                changes.append(.history(entry, content))
            case .definition(let definition):
                changes.append(.definition(definition, StoredContent(Array(definition.text.utf8))))
            case .deleteRuns:
                deletesRuns = true
                changes.append(.plain(change))
            default: changes.append(.plain(change))
            }
        }
    }
}

/// One change of a prepared commit.
enum PreparedChange: Sendable {
    case append(PreparedBatch)
    case send(InboxEntry, StoredContent)
    case history(TriggerHistoryEntry, StoredContent?)
    case definition(StoredDefinition, StoredContent)
    case plain(StoreChange)
}

/// A journal row that is ready to be written.
struct PreparedBatch: Sendable {
    /// A value that is kept apart; not compressed where the store most likely has it.
    struct Value: Sendable {
        var hash: String
        var bytes: [UInt8]
        var content: StoredContent?
    }

    var run: String
    var first: Int64
    var last: Int64
    var epoch: Int64
    var content: StoredContent
    var values: [Value]
    /// How many bytes it has before compression.
    var size: Int

    init(
        _ batch: JournalBatch, vault: Vault, keptValues: KeptValues, _ hashes: inout [String]
    ) throws(FlowError) {
        let row = try JournalCoding.encode(batch, vault: vault)
        run = batch.run
        first = batch.first
        last = batch.last
        epoch = batch.epoch
        content = StoredContent(row.bytes, row.isMarked ? .marked : [])
        size = row.values.reduce(row.bytes.count) { $0 + $1.bytes.count }
        values = []
        for value in row.values {
            let content = keptValues.contains(value.hash) ? nil : StoredContent(value.bytes)
            values.append(Value(hash: value.hash, bytes: value.bytes, content: content))
            hashes.append(value.hash)
        }
    }
}

/// The hashes of large values that the store is known to keep, so that a value passed on is not compressed again.
final class KeptValues: Sendable {
    private static let limit = 8_192
    private let hashes = Mutex<Set<String>>([])

    func contains(_ hash: String) -> Bool { hashes.withLock { $0.contains(hash) } }

    func insert(_ added: [String]) {
        hashes.withLock { hashes in
            if hashes.count + added.count > Self.limit { hashes.removeAll() }
            hashes.formUnion(added)
        }
    }

    func removeAll() { hashes.withLock { $0.removeAll() } }
}

extension InboxEntry {
    /// For what its body is encrypted.
    var place: String { "inbox/\(run)/\(id)" }
}

extension TriggerHistoryEntry {
    /// For what its payload is encrypted.
    var place: String { "trigger history/\(id)" }
}
