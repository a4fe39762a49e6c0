public import FlowCore

/// Reads what runs last wrote to records, so that a trigger does not fire for our own writes.
public protocol EchoLedger: Sendable {
    /// What is known of a record's compared fields, or nil.
    func echo(kind: String, entity: String) async throws(FlowError) -> EchoEntry?
}

/// What is known of a record's compared fields: what runs were started for, and what they wrote since.
public struct EchoEntry: Sendable, Hashable {
    /// What kind of record, in the words of the guard that compares it.
    public var kind: String
    /// The record's id.
    public var entity: String
    /// The digests of the compared fields' values.
    ///
    /// Where an entry is committed, its digests go over those that are known.
    public var values: [String: String]
    /// The run that wrote last and whose echo was not seen yet; empty where no echo is due.
    public var run: String
    /// When.
    public var writtenAt: Timestamp

    /// Makes an entry.
    public init(kind: String, entity: String, values: [String: String], run: String, writtenAt: Timestamp) {
        self.kind = kind
        self.entity = entity
        self.values = values
        self.run = run
        self.writtenAt = writtenAt
    }

    /// The entry with what is newly known laid over it.
    public func overlaid(by newer: EchoEntry) -> EchoEntry {
        var merged = newer
        merged.values = values.merging(newer.values) { _, new in new }
        return merged
    }
}
