import FlowCore
import FlowExpressions
import FlowText

/// Follows secrets through a flow: from secured inputs and outputs, the trigger and parameters into whatever reads them.
///
/// An action that reads a secret has secret inputs, so that its record does not show what another one hides. What it puts
/// out is secret as well where that is made of its inputs: a Compose, a Select, a variable. What a service answers is
/// not, unless the action says so.
struct SecretFlow {
    /// What one action reads.
    private struct Reads {
        var inputs: Set<Read> = []
        /// The variables that it changes, in small letters.
        var changes: Set<String> = []
    }

    /// Something that an expression reads.
    private enum Read: Hashable {
        case source(UInt64)
        case inputs(Int)
        case outputs(Int)
        case content(Int)
        case variable(String)
        case variables
        case everything
    }

    private let parts: [PlannedActionParts]
    private let places: [String: Int]
    private let triggers: Set<String>
    private let parameters: [String: SecretSources]
    private var reads: [Reads] = []
    private var variables: [String: SecretSources] = [:]
    /// What the inputs of each action are made of.
    private(set) var inputs: [SecretSources]
    /// What the outputs of each action are made of.
    private(set) var outputs: [SecretSources]

    /// Follows the secrets of a flow.
    init(_ parts: [PlannedActionParts], _ definition: FlowDefinition) {
        self.parts = parts
        places = Dictionary(
            parts.enumerated().map { ($1.action.name.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })
        triggers = Set(definition.triggers.map { $0.name.lowercased() })
        parameters = Self.parameters(of: definition)
        inputs = parts.map { $0.settings.hidesInputs ? .always : [] }
        outputs = parts.map { $0.settings.hidesOutputs ? .always : [] }
        for part in parts { reads.append(read(part)) }
        while spread() {}
    }

    /// What a value outside the actions is made of, such as one of the flow's outputs.
    func sources(of node: SourceNode?) -> SecretSources {
        guard let node else { return [] }
        var found: Set<Read> = []
        collect(node, loops: [], into: &found)
        return found.reduce([]) { $0.union(sources(of: $1)) }
    }

    /// The sources that the parameters are; the platform's own ones hold no secrets here.
    static func parameters(of definition: FlowDefinition) -> [String: SecretSources] {
        var sources: [String: SecretSources] = [:]
        for (place, parameter) in definition.allParameters.enumerated() {
            let isBoilerplate = ["$connections", "$authentication"].contains(parameter.name)
            let secure: SecretSources = parameter.isSecure ? .always : []
            sources[parameter.name.lowercased()] = isBoilerplate ? [] : secure.union(.parameter(place))
        }
        return sources
    }

    // MARK: Spreading

    /// One round over all actions.
    /// - Returns: whether something became secret that was not known to be.
    private mutating func spread() -> Bool {
        var isChanged = false
        for place in parts.indices {
            var own = inputs[place]
            for read in reads[place].inputs { own.formUnion(sources(of: read)) }
            var out = outputs[place]
            switch parts[place].action.type {
            case .compose, .parseJson, .response:
                // What such an action puts out is what went in, so hiding one side hides both.
                own.formUnion(out)
                out = own
            case .select, .query, .join, .table, .expression, .setVariable, .incrementVariable, .decrementVariable:
                out.formUnion(own)
            default: break
            }
            for name in reads[place].changes {
                let known = variables[name, default: []]
                if known.isSuperset(of: own) { continue }
                variables[name] = known.union(own)
                isChanged = true
            }
            if own != inputs[place] || out != outputs[place] { isChanged = true }
            inputs[place] = own
            outputs[place] = out
        }
        return isChanged
    }

    private func sources(of read: Read) -> SecretSources {
        switch read {
        case .source(let bits): return SecretSources(rawValue: bits)
        case .inputs(let place): return inputs[place]
        case .outputs(let place): return outputs[place]
        case .content(let place):
            var sources: SecretSources = []
            for inner in parts.indices where isInside(inner, of: place) {
                sources.formUnion(inputs[inner].union(outputs[inner]))
            }
            return sources
        case .variable(let name): return variables[name, default: []]
        case .variables: return variables.values.reduce([]) { $0.union($1) }
        case .everything: return (inputs + outputs).reduce(.trigger) { $0.union($1) }
        }
    }

    private func isInside(_ inner: Int, of outer: Int) -> Bool {
        parts[inner].action.path.text.hasPrefix(parts[outer].action.path.text + "/")
    }

    // MARK: Reading

    /// Members of an action that are neither inputs nor evaluated, or that have their own place in this.
    private static let otherMembers: Set<String> = [
        "actions", "else", "cases", "default", "runAfter", "metadata", "description", "type", "kind",
        "operationOptions", "runtimeConfiguration",
    ]

    private func read(_ part: PlannedActionParts) -> Reads {
        var reads = Reads()
        for member in part.action.node.members where !Self.otherMembers.contains(member.key) {
            if member.key == "inputs" {
                collect(inputs: member.value, of: part, into: &reads.inputs)
            } else {
                collect(member.value, loops: part.loops, into: &reads.inputs)
            }
        }
        switch part.action.type {
        case .initializeVariable:
            for variable in part.action.inputs?["variables"]?.elements ?? [] {
                if let name = variable["name"]?.string { reads.changes.insert(name.lowercased()) }
            }
        case .setVariable, .incrementVariable, .decrementVariable, .appendToArrayVariable, .appendToStringVariable:
            if let name = part.action.inputs?["name"]?.string { reads.changes.insert(name.lowercased()) }
        default: break
        }
        return reads
    }

    /// Collects what an action's inputs read; schemas are data, and secrets of an authentication are not recorded.
    private func collect(inputs node: SourceNode, of part: PlannedActionParts, into reads: inout Set<Read>) {
        guard node.isMapping else { return collect(node, loops: part.loops, into: &reads) }
        for member in node.members {
            switch (member.key, part.action.type) {
            case ("schema", .parseJson), ("schema", .response), ("authentication", .openApiConnection),
                ("authentication", .openApiConnectionWebhook):
                continue
            case ("authentication", .http), ("authentication", .httpWebhook), ("authentication", .apiConnection),
                ("authentication", .apiConnectionWebhook):
                guard member.value.isMapping else { return collect(member.value, loops: part.loops, into: &reads) }
                for secret in member.value.members
                where !AuthenticationSecrets.members.contains(secret.key.lowercased()) {
                    collect(secret.value, loops: part.loops, into: &reads)
                }
            case ("subscribe", .httpWebhook): collect(inputs: member.value, of: part, into: &reads)
            case ("unsubscribe", .httpWebhook): continue
            default:
                collect(text: member.key, loops: part.loops, into: &reads)
                collect(member.value, loops: part.loops, into: &reads)
            }
        }
    }

    private func collect(_ node: SourceNode, loops: [Int], into reads: inout Set<Read>) {
        switch node.value {
        case .scalar(.string(let text)): collect(text: text, loops: loops, into: &reads)
        case .scalar: break
        case .sequence(let elements): for element in elements { collect(element, loops: loops, into: &reads) }
        case .mapping(let members):
            for member in members {
                collect(text: member.key, loops: loops, into: &reads)
                collect(member.value, loops: loops, into: &reads)
            }
        }
    }

    private func collect(text: String, loops: [Int], into reads: inout Set<Read>) {
        guard text.utf8.contains(UInt8(ascii: "@")), let template = try? Template.parse(text) else { return }
        for expression in template.expressions { collect(expression, loops: loops, into: &reads) }
    }

    /// What tells nothing of an action's inputs, outputs and error.
    private static let openProperties: Set<String> = [
        "name", "status", "code", "starttime", "endtime", "trackingid", "clienttrackingid",
    ]

    private func collect(_ expression: Expression, loops: [Int], into reads: inout Set<Read>) {
        switch expression {
        case .literal: break
        case .access(let base, let access):
            if case .call(let call) = base, call.name.lowercased() == "actions",
                let property = access.key.literal?.stringValue?.lowercased()
            {
                if Self.openProperties.contains(property) { return }
            }
            collect(base, loops: loops, into: &reads)
            collect(access.key, loops: loops, into: &reads)
        case .call(let call):
            collect(call, loops: loops, into: &reads)
            for argument in call.arguments { collect(argument, loops: loops, into: &reads) }
        }
    }

    private func collect(_ call: Expression.Call, loops: [Int], into reads: inout Set<Read>) {
        let name = call.arguments.first?.literal?.stringValue?.lowercased()
        switch call.name.lowercased() {
        case "trigger", "triggerbody", "triggeroutputs", "triggerformdatavalue", "triggerformdatamultivalues",
            "triggermultipartbody":
            reads.insert(.source(SecretSources.trigger.rawValue))
        case "parameters":
            guard let name else { return reads.formUnion(parameters.values.map { .source($0.rawValue) }) }
            if let source = parameters[name] { reads.insert(.source(source.rawValue)) }
        case "variables": reads.insert(name.map { .variable($0) } ?? .variables)
        case "outputs", "body", "actionoutputs", "actionbody", "multipartbody", "formdatavalue", "formdatamultivalues":
            collect(name, into: &reads) { reads, place in reads.insert(.outputs(place)) }
        case "actions":
            collect(name, into: &reads) { reads, place in reads.formUnion([.inputs(place), .outputs(place)]) }
        case "result": collect(name, into: &reads) { reads, place in reads.insert(.content(place)) }
        case "items": collect(name, into: &reads) { reads, place in reads.insert(.inputs(place)) }
        case "item": reads.formUnion(loops.map { .inputs($0) })
        default: break
        }
    }

    /// Collects what a function reads that names an action; a name that is computed may be any.
    private func collect(_ name: String?, into reads: inout Set<Read>, _ add: (inout Set<Read>, Int) -> Void) {
        guard let name else {
            reads.insert(.everything)
            return
        }
        if let place = places[name] {
            add(&reads, place)
        } else if triggers.contains(name) {
            reads.insert(.source(SecretSources.trigger.rawValue))
        }
    }
}
