public import FlowCore

extension FlowStore {
    /// Deletes finished runs, with everything that belongs to them, and the trigger history.
    /// - Parameter instant: what ended before is deleted.
    /// - Returns: how many runs were deleted.
    /// - Throws: what the store throws; what was deleted until then is deleted.
    public func prune(before instant: Timestamp) async throws(FlowError) -> Int {
        // Each slice is one commit: small, so that runs under way wait for it a few milliseconds at most.
        var filter = RunFilter(isFinished: true, limit: 50)
        filter.endedBefore = instant
        var count = 0
        var names = try await runs(filter).map(\.name)
        while !names.isEmpty {
            // The next page is looked for while the run that marks its place is still there.
            filter.after = names.last
            let next = try await runs(filter).map(\.name)
            try await commit(StoreCommit([.deleteRuns(names)]))
            count += names.count
            names = next
        }
        var entries = try await oldHistory(before: instant, limit: 500)
        while !entries.isEmpty {
            try await commit(StoreCommit([.deleteHistory(entries)]))
            entries = try await oldHistory(before: instant, limit: 500)
        }
        return count
    }
}
