import FlowCore
import FlowText

/// Variables: where they are declared, and what is put into them.
enum VariableRules {
    static let types = ["string", "integer", "float", "boolean", "object", "array"]

    static func check(_ facts: FlowFacts, into report: inout CheckReport) {
        for place in facts.places {
            switch place.action.type {
            case .initializeVariable: checkDeclaration(place, facts, into: &report)
            case .setVariable, .incrementVariable, .decrementVariable, .appendToArrayVariable, .appendToStringVariable:
                checkChange(place, facts, into: &report)
            default: break
            }
        }
    }

    private static func missing(_ property: String, of action: Action, into report: inout CheckReport) {
        report.error(
            .workflowRunActionInputsMissingProperty,
            "The 'inputs' of workflow run action '\(action.name)' of type '\(action.typeName)' is not valid. Property '\(property)' is missing.",
            at: action.location, path: action.path)
    }

    // MARK: Declaration

    private static func checkDeclaration(
        _ place: FlowFacts.Place, _ facts: FlowFacts, into report: inout CheckReport
    ) {
        let action = place.action
        if let container = place.ancestors.last {
            report.error(
                .invalidVariableInitialization,
                "The variable action '\(action.name)' stands inside '\(container.name)'; variables are initialized at the top level only.",
                at: action.location, path: action.path,
                hint: "move it before '\(place.ancestors[0].name)' and set the value here with SetVariable")
        }
        guard let list = action.inputs?["variables"] else {
            missing(action.inputs == nil ? "inputs" : "variables", of: action, into: &report)
            return
        }
        guard list.isSequence, !list.elements.isEmpty else {
            report.error(
                .invalidVariableInitialization,
                "The 'variables' of action '\(action.name)' must be a list of mappings with 'name' and 'type'.",
                at: list.location, path: action.path)
            return
        }
        for variable in list.elements { check(variable, of: action, facts, into: &report) }
    }

    private static func check(
        _ variable: SourceNode, of action: Action, _ facts: FlowFacts, into report: inout CheckReport
    ) {
        guard let name = variable["name"]?.string, !name.isEmpty else {
            missing("variables[0].name", of: action, into: &report)
            return
        }
        if let first = facts.variables[name.lowercased()], let own = variable["name"]?.location,
            first.location != own || first.action != action.name.lowercased()
        {
            report.error(
                .invalidTemplate,
                "The variable '\(name)' must only be initialized once; line \(first.location.line) initializes '\(first.name)' already.",
                at: own, path: action.path)
        }
        guard let typeNode = variable["type"] else {
            missing("variables[0].type", of: action, into: &report)
            return
        }
        let type = (typeNode.string ?? "").lowercased()
        guard types.contains(type) else {
            report.error(
                .workflowRunActionInputsInvalidProperty,
                "'\(typeNode.string ?? typeNode.json.text)' is no type of a variable; there are \(types.joined(separator: ", ")).",
                at: typeNode.location, path: action.path, hint: suggestion(forType: type))
            return
        }
        guard let value = variable["value"], !value.isNull, let written = Self.type(of: value) else { return }
        guard !accepts(type, written) else { return }
        let message =
            "The variable '\(name)' of type '\(type.capitalizedFirst)' cannot be initialized or updated with value of type '\(written.capitalizedFirst)'."
        // What the platform may still convert is only warned of.
        let isGrave =
            !(type == "string" && written != "array" && written != "object")
            && !(type == "integer" && written == "float")
        if isGrave {
            report.error(.invalidVariableInitialization, message, at: value.location, path: action.path)
        } else {
            report.warning(.invalidVariableInitialization, message, at: value.location, path: action.path)
        }
    }

    private static func suggestion(forType type: String) -> String? {
        switch type {
        case "text", "datetime", "date": "a text or time has the type string"
        case "number", "int", "long": "a whole number has the type integer, a fraction float"
        case "double", "decimal": "a fraction has the type float"
        case "bool": "a Boolean has the type boolean"
        case "list": "a list has the type array"
        default: Suggestion.hint(for: type, among: types)
        }
    }

    // MARK: Change

