public import FlowCore
public import FlowText

/// What a file of flows came to: its flows, as far as they could be read, and everything that does not fit.
public struct DecodedFlows: Sendable {
    /// The flows: one, or several of an ARM template.
    public let flows: [FlowDefinition]
    /// What was found in the text and in its shape, by place.
    public let diagnostics: [Diagnostic]

    /// Makes a result.
    public init(flows: [FlowDefinition], diagnostics: [Diagnostic]) {
        self.flows = flows
        self.diagnostics = diagnostics
    }

    /// Whether anything found is an error.
    public var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }
}

/// Gives a text tree the shape of flows.
///
/// Read are flow files, exported flows (`{properties: {definition}}`), Logic Apps workflows (`{definition, kind}`), bare
/// definitions and every workflow of an ARM template. Decoding goes on after a mistake: what fits is decoded, what does
/// not is reported.
public struct FlowDecoder {
    private let file: String
    private var diagnostics: [Diagnostic] = []

    /// Reads and decodes a text.
    /// - Parameters:
    ///   - text: YAML or JSON.
    ///   - file: the name under which places are given; its stem is the name of a flow without one.
    /// - Returns: the flows and what was found.
    public static func decode(_ text: String, file: String) -> DecodedFlows {
        decode(FlowTextReader.read(text, file: file), file: file)
    }

    /// Decodes a text that has been read.
    public static func decode(_ text: SourceText, file: String) -> DecodedFlows {
        var decoder = FlowDecoder(file: file)
        let flows = text.root.map { decoder.decodeFile($0) } ?? []
        let duplicates = Set(decoder.diagnostics.filter { $0.code == .duplicateActionName }.map(\.location))
        let findings = text.findings.filter { $0.code != .duplicateKey || !duplicates.contains($0.location) }
        let all = findings.map(Diagnostic.init) + decoder.diagnostics
        return DecodedFlows(flows: flows, diagnostics: all.sorted { $0.location < $1.location })
    }

    /// Decodes a definition that is at hand as JSON; every place is the file's first line.
    /// - Parameters:
    ///   - definition: a flow in any shape that is read.
    ///   - name: the flow's name where it has none.
    /// - Returns: the flows and what was found.
    public static func decode(_ definition: JSON, name: String) -> DecodedFlows {
        let root = SourceNode(definition, at: SourceLocation(file: name, line: 1, column: 1))
        return decode(SourceText(root: root, findings: []), file: name)
    }

    private init(file: String) { self.file = file }

    // MARK: Shapes of files

    private mutating func decodeFile(_ root: SourceNode) -> [FlowDefinition] {
        guard root.isMapping else {
            report(
                .invalidRequestContent, "A flow file is a mapping; this one holds \(root.kindPhrase).",
                at: root.location,
                hint: "begin with 'name:', 'triggers:' and 'actions:'")
            return []
        }
        let stem = FlowSet.stem(of: file)
        if let resources = root["resources"], resources.isSequence {
            return decodeTemplate(resources, stem: stem)
        }
        if let properties = root["properties"], let definition = properties["definition"] {
            let exported = Exported(
                definition: definition, references: properties["connectionReferences"],
                values: properties["parameters"], name: properties["displayName"]?.string ?? stem,
                id: root["name"]?.string, kind: .flow)
            return [decodeExported(exported, root: root)]
        }
        if let definition = root["definition"] {
            let exported = Exported(
                definition: definition, references: root["connectionReferences"], values: root["parameters"],
                name: root["displayName"]?.string ?? stem, id: nil, kind: nil)
            return [decodeExported(exported, root: root)]
        }
        let ownKeys = ["name", "id", "connectionReferences", "kind", "export"]
        if root["$schema"] != nil, !ownKeys.contains(where: { root[$0] != nil }) {
            let exported = Exported(definition: root, references: nil, values: nil, name: stem, id: nil, kind: nil)
            return [decodeExported(exported, root: root)]
        }
        return [decodeFlowFile(root, stem: stem)]
    }

