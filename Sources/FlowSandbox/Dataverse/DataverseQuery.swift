import FlowCore

/// The query options of one request.
struct DataverseQuery {
    var select: [String]?
    var filter: ODataFilter?
    var orders: [ODataOrder] = []
    var top: Int?
    var expand: [DataverseRows.Expansion] = []
    var wantsCount = false
    /// From which row on, for a later page.
    var offset = 0

    private static let known: Set<String> = [
        "$select", "$filter", "$orderby", "$top", "$expand", "$count", "$skiptoken", "$apply",
    ]

    /// Reads and checks the options for a table.
    init(_ request: ServiceRequest, _ table: DataverseTable, _ rows: DataverseRows) throws {
        for (name, value) in request.query {
            switch name {
            case "$select": select = try Self.names(value, table)
            case "$filter":
                do {
                    filter = try ODataFilter.parse(value)
                } catch {
                    throw DataverseFailure.make(400, "0x0", error.message)
                }
                try filter?.forEachPath { try rows.check($0, table) }
            case "$orderby":
                guard let orders = ODataOrder.parse(value) else {
                    throw DataverseFailure.make(400, "0x0", "Syntax error in '\(value)'.")
                }
                for order in orders { try rows.check(order.path, table) }
                self.orders = orders
            case "$top":
                guard let top = Int(value), top > 0 else {
                    throw DataverseFailure.query("Invalid value '\(value)' for $top query option found.")
                }
                self.top = top
            case "$count": wantsCount = value == "true"
            case "$expand": expand = try Self.expansions(value, table, rows)
            case "$skiptoken": offset = try Self.offset(value)
            case "fetchXml", "savedQuery", "userQuery":
                throw DataverseFailure.query("The sandbox does not serve \(name); ask by $filter, $select and $expand.")
            case "$skip": throw DataverseFailure.query("Skip Clause is not supported in CRM")
            default:
                if name.hasPrefix("$") {
                    throw DataverseFailure.query("The query parameter \(name) is not supported")
                }
            }
        }
    }

    private static func names(_ text: String, _ table: DataverseTable) throws -> [String] {
        try text.split(separator: ",").map { part in
            let name = String(part).trimmed
            guard table.column(readName: name) != nil || table.column(name) != nil else {
                throw DataverseFailure.propertyUnknown(name, table)
            }
            return name
        }
    }

    private static func expansions(
        _ text: String, _ table: DataverseTable, _ rows: DataverseRows
    ) throws -> [DataverseRows.Expansion] {
        try split(text, at: ",").map { part in
            var expansion = DataverseRows.Expansion(navigation: part.trimmed)
            var target: DataverseTable?
            let open = part.firstIndex(of: "(")
            if let open { expansion.navigation = String(part[..<open]).trimmed }
            if let (_, other) = table.navigation(expansion.navigation) { target = other }
            if let (child, _) = table.collection(expansion.navigation) { target = child }
            guard let target else { throw DataverseFailure.propertyUnknown(expansion.navigation, table) }
            guard let open else { return expansion }
            guard part.trimmed.hasSuffix(")") else {
                throw DataverseFailure.query("Syntax error in $expand: '\(part)'.")
            }
            for option in split(String(part[part.index(after: open)...].trimmedText.dropLast()), at: ";") {
                guard let mark = option.firstIndex(of: "=") else {
                    throw DataverseFailure.query("Syntax error in $expand: '\(option)'.")
                }
                let value = String(option[option.index(after: mark)...])
                switch String(option[..<mark]).trimmed {
                case "$select": expansion.select = try names(value, target)
                case "$top": expansion.top = Int(value)
                case "$orderby": expansion.orders = ODataOrder.parse(value) ?? []
                case "$filter":
                    do {
                        expansion.filter = try ODataFilter.parse(value)
                    } catch let failure as ODataFilter.Failure {
                        throw DataverseFailure.make(400, "0x0", failure.message)
                    }
                    try expansion.filter?.forEachPath { try rows.check($0, target) }
                default: throw DataverseFailure.query("The option '\(option)' is not supported in $expand.")
                }
            }
            return expansion
        }
    }

    /// Splits at a mark outside of parentheses and quotes.
    private static func split(_ text: String, at mark: Character) -> [String] {
        var parts = [""]
        var depth = 0
        var isQuoted = false
        for character in text {
            if character == "'" { isQuoted.toggle() }
            if !isQuoted, character == "(" { depth += 1 }
            if !isQuoted, character == ")" { depth -= 1 }
            if !isQuoted, depth == 0, character == mark {
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
        }
        return parts
    }

    /// The paging cookie that leads to a row.
    static func skipToken(offset: Int, page: Int) -> String {
        URLText.encode("<cookie pagenumber=\"\(page)\" pagingcookie=\"\(offset)\" istracking=\"False\" />")
    }

    private static func offset(_ cookie: String) throws -> Int {
        let rest = cookie.components(after: "pagingcookie=\"")
        guard let offset = Int(rest.prefix { $0 != "\"" }), offset >= 0 else {
            throw DataverseFailure.query("Malformed XML in the Paging Cookie")
        }
        return offset
    }
}

extension Substring {
    /// The text without blanks at its ends.
    fileprivate var trimmedText: Substring { Substring(String(self).trimmed) }
}
