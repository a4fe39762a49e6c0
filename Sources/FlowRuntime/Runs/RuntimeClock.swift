public import FlowCore
internal import Glibc

/// A clock that can also be waited for; tests hand in one that they move themselves.
///
/// People and time servers set wall clocks. What happens at an instant waits with ``sleep(until:)``, what happens after a
/// while with ``pause(for:)``.
public protocol RuntimeClock: WallClock {
    /// How much time has passed since some moment, whatever the clock was set to meanwhile.
    var elapsed: Duration { get }

    /// Waits until an instant has come; ends early where the clock was set back, so that the caller looks at it again, or
    /// the task is cancelled.
    func sleep(until instant: Timestamp) async

    /// Waits until a span of time has passed; ends early where the task is cancelled.
    func pause(for span: Duration) async
}

/// The machine's clock.
public struct SystemClock: RuntimeClock {
    /// The longest sleep before the clock is looked at again, in case it was set.
    private static let longestSleep = Duration.seconds(60)
    /// By how much the clock has to be set back to be told from one that is kept in step.
    private static let tolerance = Duration.seconds(1)

    private static let start = ContinuousClock.now

    /// Makes a clock.
    public init() {}

    /// The present instant.
    public var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(ticks: Int64(time.tv_sec) * Timestamp.ticksPerSecond + Int64(time.tv_nsec) / 100)
    }

    /// How long the machine has run since the process first asked.
    public var elapsed: Duration { ContinuousClock.now - Self.start }

    /// Waits until an instant has come.
    public func sleep(until instant: Timestamp) async {
        let (began, passed) = (now, elapsed)
        while !Task.isCancelled {
            let now = now
            guard instant > now, now - began > elapsed - passed - Self.tolerance else { return }
            try? await Task.sleep(for: min(instant - now, Self.longestSleep))
        }
    }

    /// Waits until a span of time has passed.
    public func pause(for span: Duration) async { try? await Task.sleep(for: span) }
}
