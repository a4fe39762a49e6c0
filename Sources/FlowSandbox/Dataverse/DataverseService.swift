import FlowCore

/// A Dataverse environment: the Web API at `/api/data/v9.2` (9.0 and 9.1 too).
///
/// | route | what it does |
/// | --- | --- |
/// | `GET /{set}` | `$select $filter $orderby $top $expand $count`; `Prefer: odata.maxpagesize=n`, `@odata.nextLink` |
/// | `POST /{set}` | 204 with `OData-EntityId`; 201 with `Prefer: return=representation`; the row's id may be given, and nested rows: see `DataverseInsert` |
/// | `GET`, `PATCH`, `DELETE /{set}({id})` | also by alternate key; `If-Match`, `If-None-Match`; PATCH is an upsert |
/// | `PUT`, `DELETE /{set}({id})/{column}` | one column |
/// | `GET`, `POST`, `PUT`, `DELETE /{set}({id})/{navigation}/$ref` | look-ups and relationships |
/// | `POST /leads({id})/Microsoft.Dynamics.CRM.QualifyLead` | account, contact and opportunity of a lead |
/// | `GET /EntityDefinitions(LogicalName='{table}')`, its `/Attributes` | tables and columns |
/// | `GET /$metadata` | the tables and actions as CSDL: see `DataverseMetadata` |
/// | `GET /WhoAmI` | the caller's ids |
/// | `POST /{set}/Microsoft.Dynamics.CRM.CreateMultiple`, `UpdateMultiple`, `UpsertMultiple` | several rows of a table |
/// | `POST /$batch` | several operations, change sets: see `DataverseBatch` |
/// | `POST /WinOpportunity`, `/LoseOpportunity` | close an opportunity |
/// | `POST /callbackregistrations`, `DELETE /callbackregistrations({id})` | who is told of changed rows: see `ChangeCallbacks` |
///
/// After too many requests of a user within 300 s: 429 `0x80072322` with `Retry-After` (see `ServiceProtection`).
///
/// Callers: users of `systemusers` that are not disabled, and the seeded app itself. Writing currencies, users and
/// environment variables needs the role System Administrator or System Customizer.
package enum DataverseService {
    /// The versions of the Web API that are served.
    static let versions: Set<String> = ["v9.0", "v9.1", "v9.2"]

    /// Answers a request.
    static func respond(to request: ServiceRequest, in transaction: Transaction) throws -> ServiceResponse {
        var path = request.segments[...]
        guard path.count >= 3, path[0] == "api", path[1] == "data", versions.contains(path[2]) else {
            throw DataverseFailure.segmentUnknown(path.first ?? "")
        }
        let version = path[2]
        path = path.dropFirst(3)
        let user = try authorize(request, in: transaction)
        let limit = try transaction.limit("dataverseRequests", default: ServiceProtection.standardLimit)
        let standing = transaction.world.protection.count(user.id, at: transaction.now, limit: limit)
        let rest = [
            ("x-ms-ratelimit-burst-remaining-xrm-requests", String(standing.remaining)),
            ("x-ms-ratelimit-time-remaining-xrm-requests", "1,200.00"),
        ]
        return try ServiceFailure.adding(rest) {
            if let wait = standing.wait {
                var failure = DataverseFailure.make(
                    429, "0x80072322",
                    "Number of requests exceeded the limit of \(limit) over time window of 300 seconds."
                ).response
                failure.headers.append(("Retry-After", String(wait)))
                throw ServiceFailure(failure)
            }
            let annotations = request.list("prefer").contains { $0.hasPrefix("odata.include-annotations") }
            return try DataverseCall(
                request: request, transaction: transaction, version: version, user: user,
                rows: DataverseRows(transaction: transaction, isAnnotated: annotations)
            ).respond(Array(path))
        }
    }

    /// The caller: its row, and whether it may change what is protected.
    struct Caller {
        var id: String
        var isAdministrator: Bool

        /// Refuses what the caller may not write.
        func requireWriting(_ table: DataverseTable) throws {
            guard isAdministrator || !table.isProtected else {
                throw DataverseFailure.make(
                    403, "0x80040220", "Principal user (Id=\(id)) is missing prvWrite\(table.name) privilege.")
            }
        }
    }

    private static func authorize(_ request: ServiceRequest, in transaction: Transaction) throws -> Caller {
        let token: AccessToken
        do {
            token = try AccessToken.check(request, for: .commondataserviceforapps, in: transaction)
        } catch is AccessToken.Refusal {
            let world = transaction.world
            let challenge =
                "Bearer authorization_uri=\(world.url(of: .identity))/\(Tenant.id)/oauth2/authorize, "
                + "resource_id=\(world.url(of: .commondataserviceforapps))/"
            throw ServiceFailure(ServiceResponse(401, headers: [("WWW-Authenticate", challenge)]))
        }
        let key = DataverseStore.keyName(["azureactivedirectoryobjectid"])
        let users = try transaction.records("dataverse/systemuser", where: key, is: token.objectID)
        guard let user = users.first, user.body["isdisabled"] != true else {
            throw DataverseFailure.make(403, "0x80072560", "The user is not a member of the organization.")
        }
        let roles: Set<String> = ["System Administrator", "System Customizer"]
        return Caller(id: user.id, isAdministrator: token.isAppOnly || !roles.isDisjoint(with: token.roles))
    }
}

