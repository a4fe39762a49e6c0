/// Which trace a piece of work belongs to, as W3C Trace Context passes it from service to service.
public struct TraceContext: Sendable, Hashable {
    /// The trace: 16 bytes, 32 hexadecimal digits.
    public let traceID: String
    /// The step within it: 8 bytes, 16 hexadecimal digits.
    public let spanID: String

    /// The trace of the work that is being done; whoever calls out passes it on.
    @TaskLocal public static var current: TraceContext?

    /// Makes a context of ids that are known to be well formed.
    private init(traceID: Substring, spanID: Substring) {
        self.traceID = String(traceID)
        self.spanID = String(spanID)
    }

    /// Reads the header `traceparent`, or nil where it is not well formed.
    public init?(header: String) {
        let parts = header.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[0].count == 2, parts[0] != "ff", parts[1].count == 32, parts[2].count == 16,
            parts[3].count == 2, parts[0] != "00" || parts.count == 4, parts.prefix(4).allSatisfy(Self.isHexadecimal),
            !parts[1].allSatisfy({ $0 == "0" }), !parts[2].allSatisfy({ $0 == "0" })
        else { return nil }
        self.init(traceID: parts[1], spanID: parts[2])
    }

    /// The step of a run: the trace is the one that the caller named as tracking id, else the run's own.
    ///
    /// Both ids follow from the run alone, so that a run which goes on in another process goes on in the same trace.
    /// - Parameters:
    ///   - trackingID: the client tracking id of the run.
    ///   - run: the run's name.
    ///   - step: what tells the step from others of the run.
    public init(trackingID: String?, run: String, step: String) {
        let given = trackingID.flatMap { $0.utf8.count == 32 && Self.isHexadecimal($0[...]) ? $0 : nil }
        let own = Self.digits(Digest.sha256(Array((trackingID ?? run).utf8)).prefix(16))
        self.init(
            traceID: (given ?? own)[...],
            spanID: Self.digits(Digest.sha256(Array("\(run)/\(step)".utf8)).prefix(8))[...])
    }

    /// The value of the header `traceparent`.
    public var header: String { "00-\(traceID)-\(spanID)-01" }

    private static func isHexadecimal(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
        }
    }

    private static func digits(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
