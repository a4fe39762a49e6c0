public import FlowCore
public import FlowDefinitions
public import FlowHTTP

/// What every connector must do, whatever its service; each connector's tests run it.
///
/// ```swift
/// let contract = ConnectorContract(session: session, samples: samples) { MyConnector(transport: $0) }
/// #expect(await contract.violations() == [])
/// ```
public struct ConnectorContract: Sendable {
    private let session: ConnectionSession
    private let samples: [String: JSONObject]
    private let make: @Sendable (any HTTPTransport) -> any Connector

    /// Prepares the contract.
    /// - Parameters:
    ///   - session: a connection whose secrets are all texts that occur nowhere else.
    ///   - samples: working parameters by operation id; without an entry the operation is called without parameters.
    ///   - make: makes the connector over a transport.
    public init(
        session: ConnectionSession, samples: [String: JSONObject] = [:],
        make: @escaping @Sendable (any HTTPTransport) -> any Connector
    ) {
        self.session = session
        self.samples = samples
        self.make = make
    }

    /// What the connector does not keep, one sentence each; empty where it keeps all.
    public func violations() async -> [String] {
        let connector = make(RecordedTransport([]))
        var found = declarations(of: connector)
        found += await unknownNames(connector)
        found += await missingParameters()
        found += await unreachableService()
        found += await refusedSignIn()
        return found
    }

    private func declarations(of connector: any Connector) -> [String] {
        var found: [String] = []
        if connector.name.isEmpty || connector.name.hasPrefix("shared_") {
            found.append("The name '\(connector.name)' is empty or begins with 'shared_'.")
        }
        let ids = connector.operations.map(\.id) + connector.triggers.map(\.id)
        if Set(ids.map { $0.lowercased() }).count != ids.count { found.append("Two operations have the same id.") }
        for operation in connector.operations {
            let names = operation.parameters.map { $0.name.lowercased() }
            if Set(names).count != names.count { found.append("\(operation.id) has a parameter twice.") }
            if !operation.summary.hasSuffix(".") { found.append("\(operation.id) has no sentence as its summary.") }
            if let newer = operation.replacedBy, !connector.operations.contains(where: { $0.id == newer }) {
                found.append("\(operation.id) is replaced by '\(newer)', which does not exist.")
            }
        }
        return found
    }

    private func unknownNames(_ connector: any Connector) async -> [String] {
        var found: [String] = []
        let call = OperationCall(operationID: "NoSuchOperation", parameters: [:], idempotencyKey: UUIDText.random())
        if await failure({ () async throws(FlowError) in _ = try await connector.perform(call, in: session) })?.code
            != .operationNotFound
        {
            found.append("An unknown operation is not refused with OpenApiOperationNotFound.")
        }
        let poll = TriggerPoll(triggerID: "NoSuchTrigger", parameters: [:], watermark: nil)
        if await failure({ () async throws(FlowError) in _ = try await connector.poll(poll, in: session) })?.code
            != .operationNotFound
        {
            found.append("An unknown trigger is not refused with OpenApiOperationNotFound.")
        }
        for trigger in connector.triggers where trigger.mode == .webhook {
            let poll = TriggerPoll(triggerID: trigger.id, parameters: [:], watermark: nil)
            let code = await failure({ () async throws(FlowError) in _ = try await connector.poll(poll, in: session) })?
                .code
            if code != .operationNotSupported {
                found.append("Polling the webhook trigger \(trigger.id) is not refused.")
            }
        }
        return found
    }

