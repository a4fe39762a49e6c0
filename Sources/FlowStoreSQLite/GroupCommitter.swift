import FlowCore
import FlowStorage
internal import Glibc
import Synchronization

/// Lets one commit group after another use the writer.
///
/// Whoever commits while nobody else does writes its commit itself: that costs no change of threads, which takes longer
/// than the commit where the disk is fast. Commits that come meanwhile gather, and a thread of its own writes them
/// together, group after group, until nothing is queued; so groups grow with the load by themselves.
final class GroupCommitter: Sendable {
    /// What a waiter is told.
    typealias Outcome = Result<Void, FlowError>

    private struct Waiter {
        var commit: PreparedCommit
        var since: ContinuousClock.Instant
        var continuation: CheckedContinuation<Outcome, Never>
    }

    /// What the thread does.
    private enum ThreadState {
        case absent
        case awake
        case asleep
        case ended
    }

    private struct State {
        /// Whether someone uses the writer; only who set it may touch the writer.
        var isBusy = false
        var isClosing = false
        var thread = ThreadState.absent
        var waiting: [Waiter] = []
        var reopening: [CheckedContinuation<Outcome, Never>] = []
        var closing: [CheckedContinuation<Void, Never>] = []
        /// The open writer; nil after a failure, until the thread opens the file again.
        var writer: SQLiteWriter?
        var failure: FlowError?
        /// Whether the writer is to be closed and opened again.
        var isSuspect = false
        var closesTidily = true
        /// What was written so far.
        var figures = StoreFigures()

        var hasWork: Bool { !waiting.isEmpty || !reopening.isEmpty || (isClosing && thread != .ended) }
    }

    /// The largest group, so that one transaction does not delay everybody for too long.
    private static let largestGroup = 1_024

    private let location: StoreLocation
    private let vault: Vault
    private let feed: SearchFeed
    private let state: Mutex<State>
    private let wakeup = CountingSemaphore()
    private let whenReopened: @Sendable () -> Void

    /// Makes a committer over an open writer.
    init(_ writer: SQLiteWriter, whenReopened: @escaping @Sendable () -> Void) {
        location = writer.location
        vault = writer.vault
        feed = writer.feed
        state = Mutex(State(writer: writer))
        self.whenReopened = whenReopened
    }

    /// Whether the store can be written.
    var health: StoreHealth {
        state.withLock { state in
            if state.isClosing { return .closed }
            return state.failure.map(StoreHealth.unusable) ?? .ready
        }
    }

    /// What was written in this process.
    var figures: StoreFigures {
        state.withLock { state in
            var figures = state.figures
            figures.waiting = state.waiting.count
            return figures
        }
    }

    /// Makes a commit durable.
    func commit(_ commit: PreparedCommit) async -> Outcome {
        if let outcome = commitAtOnce(commit) { return outcome }
        return await withCheckedContinuation { continuation in
            enqueue(continuation) {
                $0.waiting.append(Waiter(commit: commit, since: .now, continuation: continuation))
            }
        }
    }

    /// Makes a commit durable in this thread; nil where someone else uses the writer or waits for it.
    func commitAtOnce(_ commit: PreparedCommit) -> Outcome? {
        guard let writer = takeIdleWriter() else { return nil }
        let start = ContinuousClock.now
        let outcomes = write([commit], with: writer)
        release(after: start)
        return outcomes[0]
    }

    /// Opens the store again where it is not open.
    /// - Parameter anew: whether that is done though it is open, because what it has in memory is not to be trusted.
    /// - Returns: whether it is open now, or why not.
    func reopen(anew: Bool = false) async -> Outcome {
        await withCheckedContinuation { continuation in
            enqueue(continuation) { state in
                state.reopening.append(continuation)
                if anew { state.isSuspect = true }
            }
        }
    }

