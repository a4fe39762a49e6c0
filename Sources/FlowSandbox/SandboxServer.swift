import FlowCore
public import FlowHTTP
import Glibc
import Logging
import ServiceLifecycle
import Synchronization

/// The co-sell world offline: one HTTP server a service on the loopback interface, and a control API.
///
/// Ports, from the first one on in this order: `identity`, `partnercenterref`, `partnercenterevents`, `salesforce`,
/// `commondataserviceforapps`, control (port 0: any free ones). The routes of a service stand at its type:
/// `IdentityService`, `ReferralsService`, `PartnerCenterEventsService`, `SalesforceService`, `DataverseService`; those of
/// the control API at `ControlService`.
///
/// State lies in a folder (``SandboxStateFolder``) and survives a restart; `sandbox.json` there says how to reach the
/// running sandbox and is written again whenever a user signs in for the first time or is changed.
///
/// ## Topics
/// - ``init(folder:firstPort:seed:transport:)``, ``run(whenReady:)``, ``stop()``
/// - ``withRunning(folder:firstPort:seed:_:)``
public final class SandboxServer: Sendable {
    /// Whom to call on loopback, for webhooks.
    private let transport: any HTTPTransport
    private let folder: SandboxStateFolder
    private let firstPort: Int
    private let seed: SandboxSeed
    private let state = Mutex(State())

    private struct State {
        var group: ServiceGroup?
        /// Whether the end was asked for, perhaps before there was a group.
        var isStopping = false
    }

    /// Names what is to run; nothing happens before ``run(whenReady:)``.
    /// - Parameters:
    ///   - folder: where the state lies; it is made where it does not exist.
    ///   - firstPort: the first of six consecutive ports; 0 takes any free ones.
    ///   - seed: what a new world holds.
    ///   - transport: how webhooks are sent; nil takes a client that may call loopback and public addresses.
    public init(
        folder: SandboxStateFolder, firstPort: Int = 0, seed: SandboxSeed = .cosell,
        transport: (any HTTPTransport)? = nil
    ) {
        self.folder = folder
        self.firstPort = firstPort
        self.seed = seed
        self.transport = transport ?? CurlTransport(.init(addressPolicy: .local))
    }

    /// Serves until ``stop()`` is called, the control API is told to stop, or the task is cancelled.
    /// - Parameter whenReady: called once, when every port listens and `sandbox.json` is written.
    /// - Throws: `SandboxInUse`, `SandboxStartFailed`; what the database raises.
    public func run(whenReady: @escaping @Sendable (SandboxDescription) async -> Void = { _ in }) async throws {
        try folder.create()
        let lock = try folder.lock()
        defer { withExtendedLifetime(lock) {} }
        let world = try World(path: folder.path + "/sandbox.db", seed: seed)
        let dispatcher = WebhookDispatcher(world: world, send: WebhookSending.send(through: transport))
        let folder = folder
        let describe: @Sendable () throws -> SandboxDescription = {
            try world.perform { transaction in try SandboxDescription(of: world, pid: getpid(), in: transaction) }
        }
        world.observe(
            deliveriesAdded: { dispatcher.wake() },
            usersChanged: { if let description = try? describe() { try? folder.write(description) } })
        let control = ControlService(world: world, seed: seed, describe: describe) { [self] in stop() }

        let (listening, listens) = AsyncStream.makeStream(of: (name: String, port: Int).self)
        var logger = Logger(label: "sandbox")
        logger.logLevel = .error
        var services: [any Service] = []
        for (place, service) in SandboxService.allCases.enumerated() {
            services.append(
                ServicePort(
                    port: port(place), service: service, world: world, logger: logger,
                    answer: { request in world.respond(service, to: request) },
                    listens: { port in listens.yield((service.rawValue, port)) }))
        }
        services.append(
            ServicePort(
                port: port(services.count), service: nil, world: world, logger: logger,
                answer: { request in control.respond(to: request) },
                listens: { port in listens.yield(("control", port)) }))
        var configuration = ServiceGroupConfiguration(
            services: services.map {
                .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup)
            } + [.init(service: DispatcherService(dispatcher: dispatcher))], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(2)
        let serviceGroup = ServiceGroup(configuration: configuration)
        let isStopping = state.withLock { state in
            state.group = serviceGroup
            return state.isStopping
        }
        guard !isStopping else { return }
        defer {
            state.withLock { $0.group = nil }
            folder.removeDescription()
        }
        let count = services.count
        do {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask {
                    var open = 0
                    for await (name, port) in listening {
                        world.setURL("http://127.0.0.1:\(port)", of: name)
                        open += 1
                        if open == count { break }
                    }
                    guard open == count else { return }
                    let description = try describe()
                    try folder.write(description)
                    await whenReady(description)
                }
                tasks.addTask {
                    defer { listens.finish() }
                    try await serviceGroup.run()
                }
                try await tasks.waitForAll()
            }
        } catch let error as FlowError {
            throw error
        } catch is CancellationError {
            return
        } catch {
            throw FlowError(
                .sandboxStartFailed, "The sandbox cannot serve: \(error).",
                hint: "take free ports with: flowrun sandbox start --port 0")
        }
    }

    /// Ends ``run(whenReady:)`` after the requests under way, two seconds later at the latest.
    public func stop() {
        let serviceGroup = state.withLock { state in
            state.isStopping = true
            return state.group
        }
        // The group's call is async only to hop to its state; nobody waits for it.
        Task { await serviceGroup?.triggerGracefulShutdown() }
    }

    /// Runs a sandbox for as long as a closure takes; for tests and embedding.
    /// - Parameters:
    ///   - folder: where the state lies.
    ///   - firstPort: the first of six consecutive ports; 0 takes any free ones.
    ///   - seed: what a new world holds.
    ///   - body: what to do with it.
    /// - Returns: what the closure gives.
    /// - Throws: what ``run(whenReady:)`` and the closure throw.
    public static func withRunning<Value: Sendable>(
        folder: SandboxStateFolder, firstPort: Int = 0, seed: SandboxSeed = .cosell,
        _ body: @escaping @Sendable (SandboxDescription) async throws -> Value
    ) async throws -> Value {
        let server = SandboxServer(folder: folder, firstPort: firstPort, seed: seed)
        let (ready, becomes) = AsyncStream.makeStream(of: SandboxDescription.self)
        return try await withThrowingTaskGroup(of: Value?.self) { tasks in
            tasks.addTask {
                defer { becomes.finish() }
                try await server.run { description in becomes.yield(description) }
                return nil
            }
            tasks.addTask {
                for await description in ready {
                    do {
                        let value = try await body(description)
                        server.stop()
                        return value
                    } catch {
                        server.stop()
                        throw error
                    }
                }
                return nil
            }
            var result: Value?
            while let value = try await tasks.next() {
                if let value { result = value }
            }
            guard let result else {
                throw FlowError(.sandboxStartFailed, "The sandbox ended before it was used.")
            }
            return result
        }
    }

    private func port(_ place: Int) -> Int { firstPort == 0 ? 0 : firstPort + place }
}

/// The dispatcher as one of the server's services.
private struct DispatcherService: Service {
    let dispatcher: WebhookDispatcher

    func run() async throws {
        await withGracefulShutdownHandler {
            await dispatcher.run()
        } onGracefulShutdown: {
            dispatcher.finish()
        }
    }
}
