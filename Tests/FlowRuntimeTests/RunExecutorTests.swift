import Foundation
import Synchronization
import Testing

@testable import FlowRuntime

/// Who gets a thread, and when.
@Suite(.timeLimit(.minutes(1))) struct RunExecutorTests {
    /// Work that is a closure.
    private final class Work: ExecutorWork {
        private let body: @Sendable () -> Bool

        init(_ body: @escaping @Sendable () -> Bool) { self.body = body }

        func slice() -> Bool { body() }
    }

    /// Waits without a thread of Swift's pool.
    private static func wait(for semaphore: DispatchSemaphore) async {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                semaphore.wait()
                continuation.resume()
            }
        }
    }

    @Test(arguments: [1, 2])
    func `an action that does not end lets what is queued behind it go`(_ threads: Int) async {
        let executor = RunExecutor(threads: threads)
        let others = DispatchSemaphore(value: 0)
        let ends = DispatchSemaphore(value: 0)
        // Each of these is like a Select over very many items: its slice ends only when all others have had theirs.
        for _ in 0..<threads {
            executor.add(
                Work {
                    others.wait()
                    ends.signal()
                    return false
                })
        }
        let left = Atomic(20)
        for _ in 0..<20 {
            executor.add(
                Work {
                    if left.subtract(1, ordering: .relaxed).newValue == 0 {
                        for _ in 0..<threads { others.signal() }
                    }
                    return false
                })
        }
        for _ in 0..<threads { await Self.wait(for: ends) }
        #expect(left.load(ordering: .relaxed) == 0)
        executor.stop()
    }

    @Test func `where all threads rest a slice is done in the calling one, and the rest of the work by them`() async {
        let executor = RunExecutor(threads: 1)
        let isOver = DispatchSemaphore(value: 0)
        let places = Mutex<[Bool]>([])
        let caller = pthread_self()
        let work = Work {
            let count = places.withLock { places -> Int in
                places.append(pthread_equal(pthread_self(), caller) != 0)
                return places.count
            }
            if count == 2 { isOver.signal() }
            return count < 2
        }
        #expect(executor.doHere(work))
        await Self.wait(for: isOver)
        #expect(places.withLock { $0 } == [true, false])
        // Somebody is at work.
        let begun = DispatchSemaphore(value: 0)
        let ends = DispatchSemaphore(value: 0)
        executor.add(
            Work {
                begun.signal()
                ends.wait()
                return false
            })
        await Self.wait(for: begun)
        #expect(!executor.doHere(work))
        #expect(places.withLock { $0.count } == 2)
        ends.signal()
        executor.stop()
    }

    @Test func `work that has more to do goes behind the others`() async {
        let executor = RunExecutor(threads: 1)
        let (turns, turn) = AsyncStream.makeStream(of: String.self)
        let begins = DispatchSemaphore(value: 0)
        let left = Mutex(["a": 3, "b": 3])
        // All of them stand in the queue before the first one goes.
        executor.add(
            Work {
                begins.wait()
                return false
            })
        for name in ["a", "b"] {
            executor.add(
                Work {
                    let (rest, isLast) = left.withLock { left -> (Int, Bool) in
                        left[name, default: 0] -= 1
                        return (left[name, default: 0], left.values.allSatisfy { $0 == 0 })
                    }
                    turn.yield(name)
                    if isLast { turn.finish() }
                    return rest > 0
                })
        }
        begins.signal()
        var order: [String] = []
        for await name in turns { order.append(name) }
        #expect(order.sorted() == ["a", "a", "a", "b", "b", "b"])
        #expect(Set(order.prefix(2)) == ["a", "b"] && order.last == "b")
        executor.stop()
    }
}
