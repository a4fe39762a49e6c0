import FlowCore

/// A job of Bulk API 2.0 as it is kept: what was asked, its data, and what came of it.
struct BulkJob {
    static let kind = "salesforce/bulk job"

    /// Whether it writes records (`ingest`) or reads them (`query`).
    enum Way: String {
        case ingest
        case query

        /// What its jobs may do.
        var operations: Set<String> {
            switch self {
            case .ingest: ["insert", "update", "upsert", "delete"]
            case .query: ["query", "queryAll"]
            }
        }
    }

    /// The record that holds it.
    var record: Record

    /// A job of a way by its id, or a refusal.
    static func find(_ id: String, _ way: Way, in transaction: Transaction) throws -> BulkJob {
        guard let full = SalesforceID.full(id), let record = try transaction.record(kind, full), !record.isDeleted,
            record.body["way"]?.stringValue == way.rawValue
        else { throw SalesforceFailure.notFound }
        return BulkJob(record: record)
    }

    var operation: String { text("operation") }
    var state: String { text("state") }
    var delimiter: UInt8 { CSVText.delimiters[text("columnDelimiter")] ?? UInt8(ascii: ",") }
    var lineEnding: String { text("lineEnding") == "CRLF" ? "\r\n" : "\n" }
    /// Whether nothing more happens to it.
    var isOver: Bool { ["JobComplete", "Failed", "Aborted"].contains(state) }

    func text(_ name: String) -> String { record.body[name]?.stringValue ?? "" }

    /// Rows that are kept under a name, as CSV in the job's own form.
    func csv(_ rows: [[String]]) -> JSON {
        .string(CSVText.text(rows, delimiter: delimiter, lineEnding: lineEnding))
    }

    /// What is answered about it.
    /// - Parameters:
    ///   - version: the version in the path, such as `v58.0`.
    ///   - isWhole: whether the counts stand there too, as when somebody asks for the job.
    ///   - told: the state that is told; the present one where it is nil.
    /// - Returns: the job.
    func wire(_ version: String, isWhole: Bool, state told: String? = nil) -> JSON {
        let way = text("way")
        var body: JSONObject = [
            "id": .string(record.id), "operation": .string(operation), "object": .string(text("object")),
            "createdById": .string(text("createdById")), "createdDate": .string(SalesforceTime.text(record.created)),
            "systemModstamp": .string(SalesforceTime.text(record.modified)), "state": .string(told ?? state),
            "concurrencyMode": "Parallel", "contentType": "CSV",
            "apiVersion": .double(Double(version.dropFirst()) ?? 0),
            "jobType": way == "query" ? "V2Query" : "V2Ingest", "lineEnding": .string(text("lineEnding")),
            "columnDelimiter": .string(text("columnDelimiter")),
        ]
        if !text("externalIdFieldName").isEmpty {
            body["externalIdFieldName"] = .string(text("externalIdFieldName"))
        }
        if way == "ingest", state == "Open" {
            body["contentUrl"] = .string("services/data/\(version)/jobs/ingest/\(record.id)/batches")
        }
        guard isWhole else { return .object(body) }
        body["retries"] = 0
        body["totalProcessingTime"] = 0
        body["numberRecordsProcessed"] = record.body["processed"] ?? 0
        if way == "ingest" {
            body["numberRecordsFailed"] = record.body["failedCount"] ?? 0
            body["apiActiveProcessingTime"] = 0
            body["apexProcessingTime"] = 0
        }
        if !text("errorMessage").isEmpty { body["errorMessage"] = .string(text("errorMessage")) }
        return .object(body)
    }
}
