import FlowCore
import GRDB

/// Carries the uploaded rows of a job out, each by itself: one that is refused keeps no other from being written.
struct BulkIngest {
    let object: SalesforceObject
    let user: String
    let transaction: Transaction

    /// What keeps a whole job from being carried out.
    private struct Unusable: Error {
        let message: String
    }

    /// A column of the uploaded rows.
    private enum Column {
        case id
        case field(SalesforceField)
        /// A look-up by an external id of the other record: `Account.Number__c`.
        case parent(SalesforceField, SalesforceObject, SalesforceField)
    }

    /// The job after it was carried out.
    func perform(_ job: BulkJob) throws -> BulkJob {
        var job = job
        let data = Array(job.text("data").utf8)
        do {
            let rows = try rows(data, job)
            try carryOut(rows, try columns(rows[0], job), &job)
            job.record.body["state"] = "JobComplete"
        } catch let failure as Unusable {
            job.record.body["state"] = "Failed"
            job.record.body["errorMessage"] = .string(failure.message)
            job.record.body["unprocessed"] = .string(job.text("data"))
        }
        job.record.body["data"] = ""
        return job
    }

    private func rows(_ data: [UInt8], _ job: BulkJob) throws -> [[String]] {
        let firstEnd = data.firstIndex(of: UInt8(ascii: "\n"))
        let endsWithBoth = firstEnd.map { $0 > 0 && data[$0 - 1] == UInt8(ascii: "\r") }
        let setting = job.text("lineEnding")
        if let endsWithBoth, endsWithBoth != (setting == "CRLF") {
            throw Unusable(
                message: "InvalidBatch : LineEnding is invalid on user data. Current LineEnding setting is \(setting)")
        }
        guard let rows = CSVText.read(data, delimiter: job.delimiter), let header = rows.first else {
            throw Unusable(message: "InvalidBatch : Failed to parse CSV")
        }
        guard Set(header.map { $0.lowercased() }).count == header.count else {
            throw Unusable(message: "InvalidBatch : Duplicate field name in the header")
        }
        return rows
    }

    private func columns(_ header: [String], _ job: BulkJob) throws -> [Column] {
        let columns = try header.map { name throws -> Column in
            if name.lowercased() == "id" { return .id }
            if let field = object.field(name) { return .field(field) }
            let parts = name.split(separator: ".").map(String.init)
            if parts.count == 2, let link = object.field(relationship: parts[0]),
                let target = SalesforceSchema.object(link.referenceTo), let key = target.field(parts[1]),
                key.isExternalID || key.isUnique
            {
                return .parent(link, target, key)
            }
            throw Unusable(message: "InvalidBatch : Field name not found : \(name)")
        }
        let needsID = job.operation == "update" || job.operation == "delete"
        let hasID = columns.contains { if case .id = $0 { true } else { false } }
        guard hasID || !needsID else { throw Unusable(message: "InvalidBatch : Field name not found : Id") }
        return columns
    }

    private func carryOut(_ rows: [[String]], _ columns: [Column], _ job: inout BulkJob) throws {
        var successful = [["sf__Id", "sf__Created"] + rows[0]]
        var failed = [["sf__Id", "sf__Error"] + rows[0]]
        for row in rows.dropFirst() {
            var id = ""
            do {
                var isCreated = false
                try transaction.database.inSavepoint {
                    guard row.count == columns.count else {
                        throw SalesforceFailure.make(
                            400, "INVALID_FIELD", "The row has \(row.count) values for \(columns.count) columns")
                    }
                    let given: JSONObject
                    (id, given) = try values(row, columns)
                    (id, isCreated) = try SalesforceWrite(object: object, user: user, transaction: transaction)
                        .perform(job.operation, key: job.text("externalIdFieldName"), id, given)
                    return .commit
                }
                successful.append([id, isCreated ? "true" : "false"] + row)
            } catch let failure as ServiceFailure {
                failed.append([id, Self.words(failure)] + row)
            }
        }
        job.record.body["successful"] = job.csv(successful)
        job.record.body["failed"] = job.csv(failed)
        job.record.body["unprocessed"] = job.csv([rows[0]])
        job.record.body["processed"] = .integer(Int64(rows.count - 1))
        job.record.body["failedCount"] = .integer(Int64(failed.count - 1))
    }

    /// What a row gives: an empty cell nothing, `#N/A` null.
    private func values(_ row: [String], _ columns: [Column]) throws -> (id: String, values: JSONObject) {
        var id = ""
        var values = JSONObject()
        for (cell, column) in zip(row, columns) where !cell.isEmpty {
            switch column {
            case .id: id = cell
            case .field(let field): values[field.name] = cell == "#N/A" ? .null : .string(cell)
            case .parent(let link, let target, let key):
                guard let found = try transaction.records(target.kind, where: key.name, is: cell).first else {
                    throw SalesforceFailure.make(
                        400, "INVALID_FIELD",
                        "Foreign key external ID: \(cell) not found for field \(key.name) in entity \(target.name)")
                }
                values[link.name] = .string(found.id)
            }
        }
        return (id, values)
    }

    /// `CODE:message:fields --`, as the column `sf__Error` has it.
    private static func words(_ failure: ServiceFailure) -> String {
        let error = failure.response.json[0] ?? .null
        let fields = (error["fields"]?.arrayValue ?? []).compactMap(\.stringValue).joined(separator: ",")
        return "\(error["errorCode"]?.stringValue ?? ""):\(error["message"]?.stringValue ?? ""):\(fields) --"
    }
}
