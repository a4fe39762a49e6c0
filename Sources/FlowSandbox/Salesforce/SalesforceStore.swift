package import FlowCore

/// Creates, changes, deletes and reads records as the organization's rules allow.
package enum SalesforceStore {
    // MARK: Reading

    /// The value of a field of a record.
    static func value(_ field: SalesforceField, of record: Record) -> JSON {
        switch field.name {
        case "Id": .string(record.id)
        case "IsDeleted": .bool(record.isDeleted)
        case "CreatedDate": .string(SalesforceTime.text(record.created))
        case "LastModifiedDate", "SystemModstamp": .string(SalesforceTime.text(record.modified))
        default: record.body[field.name] ?? field.standard
        }
    }

    /// The path of a record.
    static func url(_ object: SalesforceObject, _ id: String, _ version: String) -> String {
        "/services/data/\(version)/sobjects/\(object.name)/\(id)"
    }

    /// What every record begins with.
    static func attributes(_ object: SalesforceObject, _ id: String, _ version: String) -> JSON {
        ["type": .string(object.name), "url": .string(url(object, id, version))]
    }

    /// The record as it is sent; with names, only those fields.
    package static func wire(
        _ object: SalesforceObject, _ record: Record, version: String, fields: [SalesforceField]? = nil
    ) -> JSON {
        var body: JSONObject = ["attributes": attributes(object, record.id, version)]
        for field in fields ?? object.fields { body[field.name] = value(field, of: record) }
        if fields != nil { body["Id"] = .string(record.id) }
        return .object(body)
    }

    /// A record by id, or a refusal: malformed, unknown or deleted.
    static func find(_ object: SalesforceObject, _ id: String, in transaction: Transaction) throws -> Record {
        guard let full = SalesforceID.full(id), full.hasPrefix(object.keyPrefix) else {
            throw SalesforceFailure.make(
                404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: \(id)")
        }
        guard let record = try transaction.record(object.kind, full) else { throw SalesforceFailure.notFound }
        guard !record.isDeleted else {
            throw SalesforceFailure.make(404, "ENTITY_IS_DELETED", "entity is deleted", fields: [])
        }
        return record
    }

    // MARK: Writing

    /// Creates a record.
    /// - Parameters:
    ///   - object: its object.
    ///   - given: the caller's values.
    ///   - user: the id of the caller's user.
    ///   - isSystem: whether read-only fields may be given too, as a seed does.
    ///   - transaction: the transaction.
    /// - Returns: the record.
    /// - Throws: the organization's refusal; what the database raises.
    package static func create(
        _ object: SalesforceObject, _ given: JSONObject, by user: String, isSystem: Bool = false,
        in transaction: Transaction
    ) throws -> Record {
        var body = JSONObject()
        for field in object.fields where !systemFields.contains(field.name) { body[field.name] = field.standard }
        let values = try check(object, given, isCreate: true, isSystem: isSystem, in: transaction)
        for (name, value) in values { body[name] = value }
        if object.field("OwnerId") != nil, body["OwnerId"]?.isNull ?? true { body["OwnerId"] = .string(user) }
        body["CreatedById"] = .string(user)
        body["LastModifiedById"] = .string(user)
        // An empty value for a field with a default keeps the default, as for currency and status.
        for field in object.fields where !field.standard.isNull && body[field.name] == .null {
            body[field.name] = field.standard
        }
        let missing = object.fields.filter { $0.isRequired && (body[$0.name] ?? .null).isNull }.map(\.name)
        guard missing.isEmpty else { throw requiredMissing(missing) }
        try derive(object, &body, changed: Set(values.keys), isCreate: true, in: transaction)
        try checkUnique(object, body, id: nil, in: transaction)
        let number = try transaction.next("salesforce " + object.keyPrefix)
        let id = SalesforceID.make(prefix: object.keyPrefix, number: 46_000_000 + number * 37)
        return try transaction.insert(object.kind, id, body, keys: keys(object, body))
    }

    /// Changes a record; it counts as changed even where every value is the same.
    package static func update(
        _ object: SalesforceObject, _ record: Record, _ given: JSONObject, by user: String, in transaction: Transaction
    ) throws -> Record {
        var record = record
        let values = try check(object, given, isCreate: false, isSystem: false, in: transaction)
        for (name, value) in values { record.body[name] = value }
        let missing = values.keys.filter { name in
            (object.field(name)?.isRequired ?? false) && (record.body[name] ?? .null).isNull
        }
        guard missing.isEmpty else { throw requiredMissing(missing) }
        record.body["LastModifiedById"] = .string(user)
        try derive(object, &record.body, changed: Set(values.keys), isCreate: false, in: transaction)
        try checkUnique(object, record.body, id: record.id, in: transaction)
        return try transaction.update(record, keys: keys(object, record.body))
    }

    /// Deletes a record and those it owns; other records lose their reference to it.
    package static func delete(
        _ object: SalesforceObject, _ record: Record, by user: String, in transaction: Transaction
    ) throws {
        var record = record
        record.isDeleted = true
        record.body["LastModifiedById"] = .string(user)
        try transaction.update(record)
        for child in object.children {
            guard let below = SalesforceSchema.object(child.object) else { continue }
            for var dependent in try transaction.records(below.kind, where: child.field, is: record.id) {
                if child.isOwned {
                    try delete(below, dependent, by: user, in: transaction)
                } else {
                    dependent.body[child.field] = .null
                    try transaction.update(dependent, keys: keys(below, dependent.body))
                }
            }
        }
    }

    /// The values by which a record is looked up.
    static func keys(_ object: SalesforceObject, _ body: JSONObject) -> [String: String] {
        var keys: [String: String] = [:]
        for field in object.fields where field.isIndexed {
            if let value = body[field.name]?.stringValue { keys[field.name] = value }
        }
        return keys
    }

    // MARK: Rules

    private static let systemFields: Set<String> = [
        "Id", "IsDeleted", "CreatedDate", "LastModifiedDate", "SystemModstamp",
    ]

    private static func requiredMissing(_ names: [String]) -> ServiceFailure {
        SalesforceFailure.make(
            400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [\(names.joined(separator: ", "))]",
            fields: names)
    }

    /// The given values under their fields' own names, each as it is kept.
    private static func check(
        _ object: SalesforceObject, _ given: JSONObject, isCreate: Bool, isSystem: Bool, in transaction: Transaction
    ) throws -> JSONObject {
        var values = JSONObject()
        var forbidden: [String] = []
        for (name, value) in given where name != "attributes" {
            guard let field = object.field(name) else {
                throw SalesforceFailure.make(
                    400, "INVALID_FIELD", "No such column '\(name)' on sobject of type \(object.name)")
            }
            if field.kind == .id {
                throw SalesforceFailure.make(
                    400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.")
            }
            guard isSystem || (isCreate ? field.isCreateable : field.isUpdateable) else {
                forbidden.append(field.name)
                continue
            }
            values[field.name] = try kept(value, field, object, in: transaction)
        }
        guard forbidden.isEmpty else {
            throw SalesforceFailure.make(
                400, "INVALID_FIELD_FOR_INSERT_UPDATE",
                "Unable to create/update fields: \(forbidden.joined(separator: ", ")). Please check the security settings "
                    + "of this field and verify that it is read/write for your profile or permission set.",
                fields: forbidden)
        }
        return values
    }

    private static func kept(
        _ value: JSON, _ field: SalesforceField, _ object: SalesforceObject, in transaction: Transaction
    ) throws -> JSON {
        if value.isNull || value == "" {
            return field.kind == .boolean ? field.standard : .null
        }
        switch field.kind {
        case .boolean:
            if let flag = value.boolValue { return .bool(flag) }
            guard let text = value.stringValue?.lowercased(), text == "true" || text == "false" else {
                throw SalesforceFailure.unreadable(.boolean, value)
            }
            return .bool(text == "true")
        case .currency, .double, .percent, .int:
            guard let number = value.doubleValue ?? value.stringValue.flatMap({ Double($0) }), number.isFinite else {
                throw SalesforceFailure.unreadable(.double, value)
            }
            guard abs(number) < 1e16 else {
                throw SalesforceFailure.make(
                    400, "NUMBER_OUTSIDE_VALID_RANGE",
                    "\(field.label): value outside of valid range on numeric field: \(number)", fields: [field.name])
            }
            if field.kind == .int { return .integer(Int64(number.rounded())) }
            return .double((number * 100).rounded() / 100)
        case .date:
            guard let date = value.stringValue.flatMap(SalesforceTime.date) else {
                throw SalesforceFailure.unreadable(.date, value)
            }
            return .string(date)
        case .datetime:
            guard let instant = value.stringValue.flatMap(Timestamp.init(iso8601:)) else {
                throw SalesforceFailure.unreadable(.datetime, value)
            }
            return .string(SalesforceTime.text(instant))
        case .reference, .id: return try reference(value, field, object, in: transaction)
        case .string, .textarea, .picklist, .email, .phone, .url: return try text(value, field)
        }
    }

    private static func reference(
        _ value: JSON, _ field: SalesforceField, _ object: SalesforceObject, in transaction: Transaction
    ) throws -> JSON {
        guard let target = SalesforceSchema.object(field.referenceTo), let given = value.stringValue,
            let id = SalesforceID.full(given), id.hasPrefix(target.keyPrefix)
        else {
            throw SalesforceFailure.make(
                400, "MALFORMED_ID",
                "\(field.label): id value of incorrect type: \(value.stringValue ?? value.text)", fields: [field.name])
        }
        guard let record = try transaction.record(target.kind, id) else {
            throw SalesforceFailure.make(
                400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", fields: [field.name])
        }
        guard !record.isDeleted else {
            throw SalesforceFailure.make(400, "ENTITY_IS_DELETED", "entity is deleted", fields: [field.name])
        }
        return .string(id)
    }

    private static func text(_ value: JSON, _ field: SalesforceField) throws -> JSON {
        let given: String
        switch value {
        case .string(let text): given = text
        case .integer, .double, .decimal, .bool: given = value.text
        default: throw SalesforceFailure.unreadable(.string, value)
        }
        let text = field.kind == .textarea ? given : given.trimmed
        guard !text.isEmpty else { return .null }
        if field.kind == .picklist, field.isRestricted, !field.choices.contains(text) {
            throw SalesforceFailure.make(
                400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                "\(field.label): bad value for restricted picklist field: \(text)", fields: [field.name])
        }
        guard text.unicodeScalars.count <= field.length else {
            throw SalesforceFailure.make(
                400, "STRING_TOO_LONG",
                "\(field.label): data value too large: \(text.prefix(255)) (max length=\(field.length))",
                fields: [field.name])
        }
        if field.kind == .email {
            let parts = text.split(separator: "@", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, parts[1].contains("."), !text.contains(" ") else {
                throw SalesforceFailure.make(
                    400, "INVALID_EMAIL_ADDRESS", "\(field.label): invalid email address: \(text)", fields: [field.name]
                )
            }
            return .string(text.lowercased())
        }
        return .string(text)
    }

    private static func checkUnique(
        _ object: SalesforceObject, _ body: JSONObject, id: String?, in transaction: Transaction
    ) throws {
        for field in object.fields where field.isUnique {
            guard let value = body[field.name]?.stringValue else { continue }
            let other = try transaction.ids(object.kind, where: field.name, is: value).first { $0 != id }
            if let other {
                throw SalesforceFailure.make(
                    400, "DUPLICATE_VALUE",
                    "duplicate value found: \(field.name) duplicates value on record with id: \(other)", fields: [])
            }
        }
    }

    /// Fills the fields that follow from others.
    private static func derive(
        _ object: SalesforceObject, _ body: inout JSONObject, changed: Set<String>, isCreate: Bool,
        in transaction: Transaction
    ) throws {
        switch object.name {
        case "Opportunity":
            let name = body["StageName"]?.stringValue ?? ""
            let stage = SalesforceSchema.stages.first { $0.name.lowercased() == name.lowercased() }
            body["IsClosed"] = .bool(stage?.isClosed ?? false)
            body["IsWon"] = .bool(stage?.isWon ?? false)
            body["ForecastCategory"] = .string(stage?.forecast ?? "Pipeline")
            if isCreate || changed.contains("StageName"), !changed.contains("Probability") {
                body["Probability"] = .double(Double(stage?.probability ?? 0))
            }
            let amount = body["Amount"]?.doubleValue
            let chance = body["Probability"]?.doubleValue ?? 0
            body["ExpectedRevenue"] = amount.map { .double(($0 * chance).rounded() / 100) } ?? .null
        case "Contact", "Lead", "User":
            let parts = [body["FirstName"]?.stringValue, body["LastName"]?.stringValue].compactMap { $0 }
            body["Name"] = .string(parts.joined(separator: " "))
        case "OpportunityTeamMember":
            guard let user = SalesforceSchema.object("User"), let id = body["UserId"]?.stringValue else { return }
            body["Name"] = try transaction.record(user.kind, id)?.body["Name"] ?? .null
        case "OpportunityContactRole":
            // There is one primary contact at most: a new one takes the place of the old.
            guard body["IsPrimary"] == true, changed.contains("IsPrimary"),
                let opportunity = body["OpportunityId"]?.stringValue
            else { return }
            for var role in try transaction.records(object.kind, where: "OpportunityId", is: opportunity)
            where role.body["IsPrimary"] == true && role.body["ContactId"] != body["ContactId"] {
                role.body["IsPrimary"] = false
                try transaction.update(role, keys: keys(object, role.body))
            }
        case "Microsoft_Solution__c":
            if body["Name"]?.isNull ?? true {
                body["Name"] = body["Solution_Name__c"] ?? body["Solution_Identifier__c"] ?? .null
            }
        default: return
        }
    }
}
