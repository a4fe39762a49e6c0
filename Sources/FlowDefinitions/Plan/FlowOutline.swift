public import FlowCore
import FlowText

/// The names, types and places of a flow's actions, for readers of its runs.
public struct FlowOutline: Sendable {
    /// One action.
    public struct Entry: Sendable {
        /// The name.
        public let name: String
        /// The type as written.
        public let type: String
        /// The place in the flow.
        public let path: ActionPath
        /// The place of the enclosing action in the list; nil at the top.
        public let parent: Int?
        /// The places of the enclosing loops in the list, outer first.
        public let loops: [Int]
        /// Whether children run once a round.
        public let isLoop: Bool
        /// Whether its answers are pages that are gathered.
        public let gathersPages: Bool
    }

    /// The actions: containers before their children, in the order written.
    public let entries: [Entry]
    private let places: [String: Int]

    /// Makes the outline of a definition.
    public init(_ definition: FlowDefinition) {
        var entries: [Entry] = []
        func add(_ actions: [Action], parent: Int?, loops: [Int]) {
            for action in actions {
                let place = entries.count
                let isLoop = action.type?.isLoop ?? false
                let pagination = action.node["runtimeConfiguration"]?["paginationPolicy"]?["minimumItemCount"]
                entries.append(
                    Entry(
                        name: action.name, type: action.typeName, path: action.path, parent: parent, loops: loops,
                        isLoop: isLoop, gathersPages: pagination?.json.integerValue != nil))
                for branch in action.branches {
                    add(branch.actions, parent: place, loops: isLoop ? loops + [place] : loops)
                }
            }
        }
        add(definition.actions, parent: nil, loops: [])
        self.entries = entries
        places = Dictionary(
            entries.enumerated().map { ($1.name.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The place of an action in the list by its name in any letter case, or nil.
    public func place(of name: String) -> Int? { places[name.lowercased()] }

    /// The place of an action at its repetitions, as in `actions/Each[3]/actions/Send`.
    /// - Parameters:
    ///   - place: the action's place in the list.
    ///   - indexes: the rounds of its loops, outer first; missing ones are left open.
    /// - Returns: the path.
    public func path(_ place: Int, indexes: [Int]) -> ActionPath {
        let entry = entries[place]
        guard !indexes.isEmpty, !entry.loops.isEmpty else { return entry.path }
        var text = entry.path.text
        for (loop, index) in zip(entry.loops, indexes).reversed() {
            let prefix = entries[loop].path.text
            let end = text.index(text.startIndex, offsetBy: prefix.count)
            text = prefix + "[\(index)]" + text[end...]
        }
        return ActionPath(text: text)
    }
}
