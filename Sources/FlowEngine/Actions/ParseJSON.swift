import FlowCore
import FlowDefinitions
import FlowExpressions

extension RunState {
    /// Parse JSON: reads a text leniently, or takes a value as it is, and checks it against a schema.
    func parseJson(_ action: PlannedAction, _ repetition: Int, _ content: CompiledValue, _ schema: JSON) {
        guard let value = inputs(content, action, repetition) else { return }
        let recorded: JSON = ["content": value, "schema": schema]
        if let unsupported = JSONSchema.unsupportedKeyword(in: schema) {
            return fail(
                action, repetition, code: "ActionSchemaNotSupported",
                "The schema of action '\(action.name)' uses '\(unsupported)', which is not supported.", inputs: recorded
            )
        }
        let parsed: JSON
        switch value {
        case .null: return failContent(action, repetition, recorded)
        case .string(let text):
            if text.isEmpty { return failContent(action, repetition, recorded) }
            do {
                parsed = try JSONReader.read(text, .jsonNET)
            } catch {
                let detail = "\(error.message). Path '\(error.path)', line \(error.line), position \(error.column)."
                return fail(
                    action, repetition, code: "InvalidJSON",
                    "The 'content' property of actions of type 'ParseJson' must be valid JSON. The provided value cannot "
                        + "be parsed: '\(detail)'.", inputs: recorded)
            }
        default: parsed = Self.content(of: value)
        }
        let findings = JSONSchema(schema).validate(parsed)
        guard findings.isEmpty else {
            return fail(
                action, repetition, code: "ValidationFailed", "The schema validation failed.", inputs: recorded,
                outputs: .value(["errors": .array(findings.map(\.json))]))
        }
        finish(action, repetition, .succeeded, code: "OK", inputs: recorded, outputs: .value(["body": parsed]))
    }

    private func failContent(_ action: PlannedAction, _ repetition: Int, _ inputs: JSON) {
        failTemplate(
            action, repetition,
            "Unable to process template language expressions in action '\(action.name)' inputs at line '0' and column '0': "
                + "'Required property 'content' expects a value but got null. Path ''.'.", inputs: inputs)
    }

    /// A content envelope that holds JSON counts as that JSON.
    private static func content(of value: JSON) -> JSON {
        guard let type = value["$content-type"]?.stringValue, let content = value["$content"]?.stringValue,
            MediaType(type).isJSON, let bytes = Base64.decode(content),
            let parsed = try? JSONReader.read(bytes, .jsonNET)
        else { return value }
        return parsed
    }
}
