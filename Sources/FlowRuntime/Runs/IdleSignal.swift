import Synchronization

/// Knows which runs have something to do in this process, and tells when none has.
final class IdleSignal: Sendable {
    private struct State {
        var busy: Set<String> = []
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// A run has something to do.
    func enter(_ run: String) { state.withLock { _ = $0.busy.insert(run) } }

    /// A run has nothing to do but to wait, or is over.
    func leave(_ run: String) {
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.busy.remove(run)
            guard state.busy.isEmpty else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Whether no run has anything to do now.
    var isIdle: Bool { state.withLock { $0.busy.isEmpty } }

    /// Whether one run has something to do, and no other.
    func isAlone(_ run: String) -> Bool { state.withLock { $0.busy.count == 1 && $0.busy.contains(run) } }

    /// Waits until no run has anything to do.
    func wait() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state -> Bool in
                if state.busy.isEmpty { return true }
                state.waiting.append(continuation)
                return false
            }
            if isIdle { continuation.resume() }
        }
    }
}
