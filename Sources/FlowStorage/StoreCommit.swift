public import FlowCore

/// What is written together: all of it or nothing.
///
/// The changes are applied in their order, so a run is started before its first events are appended.
public struct StoreCommit: Sendable {
    /// The changes, in order.
    public var changes: [StoreChange]

    /// Makes a commit of changes.
    public init(_ changes: [StoreChange] = []) { self.changes = changes }

    /// Adds a change at the end.
    public mutating func add(_ change: StoreChange) { changes.append(change) }

    /// Adds the changes of another commit at the end.
    public mutating func add(_ other: StoreCommit) { changes.append(contentsOf: other.changes) }

    /// Whether there is nothing to write.
    public var isEmpty: Bool { changes.isEmpty }
}

/// One change of a commit.
public enum StoreChange: Sendable {
    // Runs

    /// Makes a run; refused with `RunExists` where there is one of that name.
    case startRun(RunSummary)
    /// Replaces the summary of a run.
    case updateRun(RunSummary)
    /// Deletes runs with everything that belongs to them.
    case deleteRuns([String])
    /// Appends events to a run's journal; refused with `JournalConflict` where they do not follow its last event, and
    /// with `LeaseLost` where the lease has another epoch.
    case append(JournalBatch)
    /// Takes, renews or gives up the lease of a run; refused with `LeaseLost` where someone else took it.
    case lease(RunLease)
    /// Puts a message into a run's inbox; does nothing where the inbox holds one of that id.
    case send(InboxEntry)
    /// Takes messages out of a run's inbox.
    case take(run: String, messages: [String])
    /// Sets a timer of a run, in place of an earlier one of that id.
    case setTimer(RunTimer)
    /// Takes a timer away.
    case clearTimer(run: String, timer: String)

    // Effects

    /// Writes what is known of an effect, in place of what was known.
    case effect(EffectEntry)
    /// Remembers what a run wrote to a record, in place of what was written before.
    case echo(EchoEntry)
    /// Counts calls against a quota.
    case useQuota(QuotaUse)

    // Triggers

    /// Writes where a trigger stands.
    case trigger(TriggerState)
    /// Forgets where a flow's triggers stand, and which keys they have seen.
    case forgetTriggers(flow: String)
    /// Remembers that a trigger has seen a key; refused with `TriggerKeySeen` where it already had.
    case seen(TriggerKey)
    /// Forgets keys that a flow's trigger saw before an instant.
    case forgetKeys(flow: String, before: Timestamp)
    /// Writes an entry of a trigger's history, in place of an earlier one of that id.
    case history(TriggerHistoryEntry)
    /// Deletes entries of the trigger history by their ids.
    case deleteHistory([String])

    // Configuration

    /// Installs a solution, or replaces it; its flows are changes of their own.
    case solution(InstalledSolution)
    /// Takes a solution out; its flows are changes of their own.
    case removeSolution(String)
    /// Keeps a definition under its hash; does nothing where it is kept already.
    case definition(StoredDefinition)
    /// Installs a flow or changes it.
    case flow(InstalledFlow)
    /// Takes a flow out, with its run-only settings, shares and trigger states; its runs stay.
    case removeFlow(String)
    /// Sets the current value of an environment variable.
    case variable(VariableValue)
    /// Takes the current value of an environment variable away.
    case removeVariable(String)
    /// Adds a person or changes it.
    case user(EnvironmentUser)
    /// Removes a person, with its shares.
    case removeUser(String)
    /// Gives a person a right on a flow.
    case share(FlowShare)
    /// Takes a right on a flow away.
    case removeShare(FlowShare)
    /// Adds a token of the management API.
    case token(APIToken)
    /// Takes a token away.
    case removeToken(String)
    /// Adds a connection or changes it.
    case connection(StoredConnection)
    /// Removes a connection; bindings to it stay and show as missing.
    case removeConnection(String)
    /// Binds a connection reference.
    case binding(ConnectionBinding)
    /// Takes a binding away.
    case removeBinding(logicalName: String)
    /// Says whose connection a flow's reference uses.
    case runOnly(RunOnlySetting)
    /// Writes a value under a name, or with nil takes it away.
    case metadata(String, JSON?)
}
