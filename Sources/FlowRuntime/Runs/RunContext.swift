import FlowCore
import FlowDefinitions
import FlowEngine
import FlowExpressions
import FlowStorage

extension FlowEnvironment {
    /// What an expression can see of a stored run, for `eval --run`: `context` in the form that `ContextScope` takes, and
    /// `hidden`, what the run's record does not show because it is secured.
    ///
    /// With an action, the rounds of the loops around it are those of one repetition, and the variables and the clock stand
    /// as they stood when it began.
    func runContext(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let run = try arguments.required("run")
        guard let summary = try await store.run(run) else { throw Self.noRun(run) }
        var events: [RunEvent] = []
        for json in try await store.journal(of: run, after: 0, sealed: .hidden) {
            events.append(try RunEvent(journal: json))
        }
        let definition = try await host.plans.definition(summary.definitionHash, summary.flowName)
        var context = RunContext(definition, events)
        if let action = try arguments.text("action") {
            try context.look(at: action, item: try arguments.number("item"))
        }
        let scopes = arguments.value("results") == nil ? nil : try arguments.texts("results")
        return context.json(resultsOf: scopes)
    }
}

/// A run's record as expressions see it.
struct RunContext {
    private let definition: FlowDefinition
    private let events: [RunEvent]
    private let outline: FlowOutline
    private let record: RunRecord
    private var focus = Focus()
    private var hidden: JSONObject = [:]

    /// The action whose view is taken, and the rounds around it.
    private struct Focus {
        /// The places of the loops, outer first.
        var loops: [Int] = []
        /// The round of each of them.
        var indexes: [Int] = []
        /// The action at its repetition; nil for the view from the end of the run.
        var action: ActionInstance?
        /// When it began.
        var startTime: Timestamp?
    }

    init(_ definition: FlowDefinition, _ events: [RunEvent]) {
        self.definition = definition
        self.events = events
        outline = FlowOutline(definition)
        record = RunRecord(folding: events, of: outline)
    }

    // MARK: The action that looks

    /// Takes the view of an action.
    /// - Parameters:
    ///   - word: its name, or its path, in which rounds may stand.
    ///   - item: which of its repetitions, from 0; for a loop outside of loops, which of its rounds.
    /// - Throws: why there is no such action or repetition.
    mutating func look(at word: String, item: Int?) throws(FlowError) {
        let path = ActionPath(text: word)
        guard let action = record.action(word) ?? record.action(path.name), let place = outline.place(of: action.name)
        else {
            let near = Suggestion.hint(for: path.name, among: outline.entries.map(\.name))
            throw FlowError(
                .invalidArgument, "The flow '\(definition.name)' has no action '\(word)'.",
                hint: near ?? "flowrun runs show names the actions of the run")
        }
        guard action.summary != nil else {
            throw FlowError(
                .invalidArgument, "The action '\(action.name)' has not run.",
                hint: "leave --action out to see the run as it stands now")
        }
        focus.loops = action.loops
        if action.isRepeated {
            focus.indexes = try repetition(of: action, item, Self.indexes(in: word)).indexes
        } else if let item {
            guard outline.entries[place].isLoop else {
                throw FlowError(
                    .invalidArgument, "The action '\(action.name)' stands in no loop, so it has no items.",
                    hint: "leave --item out")
            }
            focus.loops.append(place)
            focus.indexes = [item]
        }
        focus.action = ActionInstance(action.name, indexes: focus.indexes)
        focus.startTime = (action.repetitions.first { $0.indexes == focus.indexes } ?? action.record)?.startTime
    }

    private func repetition(
        of action: ActionRecord, _ item: Int?, _ indexes: [Int]
    ) throws(FlowError) -> ActionRecord.Repetition {
        let all = action.repetitions
        if let item {
            // In one loop the number is the round's; rounds that never came to the action leave gaps.
            if action.loops.count == 1, let found = all.first(where: { $0.indexes == [item] }) { return found }
            if action.loops.count > 1, all.indices.contains(item) { return all[item] }
        } else if let found = all.first(where: { $0.indexes == indexes }) {
            return found
        } else if all.count == 1, indexes.isEmpty {
            return all[0]
        }
        let last = action.loops.count == 1 ? all.last?.indexes.last ?? 0 : all.count - 1
        let wanted = item.map { "no repetition \($0)" } ?? "\(all.count) repetitions, and it is not said which one"
        throw FlowError(
            .invalidArgument, "The action '\(action.name)' has \(wanted).",
            hint: all.isEmpty ? "the loop around it had no rounds" : "give --item 0 to --item \(last)")
    }

    /// The rounds that stand in a path, as 3 in `actions/Each[3]/actions/Send`.
    private static func indexes(in path: String) -> [Int] {
        path.split(separator: "/").compactMap { part in
            guard part.hasSuffix("]"), let bracket = part.lastIndex(of: "[") else { return nil }
            return Int(part[part.index(after: bracket)...].dropLast())
        }
    }

