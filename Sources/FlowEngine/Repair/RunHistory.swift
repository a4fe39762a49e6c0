import FlowCore
import FlowDefinitions

/// The journal of a run that has ended, read for its repair.
struct RunHistory {
    let plan: FlowPlan
    let events: [RunEvent]
    let start: RunStart
    private(set) var outcome: RunOutcome?
    private(set) var starts: [ActionInstance: ActionStart] = [:]
    /// How actions ended by themselves.
    private(set) var ends: [ActionInstance: ActionEnd] = [:]
    /// The actions that the run's early end cut off or never let begin.
    private(set) var closed: Set<ActionInstance> = []
    /// The calls of actions, the ends of subscriptions left out.
    private(set) var intents: [ActionInstance: [EffectIntent]] = [:]
    private(set) var outcomes: [EffectID: EffectOutcome] = [:]
    /// How rounds of loops ended.
    private(set) var rounds: [ActionInstance: [Int: ActionStatus]] = [:]
    /// What the run itself knew of a run that it repaired.
    private(set) var keptCalls: [ActionInstance: KeptCall] = [:]
    /// The Terminate that ended the run.
    private(set) var terminator: ActionInstance?
    /// The place of the event after which ends of actions come from the run's early end alone.
    private(set) var earlyEnd = Int.max
    /// All actions with their repetitions, in the order in which they came.
    private(set) var instances: [ActionInstance] = []
    private(set) var effectOwners: [EffectID: ActionInstance] = [:]
    private(set) var timerOwners: [TimerID: TimerSetting] = [:]
    private(set) var callbackOwners: [String: ActionInstance] = [:]

    /// Reads a journal.
    /// - Throws: `RunUnreadable` where it does not begin with the run's start.
    init(_ events: [RunEvent], of plan: FlowPlan) throws(FlowError) {
        guard case .runStarted(let start)? = events.first else {
            throw FlowError(
                .runUnreadable, "The journal of the run does not begin with its start.",
                hint: "start the flow anew: `flowrun run FLOW`")
        }
        self.plan = plan
        self.events = events
        self.start = start
        for (place, event) in events.enumerated() { read(event, at: place) }
    }

    private mutating func read(_ event: RunEvent, at place: Int) {
        switch event {
        case .actionStarted(let start):
            note(start.action)
            starts[start.action] = start
            if let id = start.callbackID { callbackOwners[id] = start.action }
        case .actionEnded(let end): read(end, at: place)
        case .iterationEnded(let end): rounds[end.loop, default: [:]][end.index] = end.status
        case .effectIntended(let intent):
            if case .http(let call) = intent.kind, call.purpose == .unsubscribe { return }
            intents[intent.action, default: []].append(intent)
            effectOwners[intent.id] = intent.action
        case .effectFinished(let finish): outcomes[finish.id] = finish.outcome
        case .timerSet(let setting): timerOwners[setting.id] = setting
        case .cancelRequested, .expired: earlyEnd = min(earlyEnd, place)
        case .runEnded(let outcome): self.outcome = outcome
        case .callKept(let call): keptCalls[call.action] = call
        case .runStarted, .timerDue, .messageTaken, .callbackReceived, .replied, .repaired: break
        }
    }

    private mutating func read(_ end: ActionEnd, at place: Int) {
        note(end.action)
        guard place < earlyEnd else {
            closed.insert(end.action)
            return
        }
        ends[end.action] = end
        guard end.status == .succeeded, let action = action(end.action), case .terminate = action.work,
            action.staticResult == nil
        else { return }
        terminator = end.action
        earlyEnd = place
    }

    private mutating func note(_ instance: ActionInstance) {
        if starts[instance] == nil, ends[instance] == nil, !closed.contains(instance) { instances.append(instance) }
    }

    // MARK: Places

    /// The action of an instance.
    func action(_ instance: ActionInstance) -> PlannedAction? {
        plan.actionNumber(instance.name).map { plan.actions[$0] }
    }

    /// An action at the rounds of another one that it encloses, or that stands beside it.
    func instance(_ action: PlannedAction, around indexes: [Int]) -> ActionInstance {
        ActionInstance(action.name, indexes: Array(indexes.prefix(action.loops.count)))
    }

    /// What encloses an action, with the round in which it stands where that is a loop.
    func parent(of instance: ActionInstance) -> (action: PlannedAction, instance: ActionInstance, round: Int?)? {
        guard let action = action(instance), let number = plan.containers[action.container].parent else { return nil }
        let parent = plan.actions[number]
        let enclosing = self.instance(parent, around: instance.indexes)
        let isLoop = plan.bodies[action.body].loop == number
        let depth = enclosing.indexes.count
        return (parent, enclosing, isLoop && instance.indexes.count > depth ? instance.indexes[depth] : nil)
    }

    /// The path of an action with its repetitions.
    func path(_ instance: ActionInstance) -> ActionPath {
        guard let action = action(instance) else { return .action(instance.name) }
        return plan.outline.path(action.id, indexes: instance.indexes)
    }

    /// How an action ended by itself; nil where it did not.
    func status(_ action: PlannedAction, at indexes: [Int]) -> ActionStatus? {
        ends[instance(action, around: indexes)]?.status
    }

    /// The items of the loops around an action, outer first.
    func items(around instance: ActionInstance) -> [JSON] {
        guard let action = action(instance) else { return [] }
        return zip(action.loops, instance.indexes).compactMap { number, index in
            let loop = self.instance(plan.actions[number], around: instance.indexes)
            guard case .items(let items, _)? = starts[loop]?.decision, items.indices.contains(index) else { return nil }
            return items[index]
        }
    }

    /// Whether the rounds of a loop come one after another, so that later ones may build on earlier ones.
    func isSequential(_ loop: ActionInstance) -> Bool {
        if case .items(_, let concurrency)? = starts[loop]?.decision { concurrency == 1 } else { true }
    }
}

extension PlannedAction {
    /// Whether its work is a call to the outside.
    var isCall: Bool {
        switch work {
        case .http, .httpWebhook, .operation, .connection, .childFlow: true
        default: false
        }
    }

    /// Whether its call ends with a callback.
    var waitsForCallback: Bool {
        switch work {
        case .httpWebhook: true
        case .operation(_, let waits), .connection(_, let waits): waits
        default: false
        }
    }
}
