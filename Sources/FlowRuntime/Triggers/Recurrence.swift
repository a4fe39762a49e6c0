import FlowCore
import FlowExpressions

/// When a Recurrence trigger fires, and how often a polling trigger asks.
///
/// Without `schedule` the next time counts from the one before; with one, clock times of the zone hold.
struct Recurrence: Sendable {
    /// The unit of the interval.
    enum Frequency: String, Sendable, Hashable {
        case second, minute, hour, day, week, month, year
    }

    /// Clock times and days on which a schedule fires.
    struct Schedule: Sendable, Hashable {
        var hours: [Int] = []
        var minutes: [Int] = []
        /// 0 is Sunday.
        var weekDays: [Int] = []
        /// 1 to 31, or from the end of the month: -1 is the last day.
        var monthDays: [Int] = []
        /// The day of the week and its number in the month, from the end where negative.
        var monthlyOccurrences: [Occurrence] = []

        struct Occurrence: Sendable, Hashable {
            let weekDay: Int
            let number: Int
        }
    }

    /// The unit.
    var frequency: Frequency
    /// How many units lie between two occurrences.
    var interval: Int
    /// The first occurrence, or nil for the moment of activation.
    var start: Timestamp?
    /// The clock times, where any are given.
    var schedule: Schedule?
    /// The zone whose clocks the schedule follows; nil for UTC.
    var zone: ZoneRules?

    /// Reads the `recurrence` of a trigger, evaluated; nil where frequency or interval are none.
    init?(_ json: JSON) {
        guard let name = json["frequency"]?.stringValue, let frequency = Frequency(rawValue: name.lowercased()) else {
            return nil
        }
        let written = json["interval"] ?? 1
        guard let interval = written.integerValue ?? written.stringValue.flatMap({ Int64($0) }), interval >= 1,
            interval < 100_000_000
        else { return nil }
        self.frequency = frequency
        self.interval = Int(interval)
        self.zone = json["timeZone"]?.stringValue.flatMap(ZoneRules.init(named:))
        if let text = json["startTime"]?.stringValue, let local = Timestamp(iso8601: text) {
            let isUTC = text.hasSuffix("Z") || text.hasSuffix("z") || text.dropFirst(10).contains { "+-".contains($0) }
            self.start = isUTC ? local : instant(ofLocal: local)
        }
        self.schedule = json["schedule"].flatMap(Schedule.init)
        if schedule != nil, [.second, .minute, .hour, .year].contains(frequency) { schedule = nil }
    }

    /// The first occurrence after activation.
    func first(activatedAt now: Timestamp) -> Timestamp? {
        if schedule == nil {
            guard let start else { return now }
            return start >= now ? start : next(after: now, anchor: start)
        }
        return next(after: now, anchor: start ?? now)
    }

    /// The occurrence after the one before.
    /// - Parameters:
    ///   - instant: the present or the last occurrence; what lies before it is dropped.
    ///   - anchor: the first occurrence, or the last one where none is set.
    /// - Returns: the next instant, or nil where the schedule never fires.
    func next(after instant: Timestamp, anchor: Timestamp) -> Timestamp? {
        if let schedule { return next(after: max(instant, anchor - .nanoseconds(100)), anchor, schedule) }
        switch frequency {
        case .month, .year: return nextMonth(after: instant, anchor)
        default:
            let length = Int64(interval) * unitTicks
            let passed = max(0, instant.ticks - anchor.ticks) / length + 1
            return Timestamp(ticks: anchor.ticks + passed * length)
        }
    }

    /// The occurrence one interval before another one, by the same clock.
    func previous(before instant: Timestamp) -> Timestamp {
        guard frequency == .month || frequency == .year else { return instant - duration }
        let (date, ticks) = local(instant).civil
        let month = date.year * 12 + date.month - 1 - (frequency == .year ? 12 * interval : interval)
        let (year, number) = (month / 12, month % 12 + 1)
        let day = min(date.day, CivilDate.days(inMonth: number, ofYear: year))
        return self.instant(
            ofLocal: Timestamp(ticks: Timestamp(year: year, month: number, day: day).ticks + ticks))
    }

    /// The next occurrence where the one that is recorded may come from a clock that was wrong.
    ///
    /// Right is what is at most two occurrences ahead: the next one, or the one after where the clock was set back and
    /// the next one has fired already. Later ones were reckoned while the clock was ahead of the time.
    func believed(_ due: Timestamp, now: Timestamp) -> Timestamp? {
        let anchor = start ?? now
        guard let next = next(after: now, anchor: anchor) else { return nil }
        // Without a schedule or a start there are no fixed times, only an interval.
        guard schedule != nil || start != nil else { return min(due, next) }
        guard let second = self.next(after: next, anchor: anchor) else { return next }
        return due <= second ? due : next
    }

    /// How long one interval is; a month counts 30 days.
    var duration: Duration { .nanoseconds(100) * (Int64(interval) * unitTicks) }

    private var unitTicks: Int64 {
        let seconds: Int64 =
            switch frequency {
            case .second: 1
            case .minute: 60
            case .hour: 3_600
            case .day: 86_400
            case .week: 7 * 86_400
            case .month: 30 * 86_400
            case .year: 365 * 86_400
            }
        return seconds * Timestamp.ticksPerSecond
    }

