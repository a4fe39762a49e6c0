import FlowCore
import FlowDefinitions
import FlowExpressions

/// The type of a variable; the raw value is the platform's name for its values.
enum VariableType: String {
    case string = "String"
    case integer = "Integer"
    case float = "Float"
    case boolean = "Boolean"
    case object = "Object"
    case array = "Array"

    init?(_ text: String) {
        switch text.lowercased() {
        case "string": self = .string
        case "integer", "int": self = .integer
        case "float": self = .float
        case "boolean", "bool": self = .boolean
        case "object": self = .object
        case "array": self = .array
        default: return nil
        }
    }

    /// The value of a variable that was declared without one.
    var initialValue: JSON {
        switch self {
        case .string: ""
        case .integer: 0
        case .float: .double(0)
        case .boolean: false
        case .object: .null
        case .array: []
        }
    }

    /// The value as a variable of this type holds it; nil where it cannot.
    func accept(_ value: JSON) -> JSON? {
        switch (self, value) {
        case (.string, .string), (.integer, .integer), (.boolean, .bool), (.object, .object), (.array, .array): value
        case (.float, .double), (.float, .decimal), (.float, .integer): value
        case (.integer, .double(let number)): Int64(exactly: number).map { .integer($0) }
        case (.string, .null), (.array, .null), (.object, .null): value
        default: nil
        }
    }
}

extension RunState {
    /// Initialize variable.
    func initializeVariable(_ action: PlannedAction, _ repetition: Int, _ value: CompiledValue) {
        guard let inputs = inputs(value, action, repetition) else { return }
        for declaration in inputs["variables"]?.arrayValue ?? [] {
            guard let name = declaration["name"]?.stringValue, let typeName = declaration["type"]?.stringValue,
                let type = VariableType(typeName)
            else {
                return failTemplate(
                    action, repetition, "The inputs of action '\(action.name)' declare no variable with a known type.",
                    inputs: inputs)
            }
            let given = declaration["value"]
            if let given, type.accept(given) == nil { return failType(action, repetition, name, type, given, inputs) }
            if let given, !SizeLimits.holds(given) { return failVariableSize(action, repetition, name, inputs) }
        }
        declareVariables(inputs)
        finish(action, repetition, .succeeded, code: "NotSpecified", inputs: inputs)
    }

    /// Takes the variables of evaluated inputs.
    func declareVariables(_ inputs: JSON) {
        for declaration in inputs["variables"]?.arrayValue ?? [] {
            guard let name = declaration["name"]?.stringValue, let typeName = declaration["type"]?.stringValue,
                let type = VariableType(typeName)
            else { continue }
            let value = declaration["value"].flatMap(type.accept) ?? type.initialValue
            let variable = VariableState(name: name, type: type, value: value)
            if let place = variablePlaces[name.lowercased()] {
                variables[place] = variable
            } else {
                variablePlaces[name.lowercased()] = variables.count
                variables.append(variable)
            }
        }
    }

    /// The place of a variable by its name in any letter case, or nil.
    func variablePlace(_ name: String) -> Int? { variablePlaces[name] ?? variablePlaces[name.lowercased()] }

    /// Set, increment, decrement and append to variable.
    func changeVariable(
        _ action: PlannedAction, _ repetition: Int, _ change: VariableChange, _ value: CompiledValue
    ) {
        guard let inputs = inputs(value, action, repetition) else { return }
        let name = inputs["name"]?.stringValue ?? ""
        guard let place = variablePlace(name) else {
            return failTemplate(
                action, repetition,
                "The variable '\(name)' must be initialized before it can be used inside action '\(action.name)'.",
                inputs: inputs)
        }
        switch change {
        case .set: setVariable(action, repetition, place, inputs)
        case .increment, .decrement: count(action, repetition, place, inputs, isDown: change == .decrement)
        case .appendToArray: appendElement(action, repetition, place, inputs)
        case .appendToString: appendText(action, repetition, place, inputs)
        }
    }

    private func setVariable(_ action: PlannedAction, _ repetition: Int, _ place: Int, _ inputs: JSON) {
        let given = inputs["value"] ?? .null
        let variable = variables[place]
        guard let value = variable.type.accept(given) else {
            return failType(action, repetition, variable.name, variable.type, given, inputs)
        }
        guard SizeLimits.holds(value) else { return failVariableSize(action, repetition, variable.name, inputs) }
        variables[place].value = value
        finish(
            action, repetition, .succeeded, code: "NotSpecified", inputs: inputs,
            outputs: .value(["body": ["name": .string(variable.name), "value": value]]))
    }

