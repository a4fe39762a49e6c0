import FlowCore
import FlowDefinitions
import FlowStorage
import Glibc

extension FlowEnvironment {
    // MARK: environment.status

    func status() async throws(FlowError) -> JSON {
        let holder = OwnerLock.holder(of: settings)
        let word =
            switch readiness {
            case .ready: "ready"
            case .recovering: "recovering"
            case .storeUnusable: "storeUnusable"
            case .shuttingDown: "shuttingDown"
            }
        var owner: JSON = .null
        if let holder {
            owner = [
                "pid": .integer(Int64(holder.processID)), "since": .string(holder.since),
                "purpose": .string(holder.purpose),
            ]
        }
        let catalog = try await catalog()
        return [
            "environment": .string(settings.name), "status": .string(word), "owner": owner,
            "address": .string(publicAddress), "flows": .integer(Int64(catalog.flows.count)),
            "started": .integer(Int64(catalog.flows.count { $0.isStarted })),
            "runsInMemory": .integer(Int64(counts.runsInMemory)), "callsOut": .integer(Int64(counts.callsOut)),
        ]
    }

    /// What the process has in hand and has done.
    public struct Counts: Sendable, Hashable {
        /// Runs that have something to do or were lately active.
        public var runsInMemory: Int
        /// Calls that are under way.
        public var callsOut: Int
        /// Runs that this process has started.
        public var runsStarted: Int
        /// Runs that ended in this process.
        public var runsEnded: Int
    }

    /// What the process has in hand and has done.
    public var counts: Counts { host.counts }

    /// How old the oldest commit is that a search for text does not find yet; zero in a process that does not serve.
    public var searchLag: Duration { host.search.lag }
}
