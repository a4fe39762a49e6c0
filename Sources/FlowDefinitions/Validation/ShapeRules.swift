import FlowCore
import FlowExpressions
import FlowText

/// The type that an expression is known to give.
enum StaticType: Sendable, Hashable {
    case string, integer, number, boolean, array, object, null

    /// The type with its article.
    var phrase: String {
        switch self {
        case .string: "a text"
        case .integer: "a whole number"
        case .number: "a number"
        case .boolean: "a Boolean"
        case .array: "an array"
        case .object: "an object"
        case .null: "null"
        }
    }

    /// The type of a variable; nothing is known of objects, which may be null.
    init?(variableType type: String) {
        switch type {
        case "string": self = .string
        case "integer": self = .integer
        case "float": self = .number
        case "boolean": self = .boolean
        case "array": self = .array
        default: return nil
        }
    }

    /// The type of a word of JSON Schema.
    init?(schemaWord: String) {
        switch schemaWord.lowercased() {
        case "string": self = .string
        case "integer": self = .integer
        case "number": self = .number
        case "boolean": self = .boolean
        case "array": self = .array
        case "object": self = .object
        default: return nil
        }
    }
}

/// What is known of a value before the run.
indirect enum Shape {
    /// Where a schema comes from.
    enum Origin {
        /// The flow's own trigger or ParseJson: it says all there is, and what may be missing.
        case flow
        /// The Responses of a child flow: they say all there is.
        case child
        /// A connector: there may be more than it says.
        case connector
    }

    /// A value of a schema.
    case schema(JSON, Origin)
    /// The outputs of an action or trigger, of which the body is known.
    case outputs(body: Shape)
    /// The whole record of a trigger or action, read by a call such as `trigger()`.
    case record(Record, body: Shape?)

    /// Whose record it is.
    enum Record {
        case trigger
        case action(String)

        /// The properties that a record can have.
        var properties: [String] {
            switch self {
            case .trigger:
                [
                    "name", "inputs", "outputs", "startTime", "endTime", "trackingId", "clientTrackingId",
                    "originHistoryName", "status", "scheduledTime", "code", "sourceHistoryName", "correlation", "error",
                ]
            case .action:
                [
                    "name", "inputs", "outputs", "trackedProperties", "startTime", "endTime", "trackingId",
                    "clientTrackingId", "clientKeywords", "code", "status", "error", "repetitionCount", "correlation",
                    "retryHistory", "iterationCount", "type",
                ]
            }
        }

        /// The call that gives the record.
        var call: String {
            switch self {
            case .trigger: "trigger()"
            case .action(let name): "actions('\(name)')"
            }
        }

        /// The call that gives the body.
        var bodyCall: String {
            switch self {
            case .trigger: "triggerBody()"
            case .action(let name): "body('\(name)')"
            }
        }
    }
}

/// Why a value may be null.
enum Absence {
    /// Its schema has null among its types.
    case nullable
    /// It is not among the required properties, and is read with `?`.
    case optional

    /// The rest of a sentence about the value.
    var phrase: String {
        switch self {
        case .nullable: "may be null by its schema"
        case .optional: "is optional in its schema and null where it is missing"
        }
    }
}

/// Properties that schemas do not have.
///
/// Schemas come from the trigger, from ParseJson, from the Responses of a child flow and from connectors.
struct ShapeRules {
    private let facts: FlowFacts
    private let triggerBody: Shape?

    init(_ facts: FlowFacts) {
        self.facts = facts
        triggerBody = Self.triggerBody(facts)
    }

    // MARK: Where shapes come from

    private static func triggerBody(_ facts: FlowFacts) -> Shape? {
        guard let trigger = facts.trigger else { return nil }
        let whole: Shape?
        switch trigger.type.lowercased() {
        case "request":
            guard ["", "http", "button", "powerappv2"].contains((trigger.kind ?? "").lowercased()),
                let schema = trigger.inputs?["schema"]?.json
            else { return nil }
            whole = .schema(schema, .flow)
        case "openapiconnection", "openapiconnectionwebhook", "openapiconnectionnotification":
            let host = trigger.inputs?["host"]
            guard let connector = connector(of: host, facts), let id = host?["operationId"]?.string,
                let schema = facts.catalog.trigger(id, of: connector)?.outputSchema
            else { return nil }
            whole = .schema(schema, .connector)
        default: return nil
        }
        guard let splitOn = trigger.node["splitOn"]?.string else { return whole }
        guard let whole, let template = try? Template.read(splitOn), let expression = template.expressions.first else {
            return nil
        }
        return element(of: shape(of: expression, base: whole))
    }

