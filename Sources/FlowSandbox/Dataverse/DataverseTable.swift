package import FlowCore

/// A column of a table.
package struct DataverseColumn: Sendable {
    /// What kind of values it holds.
    package enum Kind: Sendable, Equatable {
        /// Text of at most so many characters.
        case text(Int)
        /// A whole number.
        case integer
        /// A number.
        case decimal
        /// An amount in the row's currency.
        case money
        /// True or false, with the labels of both.
        case boolean
        /// An instant.
        case dateTime
        /// A date without time.
        case date
        /// A choice, state or status: a number with a label.
        case choice
        /// The id of another row.
        case lookup
        /// The id of a row itself.
        case key
    }

    /// The logical name.
    package let name: String
    /// What it holds.
    package let kind: Kind
    /// Whether callers may write it.
    package var isWritable = true
    /// Whether callers are shown it.
    package var isReadable = true
    /// The numbers and labels of a choice, in order.
    package var options: [(value: Int64, label: String)] = []
    /// Where a look-up may point: table and navigation property.
    package var targets: [(table: String, navigation: String)] = []
    /// The value of a row that does not give one.
    package var standard = JSON.null

    init(_ name: String, _ kind: Kind) {
        self.name = name
        self.kind = kind
    }

    /// The column as one that only the service writes.
    func readOnly() -> DataverseColumn {
        var column = self
        column.isWritable = false
        return column
    }

    /// The column as one that is taken and never shown.
    func writeOnly() -> DataverseColumn {
        var column = self
        column.isReadable = false
        return column
    }

    /// The column with a default.
    func with(default value: JSON) -> DataverseColumn {
        var column = self
        column.standard = value
        return column
    }

    /// A choice.
    static func choice(_ name: String, _ options: KeyValuePairs<Int64, String>) -> DataverseColumn {
        var column = DataverseColumn(name, .choice)
        column.options = options.map { ($0.key, $0.value) }
        return column
    }

    /// A look-up, its navigation property named like the column unless it has several targets.
    static func lookup(_ name: String, _ tables: String...) -> DataverseColumn {
        var column = DataverseColumn(name, .lookup)
        column.targets = tables.map { ($0, tables.count == 1 ? name : "\(name)_\($0)") }
        return column
    }

    /// A Yes/No column with its default.
    static func yesNo(_ name: String, default value: Bool = false) -> DataverseColumn {
        DataverseColumn(name, .boolean).with(default: .bool(value))
    }

    /// The name under which it is read: look-ups are read by `_name_value`.
    package var readName: String { kind == .lookup ? "_\(name)_value" : name }
}

/// A table of the environment.
package struct DataverseTable: Sendable {
    /// The logical name, singular.
    package let name: String
    /// The entity set's name, plural.
    package let set: String
    /// The column that holds the row's id.
    package let key: String
    /// The column whose value names a row for people.
    package let primaryName: String
    /// All columns in order.
    package let columns: [DataverseColumn]
    /// Columns that identify a row, each set on its own.
    package let alternateKeys: [[String]]
    /// Whether writing needs an administrator or customizer.
    package let isProtected: Bool
    private let places: [String: Int]

    init(
        _ name: String, set: String, primaryName: String, alternateKeys: [[String]] = [], isProtected: Bool = false,
        hasOwner: Bool = true, states: [DataverseColumn]? = nil, _ columns: [DataverseColumn]
    ) {
        self.name = name
        self.set = set
        key = name + "id"
        self.primaryName = primaryName
        self.alternateKeys = alternateKeys
        self.isProtected = isProtected
        let standardStates = [
            DataverseColumn.choice("statecode", [0: "Active", 1: "Inactive"]).with(default: 0),
            DataverseColumn.choice("statuscode", [1: "Active", 2: "Inactive"]).with(default: 1),
        ]
        var owner = DataverseColumn("ownerid", .lookup)
        owner.targets = [("systemuser", "ownerid")]
        self.columns =
            [DataverseColumn(name + "id", .key)] + columns + (states ?? standardStates)
            + (hasOwner ? [owner] : []) + [
                DataverseColumn("createdon", .dateTime).readOnly(),
                DataverseColumn.lookup("createdby", "systemuser").readOnly(),
                DataverseColumn("modifiedon", .dateTime).readOnly(),
                DataverseColumn.lookup("modifiedby", "systemuser").readOnly(),
                DataverseColumn("versionnumber", .integer).readOnly(),
            ]
        places = Dictionary(
            self.columns.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The kind of its records.
    package var kind: String { "dataverse/" + name }

    /// A column by its logical name; letter case counts.
    package func column(_ name: String) -> DataverseColumn? { places[name].map { columns[$0] } }

    /// A column by the name under which it is read.
    func column(readName name: String) -> DataverseColumn? {
        if name.hasPrefix("_"), name.hasSuffix("_value") {
            let column = column(String(name.dropFirst().dropLast(6)))
            return column?.kind == .lookup ? column : nil
        }
        let column = column(name)
        return column?.kind == .lookup ? nil : column
    }

    /// A look-up by a navigation property, with the table to which that leads.
    func navigation(_ name: String) -> (column: DataverseColumn, table: DataverseTable)? {
        for column in columns where column.kind == .lookup {
            guard let target = column.targets.first(where: { $0.navigation == name }),
                let table = DataverseSchema.table(target.table)
            else { continue }
            return (column, table)
        }
        return nil
    }

    /// The rows of another table that point here, by the name of the relationship.
    func collection(_ name: String) -> (table: DataverseTable, column: DataverseColumn)? {
        guard
            let relationship = DataverseSchema.relationships.first(where: { $0.name == name && $0.parent == self.name }
            ),
            let table = DataverseSchema.table(relationship.child), let column = table.column(relationship.column)
        else { return nil }
        return (table, column)
    }
}
