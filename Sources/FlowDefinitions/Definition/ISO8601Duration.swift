/// A duration as ISO 8601 writes it, such as `PT1H30M` or `P7D`.
///
/// Years and months have no fixed length; they are counted as 365 and 30 days where a length is asked for.
public struct ISO8601Duration: Sendable, Hashable {
    /// The whole months, years counted as twelve.
    public let months: Int
    /// What lies beside the months, in seconds.
    public let seconds: Double

    /// Reads a duration; nil where the text is none.
    public init?(_ text: String) {
        var rest = Substring(text)
        var sign = 1.0
        if rest.first == "-" {
            sign = -1
            rest.removeFirst()
        }
        guard rest.first == "P" else { return nil }
        rest.removeFirst()
        let parts = rest.split(separator: "T", maxSplits: 1, omittingEmptySubsequences: false)
        guard let dates = Self.amounts(parts[0], units: "YMWD") else { return nil }
        var times: [(Double, Character)] = []
        if parts.count == 2 {
            guard let amounts = Self.amounts(parts[1], units: "HMS"), !amounts.isEmpty else { return nil }
            times = amounts
        }
        guard !dates.isEmpty || !times.isEmpty else { return nil }
        var months = 0.0
        var seconds = 0.0
        for (amount, unit) in dates {
            switch unit {
            case "Y": months += amount * 12
            case "M": months += amount
            case "W": seconds += amount * 7 * 86_400
            default: seconds += amount * 86_400
            }
        }
        for (amount, unit) in times {
            switch unit {
            case "H": seconds += amount * 3_600
            case "M": seconds += amount * 60
            default: seconds += amount
            }
        }
        guard months < 1_000_000, seconds < 1e15 else { return nil }
        self.months = Int(months * sign)
        self.seconds = seconds * sign
    }

    /// The length in seconds, a month counted as 30 days and a year as 365.
    public var approximateSeconds: Double {
        Double(months / 12 * 365 + months % 12 * 30) * 86_400 + seconds
    }

    private static func amounts(_ text: Substring, units: String) -> [(Double, Character)]? {
        var amounts: [(Double, Character)] = []
        var digits = ""
        var allowed = units[...]
        for character in text {
            if character.isASCII, character.isNumber || character == "." {
                digits.append(character)
                continue
            }
            guard let place = allowed.firstIndex(of: character), let amount = Double(digits) else { return nil }
            allowed = allowed[allowed.index(after: place)...]
            amounts.append((amount, character))
            digits = ""
        }
        return digits.isEmpty ? amounts : nil
    }
}
