import FlowCore
import FlowDefinitions
import FlowExpressions

extension RunState {
    /// Run a child flow: waits for its first Response.
    func beginChild(_ action: PlannedAction, _ repetition: Int, _ value: CompiledValue) {
        guard let (recorded, request) = makeRequest(action, repetition, callbackID: nil) else { return }
        beginCall(action, repetition, recorded: recorded, request: request)
    }

    func childRequest(
        _ inputs: JSON, _ action: PlannedAction, _ repetition: Int
    ) -> (recorded: JSON?, request: EffectIntent.Kind) {
        let host = inputs["host"]
        let reference = host?["workflowReferenceName"]?.stringValue ?? host?["workflow"]?["id"]?.stringValue ?? ""
        var headers = JSONObject()
        for (name, value) in inputs["headers"]?.objectValue ?? [:] where HeaderRules.isSent(name) && !value.isNull {
            headers[name] = .string(ValueText.text(of: value))
        }
        let start = ChildStart(
            reference: reference, run: identity.childRun(action: path(action, repetition), attempt: 1),
            body: inputs["body"], headers: headers)
        return (inputs, .child(start))
    }
}
