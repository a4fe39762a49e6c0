import FlowCore
import FlowDefinitions
import FlowExpressions

/// How one action stands at one of its repetitions.
struct ActionState {
    /// The status; nil until the action starts or is skipped.
    var status: ActionStatus?
    /// How many predecessors have not ended.
    var waiting: Int32
    /// Where the state of its work lies: the place among the loops or calls, or how many branches have not ended.
    var work: Int32 = -1
    /// How many rounds a loop made; -1 for none.
    var iterationCount: Int32 = -1
    var started = Timestamp(ticks: 0)
    var ended = Timestamp(ticks: 0)
    var code = ""
    var inputs: JSON?
    var outputs: JSON?
    var error: RunFailure?
    var trackedProperties: JSON?

    init(waiting: Int) { self.waiting = Int32(waiting) }

    /// Whether the action has ended.
    var isFinal: Bool { status?.isFinal ?? false }

    /// A predecessor has ended; returns whether it was the last one.
    mutating func arrive() -> Bool {
        waiting -= 1
        return waiting == 0
    }

    /// Takes note of the end; returns whether the action had begun before.
    mutating func end(
        _ status: ActionStatus, at now: Timestamp, code: String, error: RunFailure?, inputs: JSON?
    ) -> Bool {
        let wasStarted = self.status != nil
        if !wasStarted { started = now }
        self.status = status
        ended = now
        self.code = code
        if error != nil || self.error != nil { self.error = error }
        if let inputs { self.inputs = inputs }
        return wasStarted
    }
}

/// One run through a body: the run itself, or a round of a loop.
struct Repetition {
    let body: Int
    /// Where the states of its actions begin.
    let base: Int
    /// Where the states of its containers begin.
    let containerBase: Int
    /// The repetition around it; -1 for the run itself.
    let parent: Int
    /// Which round.
    var index: Int
    /// The item of a Foreach.
    var item: JSON
    /// The rounds of all enclosing loops, outer first, its own last.
    var indexes: [Int]

    /// Where the states of actions begin, and where that of a container lies.
    func places(of container: PlannedContainer) -> (base: Int, container: Int) {
        (base, containerBase + container.slot)
    }
}

/// How a container stands at one of its repetitions.
struct ContainerState {
    enum Mode: UInt8 {
        /// It has not begun, or never will.
        case closed
        /// Its actions run.
        case open
        /// Its branch is not taken: its actions are skipped.
        case notTaken
        /// Its condition could not be decided: its actions fail.
        case incomparable
    }

    var mode = Mode.closed
    /// How many of its actions have not ended.
    var remaining: Int32 = 0

    /// One of its actions has ended; returns whether it was the last one.
    mutating func leave() -> Bool {
        remaining -= 1
        return remaining == 0
    }
}

/// Something to be done next in a run.
struct WorkItem {
    enum Kind: UInt8 {
        /// Start the action, or skip it.
        case start
        /// All branches, or rounds, of the action have ended.
        case finishGroup
        /// A round of the action, a loop, has ended; `repetition` is the round.
        case finishRound
        /// Go on with the action's call.
        case advance
        /// Set the timers of an action that has begun; only after a crash between the two.
        case arm
        /// The action's Wait is over.
        case finishWait
        /// The action's time limit is over.
        case expire
        /// All actions of the run have ended.
        case finishRun
        /// The run ends early.
        case endRun
    }

    let kind: Kind
    let action: Int32
    let repetition: Int32
}

/// A Foreach at work.
struct ForeachState {
    let items: [JSON]
    let concurrency: Int
    let action: Int
    let repetition: Int
    /// The next item that has not begun.
    var next = 0
    /// How many rounds have not ended.
    var remaining: Int
    /// The repetitions of the rounds that have begun, in the order of the items.
    var rounds: [Int] = []
    /// The gravest status of a round.
    var worst = ActionStatus.succeeded
    /// Rounds that go on when others have ended, with what they have to do then; only in a run that repairs another one.
    var held: [[WorkItem]] = []

    /// Takes the next item.
    mutating func takeItem() -> (index: Int, item: JSON) {
        let index = next
        next += 1
        return (index, items[index])
    }

    /// Takes note of the end of a round; tells whether there is another item, and whether no round is left.
    mutating func endRound(_ status: ActionStatus) -> (hasNext: Bool, isLast: Bool) {
        if status != .succeeded { worst = RunState.graver(worst, status) }
        remaining -= 1
        return (next < items.count, remaining == 0)
    }
}

