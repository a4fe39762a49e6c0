import FlowCore

/// Lists, shows, creates, edits and deletes records of every service, as its own people would in its own pages.
///
/// | service | kinds | an edit acts as |
/// | --- | --- | --- |
/// | `identity` | `user` (id: UPN) | an administrator: `displayName roles password signedInOnce enabled signInError` (a number such as 50055, null for none); a new password ends the user's grants |
/// | `identity` | `application` (id: client id) | an administrator: `signInError` (a number such as 7000222, null for none) |
/// | `partnercenterref` | `referral` | Microsoft's side: any member; events are sent |
/// | `partnercenterevents` | `registration`, `delivery` | (only read; a registration can be deleted) |
/// | `salesforce` | object names | the seller Joel Kim, by the organization's rules; `IsConverted` true converts a lead |
/// | `commondataserviceforapps` | table or entity set names | the seller Joel Kim, by the environment's rules; `statecode` 1 and 2 win and lose an opportunity, 1 qualifies a lead |
struct ControlData {
    let request: ServiceRequest
    let given: JSONObject
    let transaction: Transaction

    /// How many records of each kind there are.
    static func counts(in transaction: Transaction) throws -> JSON {
        var counts: [JSON] = []
        func add(_ service: SandboxService, _ kind: String, _ record: String) throws {
            counts.append([
                "service": .string(service.rawValue), "kind": .string(kind),
                "count": .integer(Int64(try transaction.count(record))),
            ])
        }
        try add(.identity, "user", DirectoryUser.kind)
        counts.append(["service": "identity", "kind": "application", "count": 1])
        try add(.partnercenterref, "referral", Referral.kind)
        try add(.partnercenterevents, "registration", "registration")
        for object in SalesforceSchema.objects { try add(.salesforce, object.name, object.kind) }
        for table in DataverseSchema.tables { try add(.commondataserviceforapps, table.name, table.kind) }
        return .array(counts)
    }

    func respond(_ path: [String]) throws -> ServiceResponse {
        guard let name = path.first else { return .json(200, try Self.counts(in: transaction)) }
        guard let service = SandboxService(rawValue: name) else {
            throw unknown("service", name, SandboxService.allCases.map(\.rawValue))
        }
        guard path.count >= 2 else {
            let counts = try Self.counts(in: transaction).arrayValue ?? []
            return .json(200, .array(counts.filter { $0["service"]?.stringValue == name }))
        }
        let id = path.count > 2 ? path[2] : nil
        guard path.count <= 3 else { throw unsupported }
        switch (service, path[1]) {
        case (.identity, "user"): return try user(id)
        case (.identity, "application"): return try application(id)
        case (.partnercenterref, "referral"): return try referral(id)
        case (.partnercenterevents, "registration"): return try registration()
        case (.partnercenterevents, "delivery"):
            return .json(200, .array(try WebhookDelivery.list(limit: 1_000, in: transaction)))
        case (.salesforce, let kind):
            guard let object = SalesforceSchema.object(kind) else {
                throw unknown("object", kind, SalesforceSchema.objects.map(\.name))
            }
            return try salesforce(object, id)
        case (.commondataserviceforapps, let kind):
            guard let table = DataverseSchema.table(kind) ?? DataverseSchema.table(set: kind) else {
                throw unknown("table", kind, DataverseSchema.tables.map(\.name))
            }
            return try dataverse(table, id)
        case (.identity, let kind): throw unknown("kind", kind, ["user", "application"])
        case (.partnercenterref, let kind): throw unknown("kind", kind, ["referral"])
        case (.partnercenterevents, let kind): throw unknown("kind", kind, ["registration", "delivery"])
        }
    }

    private func unknown(_ what: String, _ name: String, _ known: [String]) -> FlowError {
        let near = Suggestion.hint(for: name, among: known)
        return FlowError(
            .invalidSandboxRequest, "There is no \(what) '\(name)'.",
            hint: near ?? "known: \(known.joined(separator: ", "))")
    }

    private var unsupported: FlowError {
        FlowError(.invalidSandboxRequest, "\(request.method) \(request.path) is not possible.")
    }

    private func missing(_ id: String) -> FlowError {
        FlowError(.invalidSandboxRequest, "There is no record '\(id)'.")
    }

    /// Only the rows whose values are as the query asks, at most `limit`.
    private func filtered(_ rows: [JSON]) -> ServiceResponse {
        let wanted = request.query.filter { $0.name != "limit" }
        let fitting = rows.filter { row in
            wanted.allSatisfy { name, value in
                guard let found = row.objectValue?.value(ignoringCase: name) else { return value.isEmpty }
                return (found.stringValue ?? (found.isNull ? "" : found.text)).lowercased() == value.lowercased()
            }
        }
        return .json(200, .array(Array(fitting.prefix(request.option("limit").flatMap { Int($0) } ?? 1_000))))
    }

