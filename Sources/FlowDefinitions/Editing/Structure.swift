import FlowCore
import FlowExpressions
import FlowText

/// What parts a value is known to have, for completion and hover: more than the checker is sure of.
indirect enum Structure {
    /// A value as the checker knows it.
    case shape(Shape)
    /// A value as it is written in the flow.
    case node(SourceNode)
    /// An array of such elements.
    case list(Structure)
    /// An object with such members.
    case record([Property])

    /// A member of an object.
    struct Property {
        let name: String
        /// The type in words, or nil.
        var type: String?
        /// What it is, or nil.
        var summary: String?
        /// Its value's structure, or nil.
        var value: Structure?
    }
}

/// Finds the structure of expressions.
struct StructureFinder {
    private static let depthLimit = 16

    private let facts: FlowFacts
    private let shapes: ShapeRules
    private let place: FlowFacts.Place?
    private let row: TemplateSite.Row

    init(_ view: EditingView) {
        facts = view.facts
        shapes = ShapeRules(view.facts)
        place = view.action
        row = view.row
    }

    /// The properties of what an expression gives, without `@`.
    func properties(of expression: String) -> [Structure.Property] {
        guard let expression = (try? Template.read("@" + expression))?.expressions.first,
            let structure = structure(of: expression, row: row, place: place, depth: 0)
        else { return [] }
        return properties(of: structure, depth: 0)
    }

    private func properties(of structure: Structure, depth: Int) -> [Structure.Property] {
        switch structure {
        case .shape(.outputs(let body)):
            return Self.outputs(of: .shape(body))
        case .shape(.schema(let schema, let origin)):
            return Self.properties(of: schema, origin)
        case .shape(.record(_, let body)):
            return Self.record(outputs: body.map { .shape(.outputs(body: $0)) })
        case .node(let node):
            if let text = node.string {
                guard let inner = self.structure(ofText: text, place: place, depth: depth + 1) else { return [] }
                return properties(of: inner, depth: depth + 1)
            }
            return node.members.filter { !$0.key.contains("@") }.map { member in
                let isTemplate = member.value.string?.contains("@") == true
                return Structure.Property(
                    name: member.key, type: isTemplate ? nil : member.value.kindPhrase, value: .node(member.value))
            }
        case .list: return []
        case .record(let properties): return properties
        }
    }

    private static func properties(of schema: JSON, _ origin: Shape.Origin) -> [Structure.Property] {
        var found: [Structure.Property] = []
        for key in ["allOf", "anyOf", "oneOf"] {
            for part in schema[key]?.arrayValue ?? [] { found += properties(of: part, origin) }
        }
        let required = schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? []
        for (name, property) in schema["properties"]?.objectValue ?? [:] {
            let type = property["type"]?.stringValue ?? property["type"]?.text
            let words = [property["title"]?.stringValue, property["description"]?.stringValue].compactMap { $0 }
            found.append(
                Structure.Property(
                    name: name, type: type.map { required.contains(name) ? "\($0), required" : $0 },
                    summary: words.isEmpty ? nil : words.joined(separator: ": "),
                    value: .shape(.schema(property, origin))))
        }
        return found
    }

    private static func outputs(of body: Structure?) -> [Structure.Property] {
        [
            Structure.Property(name: "body", summary: "The body.", value: body),
            Structure.Property(name: "headers", type: "object", summary: "The headers by name."),
            Structure.Property(name: "statusCode", type: "integer", summary: "The HTTP status."),
        ]
    }

    // MARK: Expressions

    private func structure(ofText text: String, place: FlowFacts.Place?, depth: Int) -> Structure? {
        guard depth < Self.depthLimit, text.hasPrefix("@"), let template = try? Template.read(text),
            case .expression(let expression) = template.content
        else { return nil }
        return structure(of: expression, row: .none, place: place, depth: depth)
    }

