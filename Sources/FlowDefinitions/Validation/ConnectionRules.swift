import FlowCore
import FlowText

/// Connection references, and the operations that connector actions and triggers name.
struct ConnectionRules {
    private let facts: FlowFacts
    private var report: CheckReport
    /// Unknown connectors that were noted already: once a flow is enough.
    private var unknown: Set<String> = []

    static func check(_ facts: FlowFacts, into report: inout CheckReport) {
        var rules = ConnectionRules(facts: facts, report: report)
        rules.check()
        report = rules.report
    }

    private mutating func check() {
        for trigger in facts.flow.triggers where Self.isConnectorType(trigger.type) {
            let request = trigger.kind?.lowercased() == "apiconnection"
            guard trigger.type.lowercased() != "request" || request else { continue }
            check(
                inputs: trigger.inputs, isTrigger: true, isOpenAPI: trigger.type.lowercased().hasPrefix("openapi"),
                location: trigger.location, path: trigger.path)
        }
        for place in facts.places {
            let action = place.action
            switch action.type {
            case .openApiConnection, .openApiConnectionWebhook:
                check(
                    inputs: action.inputs, isTrigger: false, isOpenAPI: true, location: action.location,
                    path: action.path)
            case .apiConnection, .apiConnectionWebhook:
                check(
                    inputs: action.inputs, isTrigger: false, isOpenAPI: false, location: action.location,
                    path: action.path)
            default: break
            }
        }
        checkInvokers()
    }

    private static func isConnectorType(_ type: String) -> Bool {
        let folded = type.lowercased()
        return folded.hasPrefix("openapiconnection") || folded.hasPrefix("apiconnection")
    }

    /// A bare definition keeps its references elsewhere.
    private var mayLackReferences: Bool {
        facts.flow.kind == .logicApp
            || facts.flow.connectionReferences.isEmpty
                && !["name", "id", "connectionReferences"].contains { facts.flow.node[$0] != nil }
    }

    // MARK: One action or trigger

    private mutating func check(
        inputs: SourceNode?, isTrigger: Bool, isOpenAPI: Bool, location: SourceLocation, path: ActionPath
    ) {
        guard let host = inputs?["host"], host.isMapping else { return }
        let reference = checkReference(host, isTrigger: isTrigger, isOpenAPI: isOpenAPI, location: location, path: path)
        guard isOpenAPI, let operation = host["operationId"], !operation.isTemplate, let id = operation.string else {
            return
        }
        let apiID = host["apiId"]?.string.flatMap { $0.hasPrefix("@") ? nil : $0 }
        let connector = reference?.connector ?? apiID.map(ConnectorRegistry.shortName) ?? ""
        guard !connector.isEmpty else { return }
        guard facts.catalog.knows(connector: connector) else {
            guard unknown.insert(connector).inserted else { return }
            report.information(
                .unknownConnector,
                "The connector '\(connector)' is not known to flowrun; its operations, such as '\(id)', are not checked.",
                at: host.location, path: path)
            return
        }
        let parameters: [OperationParameter]
        if isTrigger {
            guard let trigger = facts.catalog.trigger(id, of: connector) else {
                notFound(id, of: connector, isTrigger: true, at: operation.location, path: path)
                return
            }
            parameters = trigger.parameters
        } else {
            guard let found = facts.catalog.operation(id, of: connector) else {
                notFound(id, of: connector, isTrigger: false, at: operation.location, path: path)
                return
            }
            parameters = found.parameters
            if let newer = found.replacedBy {
                report.information(
                    .operationDeprecated,
                    "The operation '\(id)' of '\(connector)' is deprecated; '\(newer)' has taken its place.",
                    at: operation.location, path: path)
            }
        }
        var rules = OperationParameterRules(
            operation: id, connector: connector, declared: parameters, location: location, path: path, report: report)
        rules.check(inputs?["parameters"])
        report = rules.report
    }

    private mutating func checkReference(
        _ host: SourceNode, isTrigger: Bool, isOpenAPI: Bool, location: SourceLocation, path: ActionPath
    ) -> ConnectionReference? {
        let node = host["connectionName"] ?? host["connectionReferenceName"] ?? host["connection"]?["referenceName"]
        guard let node else {
            if isTrigger, isOpenAPI {
                report.error(
                    .invalidWorkflowTriggerInputs,
                    "The 'inputs' of trigger '\(path.name)' is not valid. Property 'host.connectionReferenceName' is missing.",
                    at: location, path: path)
            }
            return nil
        }
        guard let key = node.string, !node.isTemplate else { return nil }
        guard let reference = facts.flow.connectionReference(key) else {
            if !mayLackReferences {
                let keys = facts.flow.connectionReferences.map(\.key)
                report.error(
                    .connectionReferenceInvalid, "The connection reference '\(key)' is not declared.",
                    at: node.location, path: path,
                    hint: Suggestion.hint(for: key, among: keys) ?? "declare it under 'connectionReferences'")
            }
            return nil
        }
        if let api = host["apiId"]?.string, !api.hasPrefix("@"), !reference.connector.isEmpty {
            let named = ConnectorRegistry.shortName(api)
            if named.lowercased() != reference.connector.lowercased() {
                report.warning(
                    .connectionReferenceInvalid,
                    "The reference '\(key)' is one of '\(reference.connector)', and 'apiId' names '\(named)'.",
                    at: host["apiId"]?.location ?? host.location, path: path)
            }
        }
        return reference
    }

