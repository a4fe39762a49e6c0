public import FlowCore
public import FlowDefinitions
public import FlowHTTP

/// Partner Center Referrals (`partnercenterref`).
///
/// The referrals API takes tokens of an application and a user only; the user needs the role Referral Admin or Referral
/// User.
public struct PartnerCenterReferrals: Connector {
    private let access: PartnerCenterAccess

    /// The resource that tokens are for.
    public static let audience = "https://api.partner.microsoft.com"

    /// Makes the connector.
    /// - Parameters:
    ///   - transport: how the services are called.
    ///   - renewed: is told a connection's name and its new refresh token, whenever the directory gives one.
    public init(
        transport: any HTTPTransport, renewed: @escaping @Sendable (String, String) -> Void = { _, _ in }
    ) {
        access = PartnerCenterAccess(
            endpoint: "partnercenterref", audience: Self.audience, transport: transport,
            tokens: IdentityTokens(transport: transport, renewed: renewed))
    }

    /// `partnercenterref`.
    public let name = "partnercenterref"
    /// Partner Center Referrals.
    public let displayName = "Partner Center Referrals"
    /// The operations of the platform's connector.
    public var operations: [ConnectorOperation] { ReferralOperations.all }
    /// None: changes come by webhook.
    public let triggers: [ConnectorTrigger] = []
    /// Tenant, application and credentials.
    public var connectionParameters: [ConnectionParameter] { PartnerCenterAccess.connectionParameters }

    /// Signs in and reads one referral: only that tells whether the account has a role.
    public func signIn(_ session: ConnectionSession) async throws(FlowError) {
        let url = ServiceAddress.make(collection(session), "", query: [("$top", "1")])
        let call = OperationCall(operationID: "GetAllReferrals", parameters: [:], idempotencyKey: UUIDText.random())
        let response = try await access.caller(session, isFresh: true)
            .send(ServiceRequest("GET", url, headers: access.headers(call)))
        if response.status == 401 || response.status == 403 {
            throw FlowError.denied(
                response, session.connection,
                hint: "give \(session.connection.account) the role Referral Admin or Referral User in Partner Center; "
                    + "an application alone (client_credentials) may not read referrals")
        }
        guard response.isSuccess else {
            throw FlowError.refusal(response, of: name, doing: "to list referrals")
        }
    }

    private func collection(_ session: ConnectionSession) -> String {
        access.base(session) + "/v1.0/engagements/referrals"
    }

    private func address(_ id: String, _ session: ConnectionSession) -> String {
        collection(session) + "/" + PercentEncoding.encode(id)
    }

    /// Calls the service.
    public func perform(
        _ call: OperationCall, in session: ConnectionSession
    ) async throws(FlowError) -> OperationAnswer {
        guard let operation = operation(call.operationID) else {
            throw FlowError.unknownOperation(call.operationID, of: self)
        }
        let parameters = OperationParameters(call)
        let caller = access.caller(session)
        let headers = access.headers(call)
        switch operation.id {
        case "GetAllReferrals": return try await list(call, parameters, caller, session)
        case "CreateReferral":
            let body = try parameters.requiredObject("Referral")
            return try await caller.send(
                ServiceRequest("POST", collection(session), headers: headers, json: .object(body))
            ).answer
        case "GetReferralById":
            let url = address(try parameters.required("id"), session)
            return try await caller.send(ServiceRequest("GET", url, headers: headers)).answer
        case "UpdateReferralById":
            var headers = headers
            headers["If-Match"] = try parameters.required("if-match")
            var body = try parameters.requiredObject("odataReferral")
            // The service's own links are not accepted back.
            body["links"] = nil
            let url = address(try parameters.required("id"), session)
            return try await caller.send(ServiceRequest("PUT", url, headers: headers, json: .object(body))).answer
        default:
            let url = address(try parameters.required("id"), session)
            let operations = try ReferralPatch.operations(operation.id, parameters)
            var headers = headers
            headers["If-Match"] = parameters.text("if-match")
            let response = try await caller.send(
                ServiceRequest("PATCH", url, headers: headers, json: .array(operations)))
            // An attempt whose answer was lost has changed the version itself: what is done already is no refusal.
            if response.status == 412,
                let done = try? await lookUp(call, intendedAt: session.clock.now, in: session)
            {
                return done
            }
            return response.answer
        }
    }

