public import FlowCore

/// Reads how much of a quota is used.
public protocol QuotaStore: Sendable {
    /// How much was used of a quota in the windows that began at or after an instant.
    func quotaUsed(_ name: String, since: Timestamp) async throws(FlowError) -> Int64
}

/// Calls counted against a quota.
public struct QuotaUse: Sendable, Hashable {
    /// The quota's name, with the connection where it is counted for each.
    public var name: String
    /// When the window began in which the calls are counted, such as midnight or the full minute.
    public var window: Timestamp
    /// How many calls are added.
    public var amount: Int64

    /// Makes a use.
    public init(name: String, window: Timestamp, amount: Int64 = 1) {
        self.name = name
        self.window = window
        self.amount = amount
    }
}
