public import FlowCore
public import FlowDefinitions
public import FlowHTTP

/// Salesforce (`salesforce`), over its REST API.
///
/// Lists become SOQL queries; a created or changed record is read back, as the platform's connector does. Records come
/// without their `attributes`.
public struct SalesforceConnector: Connector {
    let access: SalesforceAccess
    let schemas = SalesforceSchemas()

    /// Makes the connector.
    /// - Parameters:
    ///   - transport: how the service is called.
    ///   - renewed: is told a connection's name and its new refresh token, whenever the service gives one.
    public init(
        transport: any HTTPTransport, renewed: @escaping @Sendable (String, String) -> Void = { _, _ in }
    ) {
        access = SalesforceAccess(transport: transport, renewed: renewed)
    }

    /// `salesforce`.
    public let name = "salesforce"
    /// Salesforce.
    public let displayName = "Salesforce"
    /// The operations of the platform's connector, deprecated names included.
    public var operations: [ConnectorOperation] { SalesforceOperations.all }
    /// New and changed records.
    public var triggers: [ConnectorTrigger] { SalesforceOperations.triggers }
    /// The connected app and the user's credentials.
    public var connectionParameters: [ConnectionParameter] { SalesforceAccess.connectionParameters }

    /// Signs in and runs a query: only that tells whether the account may use the API.
    public func signIn(_ session: ConnectionSession) async throws(FlowError) {
        _ = try await access.token(session, isFresh: true)
        let response = try await access.organization(session).query("SELECT Id FROM User LIMIT 1")
        if response.status == 401 || response.status == 403 {
            throw FlowError.denied(
                response, session.connection,
                hint:
                    "the profile of \(session.connection.account) needs 'API Enabled'; a trial organization has no API")
        }
        guard response.isSuccess else { throw FlowError.refusal(response, of: name, doing: "a first query") }
    }

    /// A request by hand is as repeatable as its method.
    public func replay(of call: OperationCall) -> ReplayRule {
        guard case .request? = SalesforceOperations.kind(call.operationID) else {
            return operation(call.operationID)?.replay ?? .inDoubt
        }
        switch OperationParameters(call).text("Method")?.uppercased() ?? "GET" {
        case "GET": return .read
        case "PUT", "DELETE", "PATCH": return .idempotent
        default: return .inDoubt
        }
    }

    /// Calls the service.
    public func perform(
        _ call: OperationCall, in session: ConnectionSession
    ) async throws(FlowError) -> OperationAnswer {
        guard let kind = SalesforceOperations.kind(call.operationID) else {
            throw FlowError.unknownOperation(call.operationID, of: self)
        }
        let parameters = OperationParameters(call)
        let organization = access.organization(session)
        switch kind {
        case .list(let table):
            let table = if let table { table } else { try parameters.required("table") }
            return try await list(table, parameters, organization, minimum: call.minimumItemCount)
        case .get:
            let (table, id) = (try parameters.required("table"), try parameters.required("id"))
            return try await record(table, id, parameters.text("$select"), organization)
        case .getByExternalID: return try await recordByExternalID(parameters, organization)
        case .create: return try await create(parameters, organization)
        case .update: return try await update(parameters, organization)
        case .upsert: return try await upsert(parameters, organization)
        case .delete:
            return try await organization.send("DELETE", try Self.path(parameters)).answer
        case .query: return try await query(parameters, organization, minimum: call.minimumItemCount)
        case .search:
            return try await organization.send("GET", "/search", query: [("q", try parameters.required("q"))]).answer
        case .request: return try await request(parameters, organization)
        case .tables: return try await tables(organization)
        }
    }

    // MARK: Lists

    private func list(
        _ table: String, _ parameters: OperationParameters, _ organization: SalesforceOrganization, minimum: Int?
    ) async throws(FlowError) -> OperationAnswer {
        var list: SOQL.List
        switch try await query(table, parameters, organization) {
        case .success(let found): list = found
        case .failure(let refused): return refused.response.answer
        }
        list.limit = try parameters.integer("$top")
        list.offset = try parameters.integer("$skip")
        let first = try await organization.query(list.text)
        guard first.isSuccess else { return first.answer }
        var (records, next) = try Self.page(first)
        let wanted = min(max(list.limit ?? 0, minimum ?? 0), ListPages.maximumItems)
        while records.count < wanted, let path = next {
            let response = try await organization.page(path)
            guard response.isSuccess else { return response.answer }
            let (more, following) = try Self.page(response)
            records += more
            next = following
        }
        return first.answer(["value": .array(records)])
    }