    // MARK: Kinds

    private func user(_ id: String?) throws -> ServiceResponse {
        func shown(_ record: Record) -> JSON {
            var body = record.body
            body["tokensValidFrom"] = nil
            return .object(body)
        }
        let known: Set<String> = ["displayName", "roles", "password", "signedInOnce", "enabled", "signInError"]
        if let bad = given.keys.first(where: { !known.contains($0) && $0 != "upn" }) {
            throw unknown("property", bad, known.sorted())
        }
        _ = try signInError(known: IdentityFailure.ofAccounts)
        switch (request.method, id) {
        case ("GET", nil):
            return filtered(
                try transaction.records(DirectoryUser.kind).sorted { $0.created < $1.created }.map(shown))
        case ("POST", nil):
            guard let upn = given["upn"]?.stringValue?.lowercased(), upn.contains("@") else {
                throw FlowError(.invalidSandboxRequest, "A user needs an 'upn'.")
            }
            var body: JSONObject = [
                "upn": .string(upn), "displayName": .string(upn),
                "objectId": .string(UUIDText.named(upn, namespace: DirectorySeed.namespace)), "roles": [],
                "password": .string(transaction.world.secrets.password(of: upn)), "signedInOnce": false,
                "enabled": true,
                "tokensValidFrom": 0,
            ]
            for (name, value) in given where known.contains(name) { body[name] = value }
            guard try transaction.record(DirectoryUser.kind, upn) == nil else {
                throw FlowError(.invalidSandboxRequest, "There is a user '\(upn)' already.")
            }
            transaction.hasUserChanges = true
            return .json(201, shown(try transaction.insert(DirectoryUser.kind, upn, body)))
        default: break
        }
        guard let id, var record = try transaction.record(DirectoryUser.kind, id.lowercased()) else {
            throw missing(id ?? "")
        }
        switch request.method {
        case "GET": return .json(200, shown(record))
        case "PATCH":
            for (name, value) in given { record.body[name] = value }
            if given["password"] != nil { record.body["tokensValidFrom"] = .integer(transaction.now.ticks) }
            transaction.hasUserChanges = true
            return .json(200, shown(try transaction.update(record)))
        case "DELETE":
            try transaction.delete(DirectoryUser.kind, record.id)
            transaction.hasUserChanges = true
            return ServiceResponse(204)
        default: throw unsupported
        }
    }

    /// The error number that is given, nil for none; it must be a known one.
    private func signInError(known: [Int64]) throws -> Int64? {
        guard let error = given["signInError"], !error.isNull else { return nil }
        guard let number = error.integerValue, known.contains(number) else {
            throw FlowError(
                .invalidSandboxRequest, "A sign-in is not refused with '\(error.text)'.",
                hint: "known: " + known.map(String.init).joined(separator: ", "))
        }
        return number
    }

    private func application(_ id: String?) throws -> ServiceResponse {
        func shown() throws -> JSON {
            [
                "clientId": .string(Tenant.clientID),
                "signInError": try DirectoryApplication.signInError(in: transaction).map { .integer($0) } ?? .null,
            ]
        }
        if id == nil, request.method == "GET" { return filtered([try shown()]) }
        guard let id, id.lowercased() == Tenant.clientID else { throw missing(id ?? "") }
        switch request.method {
        case "GET": return .json(200, try shown())
        case "PATCH":
            if let bad = given.keys.first(where: { $0 != "signInError" }) {
                throw unknown("property", bad, ["signInError"])
            }
            guard given["signInError"] != nil else { return .json(200, try shown()) }
            let number = try signInError(known: IdentityFailure.ofApplications)
            try DirectoryApplication.setSignInError(number, in: transaction)
            return .json(200, try shown())
        default: throw unsupported
        }
    }

    private func referral(_ id: String?) throws -> ServiceResponse {
        let world = transaction.world
        switch (request.method, id) {
        case ("GET", nil):
            return filtered(
                try transaction.records(Referral.kind).sorted { $0.created < $1.created }
                    .map { Referral($0).wire(in: world) })
        case ("POST", nil): return .json(201, try MicrosoftSide.share(given, in: transaction).wire(in: world))
        case ("PATCH", let id?): return .json(200, try MicrosoftSide.edit(id, given, in: transaction).wire(in: world))
        case ("GET", let id?):
            guard let referral = try Referral.find(id, in: transaction) else { throw missing(id) }
            return .json(200, referral.wire(in: world))
        case ("DELETE", let id?):
            guard try Referral.find(id, in: transaction) != nil else { throw missing(id) }
            try transaction.delete(Referral.kind, id.lowercased())
            return ServiceResponse(204)
        default: throw unsupported
        }
    }

