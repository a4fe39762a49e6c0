/// The date form of HTTP headers: `Sun, 06 Nov 1994 08:49:37 GMT`.
public enum HTTPDate {
    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]

    /// The instant of a date header, or nil for another form.
    public static func parse(_ text: String) -> Timestamp? {
        let parts = text.split { $0 == " " || $0 == "," || $0 == "-" }.map(String.init)
        guard parts.count >= 5, let day = Int(parts[1]), var year = Int(parts[3]),
            let month = months.firstIndex(of: parts[2].lowercased()), (1...31).contains(day)
        else { return nil }
        if year < 100 { year += year < 70 ? 2000 : 1900 }
        let clock = parts[4].split(separator: ":").map { Int($0) }
        guard clock.count == 3, let hour = clock[0], let minute = clock[1], let second = clock[2],
            (0..<24).contains(hour), (0..<60).contains(minute), (0...60).contains(second)
        else { return nil }
        let days = CivilDate(year: year, month: month + 1, day: day).daysSince1970
        let seconds = Int64(days) * 86_400 + Int64(hour * 3_600 + minute * 60 + second)
        return Timestamp(ticks: seconds * Timestamp.ticksPerSecond)
    }

    /// The header form of an instant, fractions cut off.
    public static func text(_ instant: Timestamp) -> String {
        let (date, ticks) = instant.civil
        let days = date.daysSince1970
        let weekday = weekdays[((days % 7) + 7) % 7]
        let month = months[date.month - 1]
        let seconds = Int(ticks / Timestamp.ticksPerSecond)
        let clock = [seconds / 3_600, seconds / 60 % 60, seconds % 60].map(twoDigits).joined(separator: ":")
        return "\(weekday), \(twoDigits(date.day)) \(month.prefix(1).uppercased())\(month.dropFirst()) "
            + "\(date.year) \(clock) GMT"
    }

    /// How long a `Retry-After` header asks to wait: seconds or a date.
    /// - Parameters:
    ///   - header: the header's value.
    ///   - now: the present instant.
    /// - Returns: the wait, never negative, or nil for another form.
    public static func retryAfter(_ header: String, now: Timestamp) -> Duration? {
        let text = header.drop { $0 == " " }
        if let seconds = Double(text), seconds.isFinite { return .seconds(max(0, min(seconds, 1e9))) }
        guard let instant = parse(String(text)) else { return nil }
        return max(.zero, instant - now)
    }

    private static func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }
}