    /// The query of a list or trigger: fields, filter and order.
    func query(
        _ table: String, _ parameters: OperationParameters, _ organization: SalesforceOrganization
    ) async throws(FlowError) -> Result<SOQL.List, RefusedResponse> {
        guard SOQL.isName(table) else { throw SOQL.invalid("table", "'\(table)' is no name of an object") }
        let filter = parameters.text("$filter")
        var fields: SalesforceFields?
        // Without `$select` all fields are asked for; and a value in quotes needs the field's type.
        if parameters.text("$select") == nil || filter?.contains("'") == true {
            switch try await schemas.fields(of: table, organization) {
            case .success(let found): fields = found
            case .failure(let refused): return .failure(refused)
            }
        }
        var list = SOQL.List(table: table, fields: fields?.names ?? ["Id"])
        if let select = parameters.text("$select") { list.fields = try SOQL.select(select) }
        if let filter { list.conditions = [try SOQLFilter.condition(filter, fields: fields)] }
        if let order = parameters.text("$orderby") { list.orderBy = try SOQL.orderBy(order) }
        return .success(list)
    }

    /// The records of a query's answer without `attributes`, and the path of the next page.
    static func page(_ response: HTTPResponse) throws(FlowError) -> (records: [JSON], next: String?) {
        guard let value = response.value, let records = value["records"]?.arrayValue else {
            throw FlowError.unreadable(response, of: "salesforce")
        }
        return (records.map(withoutAttributes), value["nextRecordsUrl"]?.stringValue)
    }

    private static func withoutAttributes(_ record: JSON) -> JSON {
        switch record {
        case .object(var object):
            object["attributes"] = nil
            for (place, value) in object.values.enumerated() {
                switch value {
                case .object, .array: object.setValue(at: place, withoutAttributes(value))
                default: break
                }
            }
            return .object(object)
        case .array(let values): return .array(values.map(withoutAttributes))
        default: return record
        }
    }

    // MARK: Records

    private static func path(_ parameters: OperationParameters) throws(FlowError) -> String {
        let (table, id) = (try parameters.required("table"), try parameters.required("id"))
        return "/sobjects/\(PercentEncoding.encode(table))/\(PercentEncoding.encode(id))"
    }

    private static func externalPath(_ parameters: OperationParameters) throws(FlowError) -> String {
        let parts = [
            try parameters.required("table"), try parameters.required("externalIdField"),
            try parameters.required("externalId"),
        ]
        return "/sobjects/" + parts.map(PercentEncoding.encode).joined(separator: "/")
    }

    private func record(
        _ table: String, _ id: String, _ select: String?, _ organization: SalesforceOrganization
    ) async throws(FlowError) -> OperationAnswer {
        let path = "/sobjects/\(PercentEncoding.encode(table))/\(PercentEncoding.encode(id))"
        var fields: String?
        if let select { fields = try SOQL.select(select).joined(separator: ",") }
        let response = try await organization.send("GET", path, query: [("fields", fields)])
        return response.isSuccess ? response.answer(response.value.map(Self.withoutAttributes)) : response.answer
    }

    private func recordByExternalID(
        _ parameters: OperationParameters, _ organization: SalesforceOrganization
    ) async throws(FlowError) -> OperationAnswer {
        let response = try await organization.send("GET", try Self.externalPath(parameters))
        return response.isSuccess ? response.answer(response.value.map(Self.withoutAttributes)) : response.answer
    }

    private func create(
        _ parameters: OperationParameters, _ organization: SalesforceOrganization
    ) async throws(FlowError) -> OperationAnswer {
        let table = try parameters.required("table")
        let item = JSON.object(try parameters.requiredObject("item"))
        let response = try await organization.send(
            "POST", "/sobjects/\(PercentEncoding.encode(table))", headers: ["Sforce-Auto-Assign": "true"], json: item)
        guard response.isSuccess else { return response.answer }
        guard let id = response.value?["id"]?.stringValue else { throw FlowError.unreadable(response, of: name) }
        return await reread(table, id, response, organization)
    }