    private func registration() throws -> ServiceResponse {
        switch request.method {
        case "GET":
            guard let registration = try WebhookRegistration.current(in: transaction) else { return .json(200, []) }
            return .json(
                200,
                [
                    [
                        "SubscriberId": .string(registration.subscriberID),
                        "WebhookUrl": .string(RequestLedger.maskedURLs(registration.url)),
                        "WebhookEvents": .array(registration.events.map { .string($0) }),
                        "SignatureTokenToMsSignatureHeader": .bool(registration.usesSignatureHeader),
                    ]
                ])
        case "DELETE":
            try WebhookRegistration.remove(in: transaction)
            return ServiceResponse(204)
        default: throw unsupported
        }
    }

    private func salesforce(_ object: SalesforceObject, _ id: String?) throws -> ServiceResponse {
        let seller = try SalesforceOAuth.user(SeededPerson.joel.upn, in: transaction)?.id ?? ""
        func shown(_ record: Record) -> JSON { SalesforceStore.wire(object, record, version: "v58.0") }
        switch (request.method, id) {
        case ("GET", nil): return filtered(try transaction.records(object.kind).map(shown))
        case ("POST", nil):
            return .json(
                201, shown(try SalesforceStore.create(object, given, by: seller, isSystem: true, in: transaction)))
        case ("GET", let id?): return .json(200, shown(try SalesforceStore.find(object, id, in: transaction)))
        case ("PATCH", let id?):
            let record = try SalesforceStore.find(object, id, in: transaction)
            if object.name == "Lead", given["IsConverted"] == true {
                let conversion = LeadConversion(lead: record, user: seller, transaction: transaction)
                return .json(200, shown(try conversion.perform(JSONObject(given.filter { $0.0 != "IsConverted" }))))
            }
            return .json(200, shown(try SalesforceStore.update(object, record, given, by: seller, in: transaction)))
        case ("DELETE", let id?):
            let record = try SalesforceStore.find(object, id, in: transaction)
            try SalesforceStore.delete(object, record, by: seller, in: transaction)
            return ServiceResponse(204)
        default: throw unsupported
        }
    }

    /// A seller's edit in a form: closing an opportunity and qualifying a lead are buttons there, not values.
    private func edit(_ table: DataverseTable, _ record: Record, by seller: String) throws -> Record {
        let state = given["statecode"]?.integerValue ?? 0
        let isClosing = table.name == "opportunity" && (state == 1 || state == 2)
        let isQualifying = table.name == "lead" && state == 1
        guard isClosing || isQualifying else {
            return try DataverseStore.update(table, record, given, by: seller, in: transaction)
        }
        let rest = JSONObject(given.filter { !["statecode", "statuscode"].contains($0.0) })
        var changed = record
        if !rest.isEmpty { changed = try DataverseStore.update(table, record, rest, by: seller, in: transaction) }
        if isQualifying {
            _ = try LeadQualification(lead: changed, user: seller, transaction: transaction).perform(.init())
        } else {
            try DataverseStore.close(
                changed, state: state, status: given["statuscode"]?.integerValue ?? (state == 1 ? 3 : 4), [:],
                by: seller, in: transaction)
        }
        return try DataverseStore.find(table, record.id, in: transaction)
    }

    private func dataverse(_ table: DataverseTable, _ id: String?) throws -> ServiceResponse {
        let seller = DataverseSeed.userID(of: SeededPerson.joel.upn)
        let rows = DataverseRows(transaction: transaction, isAnnotated: true)
        func shown(_ record: Record) throws -> JSON { try rows.wire(table, record, select: nil) }
        switch (request.method, id) {
        case ("GET", nil): return filtered(try transaction.records(table.kind).map(shown))
        case ("POST", nil):
            return .json(201, try shown(try DataverseStore.create(table, given, by: seller, in: transaction)))
        case ("GET", let id?): return .json(200, try shown(try DataverseStore.find(table, id, in: transaction)))
        case ("PATCH", let id?):
            let record = try DataverseStore.find(table, id, in: transaction)
            return .json(200, try shown(try edit(table, record, by: seller)))
        case ("DELETE", let id?):
            try DataverseStore.delete(table, try DataverseStore.find(table, id, in: transaction), in: transaction)
            return ServiceResponse(204)
        default: throw unsupported
        }
    }
}
