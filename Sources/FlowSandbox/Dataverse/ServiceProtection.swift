import FlowCore
import Synchronization

/// The service protection of Dataverse: so many requests of a user within 300 seconds of the sandbox clock.
///
/// The limit is each web server's (`dataverseRequests`, 6,000); this environment has four of them, over which requests are
/// spread evenly. A request that is refused counts too, so whoever keeps sending waits longer. Of the service's three limits it is
/// the one on their number; those on their time and on how many run at once are not kept.
package final class ServiceProtection: Sendable {
    /// What a request meets.
    struct Standing {
        /// How many more requests a server takes in this window.
        var remaining: Int
        /// How many seconds to wait; nil where the request is taken.
        var wait: Int64?
    }

    static let standardLimit = 6_000
    private static let servers = 4
    private static let window: Int64 = 300
    /// Requests are counted by slots of five seconds.
    private static let slot: Int64 = 5

    private let counts = Mutex<[String: [(slot: Int64, count: Int)]]>([:])

    /// Counts a request of a user.
    func count(_ user: String, at now: Timestamp, limit: Int) -> Standing {
        let present = now.ticks / Timestamp.ticksPerSecond / Self.slot
        let slots = Self.window / Self.slot
        return counts.withLock { counts in
            var own = (counts[user] ?? []).filter { $0.slot > present - slots && $0.slot <= present }
            if own.last?.slot == present { own[own.count - 1].count += 1 } else { own.append((present, 1)) }
            counts[user] = own
            let allowed = limit * Self.servers
            var rest = own.reduce(0) { $0 + $1.count }
            guard rest > allowed else { return Standing(remaining: (allowed - rest) / Self.servers) }
            // The window moves on until enough of what lies in it has left, with room for one more.
            var last = present
            for one in own where rest >= allowed {
                rest -= one.count
                last = one.slot
            }
            return Standing(remaining: 0, wait: max(1, (last + slots - present) * Self.slot))
        }
    }

    /// Forgets what was counted.
    func reset() { counts.withLock { $0 = [:] } }
}