    private static func checkChange(_ place: FlowFacts.Place, _ facts: FlowFacts, into report: inout CheckReport) {
        let action = place.action
        guard let inputs = action.inputs, inputs.isMapping else {
            missing("inputs", of: action, into: &report)
            return
        }
        let needsValue = action.type != .incrementVariable && action.type != .decrementVariable
        if needsValue, inputs["value"] == nil { missing("value", of: action, into: &report) }
        guard let nameNode = inputs["name"], let name = nameNode.string, !name.isEmpty else {
            missing("name", of: action, into: &report)
            return
        }
        guard !nameNode.isTemplate else { return }
        guard let variable = facts.variables[name.lowercased()] else {
            report.error(
                .invalidTemplate,
                "The variable '\(name)' must be initialized before it can be used inside action '\(action.name)'.",
                at: nameNode.location, path: action.path,
                hint: Suggestion.hint(for: name, among: facts.variables.values.map(\.name).sorted())
                    ?? "add an InitializeVariable action at the top level")
            return
        }
        checkOrder(of: variable, at: nameNode.location, from: place, facts, into: &report)
        checkType(of: variable, place: place, inputs: inputs, into: &report)
    }

    /// Reports a use of a variable whose declaration has not surely ended before.
    static func checkOrder(
        of variable: FlowFacts.Variable, at location: SourceLocation, from place: FlowFacts.Place, _ facts: FlowFacts,
        into report: inout CheckReport
    ) {
        guard variable.action != place.action.name.lowercased(), let declaring = facts.place(variable.action),
            !facts.mayRead(declaring, from: place)
        else { return }
        report.error(
            .invalidTemplate,
            "The variable '\(variable.name)' must be initialized before it can be used inside action '\(place.action.name)'; '\(declaring.action.name)' is not on its 'runAfter' path.",
            at: location, path: place.action.path, hint: "let the action run after '\(declaring.action.name)'")
    }

    private static func checkType(
        of variable: FlowFacts.Variable, place: FlowFacts.Place, inputs: SourceNode, into report: inout CheckReport
    ) {
        let action = place.action
        let value = inputs["value"]
        let supported: [String]
        switch action.type {
        case .incrementVariable, .decrementVariable: supported = ["integer", "float"]
        case .appendToArrayVariable: supported = ["array"]
        case .appendToStringVariable: supported = ["string"]
        default: supported = types
        }
        guard types.contains(variable.type) else { return }
        guard supported.contains(variable.type) else {
            report.warning(
                .invalidVariableOperation,
                "The variable '\(variable.name)' of type '\(variable.type.capitalizedFirst)' cannot be changed by the action type '\(action.typeName)', which works on \(supported.joined(separator: " and ")) only.",
                at: action.location, path: action.path)
            return
        }
        guard let value, !value.isNull, let written = type(of: value) else { return }
        let fits: Bool
        switch action.type {
        case .incrementVariable, .decrementVariable:
            fits = written == "integer" || written == "float" && variable.type == "float"
        case .appendToArrayVariable: fits = written != "array"
        case .appendToStringVariable:
            fits = written == "string" || written == "integer" || written == "float" || written == "boolean"
        default: fits = accepts(variable.type, written)
        }
        guard !fits else { return }
        report.warning(
            .invalidVariableOperation,
            "The variable '\(variable.name)' of type '\(variable.type.capitalizedFirst)' cannot be initialized or updated with value of type '\(written.capitalizedFirst)'.",
            at: value.location, path: action.path)
    }

    // MARK: Types

    /// The type of a literal in the words of variables, or nil where it is null or an expression.
    static func type(of node: SourceNode) -> String? {
        switch node.value {
        case .sequence: return "array"
        case .mapping: return "object"
        case .scalar(let scalar):
            switch scalar {
            case .string(let text):
                if node.isTemplate { return text.contains("@{") && text.first != "[" ? "string" : nil }
                return "string"
            case .integer: return "integer"
            case .double, .decimal: return "float"
            case .bool: return "boolean"
            default: return nil
            }
        }
    }

    /// Whether a variable of a type takes a value of another; an interpolated text may become anything.
    static func accepts(_ type: String, _ written: String) -> Bool {
        if type == written { return true }
        if type == "float", written == "integer" { return true }
        // An object variable takes any JSON value that has structure.
        return type == "object" && written == "array"
    }
}

extension String {
    /// The text with its first letter in upper case.
    var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
