import FlowCore
import FlowExpressions
import Testing

@Suite struct TemplateTests {
    @Test(arguments: [
        ("@concat('a', 'b'))", 17..<18), ("@equals(variables('x'), \"open\")", 24..<25), ("@utcNow", 1..<7),
        ("text @{concat('a'} more", 17..<17), ("@add(1, 2,)", 10..<11), ("@triggerBody().['text']", 15..<16),
        ("@variables()", 1..<12), ("@variables(true)", 11..<15), ("x @{'a", 2..<6),
    ])
    func `a text that is no template tells where it is wrong`(text: String, range: Range<Int>) {
        #expect {
            try Template.read(text)
        } throws: { error in
            (error as? SyntaxFailure)?.range == range
        }
    }

    @Test func `calls keep their places`() throws {
        let template = try Template.read("Sum @{add(length('ab'), 1)} and @{utcNow()}")
        #expect(template.calls.map(\.name) == ["add", "length", "utcNow"])
        #expect(template.calls.map(\.range) == [6..<26, 10..<22, 34..<42])
        #expect(template.calls.map(\.nameRange) == [6..<9, 10..<16, 34..<40])
    }

    @Test func `an expression of more than 8192 characters is refused`() throws {
        let fits = "@concat('" + String(repeating: "x", count: Template.expressionLimit - 10) + "')"
        _ = try Template.read(fits)
        #expect(throws: SyntaxFailure.self) { try Template.read(fits.replacing("x'", with: "xx'")) }
        #expect(throws: SyntaxFailure.self) { try Template.read("a@{'" + fits + "'}") }
        // Characters count, not bytes, and text around expressions does not count.
        _ = try Template.read("@concat('" + String(repeating: "ö", count: Template.expressionLimit - 10) + "')")
        _ = try Template.read(String(repeating: "x", count: 20_000) + "@{1}")
    }

    @Test func `deep nesting is an error and no crash`() {
        let deep = "@" + String(repeating: "a(", count: 4_000) + String(repeating: ")", count: 4_000)
        #expect(throws: FlowError.self) { try Template.parse(deep) }
    }

    @Test func `broken texts never crash`() {
        var seed: UInt64 = 42
        func next(_ bound: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 33) % bound
        }
        let pieces = [
            "@", "@{", "}", "'", "''", "(", ")", "[", "]", ".", "?", ",", "1", "-", "+.5", "1e", "concat", "length",
            "äö",
            "😀", "\"", "add(1,", "json('{}')", "null", " ", "substring('abc', 1, 9)", "formatDateTime('2026', 'Q')",
            "formatNumber(1.5, '#,#E+0;')", "slice('abc', -9223372036854775808)", "range(2147483647, 9)", "int('')",
            "xpath(xml('<a/>'), '//x:y')", "parseDateTime('1/2', 'de-DE')", "chunk('abc', 9223372036854775807)",
            "div(-9223372036854775808, -1)", "addDays('9999-12-31', 9223372036854775807)", "rand(5, 1)",
        ]
        let scope = ContextScope([:], now: Timestamp(year: 2026, month: 1, day: 15))
        var evaluated = 0
        for _ in 0..<20_000 {
            let text = (0...next(7)).map { _ in pieces[next(pieces.count)] }.joined()
            for candidate in [text, "@" + text] {
                guard let template = try? Template.read(candidate) else { continue }
                _ = ExpressionChecker.check(template)
                if (try? CompiledTemplate(template).evaluate(in: scope)) != nil { evaluated += 1 }
            }
        }
        #expect(evaluated > 1_000)
    }

    @Test func `a value is evaluated with its keys`() throws {
        let scope = ContextScope(["variables": ["n": 3, "key": "b"]], now: Timestamp(ticks: 0))
        let value = try CompiledValue([
            "@@odata.type": "#Account", "@{variables('key')}_id": "@variables('n')",
            "list": ["@add(1, 2)", "n=@{variables('n')}", true], "none": "@null",
        ])
        #expect(value.constant == nil)
        let expected: JSON = ["@odata.type": "#Account", "b_id": 3, "list": [3, "n=3", true], "none": nil]
        #expect(try value.evaluate(in: scope) == expected)
        #expect(try CompiledValue(["a": "@concat('x', 'y')", "b": [1]]).constant == ["a": "xy", "b": [1]])
        let fixed = try CompiledValue(["a": 1, "b": "@variables('n')", "c": "@@x"])
        #expect(try fixed.evaluate(in: scope).text == #"{"a":1,"b":3,"c":"@x"}"#)
    }

    @Test func `every Windows zone has rules`() {
        for name in WindowsTimeZones.names { #expect(ZoneRules(named: name) != nil, "\(name)") }
        #expect(ZoneRules(named: "Europe/Berlin")?.offset(at: Timestamp(year: 2026, month: 7, day: 1)) == 7_200)
        #expect(ZoneRules(named: "Nowhere") == nil)
        let berlin = ZoneRules(named: "W. Europe Standard Time")
        #expect(berlin?.instant(ofLocal: Timestamp(year: 2026, month: 3, day: 29, hour: 2, minute: 30)) == nil)
        #expect(
            berlin?.instant(ofLocal: Timestamp(year: 2026, month: 10, day: 25, hour: 2, minute: 30))
                == Timestamp(year: 2026, month: 10, day: 25, hour: 1, minute: 30))
    }
}
