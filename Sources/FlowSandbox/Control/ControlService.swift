import FlowCore
import GRDB

/// The control API: what `flowrun sandbox …` does, by HTTP at `controlUrl` with `Authorization: Bearer controlToken`.
///
/// | route | body | what it does |
/// | --- | --- | --- |
/// | `GET /status` | | pid, clock, counts, registration, deliveries, faults |
/// | `GET /sandbox` | | the value of `sandbox.json` |
/// | `POST /share` | none, or (parts of) a referral | 201 with the referral that Microsoft shares |
/// | `POST /deals` | `{"count","behind"?}` | 201; that many deals on all sides, at most 1,000 a call: see `ManyDeals` |
/// | `POST /referrals/{id}/accept`, `/decline` | | Microsoft answers a connected referral, the partner one that was shared with it; 200 with the referral that was answered |
/// | `GET /faults` | | those switched on |
/// | `POST /faults` | `{"service","status"?,"retryAfter"?,"latency"?,"drop"?,"garbage"?,"expireTokens"?,"duplicateWebhooks"?,"reorderWebhooks"?,"for"?,"rate"?}` | 201; replaces the service's earlier fault; `expireTokens` acts once |
/// | `DELETE /faults[?service=S]` | | switches off; 204 |
/// | `GET /clock` | | `{"now","offsetSeconds"}` |
/// | `POST /clock/advance` | `{"duration":"15d"}` | the same, later; due expiries happen at once |
/// | `GET /requests[?service&method&path&status&after&limit]` | | the ledger: an array, oldest first |
/// | `DELETE /requests` | | empties it; 204 |
/// | `GET /deliveries[?limit]` | | webhook deliveries with their attempts, oldest first |
/// | `GET /data` | | `[{"service","kind","count"}]` |
/// | `GET /data/{service}/{kind}[?Field=value…&limit=n]` | | the records, as the service sends them |
/// | `GET`, `PATCH`, `DELETE /data/{service}/{kind}/{id}`, `POST /data/{service}/{kind}` | values | shows, edits, deletes, creates: see `ControlData` |
/// | `PATCH /limits` | `{"partnerCenterDailyCalls":n,"salesforceDailyCalls":n,"dataverseRequests":n,"dataverseStrictState":0,"tenantsWithEvents":0}` | changes limits until the next reset; 204 |
/// | `GET`, `PUT /certificate` | `{"pem"}` | the key of the connected app for the JWT bearer flow: see `JWTBearer` |
/// | `POST /sign-in` | `{"upn","userCode"?}` | marks that the account has signed in; with a user code approves it too |
/// | `POST /reset` | | back to the seed; secrets and addresses stay; 204 |
/// | `POST /stop` | | 202; the process ends after its open requests |
///
/// Refusals: `{"error":{"code","message","hint"?}}`; refusals of a service's own validation come in that service's shape.
struct ControlService: Sendable {
    let world: World
    let seed: SandboxSeed
    let describe: @Sendable () throws -> SandboxDescription
    let stop: @Sendable () -> Void

    /// Answers a request.
    func respond(to request: ServiceRequest) -> ServiceResponse {
        guard let token = request.bearerToken,
            Digest.constantTimeEqual(Array(token.utf8), Array(world.secrets.controlToken.utf8))
        else {
            return .json(
                401, ["error": ["code": "unauthenticated", "message": "The control token is missing or wrong."]],
                headers: [("WWW-Authenticate", "Bearer")])
        }
        do {
            return try answer(request)
        } catch let failure as ServiceFailure {
            return failure.response
        } catch let error as FlowError {
            return .json(400, error.json)
        } catch {
            return .json(500, ["error": ["code": "generalException", "message": .string("\(error)")]])
        }
    }

