import Foundation
import Synchronization

/// A service on loopback that answers every request at once and counts what it saw, by path.
///
/// It outlives the processes that are killed, so its count is what the world knows of their effects.
final class CountingService: Sendable {
    private struct State {
        var counts: [String: Int] = [:]
        var requests = 0
        var ended = 0
        /// The first request after the last call of ``listen()``.
        var first: ContinuousClock.Instant?
    }

    let port: Int
    private let state = Mutex(State())

    init() throws {
        let (descriptor, port) = try LoopbackSocket.listening()
        self.port = port
        // The service lives as long as the program.
        Thread.detachNewThread {
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { continue }
                Thread.detachNewThread { self.serve(connection) }
            }
        }
    }

    /// How often each path was called.
    var counts: [String: Int] { state.withLock { $0.counts } }

    /// How many requests came.
    var requests: Int { state.withLock { $0.requests } }

    /// How many paths that end with `/Last/` were called.
    var ended: Int { state.withLock { $0.ended } }

    /// Forgets when the first request came: the next one is the first.
    func listen() { state.withLock { $0.first = nil } }

    /// When the first request came since ``listen()``.
    var firstRequest: ContinuousClock.Instant? { state.withLock { $0.first } }

    private func serve(_ connection: Int32) {
        defer { close(connection) }
        var one: Int32 = 1
        setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        var buffer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let head = buffer.firstRange(of: end) {
                let lines = String(decoding: buffer[..<head.lowerBound], as: UTF8.self).split(separator: "\r\n")
                let length = lines.lazy.compactMap { Self.contentLength($0) }.first ?? 0
                if buffer.count >= head.upperBound + length {
                    buffer.removeFirst(head.upperBound + length)
                    note(lines.first.map { String($0.split(separator: " ")[1]) } ?? "")
                    let answer = Array(
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}".utf8)
                    guard send(connection, answer, answer.count, Int32(MSG_NOSIGNAL)) == answer.count else { return }
                    continue
                }
            }
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return }
            buffer += chunk[..<count]
        }
    }

    private static func contentLength(_ line: Substring) -> Int? {
        let parts = line.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "content-length" else { return nil }
        return Int(parts[1].trimmingCharacters(in: .whitespaces))
    }

    private func note(_ path: String) {
        state.withLock { state in
            if state.counts[path] == nil, path.hasSuffix("/Last/") { state.ended += 1 }
            state.counts[path, default: 0] += 1
            state.requests += 1
            if state.first == nil { state.first = .now }
        }
    }
}
