import FlowCore

/// A .NET date and time: ticks since the year 1, and what its text said about the zone.
struct DateTimeValue {
    /// What is known about the zone.
    enum Kind {
        /// Nothing: printed without suffix.
        case unspecified
        /// `Z`.
        case utc
        /// An offset; the time was converted to UTC and is printed with `+00:00`.
        case offset

        /// What `K` prints.
        var suffix: String {
            switch self {
            case .unspecified: ""
            case .utc: "Z"
            case .offset: "+00:00"
            }
        }
    }

    /// The ticks of 1970-01-01.
    static let ticksOf1970: Int64 = 621_355_968_000_000_000
    /// The last tick of the year 9999.
    static let lastTick: Int64 = 3_155_378_975_999_999_999
    private static let ticksPerDay = 86_400 * Timestamp.ticksPerSecond

    /// Units of 100 nanoseconds since 0001-01-01.
    let ticks: Int64
    /// What is known about the zone.
    var kind: Kind

    /// Makes a value of its ticks; nil outside the years 1 to 9999.
    init?(ticks: Int64, kind: Kind) {
        guard (0...Self.lastTick).contains(ticks) else { return nil }
        self.ticks = ticks
        self.kind = kind
    }

    /// An instant in UTC.
    init?(_ timestamp: Timestamp) { self.init(ticks: timestamp.ticks + Self.ticksOf1970, kind: .utc) }

    /// Makes a value of a date and the ticks since midnight; nil where there is no such date.
    init?(year: Int, month: Int, day: Int, ticksOfDay: Int64 = 0, kind: Kind) {
        guard (1...9_999).contains(year), (1...12).contains(month), day >= 1,
            day <= CivilDate.days(inMonth: month, ofYear: year)
        else { return nil }
        let days = Int64(CivilDate(year: year, month: month, day: day).daysSince1970)
        self.init(ticks: days * Self.ticksPerDay + Self.ticksOf1970 + ticksOfDay, kind: kind)
    }

    /// The date.
    var date: CivilDate { CivilDate(daysSince1970: Int((ticks - Self.ticksOf1970 - ticksOfDay) / Self.ticksPerDay)) }
    /// The ticks since midnight.
    var ticksOfDay: Int64 { ticks % Self.ticksPerDay }
    /// The hour, 0 to 23.
    var hour: Int { Int(ticksOfDay / Timestamp.ticksPerSecond / 3_600) }
    /// The minute.
    var minute: Int { Int(ticksOfDay / Timestamp.ticksPerSecond / 60 % 60) }
    /// The second.
    var second: Int { Int(ticksOfDay / Timestamp.ticksPerSecond % 60) }
    /// The ticks within the second.
    var fraction: Int64 { ticksOfDay % Timestamp.ticksPerSecond }
    /// The day of the week, Sunday is 0.
    var weekday: Int { Int((ticks / Self.ticksPerDay + 1) % 7) }
    /// The day of the year, from 1.
    var dayOfYear: Int {
        let date = date
        return date.daysSince1970 - CivilDate(year: date.year, month: 1, day: 1).daysSince1970 + 1
    }

    /// The time so many ticks later; nil outside the years 1 to 9999.
    func adding(ticks amount: Int64) -> DateTimeValue? {
        let (sum, overflow) = ticks.addingReportingOverflow(amount)
        return overflow ? nil : DateTimeValue(ticks: sum, kind: kind)
    }

    /// The time so many units later; months and years end at the month's last day at most.
    func adding(_ amount: Int64, _ unit: TimeUnit) -> DateTimeValue? {
        switch unit {
        case .month, .year:
            let (months, overflow) = amount.multipliedReportingOverflow(by: unit == .year ? 12 : 1)
            guard !overflow, months.magnitude < 120_000 else { return nil }
            let date = date
            let total = date.year * 12 + date.month - 1 + Int(months)
            let (year, month) = (total / 12, total % 12 + 1)
            guard total >= 12 else { return nil }
            let day = min(date.day, CivilDate.days(inMonth: month, ofYear: year))
            return DateTimeValue(year: year, month: month, day: day, ticksOfDay: ticksOfDay, kind: kind)
        default:
            let (ticks, overflow) = amount.multipliedReportingOverflow(by: unit.ticks)
            return overflow ? nil : adding(ticks: ticks)
        }
    }

    /// The same day at midnight.
    var startOfDay: DateTimeValue? { DateTimeValue(ticks: ticks - ticksOfDay, kind: kind) }
    /// The same hour at its first tick.
    var startOfHour: DateTimeValue? {
        DateTimeValue(ticks: ticks - ticksOfDay % (3_600 * Timestamp.ticksPerSecond), kind: kind)
    }
    /// The first day of the month at midnight.
    var startOfMonth: DateTimeValue? {
        let date = date
        return DateTimeValue(year: date.year, month: date.month, day: 1, kind: kind)
    }
}

/// A unit of time as functions name it.
enum TimeUnit: String, CaseIterable {
    case second, minute, hour, day, week, month, year

    /// The unit of a name in any letter case, also in the plural.
    init?(named name: String) {
        let name = name.lowercased()
        guard
            let unit = TimeUnit(rawValue: name)
                ?? TimeUnit(rawValue: name.hasSuffix("s") ? String(name.dropLast()) : "")
        else { return nil }
        self = unit
    }

    /// How many ticks it has; months and years have no fixed number and count as 0.
    var ticks: Int64 {
        switch self {
        case .second: Timestamp.ticksPerSecond
        case .minute: 60 * Timestamp.ticksPerSecond
        case .hour: 3_600 * Timestamp.ticksPerSecond
        case .day: 86_400 * Timestamp.ticksPerSecond
        case .week: 7 * 86_400 * Timestamp.ticksPerSecond
        case .month, .year: 0
        }
    }
}

/// A difference of times as .NET writes it: `[-][d.]hh:mm:ss[.fffffff]`.
enum TimeSpanText {
    /// The text of a number of ticks.
    static func text(ticks: Int64) -> String {
        let magnitude = ticks.magnitude
        let seconds = magnitude / UInt64(Timestamp.ticksPerSecond)
        let fraction = magnitude % UInt64(Timestamp.ticksPerSecond)
        let days = seconds / 86_400
        return (ticks < 0 ? "-" : "") + (days > 0 ? "\(days)." : "")
            + DateTimeFormat.padded(Int(seconds / 3_600 % 24), 2)
            + ":" + DateTimeFormat.padded(Int(seconds / 60 % 60), 2) + ":" + DateTimeFormat.padded(Int(seconds % 60), 2)
            + (fraction > 0 ? "." + DateTimeFormat.padded(Int(fraction), 7) : "")
    }
}
