public import FlowCore

/// Reads what runs last wrote to records, so that a trigger does not fire for our own writes.
public protocol EchoLedger: Sendable {
    /// What was last written to a record, or nil.
    func echo(kind: String, entity: String) async throws(FlowError) -> EchoEntry?
}

/// What a run wrote to a record, by the content hash of the compared fields.
public struct EchoEntry: Sendable, Hashable {
    /// What kind of record, in the words of the guard that compares it.
    public var kind: String
    /// The record's id.
    public var entity: String
    /// The content hash of the compared fields' values.
    public var fieldsHash: String
    /// The run that wrote.
    public var run: String
    /// When.
    public var writtenAt: Timestamp

    /// Makes an entry.
    public init(kind: String, entity: String, fieldsHash: String, run: String, writtenAt: Timestamp) {
        self.kind = kind
        self.entity = entity
        self.fieldsHash = fieldsHash
        self.run = run
        self.writtenAt = writtenAt
    }
}
