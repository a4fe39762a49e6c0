import FlowCore
import FlowDefinitions
import FlowStorage
import FlowText

/// What turning flows on would do: the flows in order, or everything that stands against it.
struct ActivationPlan: Sendable {
    /// One flow to turn on.
    struct Step: Sendable {
        let flow: Catalog.Entry
        /// Why it is turned on, and why at this place.
        let because: [String]

        var json: JSON {
            [
                "flow": .string(flow.name), "id": .string(flow.id),
                "because": .array(because.map { .string($0) }),
            ]
        }
    }

    /// One precondition that is not met.
    struct Problem: Sendable {
        /// The preconditions in the order in which they count.
        enum Precondition: Int, Sendable, Comparable {
            case definition, childExists, childResponds, childTrigger, childPublished, childStarted, childConnections,
                cycle
            case connectionBound, connectionUsable, variableSet

            static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
        }

        let precondition: Precondition
        let flow: Catalog.Entry
        let action: String?
        let reference: String?
        let error: FlowError

        var json: JSON {
            [
                "code": .string(error.code.rawValue), "flow": .string(flow.name), "flowId": .string(flow.id),
                "action": action.map { .string($0) } ?? .null, "reference": reference.map { .string($0) } ?? .null,
                "message": .string(error.message), "hint": error.hint.map { .string($0) } ?? .null,
                "target": error.location.map { .string($0.description) } ?? .null,
                "path": error.path.map { .string($0.text) } ?? .null,
            ]
        }
    }

    /// The flows in the order in which they are turned on; empty where there are problems.
    let steps: [Step]
    /// The problems in the order of the preconditions, then of the flows.
    let problems: [Problem]

    /// The problems as one error, or nil where there are none.
    var error: FlowError? {
        guard let first = problems.first?.error else { return nil }
        if problems.count == 1 { return first }
        let codes = problems.map { _ in "BadRequest" }.joined(separator: ",")
        return FlowError(
            .multipleErrorsOccurred, "Multiple errors occurred: '\(codes)'. Please see details.",
            hint: first.hint, details: problems.map(\.error))
    }
}

/// Plans the turning-on of flows: proves every precondition of every flow before the first change.
struct ActivationPlanner {
    let catalog: Catalog
    let state: EnvironmentState
    let connectors: ConnectorRegistry
    /// The person who turns them on, or nil for the one at the machine.
    let user: String?

    /// Plans.
    /// - Parameters:
    ///   - named: the flows that were asked for.
    ///   - withDependencies: whether the child flows that they need and that are off are turned on as well.
    /// - Returns: the plan.
    func plan(_ named: [Catalog.Entry], withDependencies: Bool) -> ActivationPlan {
        let selected = withDependencies ? withChildren(named) : named
        let off = selected.filter { !$0.isStarted }
        let order = ordered(off)
        let activating = Set(order.map(\.id))
        let problems = order.flatMap { self.problems(of: $0, activating: activating) }
            .enumerated().sorted { ($0.element.precondition, $0.offset) < ($1.element.precondition, $1.offset) }
            .map(\.element)
        guard problems.isEmpty else { return ActivationPlan(steps: [], problems: problems) }
        let namedIDs = Set(named.map(\.id))
        let steps = order.map { flow in
            ActivationPlan.Step(flow: flow, because: reasons(for: flow, in: order, isNamed: namedIDs.contains(flow.id)))
        }
        return ActivationPlan(steps: steps, problems: [])
    }

    /// The flows that are on, parents first: the order of turning them off.
    func turningOff(_ named: [Catalog.Entry]) -> [Catalog.Entry] {
        ordered(named.filter { $0.installed.state != .stopped }).reversed()
    }

    // MARK: Order

    /// The child flows that a flow calls, each once, in the order written.
    func children(of flow: Catalog.Entry) -> [Catalog.Entry] {
        var seen: Set<String> = []
        return ChildFlowRules.calls(in: flow.definition).compactMap { call in
            guard let child = child(call), seen.insert(child.id).inserted else { return nil }
            return child
        }
    }

