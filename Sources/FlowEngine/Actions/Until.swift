import FlowCore
import FlowDefinitions
import FlowExpressions

/// Do until.
extension RunState {
    /// Begins the first round.
    func beginUntil(_ action: PlannedAction, _ repetition: Int, _ until: PlannedUntil) {
        var count = 60
        var timeout: Duration? = .seconds(3_600)
        do {
            if let value = until.count {
                let limit = try evaluate(value, action, repetition)
                if let number = limit.integerValue ?? limit.stringValue.flatMap(Int64.init) {
                    count = Int(max(1, min(number, 5_000)))
                }
            }
            if let value = until.timeout, let text = try evaluate(value, action, repetition).stringValue {
                timeout = Duration(flowText: text) ?? timeout
            }
        } catch {
            return failTemplate(action, repetition, Self.conditionMessage(action, error))
        }
        markStarted(action, repetition, decision: .rounds(count: count, timeout: timeout))
        openUntil(action, repetition, count, timeout)
    }

    /// Begins the first round with known limits.
    func openUntil(_ action: PlannedAction, _ repetition: Int, _ count: Int, _ timeout: Duration?) {
        let number = untilStates.count
        states[place(action, repetition)].work = Int32(number)
        untilStates.append(UntilState(count: count, timeout: timeout, action: action.id, repetition: repetition))
        guard let branch = action.branches.first else { return enqueue(.finishGroup, action.id, repetition) }
        let container = containers[branch]
        let round = addRepetition(body: container.body, parent: repetition, index: 0, item: .null)
        untilStates[number].round = round
        open(container, round)
    }

    /// A round has ended: the condition or a limit ends the loop, or the next round begins.
    func finishUntilRound(_ action: PlannedAction, _ round: Int, _ until: PlannedUntil) {
        let outer = repetitions[round].parent
        let number = Int(states[place(action, outer)].work)
        let status = status(of: containers[action.branches[0]], round)
        let finished = untilStates[number].finished + 1
        if status == .failed, action.hasOption("failwheniterationfailed") {
            return finishContainer(action, outer, .failed, iterationCount: finished)
        }
        let result: JSON
        do {
            evaluatingAction = action.id
            currentRepetition = round
            result = try until.condition.evaluate(in: self)
        } catch {
            return finish(
                action, outer, .failed, code: "BadRequest",
                error: RunFailure(code: "InvalidTemplate", message: Self.conditionMessage(action, error)),
                iterationCount: finished)
        }
        guard case .bool(let holds) = result else {
            let message =
                "The execution of template action '\(action.name)' failed: The result of the evaluation of 'until' action "
                + "expression '\(until.condition.source)' is not valid. It is of type '\(result.platformTypeName)' but is "
                + "expected to be a value of type 'Boolean'."
            return finish(
                action, outer, .failed, code: "ExpressionEvaluationFailed",
                error: RunFailure(code: "ExpressionEvaluationFailed", message: message), iterationCount: finished)
        }
        if holds { return finishContainer(action, outer, status, iterationCount: finished) }
        // The time before a repair does not count.
        let began = states[place(action, outer)].started
        let elapsed = now - max(began, repairedAt ?? began)
        if finished >= untilStates[number].count {
            return reachLimit(action, outer, status, "CountLimitReached", finished, elapsed)
        }
        if let timeout = untilStates[number].timeout, elapsed >= timeout {
            return reachLimit(action, outer, status, "TimeLimitReached", finished, elapsed)
        }
        emit(
            .iterationEnded(
                IterationEnd(loop: instance(action, outer), index: finished - 1, status: status, at: now)))
        openNextUntilRound(action, round)
    }

    /// Begins another round.
    func openNextUntilRound(_ action: PlannedAction, _ round: Int) {
        let number = Int(states[place(action, repetitions[round].parent)].work)
        untilStates[number].finished += 1
        renewRepetition(round, index: untilStates[number].finished)
        open(containers[action.branches[0]], round)
    }

    private func reachLimit(
        _ action: PlannedAction, _ repetition: Int, _ status: ActionStatus, _ code: String, _ count: Int,
        _ elapsed: Duration
    ) {
        if status != .succeeded, !action.hasOption("failwhenlimitsreached") {
            return finishContainer(action, repetition, status, iterationCount: count)
        }
        let state = untilStates[Int(states[place(action, repetition)].work)]
        let message =
            "The Until action was terminated because the specified limit was reached. Specified timeout: "
            + "'\((state.timeout ?? .zero).clockText)'. Specified count limit: '\(state.count)'. Elapsed time: "
            + "'\(elapsed.clockText)'. Number of iterations: '\(count)'."
        finish(
            action, repetition, action.hasOption("failwhenlimitsreached") ? .failed : .succeeded, code: code,
            error: RunFailure(code: code, message: message), iterationCount: count)
    }
}

extension Duration {
    /// The form of .NET's TimeSpan: `[d.]hh:mm:ss[.fffffff]`.
    var clockText: String {
        func pad(_ value: Int64, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let seconds = ticks / Timestamp.ticksPerSecond
        let fraction = ticks % Timestamp.ticksPerSecond
        var text = seconds >= 86_400 ? "\(seconds / 86_400)." : ""
        text += pad(seconds / 3_600 % 24, 2) + ":" + pad(seconds / 60 % 60, 2) + ":" + pad(seconds % 60, 2)
        return fraction == 0 ? text : text + "." + pad(fraction, 7)
    }
}
