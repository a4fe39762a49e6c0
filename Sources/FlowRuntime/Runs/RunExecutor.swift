import FlowCore
internal import Glibc
import Synchronization

/// Work that an executor's threads do piece by piece.
protocol ExecutorWork: AnyObject, Sendable {
    /// Does a slice of the work.
    /// - Returns: whether there is more, so that it is queued again behind the others.
    func slice() -> Bool
}

/// The threads on which machines of runs are stepped: one a core less one, at least one.
///
/// They are neither the server's event loops nor Swift's pool, so that long computations delay no request. Work that
/// has more to do goes to the end of the queue: all runs get their turn. A slice is as long as its longest action; where
/// one takes so long that nothing moves, a further thread does what is queued meanwhile.
final class RunExecutor: Sendable {
    private struct Queue {
        var work: [any ExecutorWork] = []
        var head = 0
        var isStopped = false
        /// How many pieces of work were taken so far.
        var takenCount = 0
        /// How many threads are at work.
        var busyCount = 0
        /// Whether the further thread looks on.
        var isWatched = false

        var isEmpty: Bool { head == work.count }

        /// Notes that someone looks on, where work waits and all threads are busy.
        /// - Returns: whether that begins now.
        mutating func mustBeWatched(by threads: Int) -> Bool {
            guard !isEmpty, busyCount >= threads, !isWatched else { return false }
            isWatched = true
            return true
        }

        mutating func take() -> (any ExecutorWork)? {
            guard head < work.count else { return nil }
            let next = work[head]
            head += 1
            takenCount += 1
            if head == work.count {
                work.removeAll(keepingCapacity: true)
                head = 0
            } else if head > 4_096, head * 2 > work.count {
                work.removeFirst(head)
                head = 0
            }
            return next
        }
    }

    private let queue = Mutex(Queue())
    private let available = CountingSemaphore()
    private let overload = CountingSemaphore()
    /// How long nothing moves before the further thread steps in.
    private static let patience: useconds_t = 5_000
    private let threadCount: Int

    /// Makes an executor and starts its threads.
    init(threads: Int = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)) - 1)) {
        threadCount = threads
        for _ in 0..<threads { startThread { $0.run() } }
        startThread { $0.relieve() }
    }

    /// Queues work.
    func add(_ work: any ExecutorWork) {
        let isFirstToWait = queue.withLock { queue -> Bool in
            queue.work.append(work)
            return queue.mustBeWatched(by: threadCount)
        }
        available.signal()
        if isFirstToWait { overload.signal() }
    }

    /// Does a slice of work in the calling thread, where all threads rest: a change of threads takes longer than most runs.
    /// - Returns: false where they do not; nothing was done then.
    func doHere(_ work: any ExecutorWork) -> Bool {
        let isMine = queue.withLock { queue in
            guard queue.isEmpty, queue.busyCount == 0, !queue.isStopped else { return false }
            queue.busyCount += 1
            return true
        }
        if isMine { doSlice(of: work) }
        return isMine
    }

    /// Does a slice of work in a thread that counts as busy, and queues the rest of it.
    private func doSlice(of work: any ExecutorWork) {
        let hasMore = work.slice()
        queue.withLock { $0.busyCount -= 1 }
        if hasMore { add(work) }
    }

    /// Ends the threads once their present slices are over; what is queued is dropped.
    func stop() {
        queue.withLock { queue in
            queue.isStopped = true
            queue.work.removeAll()
            queue.head = 0
        }
        for _ in 0..<threadCount { available.signal() }
        overload.signal()
    }

    /// A thread's work, handed to it as one value.
    private final class Start: Sendable {
        let executor: RunExecutor
        let body: @Sendable (RunExecutor) -> Void

        init(_ executor: RunExecutor, _ body: @escaping @Sendable (RunExecutor) -> Void) {
            self.executor = executor
            self.body = body
        }
    }

    private func startThread(_ body: @escaping @Sendable (RunExecutor) -> Void) {
        var thread = pthread_t()
        let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
        defer { attributes.deallocate() }
        pthread_attr_init(attributes)
        // Nested scopes and values are walked recursively.
        pthread_attr_setstacksize(attributes, 16 << 20)
        let context = Unmanaged.passRetained(Start(self, body)).toOpaque()
        let status = pthread_create(
            &thread, attributes,
            { context in
                guard let context else { return nil }
                let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
                start.body(start.executor)
                return nil
            }, context)
        precondition(status == 0, "a thread for runs cannot be started")
        pthread_attr_destroy(attributes)
        pthread_detach(thread)
    }

    private func run() {
        while true {
            available.wait()
            let (work, mustBeWatched, isStopped) = queue.withLock { queue in
                let work = queue.take()
                if work != nil { queue.busyCount += 1 }
                // What was queued before the last thread got busy waits for it as well.
                return (work, queue.mustBeWatched(by: threadCount), queue.isStopped)
            }
            if isStopped { return }
            if mustBeWatched { overload.signal() }
            if let work { doSlice(of: work) }
        }
    }

    /// Looks on while others are at work and something is queued, and does it where nothing moves.
    private func relieve() {
        while true {
            overload.wait()
            var isOver = false
            while !isOver {
                let before = queue.withLock { $0.takenCount }
                usleep(Self.patience)
                let work = queue.withLock { queue -> (any ExecutorWork)? in
                    if queue.isStopped { return nil }
                    return queue.takenCount == before ? queue.take() : nil
                }
                if let work, work.slice() { add(work) }
                isOver = queue.withLock { queue in
                    if queue.isEmpty { queue.isWatched = false }
                    return queue.isEmpty || queue.isStopped
                }
            }
            if queue.withLock({ $0.isStopped }) { return }
        }
    }
}
