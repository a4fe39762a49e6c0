import FlowCore

/// Full-text search: `search` (SOSL) and `parameterizedSearch`.
///
/// | route | what it does |
/// | --- | --- |
/// | `GET …/search?q=` | `FIND {term} [IN ALL|NAME|EMAIL|PHONE FIELDS] [RETURNING T(fields [WHERE …] [ORDER BY …] [LIMIT n] [OFFSET n]), …] [LIMIT n]` |
/// | `GET …/parameterizedSearch?q=` | `in fields sobject T.fields T.where T.limit defaultLimit overallLimit` |
/// | `POST …/parameterizedSearch` | the same as `{"q","in","fields","sobjects":[{"name","fields","where","limit"}],"defaultLimit","overallLimit"}` |
///
/// Answers `{"searchRecords":[…]}`, up to v36 the array alone. Searched are texts, e-mail addresses, telephone numbers and web addresses; what was written is
/// found at once. Refused with `MALFORMED_SEARCH`: `WITH`, `UPDATE`, `USING`, SIDEBAR FIELDS, subqueries, and every further parameter.
struct SalesforceSearch {
    private static let mostRecords = 2_000
    let call: SalesforceCall

    /// 400 for a search that cannot be understood.
    static func malformed(_ message: String) -> ServiceFailure {
        SalesforceFailure.make(400, "MALFORMED_SEARCH", message)
    }

    /// Answers `GET …/search`.
    func search() throws -> ServiceResponse {
        guard call.request.method == "GET" else {
            throw SalesforceService.methodNotAllowed(call.request.method, "HEAD,GET")
        }
        guard let text = call.request.option("q"), !text.trimmed.isEmpty else {
            throw Self.malformed("A search string has to be specified")
        }
        return try answer(try SOSLQuery.parse(text))
    }

    /// Answers `…/parameterizedSearch`.
    func parameterized() throws -> ServiceResponse {
        switch call.request.method {
        case "GET": return try answer(try ofOptions())
        case "POST": return try answer(try ofBody(try call.body()))
        default: throw SalesforceService.methodNotAllowed(call.request.method, "HEAD,GET,POST")
        }
    }

    // MARK: Parameters

    private func ofOptions() throws -> SOSLQuery {
        var body = JSONObject()
        var objects: [String] = []
        var members: [String: JSONObject] = [:]
        func texts(_ value: String) -> JSON { .array(value.split(separator: ",").map { .string(String($0).trimmed) }) }
        for (name, value) in call.request.query {
            let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
            switch name {
            case "q", "in": body[name] = .string(value)
            case "fields": body[name] = texts(value)
            case "defaultLimit", "overallLimit": body[name] = Int64(value).map { .integer($0) } ?? .string(value)
            case "sobject": objects.append(value)
            default:
                guard parts.count == 2 else { throw Self.malformed("The parameter '\(name)' is not supported.") }
                members[parts[0].lowercased(), default: [:]][parts[1]] =
                    parts[1] == "fields" ? texts(value) : Int64(value).map { .integer($0) } ?? .string(value)
            }
        }
        let known = Set(objects.map { $0.lowercased() })
        if let name = members.keys.first(where: { !known.contains($0) }) {
            throw Self.malformed("'\(name)' has parameters, but is not named by sobject.")
        }
        if !objects.isEmpty {
            body["sobjects"] = .array(
                objects.map { name in
                    var object = members[name.lowercased()] ?? [:]
                    object["name"] = .string(name)
                    return .object(object)
                })
        }
        return try ofBody(body)
    }

