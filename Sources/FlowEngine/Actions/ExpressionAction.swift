import FlowCore
import FlowDefinitions
import FlowExpressions

extension RunState {
    /// A date or text function as an action of its own.
    func expression(_ action: PlannedAction, _ repetition: Int, _ kind: String, _ value: CompiledValue) {
        guard let inputs = inputs(value, action, repetition) else { return }
        guard let function = ExpressionKinds.function(kind, inputs) else {
            return fail(
                action, repetition, code: "BadRequest", error: "InvalidExpressionActionKind",
                "The kind '\(action.kind ?? "")' of action '\(action.name)' is not supported.", inputs: inputs)
        }
        row = inputs
        defer { row = nil }
        do {
            evaluatingAction = action.id
            currentRepetition = repetition
            let body = try function.evaluate(in: self)
            finish(action, repetition, .succeeded, code: "OK", inputs: inputs, outputs: .value(["body": body]))
        } catch {
            failEvaluation(action, repetition, error)
        }
    }
}

/// The kinds of Expression actions as functions over their inputs, which are the current item.
private enum ExpressionKinds {
    static func function(_ kind: String, _ inputs: JSON) -> CompiledTemplate? {
        if kind == "converttimezone", inputs["formatString"] == nil { return functions["converttimezone/plain"] }
        return functions[kind]
    }

    private static let functions: [String: CompiledTemplate] = {
        let texts = [
            "currenttime": "@utcNow()",
            "addtotime": "@addToTime(item()['baseTime'], item()['interval'], item()['timeUnit'])",
            "subtractfromtime": "@subtractFromTime(item()['baseTime'], item()['interval'], item()['timeUnit'])",
            "getfuturetime": "@getFutureTime(item()['interval'], item()['timeUnit'])",
            "getpasttime": "@getPastTime(item()['interval'], item()['timeUnit'])",
            "converttimezone":
                "@convertTimeZone(item()['baseTime'], item()['sourceTimeZone'], item()['destinationTimeZone'], "
                + "item()['formatString'])",
            "converttimezone/plain":
                "@convertTimeZone(item()['baseTime'], item()['sourceTimeZone'], item()['destinationTimeZone'])",
            "indexof": "@indexOf(item()['text'], item()['searchText'])",
            "substring": "@substring(item()['text'], item()['startingPosition'], item()['length'])",
        ]
        return texts.compactMapValues { try? CompiledTemplate($0) }
    }()
}
