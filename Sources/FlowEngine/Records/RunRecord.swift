public import FlowCore
public import FlowDefinitions

/// What people see of a run: the fold of its events.
public struct RunRecord: Sendable {
    /// Who the run is; nil until it begins.
    public private(set) var identity: RunIdentity?
    /// What the trigger brought; nil until then.
    public private(set) var trigger: TriggerPayload?
    /// When it began; nil until then.
    public private(set) var startTime: Timestamp?
    /// How it ended; nil until then.
    public private(set) var outcome: RunOutcome?
    /// The answer to the caller, or nil.
    public private(set) var reply: RunReply?
    /// The actions: containers before their children, in the order written.
    public private(set) var actions: [ActionRecord]

    private let outline: FlowOutline
    private var order = 0
    /// The places of repetitions by their indexes, for each action inside loops.
    private var places: [[[Int]: Int]]
    private var effects: [EffectID: ActionInstance] = [:]
    private var answers: [ActionInstance: OperationAnswer] = [:]
    private var items: [ActionInstance: [JSON]] = [:]

    /// Makes the record of a run that has not begun.
    /// - Parameter outline: the flow's actions.
    public init(_ outline: FlowOutline) {
        self.outline = outline
        actions = outline.entries.map { entry in
            ActionRecord(
                name: entry.name, path: entry.path, type: entry.type, loops: entry.loops, record: nil, repetitions: [])
        }
        places = Array(repeating: [:], count: actions.count)
    }

    /// Makes the record of a run from its events.
    /// - Parameters:
    ///   - events: the events in order.
    ///   - outline: the flow's actions.
    public init(folding events: some Sequence<RunEvent>, of outline: FlowOutline) {
        self.init(outline)
        for event in events { apply(event) }
    }

    /// The status in the platform's spelling.
    public var status: String {
        if let outcome { return outcome.status }
        let isInDoubt = actions.contains { action in
            ([action.record].compactMap { $0 } + action.repetitions).contains {
                $0.attempts.contains(where: \.isInDoubt)
            }
        }
        if isInDoubt { return "Waiting" }
        return startTime == nil ? "Waiting" : "Running"
    }

    /// The code beside the status: `InDoubt` while someone has to say whether a call happened.
    public var code: String? {
        outcome?.code ?? (outcome == nil && status == "Waiting" && startTime != nil ? "InDoubt" : nil)
    }

    /// The record of an action by its name in any letter case, or nil.
    public func action(_ name: String) -> ActionRecord? { outline.place(of: name).map { actions[$0] } }

    /// The path of an action at a repetition.
    public func path(of action: ActionRecord, indexes: [Int]) -> ActionPath {
        outline.place(of: action.name).map { outline.path($0, indexes: indexes) } ?? action.path
    }

    // MARK: Folding

    /// Takes one event.
    public mutating func apply(_ event: RunEvent) {
        order += 1
        switch event {
        case .runStarted(let start):
            identity = start.identity
            trigger = start.trigger
            startTime = start.at
        case .actionStarted(let start):
            change(start.action, at: start.at) { record in
                record.inputs = start.inputs
                record.hidesInputs = start.hidesInputs
                record.code = "NotSpecified"
            }
        case .actionEnded(let end): apply(end)
        case .effectIntended(let intent): apply(intent)
        case .effectFinished(let finish): apply(finish)
        case .timerSet(let setting):
            if setting.purpose == .wait { change(setting.action, at: nil) { $0.status = .waiting } }
        case .replied(let reply, _): if self.reply == nil { self.reply = reply }
        case .runEnded(let outcome): self.outcome = outcome
        case .iterationEnded, .timerDue, .messageTaken, .callbackReceived, .cancelRequested, .expired, .repaired,
            .callKept:
            break
        }
    }

    private mutating func apply(_ end: ActionEnd) {
        let outputs = outputs(of: end)
        change(end.action, at: end.startTime) { record in
            record.status = end.status
            record.code = end.code
            record.error = end.error
            if let inputs = end.inputs { record.inputs = inputs }
            switch end.outputs {
            case .none: record.outputs = nil
            case .value(let value): record.outputs = value
            case .inputs: record.outputs = record.inputs
            case .answer: record.outputs = outputs
            }
            record.trackedProperties = end.trackedProperties
            record.iterationCount = end.iterationCount
            record.startTime = end.startTime
            record.endTime = end.endTime
            record.hidesInputs = end.hidesInputs
            record.hidesOutputs = end.hidesOutputs
            record.isKept = end.isKept
        }
        answers[end.action] = nil
        items[end.action] = nil
    }

