import FlowCore

extension RunFilter {
    /// Whether a run fits; the cursor and the limit do not count.
    package func matches(_ run: RunSummary) -> Bool {
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
        if let text, !run.searchableTexts.contains(where: { contains($0, text) }) { return false }
        if let error {
            let isCode = run.errorCode == error || run.code == error
            guard isCode || contains(run.errorMessage ?? "", error) else { return false }
        }
        if let parentRun, run.parentRun != parentRun { return false }
        if let sourceRun, run.sourceRun != sourceRun { return false }
        if let isFinished, run.isFinished != isFinished { return false }
        if let waiting, run.isFinished || run.wait?.kind != waiting { return false }
        if let waitSubject, run.wait?.subject != waitSubject { return false }
        return true
    }
}

extension RunSummary {
    /// What a search for text looks at.
    fileprivate var searchableTexts: [String] {
        [name, flowName, errorCode ?? "", errorMessage ?? "", text] + keys.map(\.value)
    }
}

/// Whether a text holds another, letter case of ASCII letters ignored.
private func contains(_ text: String, _ part: String) -> Bool {
    let part = Array(part.utf8.lazy.map(lowercased))
    let text = Array(text.utf8.lazy.map(lowercased))
    guard part.count <= text.count else { return false }
    return (0...(text.count - part.count)).contains { start in text[start..<(start + part.count)].elementsEqual(part) }
}

private func lowercased(_ byte: UInt8) -> UInt8 {
    byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
}
