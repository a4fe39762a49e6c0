import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// A server of a few lines for the tests of the client: plain sockets, one thread a connection.
final class LoopbackServer: Sendable {
    /// A request as it came.
    struct Request: Sendable {
        var method: String
        var target: String
        var headers: [String: String]
        var body: [UInt8]
        /// The number of the connection, from 1.
        var connection: Int
    }

    /// What the server does with a request.
    enum Reply: Sendable {
        /// Writes a full answer and keeps the connection.
        case answer(Int, [String: String] = [:], [UInt8] = [])
        /// Writes these bytes and closes.
        case raw([UInt8])
        /// Closes without a word.
        case close
        /// Says nothing until the client goes away.
        case silence
    }

    let port: Int
    private let listener: Int32
    private let log = Mutex<[Request]>([])
    private let connections = Mutex(0)

    var requests: [Request] { log.withLock { $0 } }
    var url: String { "http://127.0.0.1:\(port)" }

    init(unixPath: String? = nil, _ handler: @escaping @Sendable (Request) -> Reply) throws {
        let family = unixPath == nil ? AF_INET : AF_UNIX
        let listener = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        if let unixPath {
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(unixPath.utf8)) }
            let status = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            guard status == 0 else { throw POSIXError(.EADDRINUSE) }
            port = 0
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let bound = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    bind(listener, address, length) == 0 && getsockname(listener, address, &length) == 0
                }
            }
            guard bound else { throw POSIXError(.EADDRINUSE) }
            port = Int(UInt16(bigEndian: address.sin_port))
        }
        listen(listener, 128)
        Thread.detachNewThread { [weak self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0, let self else { return }
                let number = connections.withLock { count in
                    count += 1
                    return count
                }
                Thread.detachNewThread { self.serve(client, number, handler) }
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    private func serve(_ client: Int32, _ number: Int, _ handler: @Sendable (Request) -> Reply) {
        defer { close(client) }
        var buffer: [UInt8] = []
        while let request = Self.readRequest(client, &buffer, number) {
            log.withLock { $0.append(request) }
            switch handler(request) {
            case .answer(let status, let headers, let body):
                var head = "HTTP/1.1 \(status) Whatever\r\n"
                for (name, value) in headers { head += "\(name): \(value)\r\n" }
                head += "Content-Length: \(body.count)\r\n\r\n"
                Self.write(client, Array(head.utf8) + (request.method == "HEAD" ? [] : body))
            case .raw(let bytes):
                Self.write(client, bytes)
                return
            case .close: return
            case .silence:
                var byte: UInt8 = 0
                _ = recv(client, &byte, 1, 0)
                return
            }
        }
    }

    private static func write(_ client: Int32, _ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return }
            sent += count
        }
    }

    private static func readRequest(_ client: Int32, _ buffer: inout [UInt8], _ number: Int) -> Request? {
        func more() -> Bool {
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = recv(client, &chunk, chunk.count, 0)
            guard count > 0 else { return false }
            buffer.append(contentsOf: chunk[..<count])
            return true
        }
        var end: Int?
        while true {
            end = buffer.indices.dropLast(3).first { buffer[$0..<$0 + 4].elementsEqual([13, 10, 13, 10]) }
            if end != nil { break }
            guard more() else { return nil }
        }
        guard let end else { return nil }
        let lines = String(decoding: buffer[..<end], as: UTF8.self).components(separatedBy: "\r\n")
        buffer.removeFirst(end + 4)
        let start = lines[0].split(separator: " ").map(String.init)
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(
                in: .whitespaces)
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        while buffer.count < length { guard more() else { return nil } }
        let body = Array(buffer[..<length])
        buffer.removeFirst(length)
        return Request(method: start[0], target: start[1], headers: headers, body: body, connection: number)
    }
}