    /// The shape of a path over the trigger alone.
    private static func shape(of expression: Expression, base: Shape) -> Shape? {
        switch expression {
        case .literal: return nil
        case .call(let call):
            switch call.name.lowercased() {
            case "triggerbody": return base
            case "triggeroutputs": return .outputs(body: base)
            default: return nil
            }
        case .access(let inner, let access):
            guard let shape = shape(of: inner, base: base), let key = access.key.literal else { return nil }
            return step(shape, key).shape
        }
    }

    private static func connector(of host: SourceNode?, _ facts: FlowFacts) -> String? {
        let key = host?["connectionName"]?.string ?? host?["connectionReferenceName"]?.string
        return key.flatMap { facts.flow.connectionReference($0)?.connector }
            ?? host?["apiId"]?.string.map(ConnectorRegistry.shortName)
    }

    private func body(of name: String, from place: FlowFacts.Place?, depth: Int) -> Shape? {
        guard depth < Self.depthLimit, let other = facts.place(name) else { return nil }
        // Outside a loop the outputs of what is inside are lists.
        let line = place.map { $0.ancestors + [$0.action] } ?? []
        for loop in other.ancestors where loop.type?.isLoop == true {
            guard line.contains(where: { $0.name == loop.name }) else { return nil }
        }
        let action = other.action
        switch action.type {
        case .parseJson: return action.inputs?["schema"].map { .schema($0.json, .flow) }
        case .openApiConnection, .openApiConnectionWebhook:
            let host = action.inputs?["host"]
            guard let connector = Self.connector(of: host, facts), let id = host?["operationId"]?.string,
                let schema = facts.catalog.operation(id, of: connector)?.outputSchema
            else { return nil }
            return .schema(schema, .connector)
        case .workflow:
            guard let reference = action.childReference, case .found(let child) = facts.flows.resolve(reference) else {
                return nil
            }
            return Self.answer(of: child)
        case .query:
            guard let from = action.inputs?["from"]?.string, let template = try? Template.read(from),
                let expression = template.expressions.first
            else { return nil }
            return shape(of: expression, row: .none, place: other, depth: depth + 1)
        default: return nil
        }
    }

    /// What a child answers: the properties of all its Responses, or nil where one of them is not known.
    private static func answer(of child: FlowDefinition) -> Shape? {
        var properties = JSONObject()
        for response in child.allActions where response.type == .response {
            let body = response.inputs?["body"]
            if let known = response.inputs?["schema"]?["properties"], known.isMapping, !known.members.isEmpty {
                for member in known.members { properties[member.key] = member.value.json }
                // The body may say more than the schema.
            }
            guard let body, !body.isNull else { continue }
            guard body.isMapping, !body.members.contains(where: { $0.key.contains("@") }) else { return nil }
            for member in body.members where properties[member.key] == nil { properties[member.key] = [:] }
        }
        guard !properties.isEmpty else { return nil }
        return .schema(["type": "object", "properties": .object(properties)], .child)
    }

    // MARK: Shapes of expressions

    /// How many expressions may lie behind one another: broken flows refer to themselves.
    private static let depthLimit = 16

    /// What is known of an expression's value, or nil.
    func shape(
        of expression: Expression, row: TemplateSite.Row, place: FlowFacts.Place?, depth: Int = 0
    ) -> Shape? {
        switch expression {
        case .literal: return nil
        case .access(let base, let access):
            guard let shape = shape(of: base, row: row, place: place, depth: depth), let key = access.key.literal
            else { return nil }
            return Self.step(shape, key).shape
        case .call(let call): return shape(of: call, row: row, place: place, depth: depth)
        }
    }

