import FlowCore
import FlowDefinitions

/// Compares simulated runs with what a case expects.
struct RunComparison {
    let simulator: RunSimulator
    var differences: [String] = []

    init(simulator: RunSimulator) { self.simulator = simulator }

    mutating func compare(_ expected: JSONObject, _ firing: RunSimulator.Firing) {
        if let fired = expected["fired"]?.boolValue { compareFired(fired, firing) }
        if let status = expected["trigger"]?["status"]?.stringValue {
            let actual =
                switch firing {
                case .runs: "Succeeded"
                case .skipped: "Skipped"
                case .failed, .refused: "Failed"
                }
            if actual != status { differ("the trigger's status", .string(status), .string(actual)) }
        }
        var places: [Int] = []
        if case .runs(let started) = firing { places = started }
        if let runs = expected["runs"]?.arrayValue {
            if runs.count != places.count {
                differ("the number of runs", .integer(Int64(runs.count)), .integer(Int64(places.count)))
            }
            for (place, run) in zip(places, runs) { compareRun(run.objectValue ?? [:], place) }
            return
        }
        if let place = places.first {
            compareRun(expected, place)
        } else if case .refused(let reply) = firing, let response = expected["response"] {
            compareResponse(response, reply)
        } else if expected["status"] != nil {
            let reason = if case .failed(let failure) = firing { failure.message } else { "no run began" }
            differ("the status", expected["status"], .string(reason))
        }
    }

    private mutating func compareFired(_ fired: Bool, _ firing: RunSimulator.Firing) {
        let actual = if case .runs(let runs) = firing { !runs.isEmpty } else { false }
        if actual != fired { differ("fired", .bool(fired), .bool(actual)) }
    }

    private mutating func differ(_ what: String, _ expected: JSON?, _ actual: JSON?) {
        differences.append("\(what): expected \((expected ?? .null).text) got \((actual ?? .null).text)")
    }

    // MARK: A run

    private mutating func compareRun(_ expected: JSONObject, _ place: Int) {
        let run = simulator.runs[place]
        let record = run.record
        if let status = expected["status"], status.stringValue != record.status {
            differ("the status", status, .string(record.status))
            for action in record.actions {
                if let failed = action.summary, failed.status == .failed || !failed.status.isFinal {
                    differences.append(
                        "  '\(action.name)' is \(failed.status.rawValue) \(failed.code): \(failed.error?.message ?? "")"
                    )
                }
            }
        }
        if let error = expected["error"] {
            compareMembers("the error", error, run.machine.outcome?.error?.json)
        }
        for (name, action) in expected["actions"]?.objectValue ?? [:] { compareAction(name, action, record) }
        for (name, value) in expected["variables"]?.objectValue ?? [:] {
            let actual = run.machine.variables.value(ignoringCase: name)
            if !Self.areEqual(value, actual ?? .null) { differ("the variable '\(name)'", value, actual) }
        }
        for (name, value) in expected["flowOutputs"]?.objectValue ?? [:] {
            let actual = run.machine.outcome?.outputs?[name]?["value"]
            if !Self.areEqual(value, actual ?? .null) { differ("the output '\(name)'", value, actual) }
        }
        if let response = expected["response"] { compareResponse(response, run.response) }
        compareTime(expected, record)
        if let names = expected["startedInOrder"]?.arrayValue { compareOrder(names.compactMap(\.stringValue), record) }
        for call in expected["calls"]?.arrayValue ?? [] { compareCall(call) }
        if let children = expected["childRuns"]?.arrayValue { compareChildren(children) }
    }

    private mutating func compareTime(_ expected: JSONObject, _ record: RunRecord) {
        guard let start = record.startTime, let end = record.outcome?.endTime else { return }
        let elapsed = end - start
        if let text = expected["elapsed"]?.stringValue, let wanted = Duration(flowText: text), wanted != elapsed {
            differ("the time elapsed", .string(text), .string("\(elapsed.seconds) s"))
        }
        if let bounds = expected["elapsedBetween"]?.arrayValue, bounds.count == 2,
            let least = bounds[0].stringValue.flatMap(Duration.init(flowText:)),
            let most = bounds[1].stringValue.flatMap(Duration.init(flowText:)), !(least...most).contains(elapsed)
        {
            differ("the time elapsed", .array(bounds), .string("\(elapsed.seconds) s"))
        }
    }

    private mutating func compareOrder(_ names: [String], _ record: RunRecord) {
        let orders = names.map { record.action($0)?.summary?.order }
        for (place, pair) in zip(orders, orders.dropFirst()).enumerated() {
            guard let first = pair.0, let second = pair.1, first < second else {
                differences.append("'\(names[place])' did not start before '\(names[place + 1])'")
                continue
            }
        }
    }

    private mutating func compareResponse(_ expected: JSON, _ actual: RunReply?) {
        guard let actual else { return differ("the response", expected, nil) }
        if let status = expected["statusCode"], status.integerValue != Int64(actual.statusCode) {
            differ("the response's status", status, .integer(Int64(actual.statusCode)))
        }
        for (name, value) in expected["headers"]?.objectValue ?? [:] {
            let header = actual.headers.value(ignoringCase: name)
            if header != value { differ("the response's header '\(name)'", value, header) }
        }
        if let body = expected["body"], !Self.areEqual(body, actual.body ?? .null) {
            differ("the response's body", body, actual.body)
        }
    }

