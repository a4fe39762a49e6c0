import FlowCore

/// The description of a table, as `EntityDefinitions(LogicalName='…')` and `EntityDefinitions(MetadataId)` give it.
struct DataverseDefinitions {
    let table: DataverseTable
    let base: String

    /// The table named by a path segment, or nil where it is no definition.
    static func table(_ segment: String) throws -> DataverseTable? {
        if let id = segment.dropping("EntityDefinitions(", ")"), UUIDText.isValid(id) {
            guard let table = DataverseSchema.tables.first(where: { metadataID($0) == id.lowercased() }) else {
                throw DataverseFailure.make(404, "0x80060888", "Could not find an entity with id '\(id)'.")
            }
            return table
        }
        let prefix = "EntityDefinitions(LogicalName='"
        guard segment.hasPrefix(prefix), segment.hasSuffix("')") else { return nil }
        let name = String(segment.dropFirst(prefix.count).dropLast(2))
        guard let table = DataverseSchema.table(name) else {
            throw DataverseFailure.make(
                404, "0x80060888", "Could not find an entity with specified name: '\(name)'.")
        }
        return table
    }

    /// The definitions of all tables, or of those of which one member is as the filter says.
    static func list(_ request: ServiceRequest, base: String) throws -> JSON {
        let select = selected(request)
        var tables = DataverseSchema.tables
        if let filter = request.option("$filter") {
            let parts = filter.trimmed.split(separator: " ", maxSplits: 2).map(String.init)
            guard parts.count == 3, parts[1] == "eq", let value = parts[2].dropping("'", "'") else {
                throw DataverseFailure.make(
                    400, "0x80060888", "Definitions can be filtered by one member and 'eq' only: '\(filter)'.")
            }
            tables = tables.filter {
                DataverseDefinitions(table: $0, base: base).definition[parts[0]]?.stringValue == value
            }
        }
        return [
            "@odata.context": .string("\(base)/$metadata#EntityDefinitions"),
            "value": .array(
                tables.map { table in
                    let one = DataverseDefinitions(table: table, base: base)
                    return .object(one.chosen(one.definition, select))
                }),
        ]
    }

    /// The members that a request asks for, or nil for all.
    static func selected(_ request: ServiceRequest) -> [String]? {
        request.option("$select")?.split(separator: ",").map { String($0).trimmed }
    }

    private static func metadataID(_ table: DataverseTable) -> String {
        UUIDText.named("table \(table.name)", namespace: DirectorySeed.namespace)
    }

    /// The table, or with `Attributes` behind it its columns.
    func wire(_ rest: [String], select: [String]?) throws -> JSON {
        let place = "\(base)/$metadata#EntityDefinitions"
        switch rest.first {
        case nil:
            var body: JSONObject = ["@odata.context": .string(place + "/$entity")]
            for (name, value) in chosen(definition, select) { body[name] = value }
            return .object(body)
        case "Attributes" where rest.count == 1:
            return [
                "@odata.context": .string("\(place)('\(table.name)')/Attributes"),
                "value": .array(table.columns.map { .object(chosen(attribute($0), select)) }),
            ]
        case "Attributes" where rest == ["Attributes", "Microsoft.Dynamics.CRM.PicklistAttributeMetadata"]:
            return [
                "@odata.context": .string("\(place)('\(table.name)')/Attributes"),
                "value": .array(table.columns.compactMap { choices($0, select).map { .object($0) } }),
            ]
        default: throw DataverseFailure.segmentUnknown(rest[0])
        }
    }

    /// A column of choices with their labels; nil for any other column.
    private func choices(_ column: DataverseColumn, _ select: [String]?) -> JSONObject? {
        guard column.kind == .choice else { return nil }
        var body = chosen(attribute(column), select)
        body["OptionSet"] = [
            "Options": .array(
                column.options.map { choice in
                    let label: JSON = ["Label": .string(choice.label), "LanguageCode": 1033]
                    return [
                        "Value": .integer(choice.value),
                        "Label": ["LocalizedLabels": [label], "UserLocalizedLabel": label],
                    ]
                })
        ]
        return body
    }

    private var definition: JSONObject {
        [
            "LogicalName": .string(table.name), "SchemaName": .string(table.name),
            "MetadataId": .string(Self.metadataID(table)), "EntitySetName": .string(table.set),
            "LogicalCollectionName": .string(table.set), "PrimaryIdAttribute": .string(table.key),
            "PrimaryNameAttribute": .string(table.primaryName), "IsCustomEntity": .bool(table.name.contains("_")),
        ]
    }

    private func attribute(_ column: DataverseColumn) -> JSONObject {
        [
            "LogicalName": .string(column.name), "AttributeType": .string(Self.type(column.kind)),
            "IsCustomAttribute": .bool(column.name.contains("_") && !column.name.hasPrefix("address")),
            "IsValidForUpdate": .bool(column.isWritable),
        ]
    }

    private func chosen(_ body: JSONObject, _ select: [String]?) -> JSONObject {
        guard let select else { return body }
        return JSONObject(body.filter { select.contains($0.0) })
    }

    private static func type(_ kind: DataverseColumn.Kind) -> String {
        switch kind {
        case .text(let limit): limit > 4_000 ? "Memo" : "String"
        case .integer: "Integer"
        case .decimal: "Decimal"
        case .money: "Money"
        case .boolean: "Boolean"
        case .dateTime, .date: "DateTime"
        case .choice: "Picklist"
        case .lookup: "Lookup"
        case .key: "Uniqueidentifier"
        }
    }
}

extension String {
    /// What stands between a beginning and an end, or nil where the text has not both.
    fileprivate func dropping(_ beginning: String, _ end: String) -> String? {
        guard count >= beginning.count + end.count, hasPrefix(beginning), hasSuffix(end) else { return nil }
        return String(dropFirst(beginning.count).dropLast(end.count))
    }
}
