import FlowCore
import FlowDefinitions
import FlowExpressions

/// Connector operations, by id and by method and path.
extension RunState {
    /// A connector's operation by its id.
    func beginOperation(_ action: PlannedAction, _ repetition: Int, _ value: CompiledValue, _ waitsForCallback: Bool) {
        beginConnectorCall(action, repetition, waitsForCallback)
    }

    /// A connector's operation by method and path.
    func beginConnection(_ action: PlannedAction, _ repetition: Int, _ value: CompiledValue, _ waitsForCallback: Bool) {
        beginConnectorCall(action, repetition, waitsForCallback)
    }

    private func beginConnectorCall(_ action: PlannedAction, _ repetition: Int, _ waitsForCallback: Bool) {
        let id = waitsForCallback ? makeCallbackID() : nil
        guard let (recorded, request) = makeRequest(action, repetition, callbackID: id) else { return }
        beginCall(action, repetition, recorded: recorded, request: request, callbackID: id)
    }

    func operationRequest(
        _ inputs: JSON, _ action: PlannedAction, _ callbackID: String?
    ) -> (recorded: JSON?, request: EffectIntent.Kind) {
        let host = inputs["host"] ?? [:]
        let key = host["connectionName"]?.stringValue ?? host["connectionReferenceName"]?.stringValue ?? ""
        let reference = plan.connectionReference(key)
        let connector = reference?.connector ?? host["apiId"]?.stringValue ?? key
        let parameters = inputs["parameters"]?.objectValue ?? [:]
        let request = OperationRequest(
            connector: ConnectorRegistry.shortName(connector), connectionReference: reference?.key ?? key,
            operationID: host["operationId"]?.stringValue ?? "", parameters: parameters,
            minimumItemCount: action.minimumItemCount, authentication: inputs["authentication"], callbackID: callbackID)
        return (["host": host, "parameters": .object(parameters)], .operation(request))
    }

    func connectionRequest(
        _ inputs: JSON, _ action: PlannedAction, _ callbackID: String?
    ) -> (recorded: JSON?, request: EffectIntent.Kind) {
        let connection = inputs["host"]?["connection"]
        let name = connection?["name"]?.stringValue ?? connection?["referenceName"]?.stringValue ?? ""
        let (key, connector) = connectionKey(of: name)
        var queries = JSONObject()
        for (name, value) in inputs["queries"]?.objectValue ?? [:] {
            queries[name] = .string(ValueText.text(of: value))
        }
        var headers = JSONObject()
        for (name, value) in inputs["headers"]?.objectValue ?? [:] where HeaderRules.isSent(name) && !value.isNull {
            headers[name] = .string(ValueText.text(of: value))
        }
        let request = ConnectionRequest(
            connector: ConnectorRegistry.shortName(connector), connectionReference: key,
            method: inputs["method"]?.stringValue?.uppercased() ?? "GET", path: inputs["path"]?.stringValue ?? "",
            queries: queries, headers: headers, body: inputs["body"].flatMap { $0.isNull ? nil : $0 },
            authentication: inputs["authentication"], callbackID: callbackID)
        return (AuthenticationSecrets.hidden(in: inputs), .connection(request))
    }

    /// The key and connector of a connection that an action names by its id, as `$connections` tells.
    private func connectionKey(of name: String) -> (key: String, connector: String) {
        if let reference = plan.connectionReference(name) { return (reference.key, reference.connector) }
        for (key, connection) in parameter("$connections")?.objectValue ?? [:]
        where connection["connectionId"]?.stringValue == name {
            return (key, connection["id"]?.stringValue ?? key)
        }
        return (name, name)
    }
}
