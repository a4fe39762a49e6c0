import FlowCore
import FlowRuntime
import Glibc
import Logging

/// Log entries to stderr, one a line: as JSON for programs, or as `time level message key=value` for people.
///
/// Whatever a client sent stands in them with its control characters escaped, so that no entry can look like two.
struct LineLogHandler: LogHandler {
    /// How entries look.
    enum Format: String, CaseIterable {
        case text, json
    }

    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.warning
    private let format: Format
    private let write: @Sendable (String) -> Void

    init(_ format: Format, write: @escaping @Sendable (String) -> Void = { Console.log($0) }) {
        self.format = format
        self.write = write
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        let time = SystemClock().now.description
        switch format {
        case .json:
            var entry: JSONObject = [
                "time": .string(time), "level": .string(event.level.rawValue), "message": .string("\(event.message)"),
            ]
            for (key, value) in fields { entry[key] = .string("\(value)") }
            write(Self.withoutControls(JSON.object(entry).text) { "\\u" + Self.digits($0, 4) })
        case .text:
            let pairs = fields.map { " \($0.key)=\(Self.plain("\($0.value)"))" }.joined()
            write("\(time) \(event.level.rawValue) \(Self.escaped("\(event.message)"))\(pairs)")
        }
    }

    /// A value as one word: quoted where it holds a blank or a quote.
    private static func plain(_ text: String) -> String {
        let escaped = escaped(text)
        return escaped.contains(where: { $0 == " " || $0 == "\"" || $0 == "=" }) || escaped.isEmpty
            ? JSON.string(escaped).text : escaped
    }

    private static func escaped(_ text: String) -> String { withoutControls(text) { "\\u{\(digits($0, 1))}" } }

    /// A text in which everything that ends a line, controls a terminal or turns the direction of reading is written as
    /// its number.
    private static func withoutControls(_ text: String, _ write: (Unicode.Scalar) -> String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var escaped = ""
        for scalar in text.unicodeScalars {
            if isControl(scalar) { escaped += write(scalar) } else { escaped.unicodeScalars.append(scalar) }
        }
        return escaped
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case ..<0x20, 0x7F...0x9F, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }

    private static func digits(_ scalar: Unicode.Scalar, _ count: Int) -> String {
        let digits = String(scalar.value, radix: 16)
        return String(repeating: "0", count: max(0, count - digits.count)) + digits
    }
}