    private func structure(
        of expression: Expression, row: TemplateSite.Row, place: FlowFacts.Place?, depth: Int
    ) -> Structure? {
        switch shapes.shape(of: expression, row: row, place: place) {
        case .record?, nil: break  // The parts of records are known better here.
        case let shape?: return .shape(shape)
        }
        switch expression {
        case .literal: return nil
        case .access(let base, let access):
            guard let base = structure(of: base, row: row, place: place, depth: depth), let key = access.key.literal
            else { return nil }
            return step(base, key, depth)
        case .call(let call): return structure(of: call, row: row, place: place, depth: depth)
        }
    }

    private func step(_ base: Structure, _ key: JSON, _ depth: Int) -> Structure? {
        if key.integerValue != nil { return element(of: base, depth: depth) }
        guard let name = key.stringValue?.lowercased() else { return nil }
        return properties(of: base, depth: depth).first { $0.name.lowercased() == name }?.value
    }

    private func element(of structure: Structure?, depth: Int) -> Structure? {
        switch structure {
        case .shape(.schema(let schema, let origin)): return schema["items"].map { .shape(.schema($0, origin)) }
        case .list(let element): return element
        case .node(let node):
            if let first = node.elements.first { return .node(first) }
            guard let text = node.string else { return nil }
            return element(of: self.structure(ofText: text, place: place, depth: depth + 1), depth: depth + 1)
        default: return nil
        }
    }

    private func structure(
        of call: Expression.Call, row: TemplateSite.Row, place: FlowFacts.Place?, depth: Int
    ) -> Structure? {
        guard depth < Self.depthLimit else { return nil }
        func argument(_ index: Int) -> Structure? {
            guard call.arguments.indices.contains(index) else { return nil }
            return structure(of: call.arguments[index], row: row, place: place, depth: depth + 1)
        }
        let name = call.arguments.first?.literal?.stringValue
        switch call.name.lowercased() {
        case "outputs", "actionoutputs": return name.flatMap { outputs(of: $0, depth: depth) }
        case "body", "actionbody":
            return name.flatMap { outputs(of: $0, depth: depth) }.flatMap { step($0, "body", depth) }
        case "actions":
            return name.map { .record(Self.record(outputs: outputs(of: $0, depth: depth))) }
        case "action": return .record(Self.record(outputs: nil))
        case "result": return .list(.record(Self.record(outputs: nil)))
        case "trigger": return .record(Self.record(outputs: triggerOutputs))
        case "triggeroutputs": return triggerOutputs
        case "workflow": return .record(Self.workflow)
        case "variables":
            return name.flatMap { facts.variables[$0.lowercased()]?.value }.map { .node($0) }
        case "parameters":
            let declared = facts.flow.allParameters.first { $0.name.lowercased() == name?.lowercased() }
            return declared?.defaultValue.map { .node(SourceNode($0, at: facts.flow.node.location)) }
        case "item":
            if case .of(let from) = row {
                return element(of: from.map { .node($0) }, depth: depth)
            }
            return place?.ancestors.last { $0.type == .foreach }.flatMap { item(of: $0.name, depth: depth) }
        case "items": return name.flatMap { item(of: $0, depth: depth) }
        case "first", "last": return element(of: argument(0), depth: depth)
        case "coalesce", "if", "union", "intersection", "setproperty", "addproperty", "removeproperty", "skip", "take",
            "reverse", "sort":
            let indices = call.name.lowercased() == "if" ? 1..<call.arguments.count : 0..<call.arguments.count
            return indices.lazy.compactMap(argument).first
        case "createarray": return argument(0).map { .list($0) }
        default: return nil
        }
    }

    private func item(of loop: String, depth: Int) -> Structure? {
        guard let loop = facts.place(loop), let array = loop.action.node["foreach"] else { return nil }
        if let text = array.string {
            return element(of: structure(ofText: text, place: loop, depth: depth + 1), depth: depth + 1)
        }
        return element(of: .node(array), depth: depth + 1)
    }

    // MARK: Actions and trigger

