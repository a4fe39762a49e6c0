import FlowCore
import FlowExpressions

/// Expressions and templates: places lie in the text, what is evaluated can be written as JSON and read again.
enum ExpressionProperties {
    /// Small, so that texts that grow cost the fuzzer little.
    private static let textLimit = 1 << 18
    private static let scope = ContextScope(
        [
            "parameters": ["p": "text"], "variables": ["v": [1, 2.5, "x", nil], "n": 7],
            "trigger": ["outputs": ["headers": ["Content-Type": "text/plain"], "body": ["a": ["b": [true]]]]],
            "actions": [
                "A": [
                    "name": "A", "status": "Succeeded", "outputs": ["statusCode": 200, "body": ["value": [1, "2"]]],
                ]
            ],
            "item": ["name": "Zürich", "n": -3], "items": ["L": "element"], "iterationIndexes": ["U": 2],
            "results": ["S": [["name": "A"]]], "workflow": ["name": "flow", "run": ["name": "08"]],
            "now": "2026-01-15T08:00:00Z",
        ], now: Timestamp(year: 2026, month: 1, day: 15))

    static func checkExpression(_ bytes: [UInt8]) throws(BrokenProperty) {
        try check("@" + String(decoding: bytes, as: UTF8.self))
    }

    static func checkTemplate(_ bytes: [UInt8]) throws(BrokenProperty) {
        try check(String(decoding: bytes, as: UTF8.self))
    }

    private static func check(_ text: String) throws(BrokenProperty) {
        let length = text.utf8.count
        func requirePlace(_ range: Range<Int>, _ what: String) throws(BrokenProperty) {
            try require(range.lowerBound >= 0 && range.upperBound <= length, "\(what) at \(range) of \(length) bytes")
        }
        let template: Template
        do {
            template = try Template.read(text)
        } catch {
            try requirePlace(error.range, error.message)
            try require(!error.message.isEmpty, "a failure without a message")
            return
        }
        for expression in template.expressions { try requirePlace(expression.range, "expression") }
        for call in template.calls { try requirePlace(call.range, call.name) }
        for finding in ExpressionChecker.check(template) { try requirePlace(finding.range, finding.message) }
        guard let value = try? CompiledTemplate(template, textLimit: textLimit).evaluate(in: scope) else { return }
        do {
            _ = try JSON(parsing: value.bytes)
        } catch {
            throw BrokenProperty("the value's JSON text cannot be read: \(error.message)")
        }
    }
}
