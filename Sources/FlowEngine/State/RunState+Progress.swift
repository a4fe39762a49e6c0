import FlowCore
import FlowDefinitions

/// Starting, ending and skipping of actions and containers.
extension RunState {
    // MARK: Starting

    /// Does the next item of the queue.
    func process(_ item: WorkItem) {
        let repetition = Int(item.repetition)
        switch item.kind {
        case .finishRun: return completeRun()
        case .endRun: return endEarly()
        default: break
        }
        let action = actions[Int(item.action)]
        switch item.kind {
        case .start: start(action, repetition)
        case .finishGroup: finishGroup(action, repetition)
        case .finishRound: finishRound(action, repetition)
        case .advance: advance(action, repetition)
        case .finishWait: finishWait(action, repetition)
        case .arm: arm(action, repetition)
        case .expire: timeOut(action, repetition)
        case .finishRun, .endRun: break
        }
    }

    /// Starts an action whose predecessors have ended, or skips it.
    private func start(_ action: PlannedAction, _ repetition: Int) {
        let base = repetitions[repetition].base
        guard states[base + action.slot].status == nil else { return }
        for predecessor in action.predecessors {
            let sibling = actions[predecessor.action]
            let status = states[base + sibling.slot].status ?? .skipped
            guard !predecessor.statuses.contains(StatusSet(status)) else { continue }
            let message =
                "The execution of template action '\(action.name)' is skipped: the 'runAfter' condition for action "
                + "'\(sibling.name)' is not satisfied. Expected status values '\(predecessor.statusNames)' and actual "
                + "value '\(status.rawValue)'."
            return skip(action, repetition, RunFailure(code: "ActionConditionFailed", message: message))
        }
        let container = containers[action.container]
        switch containerStates[repetitions[repetition].containerBase + container.slot].mode {
        case .open, .closed: begin(action, repetition)
        case .notTaken:
            let message =
                "The execution of template action '\(action.name)' skipped: the branching condition for this action is "
                + "not satisfied."
            skip(action, repetition, RunFailure(code: "ActionBranchingConditionNotSatisfied", message: message))
        case .incomparable:
            let reason = container.parent.flatMap { states[place(actions[$0], repetition)].error } ?? .actionFailed
            skipDescendants(action, repetition, .failed, code: "InternalServerError")
            finish(action, repetition, .failed, code: "InternalServerError", error: failure(of: action, reason))
        }
    }

    /// Carries out an action, or begins to.
    private func begin(_ action: PlannedAction, _ repetition: Int) {
        if let result = action.staticResult { return finishStatically(action, repetition, result) }
        switch action.work {
        case .compose(let value): compose(action, repetition, value)
        case .parseJson(let content, let schema): parseJson(action, repetition, content, schema)
        case .select(let from, let select): self.select(action, repetition, from, select)
        case .query(let from, let condition): query(action, repetition, from, condition)
        case .join(let from, let separator): join(action, repetition, from, separator)
        case .table(let table): self.table(action, repetition, table)
        case .expression(let kind, let inputs): expression(action, repetition, kind, inputs)
        case .initializeVariable(let inputs): initializeVariable(action, repetition, inputs)
        case .changeVariable(let change, let inputs): changeVariable(action, repetition, change, inputs)
        case .wait(let inputs): wait(action, repetition, inputs)
        case .terminate(let inputs): terminate(action, repetition, inputs)
        case .condition(let condition): decide(action, repetition, condition)
        case .choice(let value, let source): choose(action, repetition, value, source)
        case .foreach(let items, let source, let concurrency):
            beginForeach(action, repetition, items, source, concurrency)
        case .until(let until): beginUntil(action, repetition, until)
        case .scope: beginScope(action, repetition)
        case .response(let inputs): respond(action, repetition, inputs)
        case .http(let inputs): beginHTTP(action, repetition, inputs)
        case .httpWebhook(let subscribe, _): beginWebhook(action, repetition, subscribe)
        case .operation(let inputs, let waits): beginOperation(action, repetition, inputs, waits)
        case .connection(let inputs, let waits): beginConnection(action, repetition, inputs, waits)
        case .childFlow(let inputs): beginChild(action, repetition, inputs)
        case .unsupported:
            finish(
                action, repetition, .failed, code: "ActionTypeNotSupported",
                error: RunFailure(
                    code: "ActionTypeNotSupported",
                    message:
                        "The action '\(action.name)' has the type '\(action.typeName)', which flowrun does not run."))
        }
    }

