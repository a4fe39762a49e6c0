import FlowCore
import FlowExpressions
import FlowText

/// The conditions of If, Switch and Until.
enum ConditionRules {
    /// The words of an object condition and how many operands each takes.
    private static let operators: [String: ClosedRange<Int>] = [
        "and": 1...1_000, "or": 1...1_000, "not": 1...1, "equals": 2...2, "greater": 2...2, "greaterorequals": 2...2,
        "less": 2...2, "lessorequals": 2...2, "contains": 2...2, "startswith": 2...2, "endswith": 2...2,
    ]

    private static let operatorNames = [
        "and", "or", "not", "equals", "greater", "greaterOrEquals", "less", "lessOrEquals", "contains", "startsWith",
        "endsWith",
    ]

    static func check(_ facts: FlowFacts, into report: inout CheckReport) {
        for place in facts.places {
            switch place.action.type {
            case .if: checkIf(place.action, into: &report)
            case .switch: checkSwitch(place.action, into: &report)
            case .until: checkUntil(place.action, into: &report)
            default: break
            }
        }
    }

    private static func error(
        _ action: Action, _ what: String, at location: SourceLocation, hint: String? = nil,
        into report: inout CheckReport
    ) {
        report.error(
            .invalidTemplate, "The 'expression' of action '\(action.name)' is not valid: \(what).", at: location,
            path: action.path, hint: hint)
    }

    private static func missing(_ property: String, of action: Action, into report: inout CheckReport) {
        report.error(
            .invalidTemplate,
            "The action '\(action.name)' of type '\(action.typeName)' is not valid: the property '\(property)' is missing.",
            at: action.location, path: action.path)
    }

    // MARK: If

    private static func checkIf(_ action: Action, into report: inout CheckReport) {
        guard let expression = action.node.member("expression"), !expression.value.isNull else {
            missing("expression", of: action, into: &report)
            return
        }
        checkCondition(expression.value, at: expression.keyLocation, of: action, into: &report)
    }

    private static func checkCondition(
        _ node: SourceNode, at location: SourceLocation, of action: Action, into report: inout CheckReport
    ) {
        switch node.value {
        case .scalar(let scalar):
            if case .string(let text) = scalar, !text.hasPrefix("@") {
                error(
                    action, "'\(text.shortened)' is a text, not an expression", at: node.location,
                    hint: "begin it with '@'", into: &report)
            } else if scalar.stringValue == nil, scalar.boolValue == nil {
                error(
                    action, "it must be an expression or a mapping, not \(node.kindPhrase)", at: node.location,
                    into: &report)
            }
        case .sequence:
            error(
                action, "it must be an expression or a mapping such as 'and: [...]', not a list", at: location,
                hint: "put the list under 'and:' or 'or:'", into: &report)
        case .mapping(let members):
            guard members.count <= 1 else {
                error(
                    action,
                    "a condition has one key, and this one has \(members.count): \(members.map(\.key).joined(separator: ", "))",
                    at: members[1].keyLocation, hint: "put the parts into a list under 'and:' or 'or:'", into: &report)
                return
            }
            for member in members { checkOperator(member, of: action, into: &report) }
        }
    }

    private static func checkOperator(_ member: SourceNode.Member, of action: Action, into report: inout CheckReport) {
        let word = member.key.lowercased()
        guard let count = operators[word] else {
            // Any function may stand here; whether it exists is a question for the expression rules.
            if FunctionLibrary.declaration(named: word) != nil {
                for operand in operands(of: member.value) { checkOperand(operand, of: action, into: &report) }
                return
            }
            error(
                action, "'\(member.key)' compares nothing; there are \(operatorNames.joined(separator: ", "))",
                at: member.keyLocation, hint: Suggestion.hint(for: member.key, among: operatorNames), into: &report)
            return
        }
        let operands = operands(of: member.value)
        if !count.contains(operands.count) {
            let wanted =
                word == "and" || word == "or"
                ? "at least one operand" : "\(count.lowerBound) operand\(count.lowerBound == 1 ? "" : "s")"
            error(
                action, "'\(member.key)' takes \(wanted), and has \(operands.count)", at: member.keyLocation,
                into: &report)
            return
        }
        for operand in operands {
            if word == "and" || word == "or" || word == "not" {
                checkCondition(operand, at: operand.location, of: action, into: &report)
            } else {
                checkOperand(operand, of: action, into: &report)
            }
        }
    }

    private static func operands(of node: SourceNode) -> [SourceNode] { node.isSequence ? node.elements : [node] }

    /// An operand is a value; a mapping of one key with a list is a nested call.
    private static func checkOperand(_ operand: SourceNode, of action: Action, into report: inout CheckReport) {
        guard operand.members.count == 1, let member = operand.members.first, operators[member.key.lowercased()] != nil
        else { return }
        checkOperator(member, of: action, into: &report)
    }

    // MARK: Switch

    private static func checkSwitch(_ action: Action, into report: inout CheckReport) {
        guard let expression = action.node["expression"], !expression.isNull else {
            missing("expression", of: action, into: &report)
            return
        }
        if case .scalar(let scalar) = expression.value {
            if let text = scalar.stringValue {
                if !text.hasPrefix("@") {
                    error(
                        action, "'\(text.shortened)' is not a valid template language expression",
                        at: expression.location, hint: "begin it with '@'", into: &report)
                }
            } else {
                let type = VariableRules.type(of: expression)?.capitalizedFirst ?? "Null"
                error(
                    action,
                    "Expression type '\(type)' is not supported. Expression must be either a 'String' or 'Object'",
                    at: expression.location, into: &report)
            }
        } else if expression.isSequence {
            error(action, "it must be an expression, not a list", at: expression.location, into: &report)
        }
        checkCases(of: action, into: &report)
    }

    private static func checkCases(of action: Action, into report: inout CheckReport) {
        guard let cases = action.node["cases"], cases.isMapping else {
            if action.node["cases"] == nil { missing("cases", of: action, into: &report) }
            return
        }
        var seen: [JSON: SourceNode.Member] = [:]
        for member in cases.members where member.value.isMapping {
            guard let value = member.value["case"] else {
                report.error(
                    .invalidTemplate,
                    "The case '\(member.key)' of Switch '\(action.name)' does not say its value: the property 'case' is missing.",
                    at: member.keyLocation, path: action.path)
                continue
            }
            guard case .scalar(let literal) = value.value, literal.stringValue != nil || literal.integerValue != nil
            else {
                report.error(
                    .invalidTemplate,
                    "The value of case '\(member.key)' of Switch '\(action.name)' must be a text or a whole number, not \(value.kindPhrase).",
                    at: member.value.member("case")?.keyLocation ?? value.location, path: action.path)
                continue
            }
            if let first = seen[literal] {
                report.error(
                    .invalidTemplate,
                    "The cases '\(first.key)' and '\(member.key)' of Switch '\(action.name)' have the same value \(literal.text).",
                    at: value.location, path: action.path)
            } else {
                seen[literal] = member
            }
        }
    }

    // MARK: Until

    private static func checkUntil(_ action: Action, into report: inout CheckReport) {
        guard let expression = action.node.member("expression"), !expression.value.isNull else {
            missing("expression", of: action, into: &report)
            return
        }
        checkCondition(expression.value, at: expression.keyLocation, of: action, into: &report)
    }
}

extension String {
    /// The text, cut where it is long, for a message.
    var shortened: String { count > 60 ? prefix(57) + "..." : self }
}
