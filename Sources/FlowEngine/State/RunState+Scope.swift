import FlowCore
import FlowDefinitions
import FlowExpressions

/// What expressions can see of a run.
///
/// They are evaluated for `evaluatingAction` at `currentRepetition`; `row` is the element of a Select, Filter array or Table.
extension RunState: EvaluationScope {
    func parameter(_ name: String) -> JSON? {
        guard let declaration = plan.parameter(name) else { return nil }
        return identity.parameters.value(ignoringCase: name) ?? declaration.defaultValue
    }

    func variable(_ name: String) -> JSON? { variablePlace(name).map { variables[$0].value } }

    func triggerRecord() -> JSON? {
        guard let trigger else { return nil }
        var record: JSONObject = ["name": .string(trigger.name)]
        if let inputs = trigger.inputs { record.append("inputs", inputs) }
        if let outputs = trigger.outputs { record.append("outputs", outputs) }
        record.append("startTime", .string(trigger.startTime.description))
        record.append("endTime", .string(trigger.endTime.description))
        if let scheduled = trigger.scheduledTime { record.append("scheduledTime", .string(scheduled.description)) }
        record.append("trackingId", .string(trackingID(of: trigger.name, [])))
        record.append("clientTrackingId", .string(clientTrackingID))
        if let history = trigger.historyName { record.append("originHistoryName", .string(history)) }
        if let code = trigger.code { record.append("code", .string(code)) }
        record.append("status", "Succeeded")
        return .object(record)
    }

    func triggerOutputs() -> JSON? { trigger.map { $0.outputs ?? .null } }

    func actionRecord(_ name: String) -> JSON? {
        guard let (action, place) = resolve(name) else { return nil }
        switch place {
        case .state(let repetition): return record(action, repetition)
        case .loop(let loop, let repetition): return aggregate(action, loop, repetition)
        }
    }

    func actionOutputs(_ name: String) -> JSON? {
        guard let (action, place) = resolve(name) else { return nil }
        switch place {
        case .state(let repetition): return states[self.place(action, repetition)].outputs
        case .loop(let loop, let repetition):
            let rounds = recordedRepetitions(of: action, loop, repetition)
            return .array(rounds.map { states[self.place(action, $0)].outputs ?? .null })
        }
    }

    func actionBody(_ name: String) -> JSON? {
        guard let (action, place) = resolve(name) else { return nil }
        switch place {
        case .state(let repetition): return body(action, repetition)
        case .loop(let loop, let repetition):
            return .array(recordedRepetitions(of: action, loop, repetition).map { body(action, $0) ?? .null })
        }
    }

    /// The `body` of an action's outputs; what a Compose puts out is its own body.
    private func body(_ action: PlannedAction, _ repetition: Int) -> JSON? {
        guard let outputs = states[place(action, repetition)].outputs else { return nil }
        if action.type == .compose { return outputs }
        return outputs["body"]
    }

    func item() -> JSON? {
        if let row { return row }
        var repetition = currentRepetition
        while repetition > 0 {
            if let loop = plan.bodies[repetitions[repetition].body].loop, actions[loop].type == .foreach {
                return repetitions[repetition].item
            }
            repetition = repetitions[repetition].parent
        }
        return nil
    }

    func items(_ loop: String) -> JSON? { round(of: loop).map { repetitions[$0].item } }

    func iterationIndex(_ loop: String) -> Int? { round(of: loop).map { repetitions[$0].index } }

    /// The round of a named loop around the current action.
    private func round(of loop: String) -> Int? {
        guard let number = plan.actionNumber(loop), let branch = actions[number].branches.first,
            actions[number].type?.isLoop == true
        else { return nil }
        return enclosing(currentRepetition, body: containers[branch].body)
    }

    func result(_ scope: String) -> JSON? {
        guard let (action, place) = resolve(scope), case .state(let repetition) = place else { return nil }
        guard states[self.place(action, repetition)].status != nil else { return nil }
        var records: [JSON] = []
        for branch in action.branches {
            for number in containers[branch].actions {
                let child = actions[number]
                if child.body == action.body {
                    if let record = record(child, repetition) { records.append(record) }
                } else if case .until = action.work {
                    let work = Int(states[self.place(action, repetition)].work)
                    guard untilStates.indices.contains(work) else { continue }
                    if let record = record(child, untilStates[work].round) { records.append(record) }
                } else if let record = aggregate(child, action, repetition), record["repetitionCount"] != nil {
                    records.append(record)
                }
            }
        }
        return .array(records)
    }

    func currentAction() -> JSON? { trackedRecord }

    func workflow() -> JSON { WorkflowRecord.of(identity) }

    func callbackURL() -> String? {
        guard let currentCallback, let base = identity.callbackBase else { return nil }
        return base + "/" + currentCallback
    }

    func newGUID() -> String { UUIDText.version4(random.next(), random.next()) }

    func random(below bound: Int64) -> Int64 { Int64.random(in: 0..<max(1, bound), using: &random) }
}

/// Records of actions.
extension RunState {
    /// Where the record of an action lies that an expression names.
    enum RecordPlace {
        /// In one repetition.
        case state(repetition: Int)
        /// In the rounds of a loop that does not enclose the current action: in all of them.
        case loop(PlannedAction, repetition: Int)
    }