    /// Notes that an action has begun which does not end at once, and sets its time limit.
    func markStarted(
        _ action: PlannedAction, _ repetition: Int, inputs: JSON? = nil, decision: ActionStart.Decision = .none,
        callbackID: String? = nil, status: ActionStatus = .running
    ) {
        let place = place(action, repetition)
        states[place].status = status
        states[place].started = now
        states[place].inputs = inputs
        emit(
            .actionStarted(
                ActionStart(
                    action: instance(action, repetition), at: now, inputs: inputs, decision: decision,
                    hidesInputs: hidesInputs(action), callbackID: callbackID)))
        if let timeout = action.timeout, !isFolding { setLimit(action, repetition, timeout) }
    }

    // MARK: Ending

    /// Ends an action.
    func finish(
        _ action: PlannedAction, _ repetition: Int, _ status: ActionStatus, code: String, error: RunFailure? = nil,
        inputs: JSON? = nil, outputs: ActionEnd.Outputs = .none, iterationCount: Int? = nil, isKept: Bool = false
    ) {
        let indexes = repetitions[repetition].indexes
        let place = place(action, repetition)
        let wasStarted = states[place].end(status, at: now, code: code, error: error, inputs: inputs)
        switch outputs {
        case .none: if wasStarted { states[place].outputs = nil }
        case .value(let value): states[place].outputs = value
        case .inputs: states[place].outputs = inputs ?? states[place].inputs
        case .answer: states[place].outputs = answerOutputs(action, repetition)
        }
        if let iterationCount { states[place].iterationCount = Int32(iterationCount) }
        var tracked: JSON?
        if let properties = action.trackedProperties, status != .skipped {
            tracked = track(action, repetition, properties)
            states[place].trackedProperties = tracked
        }
        if !isFolding {
            events.append(
                .actionEnded(
                    ActionEnd(
                        action: ActionInstance(action.name, indexes: indexes), status: status, code: code, error: error,
                        inputs: inputs, outputs: outputs, trackedProperties: tracked, iterationCount: iterationCount,
                        startTime: wasStarted ? states[place].started : now, endTime: now,
                        hidesInputs: hidesInputs(action), hidesOutputs: hidesOutputs(action), isKept: isKept)))
        }
        if wasStarted { release(action, repetition) }
        settle(action, repetition)
    }

    /// Skips an action and everything in it.
    func skip(_ action: PlannedAction, _ repetition: Int, _ error: RunFailure, code: String = "ActionSkipped") {
        skipDescendants(action, repetition, .skipped, code: code)
        finish(action, repetition, .skipped, code: code, error: error)
    }

    /// Tells those who wait for an action, and its container, that it has ended.
    func settle(_ action: PlannedAction, _ repetition: Int) {
        let container = containers[action.container]
        let (base, state) = repetitions[repetition].places(of: container)
        guard earlyEnd == nil, containerStates[state].mode != .closed else { return }
        for dependent in action.dependents {
            if states[base + actions[dependent].slot].arrive() { enqueue(.start, dependent, repetition) }
        }
        if containerStates[state].leave() { containerEnded(container, repetition) }
    }

    /// Notes the end of all actions inside an action that does not run, just before its own: each has a record.
    func skipDescendants(_ action: PlannedAction, _ repetition: Int, _ status: ActionStatus, code: String) {
        guard !action.branches.isEmpty else { return }
        let error = RunFailure(
            code: "ActionDependencyFailed",
            message:
                "is skipped: dependant action '\(action.name)' completed with status '\(status.rawValue)' and code "
                + "'\(code)'.")
        skipInside(action, repetition, code: "ActionSkipped", error: error)
    }

    /// Writes the records of actions that never begin because of what encloses them.
    func skipInside(_ action: PlannedAction, _ repetition: Int, code: String, error: RunFailure?) {
        let indexes = repetitions[repetition].indexes
        for branch in action.branches {
            for number in containers[branch].actions {
                let child = actions[number]
                if child.body == repetitions[repetition].body {
                    let place = place(child, repetition)
                    guard !states[place].isFinal else { continue }
                    states[place].status = .skipped
                    states[place].code = code
                    states[place].started = now
                    states[place].ended = now
                    states[place].error = error.map { failure(of: child, $0) }
                }
                emit(
                    .actionEnded(
                        ActionEnd(
                            action: ActionInstance(child.name, indexes: indexes), status: .skipped, code: code,
                            error: error.map { failure(of: child, $0) }, startTime: now, endTime: now)))
                skipInside(child, repetition, code: code, error: error)
            }
        }
    }

