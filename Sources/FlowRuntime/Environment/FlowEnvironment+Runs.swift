import FlowCore
import FlowDefinitions
import FlowEngine
import FlowStorage

extension FlowEnvironment {
    // MARK: run

    func startRun(_ arguments: Arguments, as upn: String?) async throws(FlowError) -> JSON {
        let waits = try arguments.choice("wait") ?? true
        // Who looks on waits for the end as well, but not in this call.
        let isWatched = try arguments.flag("watch")
        // Without detail the answer is the run as lists show it, which needs no reading of the journal.
        let hasDetail = try arguments.choice("detail") ?? true
        try await takeUpRuns()
        let flow = try await catalog().flow(try arguments.required("flow"))
        let state = host.state
        let user = try state.knownUser(upn)
        guard state.right(of: user, on: flow.id) != nil else {
            throw FlowError(
                .flowNotShared, "'\(user ?? "")' may not run the flow '\(flow.name)'.",
                hint: "flowrun share '\(flow.name)' --run-only \(user ?? "UPN")")
        }
        try requireStarted(flow)
        let runnable = try host.runnable(flow)
        let now = clock.now
        let input = TriggerInput(runnable.rules.trigger, ofFlow: flow.name)
        let outputs = try input.outputs(arguments.value("input"), user: user, now: now)
        if let schema = runnable.plan.trigger?.schema, schema.objectValue?.isEmpty == false,
            flow.definition.kind == .flow
        {
            try TriggerSchema.check(outputs["body"], schema, trigger: runnable.rules.trigger)
        }
        let name = RunName.new(at: now)
        let firing = TriggerRules.Firing(outputs: outputs, trackingID: try runnable.rules.trackingID(outputs, now: now))
        return try await start(
            runnable, name, firing, user: user, sourceRun: nil, waits: waits, isWatched: isWatched,
            hasDetail: hasDetail)
    }

    private func requireStarted(_ flow: Catalog.Entry) throws(FlowError) {
        guard !flow.isStarted else { return }
        let state = flow.installed.state == .suspended ? "Suspended" : "Disabled"
        throw FlowError(
            .workflowTriggerIsNotEnabled,
            "Could not execute workflow '\(flow.id)' trigger '\(flow.trigger?.name ?? "manual")' with state '\(state)': "
                + "trigger is not enabled.", hint: "flowrun activate '\(flow.name)'")
    }

    /// The flow of a run that is to be repeated: as on the platform it must be there and on.
    /// - Throws: `FlowNotFound`, `WorkflowTriggerIsNotEnabled`.
    func startedFlow(of run: RunSummary) throws(FlowError) -> Catalog.Entry {
        guard let flow = host.catalog[run.flowID] else {
            throw FlowError(
                .flowNotFound, "The flow '\(run.flowName)' of the run \(run.name) is not in the environment any more.",
                hint: "install its solution again: `flowrun solution install PATH`")
        }
        try requireStarted(flow)
        return flow
    }

    private func start(
        _ runnable: RunnableFlow, _ name: String, _ firing: TriggerRules.Firing, user: String?, sourceRun: String?,
        hidesOutputs: Bool = false, waits: Bool, isWatched: Bool = false, hasDetail: Bool = true
    ) async throws(FlowError) -> JSON {
        let now = clock.now
        let planned = runnable.plan.trigger
        let payload = TriggerPayload(
            name: runnable.rules.trigger.name, inputs: planned?.recordedInputs,
            outputs: firing.outputs.isEmpty ? nil : .object(firing.outputs), startTime: now, historyName: name,
            code: "OK", callerWaits: (waits || isWatched) && runnable.plan.hasResponse,
            hidesInputs: planned?.hidesInputs ?? false,
            hidesOutputs: hidesOutputs || planned?.hidesOutputs ?? false)
        var request = RunStartRequest(
            name: name, payload: payload, trackingID: firing.trackingID, initiator: user, sourceRun: sourceRun,
            isAwaited: !waits)
        // A process that is owner for one command only begins the run where nobody waits for it: the next owner goes on.
        request.isHeld = !waits && !isWatched && !isListening
        request.mayBeginHere = waits
        let (run, watch) = try await host.start(runnable, request)
        defer { host.waiters.unwatch(run, watch) }
        guard waits else {
            try await watch.started()
            return [
                "name": .string(run), "flow": Self.flow(runnable.flow.name, runnable.flow.id),
                "hasOwner": .bool(isListening),
            ]
        }
        let end = try await watch.end()
        if let end, !hasDetail { return Self.row(of: end) }
        return try await finished(run)
    }

