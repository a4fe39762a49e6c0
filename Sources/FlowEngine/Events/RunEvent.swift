public import FlowCore
public import FlowDefinitions

/// What happened in a run, as its journal keeps it.
///
/// Rare and large events are boxed, so that an array of the common ones stays small.
///
/// A run is its events: folding them gives its state without evaluating anything. The runtime numbers them.
public enum RunEvent: Sendable, Hashable {
    /// The trigger fired and the run began.
    indirect case runStarted(RunStart)
    /// An action began that does not end at once: a container, a call, a wait.
    case actionStarted(ActionStart)
    /// An action ended, or was skipped.
    case actionEnded(ActionEnd)
    /// One round of a loop ended, and the loop goes on or has other rounds.
    case iterationEnded(IterationEnd)
    /// Something outside is going to be done.
    indirect case effectIntended(EffectIntent)
    /// Something outside came to an end, or into doubt.
    case effectFinished(EffectFinish)
    /// A timer was set.
    case timerSet(TimerSetting)
    /// A timer was due.
    case timerDue(TimerID, at: Timestamp)
    /// A message was taken from the inbox; what it brought stands in the event before.
    case messageTaken(id: String, at: Timestamp)
    /// A webhook's callback came.
    case callbackReceived(CallbackReceipt)
    /// The caller was answered.
    indirect case replied(RunReply, at: Timestamp)
    /// The run is to be cancelled.
    case cancelRequested(by: String?, at: Timestamp)
    /// The run has lasted longer than a run may.
    case expired(at: Timestamp)
    /// The run is over.
    case runEnded(RunOutcome)
    /// The run repairs another one: what follows is copied from that one's journal, and then it goes on by itself.
    case repaired(at: Timestamp)
    /// A call that the repaired run made, and what became of it.
    indirect case callKept(KeptCall)
}

/// The beginning of a run.
public struct RunStart: Sendable, Hashable {
    /// Who the run is.
    public var identity: RunIdentity
    /// What the trigger brought.
    public var trigger: TriggerPayload
    /// Whether a parameter's value is secret.
    public var hidesParameters: Bool
    /// When it began.
    public var at: Timestamp

    /// Makes a beginning.
    public init(identity: RunIdentity, trigger: TriggerPayload, hidesParameters: Bool, at: Timestamp) {
        self.identity = identity
        self.trigger = trigger
        self.hidesParameters = hidesParameters
        self.at = at
    }
}

/// The beginning of an action that does not end at once.
public struct ActionStart: Sendable, Hashable {
    /// The action.
    public var action: ActionInstance
    /// When it began.
    public var at: Timestamp
    /// Its evaluated inputs, or nil.
    public var inputs: JSON?
    /// What was decided.
    public var decision: Decision
    /// Whether the inputs are sealed and hidden.
    public var hidesInputs: Bool
    /// The id under which a webhook's callback is awaited, or nil.
    public var callbackID: String?

    /// What was decided when an action began.
    public enum Decision: Sendable, Hashable {
        /// Nothing beside the inputs.
        case none
        /// Which branch is taken, by its place among the action's branches; nil for none of them.
        case branch(Int?)
        /// The cases of a Switch cannot be compared with its value: no branch runs, and the actions in them fail.
        case incomparable(RunFailure)
        /// The items of a loop, how many rounds go on at a time.
        case items([JSON], concurrency: Int)
        /// The limits of an Until.
        case rounds(count: Int, timeout: Duration?)
        /// A retry policy that was computed for this call.
        case retryPolicy(RetryPolicy)
    }

    /// Makes a beginning.
    public init(
        action: ActionInstance, at: Timestamp, inputs: JSON? = nil, decision: Decision = .none,
        hidesInputs: Bool = false,
        callbackID: String? = nil
    ) {
        self.action = action
        self.at = at
        self.inputs = inputs
        self.decision = decision
        self.hidesInputs = hidesInputs
        self.callbackID = callbackID
    }
}

