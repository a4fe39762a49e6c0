public import FlowCore
import Synchronization

/// A clock that stands still until a test moves it.
///
/// Whoever sleeps until an instant is woken when the clock is moved to or beyond it, in the order of the instants.
public final class VirtualClock: WallClock {
    private struct Sleeper {
        /// The instant of the wall clock that is slept for, or nil where a span of time is.
        var until: Timestamp?
        /// When that is over, in time that really passes.
        var end: Duration
        var continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var now: Timestamp
        /// How much time has passed; setting the clock is no passing of time.
        var elapsed = Duration.zero
        var nextID = 0
        var sleepers: [Int: Sleeper] = [:]
        /// Sleepers that were cancelled before they lay down.
        var cancelled: Set<Int> = []

        /// Takes out whose time has come, earliest first.
        mutating func wake(_ isDue: (Sleeper) -> Bool) -> [Sleeper] {
            let due = sleepers.filter { isDue($0.value) }
            for id in due.keys { sleepers[id] = nil }
            return due.values.sorted { $0.end < $1.end }
        }
    }

    private let state: Mutex<State>

    /// Makes a clock that shows an instant.
    public init(_ now: Timestamp = Timestamp(year: 2026, month: 1, day: 5, hour: 9)) {
        state = Mutex(State(now: now))
    }

    /// The instant that the clock shows.
    public var now: Timestamp { state.withLock { $0.now } }

    /// How much time has passed since the clock was made, whatever it was set to meanwhile.
    public var elapsed: Duration { state.withLock { $0.elapsed } }

    /// The instants that are slept for, and those at which pauses end as the clock goes now; earliest first.
    public var sleeping: [Timestamp] {
        state.withLock { state in
            state.sleepers.values.map { $0.until ?? state.now + ($0.end - state.elapsed) }.sorted()
        }
    }

    /// Moves the clock forward by a duration.
    public func advance(by duration: Duration) { advance(to: now + duration) }

    /// Lets time pass until an instant and wakes whoever slept until then; never moves the clock back.
    public func advance(to instant: Timestamp) {
        let woken = state.withLock { state in
            state.elapsed += max(.zero, instant - state.now)
            state.now = max(state.now, instant)
            let (now, elapsed) = (state.now, state.elapsed)
            return state.wake { sleeper in sleeper.until.map { $0 <= now } ?? (sleeper.end <= elapsed) }
        }
        for sleeper in woken { sleeper.continuation.resume() }
    }

    /// Sets the clock, also back, as people and time servers do; no time passes.
    ///
    /// Whoever slept until an instant wakes where it has come, and where the clock was set back.
    public func set(to instant: Timestamp) {
        let woken = state.withLock { state in
            let isSetBack = instant < state.now
            state.now = instant
            return state.wake { sleeper in sleeper.until.map { isSetBack || $0 <= instant } ?? false }
        }
        for sleeper in woken { sleeper.continuation.resume() }
    }

    /// Waits until the clock shows an instant; ends early where the clock is set back or the task is cancelled.
    public func sleep(until instant: Timestamp) async { await sleep { ($0.elapsed + (instant - $0.now), instant) } }

    /// Waits until a span of time has passed; ends early where the task is cancelled.
    public func pause(for span: Duration) async { await sleep { ($0.elapsed + span, nil) } }

    private func sleep(_ end: @escaping @Sendable (borrowing State) -> (Duration, Timestamp?)) async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    let (end, instant) = end(state)
                    if state.cancelled.remove(id) != nil || end <= state.elapsed { return true }
                    state.sleepers[id] = Sleeper(until: instant, end: end, continuation: continuation)
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
