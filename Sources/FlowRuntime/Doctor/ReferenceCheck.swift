import FlowCore
import FlowDefinitions
import FlowStorage

/// What would keep flows from being turned on: connection references, run-only settings, child flows, variables.
struct ReferenceCheck: DoctorCheck {
    func diagnose(_ patient: Patient) async throws(FlowError) -> [Diagnosis] {
        let planner = ActivationPlanner(
            catalog: patient.catalog, state: patient.state, connectors: patient.environment.connectors, user: nil)
        // Whether children are on is the affair of flows that are on themselves; the others would take them along.
        let off = Set(patient.catalog.flows.filter { !$0.isStarted }.map(\.id))
        var groups: [(key: String, problems: [ActivationPlan.Problem])] = []
        for flow in patient.catalog.flows {
            for problem in planner.problems(of: flow, activating: flow.isStarted ? [] : off) {
                if isSaidOfTheConnection(problem, patient) { continue }
                // One cause is one finding, however many flows it concerns.
                let key = "\(problem.error.code)|\(problem.reference ?? problem.error.message)"
                if let place = groups.firstIndex(where: { $0.key == key }) {
                    groups[place].problems.append(problem)
                } else {
                    groups.append((key, [problem]))
                }
            }
        }
        return groups.compactMap { diagnosis(of: $0.problems, patient) }
    }

    /// Whether the connection's own examination has the cause: its sign-in is refused.
    private func isSaidOfTheConnection(_ problem: ActivationPlan.Problem, _ patient: Patient) -> Bool {
        guard problem.error.code == .connectionAuthorizationFailed, let reference = problem.reference,
            let stored = patient.state.bindings[reference].flatMap({ patient.state.connections[$0] })
        else { return false }
        return stored.status != .connected
    }

    private func diagnosis(of problems: [ActivationPlan.Problem], _ patient: Patient) -> Diagnosis? {
        guard let first = problems.first else { return nil }
        let places = problems.map { problem in
            problem.flow.name + (problem.action.map { " · \($0)" } ?? "")
        }
        let isOn = problems.contains { $0.flow.isStarted }
        let subject = first.reference.map { "connection reference '\($0)'" } ?? "flow '\(first.flow.name)'"
        let finding = Finding(
            first.error.code, isOn || first.precondition != .variableSet ? .error : .warning, about: subject,
            first.error.message, evidence: places, repair: Self.command(first.error.hint, first.flow.name))
        return Diagnosis(finding, repair: repair(first, patient))
    }

    private static func command(_ hint: String?, _ flow: String) -> String {
        guard var hint, !hint.isEmpty else { return "flowrun activate \"\(flow)\" --plan" }
        if hint.hasPrefix("run: ") { hint = String(hint.dropFirst(5)) }
        return hint
    }

    private func repair(_ problem: ActivationPlan.Problem, _ patient: Patient) -> Diagnosis.Repair? {
        switch problem.error.code {
        case .connectionReferenceMissingConnection:
            let fitting = patient.state.connections.values.filter { stored in
                problem.flow.definition.connectionReferences.contains {
                    $0.bindingName == problem.reference && $0.connector == stored.connection.connector
                }
            }
            guard fitting.count == 1 else { return nil }
            return .operation(
                EnvironmentRequest(
                    .bind,
                    [
                        "reference": .string(problem.reference ?? ""),
                        "connection": .string(fitting[0].connection.name),
                    ]))
        case .childFlowUnsupportedForInvokerConnections:
            guard let child = child(of: problem, patient) else { return nil }
            return .operation(
                EnvironmentRequest(
                    .bindRunOnly,
                    ["flow": .string(child.id), "runtimeSource": "embedded"]))
        case .workflowTriggerNotFound, .childFlowNeverPublished:
            guard problem.flow.isStarted, let child = child(of: problem, patient) else { return nil }
            return .operation(EnvironmentRequest(.activate, ["flows": [.string(child.id)]]))
        default: return nil
        }
    }

    /// The child flow that the problem's action calls.
    private func child(of problem: ActivationPlan.Problem, _ patient: Patient) -> Catalog.Entry? {
        let call = ChildFlowRules.calls(in: problem.flow.definition).first { $0.action.name == problem.action }
        guard let call, case .found(let definition) = patient.catalog.flowSet.resolve(call.reference) else {
            return nil
        }
        return definition.id.flatMap { patient.catalog[$0] }
    }
}
