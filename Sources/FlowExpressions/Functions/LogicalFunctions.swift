import FlowCore

/// Comparisons and conditions.
enum LogicalFunctions {
    static let all = [
        and, equals, greater, greaterOrEquals, ifFunction, less, lessOrEquals, not, or,
    ]

    private static let booleans = FunctionDeclaration.Usage.expects("at least one boolean parameter")

    static let and = FunctionDeclaration(
        "and", .logical, [.repeated("conditions", .boolean)], returns: .boolean, usage: booleans,
        summary: "Tells whether all conditions are true; those after the first false one are not evaluated.",
        examples: ["and(true, false)": false, "and(true, true)": true],
        body: .lazy { arguments throws(FlowError) in
            for place in 0..<arguments.count where try !condition(arguments, place) { return false }
            return true
        })

    static let or = FunctionDeclaration(
        "or", .logical, [.repeated("conditions", .boolean)], returns: .boolean, usage: booleans,
        summary: "Tells whether one condition is true; those after the first true one are not evaluated.",
        examples: ["or(true, false)": true, "or(false, false)": false],
        body: .lazy { arguments throws(FlowError) in
            for place in 0..<arguments.count where try condition(arguments, place) { return true }
            return false
        })

    private static func condition(_ arguments: LazyArguments, _ place: Int) throws(FlowError) -> Bool {
        let value = try arguments.evaluate(place)
        guard case .bool(let condition) = value else {
            throw arguments.call.failure(
                "expects all of its parameters to be booleans. Found invalid parameter types: '\(value.typeName)'.")
        }
        return condition
    }

    static let not = FunctionDeclaration(
        "not", .logical, [.required("condition", .boolean)], returns: .boolean,
        usage: .expects("one parameter: the boolean value to negate"),
        summary: "Gives the opposite of a condition.", examples: ["not(true)": false],
        body: .pure { arguments throws(FlowError) in
            guard case .bool(let value) = arguments[0] else {
                throw arguments.call.mismatch(0, arguments[0], expected: "a boolean")
            }
            return .bool(!value)
        })

    static let ifFunction = FunctionDeclaration(
        "if", .logical, [.required("condition", .boolean), .required("then", .any), .required("else", .any)],
        returns: .any,
        usage: .expects(
            "three parameter: the condition to test as the first parameter, the value to return if the condition is "
                + "true as the second parameter, and the value to return if the condition is false as the third parameter"
        ),
        summary: "Gives one of two values by a condition; the other one is not evaluated.",
        examples: ["if(equals(1, 1), 'yes', 'no')": "yes"],
        body: .lazy { arguments throws(FlowError) in
            let value = try arguments.evaluate(0)
            guard case .bool(let condition) = value else {
                throw arguments.call.mismatch(0, value, expected: "of type boolean")
            }
            return try arguments.evaluate(condition ? 1 : 2)
        })

    static let equals = FunctionDeclaration(
        "equals", .logical, [.required("value", .any), .repeated("others", .any)], returns: .boolean,
        usage: .expects("two parameters: the values to test for deep equality"),
        summary: "Tells whether values are equal in type and content; 1 and 1.0 are.",
        examples: ["equals(1, 1.0)": true, "equals(1, '1')": false],
        body: .pure { arguments throws(FlowError) in
            let first = arguments[0]
            for place in 1..<arguments.count where !ValueComparison.areEqual(first, arguments[place]) { return false }
            return true
        })

    private static let pair: [FunctionDeclaration.Parameter] = [
        .required("value", [.string, .integer, .float]), .required("other", [.string, .integer, .float]),
    ]

    private static let comparison = FunctionDeclaration.Usage.expects("two parameter of matching types")

    static let greater = FunctionDeclaration(
        "greater", .logical, pair, returns: .boolean, usage: comparison,
        summary: "Tells whether a number or text is greater than another.",
        examples: ["greater(10, 5)": true, "greater('apple', 'banana')": false],
        body: .pure { arguments throws(FlowError) in .bool(try order(arguments).map { $0 > 0 } ?? false) })

    static let greaterOrEquals = FunctionDeclaration(
        "greaterOrEquals", .logical, pair, returns: .boolean, usage: comparison,
        summary: "Tells whether a number or text is greater than or equal to another.",
        examples: ["greaterOrEquals(5, 5)": true],
        body: .pure { arguments throws(FlowError) in .bool(try order(arguments).map { $0 >= 0 } ?? false) })

    static let less = FunctionDeclaration(
        "less", .logical, pair, returns: .boolean, usage: comparison,
        summary: "Tells whether a number or text is less than another.", examples: ["less(5, 10)": true],
        body: .pure { arguments throws(FlowError) in .bool(try order(arguments).map { $0 < 0 } ?? false) })

    static let lessOrEquals = FunctionDeclaration(
        "lessOrEquals", .logical, pair, returns: .boolean, usage: comparison,
        summary: "Tells whether a number or text is less than or equal to another.",
        examples: ["lessOrEquals(10, 10)": true],
        body: .pure { arguments throws(FlowError) in .bool(try order(arguments).map { $0 <= 0 } ?? false) })

    private static func order(_ arguments: Arguments) throws(FlowError) -> Int? {
        let (left, right) = (arguments[0], arguments[1])
        let accepted: ValueTypes = [.string, .integer, .float]
        let wrong = [left, right].filter { !accepted.contains(ValueTypes(of: $0)) }
        guard wrong.isEmpty else {
            let types = wrong.map(\.typeName).joined(separator: ", ")
            throw arguments.call.failure(
                "expects all of its parameters to be either integer, decimal or string. Found invalid parameter types: "
                    + "'\(types)'.")
        }
        if case .string(let left) = left, case .string(let right) = right {
            return ValueComparison.order(ofTexts: left, right)
        }
        guard ValueComparison.isNumber(left), ValueComparison.isNumber(right) else {
            throw arguments.call.failure(
                "expects two parameter of matching types. The function was invoked with values of type "
                    + "'\(left.typeName)' and '\(right.typeName)' that do not match.")
        }
        return ValueComparison.order(ofNumbers: left, right)
    }
}
