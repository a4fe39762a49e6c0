package import FlowCore

/// The errors of stores that are the same in every driver.
package enum StoreRefusal {
    /// There is a run of that name.
    package static func runExists(_ run: String) -> FlowError {
        FlowError(
            .runExists, "The run '\(run)' is in the store already.", hint: "look at it: flowrun runs show \(run)")
    }

    /// There is no run of that name.
    package static func noSuchRun(_ run: String) -> FlowError {
        FlowError(
            .commitRefused, "There is no run '\(run)' in the store.",
            hint: "it may have been deleted: flowrun runs list")
    }

    /// Events do not follow the last one.
    package static func journalConflict(_ batch: JournalBatch, last: Int64) -> FlowError {
        FlowError(
            .journalConflict,
            "Event \(batch.first) cannot follow event \(last) in the journal of run '\(batch.run)'.")
    }

    /// Someone else holds the run.
    package static func leaseLost(_ run: String) -> FlowError {
        FlowError(.leaseLost, "Another process has taken over the run '\(run)'.")
    }

    /// A key was seen before.
    package static func keySeen(_ key: TriggerKey, run: String?) -> FlowError {
        FlowError(
            .triggerKeySeen,
            "The trigger has seen '\(key.key)' before" + (run.map { "; it started the run '\($0)'." } ?? "."),
            hint: run.map { "look at it: flowrun runs show \($0)" })
    }

    /// What is stored is damaged.
    package static func corrupt(_ what: String, cause: FlowError.Cause? = nil) -> FlowError {
        FlowError(
            .storeCorrupt, what, hint: "put a backup back: `flowrun restore FILE`",
            cause: cause)
    }

    /// The store was closed.
    package static var closed: FlowError {
        FlowError(.storeUnusable, "The store is closed.", hint: "call the command again")
    }
}
