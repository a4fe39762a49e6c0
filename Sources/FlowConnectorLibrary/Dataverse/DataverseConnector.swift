public import FlowCore
public import FlowDefinitions
public import FlowHTTP

/// Microsoft Dataverse (`commondataserviceforapps`), over its Web API.
///
/// A row is added under an id that flowrun chooses, so that a repeat cannot add it twice.
public struct DataverseConnector: Connector {
    private let transport: any HTTPTransport
    private let tokens: IdentityTokens

    /// Makes the connector.
    /// - Parameters:
    ///   - transport: how the service is called.
    ///   - renewed: is told a connection's name and its new refresh token, whenever the directory gives one.
    public init(
        transport: any HTTPTransport, renewed: @escaping @Sendable (String, String) -> Void = { _, _ in }
    ) {
        self.transport = transport
        self.tokens = IdentityTokens(transport: transport, renewed: renewed)
    }

    /// `commondataserviceforapps`.
    public let name = "commondataserviceforapps"
    /// Microsoft Dataverse.
    public let displayName = "Microsoft Dataverse"
    /// There are more: those of AI models, files and images, change sets.
    public let listsAllOperations = false
    /// The operations of the platform's connector.
    public var operations: [ConnectorOperation] { DataverseOperations.all }
    /// The trigger on rows: asked for instead of called by the service, which need not reach this machine.
    public var triggers: [ConnectorTrigger] { DataverseOperations.triggers }
    /// Tenant, application and credentials.
    public let connectionParameters = [
        ConnectionParameter("tenant", summary: "The tenant's id or domain.", default: "common"),
        ConnectionParameter(
            "clientId", summary: "The id of the registered application.",
            requiredBy: ["client_credentials", "refresh_token", "password", "device_code"]),
        ConnectionParameter(
            "clientSecret", secret: true, summary: "The application's secret.", requiredBy: ["client_credentials"]),
        ConnectionParameter(
            "refreshToken", secret: true, summary: "The refresh token of the user.", requiredBy: ["refresh_token"]),
        ConnectionParameter("username", summary: "The user's name; without it the account."),
        ConnectionParameter("password", secret: true, summary: "The user's password.", requiredBy: ["password"]),
        ConnectionParameter(
            "organizationUrl", summary: "The environment's address, where 'endpoints' of flowrun.yaml names none."),
        FieldNames.parameter,
    ]

    /// Signs in and asks who that is: only that tells whether the account is a user of the environment.
    public func signIn(_ session: ConnectionSession) async throws(FlowError) {
        let address = try Self.organization(session)
        let response = try await caller(address, session, isFresh: true)
            .send(ServiceRequest("GET", address + "/api/data/v9.2/WhoAmI", headers: Self.headers))
        if response.status == 401 || response.status == 403 {
            throw FlowError.denied(
                response, session.connection,
                hint: "make \(session.connection.account) a user of the environment, with a security role")
        }
        guard response.isSuccess else { throw FlowError.refusal(response, of: name, doing: "to say who signed in") }
    }

    /// The environment's address, which is the audience of its tokens too.
    static func organization(_ session: ConnectionSession, _ parameter: String? = nil) throws(FlowError) -> String {
        let own = session.endpoints["commondataserviceforapps"]
        // With a directory of its own the environment is closed: nothing leads to another organization.
        if let parameter, own == nil || session.endpoints["identity"] == nil { return ServiceAddress.base(parameter) }
        if let own { return ServiceAddress.base(own) }
        if let own = session.connection.parameters["organizationUrl"], !own.isEmpty { return ServiceAddress.base(own) }
        throw FlowError(
            .endpointMissing, "The address of the Dataverse environment is not known.",
            hint: "set endpoints: { commondataserviceforapps: https://ORG.crm.dynamics.com } in flowrun.yaml")
    }

