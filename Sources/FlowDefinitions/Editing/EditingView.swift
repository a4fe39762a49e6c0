import FlowCore
import FlowExpressions
import FlowText

/// A place in a text with all that is known about it.
struct EditingView {
    let document: TextDocument
    /// The cursor.
    let offset: Int
    /// Where the cursor stands in the text.
    let cursor: CursorPlace
    /// Where that is in the flow.
    let place: EditingPlace
    /// The flow.
    let facts: FlowFacts

    /// The flow's definition, without what other tools put around it.
    var definition: SourceNode {
        let root = facts.flow.node
        return root["properties"]?["definition"] ?? root["definition"] ?? root
    }

    /// The action around the cursor, or nil where the text that was read does not have it yet.
    var action: FlowFacts.Place? {
        guard let name = place.action else { return nil }
        return facts.places.first { $0.action.name == name && $0.ancestors.map(\.name) == place.actions.dropLast() }
            ?? facts.place(name)
    }

    /// The type of the action around the cursor, as it is written before the cursor or else as it was read.
    var actionType: ActionType? {
        let depth = cursor.path.count - place.rest.count
        if cursor.outerValues.indices.contains(depth), let name = cursor.outerValues[depth]["type"],
            let type = ActionType(ignoringCase: name)
        {
            return type
        }
        return action?.action.type
    }

    /// The trigger around the cursor, or nil.
    var trigger: Trigger? {
        guard place.part == .trigger, let name = place.name else { return nil }
        return facts.flow.triggers.first { $0.name == name }
    }

    /// The action or trigger around the cursor.
    var owner: SourceNode? { action?.action.node ?? trigger?.node }

    /// What was read at the path inside the action, trigger or other member.
    func node(at steps: some Sequence<PathStep>, from start: SourceNode?) -> SourceNode? {
        var node = start
        for step in steps {
            switch step {
            case .key(let key): node = node?[key]
            case .index(let index):
                let elements = node?.elements ?? []
                node = elements.indices.contains(index) ? elements[index] : nil
            }
        }
        return node
    }

    /// The host around the cursor or beside it: what stands before the cursor goes before what was read.
    var host: (connection: String?, operation: String?) {
        let read = owner?["inputs"]?["host"]
        let isHost = place.keys.starts(with: ["inputs", "host"])
        func value(_ keys: String...) -> String? {
            for key in keys {
                if isHost, let text = cursor.values[key] { return text }
            }
            return keys.lazy.compactMap { read?[$0]?.string }.first
        }
        return (value("connectionName", "connectionReferenceName"), value("operationId"))
    }

    /// The connector of the host's connection, or nil.
    var connector: String? {
        if let key = host.connection, let reference = facts.flow.connectionReference(key) { return reference.connector }
        let api = owner?["inputs"]?["host"]?["apiId"]?.string ?? cursor.values["apiId"]
        return api.map(ConnectorRegistry.shortName)
    }

    /// The parameters of the operation that is called here.
    var operationParameters: [OperationParameter] {
        guard let connector, let id = host.operation else { return [] }
        if place.part == .trigger { return facts.catalog.trigger(id, of: connector)?.parameters ?? [] }
        return facts.catalog.operation(id, of: connector)?.parameters ?? []
    }

    /// The text that is being written, from its beginning to the cursor.
    var written: ScalarText {
        ScalarText(document.bytes, min(cursor.start, offset)..<offset, cursor.style)
    }

    /// What `item()` stands for here.
    var row: TemplateSite.Row {
        guard let action = action?.action, let inner = place.keys.dropFirst().first, place.keys.first == "inputs"
        else { return .none }
        switch (action.type, inner) {
        case (.select, "select"), (.query, "where"), (.table, "columns"): return .of(action.inputs?["from"])
        default: return .none
        }
    }

    // MARK: What is within reach

    /// The actions that an expression here may read, in the order written.
    var readableActions: [FlowFacts.Place] {
        switch place.part {
        case .outputs: return facts.places
        case .action: break
        default: return []
        }
        let line: [String]
        var before: Set<String> = []
        if let action {
            line = (action.ancestors.map(\.name) + [action.action.name]).map { $0.lowercased() }
        } else {
            line = place.actions.map { $0.lowercased() }
            // An action that was never read: nothing is known of its order, so its siblings may come before it.
            before.formUnion(siblings.map { $0.name.lowercased() })
        }
        for name in line { before.formUnion(facts.predecessors.names(before: name)) }
        let isUntil = action?.action.type == .until && place.keys.first == "expression"
        return facts.places.filter { other in
            let name = other.action.name.lowercased()
            if before.contains(name) || other.ancestors.contains(where: { before.contains($0.name.lowercased()) }) {
                return true
            }
            return isUntil && other.ancestors.contains { $0.name.lowercased() == line.last }
        }
    }

    /// The actions in the list around the cursor's action.
    var siblings: [Action] {
        if let action { return action.siblings }
        guard let parent = place.actions.dropLast().last else { return facts.flow.actions }
        return facts.place(parent)?.action.allChildren ?? facts.flow.actions
    }

    /// The siblings that the cursor's action may wait for: those that do not wait for it.
    var possiblePredecessors: [Action] {
        let own = place.action?.lowercased()
        return siblings.filter { sibling in
            let name = sibling.name.lowercased()
            return name != own && own.map { !facts.predecessors.contains($0, before: name) } ?? true
        }
    }

    /// The loops around the cursor, the innermost first.
    var loops: [Action] {
        let ancestors: [Action] = action?.ancestors ?? place.actions.dropLast().compactMap { facts.place($0)?.action }
        var loops = ancestors.filter { $0.type?.isLoop == true }
        if let own = action?.action, own.type == .until, place.keys.first == "expression" { loops.append(own) }
        return loops.reversed()
    }
}
