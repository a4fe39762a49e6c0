import FlowCore
import FlowDefinitions
import FlowExpressions
import FlowText

/// The recurrences that depend on environment variables, of all flows that are on, with the values of a moment.
struct VariableRecurrences {
    private let values: [String: JSON]

    init(_ catalog: Catalog, _ state: EnvironmentState, now: Timestamp) {
        let variables = VariableValues(catalog, state)
        var values: [String: JSON] = [:]
        for flow in catalog.flows where flow.isStarted {
            guard let trigger = flow.trigger, trigger.recurrence?.json.containsTemplate == true else { continue }
            values[flow.id] = Self.value(of: trigger, flow, variables, now: now)
        }
        self.values = values
    }

    /// Whether no recurrence depends on a variable.
    var isEmpty: Bool { values.isEmpty }

    /// The flows whose trigger would never fire with these values.
    var unusable: [String] { values.filter { Recurrence($0.value) == nil }.keys.sorted() }

    /// The flows that have another recurrence in a later moment, with the one of now.
    func changed(in later: VariableRecurrences) -> [(flow: String, before: Recurrence)] {
        values.sorted { $0.key < $1.key }.compactMap { flow, value in
            guard let new = later.values[flow], new != value, let before = Recurrence(value) else { return nil }
            return (flow, before)
        }
    }

    /// A trigger's recurrence with the values of its flow's parameters, or nil where it has none.
    static func value(
        of trigger: Trigger, _ flow: Catalog.Entry, _ variables: VariableValues, now: Timestamp
    ) -> JSON? {
        guard let written = trigger.recurrence?.json, written.containsTemplate else { return trigger.recurrence?.json }
        let scope = ContextScope(["parameters": .object(variables.parameters(of: flow.definition))], now: now)
        return (try? CompiledValue(written).evaluate(in: scope)) ?? written
    }
}
