import FlowCore

/// The arguments of a request, read by name.
struct Arguments {
    private let members: JSONObject

    init(_ members: JSONObject) { self.members = members }

    /// A text, or nil where it is not given.
    func text(_ name: String) throws(FlowError) -> String? {
        switch members[name] {
        case .none, .null?: return nil
        case .string(let text)?: return text
        case .some(let value): throw wrong(name, "a text", value)
        }
    }

    /// A text that must be given.
    func required(_ name: String) throws(FlowError) -> String {
        guard let text = try text(name), !text.isEmpty else {
            throw FlowError(.invalidArgument, "The argument '\(name)' is missing.", hint: "give '\(name)'")
        }
        return text
    }

    /// A switch that is off where it is not given.
    func flag(_ name: String) throws(FlowError) -> Bool {
        switch members[name] {
        case .none, .null?: return false
        case .bool(let value)?: return value
        case .some(let value): throw wrong(name, "true or false", value)
        }
    }

    /// A switch, or nil where it is not given.
    func choice(_ name: String) throws(FlowError) -> Bool? {
        members[name] == nil ? nil : try flag(name)
    }

    /// A number, or nil where it is not given.
    func number(_ name: String) throws(FlowError) -> Int? {
        switch members[name] {
        case .none, .null?: return nil
        case .some(let value):
            guard let number = value.integerValue else { throw wrong(name, "a whole number", value) }
            return Int(number)
        }
    }

    /// Texts; one text alone counts as a list of one.
    func texts(_ name: String) throws(FlowError) -> [String] {
        switch members[name] {
        case .none, .null?: return []
        case .string(let text)?: return [text]
        case .array(let elements)?:
            var texts: [String] = []
            for element in elements {
                guard let text = element.stringValue else { throw wrong(name, "a list of texts", element) }
                texts.append(text)
            }
            return texts
        case .some(let value): throw wrong(name, "a list of texts", value)
        }
    }

    /// An object's texts by name.
    func pairs(_ name: String) throws(FlowError) -> [String: String] {
        var pairs: [String: String] = [:]
        for (key, value) in members[name]?.objectValue ?? [:] {
            guard let text = value.stringValue else { throw wrong("\(name).\(key)", "a text", value) }
            pairs[key] = text
        }
        return pairs
    }

    /// A value as it is, or nil where it is not given.
    func value(_ name: String) -> JSON? { members[name] }

    /// An instant: ISO 8601, or a duration (`30s`, `5m`, `2h`, `14d`, ISO 8601) before the present one.
    func instant(_ name: String, now: Timestamp) throws(FlowError) -> Timestamp? {
        guard let text = try text(name) else { return nil }
        if let instant = Timestamp(iso8601: text) { return instant }
        if let duration = ShortDuration.parse(text) { return now - duration }
        throw FlowError(
            .invalidArgument, "'\(text)' is neither a time nor a duration.",
            hint: "write a time as 2026-01-31T12:00:00Z, or how long ago: 30s, 5m, 2h, 14d")
    }

    private func wrong(_ name: String, _ wanted: String, _ value: JSON) -> FlowError {
        FlowError(
            .invalidArgument, "The argument '\(name)' takes \(wanted), not \(value.text).", hint: "give \(wanted)")
    }
}
