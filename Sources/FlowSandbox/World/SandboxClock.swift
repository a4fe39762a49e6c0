package import FlowCore
import Glibc
import Synchronization

/// The sandbox's time: the machine's, moved forward by `clock advance`.
package final class SandboxClock: WallClock {
    private let offset: Mutex<Int64>

    /// Makes a clock that is ahead of the machine's by so many ticks.
    package init(offsetTicks: Int64 = 0) { offset = Mutex(offsetTicks) }

    /// The machine's time.
    package static var machineTime: Timestamp {
        // Which module declares the members of `timespec` depends on who else includes <time.h>, so its two 64-bit
        // members are read from memory.
        withUnsafeTemporaryAllocation(of: Int64.self, capacity: 2) { parts in
            parts.initialize(repeating: 0)
            parts.baseAddress?.withMemoryRebound(to: timespec.self, capacity: 1) { time in
                _ = clock_gettime(CLOCK_REALTIME, time)
            }
            return Timestamp(ticks: parts[0] * Timestamp.ticksPerSecond + parts[1] / 100)
        }
    }

    /// The sandbox's time.
    package var now: Timestamp { Timestamp(ticks: Self.machineTime.ticks + offsetTicks) }

    /// How far ahead of the machine's time it is.
    package var offsetTicks: Int64 { offset.withLock { $0 } }

    /// Moves the time forward, or to an offset read from the store.
    package func setOffset(ticks: Int64) { offset.withLock { $0 = ticks } }
}
