import FlowCore

/// Bulk API 2.0: jobs that write uploaded rows, and jobs that give the rows of a query.
///
/// | route | what it does |
/// | --- | --- |
/// | `POST …/jobs/ingest`, `…/jobs/query` | a job: `Open` until its rows are there; a query's is carried out |
/// | `GET …/jobs/ingest`, `…/jobs/query` | all jobs |
/// | `PUT …/jobs/ingest/{id}/batches` | the rows as CSV, once; 201 |
/// | `PATCH …/jobs/{way}/{id}` | `{"state":"UploadComplete"}` carries the rows out, `Aborted` ends the job |
/// | `GET …/jobs/{way}/{id}` | the job with its counts; `DELETE` forgets it, 204 |
/// | `GET …/jobs/ingest/{id}/successfulResults`, `failedResults`, `unprocessedrecords` | CSV |
/// | `GET …/jobs/query/{id}/results` | CSV, `?maxRecords=n&locator=`; `Sforce-Locator`, `Sforce-NumberOfRecords` |
///
/// A job is carried out in the request that lets it go, but tells `UploadComplete` there, as the service does: whoever asks
/// next finds it done. `hardDelete` needs a permission that nobody here has.
struct SalesforceBulk {
    let call: SalesforceCall

    func respond(_ path: [String]) throws -> ServiceResponse {
        guard let name = path.first, let way = BulkJob.Way(rawValue: name) else { throw SalesforceFailure.notFound }
        guard call.versionNumber >= (way == .query ? 47 : 41) else { throw SalesforceFailure.notFound }
        switch (call.request.method, path.count) {
        case ("GET", 1): return try list(way)
        case ("POST", 1): return call.json(200, try create(way).wire(call.version, isWhole: false))
        case (let method, 1): throw SalesforceService.methodNotAllowed(method, "GET,HEAD,POST")
        default: break
        }
        let job = try BulkJob.find(path[1], way, in: call.transaction)
        switch (call.request.method, path.count) {
        case ("GET", 2): return call.json(200, job.wire(call.version, isWhole: true))
        case ("PATCH", 2): return try change(job, way)
        case ("DELETE", 2):
            guard job.isOver else {
                throw Self.badState("Deleting a job that is \(job.state) is not allowed; abort it first")
            }
            var record = job.record
            record.isDeleted = true
            try call.transaction.update(record)
            return ServiceResponse(204)
        case ("PUT", 3) where way == .ingest && path[2] == "batches": return try upload(job)
        case ("GET", 3): return try results(job, way, path[2].lowercased())
        default: throw SalesforceFailure.notFound
        }
    }

    private static func badState(_ message: String) -> ServiceFailure {
        SalesforceFailure.make(400, "INVALIDJOBSTATE", message)
    }

    private func list(_ way: BulkJob.Way) throws -> ServiceResponse {
        let jobs = try call.transaction.records(BulkJob.kind).filter { $0.body["way"]?.stringValue == way.rawValue }
        return call.json(
            200,
            [
                "done": true, "nextRecordsUrl": .null,
                "records": .array(jobs.map { BulkJob(record: $0).wire(call.version, isWhole: false) }),
            ])
    }

    // MARK: A new job

    private func create(_ way: BulkJob.Way) throws -> BulkJob {
        let given = try call.body()
        func text(_ name: String, _ standard: String = "") -> String { given[name]?.stringValue ?? standard }
        let operation = text("operation")
        if way == .ingest, operation == "hardDelete" {
            throw SalesforceFailure.make(
                400, "FEATURENOTENABLED", "hardDelete operation requires special user profile permission")
        }
        guard way.operations.contains(operation) else {
            throw SalesforceFailure.make(400, "INVALIDJOB", "Unsupported operation: '\(operation)'")
        }
        guard CSVText.delimiters[text("columnDelimiter", "COMMA")] != nil,
            ["LF", "CRLF"].contains(text("lineEnding", "LF")), text("contentType", "CSV") == "CSV"
        else {
            throw SalesforceFailure.make(
                400, "INVALIDJOB", "contentType must be CSV, lineEnding LF or CRLF, columnDelimiter a known name")
        }
        var body: JSONObject = [
            "way": .string(way.rawValue), "operation": .string(operation), "state": "Open",
            "columnDelimiter": .string(text("columnDelimiter", "COMMA")),
            "lineEnding": .string(text("lineEnding", "LF")), "createdById": .string(call.user.id),
        ]
        switch way {
        case .ingest:
            guard let object = SalesforceSchema.object(text("object")) else {
                throw SalesforceFailure.make(400, "INVALIDENTITY", "Unable to find object: \(text("object"))")
            }
            body["object"] = .string(object.name)
            let key = text("externalIdFieldName")
            guard (operation == "upsert") != key.isEmpty else {
                throw SalesforceFailure.make(
                    400, "INVALIDJOB",
                    operation == "upsert"
                        ? "ExternalIdFieldName is required for upsert"
                        : "ExternalIdFieldName can only be specified for upsert")
            }
            if let field = object.field(key), field.isExternalID || field.kind == .id {
                body["externalIdFieldName"] = .string(field.name)
            } else if !key.isEmpty {
                throw SalesforceFailure.make(
                    400, "INVALIDJOB", "Field \(key) is no external id of \(object.name)")
            }
        case .query:
            let (object, ids) = try found(text("query"), includesDeleted: operation == "queryAll")
            body["object"] = .string(object.name)
            body["query"] = given["query"] ?? .null
            body["ids"] = .array(ids.map { .string($0) })
            body["processed"] = .integer(Int64(ids.count))
            body["state"] = "JobComplete"
        }
        let id = SalesforceID.make(prefix: "750", number: try call.transaction.next("salesforce bulk job"))
        let job = BulkJob(record: try call.transaction.insert(BulkJob.kind, id, body))
        guard way == .query else { return job }
        var told = job
        told.record.body["state"] = "UploadComplete"
        return told
    }

