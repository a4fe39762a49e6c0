import FlowCore
import Foundation
import Synchronization

/// A server on loopback that answers every request with the same kilobyte and costs next to nothing.
///
/// One thread waits for all connections; requests are told apart by their empty line and `Content-Length`.
final class LoopbackServer: Sendable {
    let port: Int
    private let listener: Int32
    private let isStopping = Atomic(false)
    private let served = Atomic(0)

    /// `HOST:PORT`.
    var host: String { "127.0.0.1:\(port)" }
    /// How many requests were answered.
    var requestCount: Int { served.load(ordering: .relaxed) }

    private static let answer: [UInt8] = {
        let items = (0..<20).map { JSON.object(["id": .integer(Int64($0)), "name": .string("Contoso number \($0)")]) }
        let body = JSON.array(items).bytes
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n"
        return Array(head.utf8) + body
    }()

    init() throws {
        (listener, port) = try LoopbackSocket.listening()
        Thread.detachNewThread { self.serve() }
    }

    /// Ends the thread.
    func stop() {
        isStopping.store(true, ordering: .relaxed)
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func serve() {
        var sockets = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
        var received: [Int32: [UInt8]] = [:]
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while poll(&sockets, nfds_t(sockets.count), -1) >= 0, !isStopping.load(ordering: .relaxed) {
            var closed: Set<Int32> = []
            for entry in sockets.dropFirst() where entry.revents != 0 {
                let count = recv(entry.fd, &buffer, buffer.count, 0)
                guard count > 0 else {
                    close(entry.fd)
                    received[entry.fd] = nil
                    closed.insert(entry.fd)
                    continue
                }
                received[entry.fd, default: []].append(contentsOf: buffer[..<count])
                while let length = Self.requestLength(received[entry.fd] ?? []) {
                    received[entry.fd]?.removeFirst(length)
                    served.add(1, ordering: .relaxed)
                    _ = Self.answer.withUnsafeBytes {
                        send(entry.fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                    }
                }
            }
            if sockets[0].revents != 0 {
                let accepted = accept(listener, nil, nil)
                if accepted >= 0 { sockets.append(pollfd(fd: accepted, events: Int16(POLLIN), revents: 0)) }
            }
            if !closed.isEmpty { sockets.removeAll { closed.contains($0.fd) } }
        }
        for entry in sockets { close(entry.fd) }
    }

    /// How many bytes the first request has, once all of it is there.
    private static func requestLength(_ bytes: [UInt8]) -> Int? {
        let (cr, lf) = (UInt8(ascii: "\r"), UInt8(ascii: "\n"))
        guard bytes.count >= 4,
            let end = (3..<bytes.count).first(where: {
                bytes[$0] == lf && bytes[$0 - 1] == cr && bytes[$0 - 2] == lf && bytes[$0 - 3] == cr
            })
        else { return nil }
        guard bytes[0] != UInt8(ascii: "G") else { return end + 1 }
        let fields = bytes[...end].split(separator: lf)
        let name = "content-length:"
        let field = fields.first { String(decoding: $0.prefix(name.utf8.count), as: UTF8.self).lowercased() == name }
        let digits = field?.dropFirst(name.utf8.count).filter { (0x30...0x39).contains($0) } ?? []
        let length = digits.reduce(0) { $0 * 10 + Int($1) - 0x30 }
        return bytes.count > end + length ? end + 1 + length : nil
    }
}
