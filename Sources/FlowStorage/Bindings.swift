public import FlowCore

/// Reads which connections references are bound to, and whose connection a flow uses.
public protocol BindingStore: Sendable {
    /// The bindings, by logical name.
    func bindings() async throws(FlowError) -> [ConnectionBinding]

    /// The settings of run-only users, by flow and reference.
    func runOnlySettings() async throws(FlowError) -> [RunOnlySetting]
}

/// A connection reference bound to a connection.
public struct ConnectionBinding: Sendable, Hashable {
    /// The reference's logical name; for a reference of a flow alone, the runtime's own name for it.
    public var logicalName: String
    /// The connection's name.
    public var connection: String
    /// When it was bound.
    public var boundAt: Timestamp
    /// The person (UPN) who bound it.
    public var boundBy: String?

    /// Makes a binding.
    public init(logicalName: String, connection: String, boundAt: Timestamp, boundBy: String? = nil) {
        self.logicalName = logicalName
        self.connection = connection
        self.boundAt = boundAt
        self.boundBy = boundBy
    }
}

/// Whose connection a flow's reference uses, set in the environment.
public struct RunOnlySetting: Sendable, Hashable {
    /// The flow's id.
    public var flow: String
    /// The key of the reference in the flow.
    public var reference: String
    /// `embedded` or `invoker`; nil returns to what the flow says.
    public var runtimeSource: String?

    /// Makes a setting.
    public init(flow: String, reference: String, runtimeSource: String?) {
        self.flow = flow
        self.reference = reference
        self.runtimeSource = runtimeSource
    }
}