    var clientTrackingID: String { identity.trackingID ?? identity.run }

    /// Finds the action of a name and the place of its record as the current action sees it.
    func resolve(_ name: String) -> (PlannedAction, RecordPlace)? {
        guard let number = plan.actionNumber(name) else { return nil }
        let action = actions[number]
        if action.body == repetitions[currentRepetition].body { return (action, .state(repetition: currentRepetition)) }
        guard let place = locate(body: action.body, from: currentRepetition) else { return nil }
        return (action, place)
    }

    private func locate(body: Int, from repetition: Int) -> RecordPlace? {
        if let repetition = enclosing(repetition, body: body) { return .state(repetition: repetition) }
        guard let loopNumber = plan.bodies[body].loop else { return nil }
        let loop = actions[loopNumber]
        guard let outer = locate(body: loop.body, from: repetition) else { return nil }
        guard case .state(let place) = outer else { return outer }
        let work = Int(states[self.place(loop, place)].work)
        if case .until = loop.work, untilStates.indices.contains(work), states[self.place(loop, place)].status != nil,
            untilStates[work].round >= 0
        {
            return .state(repetition: untilStates[work].round)
        }
        return .loop(loop, repetition: place)
    }

    /// The repetitions that hold records of an action inside a loop, in the order of the rounds, outer loops first.
    func recordedRepetitions(of action: PlannedAction, _ loop: PlannedAction, _ repetition: Int) -> [Int] {
        let state = states[place(loop, repetition)]
        guard state.status != nil, state.status != .skipped, state.work >= 0 else { return [] }
        var rounds: [Int]
        if case .foreach = loop.work {
            rounds = foreachStates[Int(state.work)].rounds
        } else if case .until = loop.work {
            rounds = [untilStates[Int(state.work)].round]
        } else {
            return []
        }
        guard let first = rounds.first else { return [] }
        if repetitions[first].body == action.body { return rounds }
        guard let next = action.loops.first(where: { actions[$0].body == repetitions[first].body }) else { return [] }
        return rounds.flatMap { recordedRepetitions(of: action, actions[next], $0) }
    }

    /// What `actions()` gives for an action at one repetition; nil before it has begun.
    func record(_ action: PlannedAction, _ repetition: Int) -> JSON? {
        let state = states[place(action, repetition)]
        guard let status = state.status else { return nil }
        var record: JSONObject = ["name": .string(action.name)]
        if let inputs = state.inputs { record.append("inputs", inputs) }
        if let outputs = state.outputs { record.append("outputs", outputs) }
        if let tracked = state.trackedProperties { record.append("trackedProperties", tracked) }
        record.append("startTime", .string(state.started.description))
        if status.isFinal { record.append("endTime", .string(state.ended.description)) }
        record.append("trackingId", .string(trackingID(of: action.name, repetitions[repetition].indexes)))
        record.append("clientTrackingId", .string(clientTrackingID))
        if !state.code.isEmpty, state.code != "NotSpecified" { record.append("code", .string(state.code)) }
        record.append("status", .string(status.rawValue))
        if let error = state.error { record.append("error", error.json) }
        if state.iterationCount >= 0 {
            let key = action.type == .until ? "iterationCount" : "repetitionCount"
            if action.type == .until { record.append(key, .integer(Int64(state.iterationCount))) }
        }
        return .object(record)
    }

    /// What `actions()` gives for an action inside a loop that is looked at from outside: all rounds together.
    func aggregate(_ action: PlannedAction, _ loop: PlannedAction, _ repetition: Int) -> JSON? {
        guard let loopStatus = states[place(loop, repetition)].status else { return nil }
        let rounds = recordedRepetitions(of: action, loop, repetition)
        var record: JSONObject = ["name": .string(action.name)]
        guard !rounds.isEmpty else {
            guard loopStatus.isFinal else { return nil }
            record.append("status", "Skipped")
            record.append("code", "ActionSkipped")
            return .object(record)
        }
        let found = rounds.map { states[place(action, $0)] }
        record.append("inputs", .array(found.map { $0.inputs ?? .null }))
        record.append("outputs", .array(found.map { $0.outputs ?? .null }))
        record.append("startTime", .string((found.map(\.started).min() ?? now).description))
        record.append("endTime", .string((found.map(\.ended).max() ?? now).description))
        record.append("trackingId", .string(trackingID(of: action.name, [])))
        record.append("clientTrackingId", .string(clientTrackingID))
        let statuses = found.compactMap(\.status)
        let isSkipped = statuses.allSatisfy { $0 == .skipped }
        record.append("status", .string((isSkipped ? .skipped : Self.gravest(statuses)).rawValue))
        record.append("repetitionCount", .integer(Int64(rounds.count)))
        return .object(record)
    }

    /// The tracking id of an action: new in each run, the same each time it is asked for.
    private func trackingID(of name: String, _ indexes: [Int]) -> String {
        let place = indexes.map(String.init).joined(separator: ",")
        return UUIDText.named("\(identity.run)/\(name)/\(place)", namespace: Array("flowrun tracking".utf8))
    }
}