    /// The page of a run that someone waited for.
    private func finished(_ run: String) async throws(FlowError) -> JSON {
        if !isListening { await host.waitUntilIdle() }
        return try await page(of: run, isBrief: true)
    }

    static func flow(_ name: String, _ id: String) -> JSON { ["name": .string(name), "id": .string(id)] }

    // MARK: runs list, show, watch

    func listRuns(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let now = clock.now
        var filter = RunFilter(limit: min(try arguments.number("limit") ?? 50, 10_000))
        if let word = try arguments.text("flow") { filter.flowIDs = [try await catalog().flow(word).id] }
        if let status = try arguments.text("status") { try Self.set(status, in: &filter) }
        filter.since = try arguments.instant("since", now: now)
        filter.until = try arguments.instant("until", now: now)
        filter.key = try arguments.text("key")
        filter.text = try arguments.text("text")
        filter.error = try arguments.text("error")
        filter.parentRun = try arguments.text("parent")
        if filter.text != nil || filter.error != nil { try await catchUpSearch() }
        return .array(try await store.runs(filter).map(Self.row))
    }

    /// Lets a search find what was committed just now.
    ///
    /// Under load, or while an index is made anew, a server answers with
    /// what it has after a moment; a command on its own takes everything in.
    private func catchUpSearch() async throws(FlowError) {
        guard store.health == .ready else { return }
        try await host.search.catchUp(slices: isListening ? 4 : nil)
    }

    private static let statuses = [
        "Running", "Waiting", "Succeeded", "Failed", "Cancelled", "TimedOut", "Skipped", "InDoubt",
    ]

    private static func set(_ status: String, in filter: inout RunFilter) throws(FlowError) {
        guard let known = statuses.first(where: { $0.lowercased() == status.lowercased() }) else {
            throw FlowError(
                .invalidArgument, "There is no status '\(status)'.",
                hint: Suggestion.hint(for: status, among: statuses)
                    ?? "statuses are: \(statuses.joined(separator: ", "))")
        }
        if known == "InDoubt" {
            filter.code = known
            filter.waiting = .settlement
        } else {
            filter.statuses = [known]
        }
    }

    /// A run as lists show it.
    static func row(of run: RunSummary) -> JSON {
        var error: JSON = .null
        if let code = run.errorCode {
            error = ["code": .string(code), "message": .string(run.errorMessage ?? "")]
        }
        var row: JSONObject = [
            "name": .string(run.name), "flow": flow(run.flowName, run.flowID), "status": .string(run.status),
            "code": run.code.map { .string($0) } ?? .null, "error": error,
            "startTime": .string(run.startTime.description),
            "endTime": run.endTime.map { .string($0.description) } ?? .null,
        ]
        row["clientTrackingId"] = run.trackingID.map { .string($0) } ?? .string(run.name)
        row["initiator"] = run.initiator.map { .string($0) } ?? .null
        row["parentRun"] = run.parentRun.map { .string($0) } ?? .null
        row["sourceRun"] = run.sourceRun.map { .string($0) } ?? .null
        if run.sourceRun != nil { row["sourceKind"] = run.isRepair ? "repair" : "resubmit" }
        if let wait = run.wait {
            row["waitsFor"] = [
                "kind": .string(wait.kind.rawValue), "subject": wait.subject.map { .string($0) } ?? .null,
                "until": wait.until.map { .string($0.description) } ?? .null,
            ]
        }
        row["keys"] = .object(JSONObject(run.keys.map { ($0.name, .string($0.value)) }))
        return .object(row)
    }