    private mutating func compareCall(_ expected: JSON) {
        let wanted = expected.objectValue ?? [:]
        let action = wanted["action"]?.stringValue ?? ""
        let sent = simulator.calls.filter { $0.action.lowercased() == action.lowercased() }
        let isThere = sent.contains { call in
            let parts = call.parts
            return wanted.allSatisfy { key, value in
                key == "action" || Self.contains(parts[key] ?? .null, value, ignoringKeyCase: key == "headers")
            }
        }
        if !isThere { differ("a call", expected, .array(sent.map { .object($0.parts) })) }
    }

    private mutating func compareChildren(_ expected: [JSON]) {
        let children = simulator.runs.filter { $0.machine.identity.parent != nil }
        let actual: [JSON] = children.map {
            ["flow": .string($0.flow), "status": .string($0.machine.outcome?.status ?? "Running")]
        }
        if expected.count != actual.count || !zip(expected, actual).allSatisfy({ Self.contains($0.1, $0.0) }) {
            differ("the child runs", .array(expected), .array(actual))
        }
    }

    // MARK: An action

    private mutating func compareAction(_ name: String, _ expected: JSON, _ record: RunRecord) {
        guard let action = record.action(name) ?? childAction(name) else {
            return differ("the action '\(name)'", expected, nil)
        }
        if let repetitions = expected["repetitions"]?.arrayValue {
            if repetitions.count != action.repetitions.count {
                differ(
                    "the repetitions of '\(name)'", .integer(Int64(repetitions.count)),
                    .integer(Int64(action.repetitions.count)))
            }
            for (place, pair) in zip(repetitions, action.repetitions).enumerated() {
                compare("'\(name)'[\(place)]", pair.0, pair.1)
            }
        }
        let own = expected.objectValue?.keys.contains { $0 != "repetitions" } ?? false
        if own { compare("'\(name)'", expected, action.summary ?? action.record) }
    }

    /// An action of a child flow, where the run's own flow has none of that name.
    private func childAction(_ name: String) -> ActionRecord? {
        simulator.runs.lazy.compactMap { $0.record.action(name) }.first
    }

    private mutating func compare(_ what: String, _ expected: JSON, _ actual: ActionRecord.Repetition?) {
        if let status = expected["status"], status.stringValue != actual?.status.rawValue {
            differ(
                "the status of \(what)", status,
                actual.map { .string($0.status.rawValue + ": " + ($0.error?.message ?? "")) })
        }
        if let code = expected["code"], code.stringValue != actual?.code {
            differ("the code of \(what)", code, actual.map { .string($0.code) })
        }
        if let code = expected["errorCode"], code.stringValue != actual?.error?.code {
            differ("the error code of \(what)", code, actual?.error?.json)
        }
        if let outputs = expected["outputs"] { compareMembers("the outputs of \(what)", outputs, actual?.outputs) }
        if let inputs = expected["inputs"] { compareMembers("the inputs of \(what)", inputs, actual?.inputs) }
        if let attempts = expected["attempts"]?.integerValue, attempts != Int64(actual?.attempts.count ?? 0) {
            differ("the attempts of \(what)", .integer(attempts), .integer(Int64(actual?.attempts.count ?? 0)))
        }
        for side in expected["hidden"]?.arrayValue?.compactMap(\.stringValue) ?? [] {
            let hides = side == "inputs" ? actual?.hidesInputs : actual?.hidesOutputs
            if hides != true { differences.append("the \(side) of \(what) are not hidden") }
        }
    }

    /// Of an expected object only its own keys count; anything else is compared whole.
    private mutating func compareMembers(_ what: String, _ expected: JSON, _ actual: JSON?) {
        if !Self.contains(actual ?? .null, expected) { differ(what, expected, actual) }
    }

    // MARK: Values

    private static func contains(_ actual: JSON, _ expected: JSON, ignoringKeyCase: Bool = false) -> Bool {
        guard case .object(let wanted) = expected else { return areEqual(expected, actual) }
        guard case .object(let object) = actual else { return false }
        return wanted.allSatisfy { key, value in
            let found = ignoringKeyCase ? object.value(ignoringCase: key) : object[key]
            return areEqual(value, found ?? .null)
        }
    }

    /// Numbers by value, texts exactly, objects without regard to order.
    static func areEqual(_ left: JSON, _ right: JSON) -> Bool {
        switch (left, right) {
        case (.array(let left), .array(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { areEqual($0.0, $0.1) }
        case (.object(let left), .object(let right)):
            return left.count == right.count
                && left.allSatisfy { key, value in right[key].map { areEqual(value, $0) } ?? false }
        default:
            if left == right { return true }
            guard let left = left.doubleValue, let right = right.doubleValue else { return false }
            return left == right
        }
    }
}
