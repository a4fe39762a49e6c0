public import FlowCore

/// Finds the timers of runs.
///
/// Timers are absolute instants.
public protocol TimerStore: Sendable {
    /// The timers that are due at or before an instant, earliest first.
    func timers(dueBy instant: Timestamp, limit: Int) async throws(FlowError) -> [RunTimer]

    /// The timers of a run, earliest first.
    func timers(of run: String) async throws(FlowError) -> [RunTimer]

    /// When the next timer is due, or nil where there is none.
    func nextTimer() async throws(FlowError) -> Timestamp?
}

/// A timer of a run.
public struct RunTimer: Sendable, Hashable {
    /// The run's name.
    public var run: String
    /// The timer's id within the run.
    public var id: String
    /// When it is due.
    public var due: Timestamp

    /// Makes a timer.
    public init(run: String, id: String, due: Timestamp) {
        self.run = run
        self.id = id
        self.due = due
    }
}