    private func answer(_ request: ServiceRequest) throws -> ServiceResponse {
        let path = request.segments
        switch (request.method, path.first ?? "", path.count) {
        case ("GET", "status", 1): return .json(200, try status())
        case ("GET", "sandbox", 1): return .json(200, try describe().json)
        case ("POST", "share", 1):
            let given = try body(request, allowsNone: true)
            return try world.perform { transaction in
                .json(201, try MicrosoftSide.share(given, in: transaction).wire(in: world))
            }
        case ("POST", "deals", 1): return try addDeals(try body(request))
        case ("POST", "referrals", 3) where path[2] == "accept" || path[2] == "decline":
            return try world.perform { transaction in
                let referral =
                    path[2] == "accept"
                    ? try MicrosoftSide.accept(path[1], in: transaction)
                    : try MicrosoftSide.decline(path[1], in: transaction)
                return .json(200, referral.wire(in: world))
            }
        case (_, "faults", 1): return try faults(request)
        case ("GET", "clock", 1): return .json(200, clock)
        case ("POST", "clock", 2) where path[1] == "advance": return .json(200, try advance(try body(request)))
        case (_, "requests", 1): return try requests(request)
        case ("GET", "deliveries", 1):
            let limit = request.option("limit").flatMap { Int($0) } ?? 1_000
            return try world.perform { transaction in
                .json(200, .array(try WebhookDelivery.list(limit: limit, in: transaction)))
            }
        case (_, "data", _):
            let given = request.method == "POST" || request.method == "PATCH" ? try body(request) : [:]
            return try world.perform { transaction in
                try ControlData(request: request, given: given, transaction: transaction).respond(
                    Array(path.dropFirst()))
            }
        case ("PATCH", "limits", 1): return try setLimits(try body(request))
        case ("GET", "certificate", 1), ("PUT", "certificate", 1): return try certificate(request)
        case ("POST", "sign-in", 1): return try signIn(try body(request))
        case ("POST", "reset", 1):
            try world.reset(to: seed)
            return ServiceResponse(204)
        case ("POST", "stop", 1):
            stop()
            return .json(202, ["stopping": true])
        default:
            throw FlowError(.invalidSandboxRequest, "The control API has no \(request.method) \(request.path).")
        }
    }

    private func body(_ request: ServiceRequest, allowsNone: Bool = false) throws -> JSONObject {
        if allowsNone, request.body.isEmpty { return [:] }
        let json: JSON
        do {
            json = try request.json()
        } catch {
            throw FlowError(
                .invalidSandboxRequest, "The body is not valid JSON: \(error.message) (line \(error.line)).")
        }
        guard let object = json.objectValue else {
            throw FlowError(.invalidSandboxRequest, "The body must be a JSON object.")
        }
        return object
    }

    private func addDeals(_ body: JSONObject) throws -> ServiceResponse {
        let (count, behind) = (body["count"]?.integerValue ?? 0, body["behind"]?.integerValue ?? 0)
        guard (1...Int64(ManyDeals.mostAtOnce)).contains(count), (0...count).contains(behind) else {
            throw FlowError(
                .invalidSandboxRequest,
                "'count' must be from 1 to \(ManyDeals.mostAtOnce), and 'behind' no more than it.")
        }
        try world.perform { transaction in
            try ManyDeals.plant(Int(count), behind: Int(behind), in: transaction)
        }
        return .json(201, ["count": .integer(count), "behind": .integer(behind)])
    }

    private var clock: JSON {
        [
            "now": .string(world.clock.now.description),
            "offsetSeconds": .double(Double(world.clock.offsetTicks) / Double(Timestamp.ticksPerSecond)),
        ]
    }

    private func advance(_ body: JSONObject) throws -> JSON {
        guard let text = body["duration"]?.stringValue, let duration = SandboxDuration.parse(text) else {
            throw FlowError(
                .invalidSandboxRequest, "'\(body["duration"]?.stringValue ?? "")' is no duration.",
                hint: "write it like 30s, 5m, 2h, 14d or PT5M")
        }
        world.clock.setOffset(ticks: world.clock.offsetTicks + duration.ticks)
        try world.perform { transaction in
            try transaction.setSetting("clock offset", String(world.clock.offsetTicks))
            try ReferralStore.expire(in: transaction)
        }
        return clock
    }

