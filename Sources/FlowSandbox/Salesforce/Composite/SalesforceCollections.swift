import FlowCore

/// Up to 200 records at once: the resource `composite/sobjects`.
///
/// | route | what it does |
/// | --- | --- |
/// | `POST …/composite/sobjects` | creates; each record names its object in `attributes.type` |
/// | `PATCH …/composite/sobjects` | changes records by their `id` |
/// | `PATCH …/composite/sobjects/{T}/{externalIdField}` | upserts |
/// | `DELETE …/composite/sobjects?ids=a,b&allOrNone=` | deletes |
/// | `GET …/composite/sobjects/{T}?ids=a,b&fields=x,y`, `POST` with `{"ids","fields"}` | reads; null for a record that is not there |
///
/// A write answers 200 with a result for each record in order; with `allOrNone` one that fails undoes the others.
struct SalesforceCollections {
    static let mostRecords = 200
    let call: SalesforceCall

    func respond(_ path: [String]) throws -> ServiceResponse {
        let request = call.request
        switch (request.method, path.count) {
        case ("POST", 0): return try write("insert", key: "", only: nil)
        case ("PATCH", 0): return try write("update", key: "", only: nil)
        case ("PATCH", 2):
            let object = try object(path[0])
            guard let field = object.field(path[1]), field.isExternalID || field.kind == .id else {
                throw SalesforceFailure.make(
                    404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: \(path[1])")
            }
            return try write("upsert", key: field.name, only: object)
        case ("DELETE", 0): return try delete()
        case ("GET", 1):
            return try read(try object(path[0]), list(request.option("ids")), list(request.option("fields")))
        case ("POST", 1):
            let body = try call.body()
            func texts(_ name: String) -> [String] { body[name]?.arrayValue?.compactMap(\.stringValue) ?? [] }
            return try read(try object(path[0]), texts("ids"), texts("fields"))
        case (_, 0...2): throw SalesforceService.methodNotAllowed(request.method, "DELETE,GET,HEAD,PATCH,POST")
        default: throw SalesforceFailure.notFound
        }
    }

    // MARK: Writing

    private func write(_ operation: String, key: String, only: SalesforceObject?) throws -> ServiceResponse {
        let body = try call.body()
        guard let records = body["records"]?.arrayValue, !records.isEmpty else {
            throw SalesforceComposite.unreadable("The request needs an array 'records' with at least one record.")
        }
        return try each(records, allOrNone: body["allOrNone"]?.boolValue ?? false) { record in
            var given = record.objectValue ?? [:]
            let type = given["attributes"]?["type"]?.stringValue ?? ""
            guard let object = SalesforceSchema.object(type), only == nil || only?.name == object.name else {
                throw SalesforceFailure.make(
                    400, "INVALID_TYPE",
                    type.isEmpty
                        ? "Must send a concrete entity type." : "sObject type '\(type)' is not supported here.",
                    fields: [])
            }
            var id = ""
            if operation != "insert", let name = given.first(where: { $0.0.lowercased() == "id" })?.0 {
                id = given[name]?.stringValue ?? ""
                given[name] = nil
            }
            let written = try SalesforceWrite(object: object, user: call.user.id, transaction: call.transaction)
                .perform(operation, key: key, id, given)
            return operation == "upsert" ? (written.id, written.isCreated) : (written.id, nil)
        }
    }

    private func delete() throws -> ServiceResponse {
        let ids = list(call.request.option("ids"))
        guard !ids.isEmpty else {
            throw SalesforceFailure.make(400, "MISSING_ARGUMENT", "The parameter 'ids' is required.")
        }
        let allOrNone = call.request.option("allOrNone")?.lowercased() == "true"
        return try each(ids.map { .string($0) }, allOrNone: allOrNone) { value in
            let id = value.stringValue ?? ""
            guard let object = SalesforceSchema.objects.first(where: { id.hasPrefix($0.keyPrefix) }) else {
                throw SalesforceFailure.make(400, "MALFORMED_ID", "malformed id \(id)", fields: [])
            }
            let written = try SalesforceWrite(object: object, user: call.user.id, transaction: call.transaction)
                .perform("delete", key: "", id, [:])
            return (written.id, nil)
        }
    }

    /// Writes one after the other; what fails undoes itself, with `allOrNone` everything.
    private func each(
        _ records: [JSON], allOrNone: Bool, _ write: (JSON) throws -> (id: String, isCreated: Bool?)
    ) throws -> ServiceResponse {
        guard records.count <= Self.mostRecords else {
            throw SalesforceFailure.make(
                400, "EXCEEDED_ID_LIMIT",
                "record limit reached. cannot submit more than \(Self.mostRecords) records into this call")
        }
        var results: [JSON] = []
        var hasErrors = false
        try call.transaction.together {
            for record in records {
                let answer = try call.transaction.attempt {
                    let written = try write(record)
                    var result: JSONObject = ["id": .string(written.id), "success": true, "errors": []]
                    if let isCreated = written.isCreated { result["created"] = .bool(isCreated) }
                    return call.json(200, .object(result))
                }
                if answer.status >= 300 { hasErrors = true }
                results.append(
                    answer.status < 300 ? answer.json : ["success": false, "errors": [Self.error(answer)]])
            }
            return !(hasErrors && allOrNone)
        }
        if hasErrors, allOrNone {
            let undone: JSON = [
                "success": false,
                "errors": [
                    [
                        "statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK",
                        "message":
                            "Record rolled back because not all records were valid and the request was using AllOrNone header",
                        "fields": [],
                    ]
                ],
            ]
            results = results.map { $0["success"] == true ? undone : $0 }
        }
        return call.json(200, .array(results))
    }

    /// A refusal as a result tells it: `statusCode`, `message`, `fields`.
    static func error(_ refusal: ServiceResponse) -> JSON {
        let error = refusal.json[0] ?? .null
        return [
            "statusCode": error["errorCode"] ?? .null, "message": error["message"] ?? .null,
            "fields": error["fields"] ?? [],
        ]
    }

    // MARK: Reading

    private func read(_ object: SalesforceObject, _ ids: [String], _ names: [String]) throws -> ServiceResponse {
        guard !ids.isEmpty, !names.isEmpty else {
            throw SalesforceFailure.make(400, "MISSING_ARGUMENT", "'ids' and 'fields' are required.")
        }
        // 2,000 is what a POST may ask for; a GET ends at the length of its address.
        guard ids.count <= 2_000 else {
            throw SalesforceFailure.make(
                400, "EXCEEDED_ID_LIMIT", "record limit reached. cannot read more than 2000 records")
        }
        let fields = try names.map { try call.field($0, of: object) }
        let records: [JSON] = try ids.map { id in
            guard let full = SalesforceID.full(id), let record = try call.transaction.record(object.kind, full),
                !record.isDeleted
            else { return .null }
            return SalesforceStore.wire(object, record, version: call.version, fields: fields)
        }
        return call.json(200, .array(records))
    }

    private func object(_ name: String) throws -> SalesforceObject {
        guard let object = SalesforceSchema.object(name) else { throw SalesforceFailure.unknownType(name) }
        return object
    }

    private func list(_ text: String?) -> [String] { (text ?? "").split(separator: ",").map { String($0).trimmed } }
}
