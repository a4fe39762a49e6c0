/// Why there is no answer to a request.
///
/// The message names host and reason, never the path, query, headers or body, which may hold secrets.
public struct HTTPFailure: Error, Sendable, Hashable {
    /// The kind of failure.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The request cannot be sent as it is: address or header not well formed.
        case invalidRequest
        /// The host's name is unknown.
        case nameNotResolved
        /// No connection could be made.
        case connectionFailed
        /// The address rules forbid the host's address.
        case addressRefused
        /// The TLS handshake failed, or the certificate is not trusted.
        case tls
        /// The connection ended before the answer was whole.
        case connectionLost
        /// The time was up.
        case timedOut
        /// The answer is larger than the request allows.
        case tooLarge
        /// What came is no HTTP.
        case protocolError
        /// The answer's redirects lead too far.
        case tooManyRedirects
        /// The caller gave up.
        case cancelled
    }

    /// The kind.
    public let kind: Kind
    /// One sentence without secrets.
    public let message: String
    /// Whether the request may have reached the server: then nobody can tell whether it was carried out.
    public let mayHaveBeenSent: Bool

    /// Makes a failure.
    public init(_ kind: Kind, _ message: String, mayHaveBeenSent: Bool) {
        self.kind = kind
        self.message = message
        self.mayHaveBeenSent = mayHaveBeenSent
    }
}

extension HTTPFailure: CustomStringConvertible {
    /// Kind and message.
    public var description: String { "\(kind.rawValue): \(message)" }
}