    private func failure(of child: PlannedAction, _ error: RunFailure) -> RunFailure {
        RunFailure(code: error.code, message: "The execution of template action '\(child.name)' " + error.message)
    }

    // MARK: Containers

    /// Begins a container: its first actions become ready.
    func open(_ container: PlannedContainer, _ repetition: Int, _ mode: ContainerState.Mode = .open) {
        let state = repetitions[repetition].containerBase + container.slot
        containerStates[state] = ContainerState(mode: mode, remaining: Int32(container.actions.count))
        if container.actions.isEmpty { return containerEnded(container, repetition) }
        for root in container.roots { enqueue(.start, root, repetition) }
    }

    private func containerEnded(_ container: PlannedContainer, _ repetition: Int) {
        guard let parent = container.parent else { return enqueue(.finishRun, -1, 0) }
        let action = actions[parent]
        if plan.bodies[container.body].loop == parent { return enqueue(.finishRound, parent, repetition) }
        let place = place(action, repetition)
        states[place].work -= 1
        if states[place].work == 0 { enqueue(.finishGroup, parent, repetition) }
    }

    /// Begins the branches of an action.
    func openBranches(_ action: PlannedAction, _ repetition: Int, mode: (Int) -> ContainerState.Mode) {
        let count = action.branches.count
        states[place(action, repetition)].work = Int32(count)
        if count == 0 { return enqueue(.finishGroup, action.id, repetition) }
        for (branch, container) in action.branches.enumerated() {
            open(containers[container], repetition, mode(branch))
        }
    }

    /// Ends an action whose branches or rounds have all ended.
    private func finishGroup(_ action: PlannedAction, _ repetition: Int) {
        guard !states[place(action, repetition)].isFinal else { return }
        if case .foreach = action.work { return finishForeach(action, repetition) }
        var worst = ActionStatus.succeeded
        for branch in action.branches { worst = Self.graver(worst, status(of: containers[branch], repetition)) }
        finishContainer(action, repetition, worst)
    }

    /// Ends a container action with the status of what is in it.
    func finishContainer(_ action: PlannedAction, _ repetition: Int, _ status: ActionStatus, iterationCount: Int? = nil)
    {
        if status == .succeeded {
            finish(action, repetition, .succeeded, code: "NotSpecified", iterationCount: iterationCount)
        } else {
            finish(
                action, repetition, status, code: "ActionFailed", error: .actionFailed, iterationCount: iterationCount)
        }
    }

    /// The status of a container by its leaves; a skipped leaf gives way to its predecessors.
    func status(of container: PlannedContainer, _ repetition: Int) -> ActionStatus {
        let base = repetitions[repetition].base
        var worst = ActionStatus.succeeded
        var pending: [Int] = []
        for leaf in container.leaves {
            let status = states[base + actions[leaf].slot].status ?? .skipped
            if status != .skipped {
                worst = Self.graver(worst, status)
            } else if !actions[leaf].predecessors.isEmpty {
                pending.append(leaf)
            }
        }
        guard !pending.isEmpty else { return worst }
        var seen = Set(pending)
        while let number = pending.popLast() {
            let status = states[base + actions[number].slot].status ?? .skipped
            guard status == .skipped else {
                worst = Self.graver(worst, status)
                continue
            }
            for predecessor in actions[number].predecessors where seen.insert(predecessor.action).inserted {
                pending.append(predecessor.action)
            }
        }
        return worst
    }

    /// The status that two have together.
    static func graver(_ left: ActionStatus, _ right: ActionStatus) -> ActionStatus {
        func rank(_ status: ActionStatus) -> Int {
            switch status {
            case .failed: 3
            case .timedOut: 2
            case .cancelled: 1
            case .succeeded, .skipped, .running, .waiting: 0
            }
        }
        let graver = rank(right) > rank(left) ? right : left
        return rank(graver) == 0 ? .succeeded : graver
    }

    /// The status that several have together.
    static func gravest(_ statuses: [ActionStatus]) -> ActionStatus { statuses.reduce(.succeeded, graver) }
}

extension RunFailure {
    /// The error of whatever holds an action that failed.
    static let actionFailed = RunFailure(
        code: "ActionFailed", message: "An action failed. No dependent actions succeeded.")
}
