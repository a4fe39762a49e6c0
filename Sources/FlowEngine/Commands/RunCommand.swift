public import FlowCore

/// What the runtime has to do for a run, after the events of the same step are committed.
public enum RunCommand: Sendable, Hashable {
    /// Carry out an effect. Recovered: its intent was committed by an earlier process, and nobody knows how far it came.
    indirect case carryOut(EffectIntent, recovered: Bool)
    /// An effect is no longer waited for; a call that is out may be given up. A late result is still handed in.
    case abandon(EffectID)
    /// Set a timer; at or after the instant comes `timerDue`.
    case setTimer(TimerID, at: Timestamp)
    /// A timer is no longer needed.
    case cancelTimer(TimerID)
    /// Answer the caller. A run has one answer; after a recovery the same may come again, for a caller who waits still.
    case reply(RunReply)
    /// The run is over.
    case complete(RunOutcome)
}

/// The answer of a flow to its caller.
public struct RunReply: Sendable, Hashable {
    /// The Response action.
    public var action: ActionInstance
    /// The HTTP status.
    public var statusCode: Int
    /// The headers; those that the platform removes are gone.
    public var headers: JSONObject
    /// The body as a value (see `MessageBody`), or nil for none.
    public var body: JSON?
    /// Whether the answer is sealed in the journal and hidden in every reading.
    public var isSecure: Bool

    /// Makes a reply.
    public init(
        action: ActionInstance, statusCode: Int, headers: JSONObject = [:], body: JSON? = nil, isSecure: Bool = false
    ) {
        self.action = action
        self.statusCode = statusCode
        self.headers = headers
        self.body = body
        self.isSecure = isSecure
    }
}
