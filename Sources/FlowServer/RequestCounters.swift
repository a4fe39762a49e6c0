import Synchronization

/// How many requests were answered, by class of status.
final class RequestCounters: Sendable {
    private let counts = Mutex<[Int: Int]>([:])

    func count(status: Int) { counts.withLock { $0[status / 100, default: 0] += 1 } }

    /// The counts by class: 2 for 2xx and so on.
    var byClass: [(status: Int, count: Int)] {
        counts.withLock { $0.sorted { $0.key < $1.key }.map { (status: $0.key, count: $0.value) } }
    }
}
