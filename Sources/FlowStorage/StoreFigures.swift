/// What a store has done in this process, and how it is.
public struct StoreFigures: Sendable, Hashable {
    /// How long commits took, with the waiting for others.
    public var commitSeconds = Histogram(bounds: Histogram.commitSeconds)
    /// How many commits were written together.
    public var groupSizes = Histogram(bounds: Histogram.sizes)
    /// Commits that wait to be written.
    public var waiting = 0
    /// Bytes of inputs and outputs that journals took, before compression.
    public var contentBytes: Int64 = 0
    /// Groups that the disk refused.
    public var failures = 0
    /// How large the write-ahead log is, in bytes.
    public var logBytes = 0
    /// How large the database is, in bytes.
    public var databaseBytes = 0

    /// Makes figures of a store that has done nothing.
    public init() {}
}
