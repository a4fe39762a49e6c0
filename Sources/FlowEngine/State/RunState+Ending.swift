import FlowCore
import FlowDefinitions
import FlowExpressions

/// The run's end: when everything has ended, and before that.
extension RunState {
    /// Ends the run when all its actions have ended.
    func completeRun() {
        guard outcome == nil, earlyEnd == nil else { return }
        let status = status(of: containers[0], 0)
        var result: RunOutcome
        switch status {
        case .succeeded: result = RunOutcome(status: "Succeeded", endTime: now)
        case .cancelled: result = RunOutcome(status: "Cancelled", endTime: now)
        default:
            result = RunOutcome(status: "Failed", code: "ActionFailed", error: .actionFailed, endTime: now)
        }
        do {
            result.outputs = try evaluateOutputs()
        } catch {
            result = RunOutcome(
                status: "Failed", code: "OutputParameterEvaluationFailed",
                error: RunFailure(code: "OutputParameterEvaluationFailed", message: error.message), endTime: now)
            if plan.outputs.contains(where: { $0.secrets.holds(secrets) }) {
                result.error?.message = SecretMask.hidden
            }
        }
        complete(result)
    }

    private func evaluateOutputs() throws(FlowError) -> JSONObject? {
        guard !plan.outputs.isEmpty else { return nil }
        var outputs = JSONObject()
        for output in plan.outputs {
            var value: JSONObject = [:]
            if let type = output.type { value["type"] = .string(type) }
            evaluatingAction = -1
            currentRepetition = 0
            let evaluated = try output.value.evaluate(in: self)
            // Outputs are there to be read only; nothing computes with them.
            value["value"] = output.secrets.holds(secrets) ? .string(SecretMask.hidden) : evaluated
            outputs[output.name] = .object(value)
        }
        return outputs
    }

    private func complete(_ result: RunOutcome) {
        outcome = result
        emit(.runEnded(result))
        cancelEverything()
        order(.complete(result))
    }

    /// Ends the run early: by Terminate, from outside, or by its age.
    func requestEnd(_ end: EarlyEnd) {
        guard outcome == nil, earlyEnd == nil else { return }
        earlyEnd = end
        clearQueue()
        enqueue(.endRun, -1, 0)
    }

    /// Cancels what runs, skips what has not begun, and ends the run.
    func endEarly() {
        guard outcome == nil, let end = earlyEnd else { return }
        closeContainer(containers[0], 0)
        complete(RunOutcome(status: end.status, code: end.code, error: end.error, endTime: now))
    }

    private func closeContainer(_ container: PlannedContainer, _ repetition: Int) {
        for number in container.actions {
            let action = actions[number]
            let place = place(action, repetition)
            guard !states[place].isFinal else { continue }
            if states[place].status == nil {
                skipInside(action, repetition, code: "Terminated", error: nil)
                writeEnd(action, repetition, .skipped, code: "Terminated", error: nil)
            } else {
                closeInside(action, repetition)
                writeEnd(action, repetition, .cancelled, code: "ActionCancelled", error: nil)
            }
        }
    }

    /// Ends what is inside a container action that runs.
    private func closeInside(_ action: PlannedAction, _ repetition: Int) {
        let work = Int(states[place(action, repetition)].work)
        switch action.work {
        case .foreach:
            guard foreachStates.indices.contains(work), let branch = action.branches.first else { return }
            for round in foreachStates[work].rounds { closeContainer(containers[branch], round) }
        case .until:
            guard untilStates.indices.contains(work), untilStates[work].round >= 0, let branch = action.branches.first
            else { return }
            closeContainer(containers[branch], untilStates[work].round)
        default:
            for branch in action.branches { closeContainer(containers[branch], repetition) }
        }
    }

    /// Notes the end of an action from outside; nobody who waits for it goes on.
    private func writeEnd(
        _ action: PlannedAction, _ repetition: Int, _ status: ActionStatus, code: String, error: RunFailure?
    ) {
        let place = place(action, repetition)
        let wasStarted = states[place].status != nil
        if !wasStarted { states[place].started = now }
        states[place].status = status
        states[place].ended = now
        states[place].code = code
        states[place].error = error
        emit(
            .actionEnded(
                ActionEnd(
                    action: instance(action, repetition), status: status, code: code, error: error,
                    startTime: states[place].started, endTime: now, hidesInputs: hidesInputs(action),
                    hidesOutputs: hidesOutputs(action))))
        if wasStarted { release(action, repetition) }
    }

    /// Ends an action whose time limit is over.
    func timeOut(_ action: PlannedAction, _ repetition: Int) {
        guard states[place(action, repetition)].status?.isFinal == false else { return }
        closeInside(action, repetition)
        finish(
            action, repetition, .timedOut, code: "ActionTimedOut",
            error: RunFailure(
                code: "ActionTimedOut",
                message: "The execution of template action '\(action.name)' is failed: the action timed out."))
    }

    /// Gives up every effect and timer.
    private func cancelEverything() {
        for id in timers.keys.sorted() { order(.cancelTimer(id)) }
        timers = [:]
        // The end of a subscription goes out whatever becomes of the run.
        for id in effects.keys.sorted() where (effects[id]?.action ?? -1) >= 0 { order(.abandon(id)) }
        clearQueue()
    }
}

extension EarlyEnd {
    /// Cancelled from outside.
    static let cancelled = EarlyEnd(status: "Cancelled", code: nil, error: nil)

    /// Older than a run may be.
    static let expired = EarlyEnd(
        status: "TimedOut", code: "WorkflowRunTimedOut",
        error: RunFailure(code: "WorkflowRunTimedOut", message: "The run lasted longer than a run may."))
}
