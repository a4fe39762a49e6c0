import FlowCore

/// Sends requests with libcurl: one multi handle on one thread of its own, shared by all callers.
///
/// Connections are kept and reused; over TLS, HTTP/2 is spoken where the server can. Certificates are always verified.
/// Proxies are taken from the environment as curl takes them. Redirects are followed here, hop by hop, so that the
/// address rules and the care for credentials hold for each of them.
public final class CurlTransport: HTTPTransport {
    /// The settings of a transport.
    public struct Configuration: Sendable, Hashable {
        /// Which addresses may be connected to.
        public var addressPolicy: AddressPolicy
        /// The value of `User-Agent` where a request brings none.
        public var userAgent: String
        /// A file of trusted certificates instead of the system's, or nil.
        public var certificateAuthorityFile: String?
        /// The most connections at a time; requests beyond it wait.
        public var maximumConnections: Int
        /// The proxies.
        public var proxies: ProxySettings

        /// Makes settings.
        public init(
            addressPolicy: AddressPolicy = AddressPolicy(), userAgent: String = "flowrun/1.0",
            certificateAuthorityFile: String? = nil, maximumConnections: Int = 512,
            proxies: ProxySettings = .inherited
        ) {
            self.addressPolicy = addressPolicy
            self.userAgent = userAgent
            self.certificateAuthorityFile = certificateAuthorityFile
            self.maximumConnections = maximumConnections
            self.proxies = proxies
        }
    }

    private let configuration: Configuration
    private let loop: CurlLoop

    /// Makes a transport; its thread starts at the first request.
    public init(_ configuration: Configuration = Configuration()) {
        self.configuration = configuration
        self.loop = CurlLoop(maximumConnections: configuration.maximumConnections)
    }

    deinit { loop.stop() }

    /// Sends a request, and follows its redirects where it allows that.
    public func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        guard var url = URLParts(request.url) else {
            throw HTTPFailure(
                .invalidRequest, "The address of the request is not an absolute http or https address.",
                mayHaveBeenSent: false)
        }
        var request = request
        if let user = url.user, request.headers["Authorization"] == nil {
            let credentials = Array("\(user):\(url.password ?? "")".utf8)
            request.headers["Authorization"] = "Basic " + Base64.encode(credentials)
        }
        if let trace = TraceContext.current, request.headers["traceparent"] == nil {
            request.headers["traceparent"] = trace.header
        }
        guard case .follow(let maximum) = request.redirects else {
            return try await exchange(request, url)
        }
        let start = ContinuousClock.now
        let limit = request.timeout
        for _ in 0...max(0, maximum) {
            request.timeout = limit - (ContinuousClock.now - start)
            let response = try await exchange(request, url)
            guard let target = Self.redirect(of: response, from: url) else { return response }
            Self.redirect(&request, status: response.status, from: url, to: target)
            url = target
        }
        throw HTTPFailure(
            .tooManyRedirects, "The answer of \(url.host) redirects more than \(maximum) times.", mayHaveBeenSent: true)
    }

    /// Where an answer leads, or nil where it is to be handed back: https never leads to http.
    private static func redirect(of response: HTTPResponse, from url: URLParts) -> URLParts? {
        switch response.status {
        case 301, 302, 303, 307, 308:
            guard let location = response.headers["Location"], let target = url.resolving(location) else { return nil }
            return url.scheme == "https" && target.scheme == "http" ? nil : target
        default: return nil
        }
    }

    /// Makes a request the one that a redirect asks for; another origin gets no credentials.
    private static func redirect(_ request: inout HTTPRequest, status: Int, from: URLParts, to: URLParts) {
        request.url = to.text
        let method = request.method.uppercased()
        if (status == 303 && method != "HEAD") || ((status == 301 || status == 302) && method == "POST") {
            request.method = "GET"
            request.body = []
            request.headers.removeAll { $0.lowercased().hasPrefix("content-") }
        }
        guard !from.hasSameOrigin(as: to) else { return }
        request.headers.removeAll { $0.lowercased() == "host" || CredentialHeaders.contains($0) }
    }

    private func exchange(_ request: HTTPRequest, _ url: URLParts) async throws(HTTPFailure) -> HTTPResponse {
        let proxy = request.unixSocketPath == nil ? configuration.proxies.proxy(for: url) : nil
        let transfer = CurlTransfer(request, url: url, proxy: proxy, configuration: configuration)
        if let problem = transfer.problem { throw problem }
        let loop = loop
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if transfer.enter(continuation) { loop.add(transfer) }
            }
        } onCancel: {
            if transfer.cancel() { loop.cancel(transfer) }
        }
        return try result.get()
    }
}
