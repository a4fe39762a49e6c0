import FlowCore
import FlowDefinitions
import FlowEngine
import FlowStorage

extension FlowEnvironment {
    /// The page of a run: what `run --json` and `runs show` print.
    /// - Parameters:
    ///   - run: the run's name.
    ///   - isBrief: whether inputs, outputs, attempts and repetitions are left out.
    /// - Returns: the page.
    /// - Throws: `WorkflowRunNotFound`.
    func page(of run: String, isBrief: Bool) async throws(FlowError) -> JSON {
        guard let summary = try await store.run(run) else { throw Self.noRun(run) }
        var events: [RunEvent] = []
        for json in try await store.journal(of: run, after: 0, sealed: .hidden) {
            events.append(try RunEvent(journal: json))
        }
        let outline = try await host.plans.outline(hash: summary.definitionHash, flow: summary.flowName)
        let record = RunRecord(folding: events, of: outline)
        var page = RunPage(summary: summary, record: record).json(isBrief: isBrief)
        if !isBrief, case .object(var members) = page {
            members["repairedBy"] = .array(
                try await repairs(of: run).map { ["name": .string($0.name), "status": .string($0.status)] })
            page = .object(members)
        }
        guard let remedy = try await remedy(of: summary), case .object(var members) = page,
            case .object(var wait)? = members["waitsFor"]
        else { return page }
        wait["hint"] = .string(remedy)
        members["waitsFor"] = .object(wait)
        return .object(members)
    }

    /// What someone has to do so that a run goes on; nil where it goes on by itself.
    func remedy(of run: RunSummary) async throws(FlowError) -> String? {
        guard let wait = run.wait else { return nil }
        switch wait.kind {
        case .signIn:
            let known = try await store.connections(withSecrets: false)
            guard let connection = known.first(where: { $0.connection.name == wait.subject })?.connection else {
                return "flowrun connection list"
            }
            return "flowrun login \(connection.account)"
        case .settlement:
            return "flowrun runs settle \(run.name) \(wait.subject ?? "ACTION") --happened JSON, or --did-not-happen"
        case .timer, .callback, .child, .turn: return nil
        }
    }
}

/// A run as the contract's JSON.
struct RunPage {
    let summary: RunSummary
    let record: RunRecord

    func json(isBrief: Bool) -> JSON {
        guard case .object(var page) = FlowEnvironment.row(of: summary) else { return .null }
        // The contract's members come first, those of lists keep their places.
        if let error = record.outcome?.error { page["error"] = error.json }
        page["trigger"] = trigger(isBrief: isBrief)
        page["actions"] = .array(record.actions.compactMap { action($0, isBrief: isBrief) })
        page["response"] = response
        page["outputs"] = record.outcome?.outputs.map { .object($0) } ?? .null
        page["lastOutputs"] = lastOutputs
        return .object(page)
    }

    /// Of a run that answers nothing and has no outputs, those of the action that ended last: what it came to.
    private var lastOutputs: JSON {
        guard record.outcome != nil, record.reply == nil, record.outcome?.outputs?.isEmpty != false else {
            return .null
        }
        let ended = record.actions.filter { $0.loops.isEmpty && $0.record?.visibleOutputs?.isNull == false }
        let last = ended.max { left, right in
            let (first, second) = (left.record, right.record)
            return (first?.endTime?.ticks ?? 0, first?.order ?? 0) < (second?.endTime?.ticks ?? 0, second?.order ?? 0)
        }
        guard let last, let outputs = last.record?.visibleOutputs else { return .null }
        return ["action": .string(last.path.text), "outputs": outputs]
    }

    private func trigger(isBrief: Bool) -> JSON {
        guard let trigger = record.trigger else { return .null }
        var json: JSONObject = [
            "name": .string(trigger.name), "status": "Succeeded", "code": trigger.code.map { .string($0) } ?? .null,
            "startTime": .string(trigger.startTime.description), "endTime": .string(trigger.endTime.description),
        ]
        if let scheduled = trigger.scheduledTime { json["scheduledTime"] = .string(scheduled.description) }
        if isBrief { return .object(json) }
        json["inputs"] = trigger.hidesInputs ? nil : trigger.inputs
        json["outputs"] = trigger.hidesOutputs ? nil : trigger.outputs
        return .object(json)
    }

