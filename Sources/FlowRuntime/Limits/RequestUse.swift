import FlowCore
import FlowStorage
import Synchronization

/// How many requests the flows have made, as the platform counts them: each action that ended unless it was skipped,
/// and each retry.
///
/// Counts go into the store with commits that are made anyway, every few seconds, and at the end of the process; what a
/// crash takes of them is no more than that. They are kept by full hours, for the platform looks back 24 of them.
final class RequestUse: Sendable {
    /// The quota of the whole environment; that of a flow has its id behind it.
    static let name = "requests"

    private static let interval = Duration.seconds(5)

    private struct State {
        var pending: [String: Int64] = [:]
        var keptAt: Timestamp
    }

    private let state: Mutex<State>

    init(now: Timestamp) { state = Mutex(State(keptAt: now)) }

    /// The quota of a flow.
    static func name(of flow: String) -> String { "\(name)/\(flow)" }

    /// Counts requests of a flow.
    /// - Returns: what is to be kept with the commit at hand; mostly nothing.
    func count(_ requests: Int, of flow: String, now: Timestamp) -> [StoreChange] {
        state.withLock { state in
            if requests > 0 { state.pending[flow, default: 0] += Int64(requests) }
            guard state.keptAt + Self.interval <= now else { return [] }
            return Self.take(&state, now)
        }
    }

    /// What is not kept yet.
    func rest(now: Timestamp) -> [StoreChange] { state.withLock { Self.take(&$0, now) } }

    private static func take(_ state: inout State, _ now: Timestamp) -> [StoreChange] {
        state.keptAt = now
        if state.pending.isEmpty { return [] }
        let window = now.hour
        var uses = state.pending.sorted { $0.key < $1.key }.map {
            QuotaUse(name: name(of: $0.key), window: window, amount: $0.value)
        }
        uses.append(QuotaUse(name: name, window: window, amount: state.pending.values.reduce(0, +)))
        state.pending = [:]
        return uses.map { .useQuota($0) }
    }

    /// Takes back what a commit that was refused would have kept.
    func giveBack(_ changes: [StoreChange]) {
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
