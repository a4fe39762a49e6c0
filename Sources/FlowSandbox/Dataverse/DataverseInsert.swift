import FlowCore

/// Creates a row together with the rows that stand in it (deep insert): all of them or none.
///
/// A nested object under the navigation property of a look-up is created first and bound; nested rows under a relationship are created after
/// the row and bound to it. `{relationship}@odata.bind` with an array binds existing rows.
struct DataverseInsert {
    private static let deepest = 20
    let user: DataverseService.Caller
    let transaction: Transaction

    /// Creates the row.
    func create(_ table: DataverseTable, _ given: JSONObject, id: String? = nil, depth: Int = 0) throws -> Record {
        try user.requireWriting(table)
        guard depth < Self.deepest else {
            throw DataverseFailure.payload(table, "Rows are nested more than \(Self.deepest) deep.")
        }
        var own = JSONObject()
        var below: [(child: DataverseTable, navigation: String, rows: [JSON], areNew: Bool)] = []
        for (name, value) in given {
            let isBinding = name.hasSuffix("@odata.bind")
            if let values = value.arrayValue,
                let (child, column) = table.collection(isBinding ? String(name.dropLast("@odata.bind".count)) : name),
                let target = column.targets.first(where: { $0.table == table.name })
            {
                below.append((child, target.navigation, values, !isBinding))
            } else if let nested = value.objectValue, let (_, target) = table.navigation(name) {
                let row = try create(target, nested, depth: depth + 1)
                own[name + "@odata.bind"] = .string("/\(target.set)(\(row.id))")
            } else {
                own[name] = value
            }
        }
        let record = try DataverseStore.create(table, own, id: id, by: user.id, in: transaction)
        for (child, navigation, rows, areNew) in below {
            let binding = (name: navigation + "@odata.bind", value: JSON.string("/\(table.set)(\(record.id))"))
            for row in rows {
                guard areNew else {
                    try bind(row, of: child, [binding.name: binding.value], for: table)
                    continue
                }
                guard var nested = row.objectValue else {
                    throw DataverseFailure.payload(table, "The rows of \(child.set) must be objects.")
                }
                nested[binding.name] = binding.value
                _ = try create(child, nested, depth: depth + 1)
            }
        }
        return record
    }

    private func bind(_ row: JSON, of child: DataverseTable, _ binding: JSONObject, for table: DataverseTable) throws {
        guard let place = row.stringValue.flatMap({ DataversePath.reference($0, in: transaction.world) }),
            place.set == child.set
        else {
            throw DataverseFailure.payload(
                table, "The URI '\(row.stringValue ?? row.text)' names no row of \(child.set).")
        }
        try user.requireWriting(child)
        _ = try DataverseStore.update(
            child, try place.key.find(child, in: transaction), binding, by: user.id, in: transaction)
    }
}
