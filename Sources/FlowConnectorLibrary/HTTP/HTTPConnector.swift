public import FlowCore
public import FlowDefinitions
public import FlowHTTP

/// The built-in HTTP action ("HTTP").
///
/// Its operations are the methods; the parameters are the action's evaluated inputs: `uri`, `headers`, `queries`, `body`,
/// `cookie`, `authentication`, and `operationOptions` where the action has them. It needs no connection.
public struct HTTPConnector: Connector {
    /// The platform's limit of an outbound call.
    public static let timeLimit = Duration.seconds(120)

    private let transport: any HTTPTransport
    private let authentication: HTTPAuthentication

    /// Makes the connector.
    public init(transport: any HTTPTransport) {
        self.transport = transport
        self.authentication = HTTPAuthentication(transport: transport)
    }

    /// `http`.
    public let name = "http"
    /// HTTP.
    public let displayName = "HTTP"
    /// The methods.
    public var operations: [ConnectorOperation] { Self.operations }
    /// None.
    public let triggers: [ConnectorTrigger] = []
    /// None.
    public let connectionParameters: [ConnectionParameter] = []

    private static let operations: [ConnectorOperation] = [
        ("GET", ReplayRule.read), ("HEAD", .read), ("OPTIONS", .read), ("PUT", .idempotent), ("DELETE", .idempotent),
        ("POST", .inDoubt), ("PATCH", .inDoubt),
    ].map { method, replay in
        ConnectorOperation(
            id: method, summary: "Sends a \(method) request.",
            parameters: [
                OperationParameter("uri", .string, required: true, summary: "The address."),
                OperationParameter("headers", .object, summary: "The header fields."),
                OperationParameter("queries", .object, summary: "What is added to the address's query."),
                OperationParameter("body", .any, summary: "The body."),
                OperationParameter("cookie", .string, summary: "The header Cookie."),
                OperationParameter("authentication", .object, summary: "How the request is authenticated."),
                OperationParameter("operationOptions", .string, summary: "Options of the action."),
            ], replay: replay)
    }

    /// The method's rule; a POST or PATCH with an `Idempotency-Key` may be repeated.
    public func replay(of call: OperationCall) -> ReplayRule {
        let rule = operation(call.operationID)?.replay ?? .inDoubt
        guard rule == .inDoubt, let headers = call.parameters.value(ignoringCase: "headers")?.objectValue,
            let key = headers.value(ignoringCase: "Idempotency-Key"), !MessageBody.plainText(key).isEmpty
        else { return rule }
        return .idempotent
    }

    /// Nothing to sign in to.
    public func signIn(_ session: ConnectionSession) async throws(FlowError) {}

    /// Sends the request; redirects are followed, a 202 is handed back.
    public func perform(
        _ call: OperationCall, in session: ConnectionSession
    ) async throws(FlowError) -> OperationAnswer {
        let parameters = OperationParameters(call)
        guard let method = operation(call.operationID)?.id else {
            throw FlowError.unknownOperation(call.operationID, of: self)
        }
        var request = HTTPRequest(method, try address(parameters), timeout: Self.timeLimit)
        request.redirects = .follow(maximum: 20)
        let options = parameters.text("operationOptions")?.lowercased() ?? ""
        request.decompresses = !options.contains("disableautomaticdecompression")
        request.headers = HTTPHeaderRules.outgoing(parameters.value("headers")?.objectValue ?? [:])
        if let cookie = parameters.text("cookie") { request.headers["Cookie"] = cookie }
        if let body = parameters.value("body") {
            do throws(MessageBody.Failure) {
                let boundary = "flowrun-" + call.idempotencyKey
                let (bytes, type) = try MessageBody.encode(
                    body, contentType: request.headers["Content-Type"], boundary: boundary)
                request.body = bytes
                request.headers["Content-Type"] = type
            } catch {
                throw FlowError(.operationParameterInvalid, error.message)
            }
        }
        let value = parameters.value("authentication")
        return try await send(request, value, session).answer
    }

    private func send(
        _ request: HTTPRequest, _ value: JSON?, _ session: ConnectionSession
    ) async throws(FlowError) -> HTTPResponse {
        var authorized = request
        let header = try await authentication.header(value, session)
        if let header { authorized.headers["Authorization"] = header.value }
        do throws(HTTPFailure) {
            let response = try await transport.send(authorized)
            guard response.status == 401, let header, header.mayBeRenewed,
                let renewed = try? await authentication.header(value, session, refused: header.value),
                renewed.value != header.value
            else { return response }
            authorized.headers["Authorization"] = renewed.value
            return try await transport.send(authorized)
        } catch {
            throw error.flowError
        }
    }

    private func address(_ parameters: OperationParameters) throws(FlowError) -> String {
        var uri = try parameters.required("uri")
        guard let queries = parameters.value("queries")?.objectValue else { return uri }
        let pairs = queries.compactMap { name, value -> String? in
            value.isNull
                ? nil : PercentEncoding.encode(name) + "=" + PercentEncoding.encode(MessageBody.plainText(value))
        }
        guard !pairs.isEmpty else { return uri }
        var fragment = ""
        if let mark = uri.firstIndex(of: "#") {
            fragment = String(uri[mark...])
            uri = String(uri[..<mark])
        }
        let separator = uri.contains("?") ? (uri.hasSuffix("?") || uri.hasSuffix("&") ? "" : "&") : "?"
        return uri + separator + pairs.joined(separator: "&") + fragment
    }

    /// Nobody can be asked.
    public func lookUp(
        _ call: OperationCall, intendedAt: Timestamp, in session: ConnectionSession
    ) async throws(FlowError) -> OperationAnswer? { nil }

    /// There are no triggers here.
    public func poll(_ poll: TriggerPoll, in session: ConnectionSession) async throws(FlowError) -> TriggerPollAnswer {
        throw FlowError.unknownTrigger(poll.triggerID, of: self)
    }
}

extension FlowError {
    /// An operation that a connector does not have.
    static func unknownOperation(_ id: String, of connector: any Connector) -> FlowError {
        let near = Suggestion.hint(for: id, among: connector.operations.map(\.id))
        return FlowError(
            .operationNotFound, "The connector \(connector.name) has no operation '\(id)'.",
            hint: near ?? "run: flowrun connectors \(connector.name)")
    }

    /// A trigger that a connector does not have, or that flowrun does not run.
    static func unknownTrigger(_ id: String, of connector: any Connector) -> FlowError {
        if connector.triggers.contains(where: { $0.id.lowercased() == id.lowercased() }) {
            return FlowError(
                .operationNotSupported, "The trigger '\(id)' of \(connector.name) is not run by flowrun yet.",
                hint: "use a Recurrence trigger with a list operation and a filter on the time of change")
        }
        let near = Suggestion.hint(for: id, among: connector.triggers.map(\.id))
        return FlowError(
            .operationNotFound, "The connector \(connector.name) has no trigger '\(id)'.",
            hint: near ?? "run: flowrun connectors \(connector.name)")
    }
}
