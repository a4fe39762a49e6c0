public import FlowCore

/// Reads the inboxes of runs.
///
/// Whoever does not hold a run writes to its inbox, never to its journal. The holder takes messages between two steps,
/// in one commit with the events that come of them.
public protocol InboxStore: Sendable {
    /// The messages in a run's inbox, in the order in which they were sent.
    func inbox(of run: String) async throws(FlowError) -> [InboxEntry]
}

/// A message to a run.
public struct InboxEntry: Sendable, Hashable {
    /// The run's name.
    public var run: String
    /// The id by which a repeated message is told.
    public var id: String
    /// What it is; the runtime's word.
    public var kind: String
    /// The content.
    public var body: JSON
    /// Whether the content is kept encrypted.
    public var isSealed: Bool
    /// When it was sent.
    public var sentAt: Timestamp

    /// Makes a message.
    public init(run: String, id: String, kind: String, body: JSON, isSealed: Bool = false, sentAt: Timestamp) {
        self.run = run
        self.id = id
        self.kind = kind
        self.body = body
        self.isSealed = isSealed
        self.sentAt = sentAt
    }
}
