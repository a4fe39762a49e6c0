import FlowCore
import FlowDefinitions

/// Rounds that wait for others, after the journal of a repaired run was folded.
///
/// A loop keeps the rounds that a repair does not touch, and opens again those that it does. There may be more of them
/// than may go on at a time: those that are surplus keep what they have to do, and take it up when others have ended.
extension RunState {
    /// Lets the surplus rounds of all loops wait, the later ones first.
    func holdSurplusRounds() {
        guard repairedAt != nil, outcome == nil else { return }
        // Inner loops first: what they hold is not held once more by the loop around them.
        for number in foreachStates.indices.reversed() {
            let loop = foreachStates[number]
            let container = containers[actions[loop.action].branches.first ?? 0]
            let open = loop.rounds.filter {
                containerStates[repetitions[$0].containerBase + container.slot].remaining > 0
            }
            guard open.count > loop.concurrency else { continue }
            for round in open[loop.concurrency...] { foreachStates[number].held.append(takeWork(inside: round)) }
        }
    }

    /// Takes everything that is to be done in a round out of the queue.
    private func takeWork(inside round: Int) -> [WorkItem] {
        let waiting = queue[queueHead...].filter { isInside(Int($0.repetition), round) }
        guard !waiting.isEmpty else { return [] }
        queue = ContiguousArray(queue[queueHead...].filter { !isInside(Int($0.repetition), round) })
        queueHead = 0
        return Array(waiting)
    }

    private func isInside(_ repetition: Int, _ round: Int) -> Bool {
        var repetition = repetition
        while repetition > 0 {
            if repetition == round { return true }
            repetition = repetitions[repetition].parent
        }
        return false
    }
}

/// Whether the events of a repaired run fit another version of its flow.
extension RunState {
    /// What of the state could not have come about with this flow; nil where all of it could.
    var contradiction: String? {
        for repetition in repetitions.indices {
            for number in plan.bodies[repetitions[repetition].body].actions {
                let action = actions[number]
                let status = states[place(action, repetition)].status
                if let status, status.isFinal, let missing = unfinishedPredecessor(of: action, repetition) {
                    return "'\(action.name)' runs after '\(missing)', which the run has not done before it"
                }
                if status?.isFinal != true, let parent = containers[action.container].parent,
                    let ended = endedContainer(actions[parent], around: repetition)
                {
                    return "'\(action.name)' stands in '\(ended)', which has ended without it"
                }
            }
        }
        return nil
    }

    private func unfinishedPredecessor(of action: PlannedAction, _ repetition: Int) -> String? {
        action.predecessors.map { actions[$0.action] }
            .first { states[place($0, repetition)].status?.isFinal != true }?.name
    }

    /// The name of the container that has ended around an action, seen from the action's repetition.
    private func endedContainer(_ container: PlannedAction, around repetition: Int) -> String? {
        var repetition = repetition
        if container.body != repetitions[repetition].body { repetition = repetitions[repetition].parent }
        guard repetition >= 0, states[place(container, repetition)].status?.isFinal == true else { return nil }
        return container.name
    }
}

extension RunStateMachine {
    /// What of the journal could not have come about with this flow; nil where all of it could.
    ///
    /// It is asked of a machine that was folded with another version of the flow than the one that wrote the events.
    public var contradiction: String? { foldedState.contradiction }
}
