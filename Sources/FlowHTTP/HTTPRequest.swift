/// A request with its whole body.
public struct HTTPRequest: Sendable, Hashable {
    /// What to do with an answer that names another address.
    public enum Redirects: Sendable, Hashable {
        /// Such an answer is handed back as it is.
        case never
        /// It is followed so many times at most; credentials never go to another host, and https never to http.
        case follow(maximum: Int)
    }

    /// The method, such as `GET`.
    public var method: String
    /// The address: http or https.
    public var url: String
    /// The header fields; length and connection fields are made by the transport.
    public var headers: HTTPHeaders
    /// The body; empty for none.
    public var body: [UInt8]
    /// The limit of the whole exchange, redirects included.
    public var timeout: Duration
    /// The limit of finding the host and connecting to it.
    public var connectTimeout: Duration
    /// The most bytes of the answer's body, after decompression.
    public var maximumResponseBytes: Int
    /// What to do with redirects.
    public var redirects: Redirects
    /// Whether compressed answers are asked for and decompressed.
    public var decompresses: Bool
    /// The path of a Unix socket to talk to instead of the address's host, or nil.
    public var unixSocketPath: String?

    /// Makes a request.
    public init(
        _ method: String, _ url: String, headers: HTTPHeaders = [:], body: [UInt8] = [],
        timeout: Duration = .seconds(120), connectTimeout: Duration = .seconds(30),
        maximumResponseBytes: Int = HTTPRequest.defaultResponseLimit, redirects: Redirects = .never,
        decompresses: Bool = true, unixSocketPath: String? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.connectTimeout = connectTimeout
        self.maximumResponseBytes = maximumResponseBytes
        self.redirects = redirects
        self.decompresses = decompresses
        self.unixSocketPath = unixSocketPath
    }

    /// The platform's limit of a message: 100 MiB.
    public static let defaultResponseLimit = 104_857_600

    /// Whether a second sending may do a second thing: true for POST, PATCH and unknown methods.
    public var isUnsafeToRepeat: Bool {
        switch method.uppercased() {
        case "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE": false
        default: true
        }
    }
}