/// One authorized call of the Web API.
struct DataverseCall {
    let request: ServiceRequest
    let transaction: Transaction
    let version: String
    let user: DataverseService.Caller
    let rows: DataverseRows

    var base: String { transaction.world.url(of: .commondataserviceforapps) + "/api/data/" + version }

    func respond(_ path: [String]) throws -> ServiceResponse {
        guard let first = path.first else {
            return json(
                200,
                [
                    "@odata.context": .string(base + "/$metadata"),
                    "value": .array(
                        DataverseSchema.tables.map {
                            ["name": .string($0.set), "kind": "EntitySet", "url": .string($0.set)]
                        }),
                ])
        }
        switch (request.method, first.hasSuffix("()") ? String(first.dropLast(2)) : first) {
        case ("GET", "WhoAmI"):
            return json(
                200,
                [
                    "@odata.context": .string(base + "/$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse"),
                    "BusinessUnitId": .string(DataverseSeed.businessUnit), "UserId": .string(user.id),
                    "OrganizationId": .string(DataverseSeed.organization),
                ])
        case ("GET", "$metadata"):
            return ServiceResponse(
                200, headers: [("Content-Type", "application/xml"), ("OData-Version", "4.0")],
                body: Array(DataverseMetadata.document.utf8))
        case (_, "$batch"): return try DataverseBatch(call: self).respond()
        case ("POST", "WinOpportunity"): return try close(state: 1, allowed: [3])
        case ("POST", "LoseOpportunity"): return try close(state: 2, allowed: [4, 5])
        default: break
        }
        if let table = try DataverseDefinitions.table(first) {
            guard request.method == "GET" else {
                throw DataverseFailure.make(
                    405, "0x8006088a", "The method \(request.method) is not supported on a definition.")
            }
            let select = DataverseDefinitions.selected(request)
            return json(
                200, try DataverseDefinitions(table: table, base: base).wire(Array(path.dropFirst()), select: select))
        }
        if first == "EntityDefinitions", path.count == 1, request.method == "GET" {
            return json(200, try DataverseDefinitions.list(request, base: base))
        }
        if let table = DataverseSchema.table(set: first) {
            if path.count == 2, request.method == "POST", let many = ManyRows(path[1]) {
                return try writeMany(many, table)
            }
            guard path.count == 1 else { throw DataverseFailure.segmentUnknown(path[1]) }
            switch request.method {
            case "GET": return try list(table)
            case "POST": return try create(table)
            default:
                throw DataverseFailure.make(
                    405, "0x8006088a", "The method \(request.method) is not supported on a collection.")
            }
        }
        guard let place = DataversePath.parse(first), let table = DataverseSchema.table(set: place.set) else {
            throw DataverseFailure.segmentUnknown(first)
        }
        switch path.count {
        case 1: return try row(table, place)
        case 2 where path[1] == "Microsoft.Dynamics.CRM.QualifyLead" && table.name == "lead":
            return try qualify(table, place)
        case 2: return try column(table, place, path[1])
        case 3 where path[2] == "$ref": return try reference(table, place, path[1])
        default: throw DataverseFailure.segmentUnknown(path[1])
        }
    }

