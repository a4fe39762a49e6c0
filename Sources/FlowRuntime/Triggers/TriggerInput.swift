import FlowCore
import FlowDefinitions
import FlowText

/// What a person gives to a flow that they start, made into the outputs of its trigger.
///
/// Flows that people start have a schema whose properties carry titles; the input may name either. All other
/// triggers take the input as their body.
struct TriggerInput {
    private let trigger: Trigger
    private let flow: String

    init(_ trigger: Trigger, ofFlow flow: String) {
        self.trigger = trigger
        self.flow = flow
    }

    /// The outputs of the trigger for an input.
    /// - Parameters:
    ///   - input: what was given, or nil for nothing.
    ///   - user: the person (UPN) who starts the flow, or nil.
    ///   - now: the present instant.
    /// - Returns: the outputs.
    /// - Throws: `MissingInput` with a detail for each, `InvalidArgument`.
    func outputs(_ input: JSON?, user: String?, now: Timestamp) throws(FlowError) -> JSONObject {
        switch trigger.type.lowercased() {
        case "recurrence", "slidingwindow":
            guard input == nil || input?.isNull == true || input?.objectValue?.isEmpty == true else {
                throw FlowError(
                    .invalidArgument, "The flow '\(flow)' starts by the clock and takes no input.",
                    hint: "run it without --input")
            }
            return [:]
        case "request" where isPersonal:
            var outputs: JSONObject = ["headers": .object(personHeaders(user, now))]
            outputs["body"] = .object(try body(input, user: user, now: now))
            return outputs
        case "request":
            var outputs: JSONObject = ["headers": ["Content-Type": "application/json; charset=utf-8"]]
            outputs["body"] = input
            return outputs
        default:
            guard let input else {
                throw FlowError(
                    .missingInput,
                    "The flow '\(flow)' starts by its connector; to run it by hand, give it what the trigger would.",
                    hint: "flowrun run '\(flow)' --input @FILE, where FILE holds the trigger's body")
            }
            return ["headers": [:], "body": input]
        }
    }

    /// Whether the trigger is one that a person starts with typed inputs.
    private var isPersonal: Bool { ["button", "powerapp", "powerappv2"].contains((trigger.kind ?? "").lowercased()) }

    private var schema: JSON { trigger.inputs?["schema"]?.json ?? [:] }

    private func body(_ input: JSON?, user: String?, now: Timestamp) throws(FlowError) -> JSONObject {
        let properties = schema["properties"]?.objectValue ?? [:]
        let given: JSONObject
        switch input {
        case .none, .null?: given = [:]
        case .object(let object)?: given = object
        default:
            throw FlowError(
                .invalidArgument, "The input of '\(flow)' must be an object.",
                hint: "give the values by name: \(Self.example(properties))")
        }
        var body = JSONObject()
        for (name, value) in given {
            guard let key = key(of: name, in: properties) else {
                if properties.isEmpty {
                    body[name] = value
                    continue
                }
                throw unknown(name, properties)
            }
            body[key] = try convert(value, to: properties[key] ?? [:], named: name)
        }
        try checkRequired(body, properties)
        if properties["key-button-date"] != nil, body["key-button-date"] == nil {
            body["key-button-date"] = .string(now.description)
        }
        return body
    }

    private func key(of name: String, in properties: JSONObject) -> String? {
        if properties[name] != nil { return name }
        let folded = name.lowercased()
        return properties.first { $0.1["title"]?.stringValue == name }?.0
            ?? properties.first { $0.0.lowercased() == folded || $0.1["title"]?.stringValue?.lowercased() == folded }?.0
    }

    private func unknown(_ name: String, _ properties: JSONObject) -> FlowError {
        let titles = properties.map { $0.1["title"]?.stringValue ?? $0.0 }
        let near = Suggestion.hint(for: name, among: titles + properties.keys)
        return FlowError(
            .invalidArgument, "The flow '\(flow)' has no input '\(name)'.",
            hint: near
                ?? "its inputs are: \(titles.map { "'\($0)'" }.joined(separator: ", "))")
    }

