import FlowCore
public import FlowRuntime
import Glibc
import HTTPTypes
import Hummingbird
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
    private let onListening: @Sendable (String) -> Void

    /// Makes a server.
    /// - Parameters:
    ///   - environment: what it serves.
    ///   - listen: the TCP address; nil listens on the socket alone.
    ///   - socket: the path of the owner's socket; nil listens on TCP alone.
    ///   - logger: where it logs.
    ///   - onListening: is told the address once it listens on TCP, such as `http://127.0.0.1:7070`.
    public init(
        _ environment: FlowEnvironment, listen: ListenAddress?, socket: String?, logger: Logger,
        onListening: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.environment = environment
        self.listen = listen
        self.socket = socket
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until graceful shutdown.
    public func run() async throws {
        let router = EnvironmentRouter(environment: environment, counters: RequestCounters())
        var services: [any Service] = []
        if let socket {
            // A socket that an earlier owner left behind would keep us from listening; the lock says that it is gone.
            unlink(socket)
            let responder = EnvironmentResponder(router: router, hosts: nil)
            let configuration = ApplicationConfiguration(address: .unixDomainSocket(path: socket))
            services.append(
                Application(
                    responder: responder, configuration: configuration, onServerRunning: { _ in chmod(socket, 0o600) },
                    logger: logger))
        }
        if let listen {
            let hosts = AllowedHosts(listen: listen, publicURL: environment.settings.server.publicURL)
            let responder = EnvironmentResponder(router: router, hosts: hosts)
            let configuration = ApplicationConfiguration(address: .hostname(listen.host, port: listen.port))
            let environment = environment
            let onListening = onListening
            services.append(
                Application(
                    responder: responder, configuration: configuration,
                    onServerRunning: { channel in
                        let port = channel.localAddress?.port ?? listen.port
                        let base = "http://\(ListenAddress(host: listen.host, port: port))"
                        environment.listens(at: base)
                        onListening(base)
                    }, logger: logger))
        }
        defer { if let socket { unlink(socket) } }
        let group = ServiceGroup(services: services, logger: logger)
        try await group.run()
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

/// Turns requests of the HTTP server into values and back.
struct EnvironmentResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    /// The platform's limit of a message.
    private static let bodyLimit = 100 * 1_024 * 1_024

    let router: EnvironmentRouter
    /// The names that may stand in `Host`; nil on the owner's socket.
    let hosts: AllowedHosts?

    func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
        if let hosts, !hosts.allow(request.head.authority) {
            return Self.response(
                .error(
                    FlowError(.invalidHost, "The host '\(request.head.authority ?? "")' is not this server."),
                    status: 421))
        }
        let buffer: ByteBuffer
        do {
            buffer = try await request.body.collect(upTo: Self.bodyLimit)
        } catch {
            return Response(status: .contentTooLarge)
        }
        let headers = request.headers.map { (name: $0.name.rawName, value: $0.value) }
        let authority = request.head.authority.map { [(name: "Host", value: $0)] } ?? []
        let value = APIRequest(
            request.method.rawValue, request.head.path ?? "/", headers: authority + headers,
            body: Array(buffer.readableBytesView), isLocal: hosts == nil)
        return Self.response(await router.respond(to: value))
    }

    private static func response(_ response: APIResponse) -> Response {
        var headers = HTTPFields()
        for header in response.headers {
            // A flow's Response may name headers that HTTP does not allow; those are left out.
            guard let name = HTTPField.Name(header.name), HTTPField.isValidValue(header.value) else { continue }
            headers.append(HTTPField(name: name, value: header.value))
        }
        let status = HTTPTypes.HTTPResponse.Status(code: response.status)
        // These two have neither body nor length.
        guard response.status != 204, response.status != 304 else { return Response(status: status, headers: headers) }
        return Response(
            status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: response.body)))
    }
}
