/// What makes a run go on.
public enum RunStimulus: Sendable, Hashable {
    /// The trigger fired: the run begins.
    case triggerFired(TriggerPayload)
    /// An effect came to an end, or into doubt.
    case effectFinished(EffectID, EffectOutcome)
    /// A timer is due.
    case timerDue(TimerID)
    /// A message from the inbox.
    case message(InboxMessage)
    /// The run is to be cancelled.
    case cancel(by: String?)
    /// The run has lasted longer than a run may: it ends TimedOut.
    case expire
    /// The run goes on where its last slice ended.
    case `continue`
}

/// How much a step may do before it hands over.
public struct StepBudget: Sendable, Hashable {
    /// How many actions may be started; after that the step ends with `hasMore`.
    public var actions: Int

    /// Makes a budget.
    public init(actions: Int) { self.actions = actions }

    /// A millisecond or two of ordinary actions: what they did is written while the next ones go on.
    public static let slice = StepBudget(actions: 1_000)

    /// No limit.
    public static let unlimited = StepBudget(actions: .max)
}