    private func child(_ call: ChildFlowRules.Call) -> Catalog.Entry? {
        guard case .found(let definition) = catalog.flowSet.resolve(call.reference) else { return nil }
        return definition.id.flatMap { catalog[$0] }
    }

    private func withChildren(_ named: [Catalog.Entry]) -> [Catalog.Entry] {
        var found: [String: Catalog.Entry] = [:]
        var open = named
        while let flow = open.popLast() {
            guard found.updateValue(flow, forKey: flow.id) == nil else { continue }
            open += children(of: flow)
        }
        return found.values.sorted { $0.position < $1.position }
    }

    /// Children before parents, among those that are ready the documented order; what lies on a cycle comes last.
    private func ordered(_ flows: [Catalog.Entry]) -> [Catalog.Entry] {
        var rest = flows.sorted { $0.position < $1.position }
        var order: [Catalog.Entry] = []
        while !rest.isEmpty {
            let waiting = Set(rest.map(\.id))
            let ready = rest.firstIndex { flow in
                !children(of: flow).contains { $0.id != flow.id && waiting.contains($0.id) }
            }
            order.append(rest.remove(at: ready ?? 0))
        }
        return order
    }

    private func reasons(for flow: Catalog.Entry, in order: [Catalog.Entry], isNamed: Bool) -> [String] {
        let parents = order.filter { parent in
            parent.id != flow.id && children(of: parent).contains { $0.id == flow.id }
        }
        var reasons: [String] = []
        if isNamed { reasons.append("it was named") }
        reasons += parents.map { "'\($0.name)' calls it" }
        let waitsFor = children(of: flow).filter { child in child.id != flow.id && order.contains { $0.id == child.id }
        }
        if !waitsFor.isEmpty {
            reasons.append("after \(waitsFor.map { "'\($0.name)'" }.joined(separator: ", ")), which it calls")
        } else if let place = catalog.flows.filter({ $0.solution == flow.solution }).firstIndex(where: {
            $0.id == flow.id
        }) {
            reasons.append("number \(place + 1) in the documented order")
        }
        return reasons
    }

    // MARK: Preconditions

    /// The preconditions of a flow that are not met, given what will be on.
    func problems(of flow: Catalog.Entry, activating: Set<String>) -> [ActivationPlan.Problem] {
        definitionProblems(of: flow) + childProblems(of: flow, activating: activating) + cycleProblems(of: flow)
            + connectionProblems(of: flow) + variableProblems(of: flow)
    }

    private func definitionProblems(of flow: Catalog.Entry) -> [ActivationPlan.Problem] {
        let shape = (catalog.solution(flow.solution)?.diagnostics ?? []).filter {
            $0.location.file == flow.definition.file
        }
        var own: [ActivationPlan.Problem] = []
        if let trigger = flow.trigger, let error = unsupported(trigger, flow) {
            own = [problem(.definition, flow, action: trigger.name, error: error)]
        }
        let findings = shape + catalog.findings(of: flow, connectors)
        // A trigger that is refused is refused once.
        let refused = own.isEmpty ? nil : flow.trigger?.path
        return own
            + findings.filter { finding in
                finding.severity == .error && !(finding.code == .actionTypeNotSupported && finding.path == refused)
            }.map { finding in
                problem(.definition, flow, action: finding.path.name, error: finding.error)
            }
    }

    /// Why nothing would ever start the flow, or nil: a trigger that flowrun does not listen for must not look turned on.
    private func unsupported(_ trigger: Trigger, _ flow: Catalog.Entry) -> FlowError? {
        switch trigger.type.lowercased() {
        case "request", "recurrence", "slidingwindow", "http", "httpwebhook": return nil
        case "openapiconnection", "openapiconnectionwebhook", "openapiconnectionnotification":
            let connector = trigger.connectionReferenceKey.flatMap {
                flow.definition.connectionReference($0)?.connector
            }
            guard let connector, let id = trigger.operationID, let known = connectors.trigger(id, of: connector) else {
                // What is wrong with the reference or operation is said by the checker.
                return connector.map { connectors.knows(connector: $0) } == true ? nil : refused(trigger)
            }
            guard known.mode == .polling else { return refused(trigger) }
            let parameters = trigger.inputs?["parameters"]?.json.objectValue ?? [:]
            return known.refusal(parameters).map { reason in
                FlowError(
                    .triggerTypeNotSupported,
                    "flowrun does not listen for the trigger '\(trigger.name)' as it is written: \(reason).",
                    location: trigger.location, path: trigger.path,
                    hint: "see `flowrun connectors \(connector)` for what the trigger takes")
            }
        default: return refused(trigger)
        }
    }

