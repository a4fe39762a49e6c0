public import FlowCore

/// How a solution says whether both sides of its records are in step: what is read of each, what is compared, and which
/// rules explain a difference.
public struct SolutionAudit: Sendable {
    /// One of the two sides: a list that one call gives, page by page.
    public struct Side: Sendable {
        /// The side's name, such as a service's.
        public var name: String
        /// The logical name of the connection reference through which it is read.
        public var reference: String
        /// The listing operation.
        public var operation: String
        /// Its parameters; templates over the solution's variables.
        public var parameters: JSONObject
        /// The member of the answer's body that holds the records.
        public var items: String
        /// The expression over a record that is equal on both sides.
        public var key: String
        /// The expression over a record that names it for people.
        public var title: String
        /// The expression over a record that says when it changed last.
        public var changed: String
        /// Expressions over a record by name: what is compared.
        public var values: [(name: String, expression: String)]

        /// Makes a side.
        public init(
            name: String, reference: String, operation: String, parameters: JSONObject, items: String, key: String,
            title: String, changed: String, values: [(name: String, expression: String)]
        ) {
            self.name = name
            self.reference = reference
            self.operation = operation
            self.parameters = parameters
            self.items = items
            self.key = key
            self.title = title
            self.changed = changed
            self.values = values
        }
    }

    /// What a difference means, where a condition over both records holds.
    public struct Rule: Sendable {
        /// What the records are then.
        public enum State: String, Sendable, Hashable, CaseIterable {
            /// They are not meant to be in step.
            case ignored
            /// They are kept from it.
            case blocked
        }

        /// The rule's name.
        public var name: String
        /// The condition over `item()`, whose members `left` and `right` are the records, null where there is none.
        public var condition: String
        /// What they are then.
        public var state: State
        /// Why, as a text or a template.
        public var message: String

        /// Makes a rule.
        public init(name: String, condition: String, state: State, message: String) {
            self.name = name
            self.condition = condition
            self.state = state
            self.message = message
        }
    }

    /// What brings a deal that is behind up to date: a run of a flow.
    public struct Repair: Sendable {
        /// The condition over `item()`, whose members are `left`, `right` and `behind` (`left` or `right`).
        public var condition: String
        /// The flow.
        public var flow: String
        /// Its input; templates over `item()`.
        public var input: JSON

        /// Makes a repair.
        public init(condition: String, flow: String, input: JSON) {
            self.condition = condition
            self.flow = flow
            self.input = input
        }
    }

    /// The side on which deals begin, and the other.
    public var left, right: Side
    /// The rules; the first whose condition holds counts.
    public var rules: [Rule]
    /// What brings a deal up to date; the first whose condition holds is taken.
    public var repairs: [Repair]

    /// Makes an audit.
    public init(left: Side, right: Side, rules: [Rule], repairs: [Repair] = []) {
        self.left = left
        self.right = right
        self.rules = rules
        self.repairs = repairs
    }
}