    /// The record after a write.
    ///
    /// The write has happened, so that a failing read is no failure of the operation.
    private func reread(
        _ table: String, _ id: String, _ response: HTTPResponse, _ organization: SalesforceOrganization,
        select: String? = nil, status: Int? = nil
    ) async -> OperationAnswer {
        let status = status ?? response.status
        if let record = try? await record(table, id, select, organization), record.statusCode == 200 {
            return OperationAnswer(statusCode: status, headers: record.headers, body: record.body)
        }
        return response.answer(["Id": .string(id)], status: status)
    }

    private func update(
        _ parameters: OperationParameters, _ organization: SalesforceOrganization
    ) async throws(FlowError) -> OperationAnswer {
        let (table, id) = (try parameters.required("table"), try parameters.required("id"))
        let item = JSON.object(try parameters.requiredObject("item"))
        var headers: HTTPHeaders = ["Sforce-Auto-Assign": "true"]
        headers["If-Unmodified-Since"] = parameters.text("If-Unmodified-Since")
        let response = try await organization.send("PATCH", try Self.path(parameters), headers: headers, json: item)
        guard response.isSuccess else { return response.answer }
        return await reread(table, id, response, organization, select: parameters.text("$select"), status: 200)
    }

    private func upsert(
        _ parameters: OperationParameters, _ organization: SalesforceOrganization
    ) async throws(FlowError) -> OperationAnswer {
        var item = try parameters.requiredObject("item")
        // The service refuses the field of the address in the body.
        let field = try parameters.required("externalIdField")
        for key in item.keys where key.lowercased() == field.lowercased() { item[key] = nil }
        let path = try Self.externalPath(parameters)
        let response = try await organization.send("PATCH", path, json: .object(item))
        guard response.isSuccess, response.status != 300 else { return response.answer }
        let table = try parameters.required("table")
        if let id = response.value?["id"]?.stringValue { return await reread(table, id, response, organization) }
        guard let read = try? await recordByExternalID(parameters, organization), read.statusCode == 200 else {
            return response.answer(nil, status: 200)
        }
        return read
    }

    // MARK: Queries and requests by hand

    private func query(
        _ parameters: OperationParameters, _ organization: SalesforceOrganization, minimum: Int?
    ) async throws(FlowError) -> OperationAnswer {
        // The body may be one object with `query` and `parameters`, and may be flattened.
        var soql = parameters.value("query")?.stringValue ?? ""
        var values = try parameters.object("parameters") ?? [:]
        for name in ["query", "body"] where soql.isEmpty {
            guard let body = try parameters.object(name) else { continue }
            soql = body["query"]?.stringValue ?? ""
            if let more = body["parameters"]?.objectValue { values = more }
        }
        guard !soql.isEmpty else {
            throw FlowError(
                .operationParameterMissing, "The API operation 'ExecuteSoqlQuery' requires 'query' to be set.")
        }
        let first = try await organization.query(try SOQL.replacing(soql, values))
        guard let minimum, first.isSuccess, var value = first.value?.objectValue,
            var records = value["records"]?.arrayValue
        else { return first.answer }
        var next = value["nextRecordsUrl"]?.stringValue
        while records.count < min(minimum, ListPages.maximumItems), let path = next {
            let response = try await organization.page(path)
            guard response.isSuccess, let page = response.value else { return response.answer }
            records += page["records"]?.arrayValue ?? []
            next = page["nextRecordsUrl"]?.stringValue
        }
        value["records"] = .array(records)
        value["done"] = .bool(next == nil)
        value["nextRecordsUrl"] = next.map { .string($0) }
        return first.answer(.object(value))
    }

    private func request(
        _ parameters: OperationParameters, _ organization: SalesforceOrganization
    ) async throws(FlowError) -> OperationAnswer {
        let method = parameters.text("Method")?.uppercased() ?? "GET"
        let base = try await organization.base()
        let uri = try parameters.required("Uri")
        // The token goes nowhere but to the organization.
        guard let home = URLParts(base), let target = home.resolving(uri), target.hasSameOrigin(as: home) else {
            throw FlowError(
                .operationParameterInvalid, "The parameter 'Uri' leads away from the organization \(base).",
                hint: "use a path such as /services/data/v58.0/sobjects/Account")
        }
        var request = ServiceRequest(method, target.text)
        for number in 1...5 {
            guard let header = parameters.text("CustomHeader\(number)"), let colon = header.firstIndex(of: ":") else {
                continue
            }
            request.headers[SOQL.trimmed(header[..<colon])] = SOQL.trimmed(header[header.index(after: colon)...])
        }
        if let body = parameters.value("Body") {
            request.headers["Content-Type"] = parameters.text("ContentType") ?? "application/json"
            request.body = body.stringValue.map { Array($0.utf8) } ?? body.bytes
        }
        return try await organization.caller.send(request).answer
    }