    private mutating func notFound(
        _ id: String, of connector: String, isTrigger: Bool, at location: SourceLocation, path: ActionPath
    ) {
        let kind = isTrigger ? "trigger" : "operation"
        let near = Suggestion.hint(for: id, among: facts.catalog.operationIDs(of: connector))
        guard near != nil || facts.catalog.listsAllOperations(of: connector) else {
            report.warning(
                .operationNotSupported,
                "flowrun does not carry out the \(kind) '\(id)' of '\(connector)'; the flow would fail there.",
                at: location, path: path, hint: "'flowrun connectors \(connector)' lists what it carries out")
            return
        }
        report.error(
            .workflowOperationInputsApiOperationNotFound, "The connector '\(connector)' has no \(kind) '\(id)'.",
            at: location, path: path, hint: near ?? "'flowrun connectors \(connector)' lists what there is")
    }

    // MARK: Run-only users

    private mutating func checkInvokers() {
        guard let trigger = facts.trigger, trigger.type.lowercased() != "request" else { return }
        for reference in facts.flow.connectionReferences where reference.runtimeSource == .invoker {
            report.warning(
                .invokerConnectionWithoutUser,
                "The connection reference '\(reference.key)' is provided by the run-only user, and nobody runs a flow that its trigger '\(trigger.name)' starts.",
                at: reference.location, path: ActionPath.root.appending("connectionReferences", reference.key),
                hint: "set 'runtimeSource: embedded'")
        }
    }
}

/// The parameters that an action or trigger gives to an operation.
struct OperationParameterRules {
    private let operation: String
    private let connector: String
    private let declared: [OperationParameter]
    private let location: SourceLocation
    private let path: ActionPath
    private(set) var report: CheckReport

    init(
        operation: String, connector: String, declared: [OperationParameter], location: SourceLocation,
        path: ActionPath, report: CheckReport
    ) {
        self.operation = operation
        self.connector = connector
        self.declared = declared
        self.location = location
        self.path = path
        self.report = report
    }

    mutating func check(_ parameters: SourceNode?) {
        if let parameters, !parameters.isMapping, !parameters.isNull { return }
        let given = parameters?.members ?? []
        // A key that is an expression may give anything.
        let hasOpenKeys = given.contains { $0.key.contains("@{") }
        for parameter in declared where parameter.isRequired && !hasOpenKeys {
            guard !given.contains(where: { isSame($0.key, parameter.name) || isInside($0.key, parameter.name) }) else {
                continue
            }
            if given.contains(where: { isInside(parameter.name, $0.key) }) { continue }
            report.error(
                .workflowOperationParametersMissingRequiredParameter,
                "The API operation '\(operation)' requires the property '\(parameter.name)' to be present.",
                at: location, path: path, hint: "add it under 'parameters'")
        }
        for member in given where !member.key.contains("@{") { check(member) }
    }

    private mutating func check(_ member: SourceNode.Member) {
        if let parameter = declared.first(where: { isSame(member.key, $0.name) }) {
            checkValue(member.value, of: parameter)
            return
        }
        let isMember = declared.contains {
            ($0.type == .object || $0.type == .any || $0.type == .array) && isInside(member.key, $0.name)
        }
        let isWhole = declared.contains { isInside($0.name, member.key) }
        guard !isMember, !isWhole else { return }
        report.error(
            .workflowOperationParametersExtraParameter,
            "The API operation '\(operation)' of '\(connector)' does not contain a definition for parameter '\(member.key)'.",
            at: member.keyLocation, path: path, hint: Suggestion.hint(for: member.key, among: declared.map(\.name)))
    }

    private func isSame(_ key: String, _ name: String) -> Bool {
        unescaped(key).lowercased() == name.lowercased()
    }

    /// Whether a flattened key is a member of a parameter of type object.
    private func isInside(_ key: String, _ name: String) -> Bool {
        unescaped(key).lowercased().hasPrefix(name.lowercased() + "/")
    }

    private func unescaped(_ key: String) -> String { key.replacing("@@", with: "@") }

    private mutating func checkValue(_ value: SourceNode, of parameter: OperationParameter) {
        guard !value.isTemplate, !value.isNull else { return }
        let fits: Bool
        switch parameter.type {
        case .string:
            if case .scalar = value.value { fits = true } else { fits = false }
        case .integer: fits = value.wholeNumber != nil
        case .number: fits = value.json.doubleValue != nil || value.string.flatMap { Double($0) } != nil
        case .boolean: fits = value.json.boolValue != nil || ["true", "false"].contains(value.string?.lowercased())
        case .array: fits = value.isSequence
        case .object: fits = value.isMapping
        case .any: fits = true
        }
        if !fits {
            report.error(
                .workflowOperationParametersIncorrectParameterType,
                "The parameter '\(parameter.name)' of the API operation '\(operation)' has the type \(parameter.type.rawValue); this is \(value.kindPhrase).",
                at: value.location, path: path)
        } else if let allowed = parameter.allowedValues, !allowed.contains(value.json),
            !allowed.contains(where: { $0.stringValue ?? $0.text == value.string ?? value.json.text })
        {
            report.error(
                .workflowOperationParametersIncorrectEnum,
                "The parameter '\(parameter.name)' of the API operation '\(operation)' cannot be \(value.json.text); there are \(allowed.map(\.text).joined(separator: ", ")).",
                at: value.location, path: path,
                hint: value.string.flatMap { Suggestion.hint(for: $0, among: allowed.compactMap(\.stringValue)) })
        }
    }
}
