import NIOCore
import Synchronization

/// Where a request comes from.
struct ClientAddress: Sendable, Hashable {
    /// The address as text.
    let text: String
    /// Whether it is this machine itself, or the owner's socket.
    let isLocal: Bool

    init(text: String, isLocal: Bool) {
        self.text = text
        self.isLocal = isLocal
    }

    /// The address at the other end of a connection.
    init(of channel: any Channel) {
        let address = channel.remoteAddress?.ipAddress ?? ""
        text = address
        isLocal = address.isEmpty || address == "::1" || address.hasPrefix("127.") || address.hasPrefix("::ffff:127.")
    }

    /// The address behind a proxy on this machine: the last that `X-Forwarded-For` names, for that one the proxy wrote.
    func behindProxy(forwardedFor header: String?) -> ClientAddress {
        guard isLocal, let header else { return self }
        let last = header.split(separator: ",").last.map { $0.filter { !$0.isWhitespace } } ?? ""
        return last.isEmpty || last.utf8.count > 64 ? self : ClientAddress(text: last, isLocal: false)
    }
}

/// How often each client may do something: so many times at once, and then so many a second.
final class ClientRates: Sendable {
    private struct Bucket {
        var level: Double
        var filledAt: ContinuousClock.Instant
    }

    private let rate: @Sendable () -> (burst: Int, perSecond: Double)
    private let buckets = Mutex<[String: Bucket]>([:])

    convenience init(burst: Int, perSecond: Double) { self.init { (burst, perSecond) } }

    /// Makes rates that may change.
    init(_ rate: @escaping @Sendable () -> (burst: Int, perSecond: Double)) { self.rate = rate }

    /// Takes one of a client's turns.
    /// - Returns: nil, or after how many seconds the client has one again.
    func take(_ client: ClientAddress, now: ContinuousClock.Instant = .now) -> Int? {
        wait(client, taking: 1, now)
    }

    /// After how many seconds a client has a turn again, or nil where it has one.
    func wait(_ client: ClientAddress, now: ContinuousClock.Instant = .now) -> Int? { wait(client, taking: 0, now) }

    /// Gives a turn back.
    func giveBack(_ client: ClientAddress) {
        buckets.withLock { buckets in
            guard let level = buckets[client.text]?.level else { return }
            buckets[client.text]?.level = min(Double(rate().burst), level + 1)
        }
    }

    private func wait(_ client: ClientAddress, taking count: Double, _ now: ContinuousClock.Instant) -> Int? {
        guard !client.isLocal else { return nil }
        let rate = rate()
        let (burst, perSecond) = (Double(rate.burst), rate.perSecond)
        return buckets.withLock { buckets in
            // Enough for the clients of an hour; forgetting them all gives each its burst anew and nothing more.
            if buckets.count > 50_000 { buckets.removeAll() }
            var bucket = buckets[client.text] ?? Bucket(level: burst, filledAt: now)
            let elapsed = bucket.filledAt.duration(to: now) / .seconds(1)
            bucket.level = min(burst, bucket.level + max(0, elapsed) * perSecond)
            bucket.filledAt = now
            let hasTurn = bucket.level >= 1
            if hasTurn { bucket.level -= count }
            buckets[client.text] = bucket
            return hasTurn ? nil : max(1, Int(((1 - bucket.level) / perSecond).rounded(.up)))
        }
    }
}
