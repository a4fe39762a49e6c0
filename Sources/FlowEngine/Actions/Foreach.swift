import FlowCore
import FlowDefinitions
import FlowExpressions

/// Apply to each.
extension RunState {
    /// Evaluates the items and begins the first rounds.
    func beginForeach(
        _ action: PlannedAction, _ repetition: Int, _ value: CompiledValue, _ source: String, _ concurrency: Int
    ) {
        let result: JSON
        do {
            result = try evaluate(value, action, repetition)
        } catch {
            return failTemplate(action, repetition, Self.conditionMessage(action, error))
        }
        guard case .array(let items) = result else {
            return fail(
                action, repetition, code: "ExpressionEvaluationFailed",
                "The execution of template action '\(action.name)' failed: the result of the evaluation of 'foreach' "
                    + "expression '\(source)' is of type '\(result.platformTypeName)'. The result must be a valid array."
            )
        }
        markStarted(action, repetition, decision: .items(items, concurrency: concurrency))
        openRounds(action, repetition, items, concurrency)
    }

    /// Begins the first rounds over items.
    func openRounds(_ action: PlannedAction, _ repetition: Int, _ items: [JSON], _ concurrency: Int) {
        let number = foreachStates.count
        states[place(action, repetition)].work = Int32(number)
        foreachStates.append(
            ForeachState(
                items: items, concurrency: concurrency, action: action.id, repetition: repetition,
                remaining: items.count))
        guard !items.isEmpty, !action.branches.isEmpty else { return enqueue(.finishGroup, action.id, repetition) }
        for _ in 0..<min(concurrency, items.count) { openNextRound(number) }
    }

    /// Begins the rounds up to one of which an event speaks: in a run that repairs another one earlier rounds may be open
    /// still, so that none has made room for it.
    func openRounds(_ number: Int, through index: Int) {
        while foreachStates[number].rounds.count <= index { openNextRound(number) }
    }

    private func openNextRound(_ number: Int) {
        let (index, item) = foreachStates[number].takeItem()
        let container = containers[actions[foreachStates[number].action].branches[0]]
        let round = addRepetition(
            body: container.body, parent: foreachStates[number].repetition, index: index, item: item)
        foreachStates[number].rounds.append(round)
        open(container, round)
    }

    /// A round has ended: the next one begins, or the loop ends.
    func finishForeachRound(_ action: PlannedAction, _ round: Int) {
        let status = status(of: containers[action.branches[0]], round)
        let outer = repetitions[round].parent
        emit(
            .iterationEnded(
                IterationEnd(
                    loop: instance(action, outer), index: repetitions[round].index, status: status, at: now)))
        closeForeachRound(action, round, status)
    }

    /// Takes note of the end of a round.
    func closeForeachRound(_ action: PlannedAction, _ round: Int, _ status: ActionStatus) {
        let outer = repetitions[round].parent
        let number = Int(states[place(action, outer)].work)
        let (hasNext, isLast) = foreachStates[number].endRound(status)
        if !foreachStates[number].held.isEmpty {
            queue.append(contentsOf: foreachStates[number].held.removeFirst())
        } else if hasNext {
            openNextRound(number)
        }
        if isLast { enqueue(.finishGroup, action.id, outer) }
    }

    /// All rounds have ended.
    func finishForeach(_ action: PlannedAction, _ repetition: Int) {
        let number = Int(states[place(action, repetition)].work)
        let (worst, count) = (foreachStates[number].worst, foreachStates[number].items.count)
        finishContainer(action, repetition, worst, iterationCount: count)
    }

    /// A round of a loop has ended.
    func finishRound(_ action: PlannedAction, _ round: Int) {
        guard states[place(action, repetitions[round].parent)].status == .running else { return }
        if case .until(let until) = action.work {
            finishUntilRound(action, round, until)
        } else {
            finishForeachRound(action, round)
        }
    }
}