    func showRun(_ arguments: Arguments) async throws(FlowError) -> JSON {
        try await page(of: try arguments.required("run"), isBrief: try arguments.flag("brief"))
    }

    func watchRun(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let run = try arguments.required("run")
        _ = try await awaitEnd(of: run)
        return try await finished(run)
    }

    /// Waits for the end of a run, which an earlier process may have left.
    /// - Returns: false where it cannot go on without someone outside.
    func awaitEnd(of run: String) async throws(FlowError) -> Bool {
        let watch = host.waiters.watch(run)
        defer { host.waiters.unwatch(run, watch) }
        let summary = try await summary(of: run)
        if summary.isFinished { return true }
        try await takeUpRuns()
        if host.isParked(summary) { return false }
        return try await watch.end() != nil
    }

    func summary(of run: String) async throws(FlowError) -> RunSummary {
        guard let summary = try await store.run(run) else { throw Self.noRun(run) }
        return summary
    }

    // MARK: runs cancel, resubmit, settle

    func cancelRun(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let run = try arguments.required("run")
        let watch = host.waiters.watch(run)
        defer { host.waiters.unwatch(run, watch) }
        let summary = try await summary(of: run)
        guard !summary.isFinished else {
            throw FlowError(
                .workflowRunCanNotBeCancelled,
                "The workflow run '\(run)' cannot be cancelled: its status is '\(summary.status)'.",
                hint: "only runs that are running or waiting can be cancelled")
        }
        try await host.send(InboxMessage(id: "cancel:\(UUIDText.random())", .cancel(by: nil)), to: run)
        return Self.row(of: try await watch.finished())
    }

    func resubmitRun(_ arguments: Arguments, as upn: String?) async throws(FlowError) -> JSON {
        let waits = try arguments.choice("wait") ?? true
        try await takeUpRuns()
        let run = try arguments.required("run")
        let summary = try await summary(of: run)
        let flow = try startedFlow(of: summary)
        guard let first = try await store.journal(of: run).first,
            case .runStarted(let start) = try RunEvent(journal: first)
        else { throw Self.unreadable(run, flow) }
        let runnable = try host.runnable(flow)
        let firing = TriggerRules.Firing(
            outputs: start.trigger.outputs?.objectValue ?? [:], trackingID: start.identity.trackingID)
        let user = try await state().knownUser(upn) ?? start.identity.initiator
        return try await self.start(
            runnable, RunName.new(at: clock.now), firing, user: user, sourceRun: run,
            hidesOutputs: start.trigger.hidesOutputs, waits: waits)
    }

    func settleRun(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let run = try arguments.required("run")
        let action = try arguments.required("action")
        let summary = try await summary(of: run)
        let doubtful = try await store.effects(of: run).filter { $0.state == .inDoubt }
        let wanted = ActionPath(text: action)
        let found =
            doubtful.first { $0.path == action }
            ?? doubtful.first { ActionPath(text: $0.path).name.lowercased() == wanted.name.lowercased() }
        guard !summary.isFinished, let found, let effect = EffectID(found.id) else {
            let paths = doubtful.map { "'\($0.path)'" }
            throw FlowError(
                .runNotInDoubt, "The action '\(action)' of the run \(run) is not in doubt.",
                hint: paths.isEmpty
                    ? "find runs in doubt: `flowrun runs list --status InDoubt`"
                    : "in doubt are: \(paths.joined(separator: ", "))")
        }
        let outcome: EffectOutcome
        if let happened = arguments.value("happened") {
            outcome = .answered(Self.answer(happened))
        } else {
            outcome = .didNotHappen
        }
        let watch = host.waiters.watch(run)
        defer { host.waiters.unwatch(run, watch) }
        try await host.send(InboxMessage(id: "settle:\(effect)", .settlement(effect, outcome)), to: run)
        _ = try await watch.end()
        if !isListening { await host.waitUntilIdle() }
        return Self.row(of: try await self.summary(of: run))
    }

