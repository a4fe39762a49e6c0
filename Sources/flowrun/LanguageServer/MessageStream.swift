import FlowCore
import Glibc

/// Messages of the Language Server Protocol over two descriptors: a header with `Content-Length`, then JSON.
struct MessageStream {
    /// What was read.
    enum Incoming {
        /// A message.
        case message(JSON)
        /// Content that is no JSON; the next message follows.
        case unreadable(String)
        /// The other side has closed, or does not speak the protocol.
        case end
    }

    /// The largest message that is read, in bytes.
    private static let sizeLimit = 64 * 1024 * 1024

    private let input: Int32
    private let output: Int32
    private var buffer: [UInt8] = []
    /// Where the next message begins in the buffer.
    private var start = 0
    private var hasEnded = false

    /// Makes a stream; without descriptors it is stdin and stdout.
    init(input: Int32 = STDIN_FILENO, output: Int32 = STDOUT_FILENO) {
        self.input = input
        self.output = output
    }

    /// The next message.
    /// - Parameter waits: whether to wait for one.
    /// - Returns: what came; nil where nothing has and it was not to be waited for.
    mutating func next(waits: Bool) -> Incoming? {
        while true {
            if let incoming = takeMessage() { return incoming }
            if hasEnded { return .end }
            guard waits || hasInput else { return nil }
            fill()
        }
    }

    /// Sends a message.
    func send(_ message: JSON) {
        let content = message.bytes
        // An editor that is gone closes stdin as well, which ends the server.
        _ = Descriptor.write(Array("Content-Length: \(content.count)\r\n\r\n".utf8) + content, to: output)
    }

    private var hasInput: Bool {
        var descriptor = pollfd(fd: input, events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, 0) > 0
    }

    private mutating func fill() {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = read(input, &chunk, chunk.count)
        if count < 0, errno == EINTR { return }
        guard count > 0 else {
            hasEnded = true
            return
        }
        if start > 0 {
            buffer.removeSubrange(..<start)
            start = 0
        }
        buffer.append(contentsOf: chunk[..<count])
    }

    private mutating func takeMessage() -> Incoming? {
        guard let (length, contentStart) = header else { return nil }
        guard let length, length <= Self.sizeLimit else {
            hasEnded = true
            return .end
        }
        guard buffer.count - contentStart >= length else { return nil }
        let content = Array(buffer[contentStart..<(contentStart + length)])
        start = contentStart + length
        do throws(JSONReader.Failure) {
            return .message(try JSONReader.read(content))
        } catch {
            return .unreadable(error.message)
        }
    }

    /// The length that the header at the buffer's beginning gives, and where its content begins; nil where the header
    /// is not there yet.
    private var header: (length: Int?, contentStart: Int)? {
        let end = Array("\r\n\r\n".utf8)
        var place = start
        while place + end.count <= buffer.count {
            if buffer[place] == end[0], buffer[place..<(place + end.count)].elementsEqual(end) {
                let text = String(decoding: buffer[start..<place], as: UTF8.self)
                return (Self.length(in: text), place + end.count)
            }
            place += 1
            // No header is so long: this is another protocol.
            if place - start > 8_192 { return (nil, place) }
        }
        return nil
    }

    private static func length(in header: String) -> Int? {
        for line in header.split(separator: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "content-length" else { continue }
            return Int(parts[1].filter { $0 != " " }).flatMap { $0 >= 0 ? $0 : nil }
        }
        return nil
    }
}