    private func checkRequired(_ body: JSONObject, _ properties: JSONObject) throws(FlowError) {
        let required = (schema["required"]?.arrayValue ?? []).compactMap(\.stringValue)
        let missing = required.filter { body[$0] == nil || body[$0]?.isNull == true }
        if missing.isEmpty { return }
        let details = missing.map { key in
            FlowError(
                .missingInput, properties[key]?["title"]?.stringValue ?? key, path: ActionPath(text: key),
                hint: Self.choices(of: properties[key] ?? [:]).map { "one of: \($0.joined(separator: ", "))" })
        }
        throw FlowError(
            .missingInput, "The flow '\(flow)' needs \(details.map { "'\($0.message)'" }.joined(separator: ", ")).",
            hint: "flowrun run '\(flow)' --input '\(Self.example(properties))'", details: details)
    }

    /// A value as its property's type has it; what a terminal or shell gives as text or number is understood.
    private func convert(_ value: JSON, to property: JSON, named name: String) throws(FlowError) -> JSON {
        let choices = Self.choices(of: property)
        switch (property["type"]?.stringValue ?? "", value) {
        case (_, .null): return value
        case ("boolean", .bool): return value
        case ("boolean", .string(let text)):
            switch text.lowercased() {
            case "yes", "true": return true
            case "no", "false": return false
            default: throw wrong(name, "Yes or No", value)
            }
        case ("number", .string(let text)), ("integer", .string(let text)):
            guard let number = try? JSON(parsing: text), number.doubleValue != nil else {
                throw wrong(name, "a number", value)
            }
            return number
        case ("number", .integer), ("number", .double), ("number", .decimal), ("integer", .integer): return value
        case ("integer", .double) where value.integerValue != nil: return value
        case ("string", .integer), ("string", .double), ("string", .decimal), ("string", .bool):
            return try checked(.string(value.text), choices, name)
        case ("string", .string): return try checked(value, choices, name)
        case ("array", .array(let elements)):
            for element in elements { _ = try checked(element, choices, name) }
            return value
        case ("array", _): throw wrong(name, "an array of its choices", value)
        case ("boolean", _): throw wrong(name, "Yes or No", value)
        case ("number", _), ("integer", _): throw wrong(name, "a number", value)
        case ("string", _): throw wrong(name, "a text", value)
        default: return value
        }
    }

    private func checked(_ value: JSON, _ choices: [String]?, _ name: String) throws(FlowError) -> JSON {
        guard let choices, let text = value.stringValue, !choices.contains(text) else { return value }
        let near = Suggestion.hint(for: text, among: choices)
        throw FlowError(
            .invalidArgument,
            "The input '\(name)' takes \(choices.map { "'\($0)'" }.joined(separator: ", ")), not '\(text)'.",
            hint: near ?? "give one of these")
    }

    private func wrong(_ name: String, _ wanted: String, _ value: JSON) -> FlowError {
        FlowError(
            .invalidArgument, "The input '\(name)' of '\(flow)' takes \(wanted), not \(value.text).",
            hint: "give \(wanted) for '\(name)'")
    }

    private static func choices(of property: JSON) -> [String]? {
        let values = property["enum"] ?? property["items"]?["enum"]
        return values?.arrayValue?.compactMap(\.stringValue)
    }

    private static func example(_ properties: JSONObject) -> String {
        var example = JSONObject()
        for (key, property) in properties {
            let title = property["title"]?.stringValue ?? key
            let choice = choices(of: property)?.first
            switch property["type"]?.stringValue ?? "" {
            case "boolean": example[title] = "Yes"
            case "number", "integer": example[title] = 1
            case "array": example[title] = .array([.string(choice ?? "…")])
            default: example[title] = .string(choice ?? "…")
            }
        }
        return JSON.object(example).text
    }

    private func personHeaders(_ user: String?, _ now: Timestamp) -> JSONObject {
        var headers: JSONObject = ["x-ms-user-timestamp": .string(now.description)]
        guard let user else { return headers }
        let name = String(user.prefix { $0 != "@" })
        for (key, value) in [("x-ms-user-name", name), ("x-ms-user-email", user), ("x-ms-user-id", user)] {
            headers[key] = .string(value)
            headers[key + "-encoded"] = .string(Base64.encode(Array(value.utf8)))
        }
        return headers
    }
}
