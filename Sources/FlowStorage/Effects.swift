public import FlowCore

/// Reads the ledger of effects: what runs did, or may have done, to the outside.
public protocol EffectLedger: Sendable {
    /// The effects of a run, by the time of their intents.
    func effects(of run: String) async throws(FlowError) -> [EffectEntry]

    /// The effects that fit, newest intent first.
    func effects(_ filter: EffectFilter) async throws(FlowError) -> [EffectEntry]
}

/// What is known of one effect.
public struct EffectEntry: Sendable, Hashable {
    /// How far an effect is.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// Its intent is committed; it may or may not have reached the world.
        case inFlight
        /// Its result is known.
        case finished
        /// Nobody knows whether it happened; someone has to say.
        case inDoubt
        /// It did not happen, as someone found out.
        case abandoned
    }

    /// The run's name.
    public var run: String
    /// The effect's id within the run.
    public var id: String
    /// The action's path with its repetitions.
    public var path: String
    /// The connector and operation, or what else it is.
    public var operation: String
    /// The connection that was used.
    public var connection: String?
    /// How far it is.
    public var state: State
    /// When its intent was made.
    public var intendedAt: Timestamp
    /// When its result came.
    public var finishedAt: Timestamp?
    /// The status of the result, such as an HTTP status code.
    public var result: String?
    /// The record or resource that it concerns.
    public var subject: String?

    /// Makes an entry.
    public init(
        run: String, id: String, path: String, operation: String, connection: String? = nil, state: State = .inFlight,
        intendedAt: Timestamp, finishedAt: Timestamp? = nil, result: String? = nil, subject: String? = nil
    ) {
        self.run = run
        self.id = id
        self.path = path
        self.operation = operation
        self.connection = connection
        self.state = state
        self.intendedAt = intendedAt
        self.finishedAt = finishedAt
        self.result = result
        self.subject = subject
    }
}

/// Which effects are wanted; every condition that is set must hold.
public struct EffectFilter: Sendable, Hashable {
    /// In one of these states; nil: in any.
    public var states: [EffectEntry.State]?
    /// By this connection.
    public var connection: String?
    /// Concerning this record or resource.
    public var subject: String?
    /// Intended at or after.
    public var since: Timestamp?
    /// How many at most.
    public var limit: Int

    /// Makes a filter.
    public init(
        states: [EffectEntry.State]? = nil, connection: String? = nil, subject: String? = nil, since: Timestamp? = nil,
        limit: Int = 100
    ) {
        self.states = states
        self.connection = connection
        self.subject = subject
        self.since = since
        self.limit = limit
    }
}
