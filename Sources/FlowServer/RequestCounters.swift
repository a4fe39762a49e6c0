import FlowStorage
import Synchronization

/// What requests came to, by route.
final class RequestCounters: Sendable {
    /// A route and a class of status.
    struct Key: Hashable, Sendable {
        let route: String
        let status: Int
    }

    private struct State {
        var counts: [Key: Int] = [:]
        var seconds: [String: Histogram] = [:]
    }

    private let state = Mutex(State())

    /// Counts a request.
    /// - Parameters:
    ///   - route: the id of the route, or `none`.
    ///   - status: the status of the answer.
    ///   - duration: how long it took.
    func count(_ route: String, status: Int, after duration: Duration) {
        state.withLock { state in
            state.counts[Key(route: route, status: status / 100), default: 0] += 1
            state.seconds[route, default: Histogram()].add(duration / .seconds(1))
        }
    }

    /// The counts by route and class of status: 2 for 2xx and so on.
    var byRoute: [(key: Key, count: Int)] {
        state.withLock { state in
            state.counts.sorted { ($0.key.route, $0.key.status) < ($1.key.route, $1.key.status) }
                .map { (key: $0.key, count: $0.value) }
        }
    }

    /// How long requests took, by route.
    var seconds: [(route: String, seconds: Histogram)] {
        state.withLock { $0.seconds.sorted { $0.key < $1.key }.map { (route: $0.key, seconds: $0.value) } }
    }
}
