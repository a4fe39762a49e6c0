import FlowCore

/// The webhooks API of Partner Center, and the certificate with which webhooks are signed.
///
/// | route | what it does |
/// | --- | --- |
/// | `GET /webhooks/v1/registration/events` | the event names |
/// | `GET /webhooks/v1/registration` | the tenant's registration; 404 where there is none |
/// | `POST /webhooks/v1/registration` | registers; 409 where there is a registration |
/// | `PUT /webhooks/v1/registration` | registers in place of any other |
/// | `POST /webhooks/v1/registration/validationEvents` | sends `test-created`; twice a minute at most |
/// | `GET /webhooks/v1/registration/validationEvents/{correlationId}` | how that went |
/// | `GET /engagements/v1/referrals/{id}` (`PUT`, `PATCH`) | the referral that `ResourceUri` names |
/// | `GET /cert/pcnotifications-dispatch.microsoft.com.cer` | the signing certificate (DER); no token |
/// | `GET /cert/root.pem` | the root that issued it (PEM); no token |
///
/// Tokens: app-only, or of a user with the role Referral Admin, Admin Agent, Global Admin, Billing Admin, Sales Agent or
/// Helpdesk Agent.
package enum PartnerCenterEventsService {
    /// Where the signing certificate is handed out.
    static let certificatePath = "/cert/pcnotifications-dispatch.microsoft.com.cer"
    private static let roles: Set<String> = [
        "Referral Admin", "Admin Agent", "Global Admin", "Billing Admin", "Sales Agent", "Helpdesk Agent",
    ]

    /// Answers a request.
    static func respond(to request: ServiceRequest, in transaction: Transaction) throws -> ServiceResponse {
        switch (request.method, request.path) {
        case ("GET", certificatePath):
            return ServiceResponse(
                200, headers: [("Content-Type", "application/pkix-cert")],
                body: transaction.world.certificates.signingDER)
        case ("GET", "/cert/root.pem"):
            return .text(200, transaction.world.certificates.rootPEM, type: "application/x-pem-file")
        default: break
        }
        do {
            return withHeaders(try answer(request, in: transaction), request)
        } catch let failure as ServiceFailure {
            throw ServiceFailure(withHeaders(failure.response, request))
        }
    }

    private static func answer(_ request: ServiceRequest, in transaction: Transaction) throws -> ServiceResponse {
        let path = request.segments
        if path.first == "engagements" {
            return try ReferralsService.answer(request, in: transaction, service: .partnercenterevents)
        }
        try authorize(request, in: transaction)
        guard path.starts(with: ["webhooks", "v1", "registration"]) else {
            throw refusal(404, "404", "Resource not found.")
        }
        switch (request.method, path.count, path.dropFirst(3).first) {
        case ("GET", 3, _): return try view(in: transaction)
        case ("POST", 3, _): return try register(request, replaces: false, in: transaction)
        case ("PUT", 3, _): return try register(request, replaces: true, in: transaction)
        case ("GET", 4, "events"):
            return .json(200, .array(WebhookRegistration.eventNames.map { .string($0) }))
        case ("POST", 4, "validationEvents"): return try validate(in: transaction)
        case ("GET", 5, "validationEvents"): return try validation(path[4], in: transaction)
        default: throw refusal(404, "404", "Resource not found.")
        }
    }

    private static func authorize(_ request: ServiceRequest, in transaction: Transaction) throws {
        let token: AccessToken
        do {
            token = try AccessToken.check(request, for: .partnercenterevents, in: transaction)
        } catch is AccessToken.Refusal {
            var response = refusal(401, "900001", "The access token is missing, expired or not valid.").response
            response.headers.append(("WWW-Authenticate", "Bearer"))
            throw ServiceFailure(response)
        }
        guard token.isAppOnly || !roles.isDisjoint(with: token.roles) else {
            throw refusal(403, "900403", "The user has no role that may manage webhooks.")
        }
    }

    private static func view(in transaction: Transaction) throws -> ServiceResponse {
        guard let registration = try WebhookRegistration.current(in: transaction) else {
            throw refusal(404, "404", "The tenant has no webhook registration.")
        }
        return .json(
            200,
            [
                "WebhookUrl": .string(registration.url),
                "WebhookEvents": .array(registration.events.map { .string($0) }),
            ])
    }

    private static func register(
        _ request: ServiceRequest, replaces: Bool, in transaction: Transaction
    ) throws -> ServiceResponse {
        let existing = try WebhookRegistration.current(in: transaction)
        guard replaces || existing == nil else {
            throw refusal(409, "409", "The tenant has a webhook registration already.")
        }
        guard let body = try? request.json(), body.objectValue != nil else {
            throw refusal(400, "400", "The body must be a registration.")
        }
        guard let url = body["WebhookUrl"]?.stringValue, url.hasPrefix("https://") || url.hasPrefix("http://"),
            !url.components(after: "://").isEmpty
        else { throw refusal(400, "400", "WebhookUrl must be an absolute URL.") }
        guard let names = body["WebhookEvents"]?.arrayValue?.map({ $0.stringValue ?? "" }), !names.isEmpty else {
            throw refusal(400, "400", "WebhookEvents must name at least one event.")
        }
        for name in names where !WebhookRegistration.eventNames.contains(name) {
            throw refusal(400, "400", "The event '\(name)' is not known.")
        }
        let flag = body["SignatureTokenToMsSignatureHeader"]
        let registration = WebhookRegistration(
            url: url, events: names,
            usesSignatureHeader: flag?.boolValue ?? (flag?.stringValue?.lowercased() == "true"),
            subscriberID: existing?.subscriberID ?? UUIDText.random())
        try registration.save(in: transaction)
        return .json(
            200,
            [
                "SubscriberId": .string(registration.subscriberID), "WebhookUrl": .string(url),
                "WebhookEvents": .array(names.map { .string($0) }),
            ])
    }

    private static func validate(in transaction: Transaction) throws -> ServiceResponse {
        guard let registration = try WebhookRegistration.current(in: transaction),
            registration.events.contains("test-created")
        else { throw refusal(400, "400", "The event test-created is not registered.") }
        let minute = transaction.now - .seconds(60)
        let recent = try transaction.records(kind, modifiedFrom: minute).count
        guard recent < 2 else {
            var response = ServiceResponse.json(429, Fault.throttled(60))
            response.headers.append(("Retry-After", "60"))
            throw ServiceFailure(response)
        }
        let id = UUIDText.random()
        let delivery = try WebhookEvents.publish(
            "test-created", subject: id,
            resource: "https://api.partnercenter.microsoft.com/webhooks/v1/registration/validationEvents/" + id,
            resourceName: "test", changed: transaction.now, in: transaction)
        try transaction.insert(kind, id, ["delivery": delivery.map { .integer($0) } ?? .null])
        return .json(200, ["correlationId": .string(id)])
    }

    private static let kind = "validation"

    private static func validation(_ id: String, in transaction: Transaction) throws -> ServiceResponse {
        guard let record = try transaction.record(kind, id.lowercased()),
            let delivery = record.body["delivery"]?.integerValue,
            let state = try WebhookDelivery.find(delivery, in: transaction)
        else { throw refusal(404, "404", "There is no validation event '\(id)'.") }
        let results: [JSON] = state.attempts.map { attempt in
            let status = attempt["status"]?.integerValue
            return [
                "responseCode": status.map { $0 == 200 ? "OK" : $0 == 202 ? "Accepted" : .string(String($0)) } ?? "",
                "responseMessage": attempt["error"]?.stringValue.map { .string($0) } ?? "",
                "systemError": .bool(status == nil), "dateTimeUtc": attempt["time"] ?? .null,
            ]
        }
        let isOver = state.status == "delivered" || state.status == "parked"
        return .json(
            200,
            [
                "correlationId": .string(record.id), "partnerId": .string(Tenant.id),
                "status": isOver ? "completed" : "inProgress", "callbackUrl": .string(state.url),
                "results": .array(results),
            ])
    }

    private static func refusal(_ status: Int, _ code: String, _ description: String) -> ServiceFailure {
        ServiceFailure(
            .json(
                status,
                [
                    "code": .string(code), "description": .string(description), "data": [], "source": "PartnerFD",
                ]))
    }

    private static func withHeaders(_ response: ServiceResponse, _ request: ServiceRequest) -> ServiceResponse {
        var response = response
        for name in ["MS-RequestId", "MS-CorrelationId"] {
            response.headers.append((name, request.header(name) ?? UUIDText.random()))
        }
        return response
    }
}