    // MARK: The context

    /// The context and what is hidden.
    /// - Parameter scopes: the scopes whose `result` is wanted; nil for all.
    /// - Returns: `context` as `eval --context` takes it, what is `hidden`, and the `types` of the actions.
    mutating func json(resultsOf scopes: [String]?) -> JSON {
        hidden = [:]
        var context: JSONObject = [
            "parameters": .object(parameters()), "variables": .object(variables()), "trigger": trigger(),
            "actions": .object(actions()),
        ]
        addItems(to: &context)
        context["results"] = .object(results(scopes))
        context["workflow"] = workflow()
        if let start = focus.startTime { context["now"] = .string(start.description) }
        let types = JSONObject(outline.entries.map { ($0.name, .string($0.type)) })
        return ["context": .object(context), "hidden": .object(hidden), "types": .object(types)]
    }

    private mutating func hide(_ section: String, _ name: String, _ parts: JSON = true) {
        var object = hidden[section]?.objectValue ?? [:]
        object[name] = parts
        hidden[section] = .object(object)
    }

    private mutating func parameters() -> JSONObject {
        guard case .runStarted(let start)? = events.first else { return [:] }
        var values: JSONObject = [:]
        for parameter in definition.allParameters {
            if parameter.isSecure || start.hidesParameters {
                hide("parameters", parameter.name)
            } else {
                values[parameter.name] =
                    start.identity.parameters.value(ignoringCase: parameter.name) ?? parameter.defaultValue
            }
        }
        return values
    }

    private mutating func trigger() -> JSON {
        guard let trigger = record.trigger else { return .null }
        var json: JSONObject = ["name": .string(trigger.name)]
        if trigger.hidesInputs { hide("trigger", "inputs") } else { json["inputs"] = trigger.inputs }
        if trigger.hidesOutputs { hide("trigger", "outputs") } else { json["outputs"] = trigger.outputs }
        json["startTime"] = .string(trigger.startTime.description)
        json["endTime"] = .string(trigger.endTime.description)
        json["scheduledTime"] = trigger.scheduledTime.map { .string($0.description) }
        json["clientTrackingId"] = clientTrackingID
        json["originHistoryName"] = trigger.historyName.map { .string($0) }
        json["code"] = trigger.code.map { .string($0) }
        json["status"] = "Succeeded"
        return .object(json)
    }

    private mutating func addItems(to context: inout JSONObject) {
        var items: JSONObject = [:]
        var rounds: JSONObject = [:]
        for (depth, (loop, index)) in zip(focus.loops, focus.indexes).enumerated() {
            let entry = outline.entries[loop]
            rounds[entry.name] = .integer(Int64(index))
            guard ActionType(ignoringCase: entry.type) == .foreach else { continue }
            let instance = ActionInstance(entry.name, indexes: Array(focus.indexes[..<depth]))
            context["item"] = nil
            hidden["item"] = nil
            guard let (elements, isHidden) = elements(of: instance) else { continue }
            if isHidden {
                hide("items", entry.name)
                hidden["item"] = true
            } else if elements.indices.contains(index) {
                items[entry.name] = elements[index]
                context["item"] = elements[index]
            }
        }
        context["items"] = .object(items)
        context["iterationIndexes"] = .object(rounds)
    }

    private func elements(of loop: ActionInstance) -> (elements: [JSON], isHidden: Bool)? {
        for case .actionStarted(let start) in events where start.action == loop {
            if case .items(let elements, _) = start.decision { return (elements, start.hidesInputs) }
        }
        return nil
    }

    private var clientTrackingID: JSON {
        .string(record.identity?.trackingID ?? record.identity?.run ?? "")
    }

    private func workflow() -> JSON { record.identity.map(WorkflowRecord.of) ?? [:] }

    private mutating func variables() -> JSONObject {
        var variables = RecordedVariables(definition)
        for event in events {
            switch event {
            case .actionStarted(let start) where isFocus(start.action): return takeNote(of: variables)
            case .actionEnded(let end) where isFocus(end.action): return takeNote(of: variables)
            case .actionEnded(let end) where end.status == .succeeded: variables.take(end)
            default: break
            }
        }
        return takeNote(of: variables)
    }

    /// Whether an event's action is the one that looks, or the first in the round that is looked at.
    private func isFocus(_ action: ActionInstance) -> Bool {
        guard let own = focus.action else { return false }
        if action == own { return true }
        guard let place = outline.place(of: action.name), let loop = focus.loops.last,
            outline.entries[loop].name == own.name
        else { return false }
        return outline.entries[place].loops.starts(with: focus.loops) && action.indexes.starts(with: focus.indexes)
    }

