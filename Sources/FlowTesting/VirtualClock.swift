public import FlowCore
import Synchronization

/// A clock that stands still until a test moves it.
///
/// Whoever sleeps until an instant is woken when the clock is moved to or beyond it, in the order of the instants.
public final class VirtualClock: WallClock {
    private struct Sleeper {
        var until: Timestamp
        var continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var now: Timestamp
        var nextID = 0
        var sleepers: [Int: Sleeper] = [:]
        /// Sleepers that were cancelled before they lay down.
        var cancelled: Set<Int> = []
    }

    private let state: Mutex<State>

    /// Makes a clock that shows an instant.
    public init(_ now: Timestamp = Timestamp(year: 2026, month: 1, day: 5, hour: 9)) {
        state = Mutex(State(now: now))
    }

    /// The instant that the clock shows.
    public var now: Timestamp { state.withLock { $0.now } }

    /// The instants that are slept for, earliest first.
    public var sleeping: [Timestamp] { state.withLock { $0.sleepers.values.map(\.until).sorted() } }

    /// Moves the clock forward by a duration.
    public func advance(by duration: Duration) { advance(to: now + duration) }

    /// Moves the clock to an instant and wakes whoever slept until then; never moves it back.
    public func advance(to instant: Timestamp) {
        let woken: [Sleeper] = state.withLock { state in
            state.now = max(state.now, instant)
            let due = state.sleepers.filter { $0.value.until <= state.now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.sorted { $0.until < $1.until }
        }
        for sleeper in woken { sleeper.continuation.resume() }
    }

    /// Sets the clock, also back, as people and time servers do; whoever slept until then wakes.
    public func set(to instant: Timestamp) {
        state.withLock { $0.now = min($0.now, instant) }
        advance(to: instant)
    }

    /// Waits until the clock shows an instant; ends early where the task is cancelled.
    public func sleep(until instant: Timestamp) async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.cancelled.remove(id) != nil || instant <= state.now { return true }
                    state.sleepers[id] = Sleeper(until: instant, continuation: continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: id)
                if sleeper == nil { state.cancelled.insert(id) }
                return sleeper
            }
            sleeper?.continuation.resume()
        }
        state.withLock { state in _ = state.cancelled.remove(id) }
    }
}
