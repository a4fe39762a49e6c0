import FlowCore
import FlowDefinitions
import FlowExpressions
import FlowStorage
import FlowText

/// One question of a polling trigger to its service.
struct TriggerQuestion {
    let host: RunHost
    let runnable: RunnableFlow

    /// Asks.
    /// - Parameter mark: up to where it was asked before, as the store keeps it; nil at the first time.
    /// - Returns: what is new, and the next mark.
    /// - Throws: why there is no answer.
    func ask(_ mark: JSON?) async throws(FlowError) -> TriggerPollAnswer {
        let trigger = runnable.rules.trigger
        let inputs = try evaluated(trigger.inputs?.json ?? [:])
        if trigger.type.lowercased() == "http" { return try await askByHTTP(inputs) }
        guard let operation = trigger.operationID, let key = trigger.connectionReferenceKey,
            let reference = runnable.flow.definition.connectionReference(key)
        else {
            throw FlowError(
                .operationNotSupported, "The trigger '\(trigger.name)' names no operation and connection.",
                location: trigger.location, path: trigger.path,
                hint: "Write `host.operationId` and `host.connectionName`.")
        }
        guard let connector = host.connectors[reference.connector] else {
            throw FlowError(
                .connectorNotFound, "There is no connector '\(reference.connector)'.", hint: "See `flowrun connectors`."
            )
        }
        guard let name = host.state.connection(of: reference)?.connection.name,
            let connection = try await host.connection(name)
        else {
            throw FlowError(
                .missingConnectionReference, "The trigger '\(trigger.name)' has no connection.",
                hint: "flowrun bind-connection --reference \(reference.bindingName) --connection CONNECTION")
        }
        let known = TriggerMark(json: mark)
        let poll = TriggerPoll(
            triggerID: operation, parameters: inputs["parameters"]?.objectValue ?? [:], watermark: known?.watermark,
            seen: known?.seen ?? [])
        let session = ConnectionSession(
            connection: connection, endpoints: try host.settings.addresses(), clock: host.clock)
        do throws(FlowError) {
            return try await connector.poll(poll, in: session)
        } catch {
            if error.isSignInRefusal { await host.signInWasRefused(name, error) }
            throw error
        }
    }

    /// An HTTP trigger fires on 200; other good answers do not.
    private func askByHTTP(_ inputs: JSON) async throws(FlowError) -> TriggerPollAnswer {
        guard let connector = host.connectors["http"] else {
            throw FlowError(.connectorNotFound, "There is no connector 'http'.", hint: "See `flowrun connectors`.")
        }
        var parameters = inputs.objectValue ?? [:]
        let method = parameters["method"]?.stringValue?.uppercased() ?? "GET"
        parameters["method"] = nil
        let session = ConnectionSession(
            connection: Connection(name: "", connector: "http", account: "", grant: "", parameters: [:], secrets: [:]),
            endpoints: try host.settings.addresses(), clock: host.clock)
        let call = OperationCall(operationID: method, parameters: parameters, idempotencyKey: UUIDText.random())
        let answer = try await connector.perform(call, in: session)
        let wait = answer.headers.value(ignoringCase: "Retry-After")?.stringValue
            .flatMap { HTTPDate.retryAfter($0, now: host.clock.now) }
        guard answer.statusCode < 400 else {
            throw FlowError(
                FlowError.Code(HTTPStatusName.of(answer.statusCode)),
                "The trigger's address answered with status \(answer.statusCode).")
        }
        var outputs: JSONObject?
        if answer.statusCode == 200 {
            var fired: JSONObject = ["statusCode": .integer(200), "headers": .object(answer.headers)]
            fired["body"] = answer.body
            outputs = fired
        }
        return TriggerPollAnswer(outputs: outputs, watermark: .null, retryAfter: wait)
    }

    private func evaluated(_ inputs: JSON) throws(FlowError) -> JSON {
        let scope = ContextScope(["parameters": .object(runnable.parameters)], now: host.clock.now)
        return try CompiledValue(inputs).evaluate(in: scope)
    }
}