/// The end of an action.
public struct ActionEnd: Sendable, Hashable {
    /// The action.
    public var action: ActionInstance
    /// The final status.
    public var status: ActionStatus
    /// The code; `NotSpecified` where there is none to show.
    public var code: String
    /// The error, or nil.
    public var error: RunFailure?
    /// The evaluated inputs, or nil where there are none or they stand in the action's beginning.
    public var inputs: JSON?
    /// Where the outputs come from.
    public var outputs: Outputs
    /// The evaluated tracked properties, or nil.
    public var trackedProperties: JSON?
    /// How many rounds a loop made, or nil.
    public var iterationCount: Int?
    /// When the action began.
    public var startTime: Timestamp
    /// When it ended.
    public var endTime: Timestamp
    /// Whether the inputs are sealed and hidden.
    public var hidesInputs: Bool
    /// Whether the outputs are sealed and hidden.
    public var hidesOutputs: Bool
    /// Whether the action was not carried out, because the repaired run had done so: the outputs are those of that run.
    public var isKept: Bool

    /// Where an action's outputs come from; a value that stands in the journal already is not written again.
    public enum Outputs: Sendable, Hashable {
        /// There are none.
        case none
        /// This value.
        case value(JSON)
        /// The inputs themselves.
        case inputs
        /// The answer of the action's last effect.
        case answer
    }

    /// Makes an end.
    public init(
        action: ActionInstance, status: ActionStatus, code: String, error: RunFailure? = nil, inputs: JSON? = nil,
        outputs: Outputs = .none, trackedProperties: JSON? = nil, iterationCount: Int? = nil, startTime: Timestamp,
        endTime: Timestamp, hidesInputs: Bool = false, hidesOutputs: Bool = false, isKept: Bool = false
    ) {
        self.action = action
        self.status = status
        self.code = code
        self.error = error
        self.inputs = inputs
        self.outputs = outputs
        self.trackedProperties = trackedProperties
        self.iterationCount = iterationCount
        self.startTime = startTime
        self.endTime = endTime
        self.hidesInputs = hidesInputs
        self.hidesOutputs = hidesOutputs
        self.isKept = isKept
    }
}

/// The end of one round of a loop; the last round of an Until ends with the loop itself.
public struct IterationEnd: Sendable, Hashable {
    /// The loop.
    public var loop: ActionInstance
    /// Which round, from 0.
    public var index: Int
    /// How the round ended.
    public var status: ActionStatus
    /// When it ended.
    public var at: Timestamp

    /// Makes an end.
    public init(loop: ActionInstance, index: Int, status: ActionStatus, at: Timestamp) {
        self.loop = loop
        self.index = index
        self.status = status
        self.at = at
    }
}

/// The end of an effect.
public struct EffectFinish: Sendable, Hashable {
    /// The effect.
    public var id: EffectID
    /// What came of it.
    public var outcome: EffectOutcome
    /// When it became known.
    public var at: Timestamp
    /// Whether the outcome is sealed and hidden.
    public var isSecure: Bool

    /// Makes an end.
    public init(id: EffectID, outcome: EffectOutcome, at: Timestamp, isSecure: Bool = false) {
        self.id = id
        self.outcome = outcome
        self.at = at
        self.isSecure = isSecure
    }
}

/// A timer that was set.
public struct TimerSetting: Sendable, Hashable {
    /// The timer.
    public var id: TimerID
    /// The action that set it.
    public var action: ActionInstance
    /// What it is for.
    public var purpose: Purpose
    /// When it is due.
    public var due: Timestamp

    /// What a timer is for.
    public enum Purpose: String, Sendable, Hashable {
        /// A Wait action.
        case wait
        /// The next attempt of a call.
        case retry
        /// The next poll of a `Location`.
        case poll
        /// The action's `limit.timeout`.
        case limit
    }

    /// Makes a setting.
    public init(id: TimerID, action: ActionInstance, purpose: Purpose, due: Timestamp) {
        self.id = id
        self.action = action
        self.purpose = purpose
        self.due = due
    }
}

/// A callback that came for a webhook action.
public struct CallbackReceipt: Sendable, Hashable {
    /// The id of the callback.
    public var id: String
    /// `headers`, `body`, `queries`, `statusCode` as far as they are there.
    public var outputs: JSONObject
    /// When it was taken.
    public var at: Timestamp
    /// Whether it is sealed and hidden.
    public var isSecure: Bool

    /// Makes a receipt.
    public init(id: String, outputs: JSONObject, at: Timestamp, isSecure: Bool = false) {
        self.id = id
        self.outputs = outputs
        self.at = at
        self.isSecure = isSecure
    }
}
