import FlowConnectorLibrary
import FlowCore
import FlowDefinitions
import FlowHTTP
import FlowRuntime
import FlowStorage
import FlowStoreSQLite
import Glibc
import Synchronization

/// Puts the parts together: stores, connectors, transport and environment know each other only here.
enum Wiring {
    /// The connectors as they are read, by the checker and by people; nothing is called.
    static let catalog = StandardConnectors.catalog

    /// An environment over its own store.
    /// - Parameters:
    ///   - project: the project.
    ///   - settings: the environment.
    ///   - isReader: whether it only reads, beside an owner or without one.
    ///   - pollInterval: how often polling triggers ask, where not as their flows say.
    ///   - report: is told what went wrong without anyone waiting for it.
    /// - Returns: the environment, not started.
    /// - Throws: an error of the store, or of its key.
    static func environment(
        of project: Project, _ settings: EnvironmentSettings, isReader: Bool, pollInterval: Duration? = nil,
        report: @escaping @Sendable (FlowError) -> Void = show
    ) throws(FlowError) -> FlowEnvironment {
        let store = try store(of: settings, isReader: isReader)
        return try environment(
            settings, store: store, solutionFolders: project.solutions, pollInterval: pollInterval, isReader: isReader,
            report: report)
    }

    /// Shows an error as a person reads it.
    static func show(_ error: FlowError) { Console.note(ErrorReport().text(of: error)) }

    /// An environment over a store that is at hand.
    static func environment(
        _ settings: EnvironmentSettings, store: any FlowStore, solutionFolders: [String] = [],
        pollInterval: Duration? = nil, isReader: Bool = false, report: @escaping @Sendable (FlowError) -> Void = show
    ) throws(FlowError) -> FlowEnvironment {
        // A reader calls nobody, and a sandbox that is not running is no reason not to list flows.
        let addresses = isReader ? [:] : (try? settings.addresses()) ?? [:]
        let transport = transport(allowing: settings.allowedHosts + addresses.values.compactMap(hostAndPort))
        let keeper = RefreshTokenKeeper()
        let connectors = StandardConnectors.make(transport: transport) { connection, token in
            keeper.keep(token, of: connection)
        }
        var options = FlowEnvironment.Options(
            solutionFolders: solutionFolders, pollInterval: pollInterval, signIn: AccountSignIn.make(transport),
            renewal: AccountSignIn.renewal(transport),
            audit: isReader || settings.projectFolder.isEmpty
                ? nil : AuditLog(path: settings.stateFolder + "/audit.jsonl"),
            report: report)
        if !isReader, let rules = settings.alerts { options.alert = try AlertDelivery.make(rules) }
        let environment = FlowEnvironment(
            settings, store: store, connectors: ConnectorRegistry(connectors), options: options)
        keeper.environment = environment
        return environment
    }

    /// The connectors of flows that run on their own; nothing of them is kept.
    static func connectors(allowing hosts: [String]) -> ConnectorRegistry {
        ConnectorRegistry(StandardConnectors.make(transport: transport(allowing: hosts)))
    }

    /// The HTTP client; loopback and private addresses only where hosts are named.
    static func transport(allowing hosts: [String]) -> CurlTransport {
        CurlTransport(CurlTransport.Configuration(addressPolicy: AddressPolicy(allowedHosts: hosts)))
    }

    private static func store(of settings: EnvironmentSettings, isReader: Bool) throws(FlowError) -> any FlowStore {
        guard case .sqlite = settings.store else {
            throw FlowError(
                .commandNotAvailable,
                "The environment '\(settings.name)' names a PostgreSQL store, which this version does not have.",
                hint: "write 'store: sqlite' in \(settings.projectFolder)/\(Project.fileName)")
        }
        if isReader { return try SQLiteFlowStore(reading: settings.databaseFile, key: nil) }
        try settings.makeStateFolder()
        let key = try settings.key(variable: getenv("FLOWRUN_KEY").map { String(cString: $0) })
        let durability: StoreDurability = settings.durability == .full ? .full : .process
        return try SQLiteFlowStore(path: settings.databaseFile, key: key, durability: durability)
    }

    /// `HOST:PORT` of a base address.
    private static func hostAndPort(_ url: String) -> String? {
        guard let start = url.firstRange(of: "://")?.upperBound else { return nil }
        return String(url[start...].prefix { $0 != "/" })
    }
}

/// Keeps the refresh tokens that services renew, so that the next process signs in with the newest.
private final class RefreshTokenKeeper: Sendable {
    private let keeper = Mutex<FlowEnvironment?>(nil)

    var environment: FlowEnvironment? {
        get { keeper.withLock { $0 } }
        set { keeper.withLock { $0 = newValue } }
    }

    /// The token is kept while the call that renewed it goes on; should the process end before, the old one still works.
    func keep(_ token: String, of connection: String) {
        guard let environment else { return }
        Task { try? await environment.keepRefreshToken(token, of: connection) }
    }
}