/// An Until at work.
struct UntilState {
    let count: Int
    let timeout: Duration?
    let action: Int
    let repetition: Int
    /// The repetition in which its rounds happen.
    var round = -1
    /// How many rounds have ended.
    var finished = 0
    /// How the last round ended.
    var lastStatus = ActionStatus.succeeded
}

/// A variable.
struct VariableState {
    let name: String
    let type: VariableType
    var value: JSON
}

/// An effect that is out.
struct EffectState {
    let intent: EffectIntent
    let action: Int
    let repetition: Int
    var isInDoubt = false
}

/// A timer that is set.
struct TimerState {
    let purpose: TimerSetting.Purpose
    let due: Timestamp
    let action: Int
    let repetition: Int
}

/// Why a run ends before its actions have ended.
struct EarlyEnd {
    let status: String
    let code: String?
    let error: RunFailure?
}

/// The whole state of a run, and everything that changes it.
///
/// Its extensions hold one concern each; those of the action types lie in `Actions`. Only ``RunStateMachine`` makes and
/// copies it.
final class RunState {
    let plan: FlowPlan
    let actions: [PlannedAction]
    let containers: [PlannedContainer]
    var identity: RunIdentity

    // What the run knows.
    var trigger: TriggerPayload?
    /// What is secret in this run.
    var secrets = SecretSources.always
    var startTime = Timestamp(ticks: 0)
    var variables: [VariableState] = []
    var variablePlaces: [String: Int] = [:]
    var repetitions: ContiguousArray<Repetition> = []
    var states: ContiguousArray<ActionState> = []
    var containerStates: ContiguousArray<ContainerState> = []
    var foreachStates: ContiguousArray<ForeachState> = []
    var untilStates: ContiguousArray<UntilState> = []
    var calls: ContiguousArray<CallState> = []
    var freeCalls: [Int] = []
    var reply: RunReply?
    /// The action whose reply was folded and whose end was not yet.
    var replier: ActionInstance?
    var earlyEnd: EarlyEnd?
    var outcome: RunOutcome?

    // What is under way.
    var queue: ContiguousArray<WorkItem> = []
    var queueHead = 0
    var effects: [EffectID: EffectState] = [:]
    var timers: [TimerID: TimerState] = [:]
    var callbacks: [String: Int] = [:]
    /// Filled while the journal is folded: webhooks that have ended, as long as nothing tells of the subscription's end.
    var openSubscriptions: [OpenSubscription] = []
    /// What a repaired run did at its places, and when this one took over.
    var keptCalls: [ActionInstance: KeptCall] = [:]
    var repairedAt: Timestamp?
    var lastEffect = 0
    var lastTimer = 0

    // The step at hand.
    var now = Timestamp(ticks: 0)
    var random = RandomSource(seed: 0)
    var isFolding = false
    var events: [RunEvent] = []
    var commands: [RunCommand] = []

    // What an expression is evaluated for.
    var evaluatingAction = -1
    var currentRepetition = 0
    var row: JSON?
    var trackedRecord: JSON?
    var currentCallback: String?

    /// Fresh states of the actions of each body.
    private var blanks: [ContiguousArray<ActionState>?]

    init(plan: FlowPlan, identity: RunIdentity) {
        self.plan = plan
        self.actions = plan.actions
        self.containers = plan.containers
        self.identity = identity
        blanks = Array(repeating: nil, count: plan.bodies.count)
    }

    /// Makes a copy that shares nothing that can change.
    init(copying other: RunState) {
        plan = other.plan
        actions = other.actions
        containers = other.containers
        identity = other.identity
        trigger = other.trigger
        secrets = other.secrets
        startTime = other.startTime
        variables = other.variables
        variablePlaces = other.variablePlaces
        repetitions = other.repetitions
        states = other.states
        containerStates = other.containerStates
        foreachStates = other.foreachStates
        untilStates = other.untilStates
        calls = other.calls
        freeCalls = other.freeCalls
        reply = other.reply
        replier = other.replier
        earlyEnd = other.earlyEnd
        outcome = other.outcome
        queue = other.queue
        queueHead = other.queueHead
        effects = other.effects
        timers = other.timers
        callbacks = other.callbacks
        openSubscriptions = other.openSubscriptions
        keptCalls = other.keptCalls
        repairedAt = other.repairedAt
        lastEffect = other.lastEffect
        lastTimer = other.lastTimer
        now = other.now
        random = other.random
        blanks = other.blanks
    }

    // MARK: Places

    /// The place of an action's state at a repetition.
    @inline(__always)
    func place(_ action: PlannedAction, _ repetition: Int) -> Int { repetitions[repetition].base + action.slot }

    /// An action at a repetition as events name it.
    @inline(__always)
    func instance(_ action: PlannedAction, _ repetition: Int) -> ActionInstance {
        ActionInstance(action.name, indexes: repetitions[repetition].indexes)
    }

