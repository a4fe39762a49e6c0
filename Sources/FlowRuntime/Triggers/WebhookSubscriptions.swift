import FlowCore
import FlowDefinitions
import FlowEngine
import FlowExpressions
import FlowStorage
import FlowText

/// The subscriptions of HttpWebhook triggers: a service is told the flow's URL when the flow is turned on, and to forget it
/// when the flow is turned off.
///
/// What is under way stands in the store before the call goes out, so that the next start finishes what a crash left.
struct WebhookSubscriptions {
    /// How far a subscription has come.
    enum Standing: Hashable {
        /// The service is being told; the flows that are turned on together stand or fall with it.
        case beginning(with: [String])
        /// The service knows.
        case standing
        /// The service is to forget.
        case ending
    }

    let host: RunHost

    /// The state of a trigger with a subscription.
    static func state(of flow: Catalog.Entry, _ trigger: Trigger, _ standing: Standing) -> TriggerState {
        TriggerState(flow: flow.id, trigger: trigger.name, subscription: standing.json)
    }

    /// Tells the service the flow's URL.
    /// - Throws: `WebhookSubscriptionFailed`.
    func begin(_ flow: Catalog.Entry, _ trigger: Trigger, url: String) async throws(FlowError) {
        do throws(FlowError) {
            _ = try await send("subscribe", flow, trigger, url: url)
        } catch {
            throw FlowError(
                .webhookSubscriptionFailed,
                "The service did not take the subscription of '\(flow.name)': \(error.message)",
                location: trigger.location, path: trigger.path,
                hint: "look at `subscribe` of the trigger, then: flowrun activate \"\(flow.name)\"", details: [error])
        }
        try await host.commit(StoreCommit([.trigger(Self.state(of: flow, trigger, .standing))]))
    }

    /// Tells the service to forget the flow's URL; a refusal is kept in the trigger's history, and the next start tries again.
    /// - Returns: why the service did not take it, or nil.
    func end(_ flow: Catalog.Entry, _ trigger: Trigger, url: String) async throws(FlowError) -> FlowError? {
        do throws(FlowError) {
            if trigger.inputs?["unsubscribe"] != nil { _ = try await send("unsubscribe", flow, trigger, url: url) }
        } catch {
            if error.isStoreFailure { throw error }
            let now = host.clock.now
            let row = TriggerHistoryEntry(
                id: RunName.new(at: now), flow: flow.id, trigger: trigger.name,
                status: TriggerEvents.Result.failed.rawValue, code: error.code.rawValue,
                message: SecretMask.masking("The subscription could not be ended: \(error.message)"), fired: false,
                startTime: now, endTime: host.clock.now)
            try await host.commit(StoreCommit([.history(row)]))
            return error
        }
        try await host.commit(StoreCommit([.forgetTriggers(flow: flow.id)]))
        return nil
    }

    private func send(
        _ member: String, _ flow: Catalog.Entry, _ trigger: Trigger, url: String
    ) async throws(FlowError) -> OperationAnswer {
        let parameters = VariableValues(host.catalog, host.state).parameters(of: flow.definition)
        let workflow = WorkflowRecord.of(flow: flow.id, named: flow.name, in: host.settings.name)
        let scope = ContextScope(
            ["parameters": .object(parameters), "callbackUrl": .string(url), "workflow": workflow],
            now: host.clock.now)
        let inputs = try CompiledValue(trigger.inputs?[member]?.json ?? [:]).evaluate(in: scope)
        guard let call = HTTPCall(inputs: inputs, purpose: member == "subscribe" ? .subscribe : .unsubscribe) else {
            throw .noRequest(of: trigger, member)
        }
        return try await host.send(call, of: trigger)
    }
}

extension WebhookSubscriptions.Standing {
    /// Reads what the store keeps; nil where it is none.
    init?(_ json: JSON?) {
        switch json?["state"]?.stringValue {
        case "beginning": self = .beginning(with: (json?["with"]?.arrayValue ?? []).compactMap(\.stringValue))
        case "standing": self = .standing
        case "ending": self = .ending
        default: return nil
        }
    }

    /// As the store keeps it.
    var json: JSON {
        switch self {
        case .beginning(let flows): ["state": "beginning", "with": .array(flows.map { .string($0) })]
        case .standing: ["state": "standing"]
        case .ending: ["state": "ending"]
        }
    }
}
