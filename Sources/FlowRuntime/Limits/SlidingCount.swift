import FlowCore

/// How much was used in a span of time that ends now, as limits of seconds and minutes are counted: in memory.
///
/// The span is cut into pieces; what is older than the span is forgotten piece by piece, so that a count is never too
/// small and too large by a thirtieth at most.
struct SlidingCount: Sendable {
    private static let pieces: Int64 = 30

    let span: Duration
    private let length: Int64
    /// The uses by the number of their piece, the oldest first.
    private var uses: [(piece: Int64, amount: Int64)] = []
    private var total: Int64 = 0

    init(span: Duration) {
        self.span = span
        length = max(1, span.components.seconds * Timestamp.ticksPerSecond / Self.pieces)
    }

    /// Counts a use.
    mutating func add(_ amount: Int64, at now: Timestamp) {
        forget(now)
        total += amount
        let piece = now.ticks / length
        if let last = uses.indices.last, uses[last].piece >= piece {
            uses[last].amount += amount
        } else {
            uses.append((piece, amount))
        }
    }

    /// What was used in the span before an instant.
    mutating func used(at now: Timestamp) -> Int64 {
        forget(now)
        return total
    }

    /// What was used in a part of the span before an instant.
    func used(in part: Duration, before now: Timestamp) -> Int64 {
        let first = (now - part).ticks / length
        return uses.reduce(0) { $0 + ($1.piece > first ? $1.amount : 0) }
    }

    /// When so little is used that another use fits under a limit, if nothing more comes: now or later.
    mutating func fits(under limit: Int64, at now: Timestamp) -> Timestamp {
        forget(now)
        var rest = total
        for use in uses {
            if rest < limit { break }
            rest -= use.amount
            if rest < limit { return Timestamp(ticks: (use.piece + 1 + Self.pieces) * length) }
        }
        return now
    }

    private mutating func forget(_ now: Timestamp) {
        let piece = now.ticks / length
        // A clock that was set back shows uses of a time to come: they count as if they had been now.
        if let last = uses.last, last.piece > piece {
            let early = uses.filter { $0.piece < piece }
            uses = early + [(piece, total - early.reduce(0) { $0 + $1.amount })]
        }
        let oldest = piece - Self.pieces
        var count = 0
        while count < uses.count, uses[count].piece < oldest {
            total -= uses[count].amount
            count += 1
        }
        if count > 0 { uses.removeFirst(count) }
    }
}