    /// The path of an action at a repetition.
    func path(_ action: PlannedAction, _ repetition: Int) -> ActionPath {
        plan.outline.path(action.id, indexes: repetitions[repetition].indexes)
    }

    // MARK: Secrets

    /// Whether an action's inputs are sealed and hidden.
    @inline(__always)
    func hidesInputs(_ action: PlannedAction) -> Bool { action.secretInputs.holds(secrets) }

    /// Whether an action's outputs are sealed and hidden.
    @inline(__always)
    func hidesOutputs(_ action: PlannedAction) -> Bool { action.secretOutputs.holds(secrets) }

    // MARK: Repetitions

    /// Makes room for a run through a body.
    func addRepetition(body: Int, parent: Int, index: Int, item: JSON) -> Int {
        let planned = plan.bodies[body]
        var indexes: [Int] = []
        if parent >= 0 {
            let outer = repetitions[parent].indexes
            indexes.reserveCapacity(outer.count + 1)
            indexes.append(contentsOf: outer)
            indexes.append(index)
        }
        repetitions.append(
            Repetition(
                body: body, base: states.count, containerBase: containerStates.count, parent: parent, index: index,
                item: item, indexes: indexes))
        states.append(contentsOf: blank(body))
        for _ in planned.containers { containerStates.append(ContainerState()) }
        return repetitions.count - 1
    }

    /// Clears a repetition of an Until for its next round.
    func renewRepetition(_ repetition: Int, index: Int) {
        let (body, base, containerBase) = (
            repetitions[repetition].body, repetitions[repetition].base, repetitions[repetition].containerBase
        )
        repetitions[repetition].index = index
        repetitions[repetition].indexes[repetitions[repetition].indexes.count - 1] = index
        let blank = blank(body)
        states.replaceSubrange(base..<(base + blank.count), with: blank)
        for place in plan.bodies[body].containers.indices { containerStates[containerBase + place] = ContainerState() }
    }

    private func blank(_ body: Int) -> ContiguousArray<ActionState> {
        if let blank = blanks[body] { return blank }
        let fresh = ContiguousArray(
            plan.bodies[body].actions.map { ActionState(waiting: actions[$0].predecessors.count) })
        blanks[body] = fresh
        return fresh
    }

    /// The repetition of a body that encloses another one, or nil.
    func enclosing(_ repetition: Int, body: Int) -> Int? {
        var repetition = repetition
        while repetition >= 0 {
            if repetitions[repetition].body == body { return repetition }
            repetition = repetitions[repetition].parent
        }
        return nil
    }

    // MARK: The queue

    @inline(__always)
    func enqueue(_ kind: WorkItem.Kind, _ action: Int, _ repetition: Int) {
        queue.append(
            WorkItem(
                kind: kind, action: Int32(truncatingIfNeeded: action), repetition: Int32(truncatingIfNeeded: repetition)
            ))
    }

    /// Puts an item before all others: it belongs to the work that the last event began.
    func enqueueFirst(_ kind: WorkItem.Kind, _ action: Int, _ repetition: Int) {
        queue.insert(
            WorkItem(
                kind: kind, action: Int32(truncatingIfNeeded: action), repetition: Int32(truncatingIfNeeded: repetition)
            ),
            at: queueHead)
    }

    var hasWork: Bool { queueHead < queue.count }

    func dequeue() -> WorkItem {
        let item = queue[queueHead]
        queueHead += 1
        if queueHead >= 512, queueHead * 2 >= queue.count {
            queue.removeFirst(queueHead)
            queueHead = 0
        }
        return item
    }

    /// Takes the first item that concerns an action at a repetition out of the queue: an event tells that it was done.
    func removeWork(_ action: Int, _ repetition: Int, kinds: Set<WorkItem.Kind>? = nil) {
        var place = queueHead
        while place < queue.count {
            let item = queue[place]
            if Int(item.action) == action, Int(item.repetition) == repetition, kinds?.contains(item.kind) ?? true {
                if place == queueHead { _ = dequeue() } else { queue.remove(at: place) }
                return
            }
            place += 1
        }
    }

    func clearQueue() {
        queue.removeAll()
        queueHead = 0
    }

    // MARK: Events

    /// Adds an event of the step at hand; while events are folded there is nothing to add.
    @inline(__always)
    func emit(_ event: @autoclosure () -> RunEvent) {
        if !isFolding { events.append(event()) }
    }

    @inline(__always)
    func order(_ command: @autoclosure () -> RunCommand) {
        if !isFolding { commands.append(command()) }
    }
}
