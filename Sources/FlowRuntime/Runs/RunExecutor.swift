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
/// has more to do goes to the end of the queue: all runs get their turn.
final class RunExecutor: Sendable {
    private struct Queue {
        var work: [any ExecutorWork] = []
        var head = 0
        var isStopped = false

        mutating func take() -> (any ExecutorWork)? {
            guard head < work.count else { return nil }
            let next = work[head]
            head += 1
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
    private let threadCount: Int

    /// Makes an executor and starts its threads.
    init(threads: Int = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)) - 1)) {
        threadCount = threads
        for _ in 0..<threads { startThread() }
    }

    /// Queues work.
    func add(_ work: any ExecutorWork) {
        queue.withLock { $0.work.append(work) }
        available.signal()
    }

    /// Ends the threads once their present slices are over; what is queued is dropped.
    func stop() {
        queue.withLock { queue in
            queue.isStopped = true
            queue.work.removeAll()
            queue.head = 0
        }
        for _ in 0..<threadCount { available.signal() }
    }

    private func startThread() {
        var thread = pthread_t()
        let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
        defer { attributes.deallocate() }
        pthread_attr_init(attributes)
        // Nested scopes and values are walked recursively.
        pthread_attr_setstacksize(attributes, 16 << 20)
        let context = Unmanaged.passRetained(self).toOpaque()
        let status = pthread_create(
            &thread, attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<RunExecutor>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context)
        precondition(status == 0, "a thread for runs cannot be started")
        pthread_attr_destroy(attributes)
        pthread_detach(thread)
    }

    private func run() {
        while true {
            available.wait()
            let (work, isStopped) = queue.withLock { ($0.take(), $0.isStopped) }
            if isStopped { return }
            guard let work else { continue }
            if work.slice() { add(work) }
        }
    }
}