    private func tables(_ organization: SalesforceOrganization) async throws(FlowError) -> OperationAnswer {
        let response = try await organization.send("GET", "/sobjects")
        guard response.isSuccess else { return response.answer }
        guard let objects = response.value?["sobjects"]?.arrayValue else {
            throw FlowError.unreadable(response, of: name)
        }
        let tables = objects.compactMap { object -> JSON? in
            guard let name = object["name"] else { return nil }
            return ["Name": name, "DisplayName": object["label"] ?? name]
        }
        return response.answer(["value": .array(tables)])
    }

    // MARK: Recovery

    /// Asks for the record that a call would have made, or whether the one it deletes is gone.
    public func lookUp(
        _ call: OperationCall, intendedAt: Timestamp, in session: ConnectionSession
    ) async throws(FlowError) -> OperationAnswer? {
        let parameters = OperationParameters(call)
        let organization = access.organization(session)
        switch SalesforceOperations.kind(call.operationID) {
        case .create?: return try await created(parameters, since: intendedAt, organization)
        case .delete?:
            let response = try await organization.send(
                "GET", try Self.path(parameters), query: [("fields", "Id")])
            if response.status == 404 { return OperationAnswer(statusCode: 204, headers: response.headerObject) }
            guard response.isSuccess else {
                throw FlowError.refusal(response, of: name, doing: "to look for the record")
            }
            return nil
        default: return nil
        }
    }

    private func created(
        _ parameters: OperationParameters, since intent: Timestamp, _ organization: SalesforceOrganization
    ) async throws(FlowError) -> OperationAnswer? {
        let table = try parameters.required("table")
        let item = try parameters.requiredObject("item")
        let fields: SalesforceFields
        switch try await schemas.fields(of: table, organization) {
        case .success(let found): fields = found
        case .failure(let refused):
            throw FlowError.refusal(refused.response, of: name, doing: "to describe the object \(table)")
        }
        var conditions: [String] = []
        for (key, value) in item where fields[key]?.isExternalID == true && !value.isNull {
            guard let literal = SOQL.literal(value, type: fields[key]?.type) else { continue }
            conditions.append("\(key) = \(literal)")
        }
        if conditions.isEmpty {
            conditions.append("CreatedDate >= \((intent - .seconds(60)).secondsDescription)")
            if let user = try await organization.userID() { conditions.append("CreatedById = \(SOQL.literal(user))") }
            for (key, value) in item where SOQL.isName(key) && fields[key]?.isFilterable == true && !value.isNull {
                guard let literal = SOQL.literal(value, type: fields[key]?.type) else { continue }
                conditions.append("\(key) = \(literal)")
            }
        }
        let list = SOQL.List(
            table: table, fields: ["Id"], conditions: conditions, orderBy: "CreatedDate ASC", limit: 1)
        let response = try await organization.query(list.text)
        guard response.isSuccess else {
            throw FlowError.refusal(response, of: name, doing: "to look for the record")
        }
        guard let id = try Self.page(response).records.first?["Id"]?.stringValue else { return nil }
        return await reread(table, id, response, organization, status: 201)
    }

    /// Asks for records that are new or changed.
    public func poll(_ poll: TriggerPoll, in session: ConnectionSession) async throws(FlowError) -> TriggerPollAnswer {
        guard let trigger = triggers.first(where: { $0.id.lowercased() == poll.triggerID.lowercased() }) else {
            throw FlowError.unknownTrigger(poll.triggerID, of: self)
        }
        let field = trigger.id == "GetOnNewItems" ? "CreatedDate" : "LastModifiedDate"
        return try await SalesforcePolling(connector: self, organization: access.organization(session), field: field)
            .ask(poll)
    }
}