    private func outputs(of end: ActionEnd) -> JSON? {
        guard case .answer = end.outputs, let answer = answers[end.action] else { return nil }
        var outputs: JSONObject = [
            "statusCode": .integer(Int64(answer.statusCode)), "headers": .object(answer.headers),
        ]
        if let items = items[end.action] {
            outputs.append("body", ["value": .array(items)])
        } else if let body = answer.body {
            outputs.append("body", body)
        }
        return .object(outputs)
    }

    private mutating func apply(_ intent: EffectIntent) {
        effects[intent.id] = intent.action
        guard intent.kind.isFirstCall else { return }
        var attempt = ActionRecord.Attempt(effect: intent.id, startTime: intent.intendedAt)
        if case .child(let start) = intent.kind { attempt.childRun = start.run }
        change(intent.action, at: intent.intendedAt) { $0.attempts.append(attempt) }
    }

    private mutating func apply(_ finish: EffectFinish) {
        guard let action = effects[finish.id] else { return }
        if case .answered(let answer) = finish.outcome { keep(answer, of: action, finish.id) }
        change(action, at: nil) { record in
            guard let place = record.attempts.firstIndex(where: { $0.effect == finish.id }) else { return }
            switch finish.outcome {
            case .answered(let answer): record.attempts[place].code = HTTPStatusName.of(answer.statusCode)
            case .failed(let failure):
                record.attempts[place].code = failure.code
                record.attempts[place].error = RunFailure(code: failure.code, message: failure.message)
            case .childEnded: record.attempts[place].code = "BadGateway"
            case .inDoubt:
                record.attempts[place].isInDoubt = true
                return
            case .didNotHappen: record.attempts[place].code = "DidNotHappen"
            }
            record.attempts[place].isInDoubt = false
            record.attempts[place].endTime = finish.at
        }
    }

    private mutating func keep(_ answer: OperationAnswer, of action: ActionInstance, _ id: EffectID) {
        answers[action] = answer
        guard let place = outline.place(of: action.name), outline.entries[place].gathersPages, answer.statusCode < 300
        else { return }
        if let page = (answer.body?["value"] ?? answer.body)?.arrayValue {
            items[action, default: []].append(contentsOf: page)
        }
    }

    /// Changes the record of an action at a repetition; makes it where there is none.
    private mutating func change(
        _ instance: ActionInstance, at start: Timestamp?, _ change: (inout ActionRecord.Repetition) -> Void
    ) {
        guard let place = outline.place(of: instance.name) else { return }
        func fresh() -> ActionRecord.Repetition {
            ActionRecord.Repetition(
                indexes: instance.indexes, status: .running, code: "NotSpecified",
                startTime: start ?? startTime ?? Timestamp(ticks: 0), order: order)
        }
        if instance.indexes.count < actions[place].loops.count || actions[place].loops.isEmpty {
            var record = actions[place].record ?? fresh()
            change(&record)
            actions[place].record = record
            return
        }
        let repetition: Int
        if let known = places[place][instance.indexes] {
            repetition = known
        } else {
            repetition = insertionPlace(of: instance.indexes, in: place)
            actions[place].repetitions.insert(fresh(), at: repetition)
            if repetition == actions[place].repetitions.count - 1 {
                places[place][instance.indexes] = repetition
            } else {
                for (index, record) in actions[place].repetitions.enumerated() { places[place][record.indexes] = index }
            }
        }
        change(&actions[place].repetitions[repetition])
    }

    /// Where a repetition belongs, so that the order is that of the rounds.
    private func insertionPlace(of indexes: [Int], in place: Int) -> Int {
        let repetitions = actions[place].repetitions
        var end = repetitions.count
        while end > 0, indexes.lexicographicallyPrecedes(repetitions[end - 1].indexes) { end -= 1 }
        return end
    }
}
