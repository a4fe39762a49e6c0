import FlowCore
import FlowDefinitions
import FlowStorage
import Synchronization

/// Answers calls as the platform does once a limit is reached: with 429 and when to try again.
///
/// What is used is read from the store each minute and counted here in between, so that a call costs no reading.
final class CallGate: Sendable {
    private struct Count {
        var used: Int64
        let readAt: Timestamp
        let start: Timestamp
    }

    private static let interval = Duration.seconds(60)

    private let counts = Mutex<[String: Count]>([:])
    private let slots = Mutex<[String: TaskGate]>([:])
    /// What the calls of each connection come to in the span of its connector's rate.
    let rates = CallRates()

    /// How many calls go through a connection at once; nil where that is not limited.
    func slots(of connection: String, _ connector: String) -> TaskGate? {
        guard !connection.isEmpty, let limit = CallRate.atOnce(connector) else { return nil }
        return slots.withLock { slots in
            let own = slots[connection] ?? TaskGate(limit: limit)
            slots[connection] = own
            return own
        }
    }

    /// Counts a call against the limits.
    /// - Parameters:
    ///   - connection: through what it goes, and of which connector; nil for calls without a connection.
    ///   - flow: whose it is.
    ///   - host: the runs' host.
    /// - Returns: the answer to a call that a limit forbids, or nil where none does.
    /// - Throws: an error of the store.
    func refusal(
        connection: (name: String, connector: String)?, flow: String, _ host: RunHost
    ) async throws(FlowError) -> OperationAnswer? {
        let profile = host.settings.performanceProfile
        var limits = [DailyLimit.requests(of: profile == .high ? flow : nil, profile), .content(profile)]
        if let connection { limits.append(.calls(through: connection.name, of: connection.connector)) }
        for limit in limits {
            guard let amount = limit.amount, try await count(limit, host) > amount else { continue }
            let subject =
                switch limit.quota {
                case RequestUse.content: "bytes of content"
                case let name where name.hasPrefix(RequestUse.name): "requests of flows"
                default: "calls through the connection"
                }
            return Self.answer("\(amount) \(subject) a day", until: limit.reset(host.clock.now), host.clock.now)
        }
        guard let connection, let rate = CallRate.of(connection.connector),
            let again = rates.count(connection.name, rate, now: host.clock.now)
        else { return nil }
        let span = rate.span.components.seconds
        return Self.answer(
            "\(rate.amount) calls through the connection in \(span) seconds", until: again, host.clock.now)
    }

    private static func answer(_ limit: String, until: Timestamp, _ now: Timestamp) -> OperationAnswer {
        // Rounded up: a call that comes a moment too early is refused again.
        let seconds = max(1, (until.ticks - now.ticks + Timestamp.ticksPerSecond - 1) / Timestamp.ticksPerSecond)
        return OperationAnswer(
            statusCode: 429,
            headers: ["Retry-After": .string(String(seconds)), "Content-Type": "application/json"],
            body: [
                "statusCode": 429,
                "message": .string("Rate limit is exceeded: \(limit). Try again in \(seconds) seconds."),
            ])
    }

    /// What is used, the call at hand among it.
    private func count(_ limit: DailyLimit, _ host: RunHost) async throws(FlowError) -> Int64 {
        let now = host.clock.now
        let start = limit.start(now)
        let known = counts.withLock { counts -> Int64? in
            guard let count = counts[limit.quota], count.start == start, count.readAt + Self.interval > now else {
                return nil
            }
            counts[limit.quota]?.used += 1
            return count.used + 1
        }
        if let known { return known }
        let used = max(1, try await host.store.quotaUsed(limit.quota, since: start))
        counts.withLock { $0[limit.quota] = Count(used: used, readAt: now, start: start) }
        return used
    }
}
