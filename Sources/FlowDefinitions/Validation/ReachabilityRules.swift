import FlowCore
import FlowText

/// Actions that can never run, and conditions that never change.
enum ReachabilityRules {
    static func check(_ facts: FlowFacts, into report: inout CheckReport) {
        for place in facts.places {
            checkTerminated(place, facts, into: &report)
            checkContradiction(place, facts, into: &report)
            checkConstant(place.action, into: &report)
        }
    }

    private static func unreachable(_ action: Action, _ why: String, into report: inout CheckReport) {
        report.warning(
            .unreachableAction, "The action '\(action.name)' never runs: \(why).", at: action.location,
            path: action.path)
    }

    private static func checkTerminated(
        _ place: FlowFacts.Place, _ facts: FlowFacts, into report: inout CheckReport
    ) {
        for condition in place.action.runAfter where !condition.statuses.contains(.skipped) {
            guard let before = facts.sibling(condition.action, of: place), before.type == .terminate else { continue }
            unreachable(place.action, "'\(before.name)' ends the whole run", into: &report)
        }
    }

    /// An action whose predecessors' conditions exclude each other.
    private static func checkContradiction(
        _ place: FlowFacts.Place, _ facts: FlowFacts, into report: inout CheckReport
    ) {
        guard place.action.runAfter.count > 1 else { return }
        var allowed: [String: Set<ActionStatus>] = [:]
        var seen: Set<String> = []
        var contradiction: String?
        func demand(_ action: Action) {
            guard seen.insert(action.name.lowercased()).inserted else { return }
            for condition in action.runAfter {
                let name = condition.action.lowercased()
                let statuses = Set(condition.statuses)
                let left = allowed[name].map { $0.intersection(statuses) } ?? statuses
                allowed[name] = left
                if left.isEmpty, !statuses.isEmpty { contradiction = contradiction ?? condition.action }
                guard !statuses.contains(.skipped), let before = facts.sibling(name, of: place) else { continue }
                demand(before)
            }
        }
        demand(place.action)
        guard let contradiction else { return }
        unreachable(
            place.action, "its predecessors need different statuses of '\(contradiction)', which has one only",
            into: &report)
    }

    private static func checkConstant(_ action: Action, into report: inout CheckReport) {
        guard let expression = action.node["expression"] else { return }
        switch action.type {
        case .if:
            guard let outcome = ConstantConditions.outcome(of: expression) else { return }
            let dead = action.branches.first { $0.role == (outcome ? .otherwise : .main) }
            guard let first = dead?.actions.first else { return }
            unreachable(first, "the condition of '\(action.name)' is always \(outcome)", into: &report)
        case .until:
            guard ConstantConditions.outcome(of: expression) == false else { return }
            report.warning(
                .constantCondition,
                "The condition of Until '\(action.name)' is never true; the loop goes on to its limits.",
                at: expression.location, path: action.path)
        default: break
        }
    }
}
