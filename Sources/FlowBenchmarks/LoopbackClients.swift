import FlowCore
import Foundation

/// Clients on loopback that send one request each, again and again, as soon as the one before is answered.
///
/// One thread serves all of them, so that they take as little as can be from the server beside them.
enum LoopbackClients {
    /// What came of the requests.
    struct Outcome {
        /// How long all of it took.
        var took = Duration.zero
        /// How long each answer took, the shortest first.
        var times: [Duration] = []
        /// How many answers there were by status.
        var statuses: [Int: Int] = [:]

        /// How many were answered in a second.
        var rate: Double { Double(times.count) / took.seconds }

        /// The time that so many of a hundred answers did not exceed.
        func percentile(_ percent: Int) -> Duration {
            times.isEmpty ? .zero : times[min(times.count - 1, times.count * percent / 100)]
        }
    }

    private struct Client {
        let descriptor: Int32
        var received: [UInt8] = []
        var sentAt = ContinuousClock.now
        var isWaiting = false
    }

    /// A request as it goes over the wire.
    static func request(_ method: String, _ target: String, port: Int, body: String = "") -> [UInt8] {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n"
        if !body.isEmpty { head += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n" }
        return Array((head + "\r\n" + body).utf8)
    }

    /// Sends a request a number of times.
    /// - Parameters:
    ///   - request: the request.
    ///   - port: where the server listens.
    ///   - count: how many clients share the work.
    ///   - times: how many answers are waited for.
    ///   - pause: how long each client rests between an answer and its next request.
    /// - Returns: what came of it.
    /// - Throws: where the server closes a connection.
    static func send(
        _ request: [UInt8], port: Int, clients count: Int, times: Int, pause: Duration = .zero
    ) throws -> Outcome {
        var clients = try (0..<count).map { _ in Client(descriptor: try LoopbackSocket.connected(port)) }
        defer { for client in clients { close(client.descriptor) } }
        var sockets = clients.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        var outcome = Outcome()
        outcome.times.reserveCapacity(times)
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var left = times
        let start = ContinuousClock.now
        while outcome.times.count < times {
            let now = ContinuousClock.now
            for place in clients.indices where !clients[place].isWaiting && left > 0 && clients[place].sentAt <= now {
                left -= 1
                clients[place].sentAt = now
                clients[place].isWaiting = true
                try write(request, to: clients[place].descriptor)
            }
            guard poll(&sockets, nfds_t(sockets.count), pause == .zero ? 1_000 : 1) >= 0 else { break }
            for place in sockets.indices where sockets[place].revents != 0 {
                let length = recv(sockets[place].fd, &buffer, buffer.count, 0)
                guard length > 0 else {
                    throw FlowError(.invalidArgument, "The server closed a connection of the bench.")
                }
                clients[place].received += buffer[..<length]
                guard let status = status(of: clients[place].received) else { continue }
                let now = ContinuousClock.now
                outcome.times.append(now - clients[place].sentAt)
                outcome.statuses[status, default: 0] += 1
                clients[place].received.removeAll(keepingCapacity: true)
                clients[place].isWaiting = false
                clients[place].sentAt = now + pause
            }
        }
        outcome.took = ContinuousClock.now - start
        outcome.times.sort()
        return outcome
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) throws {
        let sent = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard sent == bytes.count else {
            throw FlowError(.invalidArgument, "The server takes no request of the bench.")
        }
    }

    /// The status of an answer, once all of it is there.
    ///
    /// Read byte by byte without a text in between, since whatever it takes is taken from the server beside it.
    private static func status(of bytes: [UInt8]) -> Int? {
        bytes.withUnsafeBytes { bytes in
            let name = "content-length:".utf8
            var (line, length) = (0, 0)
            while let end = bytes[line...].firstIndex(of: UInt8(ascii: "\n")) {
                if end <= line + 1 {
                    guard bytes.count > end + length else { return nil }
                    return number(in: bytes, from: "HTTP/1.1 ".utf8.count)
                }
                if end - line > name.count, zip(bytes[line..<end], name).allSatisfy({ $0 | 0x20 == $1 | 0x20 }) {
                    length = number(in: bytes, from: line + name.count)
                }
                line = end + 1
            }
            return nil
        }
    }

    /// The decimal number at a place, after spaces.
    private static func number(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        bytes[start...].drop { $0 == UInt8(ascii: " ") }.prefix { $0 &- UInt8(ascii: "0") < 10 }
            .reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }
}
