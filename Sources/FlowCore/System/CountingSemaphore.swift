internal import Glibc

/// A counting semaphore of the system, for threads that wait for work.
package final class CountingSemaphore: Sendable {
    // Points to memory that is set up once and then touched by the thread-safe functions of the system alone.
    nonisolated(unsafe) private let semaphore: UnsafeMutablePointer<sem_t>

    /// Makes a semaphore whose count is zero.
    package init() {
        semaphore = .allocate(capacity: 1)
        let status = sem_init(semaphore, 0, 0)
        precondition(status == 0, "the system gives no semaphore")
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    /// Counts one up.
    package func signal() { _ = sem_post(semaphore) }

    /// Waits until the count is above zero and counts one down.
    package func wait() { while sem_wait(semaphore) != 0 {} }
}
