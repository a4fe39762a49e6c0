import FlowCore
import FlowDefinitions
import FlowExpressions

extension RunState {
    /// Delay and Delay until.
    func wait(_ action: PlannedAction, _ repetition: Int, _ value: CompiledValue) {
        guard let inputs = inputs(value, action, repetition) else { return }
        guard let due = due(of: inputs) else {
            return failTemplate(
                action, repetition,
                "The inputs of action '\(action.name)' of type 'Wait' are not valid: an interval with count and unit, or "
                    + "'until' with a timestamp, is needed.", inputs: inputs)
        }
        guard due > now else { return finish(action, repetition, .succeeded, code: "OK", inputs: inputs) }
        markStarted(action, repetition, inputs: inputs, status: .waiting)
        setTimer(.wait, action, repetition, due: due)
    }

    /// The Wait's time has come.
    func finishWait(_ action: PlannedAction, _ repetition: Int) {
        guard states[place(action, repetition)].status == .waiting else { return }
        finish(action, repetition, .succeeded, code: "OK")
    }

    /// When a Wait with evaluated inputs is over; nil where they name no time.
    func due(of inputs: JSON) -> Timestamp? {
        if let text = inputs["until"]?["timestamp"]?.stringValue { return Timestamp(iso8601: text) }
        guard let interval = inputs["interval"], let unit = interval["unit"]?.stringValue,
            let count = interval["count"]?.doubleValue ?? interval["count"]?.stringValue.flatMap(Double.init),
            count.magnitude < 1e9
        else { return nil }
        let seconds: Double
        switch unit.lowercased() {
        case "second": seconds = count
        case "minute": seconds = count * 60
        case "hour": seconds = count * 3_600
        case "day": seconds = count * 86_400
        case "week": seconds = count * 604_800
        case "month": return now.adding(months: Int(count))
        case "year": return now.adding(months: Int(count) * 12)
        default: return nil
        }
        return now + .milliseconds(Int64((seconds * 1_000).rounded()))
    }
}

extension Timestamp {
    /// The same time of day so many months later, or the last day of that month.
    func adding(months: Int) -> Timestamp {
        let (date, ticksOfDay) = civil
        let total = date.year * 12 + date.month - 1 + months
        let (year, month) = (total / 12, total % 12 + 1)
        let day = min(date.day, CivilDate.days(inMonth: month, ofYear: year))
        return Timestamp(year: year, month: month, day: day, fractionTicks: ticksOfDay)
    }
}
