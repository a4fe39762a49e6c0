import FlowCore
import FlowDefinitions
import FlowEngine
import FlowStorage

/// What happens in a run while someone looks on.
///
/// A look asks for what came after the last event that it knows and is answered as soon as there is something new, at
/// the latest after a second, so that an owner that ends is noticed and none is kept from ending.
extension FlowEnvironment {
    /// How long a look waits for something new.
    private static let patience = Duration.seconds(1)
    /// How many events are told at a time at most.
    private static let pageSize = 2_000

    /// What has happened in a run since an event.
    /// - Parameter arguments: the `run`, the number of the last event that is known as `after`.
    /// - Returns: the `run` as lists show it, its `events`, the number of the `last` one, and whether it `isOver`: ended,
    ///   or waiting for someone outside; `isRead` where this process does not carry runs out.
    /// - Throws: `WorkflowRunNotFound`, or why nothing will come in this process.
    func runProgress(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let run = try arguments.required("run")
        let known = Int64(try arguments.number("after") ?? 0)
        let watch = host.waiters.watch(run)
        defer { host.waiters.unwatch(run, watch) }
        guard var summary = try await store.run(run) else { throw Self.noRun(run) }
        if store.health == .ready, !summary.isFinished {
            try await takeUpRuns()
            if try await store.lastEventNumber(of: run) <= known, !isOver(summary) {
                try await waitForChange(watch)
                summary = try await store.run(run) ?? summary
            }
        }
        let journal = try await store.journal(of: run, after: known, sealed: .hidden)
        let isWhole = journal.count <= Self.pageSize
        let outline = try await host.plans.outline(hash: summary.definitionHash, flow: summary.flowName)
        var events: [JSON] = []
        for json in journal.prefix(Self.pageSize) {
            if let event = RunProgress.json(of: try RunEvent(journal: json), in: run, outline) { events.append(event) }
        }
        let last = known + Int64(min(journal.count, Self.pageSize))
        var row = Self.row(of: summary)
        if let remedy = try await remedy(of: summary), case .object(var members) = row,
            case .object(var wait)? = members["waitsFor"]
        {
            wait["hint"] = .string(remedy)
            members["waitsFor"] = .object(wait)
            row = .object(members)
        }
        return [
            "run": row, "events": .array(events), "last": .integer(last), "isOver": .bool(isWhole && isOver(summary)),
            "isRead": .bool(store.health == .readOnly),
        ]
    }

    private func isOver(_ summary: RunSummary) -> Bool { summary.isFinished || host.isParked(summary) }

    private func waitForChange(_ watch: RunWatch) async throws(FlowError) {
        // Ends with the look at the latest.
        let alarm = Task { [clock] in
            await clock.pause(for: Self.patience)
            watch.progressed()
        }
        defer { alarm.cancel() }
        try await watch.change()
    }
}

/// An event of a run as those who look on are told it: what the platform's run page shows, without contents.
enum RunProgress {
    /// The event; nil where nothing of it shows.
    static func json(of event: RunEvent, in run: String, _ outline: FlowOutline) -> JSON? {
        switch event {
        case .runStarted(let start):
            return line(
                "runStarted", start.at, run,
                ["flow": .string(start.identity.flowName), "trigger": .string(start.trigger.name)])
        case .actionStarted(let start):
            return line("actionStarted", start.at, run, action(start.action, outline))
        case .actionEnded(let end):
            var members = action(end.action, outline)
            members["status"] = .string(end.status.rawValue)
            members["code"] = .string(end.code)
            members["error"] = end.error?.json ?? .null
            members["startTime"] = .string(end.startTime.description)
            members["endTime"] = .string(end.endTime.description)
            return line("actionEnded", end.endTime, run, members)
        case .timerSet(let setting) where setting.purpose == .retry || setting.purpose == .wait:
            // The event has no instant of its own: it rides with what set the timer.
            var members: JSONObject = [
                "event": setting.purpose == .retry ? "actionRetries" : "actionWaits", "run": .string(run),
            ]
            for (key, value) in action(setting.action, outline) { members[key] = value }
            members["until"] = .string(setting.due.description)
            return .object(members)
        case .runEnded(let outcome):
            let members: JSONObject = [
                "status": .string(outcome.status), "code": outcome.code.map { .string($0) } ?? .null,
                "error": outcome.error?.json ?? .null,
            ]
            return line("runEnded", outcome.endTime, run, members)
        default: return nil
        }
    }

    private static func line(_ name: String, _ at: Timestamp, _ run: String, _ members: JSONObject) -> JSON {
        var line: JSONObject = ["event": .string(name), "time": .string(at.description), "run": .string(run)]
        for (key, value) in members { line[key] = value }
        return .object(line)
    }

    private static func action(_ action: ActionInstance, _ outline: FlowOutline) -> JSONObject {
        guard let place = outline.place(of: action.name) else { return ["name": .string(action.name)] }
        let entry = outline.entries[place]
        var members: JSONObject = [
            "path": .string(outline.path(place, indexes: action.indexes).text), "name": .string(entry.name),
            "type": .string(entry.type),
        ]
        if !action.indexes.isEmpty {
            members["repetitionIndexes"] = .array(action.indexes.map { .integer(Int64($0)) })
        }
        return members
    }
}