    private func outputs(of name: String, depth: Int) -> Structure? {
        guard let action = facts.place(name) else { return nil }
        let call = "body('\(name.replacing("'", with: "''"))')"
        let body = (try? Template.read("@" + call))?.expressions.first
            .flatMap { shapes.shape(of: $0, row: .none, place: place) }
        let inputs = action.action.inputs
        switch action.action.type {
        case .compose: return inputs.map { .node($0) }
        case .select:
            return .record(Self.outputs(of: inputs?["select"].map { .list(.node($0)) }).first.map { [$0] } ?? [])
        case .query:
            let from = inputs?["from"].map { Structure.node($0) }
            return .record([Structure.Property(name: "body", value: from)])
        case .parseJson, .join, .table, .expression:
            return .record([Structure.Property(name: "body", value: body.map { .shape($0) })])
        case .http, .httpWebhook, .workflow, .openApiConnection, .openApiConnectionWebhook, .apiConnection,
            .apiConnectionWebhook, .response:
            return .record(Self.outputs(of: body.map { .shape($0) }))
        default: return nil
        }
    }

    private var triggerOutputs: Structure {
        let body = (try? Template.read("@triggerBody()"))?.expressions.first
            .flatMap { shapes.shape(of: $0, row: .none, place: place) }
        var outputs = [
            Structure.Property(name: "body", summary: "The body.", value: body.map { .shape($0) }),
            Structure.Property(name: "headers", type: "object", summary: "The headers by name."),
        ]
        if facts.trigger?.type.lowercased() == "request" {
            outputs.append(
                Structure.Property(name: "queries", type: "object", summary: "The parameters of the address."))
            outputs.append(
                Structure.Property(
                    name: "relativePathParameters", type: "object", summary: "The parameters of the path."))
        }
        return .record(outputs)
    }

    private static func record(outputs: Structure?) -> [Structure.Property] {
        [
            Structure.Property(name: "name", type: "string", summary: "The name."),
            Structure.Property(
                name: "status", type: "string", summary: "Succeeded, Failed, Skipped, TimedOut or Cancelled."),
            Structure.Property(name: "code", type: "string", summary: "The code, such as OK or BadRequest."),
            Structure.Property(
                name: "error", type: "object", summary: "What failed.",
                value: .record([
                    Structure.Property(name: "code", type: "string", summary: "The error's code."),
                    Structure.Property(name: "message", type: "string", summary: "The error's text."),
                ])),
            Structure.Property(name: "inputs", type: "object", summary: "The evaluated inputs."),
            Structure.Property(name: "outputs", type: "object", summary: "The outputs.", value: outputs),
            Structure.Property(name: "startTime", type: "string", summary: "When it began."),
            Structure.Property(name: "endTime", type: "string", summary: "When it ended."),
            Structure.Property(name: "trackingId", type: "string", summary: "Its id in the platform's traces."),
            Structure.Property(name: "clientTrackingId", type: "string", summary: "The id that ties calls together."),
        ]
    }

    private static var workflow: [Structure.Property] {
        [
            Structure.Property(name: "id", type: "string", summary: "The flow's resource id."),
            Structure.Property(name: "name", type: "string", summary: "The flow's id."),
            Structure.Property(name: "type", type: "string", summary: "Microsoft.Logic/workflows."),
            Structure.Property(name: "location", type: "string", summary: "The region."),
            Structure.Property(
                name: "tags", type: "object", summary: "The flow's tags.",
                value: .record([
                    Structure.Property(name: "flowDisplayName", type: "string", summary: "The flow's name for people."),
                    Structure.Property(name: "environmentName", type: "string", summary: "The environment."),
                ])),
            Structure.Property(
                name: "run", type: "object", summary: "The run.",
                value: .record([
                    Structure.Property(name: "name", type: "string", summary: "The run's name."),
                    Structure.Property(name: "id", type: "string", summary: "The run's resource id."),
                    Structure.Property(name: "type", type: "string", summary: "Microsoft.Logic/workflows/runs."),
                ])),
        ]
    }
}
