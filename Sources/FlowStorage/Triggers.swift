public import FlowCore

/// Reads where triggers stand and what they have done.
public protocol TriggerStore: Sendable {
    /// Where a flow's trigger stands, or nil where it never ran.
    func triggerState(flow: String, trigger: String) async throws(FlowError) -> TriggerState?

    /// Where all triggers stand, in the order of their flows' ids.
    func triggerStates() async throws(FlowError) -> [TriggerState]

    /// Those of some keys that a flow's trigger has seen, with what came of them.
    func seenKeys(flow: String, keys: [String]) async throws(FlowError) -> [String: TriggerKey]

    /// Entries of the trigger history that fit, newest first; of those that began at once the smaller id first.
    ///
    /// A run is the entry of the event that it came of, so nobody writes one for a trigger that simply fired.
    func triggerHistory(_ filter: TriggerHistoryFilter) async throws(FlowError) -> [TriggerHistoryEntry]

    /// One entry of the trigger history with its payload, or nil; that of an event that a run came of by the run's name.
    func triggerHistoryEntry(_ id: String) async throws(FlowError) -> TriggerHistoryEntry?

    /// Entries that began before an instant, except those that are not split to their end: what may be deleted.
    /// - Parameters:
    ///   - instant: when the first one that is kept began.
    ///   - limit: at most so many.
    /// - Returns: their ids, in no order that counts.
    /// - Throws: an error of the store.
    func oldHistory(before instant: Timestamp, limit: Int) async throws(FlowError) -> [String]

    /// Entries whose payload is not split up to its end, oldest first, without their payloads.
    func unfinishedSplits() async throws(FlowError) -> [TriggerHistoryEntry]
}

/// Where a flow's trigger stands.
public struct TriggerState: Sendable, Hashable {
    /// The flow's id.
    public var flow: String
    /// The trigger's name.
    public var trigger: String
    /// Up to where the service was polled; the trigger's own form.
    public var watermark: JSON?
    /// When the trigger is due next.
    public var nextDue: Timestamp?
    /// What is known of its subscription at the service.
    public var subscription: JSON?
    /// How many polls in a row failed.
    public var failures: Int

    /// Makes a state.
    public init(
        flow: String, trigger: String, watermark: JSON? = nil, nextDue: Timestamp? = nil, subscription: JSON? = nil,
        failures: Int = 0
    ) {
        self.flow = flow
        self.trigger = trigger
        self.watermark = watermark
        self.nextDue = nextDue
        self.subscription = subscription
        self.failures = failures
    }
}

/// A key that a trigger has seen: an item's id and version, or the deduplication key of a request.
public struct TriggerKey: Sendable, Hashable {
    /// The flow's id.
    public var flow: String
    /// The key.
    public var key: String
    /// The run that came of it, if one did.
    public var run: String?
    /// When it was seen.
    public var seenAt: Timestamp

    /// Makes a key.
    public init(flow: String, key: String, run: String? = nil, seenAt: Timestamp) {
        self.flow = flow
        self.key = key
        self.run = run
        self.seenAt = seenAt
    }
}

/// One time that a trigger was asked, called or due.
public struct TriggerHistoryEntry: Sendable, Hashable {
    /// The entry's id: the run's name where it fired.
    public var id: String
    /// The flow's id.
    public var flow: String
    /// The trigger's name.
    public var trigger: String
    /// `Succeeded`, `Skipped` or `Failed`.
    public var status: String
    /// The code beside the status, such as `EchoSuppressed`.
    public var code: String?
    /// Why, in words.
    public var message: String?
    /// Whether a run came of it.
    public var fired: Bool
    /// The run that came of it, or that an item was suppressed for.
    public var run: String?
    /// When it began.
    public var startTime: Timestamp
    /// When it ended.
    public var endTime: Timestamp?
    /// What the trigger received; left out of lists.
    public var payload: JSON?
    /// Whether the payload is kept encrypted.
    public var isSealed: Bool
    /// How many items the payload is split into; 0 where it is not split.
    public var splitCount: Int
    /// How many of them have their runs.
    public var splitDone: Int

    /// Makes an entry.
    public init(
        id: String, flow: String, trigger: String, status: String, code: String? = nil, message: String? = nil,
        fired: Bool, run: String? = nil, startTime: Timestamp, endTime: Timestamp? = nil, payload: JSON? = nil,
        isSealed: Bool = false, splitCount: Int = 0, splitDone: Int = 0
    ) {
        self.id = id
        self.flow = flow
        self.trigger = trigger
        self.status = status
        self.code = code
        self.message = message
        self.fired = fired
        self.run = run
        self.startTime = startTime
        self.endTime = endTime
        self.payload = payload
        self.isSealed = isSealed
        self.splitCount = splitCount
        self.splitDone = splitDone
    }

    /// The entry that a run is; nil for one that no trigger fired for.
    package init?(of run: RunSummary) {
        guard !run.isRepair else { return nil }
        self.init(
            id: run.name, flow: run.flowID, trigger: run.triggerName, status: "Succeeded", fired: true, run: run.name,
            startTime: run.startTime, endTime: run.startTime)
    }

    /// Whether it tells no more than the run that came of it: such entries are found as runs.
    package var repeatsRun: Bool { fired && run == id }

    /// Whether it stands before another one in lists.
    package func precedes(_ other: TriggerHistoryEntry) -> Bool {
        startTime == other.startTime ? id < other.id : startTime > other.startTime
    }
}

/// Which entries of the trigger history are wanted; every condition that is set must hold.
public struct TriggerHistoryFilter: Sendable, Hashable {
    /// Of this flow, by id.
    public var flow: String?
    /// Of the trigger of this name.
    public var trigger: String?
    /// With this status.
    public var status: String?
    /// Begun at or after.
    public var since: Timestamp?
    /// Begun before.
    public var until: Timestamp?
    /// The id of the last entry of the page before; nil begins with the newest.
    public var after: String?
    /// How many at most.
    public var limit: Int

    /// Makes a filter.
    public init(
        flow: String? = nil, trigger: String? = nil, status: String? = nil, since: Timestamp? = nil,
        until: Timestamp? = nil, after: String? = nil, limit: Int = 50
    ) {
        self.flow = flow
        self.trigger = trigger
        self.status = status
        self.since = since
        self.until = until
        self.after = after
        self.limit = limit
    }
}