    private func shape(
        of call: Expression.Call, row: TemplateSite.Row, place: FlowFacts.Place?, depth: Int
    ) -> Shape? {
        let name = call.arguments.first?.literal?.stringValue
        switch call.name.lowercased() {
        case "triggerbody": return triggerBody
        case "triggeroutputs": return triggerBody.map { .outputs(body: $0) }
        case "trigger": return .record(.trigger, body: triggerBody)
        case "actions": return name.map { .record(.action($0), body: body(of: $0, from: place, depth: depth)) }
        case "body", "actionbody": return name.flatMap { body(of: $0, from: place, depth: depth) }
        case "outputs", "actionoutputs":
            return name.flatMap { body(of: $0, from: place, depth: depth) }.map { .outputs(body: $0) }
        case "items": return name.flatMap { itemShape(ofLoop: $0, depth: depth) }
        case "item":
            if case .of(let from) = row {
                guard let text = from?.string, let template = try? Template.read(text),
                    let expression = template.expressions.first
                else { return nil }
                return Self.element(of: shape(of: expression, row: .none, place: place, depth: depth + 1))
            }
            let loop = place?.ancestors.last { $0.type == .foreach }
            return loop.flatMap { itemShape(ofLoop: $0.name, depth: depth) }
        case "first", "last":
            guard let argument = call.arguments.first else { return nil }
            return Self.element(of: shape(of: argument, row: row, place: place, depth: depth))
        default: return nil
        }
    }

    private func itemShape(ofLoop name: String, depth: Int) -> Shape? {
        guard depth < Self.depthLimit, let loop = facts.place(name), loop.action.type == .foreach,
            let text = loop.action.node["foreach"]?.string,
            let template = try? Template.read(text), let expression = template.expressions.first
        else { return nil }
        return Self.element(of: shape(of: expression, row: .none, place: loop, depth: depth + 1))
    }

    private static func element(of shape: Shape?) -> Shape? {
        guard case .schema(let schema, let origin)? = shape, let items = schema["items"] else { return nil }
        return .schema(items, origin)
    }

    /// The static type of a whole expression, or nil.
    func type(of template: Template, in place: FlowFacts.Place) -> StaticType? {
        switch template.content {
        case .literal, .interpolation: return .string
        case .expression(let expression):
            if let type = FunctionRules.type(of: template) { return type }
            if case .call(let call) = expression, call.name.lowercased() == "variables",
                let name = call.arguments.first?.literal?.stringValue
            {
                return facts.variables[name.lowercased()].flatMap { StaticType(variableType: $0.type) }
            }
            guard case .schema(let schema, _)? = shape(of: expression, row: .none, place: place),
                let word = schema["type"]?.stringValue
            else { return nil }
            return StaticType(schemaWord: word)
        }
    }

    // MARK: Steps

    /// What a step came to.
    private struct Step {
        enum Problem {
            case unknown(known: [String], titles: [String: String]), onArray, onScalar(String)
            /// A record of the run never has it.
            case notOfRecord(Shape.Record)
            /// It may be missing; stated where the schema lists which properties are required.
            case optional(isStated: Bool)
        }

        var shape: Shape?
        var problem: Problem?
    }

    private static func step(_ shape: Shape, _ key: JSON) -> Step {
        switch shape {
        case .outputs(let body):
            guard let name = key.stringValue else { return Step() }
            let parts = name.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts[0].lowercased() == "body" else { return Step() }
            return parts.count == 1 ? Step(shape: body) : step(body, .string(parts[1]))
        case .record(let record, let body):
            guard let name = key.stringValue else { return Step() }
            let parts = name.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let known = record.properties.contains { $0.lowercased() == parts[0].lowercased() }
            guard known else { return Step(problem: .notOfRecord(record)) }
            guard parts[0].lowercased() == "outputs", let body else { return Step() }
            return parts.count == 1 ? Step(shape: .outputs(body: body)) : step(.outputs(body: body), .string(parts[1]))
        case .schema(let schema, let origin):
            guard isKnown(schema) else { return Step() }
            if key.integerValue != nil { return Step(shape: element(of: shape)) }
            guard let name = key.stringValue else { return Step() }
            return step(schema, name, origin)
        }
    }

    private static func step(_ schema: JSON, _ name: String, _ origin: Shape.Origin) -> Step {
        guard let type = type(of: schema) ?? (schema["properties"] == nil ? nil : "object") else { return Step() }
        switch type {
        case "array": return Step(problem: .onArray)
        case "string", "integer", "number", "boolean": return Step(problem: .onScalar(type))
        case "object": break
        default: return Step()
        }
        guard let properties = schema["properties"]?.objectValue, !properties.isEmpty else { return Step() }
        if let property = properties.value(ignoringCase: name) {
            let required = schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? []
            let isRequired = required.contains { $0.lowercased() == name.lowercased() }
            return Step(
                shape: .schema(property, origin),
                problem: origin == .flow && !isRequired ? .optional(isStated: schema["required"] != nil) : nil)
        }
        if let slash = name.firstIndex(of: "/") {
            let first = step(schema, String(name[..<slash]), origin)
            guard let inner = first.shape else { return first }
            return step(inner, .string(String(name[name.index(after: slash)...])))
        }
        let mayHaveMore = schema["additionalProperties"].map { $0.boolValue != false } ?? (origin == .connector)
        guard !mayHaveMore else { return Step() }
        var titles: [String: String] = [:]
        for (key, value) in properties {
            if let title = value["title"]?.stringValue { titles[title.lowercased()] = key }
        }
        return Step(problem: .unknown(known: properties.keys, titles: titles))
    }

