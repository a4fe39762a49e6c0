import FlowCore
import Synchronization

/// How many calls go through one connection in a while.
struct CallRate: Sendable, Hashable {
    /// How many calls.
    let amount: Int64
    /// In which span.
    let span: Duration

    /// The rate of a connector's connections; nil where none holds here.
    ///
    /// Dataverse takes 6,000 in five minutes itself; connectors that are not shipped are custom connectors, of which each
    /// connection may be called 500 times a minute. The 900 a minute of the platform's Salesforce connector are its
    /// gateway's, which calls from here do not pass.
    static func of(_ connector: String) -> CallRate? {
        switch connector {
        case "commondataserviceforapps": CallRate(amount: 6_000, span: .seconds(300))
        case "salesforce", "partnercenterref", "partnercenterevents", "http": nil
        default: CallRate(amount: 500, span: .seconds(60))
        }
    }

    /// How many calls go through a connection at once; nil where that is not limited.
    static func atOnce(_ connector: String) -> Int? { connector == "salesforce" ? 50 : nil }
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
