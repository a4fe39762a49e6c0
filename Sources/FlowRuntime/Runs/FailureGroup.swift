import FlowCore
import FlowEngine
import FlowStorage

/// The runs of one flow that ended with the same error at the same action as one of them, oldest first.
///
/// It is walked in parts: what has been looked at stands in a cursor, and one journal at a time is in memory.
struct FailureGroup {
    private let environment: FlowEnvironment
    private let pattern: RunSummary
    private let failure: RunRepair.Failure
    /// The last run that was looked at.
    private let after: String?
    /// Runs that began later do not belong to it: repairs that fail again would be repaired for ever.
    private let until: Timestamp
    /// The last run that belongs to it, as the walk began; it tells more than the instant where many begin at one.
    private let last: String?
    /// How many were found in the parts before.
    let count: Int

    /// Begins the walk, or goes on with it.
    /// - Parameters:
    ///   - name: the run to which the others are equal.
    ///   - cursor: what the part before gave; nil begins.
    ///   - environment: where the runs are.
    /// - Throws: `RunNotRepairable`, `WorkflowRunInProgress` where the run has no failure.
    init(like name: String, _ cursor: JSON?, in environment: FlowEnvironment) async throws(FlowError) {
        self.environment = environment
        pattern = try await environment.summary(of: name)
        guard pattern.isFinished, let failure = try await environment.failure(of: pattern) else {
            throw FlowError(
                pattern.isFinished ? .runNotRepairable : .workflowRunInProgress,
                "The run \(name) has no failure to which others could be equal: it is \(pattern.status).",
                hint: "find failed runs with `flowrun runs list --status Failed`")
        }
        self.failure = failure
        after = cursor?["after"]?.stringValue
        until = cursor?["until"]?.stringValue.flatMap(Timestamp.init(iso8601:)) ?? environment.clock.now
        if let cursor {
            last = cursor["last"]?.stringValue
        } else {
            let newest = RunFilter(flowIDs: [pattern.flowID], statuses: [pattern.status], limit: 1)
            last = try await environment.store.runs(newest).first?.name
        }
        count = Int(cursor?["count"]?.integerValue ?? 0)
    }

    /// The next runs that belong to the group and were not repaired yet.
    /// - Parameters:
    ///   - width: how many failed runs are looked at, at most.
    ///   - limit: how many are given, at most.
    /// - Returns: the runs, and where the next part begins; nil where this is the last.
    /// - Throws: an error of the store.
    func part(lookingAt width: Int, limit: Int) async throws(FlowError) -> (runs: [String], next: JSON?) {
        var filter = RunFilter(flowIDs: [pattern.flowID], statuses: [pattern.status], after: after, limit: width)
        filter.until = until + .nanoseconds(100)
        filter.isOldestFirst = true
        let page = try await environment.store.runs(filter)
        var found: [String] = []
        for run in page {
            if try await isEqual(run), try await environment.repairs(of: run.name).isEmpty { found.append(run.name) }
            if run.name == last { return (found, nil) }
            if found.count == limit { return (found, cursor(after: run.name, found.count)) }
        }
        guard page.count == width, let last = page.last else { return (found, nil) }
        return (found, cursor(after: last.name, found.count))
    }

    /// Whether a run belongs to the group, repaired or not; one that is not there does not.
    func holds(_ name: String) async throws(FlowError) -> Bool {
        guard let run = try await environment.store.run(name) else { return false }
        guard run.flowID == pattern.flowID, run.status == pattern.status, run.startTime <= until else { return false }
        return try await isEqual(run)
    }

    private func isEqual(_ run: RunSummary) async throws(FlowError) -> Bool {
        // The row tells most of what differs, without the journal.
        guard run.errorCode == pattern.errorCode, run.code == pattern.code else { return false }
        do throws(FlowError) {
            return try await environment.failure(of: run) == failure
        } catch {
            if error.meansStoreFails { throw error }
            return false
        }
    }

    private func cursor(after name: String, _ found: Int) -> JSON {
        [
            "after": .string(name), "until": .string(until.description), "last": last.map { .string($0) } ?? .null,
            "count": .integer(Int64(count + found)),
        ]
    }
}
