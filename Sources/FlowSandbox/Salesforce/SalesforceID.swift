import FlowCore

/// Record ids: 15 characters where letter case counts, or 18 with a suffix that keeps it.
enum SalesforceID {
    private static let suffixLetters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345")
    private static let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

    /// The id of a counter's value.
    static func make(prefix: String, number: Int64) -> String {
        var rest = number
        var text = ""
        for _ in 0..<10 {
            text = String(digits[Int(rest % 62)]) + text
            rest /= 62
        }
        return full(prefix + "Qy" + text) ?? ""
    }

    /// The 18-character form, or nil where the text is no id.
    static func full(_ text: String) -> String? {
        let characters = Array(text)
        guard characters.count == 15 || characters.count == 18,
            characters.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) })
        else { return nil }
        var suffix = ""
        for group in 0..<3 {
            var bits = 0
            for place in 0..<5 where characters[group * 5 + place].isUppercase { bits |= 1 << place }
            suffix.append(suffixLetters[bits])
        }
        guard characters.count == 15 || String(characters[15...]).uppercased() == suffix else { return nil }
        return String(characters[..<15]) + suffix
    }
}

/// Instants and dates as Salesforce writes them.
enum SalesforceTime {
    /// `2026-03-02T09:15:20.000+0000`: whole seconds.
    static func text(_ instant: Timestamp) -> String { String(instant.description.prefix(19)) + ".000+0000" }

    /// The date of a date or datetime text, or nil.
    static func date(_ text: String) -> String? {
        Timestamp(iso8601: text) == nil ? nil : String(text.prefix(10))
    }
}

/// A refusal of the REST API: an array of message, code and fields.
enum SalesforceFailure {
    /// Makes a refusal.
    static func make(_ status: Int, _ code: String, _ message: String, fields: [String]? = nil) -> ServiceFailure {
        var error: JSONObject = ["message": .string(message), "errorCode": .string(code)]
        if let fields { error["fields"] = .array(fields.map { .string($0) }) }
        return ServiceFailure(.json(status, [.object(error)], type: "application/json;charset=UTF-8"))
    }

    /// 404 for an unknown resource.
    static let notFound = make(404, "NOT_FOUND", "The requested resource does not exist")

    /// 400 for an object that does not exist.
    static func unknownType(_ name: String) -> ServiceFailure {
        make(404, "NOT_FOUND", "The requested resource does not exist: sObject type '\(name)' is not supported.")
    }

    /// 400 for a value that cannot be read.
    static func unreadable(_ kind: SalesforceField.Kind, _ value: JSON) -> ServiceFailure {
        let (type, shown) =
            switch value {
            case .string(let text): ("VALUE_STRING", text)
            case .bool: ("VALUE_" + value.text.uppercased(), value.text)
            case .object: ("START_OBJECT", "{")
            case .array: ("START_ARRAY", "[")
            default: ("VALUE_NUMBER", value.text)
            }
        return make(
            400, "JSON_PARSER_ERROR",
            "Cannot deserialize instance of \(kind.rawValue) from \(type) value \(shown) or request may be missing a "
                + "required field at [line:1, column:2]")
    }
}
