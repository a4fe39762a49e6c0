import FlowCore
import FlowDefinitions

/// Values of environment variables: what a variable takes, and how a flow's parameter sees it.
struct VariableValues: Sendable {
    private let variables: [String: EnvironmentVariable]
    /// Variables to which two solutions give different defaults: there a flow's own default counts.
    private let contested: Set<String>
    private let current: [String: JSON]

    init(_ catalog: Catalog, _ state: EnvironmentState) {
        variables = Dictionary(catalog.variables.map { ($0.schemaName, $0) }, uniquingKeysWith: { first, _ in first })
        contested = Set(
            catalog.variables.filter { variable in
                catalog.variables.contains {
                    $0.schemaName == variable.schemaName && $0.defaultValue != variable.defaultValue
                }
            }.map(\.schemaName))
        current = state.variables
    }

    /// The parameters of a flow at the start of a run: the current value of the environment variable behind each, else its
    /// default; parameters without variable keep the default of the flow.
    func parameters(of flow: FlowDefinition) -> JSONObject {
        var parameters = JSONObject()
        for declaration in flow.allParameters {
            guard let value = value(of: declaration) else { continue }
            parameters[declaration.name] = value
        }
        return parameters
    }

    /// The names of a flow's parameters whose environment variable is secret.
    func secretParameters(of flow: FlowDefinition) -> [String] {
        flow.parameters.filter { $0.schemaName.flatMap { variables[$0] }?.type == .secret }.map(\.name)
    }

    /// The schema names of the variables that a flow uses and that have neither value nor default.
    func missing(in flow: FlowDefinition) -> [ParameterDeclaration] {
        flow.parameters.filter { $0.schemaName != nil && value(of: $0) == nil }
    }

    private func value(of declaration: ParameterDeclaration) -> JSON? {
        guard let schemaName = declaration.schemaName else { return declaration.defaultValue }
        let variable = variables[schemaName]
        let standard =
            contested.contains(schemaName)
            ? declaration.defaultValue ?? variable?.defaultValue : variable?.defaultValue ?? declaration.defaultValue
        guard let value = current[schemaName] ?? standard else { return nil }
        return Self.seen(value, variable?.type ?? .string, asType: declaration.type)
    }

    /// A variable's value as a parameter of a type sees it.
    private static func seen(_ value: JSON, _ type: EnvironmentVariable.ValueType, asType declared: String) -> JSON {
        switch declared.lowercased() {
        case "bool":
            if type == .boolean || value.stringValue != nil, let choice = yesOrNo(value) { return .bool(choice) }
        case "int", "float":
            if let text = value.stringValue, let number = try? JSON(parsing: text), number.doubleValue != nil {
                return number
            }
        case "array", "object", "secureobject":
            if let text = value.stringValue, let parsed = try? JSON(parsing: text) { return parsed }
        case "string", "securestring":
            if type == .boolean, let choice = yesOrNo(value) { return choice ? "Yes" : "No" }
            if value.stringValue == nil, !value.isNull { return .string(value.text) }
        default: break
        }
        return value
    }

    private static func yesOrNo(_ value: JSON) -> Bool? {
        switch value {
        case .bool(let choice): choice
        case .string(let text):
            switch text.lowercased() {
            case "yes", "true": true
            case "no", "false": false
            default: nil
            }
        default: nil
        }
    }

    /// The value that a variable keeps for a text given by a person.
    /// - Throws: `InvalidEnvironmentVariableValue`.
    static func accept(_ text: String, for variable: EnvironmentVariable) throws(FlowError) -> JSON {
        switch variable.type {
        case .string, .dataSource, .secret: return .string(text)
        case .boolean:
            guard text == "Yes" || text == "No" else {
                let folded = text.lowercased()
                let near = ["yes", "true", "y", "on", "1"].contains(folded) ? "Yes" : "No"
                throw refused(text, variable, "Yes or No", near)
            }
            return .string(text)
        case .number:
            guard let number = try? JSON(parsing: text), number.doubleValue != nil else {
                throw refused(text, variable, "a number", "42")
            }
            return number
        case .json:
            guard (try? JSON(parsing: text)) != nil else { throw refused(text, variable, "JSON text", "'{}'") }
            return .string(text)
        }
    }

    /// A value as `variable list` prints it: Yes/No for both spellings of a Boolean.
    static func shown(_ value: JSON?, of variable: EnvironmentVariable) -> JSON {
        guard let value else { return .null }
        if variable.type == .secret { return "*sanitized*" }
        if variable.type == .boolean, let choice = yesOrNo(value) { return choice ? "Yes" : "No" }
        return value
    }

    private static func refused(
        _ text: String, _ variable: EnvironmentVariable, _ wanted: String, _ example: String
    ) -> FlowError {
        FlowError(
            .invalidVariableValue, "The variable '\(variable.displayName)' takes \(wanted), not '\(text)'.",
            hint: "flowrun variable set \(variable.schemaName) \(example)")
    }
}
