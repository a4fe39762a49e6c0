import FlowCore
import FlowExpressions
import Testing

@Suite struct ExpressionCheckerTests {
    @Test(
        arguments: [
            ("@toLowwer('x')", .unknownFunction, "did you mean 'toLower'?"),
            ("@greater(len('x'), 3)", .unknownFunction, "use length(…)"),
            ("Checked at @{now()}", .unknownFunction, "use utcNow()"),
            ("@concat(parameter('region'), '-1')", .unknownFunction, "use parameters('name')"),
            ("@replace('a b', ' ')", .argumentCount, "write replace(text, old, new)"),
            ("@createArray()", .argumentCount, "write createArray(values…)"),
            ("@guid('N', 1, 2)", .argumentCount, "write guid([format])"),
            ("@addDays(utcNow(), '3')", .argumentType, "write the number without quotes: 3"),
            ("@not('true')", .argumentType, "write it without quotes: true"),
            ("@join('a,b', ';')", .argumentType, "give an array, such as split(text, ',') or createArray(…)"),
            ("@split(12, ',')", .argumentType, "convert it with string(…)"), ("@first(true)", .argumentType, nil),
            ("@and(true, 'false')", .argumentType, "write it without quotes: false"), ("@int('abc')", .literal, nil),
            ("@mod(5, 0)", .literal, "the divisor must not be zero"), ("@substring('abc', 2, 5)", .literal, nil),
            ("@json('{bad')", .literal, "the text is not JSON; names and texts in it stand in double quotes"),
            ("@convertFromUtc(utcNow(), 'Europe Standard Time')", .literal, "did you mean 'W. Europe Standard Time'?"),
            ("@addToTime(utcNow(), 1, 'Fortnight')", .literal, nil),
            ("@formatDateTime('soon', variables('format'))", .literal, "write a time as 2026-01-31T08:00:00Z"),
            ("@utcNow()['x']", .selection, "the value before the selection is a string"),
            ("@createArray(1)['x']", .selection, "write first(…)?['x'] or an index such as [0]"),
            ("@concat('a', @{triggerBody()})", .syntax, nil), ("@contoso/tools", .syntax, nil),
        ] as [(String, ExpressionFinding.Kind, String?)])
    func `a mistake is found with a hint`(text: String, kind: ExpressionFinding.Kind, hint: String?) throws {
        let findings = ExpressionChecker.check(text: text)
        let finding = try #require(findings.first)
        #expect(findings.count == 1, "\(findings)")
        #expect(finding.severity == .error && finding.kind == kind)
        if let hint { #expect(finding.hint == hint) }
    }

    @Test(arguments: [
        "@and(true, not(false))", "@if(greater(rand(1, 9), 4), 'high', 'low')", "@equals(null, triggerBody())",
        "@formatDateTime('2026-05-03', 'D', 'de-DE')", "@coalesce(null, '', 'x')",
        "@addDays(utcNow(), -3, 'yyyy-MM-dd')",
        "@toUpper(first(split(trim(replace(coalesce(triggerBody()?['text'], ''), ';', ',')), ',')))",
        "@substring(triggerBody()?['text'], 0, div(length(triggerBody()?['text']), 2))", "Use @@{name} @ home",
        "@json(concat('{\"id\":\"', triggerBody()?['text'], '\"}'))",
        "@if(empty(body('A')), null, first(body('A'))?['id'])",
        "@union(body('A'), createArray(1))[0]", "@contains(createArray('a'), item())", "@max(body('A'))",
    ])
    func `nothing is said about what is right`(text: String) {
        #expect(ExpressionChecker.check(text: text) == [])
    }

    @Test func `what may never be reached is a warning`() {
        let findings = ExpressionChecker.check(text: "@if(equals(item(), 1), div(1, 0), null)")
        #expect(findings.map(\.severity) == [.warning])
    }

    @Test func `a finding stands at the part that is wrong`() {
        let text = "Total: @{add(variables('a'), 'x')} of @{lenght('abc')}"
        #expect(ExpressionChecker.check(text: text).map(\.range) == [29..<32, 40..<46])
    }

    @Test(
        arguments: [
            ("@if(true, 'a', null)", [.string, .null]),
            ("@coalesce(triggerBody()?['x'], 'y')", .any.subtracting(.null)),
            ("@add(1, 2)", .integer), ("@add(1, variables('x'))", .number), ("@skip('abc', 1)", .string),
            ("@equals(1, 2)", .boolean), ("@triggerBody()", .any),
        ] as [(String, ValueTypes)])
    func `the type of an expression is known as far as its functions tell`(text: String, types: ValueTypes) throws {
        let expression = try #require(try Template.read(text).expressions.first)
        #expect(ExpressionChecker.types(of: expression) == types)
    }
}