    func json(
        _ status: Int, _ value: JSON, headers: [(name: String, value: String)] = []
    ) -> ServiceResponse {
        .json(
            status, value, type: "application/json; odata.metadata=minimal",
            headers: [("OData-Version", "4.0")] + headers)
    }

    func empty(_ record: Record?, _ table: DataverseTable) -> ServiceResponse {
        var headers = [("OData-Version", "4.0")]
        if let record { headers.append(("OData-EntityId", "\(base)/\(table.set)(\(record.id))")) }
        return ServiceResponse(204, headers: headers)
    }

    func body(_ table: DataverseTable?) throws -> JSONObject {
        do {
            if let object = try request.json().objectValue { return object }
        } catch {
            throw DataverseFailure.make(
                400, "0x80048d19", "Error identified in Payload provided by the user: \(error.message).")
        }
        throw DataverseFailure.make(400, "0x80048d19", "Error identified in Payload provided by the user: no object.")
    }

    private var preferences: [String] { request.list("prefer") }
    private var wantsRow: Bool { preferences.contains("return=representation") }

    // MARK: Collections

    private func list(_ table: DataverseTable) throws -> ServiceResponse {
        let query = try DataverseQuery(request, table, rows)
        let records = try rows.select(
            try candidates(table, query.filter), table, filter: query.filter, orders: query.orders)
        let asked = preferences.first { $0.hasPrefix("odata.maxpagesize=") }.flatMap { Int($0.dropFirst(18)) }
        let size = min(max(asked ?? 5_000, 1), 5_000)
        let wanted = query.top.map { records.prefix($0) } ?? records[...]
        let page = wanted.dropFirst(query.offset).prefix(query.top == nil ? size : 5_000)
        let suffix = query.select.map { "(\($0.joined(separator: ",")))" } ?? ""
        var result: JSONObject = ["@odata.context": .string("\(base)/$metadata#\(table.set)\(suffix)")]
        if query.wantsCount { result["@odata.count"] = .integer(Int64(min(records.count, 5_000))) }
        result["value"] = .array(
            try page.map { try rows.wire(table, $0, select: query.select, expand: query.expand) })
        if query.top == nil, query.offset + page.count < wanted.count {
            let kept = request.rawQuery.split(separator: "&").filter {
                !$0.hasPrefix("$skiptoken=") && !$0.hasPrefix("%24skiptoken=")
            }
            let end = query.offset + page.count
            let token = "$skiptoken=" + DataverseQuery.skipToken(offset: end, page: end / size + 1)
            result["@odata.nextLink"] = .string(
                "\(base)/\(table.set)?" + (kept.map(String.init) + [token]).joined(separator: "&"))
        }
        return json(200, .object(result), headers: applied)
    }

