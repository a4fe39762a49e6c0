import FlowStorage
import GRDB
import Synchronization

/// The connections that read, opened as they are needed.
///
/// A command that reads a little opens one; a server that reads all the time has up to ``limit``, and reads beyond that
/// wait for each other.
final class StoreReaders: Sendable {
    private struct State {
        var idle: [DatabaseQueue] = []
        var all: [DatabaseQueue] = []
        var next = 0
        var isClosed = false
    }

    /// The largest number of connections.
    private static let limit = 4

    private let location: StoreLocation
    private let state = Mutex(State())

    init(_ location: StoreLocation) { self.location = location }

    /// Reads with a connection that nobody else uses at the moment, if there is one.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        let (queue, isShared) = try take()
        defer { if !isShared { giveBack(queue) } }
        return try await queue.read(body)
    }

    /// Reads on the calling thread, for the check when a store is opened.
    func readNow<Value>(_ body: (Database) throws -> Value) throws -> Value {
        let (queue, isShared) = try take()
        defer { if !isShared { giveBack(queue) } }
        return try queue.read(body)
    }

    private func take() throws -> (DatabaseQueue, isShared: Bool) {
        try state.withLock { state in
            guard !state.isClosed else { throw StoreRefusal.closed }
            if let queue = state.idle.popLast() { return (queue, false) }
            guard state.all.count < Self.limit else {
                state.next = (state.next + 1) % state.all.count
                return (state.all[state.next], true)
            }
            let queue = try location.openForReading()
            state.all.append(queue)
            return (queue, false)
        }
    }

    private func giveBack(_ queue: DatabaseQueue) {
        state.withLock { state in
            // One that was dropped in the meantime is not given out again.
            if state.all.contains(where: { $0 === queue }) { state.idle.append(queue) }
        }
    }

    /// Drops the connections; the next read opens new ones.
    func dropAll() {
        let dropped = state.withLock { state in
            let dropped = state.all
            state.all = []
            state.idle = []
            return dropped
        }
        // One that reads at the moment is closed when that is over and nobody holds it any more.
        for queue in dropped { try? queue.close() }
    }

    /// Drops the connections for good.
    func close() {
        state.withLock { $0.isClosed = true }
        dropAll()
    }
}
