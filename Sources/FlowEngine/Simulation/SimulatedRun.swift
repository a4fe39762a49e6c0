public import FlowCore
import FlowDefinitions

/// A run of a simulation: its machine, its journal, and what became of it.
public struct SimulatedRun: Sendable {
    /// The flow's name.
    public let flow: String
    /// The machine as it stands.
    public internal(set) var machine: RunStateMachine
    /// All events so far.
    public internal(set) var events: [RunEvent] = []
    /// The answer that the flow gave, or nil.
    public internal(set) var reply: RunReply?
    /// Whether whoever started it waits for an answer.
    public let callerWaits: Bool

    /// What people see of the run.
    public var record: RunRecord { RunRecord(folding: events, of: machine.plan.outline) }

    /// What the caller gets: the reply, 202 where no Response can come, or 502 where the run ended without one; nil while
    /// the caller waits, and where there is none.
    public var response: RunReply? {
        guard callerWaits else { return nil }
        guard machine.plan.hasSynchronousResponse else { return .accepted }
        if let reply { return reply }
        return machine.outcome == nil ? nil : .noResponse(run: machine.identity.run)
    }
}

/// A request that a simulated run sent.
public struct SimulatedCall: Sendable, Hashable {
    /// The flow whose action sent it.
    public let flow: String
    /// The action that sent it.
    public let action: String
    /// What was sent.
    public let kind: EffectIntent.Kind

    /// The parts by the names that run cases use: `method`, `uri`, `path`, `headers`, `queries`, `body`, `operationId`,
    /// `parameters`.
    public var parts: JSONObject {
        switch kind {
        case .http(let call):
            var parts: JSONObject = [
                "method": .string(call.method), "uri": .string(call.uri), "headers": .object(call.headers),
                "queries": .object(call.queries),
            ]
            if let body = call.body { parts["body"] = body }
            return parts
        case .operation(let request):
            return ["operationId": .string(request.operationID), "parameters": .object(request.parameters)]
        case .connection(let request):
            var parts: JSONObject = [
                "method": .string(request.method), "path": .string(request.path), "headers": .object(request.headers),
                "queries": .object(request.queries),
            ]
            if let body = request.body { parts["body"] = body }
            return parts
        case .child(let start):
            var parts: JSONObject = ["headers": .object(start.headers)]
            if let body = start.body { parts["body"] = body }
            return parts
        }
    }
}
