public import FlowCore
public import FlowHTTP
import Synchronization

/// A transport that answers from a list of recorded exchanges, and keeps what it was asked.
///
/// Each exchange answers once, in order, the first request that fits it: method, and path with query as far as they are
/// recorded. A request that nothing fits fails, so that a test notices it.
public final class RecordedTransport: HTTPTransport {
    /// A recorded request and its answer.
    public struct Exchange: Sendable {
        /// The method.
        public let method: String
        /// The path, with the query where that matters; a whole address where the host matters; `*` and the end of the
        /// address where only that matters.
        public let target: String
        /// The answer.
        public let answer: Result<HTTPResponse, HTTPFailure>
        /// Whether it answers again and again.
        public let repeats: Bool

        /// Makes an exchange.
        /// - Parameters:
        ///   - request: method and target, such as `GET /items?x=1`.
        ///   - status: the status.
        ///   - headers: the header fields; JSON is the type where a body is given.
        ///   - json: the body, or nil.
        ///   - repeats: whether it answers again and again.
        public init(
            _ request: String, _ status: Int = 200, headers: HTTPHeaders = [:], json: JSON? = nil, repeats: Bool = false
        ) {
            var headers = headers
            if json != nil, headers["Content-Type"] == nil { headers["Content-Type"] = "application/json" }
            self.init(
                request, .success(HTTPResponse(status: status, headers: headers, body: json?.bytes ?? [])),
                repeats: repeats)
        }

        /// Makes an exchange with any outcome.
        public init(_ request: String, _ answer: Result<HTTPResponse, HTTPFailure>, repeats: Bool = false) {
            let parts = request.split(separator: " ", maxSplits: 1).map(String.init)
            self.method = parts.first ?? ""
            self.target = parts.count > 1 ? parts[1] : ""
            self.answer = answer
            self.repeats = repeats
        }

        func fits(_ request: HTTPRequest) -> Bool {
            guard request.method == method else { return false }
            if target.hasPrefix("*") { return request.url.hasSuffix(target.dropFirst()) }
            var url = Substring(request.url)
            if !target.contains("://"), let scheme = url.firstRange(of: "://") {
                let rest = url[scheme.upperBound...]
                url = rest.firstIndex(of: "/").map { rest[$0...] } ?? "/"
            }
            if !target.contains("?") { url = url.prefix { $0 != "?" } }
            return PercentEncoding.decode(url) == PercentEncoding.decode(target)
        }
    }

    private struct State {
        var left: [Exchange]
        var requests: [HTTPRequest] = []
    }

    private let state: Mutex<State>

    /// Makes a transport of exchanges.
    public init(_ exchanges: [Exchange]) { state = Mutex(State(left: exchanges)) }

    /// What was asked, in order.
    public var requests: [HTTPRequest] { state.withLock { $0.requests } }

    /// What was recorded and not asked.
    public var unused: [String] {
        state.withLock { state in state.left.filter { !$0.repeats }.map { "\($0.method) \($0.target)" } }
    }

    /// Method and address of what was asked, percent codes resolved.
    public var calls: [String] { requests.map { "\($0.method) \(PercentEncoding.decode($0.url))" } }

    /// Answers from the list.
    public func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        let answer: Result<HTTPResponse, HTTPFailure>? = state.withLock { state in
            state.requests.append(request)
            guard let place = state.left.firstIndex(where: { $0.fits(request) }) else { return nil }
            let exchange = state.left[place]
            if !exchange.repeats { state.left.remove(at: place) }
            return exchange.answer
        }
        guard let answer else {
            throw HTTPFailure(
                .connectionFailed, "Nothing is recorded for \(request.method) \(request.url).", mayHaveBeenSent: false)
        }
        return try answer.get()
    }
}
