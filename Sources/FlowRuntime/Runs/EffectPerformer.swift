import FlowCore
import FlowDefinitions
import FlowEngine
import FlowStorage

/// Carries out one effect of a run: a call through a connector, or the start of a child run.
struct EffectPerformer {
    /// What came of it.
    enum Result: Sendable {
        /// It has an outcome.
        case outcome(EffectOutcome)
        /// A child run goes on; its message brings the outcome.
        case started
        /// It was not sent: the connection's account has to sign in first.
        case waitsForSignIn(connection: String)
        /// The store failed, which says nothing about the effect: it is carried out once the store is well again.
        case waitsForStore(FlowError)
    }

    let host: RunHost
    let identity: RunIdentity

    /// Carries out an effect.
    /// - Parameters:
    ///   - intent: what is to be done.
    ///   - recovered: whether an earlier process may have sent it already.
    /// - Returns: what came of it.
    func perform(_ intent: EffectIntent, recovered: Bool) async -> Result {
        switch intent.kind {
        case .http(let call):
            return await call_(
                OperationCall(call, key: intent.idempotencyKey), of: "http", reference: nil, intent, recovered)
        case .operation(let request):
            let call = OperationCall(
                operationID: request.operationID, parameters: request.parameters, idempotencyKey: intent.idempotencyKey)
            return await call_(
                call, of: request.connector, reference: request.connectionReference, intent, recovered)
        case .connection(let request):
            return .outcome(
                .failed(
                    EffectFailure(
                        code: FlowError.Code.operationNotSupported.rawValue,
                        message:
                            "The call \(request.method) \(request.path) of '\(request.connector)' names no operation; "
                            + "flowrun calls connectors by operation id.", isTransient: false)))
        case .child(let start):
            return await ChildStarter(host: host, parent: identity).start(start, intent, recovered: recovered)
        }
    }

    private func call_(
        _ call: OperationCall, of connectorName: String, reference: String?, _ intent: EffectIntent, _ recovered: Bool
    ) async -> Result {
        guard let connector = host.connectors[connectorName] else {
            return .outcome(
                .failed(
                    EffectFailure(
                        code: FlowError.Code.connectorNotFound.rawValue,
                        message: "flowrun has no connector '\(connectorName)'.", isTransient: false)))
        }
        var connectionName: String?
        do throws(FlowError) {
            let connection = try await connection(connector, reference)
            if reference != nil { connectionName = connection.name }
            if let refusal = try await host.gate.refusal(
                connection: connectionName.map { ($0, connector.name) }, flow: identity.flowID, host)
            {
                host.tally.called(connector.name, "limited", after: .zero)
                return .outcome(.answered(refusal))
            }
            let session = ConnectionSession(
                connection: connection, endpoints: try host.settings.addresses(), clock: host.clock)
            if recovered || intent.soughtSince != nil,
                let known = try await known(call, connector, intent, session, recovered)
            {
                return known
            }
            let answer = try await inTurn(connector, call, intent, session)
            if connectionName != nil, answer.isForeign { throw Self.foreign(answer, connector.name) }
            return .outcome(.answered(answer))
        } catch {
            if let connectionName, error.isSignInRefusal {
                await host.signInWasRefused(connectionName, error)
                return .waitsForSignIn(connection: connectionName)
            }
            if error.meansStoreFails { return .waitsForStore(error) }
            return .outcome(
                .failed(
                    EffectFailure(code: error.code.rawValue, message: error.message, isTransient: error.isTransient)))
        }
    }

    /// Makes the call once fewer are out than may be at once.
    private func inTurn(
        _ connector: any Connector, _ call: OperationCall, _ intent: EffectIntent, _ session: ConnectionSession
    ) async throws(FlowError) -> OperationAnswer {
        let own = host.gate.slots(of: session.connection.name, connector.name)
        await own?.enter()
        defer { own?.leave() }
        await host.slots.enter()
        defer { host.slots.leave() }
        return try await timed(connector, call, intent, session)
    }

    /// Makes the call within the run's trace, and counts it.
    private func timed(
        _ connector: any Connector, _ call: OperationCall, _ intent: EffectIntent, _ session: ConnectionSession
    ) async throws(FlowError) -> OperationAnswer {
        let start = ContinuousClock.now
        let trace = TraceContext(trackingID: identity.trackingID, run: identity.run, step: intent.idempotencyKey)
        let result = await TraceContext.$current.withValue(trace) {
            () async -> Swift.Result<OperationAnswer, FlowError> in
            do throws(FlowError) { return .success(try await connector.perform(call, in: session)) } catch {
                return .failure(error)
            }
        }
        let word =
            switch result {
            case .success(let answer): "\(answer.statusCode / 100)xx"
            case .failure: "failed"
            }
        host.tally.called(connector.name, word, after: .now - start)
        return try result.get()
    }

