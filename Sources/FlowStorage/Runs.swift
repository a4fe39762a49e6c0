public import FlowCore

/// Finds runs.
public protocol RunStore: Sendable {
    /// The summary of a run, or nil.
    func run(_ name: String) async throws(FlowError) -> RunSummary?

    /// Runs that fit a filter, newest first unless it says otherwise: in the order of their making, backwards.
    func runs(_ filter: RunFilter) async throws(FlowError) -> [RunSummary]

    /// How many runs fit a filter; its limit and cursor do not count.
    func runCount(_ filter: RunFilter) async throws(FlowError) -> Int

    /// The newest run of each flow that has one, by flow id.
    func latestRuns() async throws(FlowError) -> [String: RunSummary]

    /// Unfinished runs that have something to do now: those that do not wait, and those with messages in their inbox.
    ///
    /// Runs that only wait for a timer are found by ``TimerStore``.
    /// - Parameters:
    ///   - name: the last run of the page before; nil begins at the front.
    ///   - limit: how many at most.
    /// - Returns: the runs, those begun first in front.
    /// - Throws: an error of the store.
    func resumableRuns(after name: String?, limit: Int) async throws(FlowError) -> [RunSummary]
}

/// A run as lists show it; written with the same commit as the events that change it.
public struct RunSummary: Sendable, Hashable {
    /// The run's name.
    public var name: String
    /// The flow's id.
    public var flowID: String
    /// The flow's name when the run began.
    public var flowName: String
    /// The content hash of the definition that the run began with.
    public var definitionHash: String
    /// The status in the platform's spelling.
    ///
    /// `Running`, `Waiting`, `Succeeded`, `Failed`, `Cancelled`, `TimedOut` and the like.
    public var status: String
    /// The code beside the status.
    public var code: String?
    /// The code of the error.
    public var errorCode: String?
    /// The message of the error, without secrets.
    public var errorMessage: String?
    /// When the run began.
    public var startTime: Timestamp
    /// When it ended; nil until then.
    public var endTime: Timestamp?
    /// The trigger's name.
    public var triggerName: String
    /// The person (UPN) in whose name it runs.
    public var initiator: String?
    /// The client tracking id that connects runs.
    public var trackingID: String?
    /// The run whose action started it.
    public var parentRun: String?
    /// The run that it repeats: by resubmit or repair.
    public var sourceRun: String?
    /// What it waits for, so that nothing of it needs to be in memory; nil where it has something to do.
    public var wait: RunWait?
    /// The business keys by which it is found.
    public var keys: [BusinessKey]
    /// What a search for text looks at beside names, keys and errors; never sealed values.
    public var text: String
    /// Whatever else belongs to the summary; small.
    public var properties: JSONObject

    /// Whether it repairs the run that it repeats, so that no trigger fired for it.
    package var isRepair: Bool { properties["repairs"]?.boolValue ?? false }

    /// Makes a summary.
    public init(
        name: String, flowID: String, flowName: String, definitionHash: String, status: String = "Running",
        code: String? = nil, errorCode: String? = nil, errorMessage: String? = nil, startTime: Timestamp,
        endTime: Timestamp? = nil, triggerName: String, initiator: String? = nil, trackingID: String? = nil,
        parentRun: String? = nil, sourceRun: String? = nil, wait: RunWait? = nil, keys: [BusinessKey] = [],
        text: String = "", properties: JSONObject = [:]
    ) {
        self.name = name
        self.flowID = flowID
        self.flowName = flowName
        self.definitionHash = definitionHash
        self.status = status
        self.code = code
        self.errorCode = errorCode
        self.errorMessage = errorMessage
        self.startTime = startTime
        self.endTime = endTime
        self.triggerName = triggerName
        self.initiator = initiator
        self.trackingID = trackingID
        self.parentRun = parentRun
        self.sourceRun = sourceRun
        self.wait = wait
        self.keys = keys
        self.text = text
        self.properties = properties
    }

    /// Whether the run has ended.
    public var isFinished: Bool { endTime != nil }
}

/// A value by which people find runs, such as the id of a referral.
public struct BusinessKey: Sendable, Hashable {
    /// The name in solution.yaml.
    public var name: String
    /// The value.
    public var value: String

    /// Makes a key.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// What a passive run waits for.
public struct RunWait: Sendable, Hashable {
    /// The kinds of waiting.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// For a timer: a delay, a retry, a deadline.
        case timer
        /// For a message: a webhook's callback.
        case callback
        /// For the end of a child run.
        case child
        /// For its turn under the trigger's concurrency.
        case turn
        /// For someone who signs in; the subject is the connection.
        case signIn
        /// For someone who says whether a call happened; the subject is the action's path.
        case settlement
    }

    /// The kind.
    public var kind: Kind
    /// What exactly is waited for.
    public var subject: String?
    /// Until when at most.
    public var until: Timestamp?

    /// Makes a description of waiting.
    public init(_ kind: Kind, subject: String? = nil, until: Timestamp? = nil) {
        self.kind = kind
        self.subject = subject
        self.until = until
    }
}

/// Which runs are wanted; every condition that is set must hold.
public struct RunFilter: Sendable, Hashable {
    /// Of one of these flows, by id; nil: of any.
    public var flowIDs: [String]?
    /// With one of these statuses; nil: with any.
    public var statuses: [String]?
    /// With this code beside the status, such as `InDoubt`.
    public var code: String?
    /// Begun at or after.
    public var since: Timestamp?
    /// Begun before.
    public var until: Timestamp?
    /// Ended before.
    public var endedBefore: Timestamp?
    /// With a business key of this value.
    public var key: String?
    /// With the business key of this name, if `key` is set.
    public var keyName: String?
    /// With this text in a name, a key, an error, an input or an output; see ``SearchQuery``.
    public var text: String?
    /// With this code or these words in the run's own error; see ``SearchQuery``.
    public var error: String?
    /// Started by this run.
    public var parentRun: String?
    /// Repeating this run.
    public var sourceRun: String?
    /// In the name of this person (UPN).
    public var initiator: String?
    /// With this client tracking id.
    public var trackingID: String?
    /// Finished, or not; nil: both.
    public var isFinished: Bool?
    /// Unfinished and waiting in this way.
    public var waiting: RunWait.Kind?
    /// Waiting for this subject.
    public var waitSubject: String?
    /// The name of the last run of the page before; nil begins with the first.
    public var after: String?
    /// Oldest first; a search for texts does not know it.
    public var isOldestFirst = false
    /// How many at most.
    public var limit: Int

    /// Makes a filter for all runs; set what is wanted.
    public init(
        flowIDs: [String]? = nil, statuses: [String]? = nil, isFinished: Bool? = nil, parentRun: String? = nil,
        waiting: RunWait.Kind? = nil, after: String? = nil, limit: Int = 50
    ) {
        self.flowIDs = flowIDs
        self.statuses = statuses
        self.isFinished = isFinished
        self.parentRun = parentRun
        self.waiting = waiting
        self.after = after
        self.limit = limit
    }
}
