import FlowCore

/// How often a call is repeated, and how long it waits before each repeat.
public struct RetryPolicy: Sendable, Hashable {
    /// How waits grow.
    public enum Kind: String, Sendable, Hashable {
        /// No repeat.
        case none
        /// The same wait each time.
        case fixed
        /// Waits that double, each drawn at random from a range.
        case exponential
    }

    /// How waits grow.
    public var kind: Kind
    /// How many repeats there are at most.
    public var count: Int
    /// The first wait.
    public var interval: Duration
    /// The shortest wait, or nil.
    public var minimumInterval: Duration?
    /// The longest wait, or nil.
    public var maximumInterval: Duration?

    /// Makes a policy.
    public init(
        kind: Kind, count: Int, interval: Duration, minimumInterval: Duration? = nil, maximumInterval: Duration? = nil
    ) {
        self.kind = kind
        self.count = count
        self.interval = interval
        self.minimumInterval = minimumInterval
        self.maximumInterval = maximumInterval
    }

    /// No repeats.
    public static let none = RetryPolicy(kind: .none, count: 0, interval: .zero)

    /// Four repeats, 7.5 s exponential, within 5 to 45 s.
    public static let standard = RetryPolicy(
        kind: .exponential, count: 4, interval: .milliseconds(7_500), minimumInterval: .seconds(5),
        maximumInterval: .seconds(45))

    /// The range from which the wait before a repeat is drawn; both ends are equal for a fixed interval.
    /// - Parameter number: which repeat it is, from 1.
    /// - Returns: the range in seconds.
    public func waitRange(beforeRepeat number: Int) -> ClosedRange<Double> {
        let interval = interval.seconds
        guard kind == .exponential else { return interval...interval }
        let least = minimumInterval?.seconds ?? 0
        let most = maximumInterval?.seconds ?? 86_400
        let power = Double(min(number, 40))
        let lower = number <= 1 ? 0 : exponent(power - 2) * interval
        let upper = number <= 1 ? interval : exponent(power - 1) * interval
        let low = min(max(lower, least), max(most, least))
        return low...max(low, min(upper, most))
    }

    private func exponent(_ power: Double) -> Double {
        var value = 1.0
        for _ in 0..<Int(max(0, power)) { value *= 2 }
        return value
    }
}
