import FlowCore
public import FlowRuntime
import Glibc
import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
public import ServiceLifecycle

/// Serves an environment over HTTP: on the owner's socket, and on a TCP address where one is given.
///
/// It runs until graceful shutdown; requests under way are answered first. The environment is started and shut down by
/// whoever made it.
///
/// ```swift
/// let server = EnvironmentServer(environment, listen: ListenAddress("127.0.0.1:7070"), logger: logger)
/// try await ServiceGroup(services: [server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger).run()
/// ```
public struct EnvironmentServer: Service {
    private let environment: FlowEnvironment
    private let listen: ListenAddress?
    private let socket: String?
    private let logger: Logger
    /// The limits on clients, as they are at the moment.
    private let limits: @Sendable () -> ServerLimits
    private let onListening: @Sendable (String) -> Void
    private let onSetup: @Sendable (String, String) -> Void

    /// Makes a server.
    /// - Parameters:
    ///   - environment: what it serves.
    ///   - listen: the TCP address; nil listens on the socket alone.
    ///   - socket: the path of the owner's socket; nil listens on TCP alone.
    ///   - logger: where it logs.
    ///   - onListening: is told the address once it listens on TCP, such as `http://127.0.0.1:7070`.
    ///   - onSetup: is told the first admin and the address, a secret, at which they set a password once.
    public init(
        _ environment: FlowEnvironment, listen: ListenAddress?, socket: String?, logger: Logger,
        onListening: @escaping @Sendable (String) -> Void = { _ in },
        onSetup: @escaping @Sendable (_ upn: String, _ address: String) -> Void = { _, _ in }
    ) {
        self.init(
            environment, listen: listen, socket: socket, logger: logger, limits: { environment.serverLimits },
            onListening: onListening, onSetup: onSetup)
    }

    init(
        _ environment: FlowEnvironment, listen: ListenAddress?, socket: String?, logger: Logger,
        limits: @escaping @Sendable () -> ServerLimits,
        onListening: @escaping @Sendable (String) -> Void,
        onSetup: @escaping @Sendable (_ upn: String, _ address: String) -> Void = { _, _ in }
    ) {
        self.onSetup = onSetup
        self.environment = environment
        self.listen = listen
        self.socket = socket
        self.logger = logger
        self.limits = limits
        self.onListening = onListening
    }

    /// Serves until graceful shutdown.
    public func run() async throws {
        let router = EnvironmentRouter(environment: environment, counters: RequestCounters(), logger: logger)
        var services: [any Service] = []
        let path = try socket.map { socket throws(FlowError) in try SocketPath(socket) }
        defer { withExtendedLifetime(path) {} }
        if let socket, let path {
            // A socket that an earlier owner left behind would keep us from listening; the lock says that it is gone.
            unlink(socket)
            let registry = ConnectionRegistry(limits)
            let responder = EnvironmentResponder(router: router, hosts: nil, limits: limits, registry: registry)
            services.append(
                Application(
                    responder: responder, server: http(registry),
                    configuration: ApplicationConfiguration(address: .unixDomainSocket(path: path.text)),
                    onServerRunning: { _ in chmod(socket, 0o600) }, logger: logger))
        }
        if let listen {
            let hosts = AllowedHosts(listen: listen, publicURL: environment.settings.server.publicURL)
            let registry = ConnectionRegistry(limits)
            let responder = EnvironmentResponder(router: router, hosts: hosts, limits: limits, registry: registry)
            let environment = environment
            let onListening = onListening
            let onSetup = onSetup
            services.append(ConnectionSweeper(registry: registry, interval: limits().sweepInterval))
            services.append(
                Application(
                    responder: responder, server: http(registry),
                    configuration: ApplicationConfiguration(
                        address: .hostname(listen.host, port: listen.port), backlog: 1_024),
                    onServerRunning: { channel in
                        let port = channel.localAddress?.port ?? listen.port
                        let base = "http://\(ListenAddress(host: listen.host, port: port))"
                        environment.listens(at: base)
                        onListening(base)
                        await Self.offerSetup(environment, router.sessions, onSetup)
                    }, logger: logger))
        }
        defer { if let socket { unlink(socket) } }
        let group = ServiceGroup(services: services, logger: logger)
        try await group.run()
    }

    /// Gives the address at which the first admin sets a password, where none has one.
    private static func offerSetup(
        _ environment: FlowEnvironment, _ sessions: Sessions, _ onSetup: @Sendable (String, String) -> Void
    ) async {
        // A store that cannot be written now says so elsewhere; the next start offers it again.
        guard let upn = try? await environment.makeFirstAdmin() else { return }
        let code = sessions.makeSetupCode(for: upn, now: environment.clock.now)
        onSetup(upn, "\(environment.publicAddress)/setup?code=\(code)")
    }

    /// HTTP/1.1 with our limits on heads and silence.
    private func http(_ registry: ConnectionRegistry) -> HTTPServerBuilder {
        HTTPServerBuilder { [limits, logger] responder in
            LoopChannel {
                let limits = limits()
                let configuration = HTTP1Channel.Configuration(
                    additionalChannelHandlers: [ConnectionGate(registry), UnreadableRequests(logger)],
                    idleTimeout: TimeAmount(limits.silence),
                    httpDecoderConfiguration: HTTP1Channel.Configuration.DecoderConfiguration(
                        maxHeaderFieldSize: limits.headerFieldSize, maxHeaderListSize: limits.headerListSize,
                        maxHeaderFieldCount: limits.headerCount))
                return HTTP1Channel(responder: responder, configuration: configuration)
            }
        }
    }
}

/// Which names a caller may give as `Host`: a page in a browser must not reach the server under a name of its own.
struct AllowedHosts: Sendable {
    private let names: Set<String>

    init(listen: ListenAddress, publicURL: String?) {
        var names: Set<String> = ["localhost", listen.host.lowercased()]
        if let publicURL, let host = Self.host(ofURL: publicURL) { names.insert(host) }
        self.names = names
    }

    /// Whether a request may carry this `Host`; addresses are no names and so always allowed.
    func allow(_ authority: String?) -> Bool {
        guard let authority, !authority.isEmpty else { return true }
        let host = Self.withoutPort(authority.lowercased())
        return names.contains(host) || host.hasPrefix("[") || host.allSatisfy { $0.isNumber || $0 == "." }
    }

    private static func host(ofURL url: String) -> String? {
        guard let start = url.firstRange(of: "://")?.upperBound else { return nil }
        return withoutPort(String(url[start...].prefix { $0 != "/" }).lowercased())
    }

    private static func withoutPort(_ authority: String) -> String {
        if authority.hasPrefix("[") { return String(authority.prefix { $0 != "]" }) + "]" }
        return String(authority.prefix { $0 != ":" })
    }
}