    private func list(
        _ call: OperationCall, _ parameters: OperationParameters, _ caller: ServiceCaller, _ session: ConnectionSession
    ) async throws(FlowError) -> OperationAnswer {
        let names = ["$expand", "$filter", "$select", "$orderby", "$top", "$skip", "$count"]
        let url = ServiceAddress.make(collection(session), "", query: names.map { ($0, parameters.text($0)) })
        let headers = access.headers(call)
        let response = try await caller.send(ServiceRequest("GET", url, headers: headers))
        guard let count = call.minimumItemCount, response.isSuccess else { return response.answer }
        return try await ListPages.follow(response, minimum: count, key: "@odata.nextLink") {
            link async throws(FlowError) -> HTTPResponse in
            try await caller.send(ServiceRequest("GET", self.page(link, session), headers: headers))
        }
    }

    /// The address of a following page.
    ///
    /// The links of the service have named a wrong scheme and path; only their query
    /// is taken.
    private func page(_ link: String, _ session: ConnectionSession) -> String {
        let query = link.split(separator: "?", maxSplits: 1).dropFirst().first ?? ""
        return collection(session) + "?" + query
    }

    /// Asks for the referral that the call would have made or changed.
    public func lookUp(
        _ call: OperationCall, intendedAt: Timestamp, in session: ConnectionSession
    ) async throws(FlowError) -> OperationAnswer? {
        guard let operation = operation(call.operationID) else {
            throw FlowError.unknownOperation(call.operationID, of: self)
        }
        let parameters = OperationParameters(call)
        switch operation.id {
        case "CreateReferral":
            return try await created(try parameters.requiredObject("Referral"), since: intendedAt, call, session)
        case "UpdateReferralById":
            var body = try parameters.requiredObject("odataReferral")
            for key in ["links", "eTag", "updatedDateTime"] { body[key] = nil }
            let response = try await get(try parameters.required("id"), call, session)
            guard let referral = response.value, JSONMatch.holds(.object(body), in: referral) else { return nil }
            return response.answer
        case "PatchReferralById", "CreateDealRegistrationByReferralId", "PatchDealRegistrationByReferralId":
            let response = try await get(try parameters.required("id"), call, session)
            let operations = try ReferralPatch.operations(operation.id, parameters)
            guard let referral = response.value, operations.allSatisfy({ ReferralPatch.isDone($0, in: referral) })
            else { return nil }
            return OperationAnswer(statusCode: 204, headers: response.headerObject)
        default: return nil
        }
    }

    private func get(
        _ id: String, _ call: OperationCall, _ session: ConnectionSession
    ) async throws(FlowError) -> HTTPResponse {
        let response = try await access.caller(session)
            .send(ServiceRequest("GET", address(id, session), headers: access.headers(call)))
        guard response.isSuccess else { throw FlowError.refusal(response, of: name, doing: "to read the referral") }
        guard response.value?["id"] != nil else { throw FlowError.unreadable(response, of: name) }
        return response
    }

    /// Walks through the newest referrals down to a minute before the intent.
    private func created(
        _ body: JSONObject, since intent: Timestamp, _ call: OperationCall, _ session: ConnectionSession
    ) async throws(FlowError) -> OperationAnswer? {
        let caller = access.caller(session)
        let headers = access.headers(call)
        let oldest = intent - .seconds(60)
        var url = ServiceAddress.make(
            collection(session), "", query: [("$orderby", "createdDateTime desc"), ("$top", "1000")])
        for _ in 0..<50 {
            let response = try await caller.send(ServiceRequest("GET", url, headers: headers))
            guard response.isSuccess else {
                throw FlowError.refusal(response, of: name, doing: "to list the newest referrals")
            }
            guard let value = response.value, let referrals = value["value"]?.arrayValue else {
                throw FlowError.unreadable(response, of: name)
            }
            for referral in referrals {
                guard let created = referral["createdDateTime"]?.stringValue.flatMap(Timestamp.init(iso8601:)),
                    created >= oldest
                else { return nil }
                if ReferralPatch.isMade(of: body, referral) { return response.answer(referral, status: 200) }
            }
            guard let link = value["@odata.nextLink"]?.stringValue else { return nil }
            url = page(link, session)
        }
        return nil
    }

    /// There are no triggers here.
    public func poll(_ poll: TriggerPoll, in session: ConnectionSession) async throws(FlowError) -> TriggerPollAnswer {
        throw FlowError.unknownTrigger(poll.triggerID, of: self)
    }
}
