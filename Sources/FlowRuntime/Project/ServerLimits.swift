/// What the server takes from its clients before it refuses: `server.limits` of `flowrun.yaml`.
public struct ServerLimits: Sendable, Hashable {
    /// All header fields of a request together, in bytes.
    package var headerListSize = 64 * 1_024
    /// One header field of a request, in bytes.
    package var headerFieldSize = 16 * 1_024
    /// How many header fields a request has.
    package var headerCount = 128
    /// The body of a request to a trigger's URL: the platform's limit of a message.
    package var messageSize = 100 * 1_024 * 1_024
    /// The body of a request to the management API.
    package var bodySize = 8 * 1_024 * 1_024
    /// How long a connection may be silent between requests, or within a request's head.
    package var silence = Duration.seconds(60)
    /// How long a body may take, beside the time that its bytes need at the slowest speed.
    package var bodyTime = Duration.seconds(30)
    /// The slowest speed of a body, in bytes a second.
    package var bodySpeed = 16 * 1_024
    /// Connections at once.
    package var connections = 4_096
    /// Connections at once from one address; this machine's own do not count.
    package var connectionsOfClient = 1_024
    /// Requests that an address may send at once before the rate below holds; this machine's own do not count.
    package var burst = 1_000
    /// Requests a second from one address.
    package var requestsPerSecond = 100
    /// Refused proofs of who calls, such as unknown tokens, before an address has to wait.
    package var failures = 30
    /// How many of them are forgiven in a second.
    package var failuresPerSecond = 0.5
    /// How often connections whose time is over are looked for.
    package var sweepInterval = Duration.seconds(1)

    /// Makes the limits that hold where nothing else is said.
    public init() {}

    /// A limit as `flowrun.yaml` names it.
    package struct Setting: Sendable {
        /// What its value is.
        package enum Kind: Sendable {
            /// A number of things.
            case count(@Sendable (inout ServerLimits, Int) -> Void, ClosedRange<Int>)
            /// A number of bytes, such as `8 MiB`.
            case size(@Sendable (inout ServerLimits, Int) -> Void, ClosedRange<Int>)
            /// A duration, such as `30s`.
            case time(@Sendable (inout ServerLimits, Duration) -> Void, ClosedRange<Duration>)
        }

        /// The key.
        package let key: String
        /// What is set.
        package let kind: Kind
    }

    private static let kibibyte = 1_024
    private static let mebibyte = 1_024 * 1_024

    /// The limits that can be set.
    package static let settings: [Setting] = [
        Setting(key: "headerSize", kind: .size({ $0.headerListSize = $1 }, kibibyte...mebibyte)),
        Setting(key: "headerFieldSize", kind: .size({ $0.headerFieldSize = $1 }, kibibyte...mebibyte)),
        Setting(key: "headerCount", kind: .count({ $0.headerCount = $1 }, 16...10_000)),
        Setting(key: "messageSize", kind: .size({ $0.messageSize = $1 }, kibibyte...(1_024 * mebibyte))),
        Setting(key: "bodySize", kind: .size({ $0.bodySize = $1 }, kibibyte...(1_024 * mebibyte))),
        Setting(key: "idleTime", kind: .time({ $0.silence = $1 }, .seconds(1)...(.seconds(3_600)))),
        Setting(key: "bodyTime", kind: .time({ $0.bodyTime = $1 }, .seconds(1)...(.seconds(3_600)))),
        Setting(key: "connections", kind: .count({ $0.connections = $1 }, 1...1_000_000)),
        Setting(key: "connectionsPerClient", kind: .count({ $0.connectionsOfClient = $1 }, 1...1_000_000)),
        Setting(key: "requestBurst", kind: .count({ $0.burst = $1 }, 1...1_000_000)),
        Setting(key: "requestsPerSecond", kind: .count({ $0.requestsPerSecond = $1 }, 1...1_000_000)),
        Setting(key: "failedSignIns", kind: .count({ $0.failures = $1 }, 1...1_000_000)),
    ]
}

/// A size as people write it: bytes, or a number with `KiB`, `MiB`, `KB`, `MB`.
package enum ByteSize {
    /// Reads a size; nil for another form.
    package static func parse(_ text: String) -> Int? {
        let units = [("KiB", 1_024), ("MiB", 1_024 * 1_024), ("KB", 1_000), ("MB", 1_000_000), ("", 1)]
        for (unit, factor) in units where text.hasSuffix(unit) {
            let number = text.dropLast(unit.count)
            guard let count = Int(number.last == " " ? number.dropLast() : number), count >= 0 else { return nil }
            let (size, isTooLarge) = count.multipliedReportingOverflow(by: factor)
            return isTooLarge ? nil : size
        }
        return nil
    }
}
