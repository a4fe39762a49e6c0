import FlowCore

/// Reads `multipart/mixed` as a service has to: a body that its boundary does not end is refused, where `MultipartBody` takes
/// what is there.
enum MultipartMixed {
    /// The boundary of a `Content-Type`, or nil where it names another type or none.
    static func boundary(_ type: String?) -> String? {
        let parts = (type ?? "").split(separator: ";").map { String($0).trimmed }
        guard parts.first?.lowercased() == "multipart/mixed" else { return nil }
        for part in parts.dropFirst() where part.lowercased().hasPrefix("boundary=") {
            let value = part.dropFirst("boundary=".count).filter { $0 != "\"" }
            return value.isEmpty ? nil : value
        }
        return nil
    }

    /// The parts of a body, or nil where the boundary does not end it.
    static func parts(_ body: [UInt8], boundary: String) -> [MultipartBody.Part]? {
        let (delimiter, end) = ("--" + boundary, "--" + boundary + "--")
        var parts: [MultipartBody.Part] = []
        var content: [UInt8]?
        for line in lines(body) {
            let text = String(decoding: line.prefix(end.utf8.count + 80), as: UTF8.self).trimmed
            guard text == delimiter || text == end else {
                content?.append(contentsOf: line)
                continue
            }
            if var whole = content {
                // The line break before a delimiter belongs to the delimiter.
                if whole.last == UInt8(ascii: "\n") { whole.removeLast() }
                if whole.last == UInt8(ascii: "\r") { whole.removeLast() }
                let (_, headers, rest) = head(whole, hasStartLine: false)
                parts.append(MultipartBody.Part(headers: headers, body: rest))
            }
            if text == end { return parts }
            content = []
        }
        return nil
    }

    /// The start line (empty where there is none), the header fields and the rest of a message.
    static func head(
        _ message: [UInt8], hasStartLine: Bool
    ) -> (start: String, headers: [(name: String, value: String)], rest: [UInt8]) {
        var start = ""
        var needsStart = hasStartLine
        var headers: [(name: String, value: String)] = []
        var place = 0
        for line in lines(message) {
            place += line.count
            let text = String(decoding: line, as: UTF8.self).trimmed
            if needsStart {
                // Clients put an empty line more before the request line.
                start = text
                needsStart = text.isEmpty
            } else if text.isEmpty {
                break
            } else if let mark = text.firstIndex(of: ":") {
                headers.append((String(text[..<mark]).trimmed, String(text[text.index(after: mark)...]).trimmed))
            }
        }
        return (start, headers, Array(message[place...]))
    }

    /// The lines with their ends.
    private static func lines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.count
            lines.append(bytes[start..<end])
            start = end
        }
        return lines
    }
}

extension MultipartBody.Part {
    /// The first value of a header, its name compared without regard to case.
    func header(_ name: String) -> String? {
        let folded = name.lowercased()
        return headers.first { $0.name.lowercased() == folded }?.value
    }
}
