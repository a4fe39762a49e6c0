public import FlowCore
public import FlowDefinitions

/// A message to a run from someone who does not hold it.
public struct InboxMessage: Sendable, Hashable {
    /// The id by which a repeated message is told.
    public var id: String
    /// What it says.
    public var content: Content

    /// What a message says.
    public enum Content: Sendable, Hashable {
        /// The child run behind an effect sent its first Response.
        case childReplied(EffectID, OperationAnswer)
        /// The child run behind an effect ended and never replied.
        case childEnded(EffectID, ChildEnd)
        /// A callback came for a webhook action: `headers`, `body`, `queries`, `statusCode` as far as they are there.
        case callback(id: String, outputs: JSONObject)
        /// Someone says what became of an effect in doubt.
        case settlement(EffectID, EffectOutcome)
        /// The run is to be cancelled.
        case cancel(by: String?)
    }

    /// Makes a message.
    public init(id: String, _ content: Content) {
        self.id = id
        self.content = content
    }
}