    /// An operation without one of its required parameters sends nothing to the service.
    private func missingParameters() async -> [String] {
        var found: [String] = []
        for operation in make(RecordedTransport([])).operations {
            for parameter in operation.parameters where parameter.isRequired {
                let transport = RecordedTransport([.token])
                var parameters = samples[operation.id] ?? [:]
                for key in parameters.keys
                where key == parameter.name || key.hasPrefix(parameter.name + "/") { parameters[key] = nil }
                // What may be given in another form, or has a default, is the connector's own affair.
                guard samples[operation.id]?[parameter.name] != nil else { continue }
                let call = OperationCall(
                    operationID: operation.id, parameters: parameters, idempotencyKey: UUIDText.random())
                let connector = make(transport)
                let error = await failure { () async throws(FlowError) in
                    _ = try await connector.perform(call, in: session)
                }
                if error?.code != .operationParameterMissing {
                    found.append(
                        "\(operation.id) without '\(parameter.name)' gives \(error?.code.rawValue ?? "no error").")
                }
                if transport.requests.contains(where: { !$0.url.contains("/token") }) {
                    found.append("\(operation.id) without '\(parameter.name)' calls the service.")
                }
            }
        }
        return found
    }

    private func unreachableService() async -> [String] {
        var found: [String] = []
        for operation in make(RecordedTransport([])).operations {
            guard let parameters = samples[operation.id] else { continue }
            let connector = make(RecordedTransport([.token]))
            let call = OperationCall(
                operationID: operation.id, parameters: parameters, idempotencyKey: UUIDText.random())
            let error = await failure { () async throws(FlowError) in
                _ = try await connector.perform(call, in: session)
            }
            if error?.code != .serviceTemporarilyUnavailable {
                found.append("\(operation.id) at an unreachable service gives \(error?.code.rawValue ?? "no error").")
            }
            found += leaks(error, "\(operation.id) at an unreachable service")
        }
        return found
    }

    private func refusedSignIn() async -> [String] {
        guard !make(RecordedTransport([])).connectionParameters.isEmpty else { return [] }
        let connector = make(RecordedTransport([.refusal]))
        var found: [String] = []
        let refused = await failure { () async throws(FlowError) in try await connector.signIn(session) }
        if refused == nil || refused?.code == .connectionAuthorizationFailed {
            found.append("A refused sign-in does not give the code of the refusal.")
        }
        if refused?.hint == nil { found.append("A refused sign-in gives no hint.") }
        found += leaks(refused, "A refused sign-in")
        guard let sample = samples.first else { return found }
        let call = OperationCall(
            operationID: sample.key, parameters: sample.value, idempotencyKey: UUIDText.random())
        let error = await failure { () async throws(FlowError) in _ = try await connector.perform(call, in: session) }
        if error?.code != .connectionAuthorizationFailed {
            found.append("An operation with a refused sign-in gives \(error?.code.rawValue ?? "no error").")
        }
        return found + leaks(error, "An operation with a refused sign-in")
    }

    private func leaks(_ error: FlowError?, _ place: String) -> [String] {
        guard let text = error?.json.text else { return [] }
        return session.connection.secrets.compactMap { name, secret in
            text.contains(secret) ? "\(place): the error holds the secret '\(name)'." : nil
        }
    }

    private func failure(_ body: () async throws(FlowError) -> Void) async -> FlowError? {
        do throws(FlowError) {
            try await body()
            return nil
        } catch {
            return error
        }
    }
}

extension RecordedTransport.Exchange {
    /// A token endpoint's answer, of Entra ID or Salesforce.
    static var token: RecordedTransport.Exchange { TokenExchange.granted }
    /// A token endpoint's refusal.
    static var refusal: RecordedTransport.Exchange { TokenExchange.refused }
}

/// The token endpoints of a contract's sessions: tenant `contoso.example`, or a Salesforce log-in host.
private enum TokenExchange {
    static let granted = RecordedTransport.Exchange(
        anyToken: 200,
        [
            "access_token": "granted", "token_type": "Bearer", "expires_in": 3_599,
            "instance_url": "https://instance.example",
        ])
    static let refused = RecordedTransport.Exchange(
        anyToken: 400,
        [
            "error": "invalid_grant", "error_description": "AADSTS50173: The grant was withdrawn.\r\nTrace ID: x",
            "error_codes": [50_173],
        ])
}

extension RecordedTransport.Exchange {
    fileprivate init(anyToken status: Int, _ body: JSON) {
        self.init("POST *token", status, json: body, repeats: true)
    }
}
