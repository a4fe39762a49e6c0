/// Where the time comes from; tests hand in one that they move themselves.
public protocol WallClock: Sendable {
    /// The present instant.
    var now: Timestamp { get }
}
