/// Durations as commands take them: `30s`, `5m`, `2h`, `14d`, or ISO 8601 (`PT5M`, `P14D`).
package enum SandboxDuration {
    /// Reads a duration; nil where the text is none.
    package static func parse(_ text: String) -> Duration? {
        let text = text.trimmed.uppercased()
        if text.first == "P" { return iso8601(text.dropFirst()) }
        guard let unit = text.last, let seconds = units[unit], let count = Double(text.dropLast()), count >= 0,
            count.isFinite, count * seconds < 1e12
        else { return nil }
        return .milliseconds(Int64(count * seconds * 1_000))
    }

    private static let units: [Character: Double] = ["S": 1, "M": 60, "H": 3_600, "D": 86_400]
    private static let dateUnits: [Character: Double] = ["W": 604_800, "D": 86_400, "M": 2_592_000, "Y": 31_536_000]

    private static func iso8601(_ text: Substring) -> Duration? {
        var seconds = 0.0
        var digits = ""
        var isTime = false
        var parts = 0
        for character in text {
            if character == "T", !isTime, digits.isEmpty {
                isTime = true
            } else if character.isNumber || character == "." {
                digits.append(character)
            } else {
                guard let unit = (isTime ? units : dateUnits)[character], character != "D" || !isTime,
                    let count = Double(digits)
                else { return nil }
                seconds += count * unit
                digits = ""
                parts += 1
            }
        }
        guard digits.isEmpty, parts > 0, seconds < 1e12 else { return nil }
        return .milliseconds(Int64(seconds * 1_000))
    }
}
