import FlowCore
import FlowExpressions
import FlowText

/// Gives a definition's actions their numbers and compiles them.
struct PlanCompiler {
    private let definition: FlowDefinition
    private var parts: [PlannedActionParts] = []
    private var containerParts: [ContainerParts] = []
    private var bodyParts: [BodyParts] = []
    private(set) var actions: [PlannedAction] = []
    private(set) var containers: [PlannedContainer] = []
    private(set) var bodies: [PlannedBody] = []
    private(set) var unsupported: [FlowPlan.Unsupported] = []
    /// Which secrets the flow's outputs may hold, in the order written.
    private(set) var outputSecrets: [SecretSources] = []

    private struct ContainerParts {
        let parent: Int?
        let role: Action.Branch.Role
        let caseValue: JSON?
        let body: Int
        let slot: Int
        var actions: [Int] = []
    }

    private struct BodyParts {
        let loop: Int?
        let container: Int
        var actions: [Int] = []
        var containers: [Int] = []
    }

    init(_ definition: FlowDefinition) { self.definition = definition }

    mutating func compile() throws(FlowError) {
        bodyParts = [BodyParts(loop: nil, container: 0)]
        addContainer(definition.actions, parent: nil, role: .main, caseValue: nil, body: 0, loops: [])
        for place in parts.indices {
            try link(place)
            parts[place].work = try work(of: place)
            parts[place].settings = try PlannedSettings(parts[place].action, definition)
        }
        let secrets = SecretFlow(parts, definition)
        for place in parts.indices {
            parts[place].secretInputs = secrets.inputs[place]
            parts[place].secretOutputs = secrets.outputs[place]
        }
        outputSecrets = definition.outputs.map { output in
            let isSecure = output.value["type"]?.string?.lowercased().hasPrefix("secure") ?? false
            return secrets.sources(of: output.value["value"]).union(isSecure ? .always : [])
        }
        actions = parts.map(PlannedAction.init)
        containers = containerParts.enumerated().map { id, container in
            let members = container.actions
            return PlannedContainer(
                id: id, parent: container.parent, role: container.role, caseValue: container.caseValue,
                actions: members, roots: members.filter { actions[$0].predecessors.isEmpty },
                leaves: members.filter { actions[$0].dependents.isEmpty }, body: container.body, slot: container.slot)
        }
        bodies = bodyParts.enumerated().map { id, body in
            PlannedBody(
                id: id, loop: body.loop, container: body.container, actions: body.actions, containers: body.containers)
        }
    }

    // MARK: Numbers

    @discardableResult
    private mutating func addContainer(
        _ list: [Action], parent: Int?, role: Action.Branch.Role, caseValue: JSON?, body: Int, loops: [Int]
    ) -> Int {
        let id = containerParts.count
        containerParts.append(
            ContainerParts(
                parent: parent, role: role, caseValue: caseValue, body: body, slot: bodyParts[body].containers.count))
        bodyParts[body].containers.append(id)
        for action in list {
            let number = parts.count
            parts.append(
                PlannedActionParts(
                    action: action, id: number, container: id, body: body, slot: bodyParts[body].actions.count,
                    loops: loops))
            bodyParts[body].actions.append(number)
            containerParts[id].actions.append(number)
            addBranches(of: action, number, body: body, loops: loops)
        }
        return id
    }

    private mutating func addBranches(of action: Action, _ number: Int, body: Int, loops: [Int]) {
        for branch in action.branches {
            var inner = body
            if action.type?.isLoop == true {
                inner = bodyParts.count
                bodyParts.append(BodyParts(loop: number, container: containerParts.count))
            }
            let container = addContainer(
                branch.actions, parent: number, role: branch.role, caseValue: branch.caseValue?.json, body: inner,
                loops: inner == body ? loops : loops + [number])
            parts[number].branches.append(container)
        }
    }

    /// Resolves `runAfter` to numbers.
    private mutating func link(_ place: Int) throws(FlowError) {
        let action = parts[place].action
        let siblings = containerParts[parts[place].container].actions
        for condition in action.runAfter {
            let name = condition.action.lowercased()
            guard let sibling = siblings.first(where: { parts[$0].action.name.lowercased() == name }) else {
                throw FlowError(
                    .invalidTemplate,
                    "The action '\(action.name)' runs after '\(condition.action)', which is no action beside it.",
                    location: condition.location, path: action.path)
            }
            var statuses: StatusSet = []
            for status in condition.statuses { statuses.formUnion(StatusSet(status)) }
            parts[place].predecessors.append(
                PlannedPredecessor(
                    action: sibling, statuses: statuses,
                    statusNames: condition.statuses.map(\.rawValue).joined(separator: ", ")))
            parts[sibling].dependents.append(place)
        }
    }

    // MARK: Work