    private func refused(_ trigger: Trigger) -> FlowError {
        FlowError(
            .triggerTypeNotSupported,
            "flowrun does not listen for the trigger '\(trigger.name)' of type '\(trigger.type)'"
                + (trigger.operationID.map { ", operation '\($0)'" } ?? "") + ".",
            location: trigger.location, path: trigger.path,
            hint: "use a Request, Recurrence or HttpWebhook trigger, or a polling trigger of the connector")
    }

    private func childProblems(of flow: Catalog.Entry, activating: Set<String>) -> [ActivationPlan.Problem] {
        ChildFlowRules.calls(in: flow.definition).flatMap { call -> [ActivationPlan.Problem] in
            switch catalog.flowSet.resolve(call.reference) {
            case .missing:
                let hint = catalog.flowSet.suggestion(for: call.reference)
                return [problem(.childExists, flow, call, ChildFlowRules.notFound(call, hint: hint))]
            case .ambiguous(let candidates):
                return [problem(.childExists, flow, call, ChildFlowRules.ambiguous(call, candidates))]
            case .found:
                guard let child = child(call), child.id != flow.id else { return [] }
                return childProblems(child, call, of: flow, activating: activating)
            }
        }
    }

    private func childProblems(
        _ child: Catalog.Entry, _ call: ChildFlowRules.Call, of flow: Catalog.Entry, activating: Set<String>
    ) -> [ActivationPlan.Problem] {
        var problems = ChildFlowRules.shapeFindings(call, child: child.definition).map { finding in
            problem(finding.code == .childFlowTriggerUnsupported ? .childTrigger : .childResponds, flow, call, finding)
        }
        let standing: ChildFlowRules.ChildState =
            child.isStarted || activating.contains(child.id)
            ? .on : child.installed.everActivated ? .off : .neverPublished
        if let finding = ChildFlowRules.stateFinding(call, child: child.definition, state: standing) {
            problems.append(problem(standing == .off ? .childStarted : .childPublished, flow, call, finding))
        }
        let invokers = ChildFlowRules.invokerFinding(call, child: child.definition) { reference in
            state.runtimeSource(of: reference, in: child.id)
        }
        if let invokers { problems.append(problem(.childConnections, flow, call, invokers)) }
        return problems
    }

    private func cycleProblems(of flow: Catalog.Entry) -> [ActivationPlan.Problem] {
        guard let way = cycle(from: flow),
            let call = ChildFlowRules.calls(in: flow.definition).first(where: { child($0)?.id == way[1].id })
        else { return [] }
        let finding =
            way.count == 2
            ? ChildFlowRules.selfReference(call, flow: flow.definition)
            : ChildFlowRules.cycle(call, ring: way.dropLast().map(\.definition))
        return [problem(.cycle, flow, call, finding)]
    }

    /// The way from a flow over its children back to it, the flow at both ends; nil where there is none.
    private func cycle(from flow: Catalog.Entry) -> [Catalog.Entry]? {
        var seen: Set<String> = []
        func search(_ way: [Catalog.Entry]) -> [Catalog.Entry]? {
            guard let last = way.last else { return nil }
            for child in children(of: last) {
                if child.id == flow.id { return way + [child] }
                guard seen.insert(child.id).inserted else { continue }
                if let found = search(way + [child]) { return found }
            }
            return nil
        }
        return search([flow])
    }

