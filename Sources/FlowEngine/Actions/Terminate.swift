import FlowCore
import FlowDefinitions
import FlowExpressions

extension RunState {
    /// Terminate: ends the run at once.
    func terminate(_ action: PlannedAction, _ repetition: Int, _ value: CompiledValue) {
        guard let inputs = inputs(value, action, repetition) else { return }
        finish(action, repetition, .succeeded, code: "NotSpecified", inputs: inputs)
        requestEnd(EarlyEnd(terminateInputs: inputs))
    }
}

extension EarlyEnd {
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
