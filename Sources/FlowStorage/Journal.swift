public import FlowCore
public import FlowEngine

/// Reads the journals of runs.
public protocol JournalStore: Sendable {
    /// The events of a run, in order.
    /// - Parameters:
    ///   - run: the run's name.
    ///   - number: the events up to this number are left out; 0 reads all.
    ///   - sealed: what is done with sealed members.
    /// - Returns: the events; the first has the number `number + 1`. Empty where there is no such run.
    /// - Throws: `StoreKeyWrong` where something is sealed with another key, or an error of the store.
    func journal(of run: String, after number: Int64, sealed: SealedMembers) async throws(FlowError) -> [JSON]

    /// The number of a run's last event; 0 where it has none.
    func lastEventNumber(of run: String) async throws(FlowError) -> Int64
}

extension JournalStore {
    /// All events of a run, sealed members opened, for recovery.
    public func journal(of run: String) async throws(FlowError) -> [JSON] {
        try await journal(of: run, after: 0, sealed: .opened)
    }
}

/// What a reader gets for the sealed members of events.
public enum SealedMembers: Sendable, Hashable {
    /// Their values: for recovery, retry and resubmit.
    case opened
    /// Nothing: they are left out, for everything that is shown. Needs no key.
    case hidden
}

/// Events of one run that are appended together: one row of the journal.
public struct JournalBatch: Sendable {
    /// The run's name.
    public var run: String
    /// The number of the first event; a run's first event has the number 1.
    public var first: Int64
    /// The events.
    public var events: [JournalEvent]
    /// The epoch of the lease under which they are appended; 0 where there are no leases.
    public var epoch: Int64

    /// Makes a batch.
    public init(run: String, first: Int64, events: [JournalEvent], epoch: Int64 = 0) {
        self.run = run
        self.first = first
        self.events = events
        self.epoch = epoch
    }

    /// The number of the last event.
    public var last: Int64 { first + Int64(events.count) - 1 }
}

/// An event as the journal keeps it; what it means is the engine's.
///
/// Large values inside an event are kept once by their content, and events name them: a driver does that on its own.
public struct JournalEvent: Sendable, Hashable {
    package enum Content: Sendable, Hashable {
        /// An event that a run has emitted.
        case emitted(RunEvent)
        /// Any other, by its form.
        case form(JournalForm)
    }

    package let content: Content

    /// Makes an event of its form.
    public init(_ json: JSON, sealed: [String] = []) { content = .form(JournalForm(json: json, sealed: sealed)) }

    /// Makes an event of what a run has emitted.
    public init(_ event: RunEvent) { content = .emitted(event) }

    /// The event as JSON, and its members that are encrypted with the environment's key and never shared or indexed.
    package var form: JournalForm {
        switch content {
        case .emitted(let event): event.journalForm
        case .form(let form): form
        }
    }

    /// The event as JSON.
    public var json: JSON { form.json }

    /// The event without its sealed members.
    package var hidingSealed: JSON {
        let form = form
        let (json, sealed) = (form.json, form.sealed)
        guard !sealed.isEmpty, case .object(var object) = json else { return json }
        for name in sealed { object[name] = nil }
        return .object(object)
    }
}
