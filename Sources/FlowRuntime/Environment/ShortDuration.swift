import FlowDefinitions

/// A duration as people write it on the command line: `30s`, `5m`, `2h`, `14d` or ISO 8601.
public enum ShortDuration {
    /// Reads a duration; nil for another form.
    public static func parse(_ text: String) -> Duration? {
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        if let last = text.last, let unit = units[last], let number = Double(text.dropLast()), number >= 0,
            number < 1e9
        {
            return .seconds(number * unit)
        }
        guard let duration = ISO8601Duration(text) else { return nil }
        return .seconds(duration.approximateSeconds)
    }
}
