public import FlowCore

/// A conformance case of the expression language: an expression, what it may read, and what must come out.
public struct ExpressionCase: Sendable {
    /// What became of a case.
    public enum Outcome: Sendable, Hashable {
        /// It came out as expected.
        case passed
        /// It did not.
        case failed(expected: String, got: String)
    }

    /// The stable name.
    public let id: String
    /// The function under test, or `syntax`, `interpolation`, `accessor`.
    public let function: String
    /// Whether the sources disagree about it.
    public let isDisputed: Bool
    private let json: JSON

    /// Makes a case of a line of a case file.
    public init(_ json: JSON) {
        id = json["id"]?.stringValue ?? "?"
        function = json["function"]?.stringValue ?? ""
        isDisputed = json["disputed"]?.boolValue ?? false
        self.json = json
    }

    /// Parses, compiles and evaluates the case's expression.
    /// - Parameter now: the instant if the case has none.
    /// - Returns: whether the expected came out.
    public func run(now: Timestamp) -> Outcome {
        let template: CompiledTemplate
        do {
            template = try CompiledTemplate(json["expression"]?.stringValue ?? "")
        } catch {
            return failed(error, whileParsing: true)
        }
        do {
            return evaluated(try template.evaluate(in: ContextScope(json["context"] ?? [:], now: now)))
        } catch {
            return failed(error, whileParsing: false)
        }
    }

    private func failed(_ error: FlowError, whileParsing: Bool) -> Outcome {
        let got = "error: \(error.message)"
        guard json["error"] != nil else { return .failed(expected: expectedText, got: got) }
        if json["phase"]?.stringValue == "parse", !whileParsing {
            return .failed(expected: "an error when the expression is parsed", got: got)
        }
        if let piece = json["messageContains"]?.stringValue, !error.message.contains(piece) {
            return .failed(expected: "an error with '\(piece)'", got: got)
        }
        return .passed
    }

    private func evaluated(_ value: JSON) -> Outcome {
        if let pattern = json["expectedPattern"]?.stringValue {
            let text = ValueText.text(of: value)
            guard let expression = try? Regex(pattern), (try? expression.wholeMatch(in: text)) != nil else {
                return .failed(expected: expectedText, got: value.text)
            }
            return .passed
        }
        guard let expected = json["expected"], Self.matches(value, expected) else {
            return .failed(expected: expectedText, got: value.text)
        }
        return .passed
    }

    private var expectedText: String {
        if json["error"] != nil { return "an error" }
        if let pattern = json["expectedPattern"]?.stringValue { return "a text like \(pattern)" }
        return json["expected"]?.text ?? "nothing"
    }

    /// Types count; floats are compared to 15 digits, decimals as the floats they are in JSON.
    private static func matches(_ value: JSON, _ expected: JSON) -> Bool {
        switch (value, expected) {
        case (.array(let values), .array(let others)):
            return values.count == others.count && zip(values, others).allSatisfy(matches)
        case (.object(let object), .object(let other)):
            guard object.count == other.count else { return false }
            return object.allSatisfy { key, value in other[key].map { matches(value, $0) } ?? false }
        case (.double(let value), .double(let other)): return isClose(value, other)
        case (.decimal(let digits), .double(let other)): return Double(digits).map { isClose($0, other) } ?? false
        case (.string(let value), .string(let other)): return ValueComparison.areEqual(value, other)
        default: return value == expected
        }
    }

    private static func isClose(_ left: Double, _ right: Double) -> Bool {
        left == right || (left - right).magnitude <= 1e-15 * max(left.magnitude, right.magnitude)
    }
}