    private static func foreign(_ answer: OperationAnswer, _ connector: String) -> FlowError {
        FlowError(
            .invalidProtocolResponse,
            "'\(connector)' answered status \(answer.statusCode) with a body that is not the service's own.",
            hint: "try again later; look at `endpoints` and at proxies in between if it stays so")
    }

    /// What is known of a call that an earlier process, an earlier attempt, or a run that this one repairs may have sent, by
    /// its replay rule; nil where it is to be sent again.
    private func known(
        _ call: OperationCall, _ connector: any Connector, _ intent: EffectIntent, _ session: ConnectionSession,
        _ recovered: Bool
    ) async throws(FlowError) -> Result? {
        // To end a subscription a second time does no harm.
        if intent.kind.endsSubscription { return nil }
        switch connector.replay(of: call) {
        case .read, .idempotent: return nil
        case .lookup:
            let since = intent.soughtSince ?? intent.intendedAt
            let answer = try await connector.lookUp(call, intendedAt: since, in: session)
            return answer.map { .outcome(.answered($0)) }
        case .inDoubt where !recovered: return nil
        case .inDoubt:
            return .outcome(
                .inDoubt(
                    reason: "The process ended while '\(call.operationID)' of '\(connector.name)' was under way; "
                        + "nobody can tell whether it happened."))
        }
    }

    /// The connection that a reference means now; a connector without connections takes none.
    private func connection(_ connector: any Connector, _ reference: String?) async throws(FlowError) -> Connection {
        guard let reference, !connector.connectionParameters.isEmpty else {
            return Connection(
                name: "", connector: connector.name, account: "", grant: "", parameters: [:], secrets: [:])
        }
        guard let name = host.connectionName(reference, identity), let connection = try await host.connection(name)
        else {
            throw FlowError(
                .missingConnectionReference,
                "Connection reference '\(reference)' of '\(identity.flowName)' has no connection.",
                hint: "flowrun bind-connection '\(identity.flowName)' --reference \(reference) --connection CONNECTION")
        }
        return connection
    }
}

extension RunHost {
    /// The connection that a flow's reference means now: the bound one, or for an invoker reference the caller's own.
    ///
    /// The reference is that of the definition with which the run began; the flow may be another one now, or gone.
    func connectionName(_ key: String, _ identity: RunIdentity) -> String? {
        let begun = plans.known(hash: identity.definitionHash, flow: identity.flowName)?.definition
        guard let definition = begun ?? catalog[identity.flowID]?.definition,
            let reference = definition.connectionReference(key)
        else { return nil }
        let state = state
        let bound = state.connection(of: reference)?.connection.name
        guard state.runtimeSource(of: reference, in: identity.flowID) == .invoker, let person = identity.initiator
        else { return bound }
        let own = state.connections.values.filter {
            $0.connection.connector == reference.connector && $0.connection.account.lowercased() == person.lowercased()
        }
        return own.map(\.connection.name).min()
    }

    /// A connection's sign-in was refused: the connection shows it until someone signs in again.
    func signInWasRefused(_ name: String, _ error: FlowError) async {
        guard var stored = try? await store.connection(name) else { return }
        stored.status = .unauthenticated
        stored.statusCode = error.code.rawValue
        stored.statusMessage = SecretMask.masking(error.message)
        try? await commit(StoreCommit([.connection(stored)]))
        take(standingOf: stored)
    }
}

extension OperationAnswer {
    /// Whether a success carries what cannot be a service's own: a page of something between, or JSON that breaks off.
    var isForeign: Bool {
        guard (200..<300).contains(statusCode), case .string(let text)? = body else { return false }
        let type = headers.value(ignoringCase: "Content-Type")?.stringValue?.lowercased() ?? ""
        if type.hasPrefix("text/html") { return true }
        // A text that is JSON was decoded from a JSON string; one that only begins so could not be decoded.
        guard type.contains("json"), let first = text.utf8.first(where: { $0 > 0x20 }) else { return false }
        return (first == UInt8(ascii: "{") || first == UInt8(ascii: "[")) && (try? JSON(parsing: text)) == nil
    }
}

extension FlowError {
    /// What directories say when they cannot answer at present, though it is worded as a refusal.
    private static let absences: Set<String> = ["AADSTS90033", "temporarily_unavailable", "server_error"]

    /// The code of the directory behind an error, or its own.
    private var directoryCode: String { details.first?.code.rawValue ?? code.rawValue }

    /// Whether an account could not sign in, so that nothing was sent.
    var isSignInRefusal: Bool {
        guard !Self.absences.contains(directoryCode) else { return false }
        return code == .connectionAuthorizationFailed || code.rawValue.hasPrefix("AADSTS")
            || code.rawValue.first?.isLowercase == true
    }

    /// Whether another attempt may go better: failures of the network and of a service that is away.
    var isTransient: Bool {
        let codes: [FlowError.Code] = [
            .unresolvableHostName, .serviceTemporarilyUnavailable, .gatewayTimeout, .invalidProtocolResponse,
            .sandboxNotRunning,
        ]
        return codes.contains(code) || Self.absences.contains(directoryCode)
    }
}
