package import FlowCore

extension RunFilter {
    /// Whether a run fits; the cursor and the limit do not count.
    /// - Parameters:
    ///   - run: the run.
    ///   - events: gives its events without sealed members; asked only where a text is searched for.
    /// - Returns: whether every condition holds.
    package func matches(_ run: RunSummary, events: () -> [JSON]) -> Bool {
        if let flowIDs, !flowIDs.contains(run.flowID) { return false }
        if let statuses, !statuses.contains(run.status) { return false }
        if let code, run.code != code { return false }
        if let since, run.startTime < since { return false }
        if let until, run.startTime >= until { return false }
        if let endedBefore {
            guard let endTime = run.endTime, endTime < endedBefore else { return false }
        }
        if let key {
            guard run.keys.contains(where: { $0.value == key && (keyName == nil || keyName == $0.name) }) else {
                return false
            }
        }
        if let parentRun, run.parentRun != parentRun { return false }
        if let sourceRun, run.sourceRun != sourceRun { return false }
        if let initiator, run.initiator != initiator { return false }
        if let trackingID, run.trackingID != trackingID { return false }
        if let isFinished, run.isFinished != isFinished { return false }
        if let waiting, run.isFinished || run.wait?.kind != waiting { return false }
        if let waitSubject, run.wait?.subject != waitSubject { return false }
        return matchesText(of: run, events)
    }

    private func matchesText(of run: RunSummary, _ events: () -> [JSON]) -> Bool {
        guard text != nil || error != nil else { return true }
        if let text, error == nil, run.name == text { return true }
        var searched = SearchText()
        searched.take(run)
        let errorWords = SearchWords.of(searched.error)
        if let error, !SearchQuery(error).matches([errorWords]) { return false }
        guard let text, run.name != text else { return true }
        for event in events() { searched.take(event) }
        return SearchQuery(text).matches([errorWords, SearchWords.of(searched.text)])
    }
}
