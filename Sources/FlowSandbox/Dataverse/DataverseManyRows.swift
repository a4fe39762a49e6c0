import FlowCore

extension DataverseCall {
    /// The actions that write several rows of a table, or none of them.
    enum ManyRows: String {
        case createMultiple = "CreateMultiple"
        case updateMultiple = "UpdateMultiple"
        case upsertMultiple = "UpsertMultiple"

        init?(_ segment: String) {
            let name = segment.split(separator: ".").last.map(String.init) ?? ""
            guard segment == "Microsoft.Dynamics.CRM." + name, let action = ManyRows(rawValue: name) else { return nil }
            self = action
        }
    }

    func writeMany(_ action: ManyRows, _ table: DataverseTable) throws -> ServiceResponse {
        try user.requireWriting(table)
        guard let targets = try body(nil)["Targets"]?.arrayValue else {
            throw DataverseFailure.make(400, "0x80048d19", "The parameter 'Targets' must be an array of rows.")
        }
        var ids: [JSON] = []
        for target in targets {
            var given = target.objectValue ?? [:]
            given["@odata.type"] = nil
            var place: DataversePath.Key?
            if let id = given[table.key]?.stringValue { place = .id(id) }
            // Rows may be named by an alternate key: `@odata.id: contacts(key='value')`.
            if let named = given["@odata.id"]?.stringValue.flatMap({ DataversePath.parse($0) }) { place = named.key }
            given["@odata.id"] = nil
            var existing: Record?
            if action != .createMultiple, let place {
                do {
                    existing = try place.find(table, in: transaction)
                } catch let failure as ServiceFailure
                    where action == .upsertMultiple && failure.response.status == 404
                {
                    existing = nil
                }
            }
            let record: Record
            if let existing {
                given[table.key] = nil
                record = try DataverseStore.update(table, existing, given, by: user.id, in: transaction)
            } else {
                var id: String?
                switch place {
                case .id(let one)?: id = one
                case .alternate(let pairs)?: for (column, value) in pairs { given[column] = .string(value) }
                case nil: break
                }
                record = try DataverseStore.create(table, given, id: id, by: user.id, in: transaction)
            }
            ids.append(.string(record.id))
        }
        guard action == .createMultiple else { return empty(nil, table) }
        return json(
            200,
            [
                "@odata.context": .string("\(base)/$metadata#Microsoft.Dynamics.CRM.CreateMultipleResponse"),
                "Ids": .array(ids),
            ])
    }
}
