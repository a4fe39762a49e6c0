import FlowCore
import FlowDefinitions
import Synchronization

/// Slows runs down where they use more in five minutes than the profile lets them, as the platform does.
///
/// A run that is slowed down is not stepped until less counts: nothing of it is out, so nothing is refused and nothing is
/// in doubt after a crash. What a run computes before its first call is never slowed down: its caller waits for it.
final class Pace: Sendable {
    /// How long the window is.
    static let span = Duration.seconds(300)

    private struct State {
        var requestLimit: Int64?
        var contentLimit: Int64?
        var requests = SlidingCount(span: Pace.span)
        var content = SlidingCount(span: Pace.span)
        var waiting: [any ExecutorWork] = []
        /// Until when runs wait.
        var until: Timestamp?
    }

    private let state = Mutex(State())
    private let slow = Atomic(false)

    init(_ profile: EnvironmentSettings.PerformanceProfile) { use(profile) }

    /// Takes over the limits of a profile.
    func use(_ profile: EnvironmentSettings.PerformanceProfile) {
        state.withLock { state in
            state.requestLimit = profile.requestsPerFiveMinutes
            state.contentLimit = profile.contentPerFiveMinutes
        }
    }

    /// How many requests there may be; nil for any number.
    var requestLimit: Int64? { state.withLock { $0.requestLimit } }

    /// How many bytes of inputs and outputs may be written; nil for any number.
    var contentLimit: Int64? { state.withLock { $0.contentLimit } }

    /// Whether runs are slowed down.
    var isSlow: Bool { slow.load(ordering: .relaxed) }

    /// How many runs wait.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Counts what runs have used.
    /// - Returns: until when they are slowed down, where that begins now.
    func count(requests: Int64, content: Int64, now: Timestamp) -> Timestamp? {
        state.withLock { state in
            if requests > 0 { state.requests.add(requests, at: now) }
            if content > 0 { state.content.add(content, at: now) }
            let until = end(&state, now)
            guard until > now, state.until == nil else { return nil }
            state.until = until
            slow.store(true, ordering: .relaxed)
            return until
        }
    }

    /// Lets work wait.
    /// - Returns: false where nothing waits any more.
    func hold(_ work: any ExecutorWork) -> Bool {
        state.withLock { state in
            guard state.until != nil else { return false }
            state.waiting.append(work)
            return true
        }
    }

    /// Ends waiting where less counts by now.
    /// - Returns: what goes on, and until when the rest waits.
    func release(now: Timestamp) -> (work: [any ExecutorWork], until: Timestamp?) {
        state.withLock { state in
            let until = end(&state, now)
            guard until <= now else {
                state.until = until
                return ([], until)
            }
            state.until = nil
            slow.store(false, ordering: .relaxed)
            defer { state.waiting = [] }
            return (state.waiting, nil)
        }
    }

    /// What is used of requests and of content.
    var uses: (requests: SlidingCount, content: SlidingCount) { state.withLock { ($0.requests, $0.content) } }

    private func end(_ state: inout State, _ now: Timestamp) -> Timestamp {
        var end = now
        if let requestLimit = state.requestLimit { end = max(end, state.requests.fits(under: requestLimit, at: now)) }
        if let contentLimit = state.contentLimit { end = max(end, state.content.fits(under: contentLimit, at: now)) }
        return end
    }
}

extension EnvironmentSettings.PerformanceProfile {
    /// How many requests flows may make in five minutes; unlimited is this program's own reading of its name.
    var requestsPerFiveMinutes: Int64? { self == .unlimited ? nil : 100_000 }

    /// How many bytes of inputs and outputs runs may write in five minutes.
    var contentPerFiveMinutes: Int64? {
        switch self {
        case .low: 120_000_000
        case .medium, .high: 1_200_000_000
        case .unlimited: nil
        }
    }

    /// How many bytes of inputs and outputs runs may write in 24 hours, in the platform's transition period.
    var contentPerDay: Int64? {
        switch self {
        case .low: 2_500_000_000
        case .medium: 20_000_000_000
        case .high: 50_000_000_000
        case .unlimited: nil
        }
    }

    /// How many calls go out at once.
    var concurrentCalls: Int { self == .low ? 500 : 2_500 }
}
