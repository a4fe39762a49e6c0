import Synchronization

/// Which runs commits have touched since the search index last looked.
///
/// The writer notes them after each group, which costs next to nothing; the index takes them when it comes around. What
/// is noted here only spares looking: after a restart, or where too much was noted, the index finds out by itself.
final class SearchFeed: Sendable {
    /// What has changed.
    struct Changes {
        /// The numbers of runs that were begun or went on.
        var touched: Set<Int64> = []
        /// The numbers of runs that were deleted.
        var deleted: Set<Int64> = []
        /// Whether there may have been others.
        var isIncomplete = true
    }

    /// Beyond so many nothing more is noted: nobody lets the index follow in this process.
    private static let limit = 1 << 20

    private struct State {
        var touched: [Int64] = []
        var deleted: [Int64] = []
        /// At first nobody knows what an earlier process left.
        var isIncomplete = true
    }

    private let state = Mutex(State())

    /// Notes what a group has changed.
    func note(touched: [Int64], deleted: [Int64]) {
        state.withLock { state in
            guard state.touched.count + state.deleted.count < Self.limit else {
                state = State()
                return
            }
            state.touched += touched
            state.deleted += deleted
        }
    }

    /// Takes what was noted.
    func takeAll() -> Changes {
        let taken = state.withLock { state in
            defer { state = State(isIncomplete: false) }
            return state
        }
        return Changes(
            touched: Set(taken.touched), deleted: Set(taken.deleted), isIncomplete: taken.isIncomplete)
    }

    /// What was taken did not get into the index.
    func isLost() { state.withLock { $0.isIncomplete = true } }
}
