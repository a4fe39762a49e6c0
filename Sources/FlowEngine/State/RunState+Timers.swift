import FlowCore
import FlowDefinitions
import FlowExpressions

/// Timers and time limits.
extension RunState {
    /// Sets a timer for an action.
    @discardableResult
    func setTimer(
        _ purpose: TimerSetting.Purpose, _ action: PlannedAction, _ repetition: Int, due: Timestamp
    ) -> TimerID {
        lastTimer += 1
        let id = TimerID(lastTimer)
        timers[id] = TimerState(purpose: purpose, due: due, action: action.id, repetition: repetition)
        emit(.timerSet(TimerSetting(id: id, action: instance(action, repetition), purpose: purpose, due: due)))
        order(.setTimer(id, at: due))
        return id
    }

    /// Sets the timers of an action that has begun and lacks them.
    func arm(_ action: PlannedAction, _ repetition: Int) {
        let state = states[place(action, repetition)]
        guard state.status?.isFinal == false else { return }
        let set = timers.values.filter { $0.action == action.id && $0.repetition == repetition }.map(\.purpose)
        if let timeout = action.timeout, !set.contains(.limit) { setLimit(action, repetition, timeout) }
        guard case .wait = action.work, !set.contains(.wait) else { return }
        if let due = state.inputs.flatMap(due), due > now {
            setTimer(.wait, action, repetition, due: due)
        } else {
            finishWait(action, repetition)
        }
    }

    /// Takes note of a due timer; what follows from it is queued.
    func timerDue(_ id: TimerID) {
        guard let timer = timers.removeValue(forKey: id) else { return }
        emit(.timerDue(id, at: now))
        let kind: WorkItem.Kind =
            switch timer.purpose {
            case .wait: .finishWait
            case .retry, .poll: .advance
            case .limit: .expire
            }
        enqueue(kind, timer.action, timer.repetition)
    }

    /// Takes away the timers and effects of an action that has ended.
    func release(_ action: PlannedAction, _ repetition: Int) {
        if !timers.isEmpty {
            let ids = timers.filter { $0.value.action == action.id && $0.value.repetition == repetition }.keys.sorted()
            for id in ids {
                timers[id] = nil
                order(.cancelTimer(id))
            }
        }
        releaseCall(action, repetition)
    }

    /// Sets the timer of `limit.timeout`.
    func setLimit(_ action: PlannedAction, _ repetition: Int, _ timeout: CompiledValue) {
        guard let value = try? evaluate(timeout, action, repetition), let text = value.stringValue,
            let duration = Duration(flowText: text)
        else { return }
        setTimer(.limit, action, repetition, due: now + duration)
    }
}

extension Duration {
    /// Reads an ISO 8601 duration or `[d.]hh:mm:ss`; nil for another text.
    public init?(flowText text: String) {
        if let duration = ISO8601Duration(text) {
            self = .milliseconds(Int64((duration.approximateSeconds * 1_000).rounded()))
            return
        }
        var days = 0.0
        var rest = Substring(text)
        let parts = rest.split(separator: ":")
        if let first = parts.first, let dot = first.firstIndex(of: "."), parts.count == 3 {
            guard let count = Double(first[..<dot]) else { return nil }
            days = count
            rest = rest[rest.index(after: dot)...]
        }
        let numbers = rest.split(separator: ":").map { Double($0) }
        guard numbers.count == 3, let hours = numbers[0], let minutes = numbers[1], let seconds = numbers[2] else {
            return nil
        }
        let total = days * 86_400 + hours * 3_600 + minutes * 60 + seconds
        self = .milliseconds(Int64((total * 1_000).rounded()))
    }
}
