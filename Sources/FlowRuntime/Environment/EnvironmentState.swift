import FlowCore
import FlowDefinitions
import FlowStorage

/// Everything that an environment knows besides its flows and runs: values, people, connections and bindings.
struct EnvironmentState: Sendable {
    /// The current values of environment variables by schema name.
    var variables: [String: JSON] = [:]
    /// The people.
    var users: [EnvironmentUser] = []
    /// Who may do what with which flow.
    var shares: [FlowShare] = []
    /// The connections by name, without their secrets.
    var connections: [String: StoredConnection] = [:]
    /// The connection of each reference, by logical name or key.
    var bindings: [String: String] = [:]
    /// Whose connections references use where the environment says other than the file, by flow and key.
    var runtimeSources: [String: [String: ConnectionReference.RuntimeSource]] = [:]

    /// Reads the state of a store.
    static func load(from store: any FlowStore) async throws(FlowError) -> EnvironmentState {
        var state = EnvironmentState()
        for variable in try await store.variables() { state.variables[variable.schemaName] = variable.value }
        state.users = try await store.users()
        state.shares = try await store.shares(of: nil)
        for stored in try await store.connections(withSecrets: false) {
            state.connections[stored.connection.name] = stored
        }
        for binding in try await store.bindings() { state.bindings[binding.logicalName] = binding.connection }
        for setting in try await store.runOnlySettings() {
            let source = setting.runtimeSource.flatMap(ConnectionReference.RuntimeSource.init(rawValue:))
            state.runtimeSources[setting.flow, default: [:]][setting.reference] = source
        }
        return state
    }

    /// Whose connection a flow's reference uses in this environment.
    func runtimeSource(of reference: ConnectionReference, in flow: String) -> ConnectionReference.RuntimeSource {
        runtimeSources[flow]?[reference.key] ?? reference.runtimeSource
    }

    /// The connection that a reference is bound to, where it still exists.
    func connection(of reference: ConnectionReference) -> StoredConnection? {
        bindings[reference.bindingName].flatMap { connections[$0] }
    }

    /// The name under which a person is known, or nil.
    /// - Throws: `UserNotFound`.
    func knownUser(_ upn: String?) throws(FlowError) -> String? {
        guard let upn else { return nil }
        let folded = upn.lowercased()
        let isKnown =
            users.contains { $0.upn.lowercased() == folded }
            || connections.values.contains { $0.connection.account.lowercased() == folded }
        if isKnown { return folded }
        let names = users.map(\.upn) + connections.values.map(\.connection.account)
        let near = Suggestion.hint(for: upn, among: names)
        throw FlowError(
            .userNotFound, "The environment does not know '\(upn)'.",
            hint: near ?? "add the person: `flowrun user add \(upn)`")
    }
}

extension StoredConnection {
    /// Whether a person may use the connection; nil is the one at the machine, who may use every one.
    func isUsable(by user: String?) -> Bool {
        guard let user = user?.lowercased() else { return true }
        return connection.account.lowercased() == user || sharedWith.contains { $0.lowercased() == user }
    }

    /// The connection as `connection list` prints it.
    var json: JSON {
        var error: JSON = .null
        if let statusCode {
            error = ["code": .string(statusCode), "message": .string(statusMessage ?? "")]
        }
        return [
            "name": .string(connection.name), "connector": .string(connection.connector),
            "account": .string(connection.account), "status": .string(status.rawValue),
            "expires": expires.map { .string($0.description) } ?? .null, "error": error,
        ]
    }
}

extension ConnectionReference {
    /// The name under which a connection is bound: the logical name, or else the key.
    var bindingName: String { logicalName ?? key }
}
