public import FlowCore
import FlowDefinitions
import FlowExpressions

/// HTTP requests and HTTP webhooks.
extension RunState {
    /// HTTP: begins the request.
    func beginHTTP(_ action: PlannedAction, _ repetition: Int, _ value: CompiledValue) {
        guard let (recorded, request) = makeRequest(action, repetition, callbackID: nil) else { return }
        beginCall(action, repetition, recorded: recorded, request: request)
    }

    /// HTTP webhook: begins the subscription.
    func beginWebhook(_ action: PlannedAction, _ repetition: Int, _ subscribe: CompiledValue) {
        let id = makeCallbackID()
        guard let (recorded, request) = makeRequest(action, repetition, callbackID: id) else { return }
        beginCall(action, repetition, recorded: recorded, request: request, callbackID: id)
    }

    /// An id for a callback that nobody can guess; the run's name before the last dot tells where it belongs.
    func makeCallbackID() -> String {
        let digits = Array("0123456789abcdef".utf8)
        var secret: [UInt8] = []
        for word in [random.next(), random.next()] {
            for shift in stride(from: 60, through: 0, by: -4) { secret.append(digits[Int(word >> UInt64(shift) & 15)]) }
        }
        return identity.run + "." + String(decoding: secret, as: UTF8.self)
    }

    /// Evaluates what an action calls: the recorded inputs and the request; nil where that failed and the action ended.
    func makeRequest(
        _ action: PlannedAction, _ repetition: Int, callbackID: String?
    ) -> (recorded: JSON?, request: EffectIntent.Kind)? {
        currentCallback = callbackID
        defer { currentCallback = nil }
        switch action.work {
        case .http(let value):
            guard let inputs = inputs(value, action, repetition) else { return nil }
            guard let call = httpCall(inputs, action, repetition, purpose: .request) else {
                failRequest(action, repetition, inputs)
                return nil
            }
            return (AuthenticationSecrets.hidden(in: inputs), .http(call))
        case .httpWebhook(let subscribe, _):
            guard let inputs = inputs(subscribe, action, repetition) else { return nil }
            guard var call = httpCall(inputs, action, repetition, purpose: .subscribe) else {
                failRequest(action, repetition, inputs)
                return nil
            }
            call.callbackID = callbackID
            return (["subscribe": AuthenticationSecrets.hidden(in: inputs)], .http(call))
        case .operation(let value, _):
            guard let inputs = inputs(value, action, repetition) else { return nil }
            return operationRequest(inputs, action, callbackID)
        case .connection(let value, _):
            guard let inputs = inputs(value, action, repetition) else { return nil }
            return connectionRequest(inputs, action, callbackID)
        case .childFlow(let value):
            guard let inputs = inputs(value, action, repetition) else { return nil }
            return childRequest(inputs, action, repetition)
        default: return nil
        }
    }

    private func failRequest(_ action: PlannedAction, _ repetition: Int, _ inputs: JSON) {
        failTemplate(
            action, repetition,
            "The inputs of action '\(action.name)' of type '\(action.typeName)' are not valid: a method and an absolute "
                + "http or https address are needed.", inputs: AuthenticationSecrets.hidden(in: inputs))
    }

    /// The request of evaluated inputs; nil where method or address are missing.
    func httpCall(
        _ inputs: JSON, _ action: PlannedAction, _ repetition: Int, purpose: HTTPCall.Purpose
    ) -> HTTPCall? {
        guard var call = HTTPCall(inputs: inputs, purpose: purpose) else { return nil }
        if let value = action.requestTimeout, let text = try? evaluate(value, action, repetition).stringValue {
            call.timeout = Duration(flowText: text)
        }
        call.preservesContent = action.hasOption("preservehttpcontent")
        call.keepsCompression = action.hasOption("disableautomaticdecompression")
        call.suppressesWorkflowHeaders = action.hasOption("suppressworkflowheaders")
        return call
    }
}

/// Which headers the platform sends, and what it hides.
enum HeaderRules {
    private static let removed: Set<String> = [
        "allow", "cookie", "expires", "host", "last-modified", "origin", "set-cookie", "transfer-encoding",
    ]
    private static let keptContent: Set<String> = ["content-disposition", "content-encoding", "content-type"]

    /// Whether a header of a flow goes into a request.
    static func isSent(_ name: String) -> Bool {
        let name = name.lowercased()
        if name.hasPrefix("accept-") { return name == "accept-version" }
        if name.hasPrefix("content-") { return keptContent.contains(name) }
        return !removed.contains(name)
    }

    /// Whether a header of a flow goes into an answer to the caller.
    static func isAnswered(_ name: String) -> Bool {
        let name = name.lowercased()
        if name.hasPrefix("content-") { return keptContent.contains(name) }
        return !removed.contains(name) || name == "host" || name == "origin"
    }
}

extension EffectIntent {
    /// The headers that tell the other side of the run, for HTTP calls that do not suppress them.
    /// - Parameter identity: who the run is.
    /// - Returns: the headers.
    public func workflowHeaders(of identity: RunIdentity) -> JSONObject {
        guard case .http(let call) = kind, !call.suppressesWorkflowHeaders else { return [:] }
        return [
            "x-ms-workflow-id": .string(identity.flowID), "x-ms-workflow-name": .string(identity.flowName),
            "x-ms-workflow-run-id": .string(identity.run), "x-ms-workflow-operation-name": .string(action.name),
            "x-ms-client-request-id": .string(idempotencyKey),
            "x-ms-client-tracking-id": .string(identity.trackingID ?? identity.run),
        ]
    }
}
