import FlowCore
import Synchronization

/// How many calls go through one connection in a while, as the platform's page of the connector says.
struct CallRate: Sendable, Hashable {
    /// How many calls.
    let amount: Int64
    /// In which span.
    let span: Duration
    /// How many at once; nil where the page says nothing.
    var concurrent: Int?

    /// The rate of a connector's connections; nil where none is documented.
    ///
    /// Salesforce 900 a minute and 50 at once, Dataverse the service's own 6,000 in five minutes; connectors that are not
    /// shipped are custom connectors, of which each connection may be called 500 times a minute.
    static func of(_ connector: String) -> CallRate? {
        switch connector {
        case "salesforce": CallRate(amount: 900, span: .seconds(60), concurrent: 50)
        case "commondataserviceforapps": CallRate(amount: 6_000, span: .seconds(300))
        case "partnercenterref", "partnercenterevents", "http": nil
        default: CallRate(amount: 500, span: .seconds(60))
        }
    }
}

/// What the calls of each connection come to.
final class CallRates: Sendable {
    private let counts = Mutex<[String: SlidingCount]>([:])

    /// Counts a call.
    /// - Returns: nil, or when the connection may be called again; then the call does not count.
    func count(_ connection: String, _ rate: CallRate, now: Timestamp) -> Timestamp? {
        counts.withLock { counts in
            var count = counts[connection] ?? SlidingCount(span: rate.span)
            defer { counts[connection] = count }
            guard count.used(at: now) < rate.amount else { return count.fits(under: rate.amount, at: now) }
            count.add(1, at: now)
            return nil
        }
    }

    /// What was counted of a connection.
    func use(of connection: String, _ rate: CallRate) -> SlidingCount {
        counts.withLock { $0[connection] } ?? SlidingCount(span: rate.span)
    }
}

/// How many calls go out at once; those beyond wait, the first to come first.
final class CallSlots: Sendable {
    private struct State {
        var limit: Int
        var taken = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(limit: Int) { state = Mutex(State(limit: limit)) }

    /// How many calls there may be.
    var limit: Int { state.withLock { $0.limit } }

    /// Takes over another limit; calls that are out stay so.
    func use(limit: Int) {
        let next = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.limit = limit
            let count = min(max(0, limit - state.taken), state.waiting.count)
            defer { state.waiting.removeFirst(count) }
            state.taken += count
            return Array(state.waiting.prefix(count))
        }
        for continuation in next { continuation.resume() }
    }

    /// How many calls are out.
    var taken: Int { state.withLock { $0.taken } }

    /// How many calls wait.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Waits for a slot and takes it.
    func enter() async {
        let isFree = state.withLock { state in
            guard state.taken < state.limit else { return false }
            state.taken += 1
            return true
        }
        if isFree { return }
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.taken < state.limit else {
                    state.waiting.append(continuation)
                    return false
                }
                state.taken += 1
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    /// Gives a slot back, to the one that has waited longest.
    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.taken <= state.limit, !state.waiting.isEmpty { return state.waiting.removeFirst() }
            state.taken -= 1
            return nil
        }
        next?.resume()
    }
}