    /// The one type of a schema, null apart.
    private static func type(of schema: JSON) -> String? {
        guard let words = schema["type"]?.arrayValue else { return schema["type"]?.stringValue?.lowercased() }
        let others = words.compactMap { $0.stringValue?.lowercased() }.filter { $0 != "null" }
        return others.count == 1 ? others[0] : nil
    }

    /// What is known of a selection: the schema of its value, and why it may be null; nil where nothing is known.
    func selection(
        of base: Expression, _ access: Expression.Access, _ site: TemplateSite
    ) -> (schema: JSON, absence: Absence?)? {
        guard let shape = shape(of: base, row: site.row, place: site.place), let key = access.key.literal else {
            return nil
        }
        let step = Self.step(shape, key)
        guard case .schema(let schema, _)? = step.shape else { return nil }
        if schema["type"]?.arrayValue?.contains("null") == true { return (schema, .nullable) }
        if access.isOptional, case .optional(isStated: true)? = step.problem { return (schema, .optional) }
        return (schema, nil)
    }

    /// Whether a schema says what a value is in one way that can be followed.
    private static func isKnown(_ schema: JSON) -> Bool {
        guard let object = schema.objectValue, !object.isEmpty else { return false }
        return !["anyOf", "oneOf", "allOf", "$ref", "patternProperties"].contains { object[$0] != nil }
    }

    // MARK: Findings

    /// Reports properties that the schema does not have, and optional ones that are read without `?`.
    func check(_ expression: Expression, _ site: TemplateSite, into report: inout CheckReport) {
        switch expression {
        case .literal: break
        case .call(let call): for argument in call.arguments { check(argument, site, into: &report) }
        case .access(let base, let access):
            check(base, site, into: &report)
            check(access.key, site, into: &report)
            guard let shape = shape(of: base, row: site.row, place: site.place), let key = access.key.literal else {
                return
            }
            let step = Self.step(shape, key)
            guard let problem = step.problem else { return }
            warn(
                problem, key: key.stringValue ?? key.text, isOptional: access.isOptional,
                at: site.location(of: access.range.lowerBound), site, into: &report)
        }
    }

    private func warn(
        _ problem: Step.Problem, key: String, isOptional: Bool, at location: SourceLocation, _ site: TemplateSite,
        into report: inout CheckReport
    ) {
        switch problem {
        case .unknown(let known, let titles):
            if Self.isAlwaysThere(key, facts) { return }
            let hint =
                titles[key.lowercased()].map { "the input with this title has the key '\($0)'" }
                ?? Suggestion.hint(for: key, among: known)
            report.warning(
                .unknownProperty,
                "The schema has no property '\(key)'; there are \(known.prefix(12).joined(separator: ", ")).",
                at: location, path: site.path, hint: hint)
        case .onArray:
            report.warning(
                .unknownProperty, "'\(key)' is read of an array, which has elements and no properties.",
                at: location, path: site.path, hint: "read an element, as in first(...) or [0], or use Select")
        case .onScalar(let type):
            report.warning(
                .unknownProperty, "'\(key)' is read of a value of type \(type), which has no properties.",
                at: location, path: site.path)
        case .notOfRecord(let record):
            let isBody = key.lowercased().hasPrefix("body")
            report.warning(
                .unknownProperty, "\(record.call) has no property '\(key)'.", at: location, path: site.path,
                hint: isBody ? "write \(record.bodyCall)" : Suggestion.hint(for: key, among: record.properties))
        case .optional:
            guard !isOptional else { return }
            report.warning(
                .unknownProperty,
                "The property '\(key)' is optional in the schema; without '?' the action fails where it is missing.",
                at: location, path: site.path, hint: "write ?['\(key)']")
        }
    }

    /// What a button brings beside its inputs.
    private static func isAlwaysThere(_ key: String, _ facts: FlowFacts) -> Bool {
        guard facts.trigger?.kind?.lowercased() == "button" else { return false }
        let folded = key.lowercased()
        return folded == "key-button-date" || folded.hasPrefix("location")
    }
}
