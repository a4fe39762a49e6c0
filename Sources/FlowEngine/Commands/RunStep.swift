public import FlowCore

/// What came of a step: events to be committed, and then commands to be carried out.
public struct RunStep: Sendable {
    /// What happened, to be appended to the journal as one unit.
    public var events: [RunEvent]
    /// What has to be done, in this order.
    public var commands: [RunCommand]
    /// Whether the run has more to do at once: call again with `continue`.
    public var hasMore: Bool
    /// What the run waits for; nil where it has more to do, or is over.
    public var wait: RunWaitReason?
    /// How the run ended, once it has.
    public var outcome: RunOutcome?

    /// Makes a step.
    public init(
        events: [RunEvent] = [], commands: [RunCommand] = [], hasMore: Bool = false, wait: RunWaitReason? = nil,
        outcome: RunOutcome? = nil
    ) {
        self.events = events
        self.commands = commands
        self.hasMore = hasMore
        self.wait = wait
        self.outcome = outcome
    }

    /// Whether the events must be committed before the commands: false while only reading calls and timers go out.
    public var needsCommitFirst: Bool {
        commands.contains { command in
            switch command {
            case .carryOut(let intent, _): intent.needsCommitFirst
            case .reply, .complete: true
            case .setTimer, .cancelTimer, .abandon: false
            }
        }
    }
}

/// What a run waits for.
public struct RunWaitReason: Sendable, Hashable {
    /// The kinds of waiting; the first that applies, in this order.
    public enum Kind: String, Sendable, Hashable {
        /// Someone has to say whether a call happened.
        case settlement
        /// A call is out.
        case effect
        /// A child run goes on.
        case child
        /// A webhook's callback is awaited.
        case callback
        /// Only time has to pass.
        case timer
    }

    /// The kind.
    public var kind: Kind
    /// The action that waits, with its repetitions; of several the first that started.
    public var action: ActionPath
    /// The earliest timer that is set, or nil.
    public var until: Timestamp?

    /// Makes a reason.
    public init(kind: Kind, action: ActionPath, until: Timestamp?) {
        self.kind = kind
        self.action = action
        self.until = until
    }

    /// Whether nothing of the run needs to be in memory meanwhile.
    public var isPassive: Bool { kind != .effect }
}