    private func nextMonth(after instant: Timestamp, _ anchor: Timestamp) -> Timestamp? {
        let (date, ticks) = local(anchor).civil
        let step = frequency == .year ? 12 * interval : interval
        for count in 0..<12_000 {
            let month = date.year * 12 + date.month - 1 + count * step
            let (year, number) = (month / 12, month % 12 + 1)
            let day = min(date.day, CivilDate.days(inMonth: number, ofYear: year))
            let midnight = Timestamp(year: year, month: number, day: day)
            let candidate = self.instant(ofLocal: Timestamp(ticks: midnight.ticks + ticks))
            if candidate > instant { return candidate }
        }
        return nil
    }

    private func next(after instant: Timestamp, _ anchor: Timestamp, _ schedule: Schedule) -> Timestamp? {
        let (anchorDate, anchorTicks) = local(anchor).civil
        let anchorSeconds = Int(anchorTicks / Timestamp.ticksPerSecond)
        let hours = schedule.hours.isEmpty ? [anchorSeconds / 3_600] : schedule.hours.sorted()
        let minutes = schedule.minutes.isEmpty ? [anchorSeconds / 60 % 60] : schedule.minutes.sorted()
        let firstDay = local(instant).civil.date.daysSince1970
        for day in firstDay...(firstDay + 366 * 4 + 31 * interval) {
            guard fires(on: CivilDate(daysSince1970: day), day, anchor: anchorDate, schedule) else { continue }
            let midnight = Int64(day) * 86_400
            for hour in hours {
                for minute in minutes {
                    let seconds = midnight + Int64(hour * 3_600 + minute * 60)
                    let candidate = self.instant(ofLocal: Timestamp(ticks: seconds * Timestamp.ticksPerSecond))
                    if candidate > instant { return candidate }
                }
            }
        }
        return nil
    }

    private func fires(on date: CivilDate, _ day: Int, anchor: CivilDate, _ schedule: Schedule) -> Bool {
        let anchorDay = anchor.daysSince1970
        let weekDay = Self.weekDay(day)
        switch frequency {
        case .week:
            let weeks = (day - weekDay - (anchorDay - Self.weekDay(anchorDay))) / 7
            guard weeks.isMultiple(of: interval) else { return false }
            return schedule.weekDays.isEmpty ? weekDay == Self.weekDay(anchorDay) : schedule.weekDays.contains(weekDay)
        case .month:
            let months = (date.year - anchor.year) * 12 + date.month - anchor.month
            guard months.isMultiple(of: interval) else { return false }
            let length = CivilDate.days(inMonth: date.month, ofYear: date.year)
            if schedule.monthDays.isEmpty, schedule.monthlyOccurrences.isEmpty {
                return date.day == min(anchor.day, length)
            }
            let isMonthDay = schedule.monthDays.contains { $0 == date.day || ($0 < 0 && length + 1 + $0 == date.day) }
            let fromStart = (date.day - 1) / 7 + 1
            let fromEnd = -((length - date.day) / 7 + 1)
            return isMonthDay
                || schedule.monthlyOccurrences.contains {
                    $0.weekDay == weekDay && ($0.number == fromStart || $0.number == fromEnd)
                }
        default: return (day - anchorDay).isMultiple(of: interval)
        }
    }

    private func local(_ instant: Timestamp) -> Timestamp { zone?.local(of: instant) ?? instant }

    private func instant(ofLocal local: Timestamp) -> Timestamp {
        guard let zone else { return local }
        // A time that the clocks skip is taken an hour later, when they go on.
        return zone.instant(ofLocal: local) ?? zone.instant(ofLocal: local + .seconds(3_600)) ?? local
    }

    private static func weekDay(_ day: Int) -> Int { ((day + 4) % 7 + 7) % 7 }
}

extension Recurrence.Schedule {
    private static let dayNames = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]

    /// Reads the `schedule` of a recurrence; nil where it is none.
    init?(_ json: JSON) {
        guard case .object = json else { return nil }
        hours = Self.numbers(json["hours"]).filter { (0...23).contains($0) }
        minutes = Self.numbers(json["minutes"]).filter { (0...59).contains($0) }
        weekDays = (json["weekDays"]?.arrayValue ?? []).compactMap(Self.weekDay)
        monthDays = Self.numbers(json["monthDays"]).filter { $0 != 0 && abs($0) <= 31 }
        monthlyOccurrences = (json["monthlyOccurrences"]?.arrayValue ?? []).compactMap { entry in
            guard let day = entry["day"].flatMap(Self.weekDay) else { return nil }
            return Occurrence(weekDay: day, number: Int(entry["occurrence"]?.integerValue ?? 1))
        }
    }

    private static func numbers(_ json: JSON?) -> [Int] {
        (json?.arrayValue ?? []).compactMap { value in
            (value.integerValue ?? value.stringValue.flatMap { Int64($0) }).map(Int.init)
        }
    }

    private static func weekDay(_ json: JSON) -> Int? {
        json.stringValue.flatMap { dayNames.firstIndex(of: $0.lowercased()) }
    }
}
