public import FlowCore
import FlowText

/// What the platform demands of a flow that another one calls.
///
/// The rules are functions of the two definitions and of the child's state, so that `check` and the planning of an
/// activation ask the same ones.
public enum ChildFlowRules {
    /// A call of a child flow.
    public struct Call: Sendable {
        /// The action that calls.
        public let action: Action
        /// What it calls: an id, a name or the stem of a file.
        public let reference: String
        /// Where the reference is written.
        public let location: SourceLocation
    }

    /// How a child stands in the environment when its parent is to be turned on.
    public enum ChildState: Sendable, Hashable {
        /// It is on, or is turned on by the same activation.
        case on
        /// It was on once and is off now.
        case off
        /// It was never turned on.
        case neverPublished
    }

    /// The calls of a flow, in the order written; calls whose reference is an expression are left out.
    public static func calls(in flow: FlowDefinition) -> [Call] {
        flow.allActions.compactMap { action in
            guard action.type == .workflow, let host = action.inputs?["host"],
                let node = host["workflowReferenceName"] ?? host["workflow"]?["id"], let reference = node.string,
                !node.isTemplate, !reference.hasPrefix("[")
            else { return nil }
            return Call(action: action, reference: reference, location: node.location)
        }
    }

    // MARK: Whether the child is there

    /// The finding for a child that is nowhere.
    public static func notFound(_ call: Call, hint: String? = nil) -> Diagnostic {
        finding(
            .nestedWorkflowNotFound,
            "The workflow '\(call.reference)' that action '\(call.action.name)' calls does not exist.",
            call, hint: hint ?? "install the solution that holds it, or correct the name")
    }

    /// The finding for a reference that several flows answer to.
    public static func ambiguous(_ call: Call, _ candidates: [FlowDefinition]) -> Diagnostic {
        finding(
            .ambiguousFlow, "'\(call.reference)' may mean \(FlowSet.list(candidates)).", call,
            hint: "give one of them another name, or call it by its id")
    }

    // MARK: What the definitions say

    /// What is wrong with a child whatever its state: its trigger, and whether it answers.
    public static func shapeFindings(_ call: Call, child: FlowDefinition) -> [Diagnostic] {
        var findings: [Diagnostic] = []
        if let trigger = child.triggers.first {
            if !trigger.isCallable {
                findings.append(
                    finding(
                        .childFlowTriggerUnsupported,
                        "The workflow '\(child.name)' cannot be called: its trigger '\(trigger.name)' is \(phrase(trigger)), not a Request of kind Button, PowerApp, PowerAppV2 or Http.",
                        call, hint: "give '\(child.name)' a manual trigger"))
            }
            if trigger.node["splitOn"].map({ !$0.isNull }) == true {
                findings.append(
                    finding(
                        .nestedWorkflowContainsSplitOnTrigger,
                        "The workflow '\(child.name)' cannot be called: its trigger '\(trigger.name)' has 'splitOn'.",
                        call, hint: "remove 'splitOn' from '\(trigger.name)'"))
            }
        }
        if !child.allActions.contains(where: { $0.type == .response }) {
            findings.append(
                finding(
                    .nestedWorkflowDoesNotContainResponseAction,
                    "The workflow '\(child.name)' cannot be called: it has no Response action.", call,
                    hint: "add a Response at the end of '\(child.name)'"))
        }
        return findings
    }

    /// The finding for a child that needs connections of its caller, or nil.
    /// - Parameters:
    ///   - call: the call.
    ///   - child: the called flow.
    ///   - runtimeSource: whose connection a reference of the child uses in the environment; what its file says, if none is given.
    /// - Returns: `ChildFlowUnsupportedForInvokerConnections`, or nil.
    public static func invokerFinding(
        _ call: Call, child: FlowDefinition,
        runtimeSource: (ConnectionReference) -> ConnectionReference.RuntimeSource = { $0.runtimeSource }
    ) -> Diagnostic? {
        let invokers = child.connectionReferences.filter { runtimeSource($0) == .invoker }
        guard !invokers.isEmpty else { return nil }
        let usesOthers = child.allActions.contains { action in
            guard let key = action.connectionReferenceKey else { return false }
            return child.connectionReference(key)?.connector.lowercased() != "commondataserviceforapps"
        }
        guard usesOthers else { return nil }
        let id = child.id ?? child.name
        return finding(
            .childFlowUnsupportedForInvokerConnections,
            "The workflow with id '\(id)', name \(child.name) cannot be used as a child workflow because child workflows only support embedded connections.",
            call,
            hint: "flowrun bind-connection '\(child.name)' --reference \(invokers[0].key) --run-only use-connection")
    }

