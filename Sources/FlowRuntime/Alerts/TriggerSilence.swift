import FlowCore
import FlowDefinitions
import FlowStorage

/// A trigger that has seen nothing for longer than its rule allows.
struct TriggerSilence: Sendable {
    let flow: Catalog.Entry
    /// When it saw something last, or the flow was turned on.
    let since: Timestamp
    let rule: Duration

    /// The silent triggers of the flows that are on.
    /// - Throws: an error of the store.
    static func all(
        in catalog: Catalog, _ rules: [String: Duration], _ store: any FlowStore, now: Timestamp
    ) async throws(FlowError) -> [TriggerSilence] {
        var byFlow: [String: Duration] = [:]
        for (word, rule) in rules where word != "*" {
            // A rule of a flow that is not installed now waits for it.
            if let flow = try? catalog.flow(word) { byFlow[flow.id] = rule }
        }
        var silent: [TriggerSilence] = []
        for flow in catalog.flows where flow.isStarted {
            guard let trigger = flow.trigger else { continue }
            let isByHand =
                trigger.type.lowercased() == "request" && trigger.kind.map { $0.lowercased() != "http" } ?? false
            guard let rule = byFlow[flow.id] ?? (isByHand ? nil : rules["*"]) else { continue }
            var since = flow.installed.stateChangedAt
            // A question that failed is no sign of life.
            for status in ["Succeeded", "Skipped"] {
                let last = try await store.triggerHistory(
                    TriggerHistoryFilter(flow: flow.id, status: status, limit: 1))
                if let start = last.first?.startTime { since = max(since, start) }
            }
            if since + rule < now { silent.append(TriggerSilence(flow: flow, since: since, rule: rule)) }
        }
        return silent
    }

    /// The rule as people write it.
    var ruleText: String {
        let seconds = rule.components.seconds
        for (unit, size) in [("d", 86_400), ("h", 3_600), ("m", 60)] as [(String, Int64)] where seconds % size == 0 {
            return "\(seconds / size)\(unit)"
        }
        return "\(seconds)s"
    }
}
