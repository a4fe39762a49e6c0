import FlowCore

/// A Salesforce organization: OAuth and the REST API.
///
/// | route | what it does |
/// | --- | --- |
/// | `POST /services/oauth2/token` | tokens: see `SalesforceOAuth` |
/// | `GET`, `POST /services/oauth2/authorize` | a page to sign in at, for the authorization code flow: see `SalesforceCode` |
/// | `GET /services/data` | the versions, without a token |
/// | `GET /services/data/vNN.0` | the resources |
/// | `GET …/sobjects`, `…/sobjects/{T}`, `…/sobjects/{T}/describe` | the objects |
/// | `POST …/sobjects/{T}` | 201 `{"id","success","errors"}` |
/// | `GET`, `PATCH`, `DELETE …/sobjects/{T}/{id}` | `?fields=a,b`; 204; `If-Modified-Since` (GET: 304), `If-Unmodified-Since` (GET, PATCH: 412) |
/// | `GET`, `PATCH`, `DELETE …/sobjects/{T}/{externalIdField}/{value}` | upsert: 201, or 200 (204 up to v45); `?updateOnly=true` |
/// | `POST …/sobjects/{T}/Id` | creates |
/// | `GET …/query?q=`, `…/queryAll?q=`, `…/query/{locator}` | SOQL; batches of 2,000 (`Sforce-Query-Options: batchSize=n`) |
/// | `…/composite`, `…/composite/batch`, `…/composite/sobjects`, `…/composite/tree/{T}` | several at once: see `SalesforceComposite` |
/// | `GET …/search?q=`, `GET`, `POST …/parameterizedSearch` | SOSL: see `SalesforceSearch` |
/// | `GET …/limits` | the daily calls |
/// | `…/jobs/ingest`, `…/jobs/query` | Bulk API 2.0: see `SalesforceBulk` |
/// | `…/services/async/…` | Bulk API 1.0: refused |
///
/// Versions 20.0 to 66.0. Every answer has `Sforce-Limit-Info`; after 100,000 calls a day (`limit salesforceDailyCalls`)
/// 403 `REQUEST_LIMIT_EXCEEDED`.
package enum SalesforceService {
    /// Answers a request.
    static func respond(to request: ServiceRequest, in transaction: Transaction) throws -> ServiceResponse {
        let path = request.segments
        if path == ["services", "oauth2", "token"] {
            guard request.method == "POST" else { throw methodNotAllowed(request.method, "POST") }
            return try SalesforceOAuth.token(request, in: transaction)
        }
        if path == ["services", "oauth2", "authorize"] {
            return try SalesforceCode.authorize(request, in: transaction)
        }
        if path.starts(with: ["services", "async"]) {
            throw ServiceFailure(
                .json(
                    400,
                    [
                        "exceptionCode": "FeatureNotEnabled",
                        "exceptionMessage":
                            "Async API not enabled. The sandbox serves Bulk API 2.0, under /services/data/vNN.0/jobs.",
                    ]))
        }
        guard path.count >= 2, path[0] == "services", path[1] == "data" else { throw SalesforceFailure.notFound }
        if path.count == 2 { return versions() }
        guard let version = version(path[2]) else { throw SalesforceFailure.notFound }
        let limit = try transaction.limit("salesforceDailyCalls", default: 100_000)
        let used = try transaction.countCall("salesforce")
        let usage = [("Sforce-Limit-Info", "api-usage=\(min(used, limit))/\(limit)")]
        return try ServiceFailure.adding(usage) {
            let user = try SalesforceOAuth.authorize(request, in: transaction)
            guard used <= limit else {
                throw SalesforceFailure.make(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
            }
            return try SalesforceCall(
                request: request, transaction: transaction, version: path[2], versionNumber: version, user: user
            ).respond(Array(path.dropFirst(3)))
        }
    }

    static func version(_ segment: String) -> Int? {
        guard segment.hasPrefix("v"), segment.hasSuffix(".0"), let number = Int(segment.dropFirst().dropLast(2)),
            (20...66).contains(number)
        else { return nil }
        return number
    }

    private static func versions() -> ServiceResponse {
        let seasons = ["Spring", "Summer", "Winter"]
        let all: [JSON] = (20...66).map { number in
            // v58.0 is Summer '23; three releases a year, the winter one named for the next year.
            let release = number - 57 + 23 * 3
            let year = Int((Double(release) / 3).rounded(.down)) + (release % 3 == 2 ? 1 : 0)
            return [
                "label": .string("\(seasons[release % 3]) '\(year)"), "url": .string("/services/data/v\(number).0"),
                "version": .string("\(number).0"),
            ]
        }
        return .json(200, .array(all), type: "application/json;charset=UTF-8")
    }

    static func methodNotAllowed(_ method: String, _ allowed: String) -> ServiceFailure {
        SalesforceFailure.make(
            405, "METHOD_NOT_ALLOWED", "HTTP Method '\(method)' not allowed. Allowed are \(allowed)")
    }
}

/// One authorized call of the REST API.
struct SalesforceCall {
    let request: ServiceRequest
    let transaction: Transaction
    let version: String
    let versionNumber: Int
    let user: Record

    func respond(_ path: [String]) throws -> ServiceResponse {
        switch path.first {
        case nil: return json(200, resources)
        case "sobjects": return try objects(Array(path.dropFirst()))
        case "query" where path.count == 2: return try SalesforcePages.next(path[1], call: self)
        case "composite": return try SalesforceComposite(call: self).respond(Array(path.dropFirst()))
        case "jobs": return try SalesforceBulk(call: self).respond(Array(path.dropFirst()))
        case "query", "queryAll": return try query(includesDeleted: path[0] == "queryAll")
        case "search" where path.count == 1: return try SalesforceSearch(call: self).search()
        case "parameterizedSearch" where path.count == 1: return try SalesforceSearch(call: self).parameterized()
        case "limits":
            let limit = try transaction.limit("salesforceDailyCalls", default: 100_000)
            let used = try transaction.countCall("salesforce limits")
            return json(
                200,
                [
                    "DailyApiRequests": [
                        "Max": .integer(Int64(limit)), "Remaining": .integer(Int64(max(0, limit - used))),
                    ]
                ])
        default: throw SalesforceFailure.notFound
        }
    }

    func json(_ status: Int, _ value: JSON, headers: [(name: String, value: String)] = []) -> ServiceResponse {
        .json(status, value, type: "application/json;charset=UTF-8", headers: headers)
    }

    private var resources: JSON {
        var resources = JSONObject()
        for name in ["sobjects", "query", "queryAll", "search", "parameterizedSearch", "composite", "limits", "jobs"] {
            resources[name] = .string("/services/data/\(version)/\(name)")
        }
        return .object(resources)
    }

    // MARK: Objects

    private func objects(_ path: [String]) throws -> ServiceResponse {
        guard let name = path.first else {
            return json(
                200,
                [
                    "encoding": "UTF-8", "maxBatchSize": 200,
                    "sobjects": .array(SalesforceSchema.objects.map { SalesforceDescribe.summary($0, version) }),
                ])
        }
        guard let object = SalesforceSchema.object(name) else { throw SalesforceFailure.unknownType(name) }
        switch (path.count, request.method) {
        case (1, "GET"):
            return json(200, ["objectDescribe": SalesforceDescribe.summary(object, version), "recentItems": []])
        case (1, "POST"): return try create(object, try body())
        case (1, _): throw SalesforceService.methodNotAllowed(request.method, "HEAD,GET,POST")
        case (2, "GET") where path[1].lowercased() == "describe":
            return json(200, SalesforceDescribe.full(object, version))
        case (2, "POST") where path[1] == "Id": return try create(object, try body())
        case (2, _): return try record(object, path[1])
        case (3, _): return try external(object, path[1], path[2])
        default: throw SalesforceFailure.notFound
        }
    }

    func body() throws -> JSONObject {
        if let type = request.header("content-type"), !type.lowercased().contains("json") {
            throw SalesforceFailure.make(415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type '\(type)' is not supported")
        }
        do {
            guard let object = try request.json().objectValue else {
                throw SalesforceFailure.make(
                    400, "JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no entity body.")
            }
            return object
        } catch let failure as JSONReader.Failure {
            throw SalesforceFailure.make(
                400, "JSON_PARSER_ERROR", "\(failure.message) at [line:\(failure.line), column:\(failure.column)]")
        }
    }

    private func create(_ object: SalesforceObject, _ given: JSONObject) throws -> ServiceResponse {
        let record = try SalesforceStore.create(object, given, by: user.id, in: transaction)
        return created(object, record.id, extra: [:])
    }

    private func created(_ object: SalesforceObject, _ id: String, extra: JSONObject) -> ServiceResponse {
        var body: JSONObject = ["id": .string(id), "success": true, "errors": []]
        for (name, value) in extra { body[name] = value }
        return json(201, .object(body), headers: [("Location", SalesforceStore.url(object, id, version))])
    }

    private func record(_ object: SalesforceObject, _ id: String) throws -> ServiceResponse {
        switch request.method {
        case "GET":
            let record = try SalesforceStore.find(object, id, in: transaction)
            return try read(object, record)
        case "PATCH":
            let record = try SalesforceStore.find(object, id, in: transaction)
            try checkUnmodified(record)
            _ = try SalesforceStore.update(object, record, try body(), by: user.id, in: transaction)
            return ServiceResponse(204)
        case "DELETE":
            let record = try SalesforceStore.find(object, id, in: transaction)
            try SalesforceStore.delete(object, record, by: user.id, in: transaction)
            return ServiceResponse(204)
        default: throw SalesforceService.methodNotAllowed(request.method, "DELETE,GET,HEAD,PATCH")
        }
    }

    /// The record, or 304 where it was not changed since `If-Modified-Since`.
    private func read(_ object: SalesforceObject, _ record: Record) throws -> ServiceResponse {
        try checkUnmodified(record)
        if let since = request.header("if-modified-since").flatMap(HTTPDate.parse), !wasChanged(record, after: since) {
            return ServiceResponse(304)
        }
        return json(200, SalesforceStore.wire(object, record, version: version, fields: try fields(object)))
    }

    /// Conditions look at the date of the last change, which has whole seconds as the header has.
    private func wasChanged(_ record: Record, after instant: Timestamp) -> Bool {
        record.modified >= instant + .seconds(1)
    }

    /// `If-Unmodified-Since`, the only condition for records that are no accounts; DELETE takes none.
    private func checkUnmodified(_ record: Record) throws {
        guard let text = request.header("if-unmodified-since") else { return }
        guard let since = HTTPDate.parse(text) else {
            throw SalesforceFailure.make(
                400, "INVALID_HEADER", "Invalid value of the header If-Unmodified-Since: \(text)")
        }
        if wasChanged(record, after: since) { throw ServiceFailure(ServiceResponse(412)) }
    }

    private func fields(_ object: SalesforceObject) throws -> [SalesforceField]? {
        guard let text = request.option("fields"), !text.trimmed.isEmpty else { return nil }
        return try text.split(separator: ",").map { try field(String($0).trimmed, of: object) }
    }

    /// A field of an object, or the refusal of one that it has not.
    func field(_ name: String, of object: SalesforceObject) throws -> SalesforceField {
        guard let field = object.field(name) else {
            throw SalesforceFailure.make(
                400, "INVALID_FIELD", "No such column '\(name)' on sobject of type \(object.name)")
        }
        return field
    }

    private func external(_ object: SalesforceObject, _ name: String, _ value: String) throws -> ServiceResponse {
        guard let field = object.field(name), field.isExternalID || field.kind == .id else {
            throw SalesforceFailure.make(
                404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: \(name)")
        }
        if field.kind == .id { return try record(object, value) }
        let found = try transaction.records(object.kind, where: field.name, is: value)
        guard found.count <= 1 else {
            return json(300, .array(found.map { .string(SalesforceStore.url(object, $0.id, version)) }))
        }
        switch (request.method, found.first) {
        case ("GET", let record?): return try read(object, record)
        case ("DELETE", let record?):
            try SalesforceStore.delete(object, record, by: user.id, in: transaction)
            return ServiceResponse(204)
        case ("PATCH", let record):
            var given = try body()
            guard given.value(ignoringCase: field.name) == nil else {
                throw SalesforceFailure.make(
                    400, "INVALID_FIELD",
                    "The \(field.name) field should not be specified in the sobject data.")
            }
            if let record {
                try checkUnmodified(record)
                _ = try SalesforceStore.update(object, record, given, by: user.id, in: transaction)
                guard versionNumber >= 46 else { return ServiceResponse(204) }
                return json(
                    200, ["id": .string(record.id), "success": true, "errors": [], "created": false])
            }
            guard request.option("updateOnly")?.lowercased() != "true" else { throw SalesforceFailure.notFound }
            given[field.name] = .string(value)
            let made = try SalesforceStore.create(object, given, by: user.id, in: transaction)
            return created(object, made.id, extra: ["created": true])
        case ("GET", nil), ("DELETE", nil): throw SalesforceFailure.notFound
        default: throw SalesforceService.methodNotAllowed(request.method, "DELETE,GET,HEAD,PATCH")
        }
    }

    // MARK: Queries

    private func query(includesDeleted: Bool) throws -> ServiceResponse {
        guard request.method == "GET" else { throw SalesforceService.methodNotAllowed(request.method, "HEAD,GET") }
        guard let text = request.option("q"), !text.trimmed.isEmpty else {
            throw SalesforceFailure.make(400, "MALFORMED_QUERY", "A query string has to be specified")
        }
        let execution = SOQLExecution(
            transaction: transaction, version: version, text: text, includesDeleted: includesDeleted)
        let query: SOQLQuery
        do {
            query = try SOQLParser.parse(text, now: transaction.now)
        } catch {
            throw execution.failure(error)
        }
        switch try execution.run(query) {
        case .count(let count):
            return json(200, ["totalSize": .integer(Int64(count)), "done": true, "records": []])
        case .rows(let rows):
            return json(200, ["totalSize": .integer(Int64(rows.count)), "done": true, "records": .array(rows)])
        case .records(let object, let records):
            return try SalesforcePages.first(query, object, records, execution, call: self)
        }
    }
}