    private func count(
        _ action: PlannedAction, _ repetition: Int, _ place: Int, _ inputs: JSON, isDown: Bool
    ) {
        let variable = variables[place]
        let given = inputs["value"] ?? 1
        guard variable.type == .integer || variable.type == .float else {
            return failTemplate(
                action, repetition,
                "The variable '\(variable.name)' of type '\(variable.type.rawValue)' cannot be incremented or decremented. "
                    + "Only variables of types 'Integer, Float' can.", inputs: inputs)
        }
        guard let value = Self.sum(variable.value, given, isDown: isDown), variable.type.accept(value) != nil else {
            return failType(action, repetition, variable.name, variable.type, given, inputs)
        }
        variables[place].value = value
        finish(
            action, repetition, .succeeded, code: "NotSpecified", inputs: inputs,
            outputs: .value(["body": ["name": .string(variable.name), "value": value]]))
    }

    private static func sum(_ left: JSON, _ right: JSON, isDown: Bool) -> JSON? {
        if case .integer(let left) = left, case .integer(let right) = right {
            let (sum, overflow) =
                isDown ? left.subtractingReportingOverflow(right) : left.addingReportingOverflow(right)
            return overflow ? nil : .integer(sum)
        }
        guard let left = left.doubleValue, let right = right.doubleValue else { return nil }
        return .double(isDown ? left - right : left + right)
    }

    private func appendElement(_ action: PlannedAction, _ repetition: Int, _ place: Int, _ inputs: JSON) {
        let given = inputs["value"] ?? .null
        switch given {
        case .array, .null:
            return failAppend(
                action, repetition, variables[place], given, types: "Float, Integer, String, Boolean, Object", inputs)
        default: break
        }
        if case .array(let elements) = variables[place].value, elements.count >= SizeLimits.variableElements {
            return failVariableSize(action, repetition, variables[place].name, inputs)
        }
        guard appendToArray(place, given) else {
            return failAppend(action, repetition, variables[place], given, types: "Array", inputs)
        }
        finish(action, repetition, .succeeded, code: "NotSpecified", inputs: inputs)
    }

    /// Appends in place, so that a long array is not copied each time.
    func appendToArray(_ place: Int, _ element: JSON) -> Bool {
        guard variables[place].type == .array else { return false }
        guard case .array(var elements) = variables[place].value else {
            variables[place].value = .array([element])
            return variables[place].type == .array
        }
        variables[place].value = .null
        elements.append(element)
        variables[place].value = .array(elements)
        return true
    }

    private func appendText(_ action: PlannedAction, _ repetition: Int, _ place: Int, _ inputs: JSON) {
        let given = inputs["value"] ?? .null
        switch given {
        case .array, .object:
            return failAppend(
                action, repetition, variables[place], given, types: "Float, Integer, String, Boolean", inputs)
        default: break
        }
        if case .string(let text) = variables[place].value, !SizeLimits.holds(text, ValueText.text(of: given)) {
            return failVariableSize(action, repetition, variables[place].name, inputs)
        }
        guard appendToString(place, given) else {
            return failAppend(action, repetition, variables[place], given, types: "String", inputs)
        }
        finish(action, repetition, .succeeded, code: "NotSpecified", inputs: inputs)
    }

    /// Appends in place.
    func appendToString(_ place: Int, _ piece: JSON) -> Bool {
        guard variables[place].type == .string else { return false }
        var text = ""
        if case .string(let current) = variables[place].value { text = current }
        variables[place].value = .null
        text += ValueText.text(of: piece)
        variables[place].value = .string(text)
        return true
    }

    private func failAppend(
        _ action: PlannedAction, _ repetition: Int, _ variable: VariableState, _ value: JSON, types: String,
        _ inputs: JSON
    ) {
        failTemplate(
            action, repetition,
            "The input value is of type '\(value.platformTypeName)' which cannot be appended to the variable "
                + "'\(variable.name)' of type '\(variable.type.rawValue)'. The action type '\(action.typeName)' only "
                + "supports values of types '\(types)'.", inputs: inputs)
    }

    private func failType(
        _ action: PlannedAction, _ repetition: Int, _ name: String, _ type: VariableType, _ value: JSON, _ inputs: JSON
    ) {
        failTemplate(
            action, repetition,
            "The variable '\(name)' of type '\(type.rawValue)' cannot be initialized or updated with value of type "
                + "'\(value.platformTypeName)'. The variable '\(name)' only supports values of types '\(type.rawValue)'.",
            inputs: inputs)
    }
}
