import FlowCore
import FlowDefinitions
import FlowStorage

extension FlowEnvironment {
    // MARK: connection create

    func createConnection(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let connector = try connector(try arguments.required("connector"))
        let account = try arguments.required("account").lowercased()
        var request = NewConnection(
            connector: connector, account: account, grant: try arguments.text("grant"),
            parameters: try arguments.pairs("set"), secrets: try arguments.pairs("secrets"))
        try request.check()
        if settings.endpoints == .sandbox { request.fill(from: try settings.sandboxRecord()) }
        let name = try arguments.text("name")
        let known = try await state().connections
        if let name, known[name] != nil {
            throw FlowError(
                .connectionExists, "There already is a connection '\(name)'.",
                hint: "give another --name, or `flowrun connection delete \(name)` first")
        }
        let connection = try request.connection(named: name ?? Self.freeName(connector.name, account, known))
        try await connector.signIn(
            ConnectionSession(connection: connection, endpoints: try settings.addresses(), clock: clock))
        let stored = StoredConnection(connection: connection, createdAt: clock.now)
        try await changing { () throws(FlowError) in try await commit(StoreCommit([.connection(stored)])) }
        return stored.json
    }

    private func connector(_ name: String) throws(FlowError) -> any Connector {
        if let connector = connectors[name], !connector.connectionParameters.isEmpty { return connector }
        let names = connectors.all.filter { !$0.connectionParameters.isEmpty }.map(\.name)
        throw FlowError(
            .connectorNotFound, "There is no connector '\(name)' that takes connections.",
            hint: Suggestion.hint(for: name, among: names)
                ?? "connectors are: \(names.joined(separator: ", "))")
    }

    private static func freeName(
        _ connector: String, _ account: String, _ known: [String: StoredConnection]
    ) -> String {
        let name = "\(connector)-\(account.prefix { $0 != "@" })"
        if known[name] == nil { return name }
        var number = 2
        while known["\(name)-\(number)"] != nil { number += 1 }
        return "\(name)-\(number)"
    }

    // MARK: connection list, test, delete

    func listConnections() async throws(FlowError) -> JSON {
        .array(try await store.connections(withSecrets: false).map(\.json))
    }

    private func storedConnection(_ name: String) async throws(FlowError) -> StoredConnection {
        if let stored = try await store.connection(name) { return stored }
        let names = try await store.connections(withSecrets: false).map(\.connection.name)
        throw FlowError(
            .connectionNotFound, "There is no connection '\(name)'.",
            hint: Suggestion.hint(for: name, among: names)
                ?? "see `flowrun connection list`")
    }

    func testConnection(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let stored = try await storedConnection(try arguments.required("name"))
        return try await signInAgain(stored).json
    }

    /// Signs in with a stored connection and keeps what came of it.
    /// - Throws: why it was refused.
    private func signInAgain(_ stored: StoredConnection) async throws(FlowError) -> StoredConnection {
        var stored = stored
        guard let connector = connectors[stored.connection.connector] else {
            throw FlowError(
                .connectorNotFound, "There is no connector '\(stored.connection.connector)'.",
                hint: "see `flowrun connectors`")
        }
        var refusal: FlowError?
        do throws(FlowError) {
            let session = ConnectionSession(
                connection: stored.connection, endpoints: try settings.addresses(), clock: clock)
            try await connector.signIn(session)
            stored.status = .connected
            stored.statusCode = nil
            stored.statusMessage = nil
        } catch {
            stored.status = .error
            stored.statusCode = error.code.rawValue
            stored.statusMessage = SecretMask.masking(error.message)
            refusal = error
        }
        let changed = stored
        try await changing { () throws(FlowError) in try await commit(StoreCommit([.connection(changed)])) }
        if let refusal { throw refusal }
        await host.signedIn(stored.connection.name)
        // A process that is owner for one command leads the runs on as far as they go now.
        if !isListening { await host.waitUntilIdle() }
        return stored
    }

    func deleteConnection(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let name = try arguments.required("name")
        let stored = try await storedConnection(name)
        try await changing { () throws(FlowError) in
            var commit = StoreCommit([.removeConnection(name)])
            for binding in try await store.bindings() where binding.connection == name {
                commit.add(.removeBinding(logicalName: binding.logicalName))
            }
            try await self.commit(commit)
        }
        return stored.json
    }

    // MARK: login

    func login(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let account = try arguments.required("account").lowercased()
        var password = try arguments.text("password")
        var own: [StoredConnection] = []
        for listed in try await store.connections(withSecrets: false)
        where listed.connection.account.lowercased() == account {
            if let stored = try await store.connection(listed.connection.name) { own.append(stored) }
        }
        if password == nil { password = own.lazy.compactMap { $0.connection.secrets["password"] }.first }
        if password == nil, settings.endpoints == .sandbox {
            password = SandboxAccounts(try settings.sandboxRecord()).password(of: account)
        }
        if let signIn = options.signIn {
            try await signIn(account, password, try settings.addresses())
        } else if own.isEmpty {
            throw FlowError(
                .connectionNotFound, "No connection belongs to '\(account)'.",
                hint: "flowrun connection create CONNECTOR --account \(account)")
        }
        var renewed: [JSON] = []
        for var stored in own {
            if let password, stored.connection.secrets["password"] != nil {
                stored.connection.secrets["password"] = password
            }
            if let password { try await renewRefreshToken(of: &stored, password) }
            renewed.append(try await signInAgain(stored).json)
        }
        return ["account": .string(account), "connections": .array(renewed)]
    }