    private mutating func work(of place: Int) throws(FlowError) -> PlannedWork {
        let action = parts[place].action
        guard let type = action.type else {
            unsupported.append(
                FlowPlan.Unsupported(
                    action: action.name, type: action.typeName, path: action.path, location: action.location))
            return .unsupported
        }
        let reader = WorkReader(action: action)
        switch type {
        case .compose: return .compose(try reader.inputs())
        case .parseJson:
            // A schema is data: nothing in it is evaluated.
            return .parseJson(content: try reader.input("content"), schema: action.inputs?["schema"]?.json ?? [:])
        case .select: return .select(from: try reader.input("from"), select: try reader.input("select"))
        case .query: return .query(from: try reader.input("from"), condition: try reader.input("where"))
        case .join: return .join(from: try reader.input("from"), separator: try reader.input("joinWith"))
        case .table: return .table(try reader.table())
        case .expression: return .expression(kind: (action.kind ?? "").lowercased(), inputs: try reader.inputs())
        case .initializeVariable: return .initializeVariable(try reader.inputs())
        case .setVariable: return .changeVariable(.set, try reader.inputs())
        case .incrementVariable: return .changeVariable(.increment, try reader.inputs())
        case .decrementVariable: return .changeVariable(.decrement, try reader.inputs())
        case .appendToArrayVariable: return .changeVariable(.appendToArray, try reader.inputs())
        case .appendToStringVariable: return .changeVariable(.appendToString, try reader.inputs())
        case .wait: return .wait(try reader.inputs())
        case .terminate: return .terminate(try reader.inputs())
        case .if: return .condition(try reader.condition())
        case .switch: return .choice(try reader.member("expression"), source: reader.source("expression"))
        case .foreach:
            return .foreach(
                try reader.member("foreach"), source: reader.source("foreach"), concurrency: concurrency(of: place))
        case .until:
            return .until(
                PlannedUntil(
                    condition: try reader.condition(), count: try reader.limit("count"),
                    timeout: try reader.limit("timeout")))
        case .scope: return .scope
        case .workflow: return .childFlow(try reader.callInputs())
        case .http: return .http(try reader.callInputs())
        case .httpWebhook:
            let unsubscribe = action.inputs?["unsubscribe"]
            return .httpWebhook(
                subscribe: try reader.input("subscribe"),
                unsubscribe: unsubscribe?.isMapping == true ? try reader.input("unsubscribe") : nil)
        case .response: return .response(try reader.responseInputs())
        case .openApiConnection, .openApiConnectionWebhook:
            return .operation(try reader.callInputs(), waitsForCallback: type == .openApiConnectionWebhook)
        case .apiConnection, .apiConnectionWebhook:
            return .connection(try reader.callInputs(), waitsForCallback: type == .apiConnectionWebhook)
        }
    }

    /// How many rounds of a Foreach go on at a time: a nested one runs them one after another, and so does one without
    /// settings in a flow; in a Logic Apps workflow that is twenty.
    private func concurrency(of place: Int) -> Int {
        let action = parts[place].action
        let isNested = parts[place].loops.contains { parts[$0].action.type == .foreach }
        if isNested || PlannedSettings.options(of: action).contains("sequential") { return 1 }
        let written = action.node["runtimeConfiguration"]?["concurrency"]?["repetitions"]?.json
        if let repetitions = written?.integerValue { return Int(max(1, min(repetitions, 50))) }
        return definition.kind == .logicApp ? 20 : 1
    }

    /// Compiles a node; a missing one is null.
    static func value(_ node: SourceNode?, at path: ActionPath) throws(FlowError) -> CompiledValue {
        do {
            return try CompiledValue(node?.json ?? .null)
        } catch {
            throw FlowError(
                error.code, error.message, location: error.location ?? node?.location, path: error.path ?? path,
                hint: error.hint)
        }
    }
}

/// Compiles the members of one action.
private struct WorkReader {
    let action: Action

    func value(_ json: JSON) throws(FlowError) -> CompiledValue {
        try PlanCompiler.value(SourceNode(json, at: action.location), at: action.path)
    }

    func inputs() throws(FlowError) -> CompiledValue { try PlanCompiler.value(action.inputs, at: action.path) }

    func input(_ key: String) throws(FlowError) -> CompiledValue {
        try PlanCompiler.value(action.inputs?[key], at: action.path)
    }

    func member(_ key: String) throws(FlowError) -> CompiledValue {
        try PlanCompiler.value(action.node[key], at: action.path)
    }

    func source(_ key: String) -> String {
        let node = action.node[key]
        return node?.string ?? node?.json.text ?? ""
    }

    func limit(_ key: String) throws(FlowError) -> CompiledValue? {
        guard let node = action.node["limit"]?[key], !node.isNull else { return nil }
        return try PlanCompiler.value(node, at: action.path)
    }

    /// The inputs of a call without its retry policy, which is a setting.
    func callInputs() throws(FlowError) -> CompiledValue {
        guard case .object(var inputs) = action.inputs?.json else { return try self.inputs() }
        inputs["retryPolicy"] = nil
        return try value(.object(inputs))
    }

    /// The inputs of a Response without its schema, which is data.
    func responseInputs() throws(FlowError) -> CompiledValue {
        guard case .object(var inputs) = action.inputs?.json else { return try self.inputs() }
        inputs["schema"] = nil
        return try value(.object(inputs))
    }

    func condition() throws(FlowError) -> PlannedCondition {
        let node = action.node["expression"]
        do {
            return try PlannedCondition(node?.json ?? .null)
        } catch {
            throw FlowError(
                error.code, error.message, location: node?.location ?? action.location, path: action.path,
                hint: error.hint)
        }
    }

    func table() throws(FlowError) -> PlannedTable {
        var columns: [PlannedTable.Column]?
        if let list = action.inputs?["columns"], list.isSequence {
            var compiled: [PlannedTable.Column] = []
            for column in list.elements {
                compiled.append(
                    PlannedTable.Column(
                        header: try PlanCompiler.value(column["header"], at: action.path),
                        value: try PlanCompiler.value(column["value"], at: action.path)))
            }
            columns = compiled
        }
        return PlannedTable(from: try input("from"), format: try input("format"), columns: columns)
    }
}