    // MARK: Rows in

    private func upload(_ job: BulkJob) throws -> ServiceResponse {
        guard job.state == "Open", job.record.body["data"] == nil else {
            throw Self.badState(
                "Found multiple contents for job: <\(job.record.id)>, please 'Close' / 'Abort' / 'Delete'")
        }
        guard call.request.header("content-type")?.lowercased().hasPrefix("text/csv") == true else {
            throw SalesforceFailure.make(415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type must be text/csv")
        }
        var job = job
        job.record.body["data"] = .string(String(decoding: call.request.body, as: UTF8.self))
        try call.transaction.update(job.record)
        return ServiceResponse(201)
    }

    private func change(_ job: BulkJob, _ way: BulkJob.Way) throws -> ServiceResponse {
        var job = job
        switch try call.body()["state"]?.stringValue {
        case "UploadComplete" where way == .ingest:
            guard job.state == "Open" else { throw Self.badState("The job is \(job.state): its upload is complete") }
            guard job.record.body["data"] != nil, let object = SalesforceSchema.object(job.text("object")) else {
                throw Self.badState("The job has no data")
            }
            let ingest = BulkIngest(object: object, user: call.user.id, transaction: call.transaction)
            job = try ingest.perform(job)
            let record = try call.transaction.update(job.record)
            return call.json(
                200, BulkJob(record: record).wire(call.version, isWhole: false, state: "UploadComplete"))
        case "Aborted":
            guard !job.isOver else { throw Self.badState("Aborting a job that is \(job.state) is not allowed") }
            job.record.body["state"] = "Aborted"
            job.record.body["unprocessed"] = job.record.body["data"] ?? ""
            let record = try call.transaction.update(job.record)
            return call.json(200, BulkJob(record: record).wire(call.version, isWhole: false))
        case let state:
            throw SalesforceFailure.make(400, "INVALIDJOB", "'\(state ?? "")' is no state that a job can be given")
        }
    }

    // MARK: Rows out

    private func results(_ job: BulkJob, _ way: BulkJob.Way, _ name: String) throws -> ServiceResponse {
        guard job.isOver else { throw Self.badState("The job has no results yet: it is \(job.state)") }
        switch (way, name) {
        case (.ingest, "successfulresults"): return csv(job.text("successful"))
        case (.ingest, "failedresults"): return csv(job.text("failed"))
        case (.ingest, "unprocessedrecords"): return csv(job.text("unprocessed"))
        case (.query, "results"): return try page(job)
        default: throw SalesforceFailure.notFound
        }
    }

    private func csv(_ text: String, headers: [(name: String, value: String)] = []) -> ServiceResponse {
        var response = ServiceResponse.text(200, text, type: "text/csv")
        response.headers += headers
        return response
    }

    private func execution(_ text: String, includesDeleted: Bool) -> SOQLExecution {
        SOQLExecution(
            transaction: call.transaction, version: call.version, text: text, includesDeleted: includesDeleted)
    }

    /// The records of a query, in order.
    private func found(_ text: String, includesDeleted: Bool) throws -> (SalesforceObject, [String]) {
        let execution = execution(text, includesDeleted: includesDeleted)
        let query: SOQLQuery
        do {
            query = try SOQLParser.parse(text, now: call.transaction.now)
        } catch {
            throw execution.failure(error)
        }
        let isPlain = query.columns.allSatisfy { if case .field = $0 { true } else { false } }
        guard isPlain, query.offset == 0, case .records(let object, let records) = try execution.run(query) else {
            throw SalesforceFailure.make(
                400, "API_ERROR", "Bulk queries give fields: no aggregates, FIELDS(), subqueries, GROUP BY and OFFSET")
        }
        return (object, records.map(\.id))
    }

    private func page(_ job: BulkJob) throws -> ServiceResponse {
        let ids = (job.record.body["ids"]?.arrayValue ?? []).compactMap(\.stringValue)
        var offset = 0
        if let locator = call.request.option("locator"), !locator.isEmpty {
            guard let bytes = Base64.decode(locator), let place = Int(String(decoding: bytes, as: UTF8.self)),
                (1..<max(2, ids.count)).contains(place)
            else { throw SalesforceFailure.make(400, "INVALID_QUERY_LOCATOR", "invalid query locator") }
            offset = place
        }
        let size = max(1, call.request.option("maxRecords").flatMap { Int($0) } ?? 50_000)
        let end = min(ids.count, offset + size)
        let execution = execution(job.text("query"), includesDeleted: true)
        guard let query = try? SOQLParser.parse(job.text("query"), now: call.transaction.now),
            let object = SalesforceSchema.object(query.from)
        else { throw SalesforceFailure.notFound }
        let paths = query.columns.compactMap { column in if case .field(let path) = column { path } else { nil } }
        let targets = try paths.map { try execution.resolve($0, object) }
        var rows = [targets.map { ($0.parents.map(\.relationship) + [$0.field.name]).joined(separator: ".") }]
        for id in ids[offset..<end] {
            guard let record = try call.transaction.record(object.kind, id) else { continue }
            rows.append(
                try targets.map { target in
                    let value = try execution.value(target, of: record)
                    return value.isNull ? "" : value.stringValue ?? value.text
                })
        }
        let text = CSVText.text(rows, delimiter: job.delimiter, lineEnding: job.lineEnding)
        return csv(
            text,
            headers: [
                ("Sforce-Locator", end < ids.count ? Base64.encodeURL(Array(String(end).utf8)) : "null"),
                ("Sforce-NumberOfRecords", String(rows.count - 1)),
            ])
    }
}
