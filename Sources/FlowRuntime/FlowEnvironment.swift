public import FlowCore
public import FlowDefinitions
public import FlowStorage
import Synchronization

/// An environment at work: its solutions, flows, connections and runs.
///
/// The process that owns the environment makes one, starts it, and carries out requests with it: its own and those that
/// come over the owner's socket. A process that only reads makes one over a read-only store and does not start it.
///
/// ```swift
/// let environment = FlowEnvironment(settings, store: store, connectors: connectors)
/// try await environment.start()
/// let flows = try await environment.perform(EnvironmentRequest(.listFlows))
/// await environment.shutdown()
/// ```
///
/// ## Topics
/// - ``EnvironmentRequest``, ``perform(_:)``
/// - ``start()``, ``shutdown()``, ``readiness``
public final class FlowEnvironment: Sendable {
    /// What `flowrun.yaml` says about the environment.
    public var settings: EnvironmentSettings { host.settings }
    /// Where everything is kept.
    public let store: any FlowStore
    /// The connectors.
    public let connectors: ConnectorRegistry
    /// The time.
    public let clock: any RuntimeClock
    /// What this process may be asked beside the environment itself.
    let options: Options

    let host: RunHost
    let listeners: TriggerListeners
    /// Changes of the configuration come one after another.
    let changes = TaskGate()
    /// Where passwords are tried.
    let passwords = PasswordDesk()
    private let cache = Mutex<(catalog: Catalog, isCurrent: Bool)?>(nil)
    private let address = Mutex<String?>(nil)

    /// What a process adds to an environment.
    public struct Options: Sendable {
        /// The folders of the project's solutions, for `solution install` without a path.
        public var solutionFolders: [String]
        /// How often polling triggers ask, where not as often as their flows say.
        public var pollInterval: Duration?
        /// Signs an account in at its identity service, for `login`; nil where the process cannot.
        public var signIn: AccountSignIn?
        /// Gets a connection a new refresh token with its account's password, for `login`; nil where the process cannot.
        public var renewal: SignInRenewal?
        /// How many threads step runs; nil takes one a core less one, at least one.
        public var threads: Int?
        /// How long a waiting run stays in memory.
        public var idleLimit: Duration
        /// Where it is kept who did what; nil where it is not.
        public var audit: AuditLog?
        /// Delivers alerts; nil where nobody is told.
        public var alert: Alert.Delivery?
        /// How much it takes to try a password.
        package var passwordCost = Scrypt.Cost.password
        /// Is told what goes wrong where nobody waits for an answer.
        public var report: @Sendable (FlowError) -> Void

        /// Makes options; what is not given is the default.
        public init(
            solutionFolders: [String] = [], pollInterval: Duration? = nil, signIn: AccountSignIn? = nil,
            renewal: SignInRenewal? = nil, threads: Int? = nil, idleLimit: Duration = .seconds(2),
            audit: AuditLog? = nil, report: @escaping @Sendable (FlowError) -> Void = { _ in }
        ) {
            self.solutionFolders = solutionFolders
            self.pollInterval = pollInterval
            self.signIn = signIn
            self.renewal = renewal
            self.threads = threads
            self.idleLimit = idleLimit
            self.audit = audit
            self.report = report
        }
    }

    /// Signs an account in at the identity service whose base addresses are given, with a password where one is known.
    public typealias AccountSignIn =
        @Sendable (_ account: String, _ password: String?, _ addresses: [String: String]) async throws(FlowError) ->
        Void

    /// Signs the account of a connection in with its password and gives a new refresh token; nil where the connection's
    /// service has none that a password brings.
    public typealias SignInRenewal =
        @Sendable (_ session: ConnectionSession, _ password: String) async throws(FlowError) -> String?

    /// Makes an environment that does nothing by itself until it is started.
    /// - Parameters:
    ///   - settings: what `flowrun.yaml` says about it.
    ///   - store: where everything is kept.
    ///   - connectors: the connectors.
    ///   - clock: the time.
    ///   - options: what the process adds.
    public init(
        _ settings: EnvironmentSettings, store: any FlowStore, connectors: ConnectorRegistry,
        clock: any RuntimeClock = SystemClock(), options: Options = Options()
    ) {
        self.store = store
        self.connectors = connectors
        self.clock = clock
        self.options = options
        let host = RunHost(settings, store: store, connectors: connectors, clock: clock, options: options)
        self.host = host
        self.listeners = TriggerListeners(host: host, pollInterval: options.pollInterval)
        if let rules = settings.alerts, let deliver = options.alert {
            host.alerts = AlertWatch(rules, host: host, deliver: deliver)
        }
    }

