import FlowCore

/// Turns rows into what is sent: chosen columns, expanded rows, annotations.
struct DataverseRows {
    let transaction: Transaction
    /// Whether formatted values and look-up names are added.
    let isAnnotated: Bool

    /// A parsed `$expand` part.
    struct Expansion {
        var navigation: String
        var select: [String]?
        var filter: ODataFilter?
        var orders: [ODataOrder] = []
        var top: Int?
    }

    /// A row as it is sent.
    func wire(
        _ table: DataverseTable, _ record: Record, select: [String]?, expand: [Expansion] = []
    ) throws -> JSON {
        var body: JSONObject = ["@odata.etag": .string(DataverseStore.eTag(record))]
        var columns = table.columns
        if let select {
            columns = select.compactMap { name in table.column(readName: name) ?? table.column(name) }
            let hasMoney = columns.contains { $0.kind == .money }
            if hasMoney, let currency = table.column("transactioncurrencyid"),
                !columns.contains(where: { $0.name == currency.name })
            {
                columns.append(currency)
            }
            if let key = table.column(table.key), !columns.contains(where: { $0.name == key.name }) {
                columns.append(key)
            }
        }
        for column in columns where column.isReadable {
            let value = DataverseStore.value(column, table, of: record)
            body[column.readName] = value
            if isAnnotated { try annotate(&body, column, table, value, record) }
        }
        for expansion in expand { try add(expansion, to: &body, table, record) }
        return .object(body)
    }

    private func add(
        _ expansion: Expansion, to body: inout JSONObject, _ table: DataverseTable, _ record: Record
    ) throws {
        if let (column, target) = table.navigation(expansion.navigation) {
            guard let id = record.body[column.name]?.stringValue,
                let other = try transaction.record(target.kind, id)
            else {
                body[expansion.navigation] = .null
                return
            }
            body[expansion.navigation] = try wire(target, other, select: expansion.select)
            return
        }
        guard let (child, column) = table.collection(expansion.navigation) else {
            throw DataverseFailure.propertyUnknown(expansion.navigation, table)
        }
        let records = try transaction.records(child.kind, where: column.name, is: record.id)
        let rows = try select(records, child, filter: expansion.filter, orders: expansion.orders)
        body[expansion.navigation] = .array(
            try rows.prefix(expansion.top ?? .max).map { try wire(child, $0, select: expansion.select) })
    }

    /// The records that fit a filter, in order.
    func select(
        _ records: [Record], _ table: DataverseTable, filter: ODataFilter?, orders: [ODataOrder]
    ) throws -> [Record] {
        var byID: [String: Record] = [:]
        for record in records { byID[record.id] = record }
        let evaluation = ODataEvaluation(ignoresCase: true) { row, path in
            guard let id = row.stringValue, let record = byID[id] else { return .null }
            return try value(path[...], table, record)
        }
        var rows: [JSON] = records.map { .string($0.id) }
        if let filter { rows = try rows.filter { try evaluation.matches(filter, $0) } }
        if !orders.isEmpty { rows = try evaluation.sort(rows, by: orders) }
        return rows.compactMap { row in row.stringValue.flatMap { byID[$0] } }
    }

    /// The value at a path from a row: a column, one behind a look-up, or the rows of a relationship.
    private func value(_ path: ArraySlice<String>, _ table: DataverseTable, _ record: Record) throws -> JSON {
        guard let name = path.first else { return .null }
        let rest = path.dropFirst()
        if rest.isEmpty, let column = table.column(readName: name) {
            return DataverseStore.value(column, table, of: record)
        }
        if let (column, target) = table.navigation(name) {
            guard let id = record.body[column.name]?.stringValue, let other = try transaction.record(target.kind, id)
            else { return .null }
            return rest.isEmpty ? .string(id) : try value(rest, target, other)
        }
        if rest.isEmpty, let (child, column) = table.collection(name) {
            return .array(
                try transaction.records(child.kind, where: column.name, is: record.id)
                    .map { try wire(child, $0, select: nil) })
        }
        throw DataverseFailure.propertyUnknown(name, table)
    }

    /// Refuses a filter or order over columns that do not exist, before any row is looked at.
    func check(_ path: [String], _ table: DataverseTable) throws {
        guard let name = path.first else { return }
        if path.count == 1 {
            guard table.column(readName: name) != nil || table.navigation(name) != nil || table.collection(name) != nil
            else { throw DataverseFailure.propertyUnknown(name, table) }
            return
        }
        guard let (_, target) = table.navigation(name) else { throw DataverseFailure.propertyUnknown(name, table) }
        try check(Array(path.dropFirst()), target)
    }

    private func annotate(
        _ body: inout JSONObject, _ column: DataverseColumn, _ table: DataverseTable, _ value: JSON, _ record: Record
    ) throws {
        let formatted = "\(column.readName)@OData.Community.Display.V1.FormattedValue"
        guard !value.isNull else { return }
        switch column.kind {
        case .choice:
            if let label = column.options.first(where: { .integer($0.value) == value })?.label {
                body[formatted] = .string(label)
            }
        case .boolean: body[formatted] = value == true ? "Yes" : "No"
        case .money, .decimal, .integer:
            if column.name != "versionnumber" {
                body[formatted] = .string(Self.number(value.doubleValue ?? 0, column.kind))
            }
        case .dateTime, .date: body[formatted] = .string(Self.date(value.stringValue ?? ""))
        case .lookup:
            let named = record.body[column.name + "@type"]?.stringValue
            let target = column.targets.first { $0.table == named } ?? column.targets.first
            guard let target, let other = DataverseSchema.table(target.table) else { return }
            body["\(column.readName)@Microsoft.Dynamics.CRM.associatednavigationproperty"] = .string(target.navigation)
            body["\(column.readName)@Microsoft.Dynamics.CRM.lookuplogicalname"] = .string(target.table)
            let row = try transaction.record(other.kind, value.stringValue ?? "")
            if let name = row?.body[other.primaryName]?.stringValue { body[formatted] = .string(name) }
        case .text, .key: return
        }
    }

    /// `1234.5` as `1,234.50` for amounts.
    private static func number(_ number: Double, _ kind: DataverseColumn.Kind) -> String {
        let hundredths = Int64((abs(number) * 100).rounded())
        var digits = String(hundredths / 100)
        var place = digits.count - 3
        while place > 0 {
            digits.insert(",", at: digits.index(digits.startIndex, offsetBy: place))
            place -= 3
        }
        if kind != .integer {
            let rest = String(hundredths % 100)
            digits += "." + String(repeating: "0", count: 2 - rest.count) + rest
        }
        return (number < 0 ? "-" : "") + digits
    }

    /// `2026-03-02T09:15:20Z` as `3/2/2026 9:15 AM`.
    private static func date(_ text: String) -> String {
        guard let instant = Timestamp(iso8601: text) else { return text }
        let (date, ticks) = instant.civil
        let day = "\(date.month)/\(date.day)/\(date.year)"
        guard text.contains("T") else { return day }
        let minutes = Int(ticks / Timestamp.ticksPerSecond / 60)
        let hour = minutes / 60 % 12 == 0 ? 12 : minutes / 60 % 12
        return "\(day) \(hour):\(minutes % 60 < 10 ? "0" : "")\(minutes % 60) \(minutes < 720 ? "AM" : "PM")"
    }
}
