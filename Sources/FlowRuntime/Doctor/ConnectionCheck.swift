import FlowCore
import FlowDefinitions
import FlowStorage

/// Signs in with a connection as it would for a run, and has its connector compare what flows want with what is there.
struct ConnectionCheck: Sendable {
    let stored: StoredConnection

    private var name: String { stored.connection.name }

    /// What is wrong with the connection and its service.
    func examine(_ patient: Patient) async -> (name: String, findings: [Diagnosis], examination: Examination?) {
        let environment = patient.environment
        do throws(FlowError) {
            guard let full = try await environment.store.connection(name),
                let connector = environment.connectors[full.connection.connector]
            else { return (name, [], nil) }
            let session = ConnectionSession(
                connection: full.connection, endpoints: try environment.settings.addresses(),
                clock: environment.clock)
            let uses = patient.uses(of: name)
            let request = ExaminationRequest(
                uses: uses, receivers: patient.receivers.map(\.receiver), isServing: environment.isListening)
            let signIn = await Self.outcome { () async throws(FlowError) in try await connector.signIn(session) }
            if case .failure(let error) = signIn { return (name, [refused(error, uses)], nil) }
            // With the token of this sign-in: none of an account's questions signs in again.
            let examination = await Self.outcome { () async throws(FlowError) in
                try await connector.examine(request, in: session)
            }
            var diagnoses: [Diagnosis] = []
            if stored.status != .connected { diagnoses.append(recovered) }
            switch examination {
            case .success(let found):
                diagnoses += found.findings.map { finding in
                    Diagnosis(finding, repair: finding.call.map { .call($0, connection: name) })
                }
                return (name, diagnoses, found)
            case .failure(let error): return (name, diagnoses + [unexamined(error)], nil)
            }
        } catch {
            return (name, [unexamined(error)], nil)
        }
    }

    private static func outcome<Value: Sendable>(
        _ body: @Sendable () async throws(FlowError) -> Value
    ) async -> Result<Value, FlowError> {
        do throws(FlowError) { return .success(try await body()) } catch { return .failure(error) }
    }

    private func refused(_ error: FlowError, _ uses: [ExaminationRequest.Use]) -> Diagnosis {
        var evidence = ["account \(stored.connection.account), connector \(stored.connection.connector)"]
        let flows = Set(uses.map(\.flow)).sorted()
        if !flows.isEmpty { evidence.append("used by: " + flows.joined(separator: "; ")) }
        var hint = error.hint ?? "flowrun connection test \(name)"
        if hint.hasPrefix("run: ") { hint = String(hint.dropFirst(5)) }
        if let command = hint.firstRange(of: "; run: ") { hint = String(hint[command.upperBound...]) }
        // The connection is there already: a new password belongs to it.
        if ["AADSTS50126", "AADSTS50055", "AADSTS50144"].contains(error.code.rawValue) {
            hint = "flowrun login \(stored.connection.account) --secret env:PASSWORD"
        }
        if !hint.contains("flowrun ") { hint += ", then `flowrun connection test \(name)`" }
        return Diagnosis(
            Finding(error.code, about: "connection '\(name)'", error.message, evidence: evidence, repair: hint))
    }

    /// The stored status says that the connection does not work, and now it does: runs that wait for it may go on.
    private var recovered: Diagnosis {
        Diagnosis(
            Finding(
                .connectionAuthorizationFailed, .warning, about: "connection '\(name)'",
                "The connection is marked '\(stored.status.rawValue)', though its sign-in works again.",
                evidence: [stored.statusMessage ?? stored.statusCode ?? "no message was kept"],
                repair: "flowrun login \(stored.connection.account)"),
            repair: .operation(EnvironmentRequest(.testConnection, ["name": .string(name)])))
    }

    private func unexamined(_ error: FlowError) -> Diagnosis {
        Diagnosis(
            Finding(
                error.code == .sandboxNotRunning ? error.code : .serviceSilent, about: "connection '\(name)'",
                "The service could not be examined: \(error.message)", evidence: [error.code.rawValue],
                repair: error.hint ?? "flowrun connection test \(name)"))
    }
}