    /// Makes an environment of flows that stand for themselves: all of them are on, nothing is installed, bound or configured.
    ///
    /// It is for running a flow file on its own, over a store in memory.
    /// - Parameters:
    ///   - flows: the flows.
    ///   - settings: which services are called and which limits hold.
    ///   - store: a store without content.
    ///   - connectors: the connectors.
    ///   - clock: the time.
    ///   - options: what the process adds.
    public convenience init(
        standalone flows: [FlowDefinition], settings: EnvironmentSettings, store: any FlowStore,
        connectors: ConnectorRegistry, clock: any RuntimeClock = SystemClock(), options: Options = Options()
    ) {
        self.init(settings, store: store, connectors: connectors, clock: clock, options: options)
        let catalog = Catalog(standalone: flows, at: clock.now)
        cache.withLock { $0 = (catalog, true) }
        for flow in catalog.flows { _ = try? host.plans.plan(of: flow) }
    }

    /// Begins to own the environment.
    ///
    /// Under `serve` everything that an earlier process left is taken up at once: runs, timers, inboxes, triggers. A
    /// process that owns the environment for one command takes runs up only where the command starts or follows one.
    /// - Parameter listening: whether the process serves.
    /// - Throws: an error of the store.
    public func start(listening: Bool = true) async throws(FlowError) {
        host.use(try await catalog(), try await state())
        phase.withLock { $0.isListening = listening }
        guard listening else { return }
        try await finishSubscriptions()
        try await takeUpRuns()
        try await listeners.start(try await catalog())
        host.search.start()
        host.alerts?.start()
    }

    private let phase = Mutex((isListening: false, hasRecovered: false))

    /// Whether the process serves; otherwise it owns the environment for one command.
    var isListening: Bool { phase.withLock { $0.isListening } }

    /// Takes up the runs that an earlier process left, once.
    func takeUpRuns() async throws(FlowError) {
        let mustRecover = phase.withLock { phase in
            defer { phase.hasRecovered = true }
            return !phase.hasRecovered
        }
        if mustRecover { try await host.recover() }
    }

    /// Takes no more requests, and waits for the answers of calls that are under way.
    /// - Parameter limit: how long at most.
    public func awaitCalls(upTo limit: Duration) async {
        host.enter(.shuttingDown)
        let end = ContinuousClock.now + limit
        while host.counts.callsOut > 0, ContinuousClock.now < end { try? await Task.sleep(for: .milliseconds(10)) }
    }

    /// Ends listening and lets what is being committed be committed; runs go on at the next start.
    public func shutdown() async {
        host.alerts?.stop()
        await listeners.stop()
        await host.stop()
    }

    /// Whether requests and triggers are taken, or why not.
    public enum Readiness: Sendable, Hashable {
        /// They are.
        case ready
        /// Runs are being taken up.
        case recovering
        /// The store cannot be written.
        case storeUnusable
        /// The process is ending.
        case shuttingDown
    }

    /// Whether requests and triggers are taken.
    public var readiness: Readiness { host.readiness }

    /// Why the store cannot be used, as long as readiness says that it cannot.
    public var storeFailure: FlowError? { host.storeFailure }

    /// The base address at which triggers are reached: `server.publicUrl`, else the one listened on.
    public var publicAddress: String {
        settings.server.publicURL ?? address.withLock { $0 } ?? "http://\(settings.server.listen)"
    }

    /// Says at which address the server really listens, such as `http://127.0.0.1:7070`.
    public func listens(at base: String) {
        address.withLock { $0 = base }
        host.publicAddress = publicAddress
    }

    /// Carries out a request.
    ///
    /// What it gives is for reading: signatures of URLs are masked, except in the URL that ``EnvironmentRequest`` asks for.
    /// - Throws: why it is refused or failed.
    public func perform(_ request: EnvironmentRequest) async throws(FlowError) -> JSON {
        do throws(FlowError) {
            let result = try await carryOut(request)
            if request.operation.isAudited { options.audit?.add(request, nil, by: Caller.token, at: clock.now) }
            return request.operation == .flowURL ? result : SecretMask.masking(result)
        } catch {
            if request.operation.isAudited { options.audit?.add(request, error, by: Caller.token, at: clock.now) }
            throw SecretMask.masking(error)
        }
    }