    /// A flow inside a wrapper that another tool has written.
    private struct Exported {
        let definition: SourceNode
        let references: SourceNode?
        let values: SourceNode?
        let name: String
        let id: String?
        let kind: FlowDefinition.Kind?
    }

    private mutating func decodeTemplate(_ resources: SourceNode, stem: String) -> [FlowDefinition] {
        var workflows: [SourceNode] = []
        func collect(_ resources: SourceNode) {
            for resource in resources.elements {
                if resource["type"]?.string?.lowercased() == "microsoft.logic/workflows" { workflows.append(resource) }
                if let nested = resource["resources"] { collect(nested) }
                if let nested = resource["properties"]?["template"]?["resources"] { collect(nested) }
            }
        }
        collect(resources)
        var flows: [FlowDefinition] = []
        for (place, workflow) in workflows.enumerated() {
            guard let properties = workflow["properties"], let definition = properties["definition"] else { continue }
            var name = workflow["name"]?.string ?? stem
            if name.hasPrefix("[") { name = workflows.count == 1 ? stem : "\(stem)-\(place + 1)" }
            let exported = Exported(
                definition: definition, references: nil, values: properties["parameters"], name: name, id: nil,
                kind: nil)
            flows.append(decodeExported(exported, root: workflow))
        }
        if flows.isEmpty {
            report(
                .invalidRequestContent, "The template holds no workflow (Microsoft.Logic/workflows).",
                at: resources.location)
        }
        return flows
    }

    private mutating func decodeExported(_ exported: Exported, root: SourceNode) -> FlowDefinition {
        let definition = exported.definition
        checkMembers(of: definition, known: DefinitionMembers.definition, of: "a workflow definition", at: .root)
        let declaresAuthentication = definition["parameters"]?["$authentication"] != nil
        var flow = decodeBody(definition, name: exported.name, root: root)
        flow.id = exported.id.flatMap { UUIDText.isValid($0) ? $0.lowercased() : nil }
        flow.kind = exported.kind ?? (declaresAuthentication ? .flow : .logicApp)
        flow.connectionReferences = decodeReferences(exported.references)
        if flow.connectionReferences.isEmpty, let connections = exported.values?["$connections"]?["value"] {
            flow.connectionReferences = decodeReferences(connections)
        }
        finish(&flow)
        return flow
    }

    private mutating func decodeFlowFile(_ root: SourceNode, stem: String) -> FlowDefinition {
        checkMembers(of: root, known: DefinitionMembers.flowFile, of: "a flow file", at: .root)
        let name = text(of: root, "name", at: .root)
        var flow = decodeBody(root, name: name.flatMap { $0.isEmpty ? nil : $0 } ?? stem, root: root)
        if let id = text(of: root, "id", at: .root), let node = root["id"] {
            if UUIDText.isValid(id) {
                flow.id = id.lowercased()
            } else {
                report(
                    .invalidRequestContent, "'\(id)' is no GUID.", at: node.location,
                    hint: "leave 'id' out; flowrun derives one from solution and name")
            }
        }
        if let kind = text(of: root, "kind", at: .root), let node = root["kind"] {
            switch kind.lowercased() {
            case "flow": flow.kind = .flow
            case "logicapp", "stateful", "stateless": flow.kind = .logicApp
            default:
                report(
                    .invalidRequestContent, "'\(kind)' is no kind of flow; there are flow and logicapp.",
                    at: node.location)
            }
        }
        flow.connectionReferences = decodeReferences(root["connectionReferences"])
        finish(&flow)
        return flow
    }

    private mutating func decodeBody(_ definition: SourceNode, name: String, root: SourceNode) -> FlowDefinition {
        var flow = FlowDefinition(name: name, file: file, node: root)
        flow.description = text(of: definition, "description", at: .root)
        flow.parameters = decodeParameters(definition["parameters"])
        flow.triggers = decodeTriggers(definition["triggers"])
        flow.actions = decodeActions(definition["actions"], in: .root, of: "the flow")
        flow.outputs = mapping(definition["outputs"], named: "outputs", at: .root)
        flow.staticResults = mapping(definition["staticResults"], named: "staticResults", at: .root)
        return flow
    }

