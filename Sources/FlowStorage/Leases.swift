public import FlowCore

/// Reads who holds runs, for stores that several processes share.
///
/// A lease carries an epoch that grows with each holder. Every append names the epoch under which it is made and is
/// refused with `LeaseLost` once another holder came. With one owner nobody takes leases and every epoch is 0.
public protocol LeaseStore: Sendable {
    /// The lease of a run, or nil where nobody ever took one.
    func lease(of run: String) async throws(FlowError) -> RunLease?
}

/// The right of one process to go on with a run.
public struct RunLease: Sendable, Hashable {
    /// The run's name.
    public var run: String
    /// Who holds it.
    public var holder: String
    /// The epoch: one more than the last for a new holder, the same for a renewal.
    public var epoch: Int64
    /// Until when it holds; giving it up sets the present.
    public var expires: Timestamp

    /// Makes a lease.
    public init(run: String, holder: String, epoch: Int64, expires: Timestamp) {
        self.run = run
        self.holder = holder
        self.epoch = epoch
        self.expires = expires
    }
}
