import FlowCore
import FlowRuntime
import Glibc
import Logging
import ServiceLifecycle
import Synchronization

@testable import FlowServer

/// A server over a socket of this machine, for as long as a test needs it.
func withServer(
    _ world: ServerWorld, limits: ServerLimits? = nil,
    onSetup: @escaping @Sendable (String, String) -> Void = { _, _ in },
    body: (RunningServer) async throws -> Void
) async throws {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let (addresses, continuation) = AsyncStream<String>.makeStream()
    let environment = world.environment
    let server = EnvironmentServer(
        world.environment, listen: ListenAddress(host: "127.0.0.1", port: 0), socket: nil, logger: logger,
        limits: { limits ?? environment.serverLimits }, onListening: { continuation.yield($0) },
        onSetup: onSetup)
    let group = ServiceGroup(services: [server], logger: logger)
    let running = Task { try await group.run() }
    var base = ""
    for await address in addresses {
        base = address
        break
    }
    do {
        try await body(RunningServer(port: UInt16(base.split(separator: ":").last ?? "") ?? 0))
    } catch {
        await group.triggerGracefulShutdown()
        try? await running.value
        throw error
    }
    await group.triggerGracefulShutdown()
    try await running.value
    await world.environment.shutdown()
}

/// Speaks to a server in bytes, as only an attacker would.
struct RunningServer: Sendable {
    let port: UInt16

    /// An open connection.
    final class Connection: Sendable {
        let descriptor: Int32

        init(port: UInt16, patience: Int = 10, receiveBuffer: Int32? = nil) throws {
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            if var size = receiveBuffer {
                setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
            }
            var time = timeval(tv_sec: patience, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
            setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let result = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard result == 0 else { throw FlowError(.storeUnusable, "no connection: \(errno)") }
        }

        deinit { close(descriptor) }

        /// Sends bytes; whether all of them went out.
        @discardableResult
        func send(_ text: String) -> Bool {
            let bytes = Array(text.utf8)
            return Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
        }

        /// What comes next, or an empty text where the connection ended; nil where nothing came in time.
        func receive() -> String? {
            var bytes = [UInt8](repeating: 0, count: 65_536)
            let count = recv(descriptor, &bytes, bytes.count, 0)
            if count < 0 { return errno == EAGAIN ? nil : "" }
            return String(decoding: bytes.prefix(count), as: UTF8.self)
        }

        /// One whole answer, as its length says.
        func answer() -> String {
            var text = ""
            while let more = receive(), !more.isEmpty {
                text += more
                guard let head = text.firstRange(of: "\r\n\r\n") else { continue }
                let fields = text[..<head.lowerBound].lowercased()
                guard let field = fields.firstRange(of: "content-length: ") else { return text }
                let length = Int(fields[field.upperBound...].prefix { $0.isNumber }) ?? 0
                if text[head.upperBound...].utf8.count >= length { return text }
            }
            return text
        }

        /// Whether the server has ended the connection, without reading what it sent.
        func isCut() -> Bool {
            for _ in 0..<500 {
                // A connection that is closed at its other end answers what is sent with a reset.
                guard send("x") else { return true }
                var state = pollfd(fd: descriptor, events: 0, revents: 0)
                if poll(&state, 1, 20) == 1, state.revents & Int16(POLLHUP | POLLERR) != 0 { return true }
            }
            return false
        }

        /// Whether the server has ended the connection.
        func hasEnded() -> Bool {
            while let more = receive() { if more.isEmpty { return true } }
            return false
        }
    }

    func open(patience: Int = 10, receiveBuffer: Int32? = nil) throws -> Connection {
        try Connection(port: port, patience: patience, receiveBuffer: receiveBuffer)
    }

    /// The answer to bytes on a connection of their own; blocking calls stay off the tests' threads.
    func exchange(_ text: String) async throws -> String {
        try await blocking {
            let connection = try open()
            connection.send(text)
            return connection.answer()
        }
    }

    /// Carries out blocking calls on a thread of their own.
    func blocking<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let work = Work { continuation.resume(with: Swift.Result(catching: body)) }
            var thread = pthread_t()
            pthread_create(
                &thread, nil,
                { pointer in
                    if let pointer { Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().run() }
                    return nil
                }, Unmanaged.passRetained(work).toOpaque())
            pthread_detach(thread)
        }
    }

    private final class Work {
        let run: () -> Void

        init(_ run: @escaping () -> Void) { self.run = run }
    }
}
