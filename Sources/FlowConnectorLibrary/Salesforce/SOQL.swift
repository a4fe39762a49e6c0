import FlowCore
import FlowDefinitions

/// Writes queries in Salesforce's query language (SOQL).
enum SOQL {
    /// A text as a literal.
    static func literal(_ text: String) -> String {
        var literal = "'"
        for character in text {
            switch character {
            case "'": literal += "\\'"
            case "\\": literal += "\\\\"
            case "\n": literal += "\\n"
            case "\r": literal += "\\r"
            case "\r\n": literal += "\\r\\n"
            case "\t": literal += "\\t"
            case "\"": literal += "\\\""
            default: literal.append(character)
            }
        }
        return literal + "'"
    }

    /// A value as a literal: for a date or number field a text is written without quotes.
    static func literal(_ value: JSON, type: String? = nil) -> String? {
        switch value {
        case .null: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .integer, .double, .decimal: return value.text
        case .string(let text):
            switch type {
            case "date": return String(text.prefix(10))
            case "datetime": return Timestamp(iso8601: text).map(\.secondsDescription) ?? text
            case "boolean": return text.lowercased()
            case "int", "double", "currency", "percent": return Double(text) == nil ? nil : text
            default: return literal(text)
            }
        case .array(let values):
            let literals = values.compactMap { literal($0, type: type) }
            return literals.count == values.count ? "(\(literals.joined(separator: ", ")))" : nil
        case .object: return nil
        }
    }

    /// Whether a text may stand as a name in a query: letters, digits, underscores, dots.
    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, (first | 0x20) &- UInt8(ascii: "a") < 26 else { return false }
        return text.utf8.allSatisfy { byte in
            (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
                || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
        }
    }

    /// A query of the platform's list parameters.
    struct List {
        var table: String
        var fields: [String]
        var conditions: [String] = []
        var orderBy: String?
        var limit: Int?
        var offset: Int?

        var text: String {
            var text = "SELECT \(fields.joined(separator: ", ")) FROM \(table)"
            if !conditions.isEmpty {
                text +=
                    " WHERE "
                    + (conditions.count == 1 ? conditions[0] : conditions.map { "(\($0))" }.joined(separator: " AND "))
            }
            if let orderBy { text += " ORDER BY \(orderBy)" }
            if let limit { text += " LIMIT \(limit)" }
            if let offset { text += " OFFSET \(offset)" }
            return text
        }
    }

    /// The names of `$select`: separated by commas, members of parents by slashes.
    static func select(_ text: String) throws(FlowError) -> [String] {
        var names: [String] = []
        for part in text.split(separator: ",") {
            let name = trimmed(part).replacing("/", with: ".")
            guard isName(name) else { throw invalid("$select", "'\(name)' is no name of a field") }
            names.append(name)
        }
        return names
    }

    /// `$orderby` as `ORDER BY` has it.
    static func orderBy(_ text: String) throws(FlowError) -> String {
        var parts: [String] = []
        for part in text.split(separator: ",") {
            let words = part.split(separator: " ").map(String.init)
            let name = words.first?.replacing("/", with: ".") ?? ""
            let direction = words.count > 1 ? words[1].uppercased() : "ASC"
            guard isName(name), words.count <= 2, direction == "ASC" || direction == "DESC" else {
                throw invalid("$orderby", "'\(trimmed(part))' is not a field with asc or desc")
            }
            parts.append("\(name) \(direction)")
        }
        return parts.joined(separator: ", ")
    }

    /// Puts values in the place of `@name`, as literals; what stands in quotes is left as it is.
    static func replacing(_ soql: String, _ values: JSONObject) throws(FlowError) -> String {
        var text = ""
        var rest = soql[...]
        var isQuoted = false
        while let character = rest.first {
            rest = rest.dropFirst()
            if isQuoted, character == "\\", let next = rest.first {
                text += [character, next]
                rest = rest.dropFirst()
                continue
            }
            if character == "'" { isQuoted.toggle() }
            guard character == "@", !isQuoted else {
                text.append(character)
                continue
            }
            let name = String(rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
            rest = rest.dropFirst(name.count)
            guard let value = values.value(ignoringCase: name) ?? values.value(ignoringCase: "@" + name),
                let literal = literal(value)
            else { throw invalid("parameters", "there is no usable value for '@\(name)'") }
            text += literal
        }
        return text
    }

    static func invalid(_ parameter: String, _ reason: String) -> FlowError {
        FlowError(
            .operationParameterInvalid, "The parameter '\(parameter)' cannot be used: \(reason).",
            hint: "write it as OData: Name eq 'x' and Amount gt 5")
    }

    static func trimmed(_ text: some StringProtocol) -> String {
        var text = text[...]
        while let first = text.first, first.isWhitespace { text = text.dropFirst() }
        while let last = text.last, last.isWhitespace { text = text.dropLast() }
        return String(text)
    }
}
