import FlowCore
import FlowText

/// Which siblings an action waits for, and with which statuses.
enum RunAfterRules {
    private static let allowed = ["Succeeded", "Failed", "Skipped", "TimedOut"]

    static func check(_ facts: FlowFacts, into report: inout CheckReport) {
        for place in facts.places {
            guard let node = place.action.node["runAfter"], node.isMapping else { continue }
            for condition in node.members { check(condition, of: place, facts, into: &report) }
        }
        checkRings(facts, into: &report)
    }

    private static func check(
        _ condition: SourceNode.Member, of place: FlowFacts.Place, _ facts: FlowFacts, into report: inout CheckReport
    ) {
        let action = place.action
        let name = condition.key.lowercased()
        if facts.flow.kind == .logicApp, facts.flow.triggers.contains(where: { $0.name.lowercased() == name }) {
            return
        }
        if name == action.name.lowercased() {
            report.error(
                .invalidTemplate, "The action '\(action.name)' cannot run after itself.", at: condition.keyLocation,
                path: action.path)
        } else if facts.sibling(name, of: place) == nil {
            let (why, hint) = explain(condition.key, place, facts)
            report.error(
                .invalidTemplate,
                "The 'runAfter' property of template action '\(action.name)' contains non-existent action '\(condition.key)': \(why).",
                at: condition.keyLocation, path: action.path, hint: hint)
        }
        checkStatuses(condition, of: action, into: &report)
    }

    private static func explain(
        _ name: String, _ place: FlowFacts.Place, _ facts: FlowFacts
    ) -> (why: String, hint: String?) {
        if facts.flow.triggers.contains(where: { $0.name.lowercased() == name.lowercased() }) {
            return ("it is the trigger, after which every action without 'runAfter' starts", "remove the condition")
        }
        if place.ancestors.contains(where: { $0.name.lowercased() == name.lowercased() }) {
            return (
                "it is the container of the action, which starts its first actions itself", "remove the condition"
            )
        }
        if facts.place(name) != nil {
            return (
                "it stands in another container, and only actions of the same container can be waited for",
                "wait for the container instead, or move the action"
            )
        }
        let names = place.siblings.map(\.name).filter { $0 != place.action.name }
        return ("there is no such action in its container", Suggestion.hint(for: name, among: names))
    }

    private static func checkStatuses(
        _ condition: SourceNode.Member, of action: Action, into report: inout CheckReport
    ) {
        guard condition.value.isSequence, !condition.value.elements.isEmpty else {
            report.error(
                .invalidTemplate,
                "The condition '\(condition.key)' in the 'runAfter' of action '\(action.name)' must be a list of at least one status.",
                at: condition.value.isNull ? condition.keyLocation : condition.value.location, path: action.path,
                hint: "write [Succeeded], or another of \(allowed.joined(separator: ", "))")
            return
        }
        for element in condition.value.elements {
            let written = element.string ?? element.json.text
            guard !allowed.contains(where: { $0.lowercased() == written.lowercased() }) else { continue }
            report.error(
                .invalidTemplate,
                "'\(written)' is no status that 'runAfter' of action '\(action.name)' can name; there are \(allowed.joined(separator: ", ")).",
                at: element.location, path: action.path, hint: Suggestion.hint(for: written, among: allowed))
        }
    }

    /// Reports each ring of actions that wait for each other once.
    private static func checkRings(_ facts: FlowFacts, into report: inout CheckReport) {
        let stuck = stuck(facts)
        guard !stuck.isEmpty else { return }
        var reported: Set<String> = []
        for place in facts.places {
            let start = place.action.name.lowercased()
            guard stuck.contains(start), !reported.contains(start), let ring = ring(from: place, facts), ring.count > 1
            else { continue }
            reported.formUnion(ring.map { $0.name.lowercased() })
            let names = (ring + [ring[0]]).map(\.name).joined(separator: " -> ")
            report.error(
                .invalidTemplate, "These actions wait for each other, so none can start: \(names).",
                at: place.action.runAfter.first { condition in
                    ring.contains { $0.name.lowercased() == condition.action.lowercased() }
                }?.location ?? place.action.location, path: place.action.path,
                hint: "remove one of the 'runAfter' conditions")
        }
    }

    /// The names, in lower case, of the actions that wait for a ring or are part of one: those that are left when
    /// actions start one after another, each as soon as all that it waits for have.
    private static func stuck(_ facts: FlowFacts) -> Set<String> {
        var open: [String: Int] = [:]
        var followers: [String: [String]] = [:]
        for place in facts.places {
            let name = place.action.name.lowercased()
            var count = 0
            for condition in place.action.runAfter {
                let before = condition.action.lowercased()
                guard before != name, facts.sibling(before, of: place) != nil else { continue }
                count += 1
                followers[before, default: []].append(name)
            }
            open[name, default: 0] += count
        }
        var ready = open.filter { $0.value == 0 }.map(\.key)
        while let name = ready.popLast() {
            open[name] = nil
            for follower in followers[name] ?? [] {
                guard let count = open[follower] else { continue }
                open[follower] = count - 1
                if count == 1 { ready.append(follower) }
            }
        }
        return Set(open.keys)
    }

    private static func ring(from place: FlowFacts.Place, _ facts: FlowFacts) -> [Action]? {
        let start = place.action.name.lowercased()
        var path: [Action] = []
        // What is on the path or leads nowhere.
        var seen: Set<String> = []
        func walk(_ action: Action) -> Bool {
            path.append(action)
            seen.insert(action.name.lowercased())
            for condition in action.runAfter {
                let name = condition.action.lowercased()
                if name == start { return true }
                guard !seen.contains(name), let next = facts.sibling(name, of: place) else { continue }
                if walk(next) { return true }
            }
            path.removeLast()
            return false
        }
        return walk(place.action) ? path : nil
    }
}
