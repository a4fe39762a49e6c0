/// How many values lie between bounds, as Prometheus reads it.
public struct Histogram: Sendable, Hashable {
    /// The upper bounds, ascending.
    public let bounds: [Double]
    /// How many values are at most each bound and more than the one before; the last are more than all.
    public private(set) var counts: [Int]
    /// All values together.
    public private(set) var sum = 0.0

    /// Makes an empty one.
    public init(bounds: [Double] = Histogram.seconds) {
        self.bounds = bounds
        counts = [Int](repeating: 0, count: bounds.count + 1)
    }

    /// Bounds for how long things take, in seconds.
    public static let seconds = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3_600,
    ]
    /// Bounds for how long commits take, in seconds: the fast ones matter.
    public static let commitSeconds = [
        0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5,
    ]
    /// Bounds for how many there are of something.
    public static let sizes = [1.0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024]

    /// Adds a value.
    public mutating func add(_ value: Double) {
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }
}
