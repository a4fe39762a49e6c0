import FlowCore

/// Functions of numbers.
///
/// A decimal among the numbers makes the result a decimal, or else a float makes it a float. Integers that leave 64 bits
/// are an error.
enum MathFunctions {
    static let all = [add, div, max, min, mod, mul, rand, range, sub]

    private static let numbers: [FunctionDeclaration.Parameter] = [
        .required("left", .number), .required("right", .number),
    ]

    static let add = FunctionDeclaration(
        "add", .math, numbers, returns: .number,
        usage: .expects(
            "two numeric parameters: the first summand as the first parameter and the second summand as the second "
                + "parameter"),
        summary: "Adds two numbers.", examples: ["add(1, 1.5)": 2.5, "add(10, -3)": 7],
        body: .pure { arguments throws(FlowError) in
            try compute(
                arguments, integers: { $0.addingReportingOverflow($1) }, floats: { $0 + $1 },
                decimals: { $0.adding($1) })
        })

    static let sub = FunctionDeclaration(
        "sub", .math, numbers, returns: .number,
        usage: .expects(
            "two numeric parameters: the minuend as the first parameter and the subtrahend as the second parameter"),
        summary: "Subtracts the second number from the first.", examples: ["sub(10.3, 0.3)": 10.0, "sub(1, 2)": -1],
        body: .pure { arguments throws(FlowError) in
            try compute(
                arguments, integers: { $0.subtractingReportingOverflow($1) }, floats: { $0 - $1 },
                decimals: { $0.subtracting($1) })
        })

    static let mul = FunctionDeclaration(
        "mul", .math, numbers, returns: .number,
        usage: .expects(
            "two numeric parameters: the first multiplicand as the first parameter and the second multiplicand as the "
                + "second parameter"),
        summary: "Multiplies two numbers.", examples: ["mul(3, 4)": 12, "mul(1.5, 2)": 3.0],
        body: .pure { arguments throws(FlowError) in
            try compute(
                arguments, integers: { $0.multipliedReportingOverflow(by: $1) }, floats: { $0 * $1 },
                decimals: { $0.multiplied(by: $1) })
        })

    private static let division = FunctionDeclaration.Usage.expects(
        "two numeric parameters: the dividend as the first parameter and the divisor as the second parameter")

    static let div = FunctionDeclaration(
        "div", .math, numbers, returns: .number, usage: division,
        summary: "Divides the first number by the second; of integers only the whole part is kept.",
        examples: ["div(11, 5)": 2, "div(11, 5.0)": 2.2],
        body: .pure { arguments throws(FlowError) in
            try refuseZero(arguments)
            return try compute(
                arguments, integers: { $0.dividedReportingOverflow(by: $1) }, floats: { $0 / $1 },
                decimals: { $0.divided(by: $1) })
        })

    static let mod = FunctionDeclaration(
        "mod", .math, numbers, returns: .number, usage: division,
        summary: "Gives the remainder of a division; it has the sign of the first number.",
        examples: ["mod(3, 2)": 1, "mod(-5, 2)": -1],
        body: .pure { arguments throws(FlowError) in
            try refuseZero(arguments)
            return try compute(
                arguments, integers: { $0.remainderReportingOverflow(dividingBy: $1) },
                floats: { $0.truncatingRemainder(dividingBy: $1) }, decimals: { $0.remainder(by: $1) })
        })

    static let max = FunctionDeclaration(
        "max", .math, [.repeated("numbers", [.integer, .float, .array])], returns: .number,
        usage: .expects("either an array of numbers or a comma separated list of numbers as its parameters"),
        summary: "Gives the greatest of several numbers or of an array.",
        examples: ["max(1, 2, 3)": 3, "max(createArray(1, 7))": 7],
        body: .pure { arguments throws(FlowError) in try extreme(arguments) { $0 > 0 } })

    static let min = FunctionDeclaration(
        "min", .math, [.repeated("numbers", [.integer, .float, .array])], returns: .number,
        usage: .expects("either an array of numbers or a comma separated list of numbers as its parameters"),
        summary: "Gives the least of several numbers or of an array.",
        examples: ["min(1, 2, 3)": 1, "min(createArray(1, 7))": 1],
        body: .pure { arguments throws(FlowError) in try extreme(arguments) { $0 < 0 } })

