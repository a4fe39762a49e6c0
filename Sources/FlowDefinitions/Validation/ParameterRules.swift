import FlowCore
import FlowText

/// The declared parameters of a flow.
enum ParameterRules {
    static let types = ["String", "SecureString", "Int", "Float", "Bool", "Array", "Object", "SecureObject"]

    static func check(_ facts: FlowFacts, into report: inout CheckReport) {
        for parameter in facts.flow.parameters {
            check(parameter, node: node(of: parameter, in: facts.flow), into: &report)
        }
    }

    private static func node(of parameter: ParameterDeclaration, in flow: FlowDefinition) -> SourceNode? {
        let body = flow.node["properties"]?["definition"] ?? flow.node["definition"] ?? flow.node
        return body["parameters"]?[parameter.name]
    }

    private static func check(
        _ parameter: ParameterDeclaration, node: SourceNode?, into report: inout CheckReport
    ) {
        let path = ActionPath.root.appending("parameters", parameter.name)
        let type = parameter.type.lowercased()
        guard types.contains(where: { $0.lowercased() == type }) else {
            if node?.isMapping == true {
                report.error(
                    .invalidTemplateParameter,
                    parameter.type.isEmpty
                        ? "The parameter '\(parameter.name)' has no type."
                        : "'\(parameter.type)' is no type of a parameter; there are \(types.joined(separator: ", ")).",
                    at: node?["type"]?.location ?? parameter.location, path: path,
                    hint: suggestion(forType: parameter.type))
            }
            return
        }
        guard let value = parameter.defaultValue, !value.isNull else { return }
        let location = node?["defaultValue"]?.location ?? parameter.location
        if !fits(value, type) {
            let message = "The default of parameter '\(parameter.name)' does not have its type \(parameter.type)."
            // Exports write the default of an environment variable as a text now and then.
            if parameter.schemaName != nil, value.stringValue != nil {
                report.warning(.invalidTemplateParameter, message, at: location, path: path)
            } else {
                report.error(.invalidTemplateParameter, message, at: location, path: path)
            }
        }
        if let allowed = parameter.allowedValues, !allowed.contains(value) {
            report.error(
                .invalidTemplateParameter,
                "The default of parameter '\(parameter.name)' is none of its allowed values.", at: location, path: path,
                hint: value.stringValue.flatMap { Suggestion.hint(for: $0, among: allowed.compactMap(\.stringValue)) })
        }
        if parameter.isSecure, parameter.name != "$authentication", holdsSecret(value) {
            report.warning(
                .secretInText, "The secure parameter '\(parameter.name)' has its value in the file.", at: location,
                path: path, hint: "leave the default out and give the value when the flow is run or installed")
        }
    }

    private static func holdsSecret(_ value: JSON) -> Bool {
        switch value {
        case .string(let text): !text.isEmpty && !text.hasPrefix("@") && !text.hasPrefix("[")
        case .object(let object): !object.isEmpty
        case .null: false
        default: true
        }
    }

    private static func suggestion(forType type: String) -> String? {
        switch type.lowercased() {
        case "text": "a text has the type String"
        case "integer", "number": "a whole number has the type Int, a fraction Float"
        case "boolean", "yesno": "a Boolean has the type Bool"
        case "list": "a list has the type Array"
        default: Suggestion.hint(for: type, among: types)
        }
    }

    /// Whether a default has the type of its parameter; templates of other tools (`[parameters('x')]`) fit all.
    static func fits(_ value: JSON, _ type: String) -> Bool {
        if case .string(let text) = value, text.hasPrefix("@") || text.hasPrefix("[") { return true }
        return switch type {
        case "string", "securestring": value.stringValue != nil
        case "int": value.integerValue != nil
        case "float": value.doubleValue != nil
        case "bool": value.boolValue != nil
        case "array": value.arrayValue != nil
        default: value.objectValue != nil || type == "object" && value.arrayValue != nil
        }
    }
}