    private func caller(_ address: String, _ session: ConnectionSession, isFresh: Bool = false) -> ServiceCaller {
        let tokens = tokens
        return ServiceCaller(transport: transport, connection: session.connection) {
            refused async throws(FlowError) -> AccessToken in
            do throws(FlowError) {
                return try await tokens.token(for: address, session, refused: refused, isFresh: isFresh)
            } catch {
                throw isFresh ? error : OAuthRefusal.connectionError(error, session.connection)
            }
        }
    }

    static let headers: HTTPHeaders = [
        "Accept": "application/json", "OData-MaxVersion": "4.0", "OData-Version": "4.0",
    ]
    static let annotations = "odata.include-annotations=\"*\""

    private static func headers(_ more: (String, String)...) -> HTTPHeaders {
        var headers = headers
        for (name, value) in more { headers[name] = value }
        return headers
    }

    /// Calls the service.
    public func perform(
        _ call: OperationCall, in session: ConnectionSession
    ) async throws(FlowError) -> OperationAnswer {
        guard let kind = DataverseOperations.kind(call.operationID) else {
            throw FlowError.unknownOperation(call.operationID, of: self)
        }
        let parameters = OperationParameters(call)
        let service = try service(parameters, session)
        let item = JSON.object(try parameters.object("item") ?? [:])
        let representation = ("Prefer", "return=representation, " + Self.annotations)
        switch kind {
        case .list: return try await list(call, parameters, service)
        case .get:
            let names = ["$select", "$expand", "partitionId"]
            return try await service.send(
                "GET", try service.row(parameters), query: names.map { ($0, parameters.text($0)) },
                headers: Self.headers(("Prefer", Self.annotations))
            ).answer
        case .create: return try await create(call, parameters, item, service)
        case .update, .updateOnly:
            var headers = Self.headers(representation)
            // `*` is whatever version there is, as long as there is one.
            headers["If-Match"] = parameters.text("If-Match") ?? (kind == .updateOnly ? "*" : nil)
            return try await service.send("PATCH", try service.row(parameters), headers: headers, json: item).answer
        case .delete:
            return try await service.send(
                "DELETE", try service.row(parameters), query: [("partitionId", parameters.text("partitionId"))],
                headers: Self.headers
            ).answer
        case .associate:
            let target = service.absolute(try parameters.required("item/@odata.id"))
            return try await service.send(
                "POST", try service.relation(parameters) + "/$ref", headers: Self.headers,
                json: ["@odata.id": .string(target)]
            ).answer
        case .disassociate:
            let target = service.absolute(try parameters.required("$id"))
            return try await service.send(
                "DELETE", try service.relation(parameters) + "/$ref", query: [("$id", target)], headers: Self.headers
            ).answer
        case .unboundAction:
            let action = PercentEncoding.encode(try parameters.required("actionName"))
            return try await service.send("POST", "/" + action, headers: Self.headers, json: item).answer
        case .boundAction:
            let action = try parameters.required("actionName")
            let name = action.contains(".") ? action : "Microsoft.Dynamics.CRM." + action
            return try await service.send(
                "POST", try service.row(parameters) + "/" + PercentEncoding.encode(name), headers: Self.headers,
                json: item
            ).answer
        }
    }

    private func service(
        _ parameters: OperationParameters, _ session: ConnectionSession
    ) throws(FlowError) -> DataverseService {
        let address = try Self.organization(session, parameters.text("organization"))
        return DataverseService(caller: caller(address, session), base: address + "/api/data/v9.2")
    }

    // MARK: Operations of several calls

    private func list(
        _ call: OperationCall, _ parameters: OperationParameters, _ service: DataverseService
    ) async throws(FlowError) -> OperationAnswer {
        let names = ["$select", "$filter", "$orderby", "$expand", "$top", "fetchXml", "$skiptoken", "partitionId"]
        let headers = Self.headers(("Prefer", Self.annotations))
        let response = try await service.send(
            "GET", "/" + (try service.set(parameters)), query: names.map { ($0, parameters.text($0)) }, headers: headers
        )
        guard let count = call.minimumItemCount, response.isSuccess else { return response.answer }
        return try await ListPages.follow(response, minimum: count, key: "@odata.nextLink") {
            link async throws(FlowError) -> HTTPResponse in
            // The link is used as it is, but only at the place where it came from.
            let query = link.split(separator: "?", maxSplits: 1).dropFirst().first ?? ""
            let url = service.base + "/" + (try service.set(parameters)) + "?" + query
            return try await service.caller.send(ServiceRequest("GET", url, headers: headers))
        }
    }