    private func ofBody(_ body: JSONObject) throws -> SOSLQuery {
        let known: Set<String> = ["q", "in", "fields", "sobjects", "defaultLimit", "overallLimit"]
        if let name = body.keys.first(where: { !known.contains($0) }) {
            throw Self.malformed("The parameter '\(name)' is not supported.")
        }
        guard let text = body["q"]?.stringValue else { throw Self.malformed("The parameter 'q' is required.") }
        var query = SOSLQuery(term: try SOSLTerm.parse(text))
        if let scope = body["in"]?.stringValue { query.scope = try SOSLQuery.scope(scope) }
        query.limit = try limit(body["overallLimit"], "overallLimit")
        let usual = try limit(body["defaultLimit"], "defaultLimit")
        let fields = Self.fields(body["fields"])
        guard fields == nil || body["sobjects"] != nil else {
            throw Self.malformed("'fields' needs objects: sobjects, or the parameter sobject.")
        }
        for object in body["sobjects"]?.arrayValue ?? [] {
            let members: Set<String> = ["name", "fields", "where", "limit"]
            if let name = object.objectValue?.keys.first(where: { !members.contains($0) }) {
                throw Self.malformed("The parameter '\(name)' of an object is not supported.")
            }
            guard let name = object["name"]?.stringValue else { throw Self.malformed("An object needs a 'name'.") }
            var part = SOSLQuery.Part(object: name)
            part.fields = Self.fields(object["fields"]) ?? fields ?? "Id"
            if let condition = object["where"]?.stringValue { part.clauses = "WHERE \(condition)" }
            if let limit = try limit(object["limit"], "limit") ?? usual { part.clauses += " LIMIT \(limit)" }
            query.parts.append(part)
        }
        return query
    }

    private static func fields(_ value: JSON?) -> String? {
        guard let names = value?.arrayValue?.compactMap(\.stringValue), !names.isEmpty else { return nil }
        return names.joined(separator: ", ")
    }

    private func limit(_ value: JSON?, _ name: String) throws -> Int? {
        guard let value else { return nil }
        guard let number = value.integerValue, (1...Int64(Self.mostRecords)).contains(number) else {
            throw Self.malformed("'\(name)' must be from 1 to \(Self.mostRecords).")
        }
        return Int(number)
    }

    // MARK: Searching

    private func answer(_ search: SOSLQuery) throws -> ServiceResponse {
        let parts = search.parts.isEmpty ? SalesforceSchema.objects.map { .init(object: $0.name) } : search.parts
        var rows: [JSON] = []
        for part in parts { rows += try found(search, part) }
        rows = Array(rows.prefix(search.limit ?? Self.mostRecords))
        return call.json(200, call.versionNumber >= 37 ? ["searchRecords": .array(rows)] : .array(rows))
    }

    private func found(_ search: SOSLQuery, _ part: SOSLQuery.Part) throws -> [JSON] {
        let execution = SOQLExecution(
            transaction: call.transaction, version: call.version, text: part.soql, includesDeleted: false)
        var query: SOQLQuery
        do {
            query = try SOQLParser.parse(part.soql, now: call.transaction.now)
        } catch {
            throw execution.failure(error)
        }
        let areFields = query.columns.allSatisfy { if case .field = $0 { true } else { false } }
        guard areFields, !query.isCount, !query.isAggregate else {
            throw Self.malformed("RETURNING \(part.object) takes fields only: no functions, no subqueries.")
        }
        // Limit and offset count what was found, not what was searched.
        let (offset, limit) = (query.offset, query.limit)
        (query.offset, query.limit) = (0, nil)
        guard case .records(let object, let records) = try execution.run(query) else { return [] }
        let fields = Self.searched(object, search.scope)
        let fitting = records.filter { record in
            search.term.matches(
                fields.map { SOSLTerm.words(SalesforceStore.value($0, of: record).stringValue ?? "") })
        }
        return try fitting.dropFirst(offset).prefix(limit ?? Self.mostRecords)
            .map { try execution.row(query, object, $0) }
    }

    private static func searched(_ object: SalesforceObject, _ scope: SOSLQuery.Scope) -> [SalesforceField] {
        object.fields.filter { field in
            switch scope {
            case .all: [.string, .textarea, .email, .phone, .url].contains(field.kind)
            case .name: field.name == "Name"
            case .email: field.kind == .email
            case .phone: field.kind == .phone
            }
        }
    }
}
