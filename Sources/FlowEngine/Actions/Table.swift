import FlowCore
import FlowDefinitions
import FlowExpressions

extension RunState {
    /// Create CSV table, Create HTML table.
    func table(_ action: PlannedAction, _ repetition: Int, _ table: PlannedTable) {
        guard let source = inputs(table.from, action, repetition), let format = inputs(table.format, action, repetition)
        else { return }
        let recorded: JSON = ["from": source, "format": format]
        guard case .array(let rows) = source else {
            return fail(
                action, repetition, code: "BadRequest",
                "The 'from' property value in the 'table' action inputs is of type '\(source.platformTypeName)'. The value "
                    + "must be of type 'Array'.", inputs: recorded)
        }
        var headers: [String] = []
        var cells: [[String]] = []
        if let columns = table.columns {
            defer { row = nil }
            do {
                for column in columns {
                    headers.append(ValueText.text(of: try evaluate(column.header, action, repetition)))
                }
                for item in rows {
                    row = item
                    var line: [String] = []
                    for column in columns {
                        line.append(ValueText.text(of: try evaluate(column.value, action, repetition)))
                    }
                    cells.append(line)
                }
            } catch {
                return failEvaluation(action, repetition, error)
            }
        } else {
            var places: [String: Int] = [:]
            for item in rows {
                guard case .object(let object) = item else {
                    return fail(
                        action, repetition, code: "BadRequest",
                        "The property 'columns' must be specified unless the 'from' property value is an array of objects.",
                        inputs: recorded)
                }
                for key in object.keys where places.updateValue(headers.count, forKey: key) == nil {
                    headers.append(key)
                }
            }
            cells = rows.map { item in
                headers.map { header in item[header].map(ValueText.text) ?? "" }
            }
        }
        let isHTML = format.stringValue?.lowercased() == "html"
        let hasHead = table.columns != nil || !rows.isEmpty
        let body = isHTML ? TableText.html(headers, cells, hasHead) : TableText.csv(headers, cells, hasHead)
        finish(
            action, repetition, .succeeded, code: "OK", inputs: recorded, outputs: .value(["body": .string(body)]))
    }
}

/// Tables as text.
private enum TableText {
    static func csv(_ headers: [String], _ rows: [[String]], _ hasHead: Bool) -> String {
        guard hasHead else { return "" }
        var text = ""
        for row in [headers] + rows { text += row.map(quoted).joined(separator: ",") + "\r\n" }
        return text
    }

    /// A cell; in quotes only where it has to be.
    private static func quoted(_ cell: String) -> String {
        let special: [UInt8] = [0x22, 0x2C, 0x0D, 0x0A]
        guard cell.utf8.contains(where: { special.contains($0) }) else { return cell }
        return "\"" + cell.replacing("\"", with: "\"\"") + "\""
    }

    static func html(_ headers: [String], _ rows: [[String]], _ hasHead: Bool) -> String {
        var text = "<table>"
        if hasHead { text += "<thead>" + line(headers, "th") + "</thead>" }
        text += "<tbody>"
        for row in rows { text += line(row, "td") }
        return text + "</tbody></table>"
    }

    private static func line(_ cells: [String], _ tag: String) -> String {
        "<tr>" + cells.map { "<\(tag)>\(encoded($0))</\(tag)>" }.joined() + "</tr>"
    }

    /// Encodes as .NET does: markup, Latin-1 letters and what lies beyond the basic plane.
    private static func encoded(_ cell: String) -> String {
        var text = String.UnicodeScalarView()
        for scalar in cell.unicodeScalars {
            switch scalar {
            case "<": text.append(contentsOf: "&lt;".unicodeScalars)
            case ">": text.append(contentsOf: "&gt;".unicodeScalars)
            case "&": text.append(contentsOf: "&amp;".unicodeScalars)
            case "\"": text.append(contentsOf: "&quot;".unicodeScalars)
            case "'": text.append(contentsOf: "&#39;".unicodeScalars)
            default:
                if (0xA0...0xFF).contains(scalar.value) || scalar.value > 0xFFFF {
                    text.append(contentsOf: "&#\(scalar.value);".unicodeScalars)
                } else {
                    text.append(scalar)
                }
            }
        }
        return String(text)
    }
}
