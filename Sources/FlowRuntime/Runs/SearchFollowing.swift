import FlowCore
import FlowStorage
import Synchronization

/// Lets the store's search index follow the commits of runs, a moment later and never in their way.
///
/// It sleeps until something was committed, waits a little so that many commits are taken in together, and goes on
/// slice by slice until nothing is left. What fails is tried again, ever more slowly; how far the index is behind is
/// told by ``lag``.
final class SearchFollowing: Sendable {
    /// How long commits gather before they are taken in.
    static let pause = Duration.milliseconds(500)
    /// How many runs are taken in at a time: each slice costs the index a transaction, and the merging that follows.
    private static let slice = 1_000
    private static let longestPause = Duration.seconds(30)

    private struct State {
        /// When the oldest commit was made that no slice has begun to take in.
        var oldest: Timestamp?
        /// When the oldest commit was made that is being taken in.
        var pending: Timestamp?
        var task: Task<Void, Never>?
        var isFollowing = false
    }

    private let store: any FlowStore
    private let clock: any RuntimeClock
    private let report: @Sendable (FlowError) -> Void
    private let state = Mutex(State())

    init(_ store: any FlowStore, clock: any RuntimeClock, report: @escaping @Sendable (FlowError) -> Void) {
        self.store = store
        self.clock = clock
        self.report = report
    }

    /// How old the oldest commit is that cannot be found yet.
    var lag: Duration {
        guard let oldest = state.withLock({ $0.pending ?? $0.oldest }) else { return .zero }
        return max(clock.now - oldest, .zero)
    }

    /// Begins to follow, with what an earlier process left.
    func start() {
        state.withLock { $0.isFollowing = true }
        committed()
    }

    /// Ends following; what is left is taken in after the next start.
    func stop() {
        let task = state.withLock { state in
            state.isFollowing = false
            defer { state.task = nil }
            return state.task
        }
        task?.cancel()
    }

    /// Something was committed.
    func committed() {
        let now = clock.now
        state.withLock { state in
            guard state.isFollowing else { return }
            if state.oldest == nil { state.oldest = now }
            // The task outlives the caller on purpose: nobody waits for the index.
            if state.task == nil { state.task = Task { await follow() } }
        }
    }

    /// Takes in what is there, before a search.
    /// - Parameter slices: how many slices at most; nil goes on until nothing is left.
    /// - Throws: an error of the store.
    func catchUp(slices: Int? = nil) async throws(FlowError) {
        var left = slices ?? .max
        while left > 0, try await !store.followText(limit: Self.slice) { left -= 1 }
    }

    private func follow() async {
        var pause = Self.pause
        while true {
            await clock.pause(for: pause)
            guard !Task.isCancelled, mayBegin() else { return }
            do throws(FlowError) {
                while try await !store.followText(limit: Self.slice) {
                    if Task.isCancelled { return }
                }
                state.withLock { $0.pending = nil }
                pause = Self.pause
            } catch {
                if pause == Self.pause { report(error) }
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }

    /// Marks what was committed as being taken in; ends the task where nothing was.
    private func mayBegin() -> Bool {
        state.withLock { state in
            if state.pending == nil {
                state.pending = state.oldest
                state.oldest = nil
            }
            guard state.isFollowing, state.pending != nil else {
                state.task = nil
                return false
            }
            return true
        }
    }
}
