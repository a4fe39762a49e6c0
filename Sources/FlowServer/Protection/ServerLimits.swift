/// What the server takes from its clients before it refuses.
struct ServerLimits: Sendable, Hashable {
    /// All header fields of a request together, in bytes.
    var headerListSize = 64 * 1_024
    /// One header field of a request, in bytes.
    var headerFieldSize = 16 * 1_024
    /// How many header fields a request has.
    var headerCount = 128
    /// The body of a request to a trigger's URL: the platform's limit of a message.
    var messageSize = 100 * 1_024 * 1_024
    /// The body of a request to the management API.
    var bodySize = 8 * 1_024 * 1_024
    /// How long a connection may be silent between requests, or within a request's head.
    var silence = Duration.seconds(60)
    /// How long a body may take, beside the time that its bytes need at the slowest speed.
    var bodyTime = Duration.seconds(30)
    /// The slowest speed of a body, in bytes a second.
    var bodySpeed = 16 * 1_024
    /// Connections at once.
    var connections = 4_096
    /// Connections at once from one address; this machine's own do not count.
    var connectionsOfClient = 1_024
    /// Requests that an address may send at once before the rate below holds; this machine's own do not count.
    var burst = 1_000
    /// Requests a second from one address.
    var requestsPerSecond = 100
    /// Refused proofs of who calls, such as unknown tokens, before an address has to wait.
    var failures = 30
    /// How many of them are forgiven in a second.
    var failuresPerSecond = 0.5
    /// How often connections whose time is over are looked for.
    var sweepInterval = Duration.seconds(1)
}
