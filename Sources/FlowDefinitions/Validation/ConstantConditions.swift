import FlowCore
import FlowExpressions
import FlowText

/// Conditions whose outcome is known before the run.
enum ConstantConditions {
    /// The outcome of a condition that reads nothing of the run, or nil.
    static func outcome(of condition: SourceNode) -> Bool? {
        switch condition.value {
        case .scalar(let scalar):
            if let literal = scalar.boolValue { return literal }
            guard let text = scalar.stringValue, text.hasPrefix("@") else { return nil }
            return constant(of: text)?.boolValue
        case .sequence: return nil
        case .mapping(let members):
            guard members.count == 1, let member = members.first else { return nil }
            return outcome(of: member)
        }
    }

    private static func outcome(of member: SourceNode.Member) -> Bool? {
        let operands = member.value.isSequence ? member.value.elements : [member.value]
        switch member.key.lowercased() {
        case "and":
            let outcomes = operands.map(outcome)
            if outcomes.contains(false) { return false }
            return outcomes.allSatisfy { $0 == true } ? true : nil
        case "or":
            let outcomes = operands.map(outcome)
            if outcomes.contains(true) { return true }
            return outcomes.allSatisfy { $0 == false } ? false : nil
        case "not": return operands.count == 1 ? outcome(of: operands[0]).map { !$0 } : nil
        default:
            let sources = operands.compactMap(source)
            guard sources.count == operands.count, !sources.isEmpty else { return nil }
            return constant(of: "@\(member.key)(\(sources.joined(separator: ", ")))")?.boolValue
        }
    }

    /// An operand as the source of an expression, or nil where it has none.
    private static func source(of operand: SourceNode) -> String? {
        guard case .scalar(let scalar) = operand.value else { return nil }
        let value: JSON
        if let text = scalar.stringValue {
            guard let constant = constant(of: text) else { return nil }
            value = constant
        } else {
            value = scalar
        }
        switch value {
        case .string(let text): return "'\(text.replacing("'", with: "''"))'"
        case .array, .object: return nil
        default: return value.text
        }
    }

    /// The value of a text that depends on nothing, or nil.
    static func constant(of text: String) -> JSON? { (try? CompiledTemplate(text))?.constant }
}
