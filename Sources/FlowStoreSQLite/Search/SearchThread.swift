import FlowCore
import FlowStorage
internal import Glibc
import Synchronization

/// The thread on which the search index follows: one of its own that gives way to all others, so that runs keep theirs.
final class SearchThread: Sendable {
    typealias Outcome = Result<Bool, FlowError>

    private struct Request {
        var limit: Int
        var continuation: CheckedContinuation<Outcome, Never>
    }

    private struct State {
        var isStarted = false
        var isClosing = false
        var requests: [Request] = []
        var closing: [CheckedContinuation<Void, Never>] = []
    }

    /// How far the thread gives way; enough that whoever carries out runs goes first, not so much that it starves.
    private static let niceness: Int32 = 3

    private let location: StoreLocation
    private let feed: SearchFeed
    private let whenMadeAnew: @Sendable () -> Void
    private let state = Mutex(State())
    private let wakeup = CountingSemaphore()

    init(_ location: StoreLocation, feed: SearchFeed, whenMadeAnew: @escaping @Sendable () -> Void) {
        self.location = location
        self.feed = feed
        self.whenMadeAnew = whenMadeAnew
    }

    /// Lets the index take in so many runs.
    func follow(limit: Int) async throws(FlowError) -> Bool {
        let outcome = await withCheckedContinuation { continuation in
            let (isClosing, mustStart) = state.withLock { state in
                guard !state.isClosing else { return (true, false) }
                state.requests.append(Request(limit: limit, continuation: continuation))
                defer { state.isStarted = true }
                return (false, !state.isStarted)
            }
            if isClosing { return continuation.resume(returning: .failure(StoreRefusal.closed)) }
            if mustStart { start() }
            wakeup.signal()
        }
        return try outcome.get()
    }

    /// Closes the index, once what was asked for is done.
    func close() async {
        await withCheckedContinuation { continuation in
            let isRunning = state.withLock { state in
                state.isClosing = true
                if state.isStarted { state.closing.append(continuation) }
                return state.isStarted
            }
            if isRunning { wakeup.signal() } else { continuation.resume() }
        }
    }

    private func start() {
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<SearchThread>.fromOpaque(context).takeRetainedValue().work()
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        precondition(status == 0, "the thread of the search index cannot be started")
        pthread_detach(thread)
    }

    private func work() {
        // On Linux this is the thread's own priority.
        setpriority(__priority_which_t(0), 0, Self.niceness)
        let follower = SearchFollower(location, feed: feed, whenMadeAnew: whenMadeAnew)
        while true {
            wakeup.wait()
            let request = state.withLock { $0.requests.isEmpty ? nil : $0.requests.removeFirst() }
            if let request {
                request.continuation.resume(returning: follow(follower, request.limit))
                continue
            }
            let closing = state.withLock { state -> [CheckedContinuation<Void, Never>] in
                guard state.isClosing else { return [] }
                defer {
                    state.closing = []
                    state.isStarted = false
                }
                return state.closing
            }
            guard !closing.isEmpty else { continue }
            follower.close()
            for continuation in closing { continuation.resume() }
            return
        }
    }

    private func follow(_ follower: SearchFollower, _ limit: Int) -> Outcome {
        do {
            return .success(try follower.follow(limit: limit))
        } catch {
            return .failure(StoreFailure.error(error, path: SearchFile(beside: location.path).path))
        }
    }
}
