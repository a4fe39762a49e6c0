/// An action at one of its repetitions, as events and intents name it.
public struct ActionInstance: Sendable, Hashable {
    /// The action's name, unique in its flow.
    public var name: String
    /// The indexes of the enclosing loops, outer first; empty outside of loops.
    public var indexes: [Int]

    /// Makes an instance.
    public init(_ name: String, indexes: [Int] = []) {
        self.name = name
        self.indexes = indexes
    }
}