    private func connectionProblems(of flow: Catalog.Entry) -> [ActivationPlan.Problem] {
        flow.definition.connectionReferences.flatMap { reference -> [ActivationPlan.Problem] in
            let user = ConnectionUse(of: flow.definition).first { $0.referenceKey == reference.key }
            let place = (user?.name, user?.location ?? reference.location, user?.path)
            func found(_ precondition: ActivationPlan.Problem.Precondition, _ error: FlowError)
                -> ActivationPlan.Problem
            {
                var error = error
                error.location = place.1
                error.path = place.2
                return problem(precondition, flow, action: place.0, reference: reference.bindingName, error: error)
            }
            guard let name = state.bindings[reference.bindingName] else {
                return [found(.connectionBound, missingConnection(reference))]
            }
            guard let stored = state.connections[name] else {
                return [found(.connectionUsable, refused(reference, name, "does not exist any more"))]
            }
            if stored.connection.connector != reference.connector {
                return [
                    found(.connectionUsable, refused(reference, name, "is one to '\(stored.connection.connector)'"))
                ]
            }
            if stored.status != .connected {
                return [
                    found(.connectionUsable, refused(reference, name, "is \(stored.status.rawValue)", renew: stored))
                ]
            }
            guard mayUse(stored, flow) else {
                return [found(.connectionUsable, refused(reference, name, "belongs to \(stored.connection.account)"))]
            }
            return []
        }
    }

    private func mayUse(_ stored: StoredConnection, _ flow: Catalog.Entry) -> Bool {
        stored.isUsable(by: user) || state.isOwner(user, of: flow.id)
    }

    private func missingConnection(_ reference: ConnectionReference) -> FlowError {
        let fitting = state.connections.values.filter { $0.connection.connector == reference.connector }
            .map(\.connection.name).sorted()
        let hint =
            fitting.first.map { "flowrun bind-connection --reference \(reference.bindingName) --connection \($0)" }
            ?? "flowrun connection create \(reference.connector) --account UPN, then flowrun bind-connection --all"
        return FlowError(
            .connectionReferenceMissingConnection,
            "Connection Id missing for connection reference logical name '\(reference.bindingName)'.", hint: hint)
    }

    private func refused(
        _ reference: ConnectionReference, _ name: String, _ reason: String, renew stored: StoredConnection? = nil
    ) -> FlowError {
        let hint =
            stored.map { "Renew its sign-in: `flowrun login \($0.connection.account)`, then activate again." }
            ?? "flowrun bind-connection --reference \(reference.bindingName) --connection CONNECTION"
        return FlowError(
            .connectionAuthorizationFailed,
            "The caller object id is '\(user ?? "owner")'. Connection '\(name)' to 'shared_\(reference.connector)' cannot be "
                + "used to activate this flow, either because this is not a valid connection or because it is not a "
                + "connection you have access permission for: it \(reason). Either replace the connection with a valid "
                + "connection you can access or have the connection owner activate the flow, so the connection is "
                + "shared with you in the context of this flow.", hint: hint)
    }

    private func variableProblems(of flow: Catalog.Entry) -> [ActivationPlan.Problem] {
        VariableValues(catalog, state).missing(in: flow.definition).map { declaration in
            let schemaName = declaration.schemaName ?? declaration.name
            let error = FlowError(
                .environmentVariableMissing,
                "The environment variable '\(schemaName)' has no value and no default, and '\(flow.name)' uses it.",
                location: declaration.location, hint: "flowrun variable set \(schemaName) VALUE")
            return problem(.variableSet, flow, action: nil, error: error)
        }
    }

    // MARK: Findings

    private func problem(
        _ precondition: ActivationPlan.Problem.Precondition, _ flow: Catalog.Entry, action: String?,
        reference: String? = nil, error: FlowError
    ) -> ActivationPlan.Problem {
        let action = action.flatMap { $0.isEmpty ? nil : $0 }
        return ActivationPlan.Problem(
            precondition: precondition, flow: flow, action: action, reference: reference, error: error)
    }

    private func problem(
        _ precondition: ActivationPlan.Problem.Precondition, _ flow: Catalog.Entry, _ call: ChildFlowRules.Call,
        _ finding: Diagnostic
    ) -> ActivationPlan.Problem {
        problem(precondition, flow, action: call.action.name, error: finding.error)
    }
}