    /// The rows that can fit: by an indexed look-up where the filter says so.
    private func candidates(_ table: DataverseTable, _ filter: ODataFilter?) throws -> [Record] {
        func indexed(_ filter: ODataFilter?) throws -> [Record]? {
            switch filter {
            case .and(let left, let right): return try indexed(left) ?? indexed(right)
            case .or(let left, let right):
                guard let left = try indexed(left), let right = try indexed(right) else { return nil }
                let known = Set(left.map(\.id))
                return (left + right.filter { !known.contains($0.id) }).sorted { $0.id < $1.id }
            case .compare(.eq, .path(let path), .literal(.string(let value))):
                guard path.count == 1, let column = table.column(readName: path[0]) else { return nil }
                if column.kind == .key {
                    return try transaction.record(table.kind, value.lowercased()).map { [$0] } ?? []
                }
                if column.kind == .lookup { return try transaction.records(table.kind, where: column.name, is: value) }
                guard table.alternateKeys.contains([column.name]) else { return nil }
                return try transaction.records(
                    table.kind, where: DataverseStore.keyName([column.name]), is: value)
            default: return nil
            }
        }
        return try indexed(filter) ?? transaction.records(table.kind)
    }

    private var applied: [(name: String, value: String)] {
        let known = preferences.filter {
            $0.hasPrefix("odata.maxpagesize") || $0.hasPrefix("odata.include-annotations")
                || $0 == "return=representation"
        }
        return known.isEmpty ? [] : [("Preference-Applied", known.joined(separator: ", "))]
    }

    private func create(_ table: DataverseTable) throws -> ServiceResponse {
        let record = try DataverseInsert(user: user, transaction: transaction).create(table, try body(table))
        return try written(table, record, status: 201)
    }

    private func written(_ table: DataverseTable, _ record: Record, status: Int) throws -> ServiceResponse {
        guard wantsRow else { return empty(record, table) }
        return try entity(status, table, record, withExpand: status == 201)
    }

    private func entity(
        _ status: Int, _ table: DataverseTable, _ record: Record, withExpand: Bool = true
    ) throws -> ServiceResponse {
        let query = try DataverseQuery(request, table, rows)
        var result: JSONObject = ["@odata.context": .string("\(base)/$metadata#\(table.set)/$entity")]
        let row = try rows.wire(table, record, select: query.select, expand: withExpand ? query.expand : [])
        for (name, value) in row.objectValue ?? [:] { result[name] = value }
        return json(status, .object(result), headers: [("ETag", DataverseStore.eTag(record))] + applied)
    }

    // MARK: Rows

    private func row(_ table: DataverseTable, _ place: DataversePath) throws -> ServiceResponse {
        switch request.method {
        case "GET":
            let record = try place.key.find(table, in: transaction)
            if request.header("if-none-match") == DataverseStore.eTag(record), request.option("$expand") == nil {
                return ServiceResponse(304, headers: [("ETag", DataverseStore.eTag(record))])
            }
            return try entity(200, table, record)
        case "PATCH": return try upsert(table, place)
        case "DELETE":
            try user.requireWriting(table)
            let record = try place.key.find(table, in: transaction)
            try checkVersion(record)
            try DataverseStore.delete(table, record, in: transaction)
            return empty(nil, table)
        default:
            throw DataverseFailure.make(405, "0x8006088a", "The method \(request.method) is not supported on a row.")
        }
    }

    private func checkVersion(_ record: Record) throws {
        guard let condition = request.header("if-match"), condition != "*" else { return }
        guard condition == DataverseStore.eTag(record) else { throw DataverseFailure.versionMismatch }
    }

    private func upsert(_ table: DataverseTable, _ place: DataversePath) throws -> ServiceResponse {
        try user.requireWriting(table)
        var given = try body(table)
        let existing: Record?
        do {
            existing = try place.key.find(table, in: transaction)
        } catch let failure as ServiceFailure where failure.response.status == 404 && request.header("if-match") == nil
        {
            existing = nil
        }
        if let existing {
            if request.header("if-none-match") == "*" { throw DataverseFailure.duplicate }
            try checkVersion(existing)
            given[table.key] = nil
            let record = try DataverseStore.update(table, existing, given, by: user.id, in: transaction)
            return try written(table, record, status: 200)
        }
        var id: String?
        switch place.key {
        case .id(let given): id = given
        case .alternate(let pairs): for (column, value) in pairs { given[column] = .string(value) }
        }
        let record = try DataverseInsert(user: user, transaction: transaction).create(table, given, id: id)
        return try written(table, record, status: 201)
    }

