public import FlowCore
public import FlowExpressions
import FlowText

/// What starts a flow, compiled.
public struct PlannedTrigger: Sendable {
    /// The name.
    public let name: String
    /// The type as written.
    public let type: String
    /// The kind, or nil.
    public let kind: String?
    /// The conditions that must all hold, each with its text.
    public let conditions: [(source: String, value: CompiledValue)]
    /// The array of which each element starts a run of its own, with its text; or nil.
    public let splitOn: (source: String, value: CompiledValue)?
    /// The client tracking id, or nil.
    public let trackingID: CompiledValue?
    /// The client tracking id of each part of a split array, or nil.
    public let splitTrackingID: CompiledValue?
    /// The schema of a request's body, or nil.
    public let schema: JSON?
    /// Whether `EnableSchemaValidation` is among its options.
    public let validatesSchema: Bool
    /// Whether its inputs are hidden in history.
    public let hidesInputs: Bool
    /// Whether its outputs are hidden in history.
    public let hidesOutputs: Bool
    /// The recorded inputs as defined, secrets of an authentication hidden; or nil.
    public let recordedInputs: JSON?

    init(_ trigger: Trigger) throws(FlowError) {
        name = trigger.name
        type = trigger.type
        kind = trigger.kind
        let path = trigger.path
        var conditions: [(String, CompiledValue)] = []
        for condition in trigger.node["conditions"]?.elements ?? [] {
            guard let expression = condition["expression"] else { continue }
            let compiled = try PlanCompiler.value(expression, at: path)
            conditions.append((expression.string ?? expression.json.text, compiled))
        }
        self.conditions = conditions
        if let splitOn = trigger.node["splitOn"], !splitOn.isNull {
            self.splitOn = (splitOn.string ?? "", try PlanCompiler.value(splitOn, at: path))
        } else {
            splitOn = nil
        }
        if let id = trigger.node["correlation"]?["clientTrackingId"] {
            trackingID = try PlanCompiler.value(id, at: path)
        } else {
            trackingID = nil
        }
        if let id = trigger.node["splitOnConfiguration"]?["correlation"]?["clientTrackingId"] {
            splitTrackingID = try PlanCompiler.value(id, at: path)
        } else {
            splitTrackingID = nil
        }
        let inputs = trigger.inputs?.json
        schema = inputs?["schema"]
        let options = trigger.node["operationOptions"]?.string?.lowercased() ?? ""
        validatesSchema = options.split { $0 == "," || $0 == " " }.contains("enableschemavalidation")
        recordedInputs = inputs?.objectValue?.isEmpty == false ? inputs.map(Self.recorded) : nil
        let secure =
            trigger.node["runtimeConfiguration"]?["secureData"]?["properties"]?.elements.compactMap {
                $0.string?.lowercased()
            } ?? []
        hidesInputs = secure.contains("inputs")
        hidesOutputs = secure.contains("outputs")
    }

    private static func recorded(_ inputs: JSON) -> JSON {
        guard case .object(var members) = inputs else { return inputs }
        for name in ["subscribe", "unsubscribe"] {
            members[name] = members[name].map(AuthenticationSecrets.hidden)
        }
        return AuthenticationSecrets.hidden(in: .object(members))
    }
}
