public import FlowCore

/// The flows at hand, in which calls of child flows are resolved.
public struct FlowSet: Sendable {
    /// The flows.
    public let flows: [FlowDefinition]
    private let places: [Key: [Int]]

    private struct Key: Hashable {
        let kind: Int
        let text: String
    }

    /// What a reference came to.
    public enum Resolution: Sendable {
        /// One flow.
        case found(FlowDefinition)
        /// Several flows of that name.
        case ambiguous([FlowDefinition])
        /// None.
        case missing
    }

    /// Makes a set.
    public init(_ flows: [FlowDefinition]) {
        self.flows = flows
        var places: [Key: [Int]] = [:]
        for (place, flow) in flows.enumerated() {
            if let id = flow.id ?? Self.exportedID(flow.file) {
                places[Key(kind: 0, text: id.lowercased()), default: []].append(place)
            }
            places[Key(kind: 1, text: flow.name), default: []].append(place)
            places[Key(kind: 2, text: Self.stem(of: flow.file)), default: []].append(place)
        }
        self.places = places
    }

    /// Finds what a child call means: an equal id in any letter case first, else an equal name, else the stem of a file.
    public func resolve(_ reference: String) -> Resolution {
        for key in [
            Key(kind: 0, text: reference.lowercased()), Key(kind: 1, text: reference), Key(kind: 2, text: reference),
        ] {
            guard let found = places[key] else { continue }
            return found.count == 1 ? .found(flows[found[0]]) : .ambiguous(found.map { flows[$0] })
        }
        return .missing
    }

    /// The flow that a child call means.
    /// - Parameter reference: an id, a name or the stem of a file.
    /// - Returns: the flow.
    /// - Throws: `AmbiguousFlow` or `NestedWorkflowNotFound`.
    public func flow(_ reference: String) throws(FlowError) -> FlowDefinition {
        switch resolve(reference) {
        case .found(let flow): return flow
        case .ambiguous(let flows):
            throw FlowError(
                .ambiguousFlow, "'\(reference)' may mean \(Self.list(flows)).",
                hint: "give one of them another name, or call it by its id")
        case .missing:
            throw FlowError(
                .nestedWorkflowNotFound, "The flow '\(reference)' is not among the flows at hand.",
                hint: suggestion(for: reference))
        }
    }

    /// "Did you mean" for a reference that names no flow, or nil.
    package func suggestion(for reference: String) -> String? {
        Suggestion.hint(for: reference, among: flows.map(\.name) + flows.map { Self.stem(of: $0.file) })
    }

    /// Flows by name and file, for a message.
    package static func list(_ flows: [FlowDefinition]) -> String {
        flows.map { "'\($0.name)' in \($0.file)" }.joined(separator: " or ")
    }

    /// The id that ends the name of an exported flow's file, `Name-GUID.json`; the definition itself does not hold it.
    static func exportedID(_ file: String) -> String? {
        let stem = stem(of: file)
        let id = String(stem.suffix(36))
        return stem.utf8.count > 36 && UUIDText.isValid(id) ? id : nil
    }

    /// The name of a file without folders and without `.flow.yaml` or another ending.
    public static func stem(of file: String) -> String {
        let name = file.split(separator: "/").last.map(String.init) ?? file
        for ending in [".flow.yaml", ".flow.yml", ".flow.json", ".yaml", ".yml", ".json"]
        where name.lowercased().hasSuffix(ending) && name.utf8.count > ending.utf8.count {
            return String(name.dropLast(ending.count))
        }
        return name
    }
}
