import FlowCore

/// A place in an expression where a function is called, for the messages of its errors.
final class FunctionCall: Sendable {
    /// The function's name as it is written.
    let name: String
    /// The function's own spelling.
    let functionName: String
    /// How many parameters the function can have.
    let parameterCount: Int
    /// How many bytes a text may have that comes of the call.
    let textLimit: Int

    init(name: String, declaration: FunctionDeclaration, textLimit: Int = TextLimit.evaluated) {
        self.name = name
        self.textLimit = textLimit
        functionName = declaration.name
        parameterCount = declaration.maximumCount ?? .max
    }

    /// An error that begins with the function's name and ends with the link to its description.
    func failure(_ text: String) -> FlowError {
        FlowError(
            .invalidTemplate,
            "The template language function '\(name)' \(text) Please see "
                + "https://aka.ms/logicexpressions#\(functionName) for usage details.")
    }

    /// The error of an argument of the wrong type.
    func mismatch(_ place: Int, _ value: JSON, expected: String) -> FlowError {
        failure(
            "expects its \(ordinal(place))parameter to be \(expected). The provided value is of type "
                + "'\(value.typeName)'.")
    }

    /// The error of a value that cannot be converted.
    func notConvertible() -> FlowError {
        failure(
            "was invoked with a parameter that is not valid. The value cannot be converted to the target type.")
    }

    /// The error that names no reason.
    func notValid() -> FlowError {
        FlowError(
            .invalidTemplate, "The provided parameters for template language function '\(name)' are not valid.")
    }

    /// The error of a text that grows beyond what a value may have.
    func tooLong() -> FlowError {
        failure("gives a text of more than '\(textLimit)' characters, which is more than a value may have.")
    }

    /// A value that comes of the call, unless it is too long a text.
    @inline(__always)
    func checked(_ value: JSON) throws(FlowError) -> JSON {
        if case .string(let text) = value, text.utf8.count > textLimit { throw tooLong() }
        return value
    }

    /// The text of a value, unless it is too long.
    func text(of value: JSON) throws(FlowError) -> String {
        guard let text = ValueText.text(of: value, upTo: textLimit) else { throw tooLong() }
        return text
    }

    private func ordinal(_ place: Int) -> String {
        guard parameterCount > 1 else { return "" }
        let names = ["first ", "second ", "third ", "fourth "]
        return names.indices.contains(place) ? names[place] : "\(place + 1)th "
    }
}

/// The evaluated arguments of a call; the first three need no array.
struct Arguments {
    /// The call.
    let call: FunctionCall
    /// How many there are.
    let count: Int
    private let first: JSON
    private let second: JSON
    private let third: JSON
    private let rest: [JSON]

    init(_ call: FunctionCall) {
        self.init(call, count: 0, .null, .null, .null, [])
    }

    init(_ call: FunctionCall, _ first: JSON) {
        self.init(call, count: 1, first, .null, .null, [])
    }

    init(_ call: FunctionCall, _ first: JSON, _ second: JSON) {
        self.init(call, count: 2, first, second, .null, [])
    }

    init(_ call: FunctionCall, _ first: JSON, _ second: JSON, _ third: JSON) {
        self.init(call, count: 3, first, second, third, [])
    }

    /// Makes arguments of more than three.
    init(_ call: FunctionCall, _ values: [JSON]) {
        func value(_ place: Int) -> JSON { values.count > place ? values[place] : .null }
        self.init(call, count: values.count, value(0), value(1), value(2), Array(values.dropFirst(3)))
    }

    private init(_ call: FunctionCall, count: Int, _ first: JSON, _ second: JSON, _ third: JSON, _ rest: [JSON]) {
        self.call = call
        self.count = count
        self.first = first
        self.second = second
        self.third = third
        self.rest = rest
    }

    subscript(place: Int) -> JSON {
        switch place {
        case 0: first
        case 1: second
        case 2: third
        default: rest[place - 3]
        }
    }

    /// All of them.
    var values: [JSON] {
        switch count {
        case 0: []
        case 1: [first]
        case 2: [first, second]
        case 3: [first, second, third]
        default: [first, second, third] + rest
        }
    }

    /// Whether there is an argument at a place.
    func has(_ place: Int) -> Bool { place < count }

    /// A text.
    func string(_ place: Int, expected: String = "a string") throws(FlowError) -> String {
        guard case .string(let text) = self[place] else {
            throw call.mismatch(place, self[place], expected: expected)
        }
        return text
    }

    /// A text, or nil where the argument is left out or null.
    func optionalString(_ place: Int, expected: String = "a string") throws(FlowError) -> String? {
        guard has(place), !self[place].isNull else { return nil }
        return try string(place, expected: expected)
    }

    /// An integer.
    func integer(_ place: Int, expected: String = "an integer") throws(FlowError) -> Int64 {
        guard case .integer(let value) = self[place] else {
            throw call.mismatch(place, self[place], expected: expected)
        }
        return value
    }

    /// A Boolean.
    func bool(_ place: Int) throws(FlowError) -> Bool {
        guard case .bool(let value) = self[place] else {
            throw call.mismatch(place, self[place], expected: "of type boolean")
        }
        return value
    }

    /// An array.
    func array(_ place: Int) throws(FlowError) -> [JSON] {
        guard case .array(let elements) = self[place] else {
            throw call.mismatch(place, self[place], expected: "of type array")
        }
        return elements
    }

    /// An object.
    func object(_ place: Int) throws(FlowError) -> JSONObject {
        guard case .object(let object) = self[place] else {
            throw call.mismatch(place, self[place], expected: "an object")
        }
        return object
    }
}

/// The arguments of a call that are evaluated when they are asked for.
struct LazyArguments {
    /// The call.
    let call: FunctionCall
    /// What gives the arguments.
    let evaluations: [Evaluation]
    /// What they can see.
    let scope: any EvaluationScope

    /// How many there are.
    var count: Int { evaluations.count }

    /// Evaluates one of them.
    func evaluate(_ place: Int) throws(FlowError) -> JSON { try evaluations[place](scope) }
}

/// An expression, compiled.
typealias Evaluation = @Sendable (any EvaluationScope) throws(FlowError) -> JSON
