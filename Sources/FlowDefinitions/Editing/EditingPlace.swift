/// What a path in a file means: the part of the flow that a cursor stands in.
struct EditingPlace {
    /// The part of a flow file.
    enum Part: Sendable, Hashable {
        /// The file's own members.
        case file
        /// The connection references, or one of them.
        case connectionReferences
        /// The parameters, or one of them.
        case parameters
        /// A trigger, or the list of them.
        case trigger
        /// An action, or a list of them.
        case action
        /// The flow's outputs.
        case outputs
        /// Anything else.
        case other
    }

    /// The part.
    private(set) var part = Part.file
    /// The names of the actions around, the outermost first; the last is the one the cursor stands in.
    private(set) var actions: [String] = []
    /// Whether the cursor stands among the names of a list, of actions for instance.
    private(set) var isList = false
    /// The name of the trigger, parameter, output or connection reference, or nil.
    private(set) var name: String?
    /// Whether this is a branch of a container: a case, `else` or `default`.
    private(set) var isBranch = false
    /// The way on from there: within the action, trigger, parameter or reference.
    private(set) var rest: [PathStep] = []

    /// The action the cursor stands in, or nil.
    var action: String? { actions.last }

    /// The keys of ``rest``; elements stand as `[]`.
    var keys: [String] { rest.map { $0.key ?? "[]" } }

    /// Reads a path.
    init(_ path: [PathStep]) {
        var steps = Self.withoutWrapper(path)[...]
        guard let first = steps.popFirst()?.key else { return }
        switch first {
        case "connectionReferences": part = .connectionReferences
        case "parameters": part = .parameters
        case "outputs": part = .outputs
        case "triggers": part = .trigger
        case "actions":
            part = .action
            isList = true
            walk(&steps)
            return
        default:
            part = .other
            rest = [.key(first)] + steps
            return
        }
        guard let name = steps.popFirst()?.key else {
            isList = true
            return
        }
        self.name = name
        rest = Array(steps)
    }

    /// Follows actions into actions; the first step is a name.
    private mutating func walk(_ steps: inout ArraySlice<PathStep>) {
        guard let name = steps.popFirst()?.key else { return }
        actions.append(name)
        isList = false
        let keys = steps.prefix(3).map { $0.key ?? "" }
        switch keys.first {
        case "actions":
            steps = steps.dropFirst()
            isList = true
            walk(&steps)
        case "else", "default":
            steps = steps.dropFirst()
            enterBranch(&steps)
        case "cases" where keys.count > 1:
            steps = steps.dropFirst(2)
            enterBranch(&steps)
        default: rest = Array(steps)
        }
    }

    private mutating func enterBranch(_ steps: inout ArraySlice<PathStep>) {
        guard steps.first == .key("actions") else {
            isBranch = true
            rest = Array(steps)
            return
        }
        steps = steps.dropFirst()
        isList = true
        walk(&steps)
    }

    /// A path without what other tools put around a definition.
    static func withoutWrapper(_ path: [PathStep]) -> [PathStep] {
        switch path.first?.key {
        case "properties":
            if path.count > 1, path[1] == .key("definition") { return Array(path.dropFirst(2)) }
            return Array(path.dropFirst())
        case "definition": return Array(path.dropFirst())
        case "resources":
            guard let definition = path.firstIndex(of: .key("definition")) else { return path }
            return Array(path[(definition + 1)...])
        default: return path
        }
    }
}