    /// An imported Logic App may name its trigger in `runAfter`: such a condition is met when the run begins.
    private func finish(_ flow: inout FlowDefinition) {
        guard flow.kind == .logicApp, let trigger = flow.triggers.first?.name.lowercased() else { return }
        flow.actions = flow.actions.map { action in
            let kept = action.runAfter.filter { $0.action.lowercased() != trigger }
            guard kept.count < action.runAfter.count else { return action }
            return Action(
                name: action.name, path: action.path, typeName: action.typeName, type: action.type, kind: action.kind,
                runAfter: kept, branches: action.branches, node: action.node, location: action.location)
        }
    }

    // MARK: Connection references and parameters

    private mutating func decodeReferences(_ node: SourceNode?) -> [ConnectionReference] {
        var references: [ConnectionReference] = []
        for member in mapping(node, named: "connectionReferences", at: .root) {
            let path = ActionPath.root.appending("connectionReferences", member.key)
            let value = member.value
            guard value.isMapping else {
                report(
                    .connectionReferenceInvalid,
                    "The connection reference '\(member.key)' must be a mapping with 'connector'.",
                    at: member.keyLocation, path: path)
                continue
            }
            let api = value["api"]
            let connector =
                value["connector"]?.string ?? api?["name"]?.string ?? value["apiName"]?.string ?? value["id"]?.string
                ?? api?["id"]?.string ?? ""
            if connector.isEmpty {
                report(
                    .connectionReferenceInvalid,
                    "The connection reference '\(member.key)' does not say its connector.", at: member.keyLocation,
                    path: path, hint: "add 'connector: salesforce' or the API name that is meant")
            }
            let logicalName =
                value["connectionReferenceLogicalName"]?.string
                ?? value["connection"]?["connectionReferenceLogicalName"]?.string
            references.append(
                ConnectionReference(
                    key: member.key, connector: ConnectorRegistry.shortName(connector), logicalName: logicalName,
                    runtimeSource: runtimeSource(of: value, key: member.key, path: path), location: member.keyLocation))
        }
        return references
    }

    private mutating func runtimeSource(
        of reference: SourceNode, key: String, path: ActionPath
    ) -> ConnectionReference.RuntimeSource {
        guard let node = reference["runtimeSource"] ?? reference["source"], let written = node.string else {
            return .embedded
        }
        if let source = ConnectionReference.RuntimeSource(rawValue: written.lowercased()) { return source }
        if reference["runtimeSource"] != nil {
            report(
                .connectionReferenceInvalid,
                "'\(written)' is no runtimeSource of the connection reference '\(key)'; there are embedded and invoker.",
                at: node.location, path: path)
        }
        return .embedded
    }

    private mutating func decodeParameters(_ node: SourceNode?) -> [ParameterDeclaration] {
        mapping(node, named: "parameters", at: .root).map { member in
            let path = ActionPath.root.appending("parameters", member.key)
            let value = member.value
            if !value.isMapping {
                report(
                    .invalidTemplateParameter, "The parameter '\(member.key)' must be a mapping with 'type'.",
                    at: member.keyLocation, path: path)
            } else {
                checkMembers(of: value, known: DefinitionMembers.parameter, of: "a parameter", at: path)
            }
            return ParameterDeclaration(
                name: member.key, type: value["type"]?.string ?? "",
                defaultValue: value.member("defaultValue")?.value.json,
                allowedValues: value["allowedValues"]?.json.arrayValue,
                schemaName: value["metadata"]?["schemaName"]?.string, location: member.keyLocation)
        }
    }

    // MARK: Triggers and actions

