public import FlowCore
public import FlowDefinitions

/// What a repair takes from a run that has ended, and what it does anew.
///
/// The new run's journal begins with the part of the old one that stands: every event of an action that is not *redone*, in
/// its order. Redone is the action from which the run is repaired, and what comes after it:
///
/// - whatever runs after it, or after something redone;
/// - what encloses it goes on: its end does not stand, and what runs after it is redone;
/// - in a loop whose rounds come one after another, the later rounds.
///
/// Folding that part leaves in the machine's queue what is to be done next, as after a crash. What the old run called at
/// redone places is handed over as ``KeptCall``, so that an effect that is done is not done again.
public struct RunRepair: Sendable {
    /// What is asked of a repair.
    public struct Request: Sendable, Hashable {
        /// The action from which the run goes on: a name or a path; nil takes the failures that decided its end.
        public var from: String?
        /// Whether repetitions that succeeded keep their results, also those after one that failed.
        public var onlyFailedRepetitions: Bool
        /// Whether effects that are done are done again.
        public var repeatsDone: Bool

        /// Makes a request.
        public init(from: String? = nil, onlyFailedRepetitions: Bool = false, repeatsDone: Bool = false) {
            self.from = from
            self.onlyFailedRepetitions = onlyFailedRepetitions
            self.repeatsDone = repeatsDone
        }
    }

    /// A call at a place that is redone.
    public struct Call: Sendable, Hashable {
        /// The action.
        public var action: ActionInstance
        /// Its path with its repetitions.
        public var path: ActionPath
        /// What the old run called last; nil where it made no call.
        public var intent: EffectIntent?
        /// Whether the effect is done.
        public var isDone: Bool
        /// Whether nobody knows how far the call came.
        public var isUnknown: Bool
    }

    /// The failure of a run by which equal ones are found.
    public struct Failure: Sendable, Hashable {
        /// The action without its repetitions.
        public var path: ActionPath
        /// The error's code.
        public var code: String
    }

    /// The actions from which the run goes on.
    public let points: [ActionPath]
    /// The actions that keep their results, those that were skipped left out.
    public let kept: [ActionPath]
    /// The calls at places that are redone, in the order in which they came.
    public let calls: [Call]
    /// The first failure that decided the run's end, the run itself where no action's did; nil where it succeeded.
    public let failure: Failure?
    /// Calls of child flows of which nobody knows how far they came, with the child's run: whoever repairs finds out.
    public let openChildren: [(action: ActionInstance, run: String)]

    private let start: RunStart
    private let prefix: [RunEvent]
    private var knownCalls: [ActionInstance: KeptCall]
    private let request: Request

    /// Plans the repair of a run.
    /// - Parameters:
    ///   - events: the run's journal.
    ///   - plan: the flow with which the run began.
    ///   - request: what is asked.
    ///   - reads: whether a call changes nothing.
    /// - Throws: `RunNotRepairable`, `WorkflowRunInProgress`, `WorkflowRunActionNotFound`, `RunUnreadable`.
    public init(
        of events: [RunEvent], plan: FlowPlan, _ request: Request, reads: (EffectIntent) -> Bool
    ) throws(FlowError) {
        let history = try RunHistory(events, of: plan)
        let points = RepairPoints(history)
        let deciding = points.deciding()
        let seeds = try Self.seeds(history, points, deciding, request)
        let marks = RepairMarks(history, seeds: seeds, keepsLaterRounds: request.onlyFailedRepetitions)
        self.request = request
        start = history.start
        self.points = seeds.map(history.path)
        failure = Self.failure(history, deciding.first)
        prefix = marks.prefix()
        kept = prefix.compactMap { event in
            guard case .actionEnded(let end) = event, end.status != .skipped else { return nil }
            return history.path(end.action)
        }
        var calls: [Call] = []
        var known: [ActionInstance: KeptCall] = [:]
        var openChildren: [(action: ActionInstance, run: String)] = []
        let reader = KeptCallReader(history)
        for instance in history.instances where marks.isRedone(instance) {
            guard let action = history.action(instance), action.isCall else { continue }
            let intent = history.intents[instance]?.last { $0.kind.isFirstCall }
            if let intent, intent.needsCommitFirst || intent.kind.isReading, reads(intent) { continue }
            let call = reader.call(instance)
            known[instance] = call
            var isUnknown = false
            if case .open(_, _, true)? = call?.result {
                isUnknown = true
                if case .child(let start)? = intent?.kind { openChildren.append((instance, start.run)) }
            }
            calls.append(
                Call(
                    action: instance, path: history.path(instance), intent: intent, isDone: call?.isDone ?? false,
                    isUnknown: isUnknown))
        }
        self.calls = calls
        self.openChildren = openChildren
        knownCalls = known
    }