    private var response: JSON {
        guard let reply = record.reply else { return .null }
        if reply.isSecure { return ["statusCode": .integer(Int64(reply.statusCode))] }
        return [
            "statusCode": .integer(Int64(reply.statusCode)), "headers": .object(reply.headers),
            "body": reply.body ?? .null,
        ]
    }

    private func action(_ action: ActionRecord, isBrief: Bool) -> JSON? {
        guard let summary = action.summary else { return nil }
        var json: JSONObject = [
            "path": .string(action.path.text), "name": .string(action.name), "type": .string(action.type),
        ]
        describe(summary, isBrief: isBrief || action.isRepeated, into: &json)
        json["repetitionCount"] = action.repetitionCount.map { .integer(Int64($0)) } ?? .null
        if !isBrief, !action.repetitions.isEmpty {
            json["repetitions"] = .array(action.repetitions.map { repetition($0, of: action) })
        }
        return .object(json)
    }

    private func repetition(_ repetition: ActionRecord.Repetition, of action: ActionRecord) -> JSON {
        var json: JSONObject = [
            "path": .string(record.path(of: action, indexes: repetition.indexes).text), "name": .string(action.name),
            "type": .string(action.type),
        ]
        describe(repetition, isBrief: false, into: &json)
        json["repetitionIndexes"] = .array(
            zip(action.loops, repetition.indexes).map { loop, index in
                ["scopeName": .string(record.actions[loop].name), "itemIndex": .integer(Int64(index))]
            })
        return .object(json)
    }

    private func describe(_ entry: ActionRecord.Repetition, isBrief: Bool, into json: inout JSONObject) {
        json["status"] = .string(entry.status.rawValue)
        json["code"] = .string(entry.code)
        json["error"] = entry.error.map { Self.json(of: $0) } ?? .null
        json["startTime"] = .string(entry.startTime.description)
        json["endTime"] = entry.endTime.map { .string($0.description) } ?? .null
        if entry.isKept { json["keptFrom"] = summary.sourceRun.map { .string($0) } }
        if let count = entry.iterationCount { json["iterationCount"] = .integer(Int64(count)) }
        if isBrief { return }
        json["inputs"] = entry.visibleInputs
        json["outputs"] = entry.visibleOutputs
        json["trackedProperties"] = entry.trackedProperties
        let hidden: [JSON] = (entry.hidesInputs ? ["inputs"] : []) + (entry.hidesOutputs ? ["outputs"] : [])
        if !hidden.isEmpty { json["secureData"] = ["properties": .array(hidden)] }
        if !entry.attempts.isEmpty { json["attempts"] = .array(entry.attempts.map(attempt)) }
    }

    /// An action's error, with what to do where the environment itself refused the call.
    private static func json(of error: RunFailure) -> JSON {
        let refusals: [FlowError.Code] = [.addressNotAllowed, .authenticationNotSupported]
        guard case .object(var json) = error.json, let code = refusals.first(where: { $0.rawValue == error.code }),
            let page = ErrorPage.all[code]
        else { return error.json }
        json["hint"] = .string(page.remedy)
        return .object(json)
    }

    private func attempt(_ attempt: ActionRecord.Attempt) -> JSON {
        var json: JSONObject = [
            "startTime": .string(attempt.startTime.description),
            "endTime": attempt.endTime.map { .string($0.description) } ?? .null,
            "code": attempt.isInDoubt ? "InDoubt" : attempt.code.map { .string($0) } ?? .null,
            "error": attempt.error?.json ?? .null,
        ]
        if let child = attempt.childRun { json["childRun"] = .string(child) }
        return .object(json)
    }
}