    /// Adds a row under a chosen id: with `If-None-Match: *` the service makes it and never changes one that is there.
    private func create(
        _ call: OperationCall, _ parameters: OperationParameters, _ item: JSON, _ service: DataverseService
    ) async throws(FlowError) -> OperationAnswer {
        let set = try service.set(parameters)
        let id = DataverseService.givenID(item, set: set) ?? call.idempotencyKey
        let path = "/\(set)(\(id))"
        let headers = Self.headers(
            ("Prefer", "return=representation, " + Self.annotations), ("If-None-Match", "*"))
        let response = try await service.send("PATCH", path, headers: headers, json: item)
        switch response.status {
        case 200, 204: return response.answer(response.value, status: 201)
        case 412:
            // An earlier attempt of this very call has made the row, if the row is there under the chosen id.
            guard id == call.idempotencyKey else { return response.answer }
            let made = try await service.send("GET", path, headers: Self.headers(("Prefer", Self.annotations)))
            return made.isSuccess ? made.answer(made.value, status: 201) : response.answer
        default: return response.answer
        }
    }

    // MARK: Recovery

    /// Asks whether a row is gone, or a relation is there.
    public func lookUp(
        _ call: OperationCall, intendedAt: Timestamp, in session: ConnectionSession
    ) async throws(FlowError) -> OperationAnswer? {
        let parameters = OperationParameters(call)
        let service = try service(parameters, session)
        switch DataverseOperations.kind(call.operationID) {
        case .delete?:
            let response = try await service.send(
                "GET", try service.row(parameters), query: [("partitionId", parameters.text("partitionId"))],
                headers: Self.headers)
            if response.status == 404 { return OperationAnswer(statusCode: 204, headers: response.headerObject) }
            guard response.isSuccess else { throw FlowError.refusal(response, of: name, doing: "to look for the row") }
            return nil
        case .associate?:
            let isRelated = try await isRelated(try parameters.required("item/@odata.id"), parameters, service)
            return isRelated ? OperationAnswer(statusCode: 204) : nil
        case .disassociate?:
            let isRelated = try await isRelated(try parameters.required("$id"), parameters, service)
            return isRelated ? nil : OperationAnswer(statusCode: 204)
        default: return nil
        }
    }

    private func isRelated(
        _ target: String, _ parameters: OperationParameters, _ service: DataverseService
    ) async throws(FlowError) -> Bool {
        let response = try await service.send(
            "GET", try service.relation(parameters) + "/$ref", headers: Self.headers)
        if response.status == 404 { return false }
        guard response.isSuccess else {
            throw FlowError.refusal(response, of: name, doing: "to look for the relation")
        }
        guard let value = response.value?.objectValue, value["value"] ?? value["@odata.id"] != nil else {
            throw FlowError.unreadable(response, of: name)
        }
        let wanted = DataverseService.rowText(target)
        // A relation to one row answers with that row alone.
        let found = value["value"]?.arrayValue ?? [.object(value)]
        return found.contains { $0["@odata.id"]?.stringValue.map(DataverseService.rowText) == wanted }
    }

    // MARK: The trigger

    /// Asks for the rows that were added or changed.
    public func poll(_ poll: TriggerPoll, in session: ConnectionSession) async throws(FlowError) -> TriggerPollAnswer {
        guard triggers.contains(where: { $0.id.lowercased() == poll.triggerID.lowercased() }) else {
            throw FlowError.unknownTrigger(poll.triggerID, of: self)
        }
        let parameters = OperationParameters(poll.triggerID, poll.parameters)
        let service = try service(parameters, session)
        return try await DataversePolling(service: service, connector: name, clock: session.clock)
            .ask(poll, parameters)
    }
}
