import FlowCore
import FlowText

/// What the rules ask about one flow again and again: where each action stands, what runs before it, which variables
/// and parameters there are.
struct FlowFacts {
    /// An action with its surroundings.
    struct Place {
        let action: Action
        /// The enclosing actions, the outermost first.
        let ancestors: [Action]
        /// The siblings in the same branch, itself included.
        let siblings: [Action]
        /// The branch of the innermost enclosing action, or nil at the top.
        let role: Action.Branch.Role?
    }

    /// A variable and where it is declared.
    struct Variable {
        let name: String
        /// The type in lower case.
        let type: String
        /// The start value, or nil.
        let value: SourceNode?
        /// The key of the action that declares it, in lower case.
        let action: String
        let location: SourceLocation
        let path: ActionPath
    }

    let flow: FlowDefinition
    let flows: FlowSet
    let catalog: any OperationCatalog
    /// Every action in the order written, containers before their children.
    let places: [Place]
    /// The place of an action in `places`, by its name in lower case; of equal names the first.
    let byName: [String: Int]
    /// What runs before an action among its siblings.
    let predecessors: Predecessors
    /// The variables by lower-case name; of equal names the first.
    let variables: [String: Variable]
    /// Names inside actions that flowrun does not look into, in lower case.
    let hiddenNames: Set<String>

    var trigger: Trigger? { flow.triggers.first }

    init(_ flow: FlowDefinition, in flows: FlowSet, catalog: any OperationCatalog) {
        self.flow = flow
        self.flows = flows
        self.catalog = catalog
        var places: [Place] = []
        Self.collect(flow.actions, ancestors: [], role: nil, into: &places)
        self.places = places
        var byName: [String: Int] = [:]
        var hidden: Set<String> = []
        for (index, place) in places.enumerated() {
            let key = place.action.name.lowercased()
            if byName[key] == nil { byName[key] = index }
            if place.action.type == nil { Self.collectNames(in: place.action.node, into: &hidden) }
        }
        self.byName = byName
        hiddenNames = hidden
        predecessors = Predecessors(of: places)
        variables = Self.variables(of: places)
    }

    private static func collect(
        _ actions: [Action], ancestors: [Action], role: Action.Branch.Role?, into places: inout [Place]
    ) {
        for action in actions {
            places.append(Place(action: action, ancestors: ancestors, siblings: actions, role: role))
            for branch in action.branches {
                collect(branch.actions, ancestors: ancestors + [action], role: branch.role, into: &places)
            }
        }
    }

    /// The names of actions inside an action of a type that flowrun does not run.
    private static func collectNames(in node: SourceNode, into names: inout Set<String>) {
        for member in node.members {
            if member.key == "actions" || member.key == "tools" {
                for action in member.value.members { names.insert(action.key.lowercased()) }
            }
            collectNames(in: member.value, into: &names)
        }
    }

    private static func variables(of places: [Place]) -> [String: Variable] {
        var variables: [String: Variable] = [:]
        for place in places where place.action.type == .initializeVariable {
            for node in place.action.inputs?["variables"]?.elements ?? [] {
                guard let name = node["name"]?.string, variables[name.lowercased()] == nil else { continue }
                variables[name.lowercased()] = Variable(
                    name: name, type: (node["type"]?.string ?? "").lowercased(), value: node["value"],
                    action: place.action.name.lowercased(), location: node["name"]?.location ?? node.location,
                    path: place.action.path)
            }
        }
        return variables
    }

    // MARK: Order

    /// The place of an action, whatever the letter case of its name, or nil.
    func place(_ name: String) -> Place? { byName[name.lowercased()].map { places[$0] } }

    /// The action of a name in the same branch, whatever the letter case, or nil.
    func sibling(_ name: String, of place: Place) -> Action? {
        let folded = name.lowercased()
        guard let index = byName[folded] else { return nil }
        let other = places[index]
        if other.role == place.role, other.ancestors.last?.path == place.ancestors.last?.path { return other.action }
        // The name may stand in several branches, though it must not.
        return place.siblings.first { $0.name.lowercased() == folded }
    }

    /// Whether an action may read another one: whether that one surely ended before, or is inside one that did.
    func mayRead(_ other: Place, from place: Place) -> Bool {
        let line = place.ancestors + [place.action]
        let otherLine = other.ancestors + [other.action]
        for step in line {
            let name = step.name.lowercased()
            if otherLine.contains(where: { predecessors.contains($0.name.lowercased(), before: name) }) { return true }
        }
        return false
    }

    /// Whether the place lies inside a loop of the kind, whatever the depth.
    func enclosingLoop(of place: Place) -> Action? { place.ancestors.last { $0.type?.isLoop == true } }
}

/// Collects findings about one flow.
struct CheckReport {
    private(set) var diagnostics: [Diagnostic] = []

    /// Adds a finding that is made already.
    mutating func add(_ diagnostic: Diagnostic) { diagnostics.append(diagnostic) }

    mutating func error(
        _ code: FlowError.Code, _ message: String, at location: SourceLocation, path: ActionPath, hint: String? = nil
    ) {
        diagnostics.append(Diagnostic(.error, code, message, at: location, path: path, hint: hint))
    }

    mutating func warning(
        _ code: FlowError.Code, _ message: String, at location: SourceLocation, path: ActionPath, hint: String? = nil
    ) {
        diagnostics.append(Diagnostic(.warning, code, message, at: location, path: path, hint: hint))
    }

    mutating func information(
        _ code: FlowError.Code, _ message: String, at location: SourceLocation, path: ActionPath, hint: String? = nil
    ) {
        diagnostics.append(Diagnostic(.information, code, message, at: location, path: path, hint: hint))
    }
}

extension SourceNode {
    /// Whether this is a text that is an expression, or holds one: its value is not known before the run.
    ///
    /// Texts in square brackets are expressions of ARM templates.
    var isTemplate: Bool {
        guard let text = string else { return false }
        if text.hasPrefix("@@") { return false }
        if text.hasPrefix("["), text.hasSuffix("]") { return true }
        return (text.hasPrefix("@") && text.utf8.count > 1) || text.contains("@{")
    }

    /// The whole number written here, as a number or as digits in a text, or nil.
    var wholeNumber: Int64? {
        guard case .scalar(let scalar) = value else { return nil }
        if let number = scalar.integerValue { return number }
        return scalar.stringValue.flatMap { Int64($0) }
    }
}
