import FlowCore
import FlowDefinitions
import FlowExpressions

/// Select, Filter array and Join.
extension RunState {
    /// Select: maps each element.
    func select(_ action: PlannedAction, _ repetition: Int, _ from: CompiledValue, _ select: CompiledValue) {
        guard let source = inputs(from, action, repetition) else { return }
        guard case .array(let items) = source else { return failArray(action, repetition, source, "select") }
        var body: [JSON] = []
        body.reserveCapacity(items.count)
        defer { row = nil }
        do {
            for item in items {
                row = item
                body.append(try evaluate(select, action, repetition))
            }
        } catch {
            return failEvaluation(action, repetition, error)
        }
        finish(
            action, repetition, .succeeded, code: "NotSpecified", inputs: ["from": source],
            outputs: .value(["body": .array(body)]))
    }

    /// Filter array: keeps the elements for which the condition holds.
    func query(_ action: PlannedAction, _ repetition: Int, _ from: CompiledValue, _ condition: CompiledValue) {
        guard let source = inputs(from, action, repetition) else { return }
        guard case .array(let items) = source else { return failArray(action, repetition, source, "query") }
        var body: [JSON] = []
        defer { row = nil }
        do {
            for item in items {
                row = item
                let result = try evaluate(condition, action, repetition)
                guard case .bool(let holds) = result else {
                    return fail(
                        action, repetition, code: "BadRequest",
                        "The 'where' property value in the 'query' action inputs gave a value of type "
                            + "'\(result.platformTypeName)'. The value must be of type 'Boolean'.", inputs: source)
                }
                if holds { body.append(item) }
            }
        } catch {
            return failEvaluation(action, repetition, error)
        }
        finish(
            action, repetition, .succeeded, code: "NotSpecified", inputs: source,
            outputs: .value(["body": .array(body)]))
    }

    private func failArray(_ action: PlannedAction, _ repetition: Int, _ value: JSON, _ kind: String) {
        fail(
            action, repetition, code: "BadRequest",
            "The 'from' property value in the '\(kind)' action inputs is of type '\(value.platformTypeName)'. The value "
                + "must be an array.")
    }

    /// Join: elements as text with a separator between them.
    func join(_ action: PlannedAction, _ repetition: Int, _ from: CompiledValue, _ separator: CompiledValue) {
        guard let source = inputs(from, action, repetition), let between = inputs(separator, action, repetition) else {
            return
        }
        guard case .array(let items) = source else { return failArray(action, repetition, source, "join") }
        let text = items.map(ValueText.text).joined(separator: ValueText.text(of: between))
        finish(
            action, repetition, .succeeded, code: "OK", inputs: ["from": source, "joinWith": between],
            outputs: .value(["body": .string(text)]))
    }
}
