import FlowCore

/// The referrals API of Partner Center: `/v1.0/engagements/referrals`.
///
/// | route | what it does |
/// | --- | --- |
/// | `GET /v1.0/engagements/referrals` | `$filter $orderby $select $top $skip $count`; pages of 100 with `@odata.nextLink` |
/// | `POST /v1.0/engagements/referrals` | 200 with the referral; with `engagementId` and target `msft` the connected one |
/// | `GET /v1.0/engagements/referrals/{id}` | 200 |
/// | `PUT /v1.0/engagements/referrals/{id}` | needs `If-Match`; 200 |
/// | `PATCH /v1.0/engagements/referrals/{id}` | JSON Patch; 204, or 200 with `Prefer: return=representation` |
///
/// Slashes at the end do not count. User tokens only, with the role Referral Admin (everything) or Referral User (where
/// in the team, or the creator). 10,000 calls a day for each user and client (`limit partnerCenterDailyCalls`).
package enum ReferralsService {
    /// Answers a request.
    static func respond(to request: ServiceRequest, in transaction: Transaction) throws -> ServiceResponse {
        var response: ServiceResponse
        do {
            response = try answer(request, in: transaction)
        } catch let failure as ServiceFailure {
            throw ServiceFailure(withHeaders(failure.response, request, transaction))
        }
        response = withHeaders(response, request, transaction)
        return response
    }

    /// Answers at a path below any host: the events host serves single referrals too, as `ResourceUri` says.
    static func answer(
        _ request: ServiceRequest, in transaction: Transaction, service: SandboxService = .partnercenterref
    ) throws -> ServiceResponse {
        var path = request.segments[...]
        let prefix =
            service == .partnercenterref ? ["v1.0", "engagements", "referrals"] : ["engagements", "v1", "referrals"]
        guard path.prefix(3).map({ $0.lowercased() }) == prefix else {
            throw ReferralFailure.make(404, "itemNotFound", "There is no resource '\(request.path)'.")
        }
        path = path.dropFirst(3)
        let caller = try authorize(request, service, in: transaction)
        try ReferralStore.expire(in: transaction)
        switch (request.method, path.count) {
        case ("GET", 0): return try ReferralList.respond(to: request, caller: caller, in: transaction)
        case ("POST", 0): return try create(request, caller, in: transaction)
        case ("GET", 1): return single(200, try find(path.first, caller, in: transaction), in: transaction)
        case ("PUT", 1): return try replace(request, path.first, caller, in: transaction)
        case ("PATCH", 1): return try patch(request, path.first, caller, in: transaction)
        case (_, 0...1):
            throw ReferralFailure.make(405, "invalidRequest", "The method \(request.method) is not allowed here.")
        default: throw ReferralFailure.make(404, "itemNotFound", "There is no resource '\(request.path)'.")
        }
    }

    /// Who calls, and how much of the referrals that shows.
    struct Caller {
        var upn: String
        var seesAll: Bool
    }

    private static func authorize(
        _ request: ServiceRequest, _ service: SandboxService, in transaction: Transaction
    ) throws -> Caller {
        let token: AccessToken
        do {
            token = try AccessToken.check(request, for: service, in: transaction)
        } catch let refusal as AccessToken.Refusal {
            throw ReferralFailure.unauthenticated(refusal)
        }
        let used = try transaction.countCall("partnercenter \(token.account) \(token.clientID)")
        let limit = try transaction.limit("partnerCenterDailyCalls", default: 10_000)
        guard used <= limit else {
            let day = 86_400 * Timestamp.ticksPerSecond
            let seconds = Int((day - transaction.now.ticks % day) / Timestamp.ticksPerSecond) + 1
            var response = ServiceResponse.json(429, Fault.throttled(seconds))
            response.headers.append(("Retry-After", String(seconds)))
            throw ServiceFailure(response)
        }
        guard !token.isAppOnly else {
            throw ReferralFailure.denied("The referrals API takes tokens of an app and a user only.")
        }
        let isAdministrator = token.roles.contains("Referral Admin")
        guard isAdministrator || token.roles.contains("Referral User") else {
            throw ReferralFailure.denied("The user needs the role Referral Admin or Referral User.")
        }
        return Caller(upn: token.upn, seesAll: isAdministrator)
    }

    private static func find(_ id: String?, _ caller: Caller, in transaction: Transaction) throws -> Referral {
        guard let id, let referral = try Referral.find(id, in: transaction) else {
            throw ReferralFailure.notFound(id ?? "")
        }
        guard caller.seesAll || referral.isVisible(to: caller.upn) else {
            throw ReferralFailure.denied("A Referral User sees the referrals of own teams only.")
        }
        return referral
    }

    private static func body(_ request: ServiceRequest) throws -> JSON {
        do {
            return try request.json()
        } catch {
            throw ReferralFailure.invalid("The body is not valid JSON: \(error.message) (line \(error.line)).")
        }
    }

    // MARK: Writing

    private static func create(
        _ request: ServiceRequest, _ caller: Caller, in transaction: Transaction
    ) throws -> ServiceResponse {
        guard let given = try body(request).objectValue else {
            throw ReferralFailure.invalid("The body must be a referral.")
        }
        let engagement = ReferralRules.text(given["engagementId"])
        let partner = given["target"]?.arrayValue?.first { $0["type"] == "BusinessProfileLocation" }?["id"]?.stringValue
        let isConnected = engagement != nil && partner != nil
        try ReferralRules.check(given, isConnected: isConnected)
        if let engagement {
            guard try !Referral.inEngagement(engagement, in: transaction).isEmpty else {
                throw ReferralFailure.invalid("The engagement '\(engagement)' does not exist.", target: "engagementId")
            }
        }
        if let status = given["status"]?.stringValue, status == "Closed" {
            throw ReferralFailure.invalid("A referral cannot be created closed.", target: "status")
        }
        let instant = transaction.stamp()
        var body = normalized(Referral.merge(writable(given), over: Referral.template))
        body["engagementId"] = .string(engagement ?? UUIDText.random())
        body[Referral.creatorKey] = .string(caller.upn)
        let via = JSON.string(request.header("x-caller-id") ?? "PartnerCenterAPI")
        body["createdVia"] = via
        body["lastModifiedVia"] = via
        body["lastRunId"] = request.header("x-ms-workflow-run-id").map { .string($0) } ?? .null
        if ReferralRules.text(given["inviteContext"]?["assistanceRequestCode"]).map({ $0 != "Unknown" }) ?? false {
            body = Referral.merge(["consent": ["consentToShareReferralWithMicrosoftSellers": true]], over: body)
        }
        body = Referral.merge(
            [
                "inviteContext": [
                    "invitedBy": [
                        "organizationId": .string(Referral.ownOrganization), "organizationName": .string(Tenant.name),
                    ]
                ]
            ], over: body)
        if isConnected, let partner {
            body["organizationId"] = .string(partner)
            body["organizationName"] = partner == Referral.microsoft ? "Microsoft" : .string(partner)
            body["status"] = "New"
            body["substatus"] = "Pending"
            body["expirationDateTime"] = .string((instant + Referral.answerTime).description)
        } else {
            // What the owner creates is in the accepted stage from the start.
            body["organizationId"] = .string(Referral.ownOrganization)
            body["organizationName"] = .string(Tenant.name)
            body["status"] = "Active"
            body["substatus"] = "Accepted"
            body["acceptedDateTime"] = .string(instant.description)
        }
        let referral = try ReferralStore.insert(body, at: instant, in: transaction)
        return single(200, referral, in: transaction)
    }

    private static func replace(
        _ request: ServiceRequest, _ id: String?, _ caller: Caller, in transaction: Transaction
    ) throws -> ServiceResponse {
        var referral = try find(id, caller, in: transaction)
        guard let condition = request.header("if-match") else {
            throw ReferralFailure.invalid("The header If-Match is required.", target: "If-Match")
        }
        guard condition == "*" || condition == referral.eTag else { throw ReferralFailure.stale }
        guard let given = try body(request).objectValue else {
            throw ReferralFailure.invalid("The body must be a referral.")
        }
        guard given["links"] == nil else {
            throw ReferralFailure.invalid("The object 'links' must be left out.", target: "links")
        }
        guard !referral.isClosed else { throw ReferralPatch.closed }
        try ReferralRules.check(given, isConnected: !referral.isOwn)
        let (status, substatus) = (referral.status, referral.substatus)
        referral.record.body = normalized(Referral.merge(writable(given), over: referral.record.body))
        referral.record.body["status"] = .string(status)
        referral.record.body["substatus"] = .string(substatus)
        try ReferralPatch.setStatus(
            of: &referral, given["status"]?.stringValue, given["substatus"]?.stringValue, at: transaction.now)
        note(request, in: &referral)
        return single(200, try ReferralStore.update(referral, in: transaction), in: transaction)
    }

    private static func patch(
        _ request: ServiceRequest, _ id: String?, _ caller: Caller, in transaction: Transaction
    ) throws -> ServiceResponse {
        var referral = try find(id, caller, in: transaction)
        if let condition = request.header("if-match"), condition != "*", condition != referral.eTag {
            throw ReferralFailure.stale
        }
        try ReferralPatch.apply(try body(request), to: &referral, at: transaction.now)
        note(request, in: &referral)
        let kept = try ReferralStore.update(referral, in: transaction)
        guard request.list("prefer").contains("return=representation") else {
            return ServiceResponse(204, headers: [("ETag", kept.eTag)])
        }
        return single(200, kept, in: transaction)
    }

    private static func writable(_ given: JSONObject) -> JSONObject {
        JSONObject(given.filter { Referral.writableKeys.contains($0.0) })
    }

    private static func normalized(_ body: JSONObject) -> JSONObject {
        var details = body["details"]?.objectValue ?? [:]
        details["dealValue"] = ReferralRules.number(details["dealValue"])
        details["closingDateTime"] = ReferralRules.date(details["closingDateTime"])
        var body = body
        body["details"] = .object(details)
        return body
    }

    private static func note(_ request: ServiceRequest, in referral: inout Referral) {
        referral.record.body["lastModifiedVia"] = .string(request.header("x-caller-id") ?? "PartnerCenterAPI")
        referral.record.body["lastRunId"] = request.header("x-ms-workflow-run-id").map { .string($0) } ?? .null
    }

    // MARK: Answers

    private static func single(_ status: Int, _ referral: Referral, in transaction: Transaction) -> ServiceResponse {
        var body: JSONObject = [
            "@odata.context": .string(
                transaction.world.url(of: .partnercenterref)
                    + "/v1.0/engagements/referrals/$metadata#Referrals/$entity")
        ]
        for (key, value) in referral.wire(in: transaction.world).objectValue ?? [:] { body[key] = value }
        return .json(status, .object(body), headers: [("ETag", referral.eTag)])
    }

    private static func withHeaders(
        _ response: ServiceResponse, _ request: ServiceRequest, _ transaction: Transaction
    ) -> ServiceResponse {
        var response = response
        response.headers.append(("request-id", UUIDText.random()))
        for name in ["client-request-id", "MS-CorrelationId", "MS-RequestId"] {
            if let value = request.header(name) { response.headers.append((name, value)) }
        }
        response.headers.append(("x-ms-ags-diagnostic", "{\"ServerInfo\":{\"DataCenter\":\"Sandbox\"}}"))
        response.headers.append(("timestamp", transaction.now.description))
        return response
    }
}
