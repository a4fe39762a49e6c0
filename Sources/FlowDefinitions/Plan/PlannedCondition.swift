public import FlowCore
public import FlowExpressions

/// The condition of an If or Until: an expression, or an object of `and`, `or`, `not` and comparisons.
///
/// Objects mean what the functions of these names mean: `and` and `or` look at no more than they need.
public struct PlannedCondition: Sendable {
    private indirect enum Node: Sendable {
        case value(CompiledValue)
        case and([Node])
        case or([Node])
        case not(Node)
    }

    private let root: Node

    /// The condition as written, for messages.
    public let source: String

    /// Compiles a condition.
    /// - Throws: `InvalidTemplate`.
    public init(_ condition: JSON) throws(FlowError) {
        root = try Self.compile(condition)
        source = condition.stringValue ?? condition.text
    }

    /// Evaluates the condition.
    /// - Parameter scope: what it can see.
    /// - Returns: a Boolean, or whatever an expression gives instead.
    /// - Throws: `InvalidTemplate` with the platform's text.
    public func evaluate(in scope: any EvaluationScope) throws(FlowError) -> JSON { try Self.evaluate(root, in: scope) }

    private static func evaluate(_ node: Node, in scope: any EvaluationScope) throws(FlowError) -> JSON {
        switch node {
        case .value(let value): return try value.evaluate(in: scope)
        case .not(let node): return .bool(!(try boolean(node, of: "not", in: scope)))
        case .and(let nodes):
            for node in nodes where !(try boolean(node, of: "and", in: scope)) { return false }
            return true
        case .or(let nodes):
            for node in nodes where try boolean(node, of: "or", in: scope) { return true }
            return false
        }
    }

    private static func boolean(
        _ node: Node, of function: String, in scope: any EvaluationScope
    ) throws(FlowError) -> Bool {
        let value = try evaluate(node, in: scope)
        if case .bool(let value) = value { return value }
        throw FlowError(
            .invalidTemplate,
            "The template language function '\(function)' expects its parameters to be boolean values. The provided "
                + "value is of type '\(value.platformTypeName)'. Please see https://aka.ms/logicexpressions#\(function) for "
                + "usage details.")
    }

    private static func compile(_ condition: JSON) throws(FlowError) -> Node {
        guard case .object(let object) = condition, object.count == 1, let name = object.keys.first else {
            return .value(try CompiledValue(condition))
        }
        let operand = object.values[0]
        switch name.lowercased() {
        case "and": return .and(try compile(list: operand))
        case "or": return .or(try compile(list: operand))
        case "not":
            let nodes = try compile(list: operand)
            if nodes.count == 1 { return .not(nodes[0]) }
        default: break
        }
        return .value(try CompiledValue(.string("@" + ConditionText.call(name, operand))))
    }

    private static func compile(list operand: JSON) throws(FlowError) -> [Node] {
        var nodes: [Node] = []
        for element in operand.arrayValue ?? [operand] { nodes.append(try compile(element)) }
        return nodes
    }
}

/// Writes the object form of a comparison as an expression.
private enum ConditionText {
    /// A call of a function with operands as arguments.
    static func call(_ name: String, _ operand: JSON) -> String {
        let arguments = operand.arrayValue ?? [operand]
        return name + "(" + arguments.map(argument).joined(separator: ", ") + ")"
    }

    private static func argument(_ value: JSON) -> String {
        switch value {
        case .null: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .integer, .double, .decimal: return value.text
        case .string(let text): return argument(text)
        case .array(let elements):
            return elements.isEmpty
                ? "json('[]')" : "createArray(" + elements.map(argument).joined(separator: ", ") + ")"
        case .object(let object):
            if object.count == 1, let name = object.keys.first, FunctionLibrary.declaration(named: name) != nil {
                return call(name, object.values[0])
            }
            return "json(" + quoted(value.text) + ")"
        }
    }

    private static func argument(_ text: String) -> String {
        guard let template = try? Template.parse(text) else { return quoted(text) }
        switch template.content {
        case .literal(let plain): return quoted(plain)
        case .expression: return String(text.dropFirst())
        case .interpolation(let parts):
            let pieces = parts.map { part in
                switch part {
                case .text(let plain): quoted(plain)
                case .expression(_, let source): source
                }
            }
            return pieces.count == 1 ? "concat('', \(pieces[0]))" : "concat(" + pieces.joined(separator: ", ") + ")"
        }
    }

    private static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }
}