    private mutating func decodeTriggers(_ node: SourceNode?) -> [Trigger] {
        mapping(node, named: "triggers", at: .root).compactMap { member in
            let path = ActionPath.trigger(member.key)
            let value = member.value
            guard value.isMapping else {
                report(
                    .invalidTemplate, "The trigger '\(member.key)' must be a mapping, not \(value.kindPhrase).",
                    at: member.keyLocation, path: path)
                return nil
            }
            let type = value["type"]?.string ?? ""
            if type.isEmpty {
                report(
                    .invalidTemplate, "The trigger '\(member.key)' has no type.", at: member.keyLocation, path: path,
                    hint: "add 'type: Request', 'type: Recurrence' or the type that is meant")
            }
            checkMembers(of: value, known: DefinitionMembers.trigger, of: "a trigger", at: path)
            return Trigger(
                name: member.key, type: type, kind: value["kind"]?.string, node: value, location: member.keyLocation)
        }
    }

    private mutating func decodeActions(
        _ node: SourceNode?, in container: ActionPath, of owner: String
    ) -> [Action] {
        guard let node else { return [] }
        guard node.isMapping else {
            if !node.isNull {
                report(
                    .invalidTemplate, "The 'actions' of \(owner) must be a mapping of names, not \(node.kindPhrase).",
                    at: node.location, path: container)
            }
            return []
        }
        var seen: Set<String> = []
        return node.members.compactMap { member in
            let path = container.appending("actions", member.key)
            guard seen.insert(member.key).inserted else {
                report(
                    .duplicateActionName, "The action name '\(member.key)' stands twice in \(owner).",
                    at: member.keyLocation, path: path, hint: "give one of them another name")
                return nil
            }
            return decodeAction(member, path: path)
        }
    }

    private mutating func decodeAction(_ member: SourceNode.Member, path: ActionPath) -> Action? {
        let node = member.value
        guard node.isMapping else {
            report(
                .invalidTemplate, "The action '\(member.key)' must be a mapping, not \(node.kindPhrase).",
                at: member.keyLocation, path: path)
            return nil
        }
        let typeName = node["type"]?.string ?? ""
        if typeName.isEmpty {
            report(
                .invalidTemplate, "The action '\(member.key)' has no type.", at: member.keyLocation, path: path,
                hint: "add 'type: Compose' or the type that is meant")
        }
        let type = ActionType(ignoringCase: typeName)
        if type != nil {
            checkMembers(of: node, known: DefinitionMembers.action(type), of: "an action of type \(typeName)", at: path)
        }
        return Action(
            name: member.key, path: path, typeName: typeName, type: type, kind: node["kind"]?.string,
            runAfter: decodeRunAfter(node["runAfter"], of: member.key, path: path),
            branches: decodeBranches(of: node, type: type, name: member.key, path: path), node: node,
            location: member.keyLocation)
    }

    private mutating func decodeRunAfter(_ node: SourceNode?, of name: String, path: ActionPath) -> [Action.RunAfter] {
        guard let node, !node.isNull else { return [] }
        guard node.isMapping else {
            report(
                .invalidTemplate,
                "The 'runAfter' of action '\(name)' must map names to lists of statuses, not be \(node.kindPhrase).",
                at: node.location, path: path, hint: "write 'runAfter: {Name: [Succeeded]}'")
            return []
        }
        return node.members.map { condition in
            let statuses = condition.value.elements.compactMap { $0.string.flatMap(ActionStatus.init(ignoringCase:)) }
            return Action.RunAfter(action: condition.key, statuses: statuses, location: condition.keyLocation)
        }
    }

