import FlowCore

/// Writes one record of many: what rows of the Bulk API and records of a collection have in common.
struct SalesforceWrite {
    let object: SalesforceObject
    /// The id of the caller's user.
    let user: String
    let transaction: Transaction

    /// Carries out `insert`, `update`, `delete` or, by the external id `key`, `upsert`.
    func perform(
        _ operation: String, key: String, _ id: String, _ given: JSONObject
    ) throws -> (id: String, isCreated: Bool) {
        switch operation {
        case "insert":
            guard id.isEmpty else {
                throw SalesforceFailure.make(
                    400, "INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", fields: ["Id"])
            }
            return try created(given)
        case "update": return try changed(try existing(id), given)
        case "delete":
            let record = try existing(id)
            try SalesforceStore.delete(object, record, by: user, in: transaction)
            return (record.id, false)
        default:
            if key.lowercased() == "id" {
                return id.isEmpty ? try created(given) : try changed(try existing(id), given)
            }
            guard let field = object.field(key), let value = given.value(ignoringCase: field.name)?.stringValue else {
                throw SalesforceFailure.make(400, "MISSING_ARGUMENT", "\(key) not specified", fields: [])
            }
            let found = try transaction.records(object.kind, where: field.name, is: value)
            guard found.count <= 1 else {
                throw SalesforceFailure.make(
                    300, "DUPLICATE_EXTERNAL_ID", "\(key): more than one record found for external id field", fields: []
                )
            }
            return try found.first.map { try changed($0, given) } ?? created(given)
        }
    }

    private func changed(_ record: Record, _ given: JSONObject) throws -> (id: String, isCreated: Bool) {
        (try SalesforceStore.update(object, record, given, by: user, in: transaction).id, false)
    }

    private func created(_ given: JSONObject) throws -> (id: String, isCreated: Bool) {
        (try SalesforceStore.create(object, given, by: user, in: transaction).id, true)
    }

    private func existing(_ id: String) throws -> Record {
        guard !id.isEmpty else {
            throw SalesforceFailure.make(400, "MISSING_ARGUMENT", "Id not specified in an update call", fields: [])
        }
        guard let full = SalesforceID.full(id), full.hasPrefix(object.keyPrefix) else {
            throw SalesforceFailure.make(
                400, "MALFORMED_ID", "\(object.label) ID: id value of incorrect type: \(id)", fields: ["Id"])
        }
        return try SalesforceStore.find(object, full, in: transaction)
    }
}
