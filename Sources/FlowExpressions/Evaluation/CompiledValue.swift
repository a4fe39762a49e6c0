public import FlowCore

/// A JSON value whose texts and keys are templates, compiled once; parts that depend on nothing are computed once.
public struct CompiledValue: Sendable {
    private indirect enum Node: Sendable {
        case constant(JSON)
        case template(CompiledTemplate)
        case array([Node])
        /// Fixed keys: the object with its constant members, and those to be computed.
        case object(JSONObject, [(place: Int, node: Node)])
        /// Keys of which some are computed.
        case computedKeys([(key: CompiledTemplate, node: Node)])
    }

    private let root: Node

    /// Compiles a value.
    /// - Throws: `InvalidTemplate` for the first text that is no template.
    public init(_ value: JSON) throws(FlowError) { root = try Self.compile(value) }

    /// The value, where it depends on nothing.
    public var constant: JSON? {
        if case .constant(let value) = root { value } else { nil }
    }

    /// Evaluates all templates in the value.
    /// - Parameter scope: what they can see.
    /// - Returns: the value with the results in their places.
    /// - Throws: `InvalidTemplate` with the platform's text.
    public func evaluate(in scope: any EvaluationScope) throws(FlowError) -> JSON {
        let value = try Self.evaluate(root, in: scope)
        switch root {
        case .constant, .template: break
        case .array, .object, .computedKeys: try CompiledTemplate.checkNesting(of: value)
        }
        return value
    }

    private static func compile(_ value: JSON) throws(FlowError) -> Node {
        switch value {
        case .string(let text):
            guard text.utf8.contains(UInt8(ascii: "@")) else { return .constant(value) }
            let template = try CompiledTemplate(text)
            if let constant = template.constant { return .constant(constant) }
            return .template(template)
        case .array(let elements): return try compile(elements)
        case .object(let object): return try compile(object)
        default: return .constant(value)
        }
    }

    private static func compile(_ elements: [JSON]) throws(FlowError) -> Node {
        var nodes: [Node] = []
        nodes.reserveCapacity(elements.count)
        var constants: [JSON] = []
        for element in elements {
            let node = try compile(element)
            if case .constant(let value) = node { constants.append(value) }
            nodes.append(node)
        }
        return constants.count == nodes.count ? .constant(.array(constants)) : .array(nodes)
    }

    private static func compile(_ object: JSONObject) throws(FlowError) -> Node {
        var prototype = JSONObject()
        var members: [(key: CompiledTemplate, node: Node)] = []
        var computed: [(place: Int, node: Node)] = []
        var keysAreFixed = true
        for (name, value) in object {
            let key = try CompiledTemplate(name)
            let node = try compile(value)
            members.append((key, node))
            guard let fixed = key.constant else {
                keysAreFixed = false
                continue
            }
            let text = ValueText.text(of: fixed)
            if case .constant(let value) = node {
                prototype[text] = value
                if let place = prototype.firstIndex(ofKey: text) { computed.removeAll { $0.place == place } }
            } else {
                prototype[text] = .null
                if let place = prototype.firstIndex(ofKey: text) {
                    computed.removeAll { $0.place == place }
                    computed.append((place, node))
                }
            }
        }
        guard keysAreFixed else { return .computedKeys(members) }
        return computed.isEmpty ? .constant(.object(prototype)) : .object(prototype, computed)
    }

    private static func evaluate(_ node: Node, in scope: any EvaluationScope) throws(FlowError) -> JSON {
        switch node {
        case .constant(let value): return value
        case .template(let template): return try template.evaluate(in: scope)
        case .array(let nodes):
            var elements: [JSON] = []
            elements.reserveCapacity(nodes.count)
            for node in nodes { elements.append(try evaluate(node, in: scope)) }
            return .array(elements)
        case .object(let prototype, let computed):
            var object = prototype
            for member in computed { object.setValue(at: member.place, try evaluate(member.node, in: scope)) }
            return .object(object)
        case .computedKeys(let members):
            var object = JSONObject()
            for member in members {
                let key = ValueText.text(of: try member.key.evaluate(in: scope))
                object[key] = try evaluate(member.node, in: scope)
            }
            return .object(object)
        }
    }
}
