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