    private func column(_ table: DataverseTable, _ place: DataversePath, _ name: String) throws -> ServiceResponse {
        let record = try place.key.find(table, in: transaction)
        guard let column = table.column(readName: name), column.kind != .key, column.isReadable else {
            if request.method == "GET", let (lookup, target) = table.navigation(name) {
                guard let id = record.body[lookup.name]?.stringValue else { return empty(nil, table) }
                return try entity(200, target, try DataverseStore.find(target, id, in: transaction))
            }
            throw DataverseFailure.segmentUnknown(name)
        }
        switch request.method {
        case "GET":
            let context = "\(base)/$metadata#\(table.set)(\(record.id))/\(name)"
            let value = DataverseStore.value(column, table, of: record)
            return json(200, ["@odata.context": .string(context), "value": value])
        case "PUT":
            try user.requireWriting(table)
            _ = try DataverseStore.update(
                table, record, [name: try body(table)["value"] ?? .null], by: user.id, in: transaction)
            return empty(nil, table)
        case "DELETE":
            try user.requireWriting(table)
            _ = try DataverseStore.update(table, record, [name: .null], by: user.id, in: transaction)
            return empty(nil, table)
        default:
            throw DataverseFailure.make(405, "0x8006088a", "The method \(request.method) is not supported on a column.")
        }
    }

    private func reference(_ table: DataverseTable, _ place: DataversePath, _ name: String) throws -> ServiceResponse {
        if request.method == "GET" { return try references(table, try place.key.find(table, in: transaction), name) }
        try user.requireWriting(table)
        let record = try place.key.find(table, in: transaction)
        let isRemoval = request.method == "DELETE"
        guard isRemoval || request.method == "POST" || request.method == "PUT" else {
            throw DataverseFailure.make(
                405, "0x8006088a", "The method \(request.method) is not supported on a reference.")
        }
        let text = isRemoval ? request.option("$id") : try body(table)["@odata.id"]?.stringValue
        if table.navigation(name) != nil {
            let value: JSON = isRemoval ? .null : text.map { .string($0) } ?? .null
            _ = try DataverseStore.update(table, record, ["\(name)@odata.bind": value], by: user.id, in: transaction)
            return empty(nil, table)
        }
        guard let (child, lookup) = table.collection(name),
            let navigation = lookup.targets.first(where: { $0.table == table.name })?.navigation
        else { throw DataverseFailure.segmentUnknown(name) }
        guard let text, let other = DataversePath.reference(text, in: transaction.world), other.set == child.set else {
            throw DataverseFailure.query("The reference must name a row of \(child.set).")
        }
        let row = try other.key.find(child, in: transaction)
        let value: JSON = isRemoval ? .null : .string("/\(table.set)(\(record.id))")
        _ = try DataverseStore.update(child, row, ["\(navigation)@odata.bind": value], by: user.id, in: transaction)
        return empty(nil, table)
    }

    /// The addresses of the rows to which a row is related: one of a look-up, all of a relationship.
    private func references(_ table: DataverseTable, _ record: Record, _ name: String) throws -> ServiceResponse {
        func address(_ set: String, _ id: String) -> JSON { .string("\(base)/\(set)(\(id))") }
        if let (lookup, target) = table.navigation(name) {
            guard let id = record.body[lookup.name]?.stringValue else { return empty(nil, table) }
            return json(
                200,
                ["@odata.context": .string("\(base)/$metadata#$ref"), "@odata.id": address(target.set, id)])
        }
        guard let (child, lookup) = table.collection(name) else { throw DataverseFailure.segmentUnknown(name) }
        let rows = try transaction.records(child.kind, where: lookup.name, is: record.id)
        return json(
            200,
            [
                "@odata.context": .string("\(base)/$metadata#Collection($ref)"),
                "value": .array(rows.map { ["@odata.id": address(child.set, $0.id)] }),
            ])
    }
}
