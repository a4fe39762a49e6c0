import Synchronization

/// Lets so many tasks through at a time, in the order in which they came.
final class TaskGate: Sendable {
    private struct State {
        var limit: Int
        var taken = 0
        var waiting: [CheckedContinuation<Void, Never>] = []

        mutating func take() -> Bool {
            guard taken < limit else { return false }
            taken += 1
            return true
        }
    }

    private let state: Mutex<State>

    /// Makes a gate.
    /// - Parameter limit: how many may be inside at a time.
    init(limit: Int = 1) { state = Mutex(State(limit: limit)) }

    /// How many there may be inside.
    var limit: Int { state.withLock { $0.limit } }

    /// How many are inside.
    var taken: Int { state.withLock { $0.taken } }

    /// How many wait.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Takes over another limit; those inside stay so.
    func use(limit: Int) {
        let next = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.limit = limit
            let count = min(max(0, limit - state.taken), state.waiting.count)
            defer { state.waiting.removeFirst(count) }
            state.taken += count
            return Array(state.waiting.prefix(count))
        }
        for continuation in next { continuation.resume() }
    }

    /// Waits until it may enter; everyone who enters must leave.
    func enter() async {
        if state.withLock({ $0.take() }) { return }
        await withCheckedContinuation { continuation in
            let isInside = state.withLock { state in
                let isInside = state.take()
                if !isInside { state.waiting.append(continuation) }
                return isInside
            }
            if isInside { continuation.resume() }
        }
    }

    /// Lets the one in that has waited longest.
    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.taken <= state.limit, !state.waiting.isEmpty { return state.waiting.removeFirst() }
            state.taken -= 1
            return nil
        }
        next?.resume()
    }
}
