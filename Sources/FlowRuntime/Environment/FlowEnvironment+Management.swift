package import FlowCore
import FlowDefinitions
package import FlowStorage
import FlowText

/// A flow as the management API finds it, with what the caller may do with it.
package struct ManagedFlow: Sendable {
    /// The flow's GUID.
    package let id: String
    /// The name.
    package let name: String
    /// What the caller may do.
    package let right: FlowRight
    /// When it was installed.
    package let createdTime: Timestamp
    /// When it was last turned on or off.
    package let lastModifiedTime: Timestamp
    /// Why it was suspended, or nil.
    package let suspensionReason: String?
    /// The trigger's name, `manual` where it has none.
    package let trigger: String
    /// The trigger's type, or nil.
    package let triggerType: String?
    /// The trigger's kind, or nil.
    package let triggerKind: String?
    /// What a request to its trigger has to look like, or nil.
    package let triggerSchema: JSON?
    /// Its outer actions in short, for owners.
    package let actions: [JSON]
    /// With how many persons it is shared as co-owners.
    package let ownerCount: Int
}

extension FlowEnvironment {
    /// Whether others than this machine's people may reach the server: it listens on more than loopback, or stands behind
    /// a proxy that makes it known under another address.
    package var isExposed: Bool {
        guard settings.server.publicURL == nil, let listen = ListenAddress(settings.server.listen) else { return true }
        return !listen.isLoopback
    }

    // MARK: Flows

    /// A flow by its GUID.
    /// - Throws: `FlowNotFound` where there is none, or the caller may not know that there is.
    package func managedFlow(_ id: String, for caller: Caller) throws(FlowError) -> ManagedFlow {
        guard let flow = host.catalog[id], let managed = managed(flow, for: caller, in: host.state) else {
            throw FlowError(.flowNotFound, "Could not find flow '\(id)'.")
        }
        return managed
    }

    /// The flows that the caller may start or owns.
    package func managedFlows(for caller: Caller) -> [ManagedFlow] {
        let state = host.state
        return host.catalog.flows.compactMap { managed($0, for: caller, in: state) }
    }

    private func managed(_ flow: Catalog.Entry, for caller: Caller, in state: EnvironmentState) -> ManagedFlow? {
        guard let right = caller.isAdmin ? .owner : state.right(of: caller.user, on: flow.id) else { return nil }
        let schema = flow.trigger.flatMap { $0.type.lowercased() == "request" ? $0.inputs?["schema"]?.json : nil }
        return ManagedFlow(
            id: flow.id, name: flow.name, right: right, createdTime: flow.installed.installedAt,
            lastModifiedTime: max(flow.installed.installedAt, flow.installed.stateChangedAt),
            suspensionReason: flow.installed.stateReason, trigger: flow.trigger?.name ?? "manual",
            triggerType: flow.trigger?.type, triggerKind: flow.trigger?.kind, triggerSchema: schema,
            actions: right == .owner ? flow.definition.actions.map(Self.inShort) : [],
            ownerCount: state.shares.count { $0.flow == flow.id && $0.role == .owner })
    }

    private static func inShort(_ action: Action) -> JSON {
        var short: JSONObject = ["type": .string(action.typeName)]
        if let kind = action.kind { short["kind"] = .string(kind) }
        if let host = action.node["inputs"]?["host"] {
            if let operation = host["operationId"]?.string { short["swaggerOperationId"] = .string(operation) }
            if let api = host["apiId"]?.string { short["api"] = ["id": .string(api)] }
        }
        return .object(short)
    }

    // MARK: Runs and histories

    /// The summary of a flow's run.
    /// - Throws: `WorkflowRunNotFound` where there is none, or the caller may not know that there is.
    package func managedRun(
        _ name: String, of flow: ManagedFlow, for caller: Caller
    ) async throws(FlowError) -> RunSummary {
        guard let run = try await store.run(name), run.flowID == flow.id,
            flow.right == .owner || run.initiator.map({ $0.lowercased() }) == caller.user?.lowercased()
        else { throw Self.noRun(name) }
        return run
    }

    /// Runs that fit a filter, newest first, as lists show them.
    package func managedRuns(_ filter: RunFilter) async throws(FlowError) -> [JSON] {
        try await store.runs(filter).map { SecretMask.masking(Self.row(of: $0)) }
    }

    /// Entries of the trigger history that fit, newest first.
    package func managedHistories(_ filter: TriggerHistoryFilter) async throws(FlowError) -> [JSON] {
        try await store.triggerHistory(filter).map { SecretMask.masking(Self.row(of: $0)) }
    }

    /// One entry of a flow's trigger history, or nil.
    package func managedHistory(_ id: String, of flow: ManagedFlow) async throws(FlowError) -> JSON? {
        guard let entry = try await store.triggerHistoryEntry(id), entry.flow == flow.id else { return nil }
        return SecretMask.masking(Self.row(of: entry))
    }

    // MARK: Connections

    /// The connections that the caller may see: their own and those shared with them, or all.
    package func managedConnections(for caller: Caller) -> [JSON] {
        host.state.connections.values
            .filter { caller.isAdmin || $0.isUsable(by: caller.user) }
            .sorted { $0.connection.name < $1.connection.name }
            .map { SecretMask.masking($0.managedJSON) }
    }

    /// Whether the caller may delete a connection: it is their own, or they are an admin.
    package func mayDelete(connection name: String, _ caller: Caller) -> Bool {
        guard let stored = host.state.connections[name] else { return false }
        return caller.isAdmin || stored.connection.account.lowercased() == caller.user?.lowercased()
    }

    /// Makes a connection out of the parameters that a request gives without saying which of them are secrets.
    package func makeConnection(
        to connector: String, named name: String, account: String, parameters: JSONObject
    ) async throws(FlowError) -> JSON {
        let secret = Set((connectors[connector]?.connectionParameters ?? []).filter(\.isSecret).map(\.name))
        var arguments: JSONObject = [
            "connector": .string(ConnectorRegistry.shortName(connector)), "account": .string(account),
            "name": .string(name),
        ]
        arguments["grant"] = parameters["grant"]
        let rest = parameters.filter { $0.0 != "grant" }
        arguments["secrets"] = .object(JSONObject(rest.filter { secret.contains($0.0) }.map { ($0.0, $0.1) }))
        arguments["set"] = .object(JSONObject(rest.filter { !secret.contains($0.0) }.map { ($0.0, $0.1) }))
        let made = try await perform(EnvironmentRequest(.createConnection, arguments))
        return host.state.connections[made["name"]?.stringValue ?? ""]?.managedJSON ?? made
    }
}

extension StoredConnection {
    /// The connection as `connection list` prints it, and when it was made.
    fileprivate var managedJSON: JSON {
        guard case .object(var members) = json else { return json }
        members["createdAt"] = .string(createdAt.description)
        return .object(members)
    }
}
