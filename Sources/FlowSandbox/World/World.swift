import FlowCore
import GRDB
import Synchronization

/// The state that all services of a sandbox share: records, clock, faults, ledger.
///
/// A request is answered inside one database transaction: it sees a consistent world, and its changes, the events it
/// causes and its line in the ledger are kept together.
package final class World: Sendable {
    /// The sandbox's time.
    package let clock: SandboxClock
    /// The faults that are switched on.
    package let faults: FaultBoard
    /// What Dataverse counts of each user.
    package let protection = ServiceProtection()
    /// Secrets and keys, made at the first start and kept over resets.
    package let secrets: Secrets
    /// The signing key and certificates of webhooks.
    package let certificates: CertificateAuthority

    private let database: DatabaseQueue
    private let marks: Mutex<Marks>
    private let addresses = Mutex<[String: String]>([:])
    private let observers: Mutex<Observers>

    private struct Marks {
        var stamp: Int64
        var version: Int64
    }

    private struct Observers {
        var deliveriesAdded: @Sendable () -> Void = {}
        var usersChanged: @Sendable () -> Void = {}
    }

    /// Opens the world that is kept at a path, or makes and seeds a new one.
    /// - Parameters:
    ///   - path: the database file.
    ///   - seed: what a new world holds.
    /// - Throws: what the database raises; a `FlowError` where keys cannot be made.
    package init(path: String, seed: SandboxSeed) throws {
        var configuration = Configuration()
        configuration.prepareDatabase { database in
            // The sandbox survives a killed process, not a power cut: it is a test double, and this is much faster.
            try database.execute(
                sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -1024")
        }
        configuration.busyMode = .timeout(5)
        database = try DatabaseQueue(path: path, configuration: configuration)
        try Migrations.migrator.migrate(database)
        let (secrets, certificates) = try database.write { database in
            (try Secrets(in: database), try CertificateAuthority(in: database))
        }
        self.secrets = secrets
        self.certificates = certificates
        let (stamp, version, offset) = try database.read { database in
            (
                try Int64.fetchOne(database, sql: "SELECT max(modified) FROM record") ?? 0,
                try Int64.fetchOne(database, sql: "SELECT max(version) FROM record") ?? 500_000,
                try String.fetchOne(database, sql: "SELECT value FROM setting WHERE name = 'clock offset'")
            )
        }
        marks = Mutex(Marks(stamp: stamp, version: version))
        clock = SandboxClock(offsetTicks: offset.flatMap(Int64.init) ?? 0)
        faults = FaultBoard()
        observers = Mutex(Observers())
        let isNew = try database.read { database in
            try String.fetchOne(database, sql: "SELECT value FROM setting WHERE name = 'seed'") == nil
        }
        if isNew { try perform { transaction in try seed.plant(in: transaction) } }
    }

    /// Has the world tell when there are deliveries to make and when users change.
    package func observe(
        deliveriesAdded: @escaping @Sendable () -> Void, usersChanged: @escaping @Sendable () -> Void
    ) {
        observers.withLock { $0 = Observers(deliveriesAdded: deliveriesAdded, usersChanged: usersChanged) }
    }

    // MARK: Addresses

    /// The base URL of a service, without a slash at the end.
    package func url(of service: SandboxService) -> String { addresses.withLock { $0[service.rawValue] } ?? "" }

    /// The base URL of the control API.
    package var controlURL: String { addresses.withLock { $0["control"] } ?? "" }

    /// Makes known where a service listens.
    package func setURL(_ url: String, of name: String) { addresses.withLock { $0[name] = url } }

    // MARK: Work

    /// Does something in one transaction.
    package func perform<Value>(_ body: (Transaction) throws -> Value) throws -> Value {
        var hasDeliveries = false
        var hasUserChanges = false
        let value = try database.write { database in
            let transaction = Transaction(database, of: self)
            let value = try body(transaction)
            hasDeliveries = transaction.hasDeliveries
            hasUserChanges = transaction.hasUserChanges
            return value
        }
        notify(deliveries: hasDeliveries, users: hasUserChanges)
        return value
    }

    /// Answers a request to a service and writes its line in the ledger.
    package func respond(_ service: SandboxService, to request: ServiceRequest) -> ServiceResponse {
        do {
            return try perform { transaction in
                let response = try transaction.attempt { try Self.answer(service, request, in: transaction) }
                try transaction.commitUsage()
                try RequestLedger.add(service, request, status: response.status, fault: nil, in: transaction)
                return response
            }
        } catch {
            return .json(500, ["error": ["code": "generalException", "message": .string("\(error)")]])
        }
    }

    /// Writes the ledger's line of a request that a fault answered instead of the service.
    package func noteFaulted(_ service: SandboxService, _ request: ServiceRequest, status: Int, fault: String) throws {
        try perform { transaction in
            try RequestLedger.add(service, request, status: status, fault: fault, in: transaction)
        }
    }

    /// Puts the world back to its seed; secrets, keys and addresses stay.
    package func reset(to seed: SandboxSeed) throws {
        faults.clear()
        protection.reset()
        clock.setOffset(ticks: 0)
        try perform { transaction in
            for table in Migrations.resettable { try transaction.database.execute(sql: "DELETE FROM \(table)") }
            marks.withLock { $0.stamp = 0 }
            try seed.plant(in: transaction)
            transaction.hasUserChanges = true
        }
    }

    /// An instant later than every one given before.
    func nextStamp(notBefore now: Timestamp) -> Timestamp {
        marks.withLock { marks in
            let millisecond: Int64 = 10_000
            marks.stamp = max(now.ticks / millisecond * millisecond, marks.stamp + millisecond)
            return Timestamp(ticks: marks.stamp)
        }
    }

    /// A version greater than every one given before.
    func nextVersion() -> Int64 {
        marks.withLock { marks in
            marks.version += 1
            return marks.version
        }
    }

    private func notify(deliveries: Bool, users: Bool) {
        guard deliveries || users else { return }
        let observers = observers.withLock { $0 }
        if deliveries { observers.deliveriesAdded() }
        if users { observers.usersChanged() }
    }

    private static func answer(
        _ service: SandboxService, _ request: ServiceRequest, in transaction: Transaction
    ) throws -> ServiceResponse {
        switch service {
        case .identity: try IdentityService.respond(to: request, in: transaction)
        case .partnercenterref: try ReferralsService.respond(to: request, in: transaction)
        case .partnercenterevents: try PartnerCenterEventsService.respond(to: request, in: transaction)
        case .salesforce: try SalesforceService.respond(to: request, in: transaction)
        case .commondataserviceforapps: try DataverseService.respond(to: request, in: transaction)
        }
    }
}
