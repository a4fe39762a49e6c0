import FlowCore
import FlowExpressions
import FlowText

/// The settings that all actions have.
struct PlannedSettings {
    var timeout: CompiledValue?
    var retryPolicy: CompiledValue?
    var minimumItemCount: Int?
    var requestTimeout: CompiledValue?
    var trackedProperties: CompiledValue?
    var staticResult: StaticResult?
    var hidesInputs = false
    var hidesOutputs = false
    var options: Set<String> = []

    init() {}

    init(_ action: Action, _ definition: FlowDefinition) throws(FlowError) {
        let path = action.path
        options = Self.options(of: action)
        if action.type != .until { timeout = try Self.optional(action.node["limit"]?["timeout"], path) }
        let policy = action.inputs?["retryPolicy"] ?? action.inputs?["subscribe"]?["retryPolicy"]
        retryPolicy = try Self.optional(policy, path)
        trackedProperties = try Self.optional(action.node["trackedProperties"], path)
        guard let configuration = action.node["runtimeConfiguration"] else { return }
        minimumItemCount = configuration["paginationPolicy"]?["minimumItemCount"]?.json.integerValue.map { Int($0) }
        requestTimeout = try Self.optional(configuration["requestOptions"]?["timeout"], path)
        let secure = (configuration["secureData"]?["properties"]?.elements ?? []).compactMap { $0.string?.lowercased() }
        hidesInputs = secure.contains("inputs")
        hidesOutputs = secure.contains("outputs")
        staticResult = Self.staticResult(configuration["staticResult"], definition)
    }

    static func options(of action: Action) -> Set<String> {
        guard let text = action.node["operationOptions"]?.string else { return [] }
        return Set(text.lowercased().split { $0 == "," || $0 == " " }.map(String.init))
    }

    private static func optional(_ node: SourceNode?, _ path: ActionPath) throws(FlowError) -> CompiledValue? {
        guard let node, !node.isNull else { return nil }
        return try PlanCompiler.value(node, at: path)
    }

    private static func staticResult(_ choice: SourceNode?, _ definition: FlowDefinition) -> StaticResult? {
        guard let choice, choice["staticResultOptions"]?.string?.lowercased() == "enabled",
            let name = choice["name"]?.string?.lowercased(),
            let result = definition.staticResults.first(where: { $0.key.lowercased() == name })?.value.json
        else { return nil }
        let status = result["status"]?.stringValue.flatMap(ActionStatus.init(rawValue:)) ?? .succeeded
        let error = result["error"].map {
            (code: $0["code"]?.stringValue ?? "", message: $0["message"]?.stringValue ?? "")
        }
        return StaticResult(
            status: status, code: result["code"]?.stringValue, error: error, outputs: result["outputs"])
    }
}
