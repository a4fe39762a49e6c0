/// An instant in UTC with the platform's resolution of 100 nanoseconds.
///
/// The text form is ISO 8601 with seven fraction digits and `Z`, as the platform writes it.
public struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Units of 100 nanoseconds since 1970-01-01T00:00:00Z; negative before.
    public let ticks: Int64

    /// How many ticks a second has.
    public static let ticksPerSecond: Int64 = 10_000_000

    /// Makes an instant of its ticks since 1970.
    public init(ticks: Int64) { self.ticks = ticks }

    /// Makes an instant of its milliseconds since 1970.
    public init(milliseconds: Int64) { self.ticks = milliseconds * 10_000 }

    /// Milliseconds since 1970, rounded down.
    public var milliseconds: Int64 { Int64((Double(ticks) / 10_000).rounded(.down)) }

    /// Makes an instant of a civil date and time in UTC.
    public init(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, fractionTicks: Int64 = 0
    ) {
        let days = CivilDate(year: year, month: month, day: day).daysSince1970
        let seconds = Int64(days) * 86_400 + Int64(hour) * 3_600 + Int64(minute) * 60 + Int64(second)
        self.ticks = seconds * Self.ticksPerSecond + fractionTicks
    }

    /// Reads ISO 8601: a date, optionally with time, fraction and `Z` or an offset; without a zone it is UTC.
    public init?(iso8601 text: String) {
        var scanner = ISOScanner(text)
        guard let ticks = scanner.scan() else { return nil }
        self.ticks = ticks
    }

    /// `yyyy-MM-ddTHH:mm:ss.fffffffZ`.
    public var description: String {
        let (date, ticksOfDay) = civil
        let seconds = Int(ticksOfDay / Self.ticksPerSecond)
        return String(unsafeUninitializedCapacity: 28) { bytes in
            write(date.year, digits: 4, to: bytes, at: 0, before: "-")
            write(date.month, digits: 2, to: bytes, at: 5, before: "-")
            write(date.day, digits: 2, to: bytes, at: 8, before: "T")
            write(seconds / 3_600, digits: 2, to: bytes, at: 11, before: ":")
            write(seconds / 60 % 60, digits: 2, to: bytes, at: 14, before: ":")
            write(seconds % 60, digits: 2, to: bytes, at: 17, before: ".")
            write(Int(ticksOfDay % Self.ticksPerSecond), digits: 7, to: bytes, at: 20, before: "Z")
            return 28
        }
    }

    /// `yyyy-MM-ddTHH:mm:ssZ`.
    public var secondsDescription: String { String(description.prefix(19)) + "Z" }

    /// The civil date in UTC and the ticks since its midnight.
    public var civil: (date: CivilDate, ticksOfDay: Int64) {
        let ticksPerDay = 86_400 * Self.ticksPerSecond
        var days = ticks / ticksPerDay
        var rest = ticks % ticksPerDay
        if rest < 0 {
            rest += ticksPerDay
            days -= 1
        }
        return (CivilDate(daysSince1970: Int(days)), rest)
    }

    /// Orders by time.
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.ticks < right.ticks }

    /// The instant a duration later.
    public static func + (left: Timestamp, right: Duration) -> Timestamp {
        Timestamp(ticks: left.ticks + right.ticks)
    }

    /// The instant a duration earlier.
    public static func - (left: Timestamp, right: Duration) -> Timestamp {
        Timestamp(ticks: left.ticks - right.ticks)
    }

    /// The duration between two instants.
    public static func - (left: Timestamp, right: Timestamp) -> Duration {
        .nanoseconds(100 * (left.ticks - right.ticks))
    }
}

extension Duration {
    /// Units of 100 nanoseconds, rounded toward zero.
    public var ticks: Int64 {
        let (seconds, attoseconds) = components
        return seconds * Timestamp.ticksPerSecond + attoseconds / 100_000_000_000
    }

    /// Seconds with their fraction.
    public var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}

/// Writes a number with leading zeros and the character behind it.
private func write(
    _ value: Int, digits: Int, to bytes: UnsafeMutableBufferPointer<UInt8>, at start: Int, before mark: Unicode.Scalar
) {
    var rest = value.magnitude
    for place in stride(from: start + digits - 1, through: start, by: -1) {
        bytes[place] = UInt8(ascii: "0") + UInt8(rest % 10)
        rest /= 10
    }
    bytes[start + digits] = UInt8(ascii: mark)
}

/// A date of the proleptic Gregorian calendar.
public struct CivilDate: Sendable, Hashable {
    /// The year; 1 to 9999 in everything the platform accepts.
    public let year: Int
    /// The month, 1 to 12.
    public let month: Int
    /// The day of the month, from 1.
    public let day: Int

    /// Makes a date; the parts are taken as they are.
    public init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// Makes the date that lies so many days after 1970-01-01.
    public init(daysSince1970 days: Int) {
        // Days are counted from 0000-03-01, so that a leap day ends its year (Hinnant, chrono algorithms).
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthIndex + 2) / 5 + 1
        month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Days after 1970-01-01; negative before.
    public var daysSince1970: Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// Whether a year has a 29th of February.
    public static func isLeap(_ year: Int) -> Bool {
        year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
    }

    /// How many days a month has.
    public static func days(inMonth month: Int, ofYear year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

private struct ISOScanner {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    mutating func scan() -> Int64? {
        guard let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2),
            (1...12).contains(month), day >= 1, day <= CivilDate.days(inMonth: month, ofYear: year)
        else { return nil }
        let midnight = Timestamp(year: year, month: month, day: day).ticks
        if position == bytes.count { return midnight }
        guard take("T") || take("t") || take(" "), let hour = number(2), hour < 24, take(":"), let minute = number(2),
            minute < 60
        else { return nil }
        var ticks = Int64(hour * 3_600 + minute * 60) * Timestamp.ticksPerSecond
        if take(":") {
            guard let second = number(2), second < 60 else { return nil }
            ticks += Int64(second) * Timestamp.ticksPerSecond
            if take(".") {
                guard let fraction = fraction() else { return nil }
                ticks += fraction
            }
        }
        guard let offset = zone(), position == bytes.count else { return nil }
        return midnight + ticks - offset
    }

    private mutating func number(_ digits: Int) -> Int? {
        guard position + digits <= bytes.count else { return nil }
        var value = 0
        for _ in 0..<digits {
            let digit = bytes[position] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)
            position += 1
        }
        return value
    }

    private mutating func fraction() -> Int64? {
        var value: Int64 = 0
        var digits = 0
        while position < bytes.count, bytes[position] &- UInt8(ascii: "0") < 10 {
            if digits < 7 { value = value * 10 + Int64(bytes[position] - UInt8(ascii: "0")) }
            digits += 1
            position += 1
        }
        guard digits > 0 else { return nil }
        for _ in digits..<max(digits, 7) { value *= 10 }
        return value
    }

    private mutating func zone() -> Int64? {
        if position == bytes.count || take("Z") || take("z") { return 0 }
        let sign: Int64
        if take("+") { sign = 1 } else if take("-") { sign = -1 } else { return nil }
        guard let hours = number(2) else { return nil }
        _ = take(":")
        let minutes = position == bytes.count ? 0 : number(2)
        guard let minutes else { return nil }
        return sign * Int64(hours * 3_600 + minutes * 60) * Timestamp.ticksPerSecond
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }
}
