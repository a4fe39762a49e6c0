public import FlowCore

/// A function of the expression language: name, parameters, result, text, examples and body in one value.
///
/// The checker, the evaluator, `flowrun functions` and the tests of the examples all read this value.
public struct FunctionDeclaration: Sendable {
    /// The families of the platform's reference.
    public enum Category: String, Sendable, Hashable, CaseIterable {
        /// Texts.
        case string
        /// Arrays and objects.
        case collection
        /// Comparisons and conditions.
        case logical
        /// From one type to another.
        case conversion
        /// Numbers.
        case math
        /// Dates and times.
        case dateTime = "date-time"
        /// What a run knows: actions, trigger, variables, parameters.
        case workflow
        /// Parts of addresses.
        case uri
        /// Objects and XML.
        case manipulation
    }

    /// A parameter of a function.
    public struct Parameter: Sendable {
        /// How often a parameter may be given.
        public enum Presence: Sendable, Hashable {
            /// Once.
            case required
            /// Once or not at all.
            case optional
            /// At least so often; only the last parameter.
            case repeated(atLeast: Int)
        }

        /// What a text stands for, beyond its type; literals of it are checked before any run.
        public enum Role: Sendable, Hashable {
            /// Nothing special.
            case plain
            /// A date and time.
            case timestamp
            /// A time zone's name.
            case timeZone
            /// A unit of time.
            case timeUnit
            /// A format of dates.
            case dateFormat
        }

        /// The name for people.
        public let name: String
        /// The types that are accepted.
        public let types: ValueTypes
        /// How often it may be given.
        public let presence: Presence
        /// What a text in it stands for.
        public let role: Role

        /// A parameter that must be given.
        static func required(_ name: String, _ types: ValueTypes, _ role: Role = .plain) -> Parameter {
            Parameter(name: name, types: types, presence: .required, role: role)
        }

        /// A parameter that may be left out.
        static func optional(_ name: String, _ types: ValueTypes, _ role: Role = .plain) -> Parameter {
            Parameter(name: name, types: types, presence: .optional, role: role)
        }

        /// A parameter that may be given many times.
        static func repeated(_ name: String, _ types: ValueTypes, atLeast count: Int = 1) -> Parameter {
            Parameter(name: name, types: types, presence: .repeated(atLeast: count), role: .plain)
        }
    }

    /// An expression and its value.
    public struct Example: Sendable {
        /// The expression, without `@`.
        public let expression: String
        /// What it gives.
        public let value: JSON
    }

    /// What the platform says when the number of arguments is wrong.
    enum Usage: Sendable {
        /// No parameter at all.
        case none
        /// One parameter.
        case one
        /// A description that follows `expects`; the number of arguments given comes after it.
        case expects(String)
    }

    /// How a value is computed.
    enum Body: Sendable {
        /// From the arguments alone.
        case pure(@Sendable (Arguments) throws(FlowError) -> JSON)
        /// From the arguments and what the scope knows.
        case reading(@Sendable (Arguments, any EvaluationScope) throws(FlowError) -> JSON)
        /// From those arguments that it asks for.
        case lazy(@Sendable (LazyArguments) throws(FlowError) -> JSON)
    }

    /// The name as the service spells it.
    public let name: String
    /// The family.
    public let category: Category
    /// The parameters in order.
    public let parameters: [Parameter]
    /// The types that a call can give.
    public let returns: ValueTypes
    /// What it does, in one sentence.
    public let summary: String
    /// Calls and their values.
    public let examples: [Example]
    let usage: Usage
    let body: Body

    /// The fewest arguments.
    public var minimumCount: Int {
        parameters.reduce(0) { sum, parameter in
            switch parameter.presence {
            case .required: sum + 1
            case .optional: sum
            case .repeated(let count): sum + count
            }
        }
    }

    /// The most arguments; nil for any number.
    public var maximumCount: Int? {
        if case .repeated = parameters.last?.presence { nil } else { parameters.count }
    }

    /// Whether the value depends on nothing but the arguments.
    public var isPure: Bool {
        if case .reading = body { false } else { true }
    }

    /// Whether arguments are evaluated only as far as they are needed.
    public var isLazy: Bool {
        if case .lazy = body { true } else { false }
    }

    /// The call as people write it: `substring(text, start, [length])`.
    public var signature: String {
        let names = parameters.map { parameter in
            switch parameter.presence {
            case .required: parameter.name
            case .optional: "[\(parameter.name)]"
            case .repeated: "\(parameter.name)…"
            }
        }
        return "\(name)(\(names.joined(separator: ", ")))"
    }

    /// The parameter at a place of a call, or nil beyond the last.
    public func parameter(at place: Int) -> Parameter? {
        if parameters.indices.contains(place) { return parameters[place] }
        if case .repeated = parameters.last?.presence { return parameters.last }
        return nil
    }

    init(
        _ name: String, _ category: Category, _ parameters: [Parameter] = [], returns: ValueTypes, usage: Usage,
        summary: String, examples: KeyValuePairs<String, JSON> = [:], body: Body
    ) {
        self.name = name
        self.category = category
        self.parameters = parameters
        self.returns = returns
        self.usage = usage
        self.summary = summary
        self.examples = examples.map { Example(expression: $0.key, value: $0.value) }
        self.body = body
    }

    /// Whether a call may have so many arguments.
    public func accepts(count: Int) -> Bool {
        count >= minimumCount && count <= maximumCount ?? .max
    }

    /// What the platform says of a call with a wrong number of arguments.
    /// - Parameters:
    ///   - name: the function's name as written in the call.
    ///   - count: how many arguments it has.
    /// - Returns: the sentence.
    public func countMessage(name: String, count: Int) -> String {
        switch usage {
        case .none: return "The template language function '\(name)' must not have any parameters."
        case .one: return "The template language function '\(name)' must have only one parameter."
        case .expects(let text):
            let plural = maximumCount == 1 ? "parameters" : "parameter(s)"
            return "The template language function '\(name)' expects \(text). The function was invoked with '\(count)' "
                + "\(plural). Please see https://aka.ms/logicexpressions#\(self.name) for usage details."
        }
    }
}
