/// Multipart messages (RFC 2046).
public enum MultipartBody {
    /// A part.
    public struct Part: Sendable {
        /// The header fields in order.
        public var headers: [(name: String, value: String)]
        /// The body.
        public var body: [UInt8]

        /// Makes a part.
        public init(headers: [(name: String, value: String)], body: [UInt8]) {
            self.headers = headers
            self.body = body
        }
    }

    /// The parts of a message; what stands before the first boundary and after the last is passed over.
    public static func read(_ bytes: [UInt8], boundary: String) -> [Part] {
        let mark = Array("--\(boundary)".utf8)
        let starts = occurrences(of: mark, in: bytes)
        var parts: [Part] = []
        for (start, next) in zip(starts, starts.dropFirst()) {
            var begin = start + mark.count
            if bytes[begin...].starts(with: Array("--".utf8)) { break }
            while begin < next, bytes[begin] != 10 { begin += 1 }
            begin += 1
            guard begin <= next else { continue }
            var end = next
            if end > begin, bytes[end - 1] == 10 { end -= 1 }
            if end > begin, bytes[end - 1] == 13 { end -= 1 }
            parts.append(part(bytes[begin..<end]))
        }
        return parts
    }

    /// The bytes of a message.
    public static func write(_ parts: [Part], boundary: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for part in parts {
            bytes += Array("--\(boundary)\r\n".utf8)
            for (name, value) in part.headers { bytes += Array("\(name): \(value)\r\n".utf8) }
            bytes += Array("\r\n".utf8) + part.body + Array("\r\n".utf8)
        }
        return bytes + Array("--\(boundary)--\r\n".utf8)
    }

    private static func part(_ bytes: ArraySlice<UInt8>) -> Part {
        var headers: [(name: String, value: String)] = []
        var rest = bytes
        while let end = rest.firstIndex(of: 10) {
            var line = rest[..<end]
            rest = rest[(end + 1)...]
            if line.last == 13 { line = line.dropLast() }
            if line.isEmpty { return Part(headers: headers, body: Array(rest)) }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let value = String(decoding: line[(colon + 1)...], as: UTF8.self)
            headers.append((String(decoding: line[..<colon], as: UTF8.self), String(value.drop { $0 == " " })))
        }
        return Part(headers: headers, body: [])
    }

    private static func occurrences(of mark: [UInt8], in bytes: [UInt8]) -> [Int] {
        guard !mark.isEmpty, bytes.count >= mark.count else { return [] }
        var places: [Int] = []
        var place = 0
        while place <= bytes.count - mark.count {
            let isAtLineStart = place == 0 || bytes[place - 1] == 10
            if isAtLineStart, bytes[place] == mark[0], bytes[place...].starts(with: mark) {
                places.append(place)
                place += mark.count
            } else {
                place += 1
            }
        }
        return places
    }
}
