import FlowCore
import FlowDefinitions
import FlowEngine
import FlowStorage
import FlowText

/// When a trigger that follows the clock fires, and what becomes of times at which nothing served it.
struct TriggerSchedule {
    private let recurrence: Recurrence
    /// What becomes of times that were missed.
    let missed: MissedTimes
    /// Whether the run is told the stretch of time that ends when it is due.
    let hasWindows: Bool
    /// How long it waits after the time that is due.
    let delay: Duration

    init(_ recurrence: Recurrence, of trigger: Trigger, missed: MissedTimes) {
        var recurrence = recurrence
        hasWindows = trigger.listening == .windows
        if hasWindows { recurrence.schedule = nil }
        self.recurrence = recurrence
        self.missed = hasWindows ? .all : missed
        let text = hasWindows ? trigger.inputs?["delay"]?.string : nil
        delay = text.flatMap(Duration.init(flowText:)) ?? .zero
    }

    /// The first time after activation; windows begin in the past where their start lies there.
    func first(_ now: Timestamp) -> Timestamp? {
        hasWindows ? recurrence.start ?? now : recurrence.first(activatedAt: now)
    }

    /// The time after one that was due.
    func next(after time: Timestamp, due: Timestamp) -> Timestamp? {
        recurrence.next(after: time, anchor: recurrence.start ?? due)
    }

    /// The next time where the one that is recorded may come from a clock that was wrong; windows follow one another.
    func believed(_ due: Timestamp, now: Timestamp) -> Timestamp? {
        hasWindows ? due : recurrence.believed(due, now: now)
    }

    /// When it is due where the recurrence was another one until now.
    ///
    /// The time before the one that is due stands, and the new interval counts from there; what would be over by now is due
    /// at once. Windows go on where the last one ended.
    func due(insteadOf due: Timestamp, by old: Recurrence, now: Timestamp) -> Timestamp? {
        let last = old.previous(before: due)
        if hasWindows { return recurrence.next(after: last, anchor: last) }
        guard recurrence.start == nil, recurrence.schedule == nil else { return recurrence.first(activatedAt: now) }
        return recurrence.next(after: last, anchor: last).map { max($0, now) }
    }

    /// What the run sees: for windows the stretch that ends at the time that is due.
    func outputs(at due: Timestamp) -> JSONObject? {
        guard hasWindows else { return nil }
        return [
            "windowStartTime": .string(recurrence.previous(before: due).description),
            "windowEndTime": .string(due.description),
        ]
    }
}

/// A trigger that follows the clock: its next time is kept in the store, and moves on in the commit that starts the run.
struct ScheduledTrigger {
    let host: RunHost
    let flow: Catalog.Entry
    let trigger: Trigger
    let schedule: TriggerSchedule

    /// A time that lies further back than this was missed, not late.
    private static let tolerance = Duration.seconds(1)
    /// How long a full queue of runs holds up the trigger that must not skip a time.
    private static let patience = Duration.seconds(1)

    /// When it is due next, after times that were missed and are skipped: the history tells of those.
    func nextDue(_ known: TriggerState?) async throws(FlowError) -> Timestamp? {
        guard var known, let due = known.nextDue else { return nil }
        let now = host.clock.now
        guard due < now - Self.tolerance else { return schedule.believed(due, now: now) }
        guard schedule.missed == .skip else { return due }
        known.nextDue = schedule.next(after: now - Self.tolerance, due: due)
        let row = TriggerEvents(host: host, runnable: try host.runnable(flow)).row(
            RunName.new(at: now), .skipped, code: "OccurrenceMissed",
            message: "Nothing served the flow at \(due); times that were missed are skipped.", at: now)
        try await host.commit(StoreCommit([.trigger(known), .history(row)]))
        return known.nextDue
    }

    /// Fires for the time that is due; the run and the next time are one commit.
    func fire() async throws(FlowError) {
        let now = host.clock.now
        let known = try await host.store.triggerState(flow: flow.id, trigger: trigger.name)
        // What is recorded may come from a clock that was ahead of the time.
        let due = min(known?.nextDue ?? now, now)
        var next = known ?? TriggerState(flow: flow.id, trigger: trigger.name)
        next.nextDue = schedule.next(after: schedule.missed == .all ? due : now, due: due)
        let runnable = try host.runnable(flow)
        let name = RunName.new(at: now)
        let events = TriggerEvents(host: host, runnable: runnable)
        let outputs = schedule.outputs(at: due)
        guard try runnable.rules.conditionsHold(outputs ?? [:], now: now) else {
            let row = events.row(name, .skipped, code: "TriggerConditionNotMet", at: now)
            return try await host.commit(StoreCommit([.trigger(next), .history(row)]))
        }
        let payload = TriggerPayload(
            name: trigger.name, outputs: outputs.map { .object($0) }, startTime: now, scheduledTime: due,
            historyName: name)
        do throws(FlowError) {
            try await events.start(name, payload, changes: [.trigger(next)])
        } catch  where error.code == .workflowMaximumWaitingRunCountExceeded {
            // A schedule goes on without the time for which there is no room; one that skips none waits for it.
            guard schedule.missed != .skip else { return try await host.commit(StoreCommit([.trigger(next)])) }
            await host.clock.pause(for: Self.patience)
        }
    }
}