    private func carryOut(_ request: EnvironmentRequest) async throws(FlowError) -> JSON {
        let arguments = Arguments(request.arguments)
        switch request.operation {
        case .installSolution: return try await installSolution(arguments)
        case .listSolutions: return try await listSolutions()
        case .uninstallSolution: return try await uninstallSolution(arguments)
        case .listFlows: return try await listFlows()
        case .showFlow: return try await showFlow(arguments)
        case .flowURL: return try await flowURL(arguments)
        case .listVariables: return try await listVariables()
        case .setVariable: return try await setVariable(arguments)
        case .unsetVariable: return try await unsetVariable(arguments)
        case .addUser: return try await addUser(arguments)
        case .listUsers: return try await listUsers()
        case .removeUser: return try await removeUser(arguments)
        case .setPassword: return try await setPassword(arguments)
        case .addShare: return try await changeShare(arguments, isAdded: true)
        case .removeShare: return try await changeShare(arguments, isAdded: false)
        case .createConnection: return try await createConnection(arguments)
        case .listConnections: return try await listConnections()
        case .testConnection: return try await testConnection(arguments)
        case .deleteConnection: return try await deleteConnection(arguments)
        case .login: return try await login(arguments)
        case .listBindings: return try await listBindings(arguments)
        case .bind: return try await bind(arguments, as: request.user)
        case .bindRunOnly: return try await bindRunOnly(arguments)
        case .activate: return try await activate(arguments, as: request.user)
        case .deactivate: return try await deactivate(arguments)
        case .startRun: return try await startRun(arguments, as: request.user)
        case .listRuns: return try await listRuns(arguments)
        case .showRun: return try await showRun(arguments)
        case .runContext: return try await runContext(arguments)
        case .watchRun: return try await watchRun(arguments)
        case .runProgress: return try await runProgress(arguments)
        case .cancelRun: return try await cancelRun(arguments)
        case .resubmitRun: return try await resubmitRun(arguments, as: request.user)
        case .settleRun: return try await settleRun(arguments)
        case .repairRun: return try await repairRuns(arguments, as: request.user)
        case .pruneRuns: return try await pruneRuns(arguments)
        case .triggerHistory: return try await triggerHistory(arguments)
        case .trace: return try await trace(arguments)
        case .limits: return try await limits()
        case .createToken: return try await createToken(arguments)
        case .listTokens: return try await listTokens()
        case .revokeToken: return try await revokeToken(arguments)
        case .status: return try await status()
        case .doctor: return try await doctor(arguments)
        case .audit: return try await audit(arguments)
        case .reconcile: return try await reconcile(arguments)
        }
    }

    /// Carries out a request and gives whatever came of it as a value.
    public func reply(to request: EnvironmentRequest) async -> EnvironmentReply {
        do throws(FlowError) {
            return .result(try await perform(request))
        } catch {
            return .error(error)
        }
    }

    // MARK: What operations read

    /// The solutions and flows; read from the store where they may have changed.
    func catalog() async throws(FlowError) -> Catalog {
        let last = cache.withLock { $0 }
        if let last, last.isCurrent { return last.catalog }
        let catalog = try await Catalog.load(from: store, after: last?.catalog)
        cache.withLock { $0 = (catalog, true) }
        return catalog
    }

    /// Everything else that is configured.
    func state() async throws(FlowError) -> EnvironmentState { try await EnvironmentState.load(from: store) }

    /// Commits a change of the configuration and lets runs and triggers see it.
    func commit(_ commit: StoreCommit) async throws(FlowError) {
        guard !commit.isEmpty else { return }
        let recurrences = VariableRecurrences(host.catalog, host.state, now: clock.now)
        try await host.commit(commit)
        cache.withLock { $0?.isCurrent = false }
        host.use(try await catalog(), try await state())
        if !recurrences.isEmpty { try await listeners.replan(from: recurrences) }
    }

    /// Carries out a change of the configuration while no other one is under way.
    func changing<Result: Sendable>(
        _ change: () async throws(FlowError) -> Result
    ) async throws(FlowError) -> Result {
        await changes.enter()
        defer { changes.leave() }
        return try await change()
    }
}
