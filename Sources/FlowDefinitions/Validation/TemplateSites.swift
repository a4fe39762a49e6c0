import FlowCore
import FlowExpressions
import FlowText

/// A text of a flow that may hold expressions, with what it may see.
struct TemplateSite {
    /// What `item()` stands for besides the element of a loop.
    enum Row {
        /// Nothing.
        case none
        /// A row of the data operation's `from`.
        case of(SourceNode?)
    }

    /// The text: of a value or of a key.
    let text: String
    /// Where it stands.
    let location: SourceLocation
    /// Where it ends; nil for keys.
    let end: SourceLocation?
    /// Whether it is a key.
    let isKey: Bool
    /// The action it belongs to, or nil for triggers and outputs.
    let place: FlowFacts.Place?
    /// The path for findings.
    let path: ActionPath
    /// The property it belongs to, such as `inputs` or `expression`.
    let property: String
    /// What `item()` may be.
    let row: Row
    /// The index of the variable in an InitializeVariable action, or nil.
    let variableIndex: Int?

    /// The place of a part of the text, by its offset in UTF-8.
    ///
    /// It is exact where the text stands in one line without escapes; else it is the place of the whole.
    func location(of offset: Int) -> SourceLocation {
        guard let end, end.line == location.line, offset > 0 else { return location }
        let length = text.unicodeScalars.count
        let written = end.column - location.column
        guard written == length || written == length + 2 else { return location }
        let before = text.utf8.prefix(offset).count { $0 & 0xC0 != 0x80 }
        return SourceLocation(
            file: location.file, line: location.line, column: location.column + before + (written - length) / 2)
    }
}

/// Finds every text of a flow that is evaluated.
struct TemplateSites {
    private var sites: [TemplateSite] = []
    private var place: FlowFacts.Place?
    private var path: ActionPath = .root
    private var property = ""

    static func all(in facts: FlowFacts) -> [TemplateSite] {
        var finder = TemplateSites()
        for trigger in facts.flow.triggers { finder.collect(trigger) }
        for place in facts.places where place.action.type != nil { finder.collect(place) }
        finder.place = nil
        for output in facts.flow.outputs {
            finder.path = ActionPath.root.appending("outputs", output.key)
            finder.property = "outputs"
            finder.walk(output.value["value"])
        }
        return finder.sites
    }

    private mutating func collect(_ trigger: Trigger) {
        place = nil
        path = trigger.path
        property = "inputs"
        walkMembers(of: trigger.inputs, without: ["schema", "headersSchema"])
        property = "recurrence"
        walk(trigger.recurrence)
        property = "conditions"
        for condition in trigger.node["conditions"]?.elements ?? [] { walk(condition["expression"], keys: false) }
        property = "splitOn"
        walk(trigger.node["splitOn"])
        property = "correlation"
        walk(trigger.node["correlation"])
        walk(trigger.node["splitOnConfiguration"])
    }

    private mutating func collect(_ place: FlowFacts.Place) {
        let action = place.action
        self.place = place
        path = action.path
        property = "inputs"
        collectInputs(of: action)
        property = "foreach"
        if action.type == .foreach { walk(action.node["foreach"]) }
        property = "expression"
        if action.type == .if || action.type == .switch || action.type == .until {
            walk(action.node["expression"], keys: false)
        }
        property = "limit"
        walk(action.node["limit"])
        property = "runtimeConfiguration"
        walk(action.node["runtimeConfiguration"])
        property = "trackedProperties"
        walk(action.node["trackedProperties"])
        property = "correlation"
        walk(action.node["correlation"])
    }

    private mutating func collectInputs(of action: Action) {
        let inputs = action.inputs
        switch action.type {
        case .parseJson, .response: walkMembers(of: inputs, without: ["schema"])
        case .select:
            walkMembers(of: inputs, without: ["select"])
            walk(inputs?["select"], row: .of(inputs?["from"]))
        case .query:
            walkMembers(of: inputs, without: ["where"])
            walk(inputs?["where"], row: .of(inputs?["from"]))
        case .table:
            walkMembers(of: inputs, without: ["columns"])
            walk(inputs?["columns"], row: .of(inputs?["from"]))
        case .initializeVariable:
            for (index, variable) in (inputs?["variables"]?.elements ?? []).enumerated() {
                walk(variable["value"], variable: index)
            }
        default: walk(inputs)
        }
    }

    private mutating func walkMembers(of node: SourceNode?, without names: Set<String>) {
        guard let node, node.isMapping else {
            walk(node)
            return
        }
        for member in node.members where !names.contains(member.key) {
            addKey(member, row: .none, variable: nil)
            walk(member.value)
        }
    }

    private mutating func walk(
        _ node: SourceNode?, keys: Bool = true, row: TemplateSite.Row = .none, variable: Int? = nil
    ) {
        guard let node else { return }
        switch node.value {
        case .scalar(.string(let text)):
            add(text, at: node.location, end: node.end, isKey: false, row: row, variable: variable)
        case .scalar: break
        case .sequence(let elements):
            for element in elements { walk(element, keys: keys, row: row, variable: variable) }
        case .mapping(let members):
            for member in members {
                if keys { addKey(member, row: row, variable: variable) }
                walk(member.value, keys: keys, row: row, variable: variable)
            }
        }
    }

    private mutating func addKey(_ member: SourceNode.Member, row: TemplateSite.Row, variable: Int?) {
        guard member.key.contains("@") else { return }
        add(member.key, at: member.keyLocation, end: nil, isKey: true, row: row, variable: variable)
    }

    private mutating func add(
        _ text: String, at location: SourceLocation, end: SourceLocation?, isKey: Bool, row: TemplateSite.Row,
        variable: Int?
    ) {
        sites.append(
            TemplateSite(
                text: text, location: location, end: end, isKey: isKey, place: place, path: path, property: property,
                row: row,
                variableIndex: variable))
    }
}
