public import FlowCore
internal import Glibc

/// A clock that can also be waited for; tests hand in one that they move themselves.
public protocol RuntimeClock: WallClock {
    /// Waits until an instant has come; ends early where the task is cancelled.
    func sleep(until instant: Timestamp) async
}

/// The machine's clock.
public struct SystemClock: RuntimeClock {
    /// The longest sleep before the clock is looked at again, in case it was set.
    private static let longestSleep = Duration.seconds(60)

    /// Makes a clock.
    public init() {}

    /// The present instant.
    public var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(ticks: Int64(time.tv_sec) * Timestamp.ticksPerSecond + Int64(time.tv_nsec) / 100)
    }

    /// Waits until an instant has come.
    public func sleep(until instant: Timestamp) async {
        while !Task.isCancelled {
            let rest = instant - now
            guard rest > .zero else { return }
            try? await Task.sleep(for: min(rest, Self.longestSleep))
        }
    }
}
