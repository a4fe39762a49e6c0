import FlowCore
import FlowDefinitions
import FlowExpressions

/// Condition, Switch and Scope.
extension RunState {
    /// Condition: takes one of two branches.
    func decide(_ action: PlannedAction, _ repetition: Int, _ condition: PlannedCondition) {
        let result: JSON
        do {
            evaluatingAction = action.id
            currentRepetition = repetition
            result = try condition.evaluate(in: self)
        } catch {
            return failTemplate(action, repetition, Self.conditionMessage(action, error))
        }
        guard case .bool(let holds) = result else {
            return fail(
                action, repetition, code: "ExpressionEvaluationFailed",
                "The execution of template action '\(action.name)' failed: The result of the evaluation of 'if' action "
                    + "expression '\(condition.source)' is not valid. It is of type '\(result.platformTypeName)' but is "
                    + "expected to be a value of type 'Boolean'.")
        }
        let role: Action.Branch.Role = holds ? .main : .otherwise
        let branch = action.branches.firstIndex { containers[$0].role == role }
        markStarted(action, repetition, inputs: ["expressionResult": result], decision: .branch(branch))
        take(branch, of: action, repetition)
    }

    static func conditionMessage(_ action: PlannedAction, _ error: FlowError) -> String {
        "Unable to process template language expressions for action '\(action.name)' at line '0' and column '0': "
            + "'\(error.message)'."
    }

    /// Begins one branch; the others are skipped.
    func take(_ taken: Int?, of action: PlannedAction, _ repetition: Int) {
        openBranches(action, repetition) { $0 == taken ? .open : .notTaken }
    }

    /// Switch: takes the first case that is equal, with type and letter case, or else the default.
    func choose(_ action: PlannedAction, _ repetition: Int, _ value: CompiledValue, _ source: String) {
        let result: JSON
        do {
            result = try evaluate(value, action, repetition)
        } catch {
            return failTemplate(action, repetition, Self.conditionMessage(action, error))
        }
        let inputs: JSON = ["expressionResult": result]
        switch result {
        case .string, .integer: break
        default:
            return fail(
                action, repetition, code: "ExpressionEvaluationFailed",
                "The execution of template action '\(action.name)' failed: The result of the evaluation of 'scope' action "
                    + "expression '\(source)' is not valid. It is of type '\(result.platformTypeName)' but is expected to "
                    + "be a value of type 'String, Integer'.")
        }
        var taken: Int?
        for (place, branch) in action.branches.enumerated() {
            let container = containers[branch]
            guard case .switchCase = container.role, let expected = container.caseValue else { continue }
            guard expected.platformTypeName == result.platformTypeName else {
                let failure = RunFailure(
                    code: "ActionConditionFailed",
                    message:
                        "failed: an unexpected exception encountered when evaluating branching condition. 'Template "
                        + "language function 'strongEquals' expects parameters of same type, but found "
                        + "'\(result.platformTypeName),\(expected.platformTypeName)' distinct types.'")
                markStarted(action, repetition, inputs: inputs, decision: .incomparable(failure))
                return openIncomparable(action, repetition, failure)
            }
            if taken == nil, expected == result { taken = place }
        }
        let branch = taken ?? action.branches.firstIndex { containers[$0].role == .switchDefault }
        markStarted(action, repetition, inputs: inputs, decision: .branch(branch))
        take(branch, of: action, repetition)
    }

    /// Begins the branches of a Switch whose cases have another type than its value: all actions fail.
    func openIncomparable(_ action: PlannedAction, _ repetition: Int, _ failure: RunFailure) {
        states[place(action, repetition)].error = failure
        openBranches(action, repetition) { _ in .incomparable }
    }

    /// Scope: a group.
    func beginScope(_ action: PlannedAction, _ repetition: Int) {
        markStarted(action, repetition)
        openBranches(action, repetition) { _ in .open }
    }
}
