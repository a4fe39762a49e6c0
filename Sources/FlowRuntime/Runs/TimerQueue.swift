import FlowCore
import Synchronization

/// Everything that is to happen at an instant: one heap and one sleeping task for all of it.
///
/// Keys are equal for what is the same thing: adding a key again moves it. What is due is handed to one closure.
final class TimerQueue<Key: Hashable & Sendable>: Sendable {
    private struct Entry {
        let instant: Timestamp
        let key: Key
        let number: UInt64
    }

    private struct State {
        var heap: [Entry] = []
        /// The valid entry of each key; others in the heap are leftovers.
        var current: [Key: UInt64] = [:]
        var counter: UInt64 = 0
        var sleeper: Task<Void, Never>?
        var sleepsUntil: Timestamp?
        var isStopped = false
    }

    private let state = Mutex(State())
    private let clock: any RuntimeClock
    /// A closure in a value of its own: kept bare it would be wrapped anew each time it is read.
    private struct Handler: Sendable {
        let call: @Sendable ([Key]) -> Void
    }

    private let handler = Mutex<Handler?>(nil)
    private let whenSetBack = Mutex<SetBackHandler?>(nil)

    private struct SetBackHandler: Sendable {
        let call: @Sendable () -> Void
    }

    /// Makes an empty queue.
    init(clock: any RuntimeClock) { self.clock = clock }

    /// Says who is told the keys whose instant has come, in order of their instants; set before the first key.
    func whenDue(_ handler: @escaping @Sendable ([Key]) -> Void) {
        self.handler.withLock { $0 = Handler(call: handler) }
    }

    /// Says who is told that the clock was set back, so that what waits by spans of time can be set anew.
    func whenSetBack(_ handler: @escaping @Sendable () -> Void) {
        whenSetBack.withLock { $0 = SetBackHandler(call: handler) }
    }

    /// Adds or moves a key.
    func set(_ key: Key, at instant: Timestamp) {
        state.withLock { state in
            guard !state.isStopped else { return }
            state.counter += 1
            state.current[key] = state.counter
            push(Entry(instant: instant, key: key, number: state.counter), to: &state.heap)
            arrange(&state)
        }
    }

    /// Takes a key away.
    func remove(_ key: Key) {
        state.withLock { state in
            state.current[key] = nil
            if state.heap.count > 1_024, state.heap.count > 4 * state.current.count { compact(&state) }
        }
    }

    /// How many keys wait.
    var count: Int { state.withLock { $0.current.count } }

    /// Ends the sleeping task; nothing is due any more.
    func stop() {
        let sleeper = state.withLock { state in
            state.isStopped = true
            state.heap = []
            state.current = [:]
            defer { state.sleeper = nil }
            return state.sleeper
        }
        sleeper?.cancel()
    }

    /// Hands over what is due and sleeps until the next.
    private func wake() {
        let now = clock.now
        let (keys, isEarly) = state.withLock { state in
            let isEarly = state.sleepsUntil.map { $0 > now } ?? false
            state.sleepsUntil = nil
            state.sleeper = nil
            var keys: [Key] = []
            while let first = state.heap.first, first.instant <= now {
                pop(&state.heap)
                guard state.current[first.key] == first.number else { continue }
                state.current[first.key] = nil
                keys.append(first.key)
            }
            arrange(&state)
            return (keys, isEarly)
        }
        if isEarly, let handler = whenSetBack.withLock({ $0 }) { handler.call() }
        if !keys.isEmpty, let handler = handler.withLock({ $0 }) { handler.call(keys) }
    }

    /// Sees to it that the sleeping task wakes at the earliest instant.
    private func arrange(_ state: inout State) {
        while let first = state.heap.first, state.current[first.key] != first.number { pop(&state.heap) }
        guard !state.isStopped, let first = state.heap.first else { return }
        if let sleepsUntil = state.sleepsUntil, sleepsUntil <= first.instant { return }
        state.sleeper?.cancel()
        state.sleepsUntil = first.instant
        // The task outlives the caller on purpose: it is the one place where the runtime waits for time.
        state.sleeper = Task { [weak self, clock] in
            await clock.sleep(until: first.instant)
            if !Task.isCancelled { self?.wake() }
        }
    }

    private func compact(_ state: inout State) {
        let valid = state.heap.filter { state.current[$0.key] == $0.number }
        state.heap = []
        for entry in valid { push(entry, to: &state.heap) }
    }

    private func push(_ entry: Entry, to heap: inout [Entry]) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard precedes(heap[child], heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private func pop(_ heap: inout [Entry]) {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            let left = 2 * parent + 1
            var least = parent
            for child in [left, left + 1] where child < heap.count && precedes(heap[child], heap[least]) {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    private func precedes(_ left: Entry, _ right: Entry) -> Bool {
        (left.instant, left.number) < (right.instant, right.number)
    }
}
