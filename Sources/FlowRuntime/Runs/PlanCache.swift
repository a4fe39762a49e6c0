import FlowCore
import FlowDefinitions
import FlowStorage
import Synchronization

/// Compiled flows by the hash of their definition.
final class PlanCache: Sendable {
    /// A definition can hold several flows, so the flow's name belongs to the key.
    private struct Key: Hashable {
        let hash: String
        let flow: String
    }

    private static let limit = 512

    private let store: any FlowStore
    private let plans = Mutex<[Key: FlowPlan]>([:])

    init(store: any FlowStore) { self.store = store }

    /// The plan of a flow of the environment as it is now.
    /// - Throws: `InvalidTemplate`, `ActionTypeNotSupported`.
    func plan(of flow: Catalog.Entry) throws(FlowError) -> FlowPlan {
        try plan(of: flow.definition, hash: flow.installed.definitionHash)
    }

    /// The plan with which a run began, where it is at hand.
    func known(hash: String, flow name: String) -> FlowPlan? { plans.withLock { $0[Key(hash: hash, flow: name)] } }

    /// The plan of the definition with which a run began.
    /// - Throws: `RunUnreadable` where the definition is not kept or comes to no flow any more.
    func plan(hash: String, flow name: String) async throws(FlowError) -> FlowPlan {
        if let plan = plans.withLock({ $0[Key(hash: hash, flow: name)] }) { return plan }
        return try plan(of: try await definition(hash, name), hash: hash)
    }

    /// The outline of the definition with which a run began.
    /// - Throws: `RunUnreadable`.
    func outline(hash: String, flow name: String) async throws(FlowError) -> FlowOutline {
        if let plan = plans.withLock({ $0[Key(hash: hash, flow: name)] }) { return plan.outline }
        return FlowOutline(try await definition(hash, name))
    }

    /// The definition with which a run began.
    /// - Throws: `RunUnreadable`.
    func definition(_ hash: String, _ name: String) async throws(FlowError) -> FlowDefinition {
        guard let stored = try await store.definition(hash) else {
            throw FlowError(
                .runUnreadable, "The definition of '\(name)' with which the run began is not in the store.",
                hint: "start the run again from its trigger: `flowrun runs resubmit ID`")
        }
        let flows = FlowDecoder.decode(stored.text, file: stored.file).flows
        guard let definition = flows.first(where: { $0.name == name }) ?? flows.first else {
            throw FlowError(
                .runUnreadable, "The definition of '\(name)' with which the run began cannot be read any more.",
                hint: "start the run again from its trigger: `flowrun runs resubmit ID`")
        }
        return definition
    }

    private func plan(of definition: FlowDefinition, hash: String) throws(FlowError) -> FlowPlan {
        let key = Key(hash: hash, flow: definition.name)
        if let plan = plans.withLock({ $0[key] }) { return plan }
        let plan = try FlowPlan(definition)
        try plan.requireSupported()
        plans.withLock { plans in
            if plans.count >= Self.limit { plans.removeAll() }
            plans[key] = plan
        }
        return plan
    }
}
