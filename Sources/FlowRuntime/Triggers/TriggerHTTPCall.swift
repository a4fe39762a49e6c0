import FlowCore
import FlowDefinitions
import FlowEngine
import FlowText

extension OperationCall {
    /// The call of the HTTP connector that a request means.
    init(_ call: HTTPCall, key: String) {
        var parameters: JSONObject = ["uri": .string(call.uri), "headers": .object(call.headers)]
        parameters["queries"] = call.queries.isEmpty ? nil : .object(call.queries)
        parameters["body"] = call.body
        parameters["authentication"] = call.authentication
        if call.keepsCompression { parameters["operationOptions"] = "DisableAutomaticDecompression" }
        self.init(operationID: call.method, parameters: parameters, idempotencyKey: key)
    }
}

extension RunHost {
    /// Sends an HTTP request of a trigger; no run asked for it.
    /// - Throws: why there is no answer; an answer with a status from 400 on is an error of that name.
    func send(_ call: HTTPCall, of trigger: Trigger) async throws(FlowError) -> OperationAnswer {
        guard let connector = connectors["http"] else {
            throw FlowError(.connectorNotFound, "There is no connector 'http'.", hint: "see `flowrun connectors`")
        }
        let session = ConnectionSession(
            connection: Connection(name: "", connector: "http", account: "", grant: "", parameters: [:], secrets: [:]),
            endpoints: try settings.addresses(), clock: clock)
        let answer = try await connector.perform(OperationCall(call, key: UUIDText.random()), in: session)
        guard answer.statusCode < 400 else {
            throw FlowError(
                FlowError.Code(HTTPStatusName.of(answer.statusCode)),
                "The address that the trigger '\(trigger.name)' names answered with status \(answer.statusCode).",
                location: trigger.location, path: trigger.path)
        }
        return answer
    }
}

extension FlowError {
    /// Whether a service that gave this answer to a question may give another one soon: 408, 429 and 5xx, or none at all.
    var isPassing: Bool {
        isTransient || ([408, 429] + Array(500...504)).contains { HTTPStatusName.of($0) == code.rawValue }
    }

    /// The inputs of a trigger name no request.
    static func noRequest(of trigger: Trigger, _ member: String) -> FlowError {
        FlowError(
            .invalidTemplate,
            "The '\(member)' of trigger '\(trigger.name)' is not valid: a method and an absolute http or https address are needed.",
            location: trigger.location, path: trigger.path, hint: "give `method` and `uri`")
    }
}
