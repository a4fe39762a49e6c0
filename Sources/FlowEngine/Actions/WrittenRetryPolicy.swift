public import FlowCore
public import FlowDefinitions

extension RetryPolicy {
    /// Reads a policy as it is written; what is missing is that of a default.
    public init(written: JSON, default standard: RetryPolicy) {
        func duration(_ key: String) -> Duration? { written[key]?.stringValue.flatMap(Duration.init(flowText:)) }
        let type = written["type"]?.stringValue?.lowercased() ?? "default"
        guard let kind = Kind(rawValue: type), kind != .none else {
            self = type == "none" ? .none : standard
            return
        }
        let count = written["count"]?.integerValue ?? written["count"]?.stringValue.flatMap(Int64.init)
        self.init(
            kind: kind, count: count.map { Int($0) } ?? standard.count,
            interval: duration("interval") ?? standard.interval,
            minimumInterval: duration("minimumInterval"), maximumInterval: duration("maximumInterval"))
    }
}
