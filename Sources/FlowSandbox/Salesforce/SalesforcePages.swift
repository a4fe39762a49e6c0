import FlowCore

/// Long results: the ids of a query's records are kept, and each page is made when it is asked for.
enum SalesforcePages {
    private static let kind = "salesforce/locator"

    /// The first page; it keeps the rest for later where there is more.
    static func first(
        _ query: SOQLQuery, _ object: SalesforceObject, _ records: [Record], _ execution: SOQLExecution,
        call: SalesforceCall
    ) throws -> ServiceResponse {
        let size = batchSize(call.request)
        var body: JSONObject = [
            "totalSize": .integer(Int64(records.count)), "done": .bool(records.count <= size),
        ]
        if records.count > size {
            let transaction = call.transaction
            let locator = SalesforceID.make(prefix: "01g", number: try transaction.next("salesforce locator"))
            try transaction.insert(
                kind, locator,
                [
                    "query": .string(execution.text), "size": .integer(Int64(size)), "user": .string(call.user.id),
                    "deleted": .bool(execution.includesDeleted), "ids": .array(records.map { .string($0.id) }),
                ], at: transaction.now)
            body["nextRecordsUrl"] = .string("/services/data/\(call.version)/query/\(locator)-\(size)")
        }
        body["records"] = .array(try records.prefix(size).map { try execution.row(query, object, $0) })
        return call.json(200, .object(body))
    }

    /// A later page by its locator, `01g…-2000`.
    static func next(_ locator: String, call: SalesforceCall) throws -> ServiceResponse {
        let transaction = call.transaction
        let parts = locator.split(separator: "-")
        guard parts.count == 2, let offset = Int(parts[1]), let kept = try transaction.record(kind, String(parts[0])),
            kept.body["user"]?.stringValue == call.user.id, transaction.now < kept.created + .seconds(900),
            let text = kept.body["query"]?.stringValue, let ids = kept.body["ids"]?.arrayValue, offset < ids.count
        else { throw SalesforceFailure.make(400, "INVALID_QUERY_LOCATOR", "invalid query locator") }
        let size = Int(kept.body["size"]?.integerValue ?? 2_000)
        let execution = SOQLExecution(
            transaction: transaction, version: call.version, text: text,
            includesDeleted: kept.body["deleted"]?.boolValue ?? false)
        guard let query = try? SOQLParser.parse(text, now: transaction.now),
            let object = SalesforceSchema.object(query.from)
        else { throw SalesforceFailure.make(400, "INVALID_QUERY_LOCATOR", "invalid query locator") }
        let end = min(offset + size, ids.count)
        var rows: [JSON] = []
        for id in ids[offset..<end].compactMap(\.stringValue) {
            guard let record = try transaction.record(object.kind, id), execution.includesDeleted || !record.isDeleted
            else { continue }
            rows.append(try execution.row(query, object, record))
        }
        var body: JSONObject = ["totalSize": .integer(Int64(ids.count)), "done": .bool(end == ids.count)]
        if end < ids.count {
            body["nextRecordsUrl"] = .string("/services/data/\(call.version)/query/\(parts[0])-\(end)")
        }
        body["records"] = .array(rows)
        return call.json(200, .object(body))
    }

    private static func batchSize(_ request: ServiceRequest) -> Int {
        for option in request.list("sforce-query-options") {
            let parts = option.split(separator: "=")
            if parts.count == 2, parts[0] == "batchSize", let size = Int(parts[1]) { return min(max(size, 200), 2_000) }
        }
        return 2_000
    }
}
