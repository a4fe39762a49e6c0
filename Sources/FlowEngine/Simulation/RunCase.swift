public import FlowCore
public import FlowDefinitions

/// One case of the conformance file for runs, or of a flow test: flows, what starts a run, what the world answers, and
/// what the run must come to.
public struct RunCase: Sendable {
    /// How a case came out.
    public enum Outcome: Sendable, Hashable {
        /// Everything expected came out.
        case passed
        /// Something did not; one line for each.
        case failed([String])
    }

    /// The stable name; empty where the case has none.
    public let id: String
    /// What the case shows.
    public let about: String
    /// Whether the sources of the case disagree.
    public let isDisputed: Bool
    let flows: FlowSet
    let shapeErrors: [Diagnostic]
    let run: String
    let trigger: JSONObject
    let parameters: JSONObject
    let mocks: [String: [MockAnswer]]
    let clock: Timestamp
    let expected: JSONObject
    let rejected: JSONObject?

    /// The instant of a case without `clock`.
    public static let usualClock = Timestamp(year: 2026, month: 3, day: 2, hour: 8)

    /// Reads a case with its own `flows`; nil where the value is no run case.
    public init?(_ value: JSON) {
        guard let definitions = value["flows"]?.objectValue else { return nil }
        var flows: [FlowDefinition] = []
        var errors: [Diagnostic] = []
        for (name, definition) in definitions {
            let decoded = FlowDecoder.decode(definition, name: name)
            flows += decoded.flows.map { flow in
                var flow = flow
                flow.name = name
                return flow
            }
            errors += decoded.diagnostics.filter { $0.severity == .error }
        }
        self.init(value, flows: FlowSet(flows), shapeErrors: errors)
    }

    /// Reads a case whose flows are at hand.
    /// - Parameters:
    ///   - value: the case.
    ///   - flows: the flows.
    ///   - shapeErrors: the errors that decoding them found.
    public init?(_ value: JSON, flows: FlowSet, shapeErrors: [Diagnostic] = []) {
        guard value["expected"]?.objectValue != nil || value["rejected"]?.objectValue != nil else { return nil }
        id = value["id"]?.stringValue ?? ""
        about = value["about"]?.stringValue ?? ""
        isDisputed = value["disputed"]?.boolValue ?? false
        self.flows = flows
        self.shapeErrors = shapeErrors
        run = value["run"]?.stringValue ?? flows.flows.first?.name ?? ""
        trigger = value["trigger"]?.objectValue ?? [:]
        parameters = value["parameters"]?.objectValue ?? [:]
        var mocks: [String: [MockAnswer]] = [:]
        for (name, answers) in value["mocks"]?.objectValue ?? [:] {
            guard let list = MockAnswer.list(json: answers) else { return nil }
            mocks[name] = list
        }
        self.mocks = mocks
        clock = value["clock"]?.stringValue.flatMap { Timestamp(iso8601: $0) } ?? Self.usualClock
        expected = value["expected"]?.objectValue ?? [:]
        rejected = value["rejected"]?.objectValue
    }

    /// Checks the flows, runs the case and compares.
    /// - Parameters:
    ///   - crashesAfterEvents: after how many events the run is thrown away and recovered; nil for never.
    ///   - check: finds what stands against running the flows; `FlowChecker` does.
    /// - Returns: how the case came out.
    public func run(crashesAfterEvents: Int? = nil, check: (FlowSet) -> [Diagnostic]) -> Outcome {
        var errors = shapeErrors + check(flows).filter { $0.severity == .error }
        if rejected != nil, errors.isEmpty { errors = parameterErrors }
        if let rejected { return RejectionComparison.compare(rejected, errors) }
        if !errors.isEmpty {
            return .failed(errors.map { "refused before the run: \($0.code) at '\($0.path)': \($0.message)" })
        }
        do {
            let simulator = try RunSimulator(flows: flows, mocks: mocks, clock: clock)
            simulator.crashesAfterEvents = crashesAfterEvents
            let firing = try fire(simulator)
            var comparison = RunComparison(simulator: simulator)
            comparison.compare(expected, firing)
            for action in Set(simulator.missingMocks).sorted() {
                comparison.differences.append("the action '\(action)' called and has no mock")
            }
            return comparison.differences.isEmpty ? .passed : .failed(comparison.differences)
        } catch {
            return .failed(["refused before the run: \(error.code): \(error.message)"])
        }
    }

    /// What stands against running the case's own flow with its parameters.
    private var parameterErrors: [Diagnostic] {
        guard case .found(let flow) = flows.resolve(run) else { return [] }
        do {
            try FlowPlan(flow).requireParameters(parameters)
            return []
        } catch {
            return [
                Diagnostic(
                    .error, error.code, error.message,
                    at: error.location ?? SourceLocation(file: flow.file, line: 1, column: 1), path: error.path ?? .root
                )
            ]
        }
    }

    /// Fires the case's trigger in a world.
    /// - Throws: `FlowError` where the flow cannot run.
    func fire(_ simulator: RunSimulator) throws(FlowError) -> RunSimulator.Firing {
        let starter = try flows.flow(run).triggers.first
        let isRequest = starter?.type.lowercased() == "request"
        var outputs: JSON?
        if isRequest || !trigger.isEmpty {
            var members: JSONObject = ["headers": trigger["headers"] ?? [:]]
            if let body = trigger["body"] { members["body"] = body }
            if let queries = trigger["queries"] { members["queries"] = queries }
            outputs = .object(members)
        }
        let waits = isRequest && trigger["wait"]?.boolValue != false
        return try simulator.fire(run, outputs: outputs, callerWaits: waits, parameters: parameters)
    }
}

/// Compares what stands against a flow with what a case says.
enum RejectionComparison {
    static func compare(_ rejected: JSONObject, _ errors: [Diagnostic]) -> RunCase.Outcome {
        let codes = ([rejected["code"]] + (rejected["alsoAccepted"]?.arrayValue ?? [])).compactMap { $0?.stringValue }
        let place = rejected["where"]?.stringValue ?? "definition"
        if errors.contains(where: { codes.contains($0.code.rawValue) && isAt(place, $0.path) }) { return .passed }
        let found = errors.map { "\($0.code) at '\($0.path)'" }
        return .failed([
            "expected \(codes.joined(separator: " or ")) at \(place), got "
                + (found.isEmpty ? "no error" : found.joined(separator: ", "))
        ])
    }

    private static func isAt(_ place: String, _ path: ActionPath) -> Bool {
        if place == "definition" { return true }
        let parts = path.text.split(separator: "/").map(String.init)
        let wanted = place.split(separator: "/", maxSplits: 1).map(String.init)
        guard wanted.count == 2 else { return parts.first == wanted.first }
        let name = wanted[1].replacing("~", with: "~0").replacing("/", with: "~1")
        return zip(parts, parts.dropFirst()).contains { $0.0 == wanted[0] && $0.1 == name }
    }
}
