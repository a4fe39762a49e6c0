import FlowCore

/// A row's place in a path: `accounts(guid)` or `accounts(accountnumber='A1')`.
struct DataversePath {
    /// How a row is named.
    enum Key {
        /// By its id.
        case id(String)
        /// By an alternate key: columns and values.
        case alternate([(column: String, value: String)])

        /// The row, or 404.
        func find(_ table: DataverseTable, in transaction: Transaction) throws -> Record {
            switch self {
            case .id(let id): return try DataverseStore.find(table, id, in: transaction)
            case .alternate(let pairs):
                let names = try alternateKey(pairs.map(\.column), of: table)
                let values = names.compactMap { name in pairs.first { $0.column == name }?.value }
                let ids = try transaction.ids(
                    table.kind, where: DataverseStore.keyName(names), is: values.joined(separator: "\u{1}"))
                guard let id = ids.first, let record = try transaction.record(table.kind, id) else {
                    throw DataverseFailure.keyMissing(table)
                }
                return record
            }
        }

        private func alternateKey(_ given: [String], of table: DataverseTable) throws -> [String] {
            guard let names = table.alternateKeys.first(where: { Set($0) == Set(given) }) else {
                throw DataverseFailure.make(
                    400, "0x80060888",
                    "The specified key properties [\(given.joined(separator: ","))] are not a defined key of "
                        + "\(table.name).")
            }
            return names
        }
    }

    var set: String
    var key: Key

    /// Reads one decoded segment; nil where it names no row.
    static func parse(_ segment: String) -> DataversePath? {
        guard segment.hasSuffix(")"), let open = segment.firstIndex(of: "("), open > segment.startIndex else {
            return nil
        }
        let inner = segment[segment.index(after: open)...].dropLast()
        let set = String(segment[..<open])
        if UUIDText.isValid(String(inner)) { return DataversePath(set: set, key: .id(inner.lowercased())) }
        guard let pairs = pairs(String(inner)) else { return nil }
        return DataversePath(set: set, key: .alternate(pairs))
    }

    /// Reads a reference of `@odata.bind` or `@odata.id`: relative, absolute on the host, or a whole URL.
    static func reference(_ text: String, in world: World) -> DataversePath? {
        var rest = text[...]
        let url = world.url(of: .commondataserviceforapps)
        if !url.isEmpty, rest.hasPrefix(url) {
            rest = rest.dropFirst(url.count)
        } else if rest.hasPrefix("https://") {
            rest = rest.dropFirst(8).drop { $0 != "/" }
        }
        let segments = rest.split(separator: "/").map { URLText.decode($0) }
        guard let last = segments.last, segments.count == 1 || segments.starts(with: ["api", "data"]) else {
            return nil
        }
        return parse(last)
    }

    private static func pairs(_ text: String) -> [(column: String, value: String)]? {
        var pairs: [(column: String, value: String)] = []
        var rest = text[...]
        while !rest.isEmpty {
            guard let mark = rest.firstIndex(of: "=") else { return nil }
            let column = String(rest[..<mark]).trimmed
            rest = rest[rest.index(after: mark)...]
            var value = ""
            if rest.first == "'" {
                rest = rest.dropFirst()
                while true {
                    guard let character = rest.popFirst() else { return nil }
                    if character == "'" {
                        guard rest.first == "'" else { break }
                        rest = rest.dropFirst()
                    }
                    value.append(character)
                }
            } else {
                value = String(rest.prefix { $0 != "," }).trimmed
                rest = rest.drop { $0 != "," }
            }
            guard !column.isEmpty else { return nil }
            pairs.append((column, value))
            if rest.first == "," { rest = rest.dropFirst() } else if !rest.isEmpty { return nil }
        }
        return pairs.isEmpty ? nil : pairs
    }
}
