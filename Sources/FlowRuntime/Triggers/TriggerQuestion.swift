import FlowCore
import FlowDefinitions
import FlowEngine
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
        if trigger.type.lowercased() == "http" { return try await askByHTTP(inputs, mark) }
        guard let operation = trigger.operationID, let key = trigger.connectionReferenceKey,
            let reference = runnable.flow.definition.connectionReference(key)
        else {
            throw FlowError(
                .operationNotSupported, "The trigger '\(trigger.name)' names no operation and connection.",
                location: trigger.location, path: trigger.path,
                hint: "write `host.operationId` and `host.connectionName`")
        }
        guard let connector = host.connectors[reference.connector] else {
            throw FlowError(
                .connectorNotFound, "There is no connector '\(reference.connector)'.", hint: "see `flowrun connectors`"
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

    /// An HTTP trigger fires on 200; an answer of 202 may tell where to ask the next time.
    private func askByHTTP(_ inputs: JSON, _ mark: JSON?) async throws(FlowError) -> TriggerPollAnswer {
        let trigger = runnable.rules.trigger
        guard let first = HTTPCall(inputs: inputs) else { throw .noRequest(of: trigger, "inputs") }
        let known = TriggerMark(json: mark)?.watermark.stringValue
        let call = known.map { first.asking($0, for: .poll) } ?? first
        let answer = try await host.send(call, of: trigger)
        let wait = answer.headers.value(ignoringCase: "Retry-After")?.stringValue
            .flatMap { HTTPDate.retryAfter($0, now: host.clock.now) }
        var outputs: JSONObject?
        var next: JSON = .null
        if answer.statusCode == 200 {
            var fired: JSONObject = ["statusCode": .integer(200), "headers": .object(answer.headers)]
            fired["body"] = answer.body
            outputs = fired
        } else if answer.statusCode == 202, let place = answer.headers.value(ignoringCase: "Location")?.stringValue {
            next = .string(call.asking(place, for: .poll).uri)
        }
        return TriggerPollAnswer(outputs: outputs, watermark: next, retryAfter: wait)
    }

    private func evaluated(_ inputs: JSON) throws(FlowError) -> JSON {
        let scope = ContextScope(["parameters": .object(runnable.parameters)], now: host.clock.now)
        return try CompiledValue(inputs).evaluate(in: scope)
    }
}