    private mutating func takeNote(of variables: RecordedVariables) -> JSONObject {
        for name in variables.hidden { hide("variables", name) }
        if variables.hidesNames { hidden["variableNames"] = true }
        return variables.values
    }
}

/// Records of actions.
extension RunContext {
    /// A record as `actions()` gives it, and which of its parts are hidden.
    private struct View {
        var json: JSONObject
        var hidden: [JSON] = []
    }

    private mutating func actions() -> JSONObject {
        var actions: JSONObject = [:]
        for place in record.actions.indices {
            guard let view = view(of: place) else { continue }
            actions[record.actions[place].name] = .object(view.json)
            if !view.hidden.isEmpty { hide("actions", record.actions[place].name, .array(view.hidden)) }
        }
        return actions
    }

    private mutating func results(_ scopes: [String]?) -> JSONObject {
        var results: JSONObject = [:]
        let wanted = scopes.map { Set($0.map { $0.lowercased() }) }
        for (place, entry) in outline.entries.enumerated() {
            guard ActionType(ignoringCase: entry.type)?.isContainer == true, record.actions[place].summary != nil,
                wanted?.contains(entry.name.lowercased()) != false
            else { continue }
            var records: [JSON] = []
            for (child, inner) in outline.entries.enumerated() where inner.parent == place {
                guard let view = view(of: child) else { continue }
                records.append(.object(view.json))
                if !view.hidden.isEmpty { hide("results", entry.name) }
            }
            results[entry.name] = .array(records)
        }
        return results
    }

    private func view(of place: Int) -> View? {
        let action = record.actions[place]
        let shared = zip(action.loops, focus.loops).prefix { $0 == $1 }.count
        let round = Array(focus.indexes[..<shared])
        if action.loops.count == shared {
            let own = shared == 0 ? action.record : action.repetitions.first { $0.indexes == round }
            return (own ?? action.record).map { view(of: action, $0) }
        }
        var repetitions = action.repetitions.filter { $0.indexes.starts(with: round) }
        guard !repetitions.isEmpty else { return action.record.map { view(of: action, $0) } }
        var isList = false
        for level in shared..<action.loops.count {
            if ActionType(ignoringCase: outline.entries[action.loops[level]].type) == .until {
                repetitions = Self.lastRounds(of: repetitions, level: level)
            } else {
                isList = true
            }
        }
        return isList ? view(of: action, all: repetitions) : repetitions.last.map { view(of: action, $0) }
    }

    /// Of an Until only the last round is seen from outside.
    private static func lastRounds(of repetitions: [ActionRecord.Repetition], level: Int) -> [ActionRecord.Repetition] {
        var last: [[Int]: Int] = [:]
        for repetition in repetitions {
            last[Array(repetition.indexes[..<level]), default: 0] = repetition.indexes[level]
        }
        return repetitions.filter { last[Array($0.indexes[..<level])] == $0.indexes[level] }
    }

    private func view(of action: ActionRecord, _ repetition: ActionRecord.Repetition) -> View {
        var view = View(json: ["name": .string(action.name)])
        view.json["inputs"] = repetition.visibleInputs
        view.json["outputs"] = repetition.visibleOutputs
        if repetition.hidesInputs { view.hidden.append("inputs") }
        if repetition.hidesOutputs { view.hidden.append("outputs") }
        view.json["trackedProperties"] = repetition.trackedProperties
        view.json["startTime"] = .string(repetition.startTime.description)
        view.json["endTime"] = repetition.endTime.map { .string($0.description) }
        view.json["clientTrackingId"] = clientTrackingID
        if repetition.code != "NotSpecified" { view.json["code"] = .string(repetition.code) }
        view.json["status"] = .string(repetition.status.rawValue)
        view.json["error"] = repetition.error?.json
        if ActionType(ignoringCase: action.type) == .until {
            view.json["iterationCount"] = repetition.iterationCount.map { .integer(Int64($0)) }
        }
        return view
    }

    private func view(of action: ActionRecord, all repetitions: [ActionRecord.Repetition]) -> View {
        var view = View(json: ["name": .string(action.name)])
        if repetitions.contains(where: \.hidesInputs) {
            view.hidden.append("inputs")
        } else {
            view.json["inputs"] = .array(repetitions.map { $0.inputs ?? .null })
        }
        if repetitions.contains(where: \.hidesOutputs) {
            view.hidden.append("outputs")
        } else {
            view.json["outputs"] = .array(repetitions.map { $0.outputs ?? .null })
        }
        view.json["startTime"] = repetitions.map(\.startTime).min().map { .string($0.description) }
        view.json["endTime"] = repetitions.compactMap(\.endTime).max().map { .string($0.description) }
        view.json["clientTrackingId"] = clientTrackingID
        view.json["status"] = action.summary.map { .string($0.status.rawValue) }
        view.json["repetitionCount"] = .integer(Int64(repetitions.count))
        return view
    }
}
