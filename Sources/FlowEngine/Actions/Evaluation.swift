import FlowCore
import FlowDefinitions
import FlowExpressions

/// Evaluation of an action's inputs, and what happens when it fails.
extension RunState {
    /// Evaluates a value for an action.
    @inline(__always)
    func evaluate(_ value: CompiledValue, _ action: PlannedAction, _ repetition: Int) throws(FlowError) -> JSON {
        if let constant = value.constant { return constant }
        evaluatingAction = action.id
        currentRepetition = repetition
        return try value.evaluate(in: self)
    }

    /// Evaluates an action's inputs; where that fails the action ends, and the result is nil.
    func inputs(_ value: CompiledValue, _ action: PlannedAction, _ repetition: Int) -> JSON? {
        do {
            return try evaluate(value, action, repetition)
        } catch {
            failEvaluation(action, repetition, error)
            return nil
        }
    }

    /// Ends an action whose inputs cannot be evaluated.
    func failEvaluation(_ action: PlannedAction, _ repetition: Int, _ error: FlowError, where place: String = "inputs")
    {
        failTemplate(
            action, repetition,
            "Unable to process template language expressions in action '\(action.name)' \(place) at line '0' and column "
                + "'0': '\(error.message)'.")
    }

    /// Ends an action that fails as a template does.
    func failTemplate(_ action: PlannedAction, _ repetition: Int, _ message: String, inputs: JSON? = nil) {
        fail(action, repetition, code: "BadRequest", error: "InvalidTemplate", message, inputs: inputs)
    }

    /// Ends an action with an error; what is inside it is skipped.
    func fail(
        _ action: PlannedAction, _ repetition: Int, code: String, error: String? = nil, _ message: String,
        inputs: JSON? = nil, outputs: ActionEnd.Outputs = .none
    ) {
        skipDescendants(action, repetition, .failed, code: code)
        finish(
            action, repetition, .failed, code: code, error: RunFailure(code: error ?? code, message: message),
            inputs: inputs, outputs: outputs)
    }

    /// Evaluates the tracked properties of an action that has ended.
    func track(_ action: PlannedAction, _ repetition: Int, _ properties: CompiledValue) -> JSON? {
        guard !isFolding else { return nil }
        trackedRecord = record(action, repetition)
        defer { trackedRecord = nil }
        return try? evaluate(properties, action, repetition)
    }

    /// Ends an action with the result that is configured in place of its work.
    func finishStatically(_ action: PlannedAction, _ repetition: Int, _ result: StaticResult) {
        let status = result.outputs?["statusCode"]?.integerValue.map { HTTPStatusName.of(Int($0)) }
        let code = result.code ?? status ?? (result.status == .succeeded ? "OK" : result.status.rawValue)
        skipDescendants(action, repetition, result.status, code: code)
        finish(
            action, repetition, result.status, code: code,
            error: result.error.map { RunFailure(code: $0.code, message: $0.message) },
            outputs: result.outputs.map { .value($0) } ?? .none)
    }
}
