import FlowStorage

/// Figures in the text format that Prometheus reads.
struct PrometheusText {
    /// What a figure is.
    enum Kind: String {
        case gauge, counter, histogram
    }

    /// Names and values that tell the figures of one name apart.
    typealias Labels = [(name: String, value: String)]

    private(set) var text = ""

    /// Adds figures of one name.
    mutating func add<Value: Numeric>(_ name: String, _ kind: Kind, _ help: String, _ values: [(Labels, Value)]) {
        begin(name, kind, help)
        for (labels, value) in values { text += "\(name)\(Self.braces(labels)) \(value)\n" }
    }

    /// Adds histograms of one name.
    mutating func add(_ name: String, _ help: String, _ values: [(Labels, Histogram)]) {
        begin(name, .histogram, help)
        for (labels, histogram) in values {
            var count = 0
            for (bound, more) in zip(histogram.bounds, histogram.counts) {
                count += more
                text += "\(name)_bucket\(Self.braces(labels + [("le", "\(bound)")])) \(count)\n"
            }
            count += histogram.counts.last ?? 0
            text += "\(name)_bucket\(Self.braces(labels + [("le", "+Inf")])) \(count)\n"
            text += "\(name)_sum\(Self.braces(labels)) \(histogram.sum)\n"
            text += "\(name)_count\(Self.braces(labels)) \(count)\n"
        }
    }

    private mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    private static func braces(_ labels: Labels) -> String {
        if labels.isEmpty { return "" }
        return "{" + labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",") + "}"
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
