public import FlowCore
import FlowDefinitions
import Synchronization

/// Solutions, flows, variables, people, connections and bindings in memory.
struct InMemoryConfiguration {
    typealias Pair = InMemoryState.Pair

    var solutions: [String: InstalledSolution] = [:]
    var definitions: [String: StoredDefinition] = [:]
    var flows: [String: InstalledFlow] = [:]
    var versions: [String: [FlowVersion]] = [:]
    var variables: [String: VariableValue] = [:]
    var users: [String: EnvironmentUser] = [:]
    var shares: Set<FlowShare> = []
    var tokens: [String: APIToken] = [:]
    var connections: [String: StoredConnection] = [:]
    var bindings: [String: ConnectionBinding] = [:]
    var runOnly: [Pair: RunOnlySetting] = [:]
    var metadata: [String: JSON] = [:]

    mutating func apply(_ change: StoreChange) {
        switch change {
        case .solution(let solution): solutions[solution.name] = solution
        case .removeSolution(let name): solutions[name] = nil
        case .definition(let definition): definitions[definition.hash] = definition
        case .flow(let flow): put(flow)
        case .removeFlow(let id): remove(id)
        case .variable(let variable): variables[variable.schemaName] = variable
        case .removeVariable(let name): variables[name] = nil
        case .user(let user): users[user.upn] = user
        case .removeUser(let upn):
            users[upn] = nil
            shares = shares.filter { $0.upn != upn }
        case .share(let share): shares.insert(share)
        case .removeShare(let share): shares.remove(share)
        case .token(let token): tokens[token.name] = token
        case .removeToken(let name): tokens[name] = nil
        case .connection(let connection): connections[connection.connection.name] = connection
        case .removeConnection(let name): connections[name] = nil
        case .binding(let binding): bindings[binding.logicalName] = binding
        case .removeBinding(let name): bindings[name] = nil
        case .runOnly(let setting):
            runOnly[Pair(setting.flow, setting.reference)] = setting.runtimeSource == nil ? nil : setting
        case .metadata(let name, let value): metadata[name] = value
        default: break
        }
    }

    private mutating func put(_ flow: InstalledFlow) {
        flows[flow.id] = flow
        if versions[flow.id]?.last?.definitionHash != flow.definitionHash {
            versions[flow.id, default: []].append(
                FlowVersion(flow: flow.id, definitionHash: flow.definitionHash, installedAt: flow.installedAt))
        }
    }

    private mutating func remove(_ id: String) {
        flows[id] = nil
        shares = shares.filter { $0.flow != id }
        runOnly = runOnly.filter { $0.key.first != id }
    }
}

extension InMemoryFlowStore {
    private func read<Value: Sendable>(_ body: (InMemoryConfiguration) -> Value) -> Value {
        state.withLock { body($0.configuration) }
    }

    /// The installed solutions.
    public func solutions() async throws(FlowError) -> [InstalledSolution] {
        read { $0.solutions.values.sorted { $0.name < $1.name } }
    }

    /// The installed flows.
    public func flows() async throws(FlowError) -> [InstalledFlow] {
        read {
            $0.flows.values.sorted { ($0.solution ?? "", $0.place, $0.name) < ($1.solution ?? "", $1.place, $1.name) }
        }
    }

    /// A flow by its id.
    public func flow(_ id: String) async throws(FlowError) -> InstalledFlow? { read { $0.flows[id] } }

    /// A definition by its hash.
    public func definition(_ hash: String) async throws(FlowError) -> StoredDefinition? {
        read { $0.definitions[hash] }
    }

    /// The versions that a flow has had.
    public func versions(of flow: String) async throws(FlowError) -> [FlowVersion] {
        read { ($0.versions[flow] ?? []).reversed() }
    }

    /// The current values of environment variables.
    public func variables() async throws(FlowError) -> [VariableValue] {
        read { $0.variables.values.sorted { $0.schemaName < $1.schemaName } }
    }

    /// The people.
    public func users() async throws(FlowError) -> [EnvironmentUser] {
        read { $0.users.values.sorted { $0.upn < $1.upn } }
    }

    /// The rights on a flow, or on all flows.
    public func shares(of flow: String?) async throws(FlowError) -> [FlowShare] {
        read { configuration in
            configuration.shares.filter { flow == nil || $0.flow == flow }
                .sorted { ($0.flow, $0.upn, $0.role.rawValue) < ($1.flow, $1.upn, $1.role.rawValue) }
        }
    }

    /// The tokens of the management API.
    public func tokens() async throws(FlowError) -> [APIToken] {
        read { $0.tokens.values.sorted { $0.name < $1.name } }
    }

    /// The connections.
    public func connections(withSecrets: Bool) async throws(FlowError) -> [StoredConnection] {
        read { configuration in
            configuration.connections.values.sorted { $0.connection.name < $1.connection.name }.map { stored in
                guard !withSecrets else { return stored }
                var stored = stored
                stored.connection.secrets = [:]
                stored.session = nil
                return stored
            }
        }
    }

    /// A connection with its secrets.
    public func connection(_ name: String) async throws(FlowError) -> StoredConnection? {
        read { $0.connections[name] }
    }

    /// The bindings.
    public func bindings() async throws(FlowError) -> [ConnectionBinding] {
        read { $0.bindings.values.sorted { $0.logicalName < $1.logicalName } }
    }

    /// The settings of run-only users.
    public func runOnlySettings() async throws(FlowError) -> [RunOnlySetting] {
        read { $0.runOnly.values.sorted { ($0.flow, $0.reference) < ($1.flow, $1.reference) } }
    }

    /// The value under a name.
    public func metadata(_ name: String) async throws(FlowError) -> JSON? { read { $0.metadata[name] } }
}