    private mutating func decodeBranches(
        of node: SourceNode, type: ActionType?, name: String, path: ActionPath
    ) -> [Action.Branch] {
        guard let type, type.isContainer else { return [] }
        var branches: [Action.Branch] = []
        let owner = "action '\(name)'"
        if type != .switch {
            let actions = decodeActions(node["actions"], in: path, of: owner)
            branches.append(.init(role: .main, actions: actions, location: node["actions"]?.location ?? node.location))
        }
        if type == .if, let otherwise = node["else"] {
            branches.append(decodeBranch(otherwise, role: .otherwise, in: path.appending("else"), of: owner, at: path))
        }
        guard type == .switch else { return branches }
        for member in mapping(node["cases"], named: "cases", at: path) {
            branches.append(
                decodeBranch(
                    member.value, role: .switchCase(member.key), in: path.appending("cases", member.key), of: owner,
                    at: path))
        }
        if let otherwise = node["default"] {
            branches.append(
                decodeBranch(otherwise, role: .switchDefault, in: path.appending("default"), of: owner, at: path))
        }
        return branches
    }

    private mutating func decodeBranch(
        _ node: SourceNode, role: Action.Branch.Role, in container: ActionPath, of owner: String, at path: ActionPath
    ) -> Action.Branch {
        var actions: [Action] = []
        var caseValue: SourceNode?
        if node.isMapping {
            var known = ["actions"]
            if case .switchCase = role {
                known += ["case", "metadata"]
                caseValue = node["case"]
            }
            checkMembers(of: node, known: known, of: "a branch of \(owner)", at: path)
            actions = decodeActions(node["actions"], in: container, of: "a branch of \(owner)")
        } else if !node.isNull {
            report(
                .invalidTemplate, "A branch of \(owner) must be a mapping with 'actions', not \(node.kindPhrase).",
                at: node.location, path: path)
        }
        return .init(role: role, caseValue: caseValue, actions: actions, location: node.location)
    }

    // MARK: Members

    private mutating func mapping(
        _ node: SourceNode?, named name: String, at path: ActionPath
    ) -> [SourceNode.Member] {
        guard let node, !node.isNull else { return [] }
        guard node.isMapping else {
            report(
                .invalidTemplate, "'\(name)' must be a mapping, not \(node.kindPhrase).", at: node.location, path: path)
            return []
        }
        var seen: Set<String> = []
        return node.members.filter { seen.insert($0.key).inserted }
    }

    private mutating func text(of node: SourceNode, _ key: String, at path: ActionPath) -> String? {
        guard let value = node[key], !value.isNull else { return nil }
        if let text = value.string { return text }
        report(
            .invalidRequestContent, "'\(key)' must be a text, not \(value.kindPhrase).", at: value.location, path: path)
        return nil
    }

    private mutating func checkMembers(of node: SourceNode, known: [String], of owner: String, at path: ActionPath) {
        for member in node.members where !known.contains(member.key) {
            let near = Suggestion.hint(for: member.key, among: known)
            report(
                .invalidRequestContent, "'\(member.key)' is no member of \(owner).", at: member.keyLocation, path: path,
                hint: near ?? DefinitionMembers.advice(for: member.key))
        }
    }

    private mutating func report(
        _ code: FlowError.Code, _ message: String, at location: SourceLocation, path: ActionPath = .root,
        hint: String? = nil
    ) {
        diagnostics.append(Diagnostic(.error, code, message, at: location, path: path, hint: hint))
    }
}

extension Diagnostic {
    /// The finding of a text.
    package init(_ finding: TextFinding) {
        self.init(
            finding.severity == .error ? .error : .warning, finding.code, finding.message, at: finding.location,
            hint: finding.hint)
    }
}

extension SourceNode {
    /// What kind of value this is, with its article.
    package var kindPhrase: String {
        switch value {
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .scalar(.null): "null"
        case .scalar(.bool): "a Boolean"
        case .scalar(.integer), .scalar(.double), .scalar(.decimal): "a number"
        case .scalar: "a text"
        }
    }
}

extension ActionStatus {
    /// The status of a name, whatever its letter case.
    package init?(ignoringCase name: String) {
        let folded = name.lowercased()
        guard let status = Self.allCases.first(where: { $0.rawValue.lowercased() == folded }) else { return nil }
        self = status
    }
}