    /// Waits for what is queued and closes the file.
    /// - Parameter tidily: whether a long write-ahead log is worked into the database first.
    func close(tidily: Bool) async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                state.closesTidily = tidily
                if state.isClosing && state.thread == .ended { return true }
                state.isClosing = true
                state.closing.append(continuation)
                return false
            }
            if isOver { continuation.resume() } else { wake() }
        }
    }

    private func enqueue(_ continuation: CheckedContinuation<Outcome, Never>, _ body: (inout State) -> Void) {
        let isClosing = state.withLock { state in
            if !state.isClosing { body(&state) }
            return state.isClosing
        }
        if isClosing { continuation.resume(returning: .failure(StoreRefusal.closed)) } else { wake() }
    }

    // MARK: Using the writer

    private func takeIdleWriter() -> SQLiteWriter? {
        state.withLock { state in
            guard !state.isBusy, !state.isClosing, !state.hasWork, let writer = state.writer else { return nil }
            state.isBusy = true
            return writer
        }
    }

    private func release(after start: ContinuousClock.Instant) {
        let seconds = start.duration(to: .now) / .seconds(1)
        state.withLock { state in
            state.isBusy = false
            state.figures.groupSizes.add(1)
            state.figures.commitSeconds.add(seconds)
        }
        wake()
    }

    /// Writes a group; where the disk refuses, the file is closed, to be opened again by who comes next.
    private func write(_ group: [PreparedCommit], with writer: SQLiteWriter) -> [Outcome] {
        var failure: FlowError?
        let outcomes: [Outcome] = writer.write(group).map { result in
            switch result {
            case nil: return .success(())
            case .refused(let error): return .failure(error)
            case .unusable(let error):
                failure = error
                return .failure(error)
            }
        }
        if let failure {
            writer.close()
            state.withLock { state in
                state.writer = nil
                state.failure = failure
                state.figures.failures += 1
            }
        }
        return outcomes
    }

    // MARK: The thread

    /// Sees to it that the thread looks for work, where there is any and the writer is free.
    private func wake() {
        let before = state.withLock { state in
            let before = state.thread
            guard !state.isBusy, state.hasWork, before == .absent || before == .asleep else { return ThreadState.awake }
            state.thread = .awake
            return before
        }
        switch before {
        case .absent: startThread()
        case .asleep: wakeup.signal()
        case .awake, .ended: break
        }
    }

    private func startThread() {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self).toOpaque()
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<GroupCommitter>.fromOpaque(context).takeRetainedValue().work()
                return nil
            }, context)
        precondition(status == 0, "the thread of the store cannot be started")
        pthread_detach(thread)
    }

    private struct Work {
        var group: [Waiter]
        var reopening: [CheckedContinuation<Outcome, Never>]
        var isEnd: Bool
    }

    private func work() {
        while true {
            let work: Work? = state.withLock { state in
                guard !state.isBusy, state.hasWork else {
                    state.thread = .asleep
                    return nil
                }
                state.isBusy = true
                let count = min(state.waiting.count, Self.largestGroup)
                let work = Work(
                    group: Array(state.waiting.prefix(count)), reopening: state.reopening,
                    isEnd: count == 0 && state.reopening.isEmpty)
                state.waiting.removeFirst(count)
                state.reopening = []
                return work
            }
            guard let work else {
                wakeup.wait()
                continue
            }
            if work.isEnd { return end() }
            let opened = openWriter()
            for continuation in work.reopening { continuation.resume(returning: opened.map { _ in }) }
            if !work.group.isEmpty {
                let outcomes: [Outcome] =
                    switch opened {
                    case .success(let writer): write(work.group.map(\.commit), with: writer)
                    case .failure(let error): work.group.map { _ in .failure(error) }
                    }
                for (waiter, outcome) in zip(work.group, outcomes) { waiter.continuation.resume(returning: outcome) }
            }
            let now = ContinuousClock.now
            state.withLock { state in
                state.isBusy = false
                if work.group.isEmpty { return }
                state.figures.groupSizes.add(Double(work.group.count))
                for waiter in work.group {
                    state.figures.commitSeconds.add(waiter.since.duration(to: now) / .seconds(1))
                }
            }
        }
    }

    private func openWriter() -> Result<SQLiteWriter, FlowError> {
        let suspect = state.withLock { state -> SQLiteWriter? in
            guard state.isSuspect else { return nil }
            state.isSuspect = false
            return state.writer.take()
        }
        suspect?.close()
        if let writer = state.withLock({ $0.writer }) { return .success(writer) }
        do {
            let writer = try SQLiteWriter(location, vault: vault, feed: feed)
            try writer.proveWritable()
            state.withLock { state in
                state.writer = writer
                state.failure = nil
            }
            whenReopened()
            return .success(writer)
        } catch {
            state.withLock { $0.failure = error }
            return .failure(error)
        }
    }

    private func end() {
        let (writer, closing, tidily) = state.withLock { state in
            let (writer, closing) = (state.writer, state.closing)
            state.writer = nil
            state.closing = []
            state.isBusy = false
            state.thread = .ended
            return (writer, closing, state.closesTidily)
        }
        writer?.close(tidily: tidily)
        for continuation in closing { continuation.resume() }
    }
}