    /// What a person says an action's call answered: outputs with a status code, or a body alone.
    private static func answer(_ json: JSON) -> OperationAnswer {
        guard let status = json["statusCode"]?.integerValue else { return OperationAnswer(statusCode: 200, body: json) }
        return OperationAnswer(
            statusCode: Int(status), headers: json["headers"]?.objectValue ?? [:], body: json["body"])
    }

    // MARK: runs prune, trigger history, trace

    func pruneRuns(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let now = clock.now
        let before = try arguments.instant("before", now: now) ?? now - RunHost.retention
        let count = try await store.prune(before: before)
        host.search.committed()
        return ["deleted": .integer(Int64(count)), "before": .string(before.description)]
    }

    func triggerHistory(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let now = clock.now
        var filter = TriggerHistoryFilter(limit: min(try arguments.number("limit") ?? 50, 10_000))
        if let word = try arguments.text("flow") { filter.flow = try await catalog().flow(word).id }
        filter.status = try arguments.text("status")
        filter.since = try arguments.instant("since", now: now)
        filter.until = try arguments.instant("until", now: now)
        return .array(try await store.triggerHistory(filter).map(Self.row))
    }

    /// An entry of the trigger history as lists show it.
    static func row(of entry: TriggerHistoryEntry) -> JSON {
        [
            "name": .string(entry.id), "flowId": .string(entry.flow), "trigger": .string(entry.trigger),
            "status": .string(entry.status), "code": entry.code.map { .string($0) } ?? .null,
            "message": entry.message.map { .string($0) } ?? .null, "fired": .bool(entry.fired),
            "run": entry.run.map { .string($0) } ?? .null, "startTime": .string(entry.startTime.description),
            "endTime": entry.endTime.map { .string($0.description) } ?? .null,
        ]
    }

    /// Everything that happened to one business key, in the order of time: runs, their calls, and what they came to.
    func trace(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let key = try arguments.required("key")
        var filter = RunFilter(limit: 1_000)
        filter.key = key
        var runs = try await store.runs(filter)
        for parent in runs {
            let children = try await store.runs(RunFilter(parentRun: parent.name, limit: 200))
            runs += children.filter { child in !runs.contains { $0.name == child.name } }
        }
        var entries: [(Timestamp, JSON)] = []
        for run in runs {
            entries.append((run.startTime, Self.traceEntry("runStarted", run, at: run.startTime, [:])))
            if let end = run.endTime {
                let detail: JSONObject = [
                    "status": .string(run.status), "code": run.errorCode.map { .string($0) } ?? .null,
                ]
                entries.append((end, Self.traceEntry("runEnded", run, at: end, detail)))
            }
            for effect in try await store.effects(of: run.name) {
                let detail: JSONObject = [
                    "action": .string(effect.path), "operation": .string(effect.operation),
                    "connection": effect.connection.map { .string($0) } ?? .null,
                    "state": .string(effect.state.rawValue), "result": effect.result.map { .string($0) } ?? .null,
                    "subject": effect.subject.map { .string($0) } ?? .null,
                ]
                entries.append((effect.intendedAt, Self.traceEntry("effect", run, at: effect.intendedAt, detail)))
            }
        }
        return .array(entries.sorted { $0.0 < $1.0 }.map(\.1))
    }

    private static func traceEntry(_ event: String, _ run: RunSummary, at now: Timestamp, _ detail: JSONObject) -> JSON
    {
        var entry: JSONObject = [
            "time": .string(now.description), "event": .string(event), "flow": flow(run.flowName, run.flowID),
            "run": .string(run.name),
        ]
        for (key, value) in detail { entry[key] = value }
        return .object(entry)
    }
}
