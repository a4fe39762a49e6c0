import FlowCore
import FlowStorage
import Synchronization

/// How many requests the flows have made, and how many bytes of inputs and outputs their runs have written.
///
/// Requests are counted as the platform counts them: each action that ended unless it was skipped, and each retry.
///
/// Counts go into the store with commits that are made anyway, every few seconds, and at the end of the process; what a
/// crash takes of them is no more than that. They are kept by full hours, for the platform looks back 24 of them.
final class RequestUse: Sendable {
    /// The quota of the whole environment; that of a flow has its id behind it.
    static let name = "requests"
    /// The quota of bytes that runs write.
    static let content = "content"

    private static let interval = Duration.seconds(5)
    /// After how many requests the pace is looked at, where the interval is not over.
    private static let step = 256

    private struct State {
        var pending: [String: Int64] = [:]
        var keptAt: Timestamp
        /// How many requests the pace has not heard of.
        var unpaced = 0
        /// How many bytes had been written when that was counted last.
        var content: Int64
    }

    private let state: Mutex<State>
    private let written: @Sendable () -> Int64
    private let whenSlow: @Sendable (Timestamp) -> Void
    /// Slows runs down.
    let pace: Pace

    /// Makes the counts.
    /// - Parameters:
    ///   - now: the present instant.
    ///   - pace: what slows runs down.
    ///   - written: how many bytes runs have written in this process.
    ///   - whenSlow: is told until when runs are slowed down, where that begins.
    init(
        now: Timestamp, pace: Pace, written: @escaping @Sendable () -> Int64,
        whenSlow: @escaping @Sendable (Timestamp) -> Void
    ) {
        state = Mutex(State(keptAt: now, content: written()))
        self.pace = pace
        self.written = written
        self.whenSlow = whenSlow
    }

    /// The quota of a flow.
    static func name(of flow: String) -> String { "\(name)/\(flow)" }

    /// Counts requests of a flow.
    /// - Returns: what is to be kept with the commit at hand; mostly nothing.
    func count(_ requests: Int, of flow: String, now: Timestamp) -> [StoreChange] {
        let (changes, unpaced, content) = state.withLock { state -> ([StoreChange], Int, Int64) in
            if requests > 0 { state.pending[flow, default: 0] += Int64(requests) }
            state.unpaced += requests
            let isDue = state.keptAt + Self.interval <= now
            guard isDue || state.unpaced >= Self.step else { return ([], 0, 0) }
            defer { state.unpaced = 0 }
            guard isDue else { return ([], state.unpaced, 0) }
            let (changes, content) = take(&state, now)
            return (changes, state.unpaced, content)
        }
        if unpaced > 0 || content > 0,
            let until = pace.count(requests: Int64(unpaced), content: content, now: now)
        {
            whenSlow(until)
        }
        return changes
    }

    /// What is not kept yet.
    func rest(now: Timestamp) -> [StoreChange] { state.withLock { take(&$0, now).changes } }

    private func take(_ state: inout State, _ now: Timestamp) -> (changes: [StoreChange], content: Int64) {
        state.keptAt = now
        let window = now.hour
        var uses = state.pending.sorted { $0.key < $1.key }.map {
            QuotaUse(name: Self.name(of: $0.key), window: window, amount: $0.value)
        }
        if !uses.isEmpty {
            uses.append(QuotaUse(name: Self.name, window: window, amount: state.pending.values.reduce(0, +)))
        }
        state.pending = [:]
        let written = written()
        let content = max(0, written - state.content)
        state.content = written
        if content > 0 { uses.append(QuotaUse(name: Self.content, window: window, amount: content)) }
        return (uses.map { .useQuota($0) }, content)
    }

    /// Takes back what a commit that was refused would have kept.
    func giveBack(_ changes: [StoreChange]) {
        for case .useQuota(let use) in changes where use.name == Self.content {
            state.withLock { $0.content -= use.amount }
        }
        for case .useQuota(let use) in changes where use.name.hasPrefix(Self.name + "/") {
            let flow = String(use.name.dropFirst(Self.name.count + 1))
            state.withLock { $0.pending[flow, default: 0] += use.amount }
        }
    }

    /// What is not kept yet of a flow, or of all.
    func pending(of flow: String?) -> Int64 {
        state.withLock { state in flow.map { state.pending[$0] ?? 0 } ?? state.pending.values.reduce(0, +) }
    }
}

extension Timestamp {
    /// The beginning of its hour.
    var hour: Timestamp {
        let (date, _) = civil
        let midnight = Timestamp(year: date.year, month: date.month, day: date.day)
        let hours = (ticks - midnight.ticks) / (3_600 * Self.ticksPerSecond)
        return midnight + .seconds(hours * 3_600)
    }

    /// The beginning of its day, in UTC.
    var midnight: Timestamp {
        let (date, _) = civil
        return Timestamp(year: date.year, month: date.month, day: date.day)
    }
}
