public import FlowCore
public import FlowDefinitions
public import FlowHTTP

/// Partner Center Events (`partnercenterevents`): the tenant's one registration of a webhook.
public struct PartnerCenterEvents: Connector {
    private let access: PartnerCenterAccess

    /// The resource that tokens are for.
    public static let audience = "https://api.partnercenter.microsoft.com"

    /// Makes the connector.
    /// - Parameters:
    ///   - transport: how the services are called.
    ///   - renewed: is told a connection's name and its new refresh token, whenever the directory gives one.
    public init(
        transport: any HTTPTransport, renewed: @escaping @Sendable (String, String) -> Void = { _, _ in }
    ) {
        access = PartnerCenterAccess(
            endpoint: "partnercenterevents", audience: Self.audience, transport: transport,
            tokens: IdentityTokens(transport: transport, renewed: renewed))
    }

    /// `partnercenterevents`.
    public let name = "partnercenterevents"
    /// Partner Center Events.
    public let displayName = "Partner Center Events"
    /// The operations of the platform's connector.
    public var operations: [ConnectorOperation] { Self.operations }
    /// None.
    public let triggers: [ConnectorTrigger] = []
    /// Tenant, application and credentials.
    public var connectionParameters: [ConnectionParameter] { PartnerCenterAccess.connectionParameters }

    private static let registration: JSON = [
        "type": "object",
        "properties": [
            "SubscriberId": ["type": "string"], "WebhookUrl": ["type": "string"],
            "WebhookEvents": ["type": "array", "items": ["type": "string"]],
        ],
    ]
    private static let bodyParameters = [
        OperationParameter("WebhookUrl", .string, summary: "The address that events are sent to."),
        OperationParameter("WebhookEvents", .array, summary: "The events."),
        OperationParameter(
            "SignatureTokenToMsSignatureHeader", .any,
            summary: "True: the signature comes in x-ms-signature, in place of Authorization."),
        OperationParameter("body", .object, summary: "The same three as members of one object."),
    ]
    private static let operations = [
        ConnectorOperation(
            id: "ViewRegistration", summary: "Gets the tenant's registration.", parameters: [], replay: .read,
            outputSchema: registration),
        ConnectorOperation(
            id: "EventRegistration", summary: "Registers an address for events.", parameters: bodyParameters,
            replay: .lookup, outputSchema: registration),
        ConnectorOperation(
            id: "UpdateRegistration", summary: "Replaces the tenant's registration.", parameters: bodyParameters,
            replay: .idempotent, outputSchema: registration),
    ]

    private func address(_ session: ConnectionSession) -> String {
        access.base(session) + "/webhooks/v1/registration"
    }

    /// Signs in and looks at the registration: only that tells whether the account has a role.
    public func signIn(_ session: ConnectionSession) async throws(FlowError) {
        let call = OperationCall(operationID: "ViewRegistration", parameters: [:], idempotencyKey: UUIDText.random())
        let response = try await access.caller(session, isFresh: true)
            .send(ServiceRequest("GET", address(session), headers: access.headers(call)))
        if response.status == 401 || response.status == 403 {
            throw FlowError.denied(
                response, session.connection,
                hint: "give \(session.connection.account) a role in Partner Center that may manage webhooks")
        }
        // Without a registration the service answers 404.
        guard response.isSuccess || response.status == 404 else {
            throw FlowError.refusal(response, of: name, doing: "to view the registration")
        }
    }

    /// Calls the service.
    public func perform(
        _ call: OperationCall, in session: ConnectionSession
    ) async throws(FlowError) -> OperationAnswer {
        guard let operation = operation(call.operationID) else {
            throw FlowError.unknownOperation(call.operationID, of: self)
        }
        let headers = access.headers(call)
        let caller = access.caller(session)
        if operation.id == "ViewRegistration" {
            return try await caller.send(ServiceRequest("GET", address(session), headers: headers)).answer
        }
        let method = operation.id == "EventRegistration" ? "POST" : "PUT"
        let body = JSON.object(try Self.body(call))
        return try await caller.send(ServiceRequest(method, address(session), headers: headers, json: body)).answer
    }

    private static func body(_ call: OperationCall) throws(FlowError) -> JSONObject {
        let parameters = OperationParameters(call)
        let members = try parameters.object("body") ?? [:]
        // Flows name the body's parameter in different ways: the last part of a flattened name counts.
        func member(_ name: String) -> JSON? {
            if let value = parameters.value(name) ?? members.value(ignoringCase: name) { return value }
            return call.parameters.first { $0.0.lowercased().hasSuffix("/" + name.lowercased()) }?.1
        }
        guard let url = member("WebhookUrl")?.stringValue, !url.isEmpty else {
            throw FlowError(
                .operationParameterMissing, "The API operation '\(call.operationID)' requires 'WebhookUrl' to be set.")
        }
        var body: JSONObject = ["WebhookUrl": .string(url)]
        switch member("WebhookEvents") {
        case .array(let events)?: body["WebhookEvents"] = .array(events)
        case .string(let event)?: body["WebhookEvents"] = [.string(event)]
        default:
            throw FlowError(
                .operationParameterMissing,
                "The API operation '\(call.operationID)' requires 'WebhookEvents' to be set.")
        }
        // The platform declares it as a text; the service takes a Boolean.
        if let flag = member("SignatureTokenToMsSignatureHeader") {
            body["SignatureTokenToMsSignatureHeader"] =
                flag.stringValue.map { .bool($0.lowercased() == "true") } ?? flag
        }
        return body
    }

    /// Views the registration: it is done where address and events are those of the call.
    public func lookUp(
        _ call: OperationCall, intendedAt: Timestamp, in session: ConnectionSession
    ) async throws(FlowError) -> OperationAnswer? {
        guard operation(call.operationID)?.id == "EventRegistration" else { return nil }
        let response = try await access.caller(session)
            .send(ServiceRequest("GET", address(session), headers: access.headers(call)))
        if response.status == 404 { return nil }
        guard response.isSuccess else {
            throw FlowError.refusal(response, of: name, doing: "to view the registration")
        }
        guard let found = response.value, found["WebhookUrl"] != nil else {
            throw FlowError.unreadable(response, of: name)
        }
        let wanted = try Self.body(call)
        func events(_ value: JSON?) -> Set<String> { Set(value?.arrayValue?.compactMap(\.stringValue) ?? []) }
        guard found["WebhookUrl"] == wanted["WebhookUrl"],
            events(found["WebhookEvents"]) == events(wanted["WebhookEvents"])
        else { return nil }
        return response.answer
    }

    /// There are no triggers here.
    public func poll(_ poll: TriggerPoll, in session: ConnectionSession) async throws(FlowError) -> TriggerPollAnswer {
        throw FlowError.unknownTrigger(poll.triggerID, of: self)
    }
}