    static let rand = FunctionDeclaration(
        "rand", .math, [.required("minimum", .integer), .required("bound", .integer)], returns: .integer,
        usage: .expects(
            "two integer parameters: an inclusive minimum of the range as the first parameter and the bound of the "
                + "range as the second parameter"),
        summary: "Gives a random integer from a minimum up to, and without, a bound.",
        body: .reading { arguments, scope throws(FlowError) in
            let (least, bound) = (try arguments.integer(0), try arguments.integer(1))
            let (width, overflow) = bound.subtractingReportingOverflow(least)
            guard width >= 0, !overflow else {
                throw arguments.call.failure(
                    "expects its first parameter to be less than or equal to its second parameter.")
            }
            return .integer(width == 0 ? least : least + scope.random(below: width))
        })

    static let range = FunctionDeclaration(
        "range", .math, [.required("start", .integer), .required("count", .integer)], returns: .array,
        usage: .expects(
            "two integer parameters: an inclusive start index of the range as the first parameter and a count of "
                + "integers to return as the second parameter"),
        summary: "Gives an array of so many integers that follow one another.",
        examples: ["range(1, 4)": [1, 2, 3, 4]],
        body: .pure { arguments throws(FlowError) in
            let (start, count) = (try arguments.integer(0), try arguments.integer(1))
            let limit: Int64 = 100_000
            let greatest = Int64(Int32.max)
            guard count >= 0, count <= limit, start.magnitude <= UInt64(greatest), start + count - 1 <= greatest else {
                throw arguments.call.failure(
                    "parameters are out of range: 'count' must be a positive integer no larger than '\(limit)' and the "
                        + "sum of 'start index' and 'count' must be no larger than '\(greatest)'.")
            }
            return .array((start..<(start + count)).map { .integer($0) })
        })

    // MARK: The kinds of numbers

    private static func compute(
        _ arguments: Arguments, integers: (Int64, Int64) -> (partialValue: Int64, overflow: Bool),
        floats: (Double, Double) -> Double, decimals: (DecimalNumber, DecimalNumber) -> DecimalNumber?
    ) throws(FlowError) -> JSON {
        let (left, right) = (arguments[0], arguments[1])
        switch (left, right) {
        case (.integer(let left), .integer(let right)):
            let (value, overflow) = integers(left, right)
            guard !overflow else { throw tooLarge(arguments) }
            return .integer(value)
        case (.double(let left), .double(let right)): return .double(floats(left, right))
        case (.double(let left), .integer(let right)): return .double(floats(left, Double(right)))
        case (.integer(let left), .double(let right)): return .double(floats(Double(left), right))
        default:
            for place in 0...1 where !ValueComparison.isNumber(arguments[place]) {
                throw arguments.call.mismatch(place, arguments[place], expected: ValueTypes.number.phrase)
            }
            guard let left = DecimalNumber(left), let right = DecimalNumber(right), let value = decimals(left, right)
            else { throw tooLarge(arguments) }
            return value.json
        }
    }

    private static func tooLarge(_ arguments: Arguments) -> FlowError {
        arguments.call.failure(
            "cannot be evaluated: the result is either too large or too small for its type.")
    }

    private static func refuseZero(_ arguments: Arguments) throws(FlowError) {
        guard ValueComparison.isNumber(arguments[0]), arguments[1].doubleValue == 0 else { return }
        throw FlowError(
            .invalidTemplate,
            "Attempt to divide an integral or decimal value by zero in function '\(arguments.call.name)'.")
    }

    private static func extreme(_ arguments: Arguments, _ isBetter: (Int) -> Bool) throws(FlowError) -> JSON {
        var numbers = arguments.values
        if numbers.count == 1, case .array(let elements) = numbers[0] { numbers = elements }
        guard var best = numbers.first else {
            throw arguments.call.failure("expects an array of numbers that is not empty.")
        }
        for number in numbers where !ValueComparison.isNumber(number) {
            throw arguments.call.failure(
                "expects its parameters to be \(ValueTypes.number.phrase). The provided value is of type "
                    + "'\(number.typeName)'.")
        }
        for number in numbers.dropFirst() {
            if let order = ValueComparison.order(ofNumbers: number, best), isBetter(order) { best = number }
        }
        // One float among integers makes the result a float, one decimal a decimal.
        if numbers.contains(where: { if case .decimal = $0 { true } else { false } }) {
            return DecimalNumber(best)?.json ?? best
        }
        if case .integer(let value) = best, numbers.contains(where: { if case .double = $0 { true } else { false } }) {
            return .double(Double(value))
        }
        return best
    }
}
