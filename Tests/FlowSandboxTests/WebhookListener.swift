import FlowCore
import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// A receiver of webhooks on a free loopback port: it answers each request with the next status of a script.
final class WebhookListener: Sendable {
    /// A received request.
    struct Received: Sendable {
        var headers: [String: String]
        var body: [UInt8]

        var json: JSON { (try? JSONReader.read(body)) ?? .null }
    }

    let port: UInt16
    let received: AsyncStream<Received>
    private let socketHandle: Int32
    private let continuation: AsyncStream<Received>.Continuation
    private let statuses: Mutex<[Int]>

    /// Listens; requests beyond the script are answered with 202.
    init(statuses: [Int] = []) {
        self.statuses = Mutex(statuses)
        (received, continuation) = AsyncStream.makeStream()
        socketHandle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let handle = socketHandle
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                _ = bind(handle, pointer, length)
                _ = listen(handle, 16)
                _ = getsockname(handle, pointer, &length)
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [weak self] in
            while true {
                let client = accept(handle, nil, nil)
                guard client >= 0, let self else { return }
                serve(client)
                close(client)
            }
        }
    }

    deinit {
        shutdown(socketHandle, Int32(SHUT_RDWR))
        close(socketHandle)
    }

    var url: String { "http://127.0.0.1:\(port)/hook?sig=abc" }

    /// The next so many requests.
    func next(_ count: Int) async -> [Received] {
        var found: [Received] = []
        for await request in received {
            found.append(request)
            if found.count == count { break }
        }
        return found
    }

    private func serve(_ client: Int32) {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            if let end = text.range(of: "\r\n\r\n") {
                var headers: [String: String] = [:]
                for line in text[..<end.lowerBound].components(separatedBy: "\r\n").dropFirst() {
                    guard let mark = line.firstIndex(of: ":") else { continue }
                    headers[line[..<mark].lowercased()] =
                        line[line.index(after: mark)...].trimmingCharacters(in: .whitespaces)
                }
                let wanted = headers["content-length"].flatMap { Int($0) } ?? 0
                let body = Array(bytes.dropFirst(text[..<end.upperBound].utf8.count))
                if body.count >= wanted {
                    let status = statuses.withLock { $0.isEmpty ? 202 : $0.removeFirst() }
                    let answer = Array("HTTP/1.1 \(status) X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8)
                    _ = send(client, answer, answer.count, Int32(MSG_NOSIGNAL))
                    continuation.yield(Received(headers: headers, body: body))
                    return
                }
            }
            let count = recv(client, &chunk, chunk.count, 0)
            guard count > 0 else { return }
            bytes += chunk[..<count]
        }
    }
}
