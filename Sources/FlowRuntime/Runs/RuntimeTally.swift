package import FlowCore
import FlowDefinitions
import FlowEngine
package import FlowStorage
import Synchronization

/// What the process has done, counted for `/metrics`.
final class RuntimeTally: Sendable {
    /// A call by the connector and what came of it.
    struct Call: Hashable, Sendable {
        let connector: String
        let result: String
    }

    struct Counts: Sendable {
        var runsStarted = 0
        var runsEnded: [String: Int] = [:]
        var runSeconds = Histogram()
        var calls: [Call: Int] = [:]
        var callSeconds: [Call: Histogram] = [:]
    }

    private let state = Mutex(Counts())
    // Actions end far more often than runs: each status has a counter of its own, which nobody waits for.
    private let succeeded = Atomic(0)
    private let failed = Atomic(0)
    private let skipped = Atomic(0)
    private let otherwise = Atomic(0)

    var counts: Counts { state.withLock { $0 } }

    /// How many actions and repetitions ended, by status; timed out and cancelled ones together.
    var actions: [(status: String, count: Int)] {
        [
            ("Succeeded", succeeded.load(ordering: .relaxed)), ("Failed", failed.load(ordering: .relaxed)),
            ("Skipped", skipped.load(ordering: .relaxed)), ("Other", otherwise.load(ordering: .relaxed)),
        ]
    }

    func runStarted() { state.withLock { $0.runsStarted += 1 } }

    func runEnded(_ summary: RunSummary) {
        let seconds = summary.endTime.map { Double($0.ticks - summary.startTime.ticks) / 1e7 }
        state.withLock { state in
            state.runsEnded[summary.status, default: 0] += 1
            if let seconds { state.runSeconds.add(max(0, seconds)) }
        }
    }

    func actionEnded(_ status: ActionStatus) {
        switch status {
        case .succeeded: succeeded.add(1, ordering: .relaxed)
        case .failed: failed.add(1, ordering: .relaxed)
        case .skipped: skipped.add(1, ordering: .relaxed)
        default: otherwise.add(1, ordering: .relaxed)
        }
    }

    func called(_ connector: String, _ result: String, after duration: Duration) {
        state.withLock { state in
            state.calls[Call(connector: connector, result: result), default: 0] += 1
            state.callSeconds[Call(connector: connector, result: result), default: Histogram()].add(
                duration / .seconds(1))
        }
    }
}

/// What the process has done, as `/metrics` shows it.
package struct RuntimeFigures: Sendable {
    /// Runs started by this process.
    package let runsStarted: Int
    /// Runs ended in this process, by status.
    package let runsEnded: [(status: String, count: Int)]
    /// How long runs lasted, waiting included.
    package let runSeconds: Histogram
    /// Actions and repetitions ended, by status.
    package let actions: [(status: String, count: Int)]
    /// Calls by connector and what came of them.
    package let calls: [(connector: String, result: String, count: Int)]
    /// How long calls took, by connector and what came of them.
    package let callSeconds: [(connector: String, result: String, seconds: Histogram)]
    /// Runs in memory.
    package let runsInMemory: Int
    /// Calls under way.
    package let callsOut: Int
    /// What waits for an instant in this process: timers of runs, runs at rest, looks at the store.
    package let timers: Int
    /// Flows that are on.
    package let flowsStarted: Int
    /// Connections that do not work.
    package let connectionsBroken: Int
}

extension FlowEnvironment {
    /// What the process has done.
    package var figures: RuntimeFigures {
        let tally = host.tally
        let counts = tally.counts
        let present = host.counts
        return RuntimeFigures(
            runsStarted: counts.runsStarted,
            runsEnded: counts.runsEnded.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
            runSeconds: counts.runSeconds, actions: tally.actions,
            calls: counts.calls.sorted { ($0.key.connector, $0.key.result) < ($1.key.connector, $1.key.result) }
                .map { ($0.key.connector, $0.key.result, $0.value) },
            callSeconds: counts.callSeconds
                .sorted { ($0.key.connector, $0.key.result) < ($1.key.connector, $1.key.result) }
                .map { ($0.key.connector, $0.key.result, $0.value) },
            runsInMemory: present.runsInMemory, callsOut: present.callsOut,
            timers: host.timers.count, flowsStarted: host.catalog.flows.count { $0.isStarted },
            connectionsBroken: host.state.connections.values.count { $0.status != .connected })
    }

    /// How many runs wait, by what for.
    /// - Throws: an error of the store.
    package func waitingRuns() async throws(FlowError) -> [(kind: String, count: Int)] {
        var counts: [(kind: String, count: Int)] = []
        for kind in RunWait.Kind.allCases {
            var filter = RunFilter(isFinished: false)
            filter.waiting = kind
            counts.append((kind.rawValue, try await store.runCount(filter)))
        }
        return counts
    }
}
