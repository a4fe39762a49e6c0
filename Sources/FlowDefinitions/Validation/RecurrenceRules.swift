import FlowCore
import FlowText

/// How often a trigger fires.
struct RecurrenceRules {
    private static let frequencies = ["Second", "Minute", "Hour", "Day", "Week", "Month", "Year"]
    private static let weekDays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

    private let trigger: Trigger
    private let recurrence: SourceNode
    private let kind: FlowDefinition.Kind
    private(set) var report: CheckReport

    init(trigger: Trigger, recurrence: SourceNode, kind: FlowDefinition.Kind, report: CheckReport) {
        self.trigger = trigger
        self.recurrence = recurrence
        self.kind = kind
        self.report = report
    }

    mutating func check() {
        guard !recurrence.isTemplate else { return }
        guard recurrence.isMapping else {
            error("'recurrence' must be a mapping with 'frequency' and 'interval'", at: recurrence.location)
            return
        }
        let frequency = checkFrequency()
        checkInterval(frequency: frequency)
        checkZoneAndStart()
        if let schedule = recurrence["schedule"], !schedule.isTemplate, !schedule.isNull {
            checkSchedule(schedule, frequency: frequency)
        }
    }

    private mutating func error(_ what: String, at location: SourceLocation, hint: String? = nil) {
        report.error(
            .invalidWorkflowTriggerRecurrence, "The recurrence of trigger '\(trigger.name)' is not valid: \(what).",
            at: location, path: trigger.path, hint: hint)
    }

    private mutating func scheduleError(_ what: String, at location: SourceLocation, hint: String? = nil) {
        report.error(
            .invalidWorkflowTriggerRecurrenceSchedule,
            "The schedule of trigger '\(trigger.name)' is not valid: \(what).", at: location, path: trigger.path,
            hint: hint)
    }

    /// The frequency in lower case, or nil where it is an expression or wrong.
    private mutating func checkFrequency() -> String? {
        guard let frequency = recurrence["frequency"] else {
            error("'frequency' is missing", at: keyLocation("recurrence"))
            return nil
        }
        guard !frequency.isTemplate else { return nil }
        let word = frequency.string ?? frequency.json.text
        guard Self.frequencies.contains(where: { $0.lowercased() == word.lowercased() }) else {
            error(
                "'\(word)' is no frequency; there are \(Self.frequencies.joined(separator: ", "))",
                at: frequency.location, hint: suggestion(forFrequency: word))
            return nil
        }
        return word.lowercased()
    }

    private func suggestion(forFrequency word: String) -> String? {
        switch word.lowercased() {
        case "daily": "did you mean 'Day'?"
        case "hourly": "did you mean 'Hour'?"
        case "weekly": "did you mean 'Week'?"
        case "monthly": "did you mean 'Month'?"
        default: Suggestion.hint(for: word, among: Self.frequencies)
        }
    }

    private func keyLocation(_ key: String) -> SourceLocation {
        trigger.node.member(key)?.keyLocation ?? trigger.location
    }

    private mutating func checkInterval(frequency: String?) {
        guard let interval = recurrence["interval"] else {
            error("'interval' is missing", at: keyLocation("recurrence"))
            return
        }
        guard !interval.isTemplate else { return }
        guard let number = interval.wholeNumber, number >= 1 else {
            error("'interval' must be a whole number from 1 on, and is \(interval.json.text)", at: interval.location)
            return
        }
        let limits: [String: Int64] = [
            "year": 1, "month": 16, "week": 71, "day": 500, "hour": 12_000, "minute": 720_000, "second": 43_200_000,
        ]
        if let frequency, let limit = limits[frequency], number > limit {
            error(
                "an interval of \(number) is longer than 500 days; at most \(limit) of the frequency \(frequency) are allowed",
                at: interval.location)
        }
        if frequency == "second", number < 60, kind == .flow {
            report.warning(
                .invalidWorkflowTriggerRecurrence,
                "The trigger '\(trigger.name)' recurs every \(number) seconds; cloud flows recur every 60 seconds at most.",
                at: interval.location, path: trigger.path)
        }
    }