    /// The finding for a child that is not on, or nil.
    public static func stateFinding(_ call: Call, child: FlowDefinition, state: ChildState) -> Diagnostic? {
        let hint = "flowrun activate '\(child.name)'"
        switch state {
        case .on: return nil
        case .off:
            return finding(
                .workflowTriggerNotFound,
                "The workflow '\(child.id ?? child.name)' trigger '\(child.triggers.first?.name ?? "manual")' could not be found.",
                call, hint: hint)
        case .neverPublished:
            return finding(
                .childFlowNeverPublished,
                "The workflow with id '\(child.id ?? child.name)' cannot be used as a child workflow because it has never been published. Child workflows need to be published at least once before they can be included in a published parent workflow.",
                call, hint: hint)
        }
    }

    /// The finding for a flow that calls itself.
    public static func selfReference(_ call: Call, flow: FlowDefinition) -> Diagnostic {
        finding(
            .workflowSelfReference, "The action '\(call.action.name)' calls its own workflow '\(flow.name)'.", call,
            hint: "use Until to repeat something inside one flow")
    }

    /// The finding for a call that is part of a ring.
    /// - Parameters:
    ///   - call: the call that closes the ring.
    ///   - ring: the flows of the ring, the calling one first.
    /// - Returns: `WorkflowCycle`.
    public static func cycle(_ call: Call, ring: [FlowDefinition]) -> Diagnostic {
        let names = (ring + ring.prefix(1)).map(\.name).joined(separator: " -> ")
        return finding(
            .workflowCycle, "These workflows call each other, so none can be turned on first: \(names).", call,
            hint: "remove one of the calls")
    }

    private static func finding(_ code: FlowError.Code, _ message: String, _ call: Call, hint: String?) -> Diagnostic {
        Diagnostic(.error, code, message, at: call.location, path: call.action.path, hint: hint)
    }

    private static func phrase(_ trigger: Trigger) -> String {
        trigger.kind.map { "'\(trigger.type)' of kind '\($0)'" } ?? "'\(trigger.type)'"
    }

    // MARK: In the checker

    static func check(_ facts: FlowFacts, into report: inout CheckReport) {
        let calls = calls(in: facts.flow)
        guard !calls.isEmpty else { return }
        let graph = DependencyGraph(facts.flows)
        let own = graph.flows.firstIndex { $0.file == facts.flow.file && $0.name == facts.flow.name }
        let ring = own.flatMap { graph.ring(through: $0) } ?? []
        for call in calls {
            switch facts.flows.resolve(call.reference) {
            case .missing: checkMissing(call, facts, into: &report)
            case .ambiguous(let candidates): report.add(ambiguous(call, candidates))
            case .found(let child):
                if child.file == facts.flow.file, child.name == facts.flow.name {
                    report.add(selfReference(call, flow: child))
                    continue
                }
                if ring.count > 1, graph.flows[ring[1]].file == child.file, graph.flows[ring[1]].name == child.name {
                    report.add(cycle(call, ring: ring.map { graph.flows[$0] }))
                }
                shapeFindings(call, child: child).forEach { report.add($0) }
                if let finding = invokerFinding(call, child: child) { report.add(finding) }
                ChildInputRules.check(call, child: child, into: &report)
            }
        }
    }

    private static func checkMissing(_ call: Call, _ facts: FlowFacts, into report: inout CheckReport) {
        if UUIDText.isValid(call.reference) || call.reference.contains("/") {
            report.information(
                .nestedWorkflowNotFound,
                "The workflow '\(call.reference)' is not among the files that are checked; whether it exists shows when the flow is turned on.",
                at: call.location, path: call.action.path)
        } else {
            report.add(notFound(call, hint: facts.flows.suggestion(for: call.reference)))
        }
    }
}

/// What a caller hands to a child's trigger.
enum ChildInputRules {
    static func check(_ call: ChildFlowRules.Call, child: FlowDefinition, into report: inout CheckReport) {
        guard let schema = child.triggers.first?.inputs?["schema"], schema.isMapping else { return }
        let body = call.action.inputs?["body"]
        if let body, !body.isMapping { return }
        // A key that is an expression may give anything.
        if body?.members.contains(where: { $0.key.contains("@") }) == true { return }
        for name in schema["required"]?.elements.compactMap(\.string) ?? [] where body?[name] == nil {
            let title = schema["properties"]?[name]?["title"]?.string
            report.warning(
                .triggerInputSchemaMismatch,
                "The call of '\(child.name)' lacks the required input '\(name)'\(title.map { " (\($0))" } ?? "").",
                at: call.action.location, path: call.action.path, hint: "add it under 'body'")
        }
        for member in body?.members ?? [] {
            guard let type = schema["properties"]?[member.key]?["type"]?.string?.lowercased(),
                let written = VariableRules.type(of: member.value), !fits(written, type)
            else { continue }
            report.warning(
                .triggerInputSchemaMismatch,
                "The input '\(member.key)' of '\(child.name)' has the type \(type), and the call gives \(member.value.kindPhrase).",
                at: member.value.location, path: call.action.path)
        }
    }

    private static func fits(_ written: String, _ type: String) -> Bool {
        switch type {
        case "string", "boolean", "integer", "array", "object": written == type
        case "number": written == "integer" || written == "float"
        default: true
        }
    }
}
