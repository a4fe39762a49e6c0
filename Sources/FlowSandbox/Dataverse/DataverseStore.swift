package import FlowCore

/// Creates, changes, deletes and reads rows as the environment's rules allow.
package enum DataverseStore {
    // MARK: Reading

    /// The value of a column of a row.
    static func value(_ column: DataverseColumn, _ table: DataverseTable, of record: Record) -> JSON {
        switch column.name {
        case table.key: .string(record.id)
        case "createdon": .string(record.created.secondsDescription)
        case "modifiedon": .string(record.modified.secondsDescription)
        case "versionnumber": .integer(record.version)
        default: record.body[column.name] ?? column.standard
        }
    }

    /// The ETag of a row.
    static func eTag(_ record: Record) -> String { "W/\"\(record.version)\"" }

    /// A row by its id, or 404.
    static func find(_ table: DataverseTable, _ id: String, in transaction: Transaction) throws -> Record {
        guard let record = try transaction.record(table.kind, id.lowercased()) else {
            throw DataverseFailure.rowMissing(table, id)
        }
        return record
    }

    // MARK: Writing

    /// Creates a row.
    /// - Parameters:
    ///   - table: its table.
    ///   - given: the caller's values by the names of the Web API.
    ///   - id: its id; the one given in the body, or a new one, where this is nil.
    ///   - user: the id of the caller's user row.
    ///   - transaction: the transaction.
    /// - Returns: the row.
    /// - Throws: the environment's refusal; what the database raises.
    package static func create(
        _ table: DataverseTable, _ given: JSONObject, id: String? = nil, by user: String, in transaction: Transaction
    ) throws -> Record {
        let id = (id ?? given[table.key]?.stringValue ?? UUIDText.random()).lowercased()
        guard UUIDText.isValid(id) else {
            throw DataverseFailure.payload(table, "Cannot convert the literal '\(id)' to the expected type 'Edm.Guid'.")
        }
        guard try transaction.record(table.kind, id) == nil else { throw DataverseFailure.duplicate }
        var body = JSONObject()
        for column in table.columns where !systemColumns.contains(column.name) && column.kind != .key {
            body[column.name] = column.standard
        }
        try apply(given, to: &body, table, isCreate: true, in: transaction)
        if table.column("ownerid") != nil, body["ownerid"]?.isNull ?? true { body["ownerid"] = .string(user) }
        body["createdby"] = .string(user)
        body["modifiedby"] = .string(user)
        let hasMoney = table.columns.contains { $0.kind == .money && !(body[$0.name] ?? .null).isNull }
        if hasMoney, body["transactioncurrencyid"]?.isNull ?? false {
            body["transactioncurrencyid"] = .string(DataverseSeed.currencyID(DataverseSeed.baseCurrency))
        }
        if table.name == "msft_microsoftsolution", body["msft_name"]?.isNull ?? true {
            // The auto-number of the association rows: date and five digits.
            let number = String(try transaction.next("dataverse solution") + 1_149)
            let day = transaction.now.description.prefix(10)
            body["msft_name"] = .string(day + "-" + String(repeating: "0", count: max(0, 5 - number.count)) + number)
        }
        try derive(table, &body)
        try checkKeys(table, body, id: nil, in: transaction)
        if table.name == ChangeCallbacks.table { try ChangeCallbacks.check(body) }
        let record = try transaction.insert(table.kind, id, body, keys: keys(table, body))
        try ChangeCallbacks.tell(.create, table, record, changed: [], in: transaction)
        return record
    }

    /// Changes a row.
    package static func update(
        _ table: DataverseTable, _ record: Record, _ given: JSONObject, by user: String, in transaction: Transaction
    ) throws -> Record {
        var record = record
        let (state, status) = (record.body["statecode"], record.body["statuscode"])
        try apply(given, to: &record.body, table, isCreate: false, in: transaction)
        if table.name == "opportunity", record.body["statecode"] != state {
            let isStrict = try transaction.limit("dataverseStrictState", default: 1) == 1
            let target = record.body["statecode"]?.integerValue
            if isStrict, target == 1 || target == 2 {
                let name = target == 1 ? "Won" : "Lost"
                throw DataverseFailure.make(
                    400, "0x80040203",
                    "This message can not be used to set the state of opportunity to \(name). In order to set state of "
                        + "opportunity to \(name), use the \(target == 1 ? "Win" : "Lose")OpportunityRequest message instead."
                )
            }
            if record.body["statuscode"] == status {
                record.body["statuscode"] = .integer(target == 0 ? 1 : target == 1 ? 3 : 4)
            }
        }
        record.body["modifiedby"] = .string(user)
        try derive(table, &record.body)
        try checkKeys(table, record.body, id: record.id, in: transaction)
        if table.name == ChangeCallbacks.table { try ChangeCallbacks.check(record.body) }
        record = try transaction.update(record, keys: keys(table, record.body))
        try ChangeCallbacks.tell(
            .update, table, record, changed: ChangeCallbacks.columns(of: given, table), in: transaction)
        return record
    }

    /// Deletes a row; rows that point to it lose the reference.
    package static func delete(_ table: DataverseTable, _ record: Record, in transaction: Transaction) throws {
        try transaction.delete(table.kind, record.id)
        try ChangeCallbacks.tell(.delete, table, record, changed: [], in: transaction)
        for other in DataverseSchema.tables {
            for column in other.columns where column.targets.contains(where: { $0.table == table.name }) {
                for var dependent in try transaction.records(other.kind, where: column.name, is: record.id) {
                    dependent.body[column.name] = .null
                    try transaction.update(dependent, keys: keys(other, dependent.body))
                }
            }
        }
    }

    /// Ends an opportunity: what `WinOpportunity` and `LoseOpportunity` do.
    static func close(
        _ record: Record, state: Int64, status: Int64, _ close: JSON, by user: String, in transaction: Transaction
    ) throws {
        guard let table = DataverseSchema.table("opportunity") else { return }
        guard record.body["statecode"] == 0 else {
            throw DataverseFailure.make(
                400, "0x80040203", "The opportunity cannot be closed: it is not open.")
        }
        var record = record
        record.body["statecode"] = .integer(state)
        record.body["statuscode"] = .integer(status)
        record.body["actualclosedate"] = .string(
            close["actualend"]?.stringValue.map { String($0.prefix(10)) }
                ?? String(transaction.now.description.prefix(10)))
        if state == 1 { record.body["actualvalue"] = close["actualrevenue"] ?? record.body["estimatedvalue"] ?? .null }
        record.body["modifiedby"] = .string(user)
        record = try transaction.update(record, keys: keys(table, record.body))
        try ChangeCallbacks.tell(
            .update, table, record, changed: ["statecode", "statuscode", "actualclosedate", "actualvalue"],
            in: transaction)
    }

    /// The values by which a row is looked up: look-ups and alternate keys.
    static func keys(_ table: DataverseTable, _ body: JSONObject) -> [String: String] {
        var keys: [String: String] = [:]
        for column in table.columns where column.kind == .lookup {
            if let value = body[column.name]?.stringValue { keys[column.name] = value }
        }
        for names in table.alternateKeys {
            let values = names.compactMap { name -> String? in
                guard let value = body[name], !value.isNull else { return nil }
                return value.stringValue ?? value.text
            }
            if values.count == names.count { keys[keyName(names)] = values.joined(separator: "\u{1}") }
        }
        return keys
    }

    /// The name under which an alternate key is indexed.
    static func keyName(_ columns: [String]) -> String { "key " + columns.joined(separator: ",") }

    // MARK: Rules

    private static let systemColumns: Set<String> = ["createdon", "modifiedon", "versionnumber"]

    private static func checkKeys(
        _ table: DataverseTable, _ body: JSONObject, id: String?, in transaction: Transaction
    ) throws {
        for (name, value) in keys(table, body) where name.hasPrefix("key ") {
            let other = try transaction.ids(table.kind, where: name, is: value).first { $0 != id }
            if other != nil {
                throw DataverseFailure.make(
                    412, "0x80060892", "A record that has the attribute values \(name.dropFirst(4)) already exists.")
            }
        }
    }

    private static func derive(_ table: DataverseTable, _ body: inout JSONObject) throws {
        guard table.name == "contact" || table.name == "lead" || table.name == "systemuser" else { return }
        let parts = [body["firstname"]?.stringValue, body["lastname"]?.stringValue].compactMap { $0 }
        if !parts.isEmpty { body["fullname"] = .string(parts.joined(separator: " ")) }
    }

    private static func apply(
        _ given: JSONObject, to body: inout JSONObject, _ table: DataverseTable, isCreate: Bool,
        in transaction: Transaction
    ) throws {
        for (name, value) in given {
            if name.hasSuffix("@odata.bind") {
                try bind(String(name.dropLast(11)), value, &body, table, in: transaction)
                continue
            }
            // Annotations are informative.
            if name.contains("@") { continue }
            if name == table.key {
                guard
                    isCreate
                        || value.stringValue?.lowercased() == body[name]?.stringValue ?? value.stringValue?.lowercased()
                else { throw DataverseFailure.payload(table, "The key property '\(name)' cannot be changed.") }
                continue
            }
            if value.isNull, let navigation = table.navigation(name) {
                body[navigation.column.name] = .null
                continue
            }
            if table.navigation(name) != nil || table.collection(name) != nil {
                throw DataverseFailure.payload(
                    table,
                    "CRM do not support direct update of Entity Reference properties, Use Navigation properties instead. "
                        + "('\(name)': rows are nested in a create only.)")
            }
            guard let column = table.column(name), column.kind != .lookup else {
                throw DataverseFailure.payload(
                    table,
                    "Microsoft.OData.ODataException: Invalid property '\(name)' was found in entity "
                        + "'Microsoft.Dynamics.CRM.\(table.name)'. Make sure that the type definition has this property."
                )
            }
            // What only the service writes is accepted and left alone, as the Web API does.
            guard column.isWritable else { continue }
            body[name] = try kept(value, column, table)
        }
    }

    private static func bind(
        _ name: String, _ value: JSON, _ body: inout JSONObject, _ table: DataverseTable, in transaction: Transaction
    ) throws {
        guard let (column, target) = table.navigation(name) else {
            throw DataverseFailure.payload(
                table,
                "Microsoft.OData.ODataException: An undeclared property '\(name)' which only has property annotations in "
                    + "the payload but no property value was found in the payload.")
        }
        guard !value.isNull else {
            body[column.name] = .null
            return
        }
        guard let text = value.stringValue, let reference = DataversePath.reference(text, in: transaction.world) else {
            throw DataverseFailure.payload(table, "The URI '\(value.stringValue ?? value.text)' is not valid.")
        }
        guard reference.set == target.set else {
            throw DataverseFailure.payload(
                table, "The URI '\(text)' is of entity set '\(reference.set)', but '\(target.set)' is expected.")
        }
        do {
            body[column.name] = .string(try reference.key.find(target, in: transaction).id)
        } catch let failure as ServiceFailure where failure.response.status == 404 {
            var response = failure.response
            response.status = 400
            throw ServiceFailure(response)
        }
        if column.targets.count > 1 { body[column.name + "@type"] = .string(target.name) }
    }

    private static func kept(_ value: JSON, _ column: DataverseColumn, _ table: DataverseTable) throws -> JSON {
        if value.isNull { return column.kind == .boolean || column.kind == .choice ? column.standard : .null }
        func refuse(_ type: String) -> ServiceFailure {
            DataverseFailure.payload(
                table,
                "Microsoft.OData.ODataException: Cannot convert the literal '\(value.stringValue ?? value.text)' to the "
                    + "expected type '\(type)'.")
        }
        switch column.kind {
        case .text(let limit):
            guard let text = value.stringValue else { throw refuse("Edm.String") }
            guard text.utf16.count <= limit else {
                throw DataverseFailure.make(
                    400, "0x80044331",
                    "A validation error occurred. The length of the '\(column.name)' attribute of the '\(table.name)' "
                        + "entity exceeded the maximum allowed length of '\(limit)'.")
            }
            return text.isEmpty ? .null : value
        case .integer:
            guard let number = value.integerValue else { throw refuse("Edm.Int32") }
            return .integer(number)
        case .decimal, .money:
            guard let number = value.doubleValue else { throw refuse("Edm.Decimal") }
            return value.integerValue.map { .integer($0) } ?? .double(number)
        case .boolean:
            guard value.boolValue != nil else { throw refuse("Edm.Boolean") }
            return value
        case .dateTime:
            guard let instant = value.stringValue.flatMap(Timestamp.init(iso8601:)) else {
                throw refuse("Edm.DateTimeOffset")
            }
            return .string(instant.secondsDescription)
        case .date:
            guard let text = value.stringValue, text.utf8.count == 10, Timestamp(iso8601: text) != nil else {
                throw refuse("Edm.Date")
            }
            return value
        case .choice:
            guard let number = value.integerValue else { throw refuse("Edm.Int32") }
            guard column.options.contains(where: { $0.value == number }) else {
                let accepted = column.options.map { String($0.value) }.joined(separator: ",")
                throw DataverseFailure.make(
                    400, "0x8004431A",
                    "A validation error occurred. The value \(number) of '\(column.name)' on record of type "
                        + "'\(table.name)' is outside the valid range. Accepted Values: \(accepted)")
            }
            return .integer(number)
        case .lookup, .key: return value
        }
    }
}
