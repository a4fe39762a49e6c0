import FlowCore
import FlowDefinitions
import FlowExpressions

extension RunState {
    /// Response: answers whoever called the flow, once.
    func respond(_ action: PlannedAction, _ repetition: Int, _ value: CompiledValue) {
        guard trigger?.callerWaits == true else {
            let message =
                "The execution of template action '\(action.name)' is skipped: the client application is not waiting for a "
                + "response from service."
            return skip(
                action, repetition, RunFailure(code: "ActionResponseSkipped", message: message),
                code: "ActionResponseSkipped")
        }
        guard let inputs = inputs(value, action, repetition) else { return }
        let instance = instance(action, repetition)
        guard self.reply == nil || replier == instance else {
            return fail(
                action, repetition, code: "ActionResponseAlreadyDefined",
                "The response action '\(action.name)' cannot answer: a response has been sent already.", inputs: inputs)
        }
        let written = inputs["statusCode"] ?? 200
        guard let status = written.integerValue ?? written.stringValue.flatMap(Int64.init),
            (200..<300).contains(status) || (400..<600).contains(status)
        else {
            return failTemplate(
                action, repetition,
                "The status code '\(ValueText.text(of: written))' of response action '\(action.name)' is not supported.",
                inputs: inputs)
        }
        var headers = JSONObject()
        for (name, value) in inputs["headers"]?.objectValue ?? [:] where HeaderRules.isAnswered(name) && !value.isNull {
            headers[name] = .string(ValueText.text(of: value))
        }
        let body = inputs["body"].flatMap { $0.isNull ? nil : $0 }
        if let body, headers.value(ignoringCase: "content-type") == nil {
            headers["Content-Type"] = .string(MessageBody.contentType(of: body))
        }
        let reply = RunReply(
            action: instance, statusCode: Int(status), headers: headers, body: body,
            isSecure: hidesInputs(action) || hidesOutputs(action))
        // A reply that is in the journal already, its action's end not, is not given again.
        if self.reply == nil {
            self.reply = reply
            emit(.replied(reply, at: now))
            order(.reply(reply))
        }
        finishReply(action, repetition, inputs, status)
    }

    private func finishReply(_ action: PlannedAction, _ repetition: Int, _ inputs: JSON, _ status: Int64) {
        var recorded = inputs.objectValue ?? [:]
        recorded["statusCode"] = .string(String(status))
        var outputs = inputs.objectValue ?? [:]
        outputs["statusCode"] = .integer(status)
        finish(
            action, repetition, .succeeded, code: "OK", inputs: .object(recorded), outputs: .value(.object(outputs)))
    }
}

extension MessageBody {
    /// The content type with which a body is sent that names none.
    static func contentType(of body: JSON) -> String {
        switch body {
        case .string: "text/plain; charset=utf-8"
        case .object(let object):
            object["$content-type"]?.stringValue ?? "application/json; charset=utf-8"
        default: "application/json; charset=utf-8"
        }
    }
}

extension RunReply {
    /// What a caller gets whose flow has a Response and ended without one.
    /// - Parameter run: the run's name.
    /// - Returns: the reply.
    public static func noResponse(run: String) -> RunReply {
        RunReply(
            action: ActionInstance(""), statusCode: 502, headers: ["Content-Type": "application/json; charset=utf-8"],
            body: [
                "error": [
                    "code": "NoResponse",
                    "message": .string(
                        "The server did not receive a response from an upstream server. Request tracking id '\(run)'."),
                ]
            ])
    }

    /// What a caller gets at once whose flow has no Response that it could wait for.
    public static let accepted = RunReply(action: ActionInstance(""), statusCode: 202)
}
