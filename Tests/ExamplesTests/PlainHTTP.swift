import FlowCore
import Foundation
import Testing

/// HTTP in plain bytes, as far as the tests need it.
enum PlainHTTP {
    struct Answer: Sendable {
        let status: Int
        let head: String
        let body: String

        var json: JSON { (try? JSON(parsing: Array(body.utf8))) ?? .null }
    }

    /// Sends a request to a port of this machine and waits for the answer.
    static func send(
        _ method: String, _ target: String, port: UInt16, headers: [String] = [], body: String = ""
    ) async throws -> Answer {
        let lines = ["Host: 127.0.0.1:\(port)", "Connection: close", "Content-Length: \(body.utf8.count)"] + headers
        let request = "\(method) \(target) HTTP/1.1\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n" + body
        let text = try await onThread {
            let descriptor = try connection(to: port)
            defer { close(descriptor) }
            let bytes = Array(request.utf8)
            _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            return received(descriptor) { _ in false }
        }
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        return Answer(
            status: Int(text.dropFirst(9).prefix(3)) ?? 0, head: String(parts[0]),
            body: parts.count > 1 ? String(parts[1]) : "")
    }

    /// Listens for one request, answers it with an empty object, and gives its text.
    final class Recorder: Sendable {
        let port: UInt16
        private let descriptor: Int32

        init() throws {
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = loopback(0)
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let descriptor = descriptor
            let isBound = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
                }
            }
            try #require(isBound && listen(descriptor, 4) == 0)
            port = UInt16(bigEndian: address.sin_port)
        }

        deinit { close(descriptor) }

        /// The next request, head and all.
        func next() async throws -> String {
            let descriptor = descriptor
            return try await onThread {
                setPatience(of: descriptor)
                let connection = accept(descriptor, nil, nil)
                try #require(connection >= 0)
                defer { close(connection) }
                setPatience(of: connection)
                let request = received(connection) { $0.contains("\r\n\r\n") }
                let answer = Array(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
                        .utf8)
                _ = Glibc.send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
                return request
            }
        }
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private static func setPatience(of descriptor: Int32) {
        var time = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    private static func connection(to port: UInt16) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        setPatience(of: descriptor)
        var address = loopback(port)
        let isOpen = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        try #require(isOpen)
        return descriptor
    }

    private static func received(_ descriptor: Int32, until isEnough: (String) -> Bool) -> String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { break }
            bytes.append(contentsOf: chunk[..<count])
            if isEnough(String(decoding: bytes, as: UTF8.self)) { break }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Blocking calls stay off the tests' threads.
    private static func onThread<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
        }
    }
}

extension ScratchFolder {
    /// The port on which `serve` listens.
    func servedPort() throws -> UInt16 {
        let log = try read("serve.log")
        let start = try #require(log.firstRange(of: "at http://127.0.0.1:")?.upperBound)
        return try #require(UInt16(log[start...].prefix { $0.isNumber }))
    }
}
