import FlowCore

/// The description of a table, as `EntityDefinitions(LogicalName='…')` gives it.
struct DataverseDefinitions {
    let table: DataverseTable
    let base: String

    /// The table named by a path segment, or nil where it is no definition.
    static func table(_ segment: String) throws -> DataverseTable? {
        let prefix = "EntityDefinitions(LogicalName='"
        guard segment.hasPrefix(prefix), segment.hasSuffix("')") else { return nil }
        let name = String(segment.dropFirst(prefix.count).dropLast(2))
        guard let table = DataverseSchema.table(name) else {
            throw DataverseFailure.make(
                404, "0x80060888", "Could not find an entity with specified name: '\(name)'.")
        }
        return table
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
        default: throw DataverseFailure.segmentUnknown(rest[0])
        }
    }

    private var definition: JSONObject {
        [
            "LogicalName": .string(table.name), "EntitySetName": .string(table.set),
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