    private func faults(_ request: ServiceRequest) throws -> ServiceResponse {
        switch request.method {
        case "GET": return .json(200, .array(world.faults.all(at: world.clock.now).map(\.json)))
        case "POST":
            let (fault, expiresTokens) = try Fault.read(.object(try body(request)), now: world.clock.now)
            if expiresTokens {
                try world.perform { transaction in
                    try AccessToken.expireAll(of: fault.service, in: transaction)
                }
            }
            if fault.stays { world.faults.set(fault) }
            return .json(201, fault.json)
        case "DELETE":
            let service = request.option("service").flatMap(SandboxService.init(rawValue:))
            world.faults.clear(service)
            return ServiceResponse(204)
        default:
            throw FlowError(.invalidSandboxRequest, "The control API has no \(request.method) \(request.path).")
        }
    }

    private func requests(_ request: ServiceRequest) throws -> ServiceResponse {
        if request.method == "DELETE" {
            try world.perform { transaction in try transaction.database.execute(sql: "DELETE FROM request") }
            return ServiceResponse(204)
        }
        var filter = RequestLedger.Filter()
        filter.service = request.option("service")
        filter.method = request.option("method")
        filter.path = request.option("path")
        filter.status = request.option("status").flatMap { Int($0) }
        filter.after = request.option("after").flatMap { Int64($0) }
        if let limit = request.option("limit").flatMap({ Int($0) }) { filter.limit = limit }
        return try world.perform { transaction in
            .json(200, .array(try RequestLedger.list(filter, in: transaction)))
        }
    }

    private static let limits: Set<String> = [
        "partnerCenterDailyCalls", "salesforceDailyCalls", "dataverseRequests", "dataverseStrictState",
        "tenantsWithEvents",
    ]

    private func setLimits(_ body: JSONObject) throws -> ServiceResponse {
        try world.perform { transaction in
            for (name, value) in body {
                guard Self.limits.contains(name), let number = value.integerValue, number >= 0 else {
                    throw FlowError(
                        .invalidSandboxRequest, "There is no limit '\(name)' with that value.",
                        hint: "limits: " + Self.limits.sorted().joined(separator: ", "))
                }
                try transaction.setSetting("limit " + name, String(number))
            }
        }
        return ServiceResponse(204)
    }

    private func certificate(_ request: ServiceRequest) throws -> ServiceResponse {
        let pem = request.method == "PUT" ? try body(request)["pem"]?.stringValue ?? "" : nil
        return try world.perform { transaction in
            let key =
                try pem.map { try JWTBearer.register($0, in: transaction) }
                ?? JWTBearer.registered(in: transaction)
            return .json(
                200,
                [
                    "clientId": .string(world.secrets.consumerKey),
                    "tokenUrl": .string(world.url(of: .salesforce) + "/services/oauth2/token"),
                    "sha256": key.map { .string($0.fingerprint) } ?? .null,
                ])
        }
    }

    private func signIn(_ body: JSONObject) throws -> ServiceResponse {
        try world.perform { transaction in
            guard let name = body["upn"]?.stringValue, let user = try DirectoryUser.find(name, in: transaction) else {
                throw FlowError(
                    .invalidSandboxRequest, "There is no user '\(body["upn"]?.stringValue ?? "")'.",
                    hint: "list them with: flowrun sandbox data identity user")
            }
            if let code = body["userCode"]?.stringValue { try DeviceCode.approve(code, by: user, in: transaction) }
            try DirectoryUser.markSignedIn(user.upn, in: transaction)
            return .json(200, ["upn": .string(user.upn), "signedInOnce": true])
        }
    }

    private func status() throws -> JSON {
        let pid = try describe().json["pid"] ?? .null
        return try world.perform { transaction in
            let registration = try WebhookRegistration.current(in: transaction)
            return [
                "pid": pid, "seed": .string(seed.rawValue), "clock": clock,
                "registration": registration.map { registration in
                    [
                        "url": .string(RequestLedger.maskedURLs(registration.url)),
                        "events": .array(registration.events.map { .string($0) }),
                    ]
                } ?? .null, "deliveries": try WebhookDelivery.counts(in: transaction),
                "faults": .array(world.faults.all(at: transaction.now).map(\.json)),
                "records": try ControlData.counts(in: transaction),
            ]
        }
    }
}
