import FlowCore
import FlowDefinitions
import FlowEngine
import FlowExpressions
import FlowStorage
import FlowText

/// An environment as the doctor's checks see it.
struct Patient: Sendable {
    let environment: FlowEnvironment
    let catalog: Catalog
    let state: EnvironmentState
    let now: Timestamp

    /// What the connectors found, by connection.
    var examinations: [String: Examination] = [:]

    /// The flows that are on.
    var started: [Catalog.Entry] { catalog.flows.filter(\.isStarted) }

    // MARK: What flows want

    /// The calls that flows make through a connection, with the parameters that are known before a run.
    func uses(of connection: String) -> [ExaminationRequest.Use] {
        let values = VariableValues(catalog, state)
        return catalog.flows.flatMap { flow -> [ExaminationRequest.Use] in
            let keys = flow.definition.connectionReferences.filter { state.bindings[$0.bindingName] == connection }
                .map(\.key)
            guard !keys.isEmpty else { return [] }
            let scope = scope(of: flow.definition, values.parameters(of: flow.definition))
            return flow.definition.allActions.compactMap { action -> ExaminationRequest.Use? in
                guard let key = action.connectionReferenceKey, keys.contains(key),
                    let operation = action.operationID
                else { return nil }
                let written = action.inputs?["parameters"]?.json.objectValue ?? [:]
                return ExaminationRequest.Use(
                    flow: flow.name, action: action.name, operationID: operation,
                    parameters: Self.known(written, in: scope))
            }
        }
    }

    /// What expressions can know before a run: the flow's parameters, and what Compose actions make of them alone.
    private func scope(of flow: FlowDefinition, _ parameters: JSONObject) -> ContextScope {
        var actions = JSONObject()
        func scope() -> ContextScope {
            ContextScope(["parameters": .object(parameters), "actions": .object(actions)], now: now)
        }
        for action in flow.allActions where action.type == .compose {
            guard let inputs = action.inputs?.json, inputs.containsTemplate,
                let outputs = try? CompiledValue(inputs).evaluate(in: scope())
            else { continue }
            actions[action.name] = ["status": "Succeeded", "outputs": outputs]
        }
        return scope()
    }

    /// Names and values that are known before a run.
    private static func known(_ written: JSONObject, in scope: ContextScope) -> JSONObject {
        var known = JSONObject()
        for (name, value) in written {
            guard let name = try? CompiledTemplate(name).evaluate(in: scope).stringValue else { continue }
            // A value that is known only in the run leaves its name.
            known[name] = (try? CompiledValue(value).evaluate(in: scope)) ?? .null
        }
        return known
    }

    /// The flows that wait for events: of the solutions that register webhooks, those that an HTTP request starts.
    var receivers: [(flow: Catalog.Entry, receiver: ExaminationRequest.Receiver)] {
        let registering = Set(
            catalog.flows.filter { flow in
                flow.definition.connectionReferences.contains { $0.connector == "partnercenterevents" }
            }.map(\.solution))
        return catalog.flows.compactMap { flow in
            guard registering.contains(flow.solution), let trigger = flow.trigger,
                trigger.type.lowercased() == "request", ["", "http"].contains((trigger.kind ?? "").lowercased())
            else { return nil }
            let url = TriggerURL(flowID: flow.id, trigger: trigger.name).text(
                base: environment.publicAddress, key: flow.installed.triggerKey,
                relativePath: trigger.inputs?["relativePath"]?.string)
            return (flow, ExaminationRequest.Receiver(flow: flow.name, url: url, isOn: flow.isStarted))
        }
    }

    /// The connections that flows use, by name; those that nothing is bound to are left out.
    var connections: [StoredConnection] {
        let bound = Set(
            catalog.flows.flatMap { flow in
                flow.definition.connectionReferences.compactMap { state.bindings[$0.bindingName] }
            })
        return state.connections.values.filter { bound.contains($0.connection.name) }
            .sorted { $0.connection.name < $1.connection.name }
    }
}

/// A finding with what would repair it, where that can do no harm.
struct Diagnosis: Sendable {
    /// A repair that `doctor --fix` carries out.
    enum Repair: Sendable {
        /// An operation of the environment.
        case operation(EnvironmentRequest)
        /// A call through a connection.
        case call(OperationCall, connection: String)
    }

    var finding: Finding
    var repair: Repair?

    init(_ finding: Finding, repair: Repair? = nil) {
        self.finding = finding
        self.repair = repair
    }

    var json: JSON {
        [
            "code": .string(finding.code.rawValue), "severity": .string(finding.severity.rawValue),
            "subject": .string(finding.subject), "cause": .string(finding.cause),
            "evidence": .array(finding.evidence.map { .string($0) }), "repair": .string(finding.repair),
            "fixable": .bool(repair != nil),
        ]
    }
}

/// A family of the doctor's checks.
protocol DoctorCheck: Sendable {
    /// What it finds.
    func diagnose(_ patient: Patient) async throws(FlowError) -> [Diagnosis]
}
