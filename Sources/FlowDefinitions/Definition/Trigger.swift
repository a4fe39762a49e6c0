public import FlowCore
public import FlowText

/// What starts a flow.
public struct Trigger: Sendable {
    /// The name, `manual` for most.
    public let name: String
    /// The type as written, such as `Request` or `Recurrence`.
    public let type: String
    /// The kind of a Request trigger: `Http`, `Button`, `PowerApp`, `PowerAppV2`, …, or nil.
    public let kind: String?
    /// The whole trigger as written.
    public let node: SourceNode
    /// Where its name stands.
    public let location: SourceLocation

    /// Makes a trigger.
    public init(name: String, type: String, kind: String? = nil, node: SourceNode, location: SourceLocation) {
        self.name = name
        self.type = type
        self.kind = kind
        self.node = node
        self.location = location
    }

    /// The trigger's place in its flow.
    public var path: ActionPath { .trigger(name) }

    /// The `inputs` as written, or nil.
    public var inputs: SourceNode? { node["inputs"] }

    /// The `recurrence` as written, or nil.
    public var recurrence: SourceNode? { node["recurrence"] }

    /// Whether a person or a parent flow starts it: a Request trigger of kind Button, PowerApp, PowerAppV2 or Http.
    public var isCallable: Bool {
        guard type.lowercased() == "request" else { return false }
        return ["", "http", "button", "powerapp", "powerappv2"].contains((kind ?? "").lowercased())
    }
}
