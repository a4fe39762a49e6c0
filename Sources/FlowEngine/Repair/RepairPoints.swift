import FlowCore
import FlowDefinitions

/// Where a run is to be taken up again.
///
/// A failure decided a run's end where no `runAfter` took it on: it is found from the flow's last actions inwards, as the
/// status of a run is. A Terminate decides nothing by itself where a failure led to it.
struct RepairPoints {
    let history: RunHistory
    private var plan: FlowPlan { history.plan }

    init(_ history: RunHistory) { self.history = history }

    // MARK: By the run's end

    /// The failures that decided the run's end, in the order of the flow.
    func deciding() -> [ActionInstance] {
        if let terminator = history.terminator {
            let causes = causes(of: terminator)
            return causes.isEmpty ? [terminator] : causes
        }
        return deciders(in: plan.containers[0], at: [])
    }

    /// The failures before an action that led to it: those nearest to it, else those before what encloses it.
    private func causes(of instance: ActionInstance) -> [ActionInstance] {
        guard let action = history.action(instance) else { return [] }
        var pending = action.predecessors.map(\.action)
        var seen = Set(pending)
        var found: [ActionInstance] = []
        while !pending.isEmpty {
            let sibling = plan.actions[pending.removeFirst()]
            if isFailure(history.status(sibling, at: instance.indexes)) {
                found += deciders(of: sibling, at: instance.indexes)
            } else {
                for predecessor in sibling.predecessors where seen.insert(predecessor.action).inserted {
                    pending.append(predecessor.action)
                }
            }
        }
        if found.isEmpty, let parent = history.parent(of: instance) { return causes(of: parent.instance) }
        return inOrder(found)
    }

    /// The failures that decided how a container ended.
    private func deciders(in container: PlannedContainer, at indexes: [Int]) -> [ActionInstance] {
        var found: [ActionInstance] = []
        var pending = container.leaves
        var seen = Set(pending)
        while let number = pending.popLast() {
            let action = plan.actions[number]
            let status = history.status(action, at: indexes)
            if status == .skipped {
                for predecessor in action.predecessors where seen.insert(predecessor.action).inserted {
                    pending.append(predecessor.action)
                }
            } else if isFailure(status) {
                found += deciders(of: action, at: indexes)
            }
        }
        return inOrder(found)
    }

    /// The failures inside an action that failed; the action itself where none of them is.
    private func deciders(of action: PlannedAction, at indexes: [Int]) -> [ActionInstance] {
        let instance = history.instance(action, around: indexes)
        guard !action.branches.isEmpty, let start = history.starts[instance], history.ends[instance]?.status == .failed
        else { return [instance] }
        var found: [ActionInstance] = []
        switch (action.work, start.decision) {
        case (_, .incomparable): break
        case (.foreach, _):
            for (round, status) in (history.rounds[instance] ?? [:]).sorted(by: { $0.key < $1.key })
            where isFailure(status) {
                found += deciders(in: plan.containers[action.branches[0]], at: instance.indexes + [round])
            }
        case (.until, _):
            let last = (history.rounds[instance]?.keys.max() ?? -1) + 1
            found = deciders(in: plan.containers[action.branches[0]], at: instance.indexes + [last])
        default:
            for branch in action.branches { found += deciders(in: plan.containers[branch], at: indexes) }
        }
        return found.isEmpty ? [instance] : found
    }

    private func isFailure(_ status: ActionStatus?) -> Bool {
        switch status {
        case .failed, .timedOut, .cancelled: true
        default: false
        }
    }

    private func inOrder(_ instances: [ActionInstance]) -> [ActionInstance] {
        instances.sorted { left, right in
            let (first, second) = (plan.actionNumber(left.name) ?? 0, plan.actionNumber(right.name) ?? 0)
            return first == second ? left.indexes.lexicographicallyPrecedes(right.indexes) : first < second
        }
    }

    // MARK: By a word

    /// The actions that a word of the command line means: a name, or a path with or without repetitions.
    /// - Throws: `WorkflowRunActionNotFound`.
    func named(_ word: String) throws(FlowError) -> [ActionInstance] {
        let wanted = word.lowercased()
        var found: [ActionInstance] = []
        for instance in history.instances {
            guard let action = history.action(instance) else { continue }
            let isNamed = action.name.lowercased() == wanted
            if isNamed || isMeant(action, instance, by: wanted) { found.append(instance) }
        }
        // A round of a loop is all that is in it: what comes first there is enough.
        if found.isEmpty, wanted.hasSuffix("]") {
            found = history.instances.filter { instance in
                guard let action = history.action(instance), action.predecessors.isEmpty,
                    let parent = history.parent(of: instance), let round = parent.round
                else { return false }
                return history.path(parent.instance).repetition(round).text.lowercased() == wanted
            }
        }
        guard found.isEmpty else { return inOrder(found) }
        throw unknown(word)
    }

    private func isMeant(_ action: PlannedAction, _ instance: ActionInstance, by wanted: String) -> Bool {
        guard wanted.contains("/") else { return false }
        return (0...instance.indexes.count).contains { depth in
            let path = plan.outline.path(action.id, indexes: Array(instance.indexes.prefix(depth)))
            return path.text.lowercased() == wanted
        }
    }

    private func unknown(_ word: String) -> FlowError {
        let run = history.start.identity.run
        let isKnown = plan.actions.contains { action in
            action.name.lowercased() == word.lowercased() || action.path.text.lowercased() == word.lowercased()
        }
        if isKnown {
            return FlowError(
                .workflowRunActionNotFound, "The run \(run) never came to the action '\(word)'.",
                hint: "see what it did: `flowrun runs show \(run)`")
        }
        let known =
            plan.actions.map(\.name) + plan.actions.map(\.path.text) + history.instances.map { history.path($0).text }
        let near = Suggestion.hint(for: word, among: known)
        return FlowError(
            .workflowRunActionNotFound, "The run \(run) has no action '\(word)'.",
            hint: near ?? "see its actions: `flowrun runs show \(run)`")
    }

    /// The failures that decided how actions ended, where they are loops.
    func failures(within instances: [ActionInstance]) -> [ActionInstance] {
        instances.flatMap { instance -> [ActionInstance] in
            guard let action = history.action(instance), case .foreach = action.work else { return [] }
            return deciders(of: action, at: instance.indexes)
        }
    }

    /// Those of actions that stand in a repetition of a Foreach that failed.
    func inFailedRepetitions(_ instances: [ActionInstance]) -> [ActionInstance] {
        instances.filter { instance in
            var inner = instance
            while let parent = history.parent(of: inner) {
                if let round = parent.round, case .foreach = parent.action.work,
                    history.rounds[parent.instance]?[round] != .succeeded
                {
                    return true
                }
                inner = parent.instance
            }
            return false
        }
    }
}
