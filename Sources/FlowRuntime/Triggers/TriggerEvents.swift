import FlowCore
import FlowDefinitions
import FlowEngine
import FlowStorage

/// Makes runs of what a trigger brought, and keeps the trigger's history of what brought none: a run tells itself that
/// its trigger fired.
struct TriggerEvents {
    /// What came of one event.
    enum Result: String {
        case fired = "Succeeded"
        case skipped = "Skipped"
        case failed = "Failed"
    }

    let host: RunHost
    let runnable: RunnableFlow

    private var flow: Catalog.Entry { runnable.flow }
    private var trigger: Trigger { runnable.rules.trigger }

    /// A row of the trigger's history.
    func row(
        _ id: String, _ result: Result, code: String? = nil, message: String? = nil, run: String? = nil,
        at now: Timestamp
    ) -> TriggerHistoryEntry {
        TriggerHistoryEntry(
            id: id, flow: flow.id, trigger: trigger.name, status: result.rawValue, code: code,
            message: message.map { SecretMask.masking($0) },
            fired: result == .fired, run: run, startTime: now, endTime: host.clock.now)
    }

    /// Starts a run and waits until it exists.
    func start(
        _ name: String, _ payload: TriggerPayload, trackingID: String? = nil, changes: [StoreChange]
    ) async throws(FlowError) {
        let request = RunStartRequest(
            name: name, payload: payload, trackingID: trackingID, changes: changes, isAwaited: true)
        let (name, watch) = try await host.start(runnable, request)
        defer { host.waiters.unwatch(name, watch) }
        try await watch.started()
    }

    /// Takes the answer of a poll: the new mark and what comes of the answer are one commit.
    /// - Parameters:
    ///   - outputs: the trigger's outputs, or nil where nothing is new.
    ///   - mark: where the trigger stands now.
    ///   - now: when it was asked.
    /// - Throws: an error of the store, or `InvalidTemplate`.
    func take(_ outputs: JSONObject?, _ mark: TriggerState, at now: Timestamp) async throws(FlowError) {
        guard let outputs else { return try await host.commit(StoreCommit([.trigger(mark)])) }
        let id = RunName.new(at: now)
        if runnable.rules.splits {
            // The answer is stored before it is split, so that a crash in between loses and repeats nothing.
            let count = try runnable.rules.firings(of: outputs, now: now).count
            guard count > 0 else { return try await host.commit(StoreCommit([.trigger(mark)])) }
            var entry = row(id, .fired, at: now)
            entry.payload = .object(outputs)
            entry.isSealed = runnable.plan.trigger?.hidesOutputs ?? false
            entry.splitCount = count
            try await host.commit(StoreCommit([.trigger(mark), .history(entry)]))
            return try await split(entry, at: now)
        }
        guard try runnable.rules.conditionsHold(outputs, now: now) else {
            let row = row(id, .skipped, code: "TriggerConditionNotMet", at: now)
            return try await host.commit(StoreCommit([.trigger(mark), .history(row)]))
        }
        let remembered: [StoreChange]
        switch try await judge(outputs, at: now) {
        case .echo(let echo, let seen):
            return try await host.commit(StoreCommit([.trigger(mark), .history(suppressed(id, echo, at: now)), seen]))
        case .change(let remembering): remembered = remembering
        }
        let firing = try runnable.rules.firings(of: outputs, now: now)[0]
        try await start(
            id, payload(firing.outputs, id, at: now), trackingID: firing.trackingID,
            changes: [.trigger(mark)] + remembered)
    }

    /// Starts the runs of a stored answer; those that an earlier process started are found.
    ///
    /// Where the process ends or its store fails meanwhile, the rest is left to whoever goes on.
    func split(_ entry: TriggerHistoryEntry, at now: Timestamp) async throws(FlowError) {
        let outputs = entry.payload?.objectValue ?? [:]
        for (index, firing) in try runnable.rules.firings(of: outputs, now: now).enumerated() {
            let name = RunName.part(index, of: entry.id, at: entry.startTime)
            if try await host.store.run(name) != nil { continue }
            if try await host.store.triggerHistoryEntry(name) != nil { continue }
            guard try runnable.rules.conditionsHold(firing.outputs, now: now) else {
                try await host.commit(
                    StoreCommit([.history(row(name, .skipped, code: "TriggerConditionNotMet", at: now))]))
                continue
            }
            switch try await judge(firing.outputs, at: now) {
            case .echo(let echo, let seen):
                try await host.commit(StoreCommit([.history(suppressed(name, echo, at: now)), seen]))
            case .change(let remembered):
                guard try await startPart(name, firing, remembered, at: now) else { return }
            }
        }
        var done = entry
        done.splitDone = done.splitCount
        try await host.commit(StoreCommit([.history(done)]))
    }

    private func startPart(
        _ name: String, _ firing: TriggerRules.Firing, _ changes: [StoreChange], at now: Timestamp
    ) async throws(FlowError) -> Bool {
        while true {
            do throws(FlowError) {
                try await start(
                    name, payload(firing.outputs, name, at: now), trackingID: firing.trackingID,
                    changes: changes)
                return true
            } catch  where error.code == .runExists {
                return true
            } catch  where error.code == .workflowMaximumWaitingRunCountExceeded {
                // A full queue holds the trigger up; nothing of the answer is lost.
                guard host.readiness == .ready else { return false }
                await host.clock.pause(for: .seconds(1))
            }
        }
    }

    private func payload(_ outputs: JSONObject, _ history: String, at now: Timestamp) -> TriggerPayload {
        let planned = runnable.plan.trigger
        return TriggerPayload(
            name: trigger.name, inputs: planned?.recordedInputs, outputs: .object(outputs), startTime: now,
            endTime: host.clock.now, historyName: history, code: "OK", hidesInputs: planned?.hidesInputs ?? false,
            hidesOutputs: planned?.hidesOutputs ?? false)
    }

    /// Nothing is remembered of a trigger whose outputs are secret; each of its items is a change.
    private func judge(_ outputs: JSONObject, at now: Timestamp) async throws(FlowError) -> EchoGuardian.Judgement {
        guard let body = outputs["body"], runnable.plan.trigger?.hidesOutputs != true else {
            return .change(remembering: [])
        }
        return try await host.echoes.judge(body, flow: flow.name, at: now, store: host.store)
    }

    private func suppressed(_ id: String, _ echo: EchoEntry, at now: Timestamp) -> TriggerHistoryEntry {
        row(
            id, .skipped, code: "EchoSuppressed", message: "The values are those that the run \(echo.run) wrote.",
            run: echo.run, at: now)
    }
}
