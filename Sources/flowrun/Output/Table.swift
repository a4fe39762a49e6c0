/// Rows under headings, each column as wide as its widest cell.
struct Table {
    private let headings: [String]
    private var rows: [[String]] = []

    /// Makes a table.
    init(_ headings: String...) { self.headings = headings }

    /// Adds a row of as many cells as there are headings.
    mutating func add(_ cells: String...) {
        precondition(cells.count == headings.count, "a row has \(cells.count) cells for \(headings.count) headings")
        rows.append(cells)
    }

    /// The text, without trailing blanks.
    var text: String {
        var widths = headings.map(\.count)
        for row in rows {
            for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) }
        }
        let lines = [headings] + rows
        return lines.enumerated().map { number, cells in
            var line = ""
            for (column, cell) in cells.enumerated() {
                let isLast = column == cells.count - 1
                let shown = number == 0 ? Style.bold(cell) : cell
                line += isLast ? shown : shown + String(repeating: " ", count: widths[column] - cell.count + 2)
            }
            return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }
}