    private static func failure(_ history: RunHistory, _ first: ActionInstance?) -> Failure? {
        guard let outcome = history.outcome, outcome.status != "Succeeded" else { return nil }
        let end = first.flatMap { history.ends[$0] }
        return Failure(
            path: first.flatMap(history.action)?.path ?? .root,
            code: end?.error?.code ?? end?.code ?? outcome.code ?? outcome.status)
    }

    private static func seeds(
        _ history: RunHistory, _ points: RepairPoints, _ deciding: [ActionInstance], _ request: Request
    ) throws(FlowError) -> [ActionInstance] {
        let run = history.start.identity.run
        guard let outcome = history.outcome else {
            throw FlowError(
                .workflowRunInProgress, "The run \(run) has not ended; only a run that has ended can be repaired.",
                hint: "wait for its end with `flowrun runs watch \(run)`, or end it with `flowrun runs cancel \(run)`")
        }
        var seeds = deciding
        if let word = request.from {
            seeds = try points.named(word)
        } else if outcome.status == "Succeeded" {
            throw FlowError(
                .runNotRepairable, "The run \(run) succeeded; there is nothing to repair.",
                hint: "name the action from which it goes again: `flowrun runs repair \(run) --from ACTION`")
        }
        if request.onlyFailedRepetitions {
            // A loop that is named means the failures in its rounds.
            let failed = points.inFailedRepetitions(
                request.from == nil ? seeds : seeds + points.failures(within: seeds))
            guard !failed.isEmpty else {
                throw FlowError(
                    .runNotRepairable, "The run \(run) has no failed repetition to repair.",
                    hint: "repair it from its failed action: `flowrun runs repair \(run)`")
            }
            seeds = request.from == nil ? deciding : failed
        }
        return seeds
    }

    /// Says what became of a child flow's call that was open: the answer of the child's run, or nil where it gave none and
    /// another one is started.
    public mutating func settle(_ action: ActionInstance, _ answer: OperationAnswer?) {
        if let answer, answer.statusCode < 400 {
            knownCalls[action]?.result = .answered(answer)
        } else {
            knownCalls[action] = nil
        }
    }

    /// The journal with which the new run begins.
    /// - Parameters:
    ///   - identity: who the new run is.
    ///   - hidesParameters: whether a parameter's value is secret.
    ///   - now: when it begins.
    /// - Returns: the events.
    public func events(identity: RunIdentity, hidesParameters: Bool, at now: Timestamp) -> [RunEvent] {
        var start = start
        start.identity = identity
        start.hidesParameters = hidesParameters
        start.at = now
        var events: [RunEvent] = [.runStarted(start), .repaired(at: now)]
        for call in calls {
            guard let known = knownCalls[call.action], !(request.repeatsDone && known.isDone) else { continue }
            events.append(.callKept(known))
        }
        return events + prefix
    }

    /// What of the journal does not fit another version of the flow.
    /// - Parameters:
    ///   - newest: the other version.
    ///   - plan: the version with which the run began.
    /// - Returns: one clause; nil where all of it fits.
    public func difference(to newest: FlowPlan, from plan: FlowPlan) -> String? {
        for event in prefix {
            guard let name = Self.actionName(of: event), let number = plan.actionNumber(name) else { continue }
            let old = plan.actions[number]
            guard let place = newest.actionNumber(name) else { return "it has no action '\(name)'" }
            let new = newest.actions[place]
            if old.typeName.lowercased() != new.typeName.lowercased() {
                return "'\(name)' is of type '\(new.typeName)', and was of type '\(old.typeName)'"
            }
            if old.path != new.path { return "'\(name)' stands at \(new.path), and stood at \(old.path)" }
        }
        guard plan.trigger?.name == newest.trigger?.name else {
            return "its trigger is '\(newest.trigger?.name ?? "")', and was '\(plan.trigger?.name ?? "")'"
        }
        let events = events(identity: start.identity, hidesParameters: false, at: start.at)
        do throws(FlowError) {
            let machine = try RunStateMachine(plan: newest, identity: start.identity, folding: events)
            return machine.contradiction
        } catch {
            return error.message
        }
    }

    private static func actionName(of event: RunEvent) -> String? {
        switch event {
        case .actionStarted(let start): start.action.name
        case .actionEnded(let end): end.action.name
        default: nil
        }
    }
}
