/// Text of comma-separated values, RFC 4180 with a choice of delimiters.
enum CSVText {
    /// The delimiters by their names in the Bulk API.
    static let delimiters: [String: UInt8] = [
        "BACKQUOTE": UInt8(ascii: "`"), "CARET": UInt8(ascii: "^"), "COMMA": UInt8(ascii: ","),
        "PIPE": UInt8(ascii: "|"), "SEMICOLON": UInt8(ascii: ";"), "TAB": UInt8(ascii: "\t"),
    ]

    /// The rows of a text; empty lines are none.
    /// - Returns: the rows, or nil where a quote is not closed or something follows a closing one.
    static func read(_ bytes: [UInt8], delimiter: UInt8) -> [[String]]? {
        let (quote, feed, carriage) = (UInt8(ascii: "\""), UInt8(ascii: "\n"), UInt8(ascii: "\r"))
        var rows: [[String]] = []
        var row: [String] = []
        var cell: [UInt8] = []
        var wasQuoted = false
        var place = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
        func endCell() {
            row.append(String(decoding: cell, as: UTF8.self))
            cell = []
            wasQuoted = false
        }
        func endRow() {
            guard !row.isEmpty || !cell.isEmpty || wasQuoted else { return }
            endCell()
            rows.append(row)
            row = []
        }
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            if byte == quote, cell.isEmpty, !wasQuoted {
                wasQuoted = true
                while true {
                    guard place < bytes.count else { return nil }
                    if bytes[place] == quote {
                        place += 1
                        guard place < bytes.count, bytes[place] == quote else { break }
                    }
                    cell.append(bytes[place])
                    place += 1
                }
            } else if byte == delimiter {
                endCell()
            } else if byte == feed || (byte == carriage && place < bytes.count && bytes[place] == feed) {
                if byte == carriage { place += 1 }
                endRow()
            } else if wasQuoted {
                return nil
            } else {
                cell.append(byte)
            }
        }
        endRow()
        return rows
    }

    /// Rows as text, every cell in quotes.
    static func text(_ rows: [[String]], delimiter: UInt8, lineEnding: String) -> String {
        let delimiter = String(UnicodeScalar(delimiter))
        return rows.map { row in
            row.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }.joined(separator: delimiter) + lineEnding
        }.joined()
    }
}
