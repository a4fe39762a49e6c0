public import FlowCore
public import FlowDefinitions
import FlowExpressions

/// What stands between a trigger that has something and the runs that come of it: conditions and splitting.
public struct TriggerGate: Sendable {
    /// What comes of a trigger.
    public enum Passage: Sendable, Hashable {
        /// These runs begin, in this order; none for an empty array.
        case runs([TriggerPayload])
        /// A condition does not hold: no run, and the trigger's entry in its history is Skipped.
        case skipped(condition: String)
        /// A condition or the splitting failed: no run, and the trigger's entry in its history is Failed.
        case failed(RunFailure)
    }

    private let plan: FlowPlan

    /// Makes the gate of a flow.
    public init(_ plan: FlowPlan) { self.plan = plan }

    /// Decides what comes of a trigger.
    /// - Parameters:
    ///   - payload: what the trigger brought.
    ///   - identity: parameters and names that expressions can see; its run need not exist.
    ///   - now: the instant.
    ///   - entropy: random bits.
    /// - Returns: the runs, each with its own payload, or why there are none.
    public func pass(
        _ payload: TriggerPayload, identity: RunIdentity, at now: Timestamp, entropy: UInt64
    ) -> Passage {
        guard let trigger = plan.trigger else { return .runs([payload]) }
        guard !trigger.conditions.isEmpty || trigger.splitOn != nil else { return .runs([payload]) }
        let state = scope(payload, identity, now, entropy)
        do {
            for condition in trigger.conditions {
                let value = try condition.value.evaluate(in: state)
                guard case .bool(let holds) = value else {
                    return .failed(
                        RunFailure(
                            code: "InvalidTemplate",
                            message:
                                "The condition '\(condition.source)' of trigger '\(trigger.name)' gave a value of type "
                                + "'\(value.platformTypeName)'; 'Boolean' is expected."))
                }
                if !holds { return .skipped(condition: condition.source) }
            }
            guard let splitOn = trigger.splitOn else { return .runs([payload]) }
            let value = try splitOn.value.evaluate(in: state)
            guard case .array(let elements) = value else {
                return .failed(
                    RunFailure(
                        code: "InvalidTemplate",
                        message:
                            "The 'splitOn' expression '\(splitOn.source)' of trigger '\(trigger.name)' gave a value of "
                            + "type '\(value.platformTypeName)'; 'Array' is expected."))
            }
            return .runs(elements.map { part(of: payload, $0) })
        } catch {
            return .failed(
                RunFailure(
                    code: "InvalidTemplate",
                    message:
                        "Unable to process template language expressions for trigger '\(trigger.name)' at line '0' and "
                        + "column '0': '\(error.message)'."))
        }
    }

    /// The client tracking id that the trigger computes, or nil.
    /// - Parameters:
    ///   - payload: what the run's trigger brought.
    ///   - isPart: whether the run is one of a split array.
    ///   - identity: parameters and names that expressions can see.
    ///   - now: the instant.
    ///   - entropy: random bits.
    /// - Returns: the id, or nil where the trigger computes none.
    public func trackingID(
        _ payload: TriggerPayload, isPart: Bool, identity: RunIdentity, at now: Timestamp, entropy: UInt64
    ) -> String? {
        guard let trigger = plan.trigger, let value = (isPart ? trigger.splitTrackingID : nil) ?? trigger.trackingID
        else { return nil }
        return (try? value.evaluate(in: scope(payload, identity, now, entropy)))?.stringValue
    }

    /// Evaluates a template over what a trigger brought, for business keys and de-duplication.
    /// - Parameters:
    ///   - text: the template.
    ///   - payload: what the trigger brought.
    ///   - identity: parameters and names that expressions can see.
    ///   - now: the instant.
    /// - Returns: the value.
    /// - Throws: `InvalidTemplate`.
    public func evaluate(
        _ text: String, over payload: TriggerPayload, identity: RunIdentity, at now: Timestamp
    ) throws(FlowError) -> JSON {
        try CompiledTemplate(text).evaluate(in: scope(payload, identity, now, 0))
    }

    /// Checks a request's body against the trigger's schema: always in a flow, in a Logic Apps workflow where it says so.
    /// - Parameter body: the body, or nil where the request had none.
    /// - Returns: the error of a request that is refused, or nil.
    public func schemaFailure(of body: JSON?) -> RunFailure? {
        guard let trigger = plan.trigger, trigger.type.lowercased() == "request", let schema = trigger.schema,
            schema.objectValue?.isEmpty == false, plan.definition.kind == .flow || trigger.validatesSchema
        else { return nil }
        guard let body else {
            guard schema["required"]?.arrayValue?.isEmpty == false else { return nil }
            return RunFailure(
                code: "TriggerInputSchemaMismatch", message: "The input body is missing required schema properties.")
        }
        let findings = JSONSchema(schema).validate(body)
        guard !findings.isEmpty else { return nil }
        return RunFailure(
            code: "TriggerInputSchemaMismatch",
            message: "The input body for trigger '\(trigger.name)' of type '\(trigger.type)' did not match its schema "
                + "definition. Error details: '\(findings.map(\.message).joined(separator: ","))'.")
    }

    private func scope(
        _ payload: TriggerPayload, _ identity: RunIdentity, _ now: Timestamp, _ entropy: UInt64
    ) -> RunState {
        let state = RunState(plan: plan, identity: identity)
        state.isFolding = true
        state.random = RandomSource(seed: entropy)
        state.begin(payload, at: now)
        return state
    }

    private func part(of payload: TriggerPayload, _ element: JSON) -> TriggerPayload {
        var part = payload
        var outputs = payload.outputs?.objectValue ?? [:]
        outputs["body"] = element
        part.outputs = .object(outputs)
        part.callerWaits = false
        return part
    }
}
