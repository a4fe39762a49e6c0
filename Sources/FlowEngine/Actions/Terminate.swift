import FlowCore
import FlowDefinitions
import FlowExpressions

extension RunState {
    /// Terminate: ends the run at once.
    func terminate(_ action: PlannedAction, _ repetition: Int, _ value: CompiledValue) {
        guard let inputs = inputs(value, action, repetition) else { return }
        finish(action, repetition, .succeeded, code: "NotSpecified", inputs: inputs)
        requestEnd(end(of: action, inputs))
    }

    /// The end that a Terminate asks for; secret inputs give it no text that the run's summary would show.
    func end(of action: PlannedAction, _ inputs: JSON) -> EarlyEnd {
        let end = EarlyEnd(terminateInputs: inputs)
        return hidesInputs(action) ? end.withoutTexts : end
    }
}

extension EarlyEnd {
    /// The same end without the texts that a Terminate with secret inputs gave it.
    var withoutTexts: EarlyEnd {
        guard error != nil else { return self }
        return EarlyEnd(
            status: status, code: "Terminated", error: RunFailure(code: "Terminated", message: SecretMask.hidden))
    }

    /// What the evaluated inputs of a Terminate ask for.
    init(terminateInputs inputs: JSON) {
        let status = inputs["runStatus"]?.stringValue ?? "Failed"
        let known = ["Succeeded", "Failed", "Cancelled"].first { $0.lowercased() == status.lowercased() } ?? "Failed"
        guard known == "Failed" else {
            self.init(status: known, code: nil, error: nil)
            return
        }
        let error = inputs["runError"]
        let code = error?["code"].map(ValueText.text) ?? "Terminated"
        let message = error?["message"].map(ValueText.text) ?? ""
        self.init(status: known, code: code, error: RunFailure(code: code, message: message))
    }
}
