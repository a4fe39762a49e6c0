public import FlowCore

/// Reads the current values of environment variables.
public protocol VariableStore: Sendable {
    /// The current values, by schema name.
    func variables() async throws(FlowError) -> [VariableValue]
}

/// The current value of an environment variable.
public struct VariableValue: Sendable, Hashable {
    /// The schema name.
    public var schemaName: String
    /// The value.
    public var value: JSON
    /// Whether it is a secret, which is kept encrypted.
    public var isSecret: Bool

    /// Makes a value.
    public init(schemaName: String, value: JSON, isSecret: Bool = false) {
        self.schemaName = schemaName
        self.value = value
        self.isSecret = isSecret
    }
}
