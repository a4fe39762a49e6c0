import FlowDefinitions
import FlowExpressions

extension RunState {
    /// Compose: the outputs are the evaluated inputs.
    func compose(_ action: PlannedAction, _ repetition: Int, _ value: CompiledValue) {
        guard let inputs = inputs(value, action, repetition) else { return }
        finish(action, repetition, .succeeded, code: "OK", inputs: inputs, outputs: .inputs)
    }
}