    private mutating func checkZoneAndStart() {
        let zone = recurrence["timeZone"]
        if let zone, !zone.isTemplate, let name = zone.string {
            TimeValues.checkZone(
                name, .invalidWorkflowTriggerRecurrence, unknownIs: .error, at: zone.location, path: trigger.path,
                into: &report)
        }
        guard let start = recurrence["startTime"], !start.isTemplate, !start.isNull else { return }
        guard let text = start.string, Timestamp(iso8601: text) != nil else {
            error(
                "'\(start.string ?? start.json.text)' is no start time", at: start.location,
                hint: "write 2026-03-16T08:30:00Z, or leave the Z out and give a 'timeZone'")
            return
        }
        let hasOffset =
            text.hasSuffix("Z") || text.hasSuffix("z") || text.dropFirst(10).contains { $0 == "+" || $0 == "-" }
        if !hasOffset, zone == nil, text.contains("T") {
            report.warning(
                .invalidWorkflowTriggerRecurrence,
                "The start time of trigger '\(trigger.name)' has neither a Z nor a time zone; it is taken as UTC.",
                at: start.location, path: trigger.path, hint: "add Z, or a 'timeZone'")
        }
    }

    // MARK: Schedule

    private mutating func checkSchedule(_ schedule: SourceNode, frequency: String?) {
        guard schedule.isMapping else {
            scheduleError("'schedule' must be a mapping", at: schedule.location)
            return
        }
        let location = recurrence.member("schedule")?.keyLocation ?? schedule.location
        if let frequency, !["day", "week", "month"].contains(frequency), !schedule.members.isEmpty {
            scheduleError("only the frequencies Day, Week and Month have a schedule", at: location)
        }
        for member in schedule.members {
            switch member.key {
            case "hours": checkNumbers(member, in: 0...23)
            case "minutes": checkNumbers(member, in: 0...59)
            case "weekDays":
                checkWeekDays(member)
                if let frequency, frequency != "week", ["day", "month"].contains(frequency) {
                    scheduleError("'weekDays' goes with the frequency Week only", at: member.keyLocation)
                }
            case "monthDays":
                checkNumbers(member, in: -31...31)
                if let frequency, frequency != "month", ["day", "week"].contains(frequency) {
                    scheduleError("'monthDays' goes with the frequency Month only", at: member.keyLocation)
                }
            case "monthlyOccurrences":
                if let frequency, frequency != "month", ["day", "week"].contains(frequency) {
                    scheduleError("'monthlyOccurrences' goes with the frequency Month only", at: member.keyLocation)
                }
            default:
                let known = ["hours", "minutes", "weekDays", "monthDays", "monthlyOccurrences"]
                scheduleError(
                    "'\(member.key)' is no member of a schedule", at: member.keyLocation,
                    hint: Suggestion.hint(for: member.key, among: known))
            }
        }
    }

    private mutating func checkNumbers(_ member: SourceNode.Member, in range: ClosedRange<Int64>) {
        guard !member.value.isTemplate, !member.value.isNull else { return }
        guard member.value.isSequence else {
            scheduleError("'\(member.key)' must be a list", at: member.keyLocation)
            return
        }
        for element in member.value.elements where !element.isTemplate {
            guard let number = element.wholeNumber, range.contains(number), member.key != "monthDays" || number != 0
            else {
                scheduleError(
                    "\(element.json.text) in '\(member.key)' is not from \(range.lowerBound) to \(range.upperBound)",
                    at: element.location)
                continue
            }
        }
    }

    private mutating func checkWeekDays(_ member: SourceNode.Member) {
        guard member.value.isSequence else {
            if !member.value.isTemplate { scheduleError("'weekDays' must be a list", at: member.keyLocation) }
            return
        }
        for element in member.value.elements where !element.isTemplate {
            let word = element.string ?? element.json.text
            guard !Self.weekDays.contains(where: { $0.lowercased() == word.lowercased() }) else { continue }
            scheduleError(
                "'\(word)' is no day of the week", at: element.location,
                hint: Suggestion.hint(for: word, among: Self.weekDays))
        }
    }
}
