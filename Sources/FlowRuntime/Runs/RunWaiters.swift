import FlowCore
import FlowEngine
import FlowStorage
import Synchronization

/// What someone sees of a run while waiting for it.
final class RunWatch: Sendable {
    private struct State {
        var isStarted = false
        var reply: RunReply?
        var end: RunSummary?
        var isParked = false
        /// How often something was committed.
        var changes = 0
        var refusal: FlowError?
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// Waits until the run is committed.
    /// - Throws: why it was not.
    func started() async throws(FlowError) {
        _ = try await first { state in state.isStarted || state.end != nil ? true : nil }
    }

    /// What comes first: the run's reply, or its end without one.
    enum Answer: Sendable {
        case reply(RunReply)
        case end(RunSummary)
    }

    /// Waits for the run's reply or its end.
    /// - Throws: why neither will come in this process.
    func answer() async throws(FlowError) -> Answer {
        try await first { state in
            if let reply = state.reply { return .reply(reply) }
            return state.end.map { .end($0) }
        }
    }

    /// Waits for the run's end; nil where it cannot go on without someone outside.
    /// - Throws: why neither will come in this process.
    func end() async throws(FlowError) -> RunSummary? {
        try await first { state -> RunSummary?? in
            if let end = state.end { return .some(end) }
            return state.isParked ? .some(nil) : nil
        }
    }

    /// Waits for the run's end, also where someone outside has to do something first.
    /// - Throws: why it will not come in this process.
    func finished() async throws(FlowError) -> RunSummary { try await first { $0.end } }

    /// Waits until something of the run is committed, it is parked, or ``progressed()`` says so; what came since the watch
    /// was made counts.
    /// - Throws: why nothing will come in this process.
    func change() async throws(FlowError) {
        _ = try await first { $0.changes > 0 || $0.end != nil || $0.isParked ? true : nil }
    }

    /// Ends a wait for a change.
    func progressed() { change { $0.changes += 1 } }

    /// Ends all waiting: the one who waited has gone.
    func giveUp() { change { $0.refusal = $0.refusal ?? FlowError(.gatewayTimeout, "Nobody waits any more.") } }

    private func first<Value: Sendable>(_ look: (State) -> Value?) async throws(FlowError) -> Value {
        while true {
            let (value, refusal) = state.withLock { (look($0), $0.refusal) }
            if let value { return value }
            if let refusal { throw refusal }
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state -> Bool in
                    if look(state) != nil || state.refusal != nil { return true }
                    state.waiting.append(continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        }
    }

    private func change(_ change: (inout State) -> Void) {
        let waiting = state.withLock { state in
            change(&state)
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    fileprivate func start() { change { $0.isStarted = true } }
    fileprivate func reply(_ reply: RunReply) { change { $0.reply = reply } }
    fileprivate func end(_ summary: RunSummary) { change { $0.end = summary } }
    fileprivate func park() { change { $0.isParked = true } }
    func refuse(_ error: FlowError) { change { $0.refusal = error } }
}

/// Who waits for which runs.
final class RunWaiters: Sendable {
    private struct State {
        var watches: [String: [RunWatch]] = [:]
        /// Why nothing comes any more, once that is so.
        var end: FlowError?
    }

    private let state = Mutex(State())

    /// Makes a watch of a run; it sees what happens from now on.
    func watch(_ run: String) -> RunWatch {
        let watch = RunWatch()
        let end = state.withLock { state -> FlowError? in
            state.watches[run, default: []].append(watch)
            return state.end
        }
        if let end { watch.refuse(end) }
        return watch
    }

    /// Ends a watch.
    func unwatch(_ run: String, _ watch: RunWatch) {
        state.withLock { state in
            state.watches[run]?.removeAll { $0 === watch }
            if state.watches[run]?.isEmpty == true { state.watches[run] = nil }
        }
    }

    func progressed(_ run: String) { each(run) { $0.progressed() } }
    func started(_ run: String) { each(run) { $0.start() } }
    func replied(_ run: String, _ reply: RunReply) { each(run) { $0.reply(reply) } }
    func ended(_ run: String, _ summary: RunSummary) { each(run) { $0.end(summary) } }
    func parked(_ run: String) { each(run) { $0.park() } }
    func refused(_ run: String, _ error: FlowError) { each(run) { $0.refuse(error) } }

    /// Tells all that nothing more will come.
    func endAll(_ error: FlowError) {
        let all = state.withLock { state in
            state.end = error
            defer { state.watches = [:] }
            return state.watches.values.flatMap { $0 }
        }
        for watch in all { watch.refuse(error) }
    }

    private func each(_ run: String, _ tell: (RunWatch) -> Void) {
        guard let own = state.withLock({ $0.watches[run] }) else { return }
        own.forEach(tell)
    }
}