    /// A refresh token that is no longer accepted cannot renew itself: the password brings a new one.
    private func renewRefreshToken(of stored: inout StoredConnection, _ password: String) async throws(FlowError) {
        guard let renewal = options.renewal, ["refresh_token", "device_code"].contains(stored.connection.grant) else {
            return
        }
        let session = ConnectionSession(
            connection: stored.connection, endpoints: try settings.addresses(), clock: clock)
        if let token = try await renewal(session, password) { stored.connection.secrets["refreshToken"] = token }
    }
}

/// A connection as it was asked for, before it is complete.
struct NewConnection {
    let connector: any Connector
    let account: String
    var grant: String?
    var parameters: [String: String]
    var secrets: [String: String]

    private static let grants = ["client_credentials", "refresh_token", "password", "device_code"]

    /// Whether every parameter is known and secret ones are given as secrets.
    /// - Throws: `InvalidArgument`.
    func check() throws(FlowError) {
        if let grant, !Self.grants.contains(grant) {
            throw FlowError(
                .invalidArgument, "There is no grant '\(grant)'.",
                hint: Suggestion.hint(for: grant, among: Self.grants)
                    ?? "grants are: \(Self.grants.joined(separator: ", "))")
        }
        let known = connector.connectionParameters
        for name in parameters.keys.sorted() + secrets.keys.sorted() {
            guard let parameter = known.first(where: { $0.name == name }) else {
                throw FlowError(
                    .invalidArgument, "A connection to '\(connector.name)' has no parameter '\(name)'.",
                    hint: Suggestion.hint(for: name, among: known.map(\.name))
                        ?? "parameters are: \(known.map(\.name).joined(separator: ", "))")
            }
            if parameter.isSecret, parameters[name] != nil {
                throw FlowError(
                    .invalidArgument, "'\(name)' is a secret and must not stand on the command line.",
                    hint: "--secret \(name)=env:VARIABLE, \(name)=file:PATH or \(name)=-")
            }
        }
    }

    /// Takes what is missing from the seeded values of the sandbox.
    mutating func fill(from record: JSON) {
        let service = record["services"]?[connector.name]
        let identity = record["services"]?["identity"]
        let accounts = SandboxAccounts(record)
        if grant == nil, secrets["refreshToken"] == nil {
            let hasPassword = service?["password"] != nil || accounts.password(of: account) != nil
            grant = hasPassword ? "password" : nil
        }
        for parameter in connector.connectionParameters
        where parameters[parameter.name] == nil && secrets[parameter.name] == nil {
            var value = service?[parameter.name]?.stringValue ?? identity?[parameter.name]?.stringValue
            if service?["username"] == nil {
                if parameter.name == "username" { value = account }
                if parameter.name == "password" { value = accounts.password(of: account) }
            }
            guard let value else { continue }
            if parameter.isSecret { secrets[parameter.name] = value } else { parameters[parameter.name] = value }
        }
    }

    /// The complete connection.
    /// - Throws: `InvalidArgument` where something that its grant needs is missing.
    func connection(named name: String) throws(FlowError) -> Connection {
        var parameters = parameters
        let grant = grant ?? likelyGrant
        for parameter in connector.connectionParameters where !parameter.isSecret && parameters[parameter.name] == nil {
            parameters[parameter.name] = parameter.defaultValue
        }
        let missing = connector.connectionParameters.filter { parameter in
            parameter.requiredBy.contains(grant) && parameters[parameter.name] == nil && secrets[parameter.name] == nil
        }
        guard missing.isEmpty else {
            let names = missing.map(\.name).joined(separator: ", ")
            let example = missing.map { $0.isSecret ? "--secret \($0.name)=env:VARIABLE" : "--set \($0.name)=VALUE" }
            throw FlowError(
                .invalidArgument, "A connection to '\(connector.name)' by \(grant) needs: \(names).",
                hint: example.joined(separator: " "))
        }
        return Connection(
            name: name, connector: connector.name, account: account, grant: grant, parameters: parameters,
            secrets: secrets)
    }

    private var likelyGrant: String {
        if secrets["refreshToken"] != nil { return "refresh_token" }
        if secrets["password"] != nil { return "password" }
        return "client_credentials"
    }
}

/// The seeded accounts of the sandbox.
struct SandboxAccounts {
    private let users: [JSON]

    init(_ record: JSON) { users = record["services"]?["identity"]?["users"]?.arrayValue ?? [] }

    /// The password of an account, or nil.
    func password(of account: String) -> String? {
        users.first { $0["upn"]?.stringValue?.lowercased() == account.lowercased() }?["password"]?.stringValue
    }
}
