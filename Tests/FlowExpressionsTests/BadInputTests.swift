import FlowCore
import FlowExpressions
import Testing

/// Hostile expressions and values: the platform's error, or a value, in bounded work and memory.
@Suite struct BadInputTests {
    private static let megabytes = 8 * 1_024 * 1_024

    /// A fraction of what is allowed, so that growing to it takes a moment.
    private static let textLimit = 1 << 18

    private static func value(
        _ expression: String, _ variables: JSONObject = [:], upTo textLimit: Int = textLimit
    ) throws -> JSON {
        let scope = ContextScope(["variables": .object(variables)], now: Timestamp(year: 2026, month: 1, day: 15))
        let template = CompiledTemplate(try Template.parse("@" + expression), textLimit: textLimit)
        return try template.evaluate(in: scope)
    }

    private static func expectError(
        _ piece: String, _ expression: String, _ variables: JSONObject = [:],
        _ place: Testing.SourceLocation = #_sourceLocation
    ) {
        do {
            let value = try value(expression, variables)
            Issue.record("\(expression.prefix(80)) gives \(value.text.prefix(80))", sourceLocation: place)
        } catch let error as FlowError {
            #expect(error.code == .invalidTemplate, sourceLocation: place)
            #expect(error.message.contains(piece), "\(error.message.prefix(400))", sourceLocation: place)
        } catch {
            Issue.record("\(error)", sourceLocation: place)
        }
    }

    // MARK: Nesting and length

    @Test(arguments: [
        String(repeating: "concat(", count: 10_000) + String(repeating: ")", count: 10_000),
        "variables('v')" + String(repeating: "[0]", count: 10_000),
        "variables('v')" + String(repeating: "?.a", count: 10_000),
        "concat('" + String(repeating: "x", count: 10_000) + "')",
    ])
    func `an expression longer than the platform's limit is refused before it is parsed`(_ expression: String) {
        Self.expectError("the limit is '8192'", expression)
    }

    @Test(arguments: [
        String(repeating: "not(", count: 1_000) + "true" + String(repeating: ")", count: 1_000),
        "a" + String(repeating: "(b", count: 2_000), "a()" + String(repeating: "[a()", count: 1_000),
        String(repeating: "(", count: 8_000),
    ])
    func `deep nesting is a syntax error`(_ expression: String) {
        let finding = ExpressionChecker.check(text: "@" + expression)
        #expect(finding.count == 1 && finding.first?.kind == .syntax, "\(finding)")
        Self.expectError("xpression", expression)
    }

    @Test func `a long chain of selections is evaluated`() throws {
        #expect(try Self.value("variables('v')" + String(repeating: "?.a", count: 2_700), ["v": nil]) == nil)
    }

    @Test(arguments: ["array(variables('v'))", "addProperty(json('{}'), 'a', variables('v'))"])
    func `a value that is put into itself again and again is refused in time`(_ expression: String) throws {
        var value = JSON.integer(1)
        for _ in 0..<512 { value = try Self.value(expression, ["v": value]) }
        Self.expectError("nested deeper than 512 levels", expression, ["v": value])
        let members = try CompiledValue(["a": ["@variables('v')"]])
        let scope = ContextScope(["variables": ["v": value]], now: Timestamp(year: 2026, month: 1, day: 15))
        #expect(throws: FlowError.self) { try members.evaluate(in: scope) }
    }

    @Test func `types and values of nested calls are worked out once each`() {
        // Each level twice would be 2^200 steps.
        let coalesces = String(repeating: "coalesce(null,", count: 200) + "1" + String(repeating: ")", count: 200)
        #expect(ExpressionChecker.check(text: "@add(\(coalesces), 1)").isEmpty)
        let ifs = String(repeating: "if(true,1,", count: 200) + "2" + String(repeating: ")", count: 200)
        #expect(ExpressionChecker.check(text: "@add(\(ifs), 1)").isEmpty)
        let failing = String(repeating: "string(", count: 200) + "int('x')" + String(repeating: ")", count: 200)
        #expect(ExpressionChecker.check(text: "@\(failing)").map(\.kind) == [.literal])
    }

    @Test func `a text of many expressions is compiled in one go`() throws {
        let text = String(repeating: "@{1}", count: 50_000)
        let template = try CompiledTemplate(text)
        #expect(template.constant?.stringValue?.utf8.count == 50_000)
    }

    // MARK: Texts that grow

    @Test(arguments: [
        // Quotes and backslashes double with each level of JSON in JSON.
        String(repeating: "string(createArray(", count: 60) + #"'"'"# + String(repeating: "))", count: 60),
        String(repeating: "base64(", count: 200) + "'x'" + String(repeating: ")", count: 200),
        String(repeating: "uriComponent(base64(", count: 100) + "'x'" + String(repeating: "))", count: 100),
        "replace(replace(replace('\(String(repeating: "a", count: 1_000))', 'a', '\(String(repeating: "a", count: 1_000))'), "
            + "'a', '\(String(repeating: "b", count: 1_000))'), 'b', '\(String(repeating: "c", count: 1_000))')",
        "join(range(0, 100000), join(range(0, 100000), ','))",
        "string(createArray(\((0..<40).map { _ in "join(range(0, 10000), '')" }.joined(separator: ","))))",
    ])
    func `a text that grows without end is refused`(_ expression: String) {
        Self.expectError("is more than a value may have", expression)
        #expect(ExpressionChecker.check(text: "@" + expression).isEmpty)
    }

    @Test func `an array that holds one long text many times is not written out`() {
        let long = JSON.string(String(repeating: "x", count: 1 << 16))
        let many = JSON.array(Array(repeating: long, count: 1_000))
        let object = JSON.object(JSONObject((0..<1_000).map { ("k\($0)", long) }))
        for expression in [
            "string(variables('v'))", "concat(variables('v'))", "join(variables('v'), '')", "binary(variables('v'))",
            "dataUri(variables('v'))", "uriComponent(variables('v'))",
        ] {
            Self.expectError("is more than a value may have", expression, ["v": many])
        }
        Self.expectError("is more than a value may have", "string(variables('v'))", ["v": object])
        let scope = ContextScope(["variables": ["v": many]], now: Timestamp(year: 2026, month: 1, day: 15))
        #expect(throws: FlowError.self) {
            try CompiledTemplate(Template.parse("x @{variables('v')}"), textLimit: Self.textLimit).evaluate(in: scope)
        }
    }

    @Test(arguments: [
        ("concat(variables('a'), variables('a'))", 2 * megabytes), ("length(variables('a'))", megabytes),
        ("substring(variables('a'), 5)", megabytes - 5), ("take(variables('a'), 9000000000000000000)", megabytes),
        ("split(variables('b'), 'b')", 1), ("replace(variables('b'), variables('b'), 'c')", 1),
        ("replace(variables('b'), 'a', '')", 0),
    ])
    func `texts of eight megabytes are handled`(_ expression: String, _ count: Int) throws {
        let text = JSON.string(String(repeating: "a", count: Self.megabytes))
        // What is searched byte by byte is shorter: a test is built without optimization.
        let short = JSON.string(String(repeating: "a", count: 1 << 20))
        let result = try Self.value(expression, ["a": text, "b": short], upTo: TextLimit.evaluated)
        let size = result.stringValue?.utf8.count ?? result.arrayValue?.count ?? result.integerValue.map { Int($0) }
        #expect(size == count)
    }

    @Test(
        arguments: [
            ("contains(variables('a'), variables('b'))", false), ("indexOf(variables('a'), variables('b'))", -1),
            ("lastIndexOf(variables('a'), variables('b'))", -1), ("nthIndexOf(variables('a'), variables('b'), 1)", -1),
            ("length(split(variables('a'), variables('b')))", 1),
            ("length(replace(variables('a'), variables('b'), ''))", 100_000),
            ("nthIndexOf(variables('a'), variables('c'), -1)", 50_000),
        ] as [(String, JSON)])
    func `a search takes no longer for texts that nearly match everywhere`(_ expression: String, _ expected: JSON)
        throws
    {
        // Place by place it would be 3 · 10^9 comparisons.
        let variables: JSONObject = [
            "a": .string(String(repeating: "a", count: 100_000)),
            "b": .string(String(repeating: "a", count: 49_999) + "b"),
            "c": .string(String(repeating: "a", count: 50_000)),
        ]
        #expect(try Self.value(expression, variables) == expected)
    }

    @Test func `objects of one shape are told apart by their hashes`() throws {
        // Alike, they would be compared with one another: 10^7 times.
        let objects = JSON.array((0..<5_000).map { ["id": .integer($0), "tags": ["a", "b", .integer($0)]] })
        let arrays = JSON.array((0..<5_000).map { [1, 2, 3, 4, 5, 6, 7, 8, .integer($0)] })
        for values in [objects, arrays] {
            let result = try Self.value("length(union(variables('v'), variables('v')))", ["v": values])
            #expect(result == 5_000)
        }
        #expect(
            try Self.value("union(json('[{\"a\":1,\"b\":2}]'), json('[{\"b\":2.0,\"a\":1.0}]'))").arrayValue?.count == 1
        )
    }

    @Test(arguments: [
        ("range(0, 100001)", "'count' must be a positive integer no larger than '100000'"),
        ("range(0, -1)", "'count' must be a positive integer"),
        ("range(2147483647, 2)", "no larger than '2147483647'"),
        ("range(9223372036854775807, 100000)", "no larger than '2147483647'"),
        ("substring('abc', -1)", "'start index' must be non-negative"),
        ("substring('abc', 1, -1)", "must be non-negative integers"),
        ("substring('abc', 1, 9223372036854775807)", "no larger than the length of the string"),
        ("substring('abc', 9223372036854775807, 9223372036854775807)", "no larger than the length of the string"),
        ("skip('abc', -1)", "must be a positive integer"), ("take(createArray(1), -1)", "must be a positive integer"),
        ("chunk('abc', 0)", "positive integer"), ("chunk('abc', -9223372036854775808)", "positive integer"),
    ])
    func `places and counts outside a value are refused`(_ expression: String, _ piece: String) {
        Self.expectError(piece, expression)
    }

    // MARK: Numbers

    @Test(arguments: [
        "add(9223372036854775807, 1)", "sub(-9223372036854775808, 1)", "sub(-2, 9223372036854775807)",
        "mul(9223372036854775807, 2)", "mul(-9223372036854775808, -1)", "div(-9223372036854775808, -1)",
        "mod(-9223372036854775808, -1)", "add(decimal('79228162514264337593543950335'), 1)",
        "mul(decimal('79228162514264337593543950335'), 10)", "add(decimal('1'), 1e300)",
    ])
    func `a result outside the range of its type is refused`(_ expression: String) {
        Self.expectError("too large or too small", expression)
    }

    @Test(arguments: [
        "div(1, 0)", "mod(1, 0)", "div(1.5, 0)", "div(1, 0.0)", "div(decimal('1'), 0)", "mod(-9223372036854775808, 0)",
    ])
    func `a division by zero is refused`(_ expression: String) {
        Self.expectError("Attempt to divide an integral or decimal value by zero", expression)
    }

    @Test(arguments: [
        "add(1e400, 1)", "add(-1e999999999, 1)", "add(9223372036854775808, 1)",
        "add(1\(String(repeating: "0", count: 400)), 1)",
    ])
    func `a number literal outside the range of its type is a syntax error`(_ expression: String) {
        Self.expectError("is outside the range of", expression)
        #expect(ExpressionChecker.check(text: "@" + expression).first?.kind == .syntax)
    }

    @Test(arguments: [
        "int('9223372036854775808')", "int('9223372036854775807')", "int('-9223372036854777000')",
        "int('1\(String(repeating: "0", count: 400))')",
        "int('1e3')", "int(1e30)", "decimal('1\(String(repeating: "0", count: 400))')", "decimal(1e30)",
        "int(json('1\(String(repeating: "0", count: 400))'))", "decimal('79228162514264337593543950336')",
    ])
    func `what no number of a type can hold is not converted`(_ expression: String) {
        Self.expectError("cannot be converted to the target type", expression)
    }

    @Test(arguments: [
        ("json('1e400')", "outside the range of numbers"), ("json('[-1e99999999999999999999]')", "outside the range"),
        ("json('\"\\u+123\"')", "four hexadecimal digits"), ("json('\"\\u-000\"')", "four hexadecimal digits"),
    ])
    func `JSON outside its grammar is refused`(_ expression: String, _ piece: String) {
        Self.expectError(piece, expression)
    }

    @Test func `an integer of a hundred thousand digits stays one`() throws {
        let digits = "1" + String(repeating: "0", count: 100_000)
        let number = try Self.value("json(variables('v'))", ["v": .string(digits)])
        #expect(number == .decimal(digits))
        let text = try Self.value("formatNumber(variables('v'), 'N0')", ["v": number])
        #expect(text.stringValue?.utf8.count == 133_334)
        Self.expectError("too large or too small", "add(variables('v'), 1)", ["v": number])
    }

    // MARK: Formats

    @Test(arguments: [
        "formatNumber(1, 'N999999999')", "formatNumber(1, 'D100')", "formatNumber(1.5, 'D2')", "formatNumber(1.5, 'X')",
        "formatNumber(1, 'Q')", "formatNumber(1, variables('long'))",
    ])
    func `number formats that are none are refused`(_ expression: String) {
        let long = JSON.string(String(repeating: "0", count: 1 << 17))
        Self.expectError("that is not valid", expression, ["long": long])
    }

    @Test(arguments: [
        "formatDateTime('2026-01-01', 'Q')", "formatDateTime('2026-01-01', '%')",
        "formatDateTime('2026-01-01', 'yyyy \\')",
        "formatDateTime('2026-01-01', 'ffffffff')", "formatDateTime('2026-01-01', '\"x')",
        "formatDateTime('2026-01-01', variables('long'))", "parseDateTime('2026-01-01', 'en-US', variables('long'))",
        "formatDateTime(variables('long'))", "addDays('2026-01-01', 9223372036854775807)",
        "addDays('2026-01-01', -9223372036854775808)", "subtractFromTime('2026-01-01', -9223372036854775808, 'Year')",
        "addToTime('2026-01-01', 120000, 'Year')", "convertFromUtc('2026-01-01', variables('long'))",
        "formatDateTime('9999-12-31T23:59:59.99999999')", "formatDateTime('0001-01-01T00:00:00+14:00')",
        "convertFromUtc('9999-12-31T23:59:59', 'Tokyo Standard Time')",
        "addToTime('2026-01-01', 1, variables('long'))",
    ])
    func `times and formats that are none are refused`(_ expression: String) {
        let long = JSON.string(String(repeating: "y", count: 1 << 17))
        Self.expectError("In function '", expression, ["long": long])
    }

    @Test func `names of cultures from data are looked up and not kept`() {
        for name in ["xx-YY", "de-ÄÖ", String(repeating: "d", count: 1 << 17), "..", "\u{0}", "en_US_POSIX_x"] {
            Self.expectError("locale", "formatNumber(1, 'N0', variables('v'))", ["v": .string(name)])
        }
    }

    // MARK: Bytes that are no text

    @Test(arguments: [
        ("base64ToString('/+8=')", "\u{FFFD}\u{FFFD}"), ("uriComponentToString('%FF%C3')", "\u{FFFD}\u{FFFD}"),
        ("uriComponentToString('%+5%-1%')", "% 5%-1%"),
        ("decodeDataUri('data:text/plain,%ED%A0%80')", "\u{FFFD}\u{FFFD}\u{FFFD}"),
        ("substring('a😀b', 1, 1)", "\u{FFFD}"),
    ])
    func `bytes that are no UTF-8 become replacement characters`(_ expression: String, _ expected: String) throws {
        #expect(try Self.value(expression) == .string(expected))
    }

    // MARK: XML

    @Test(arguments: [
        "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        "<!DOCTYPE a [<!ENTITY % p SYSTEM 'http://127.0.0.1:9/'>%p;]><a/>",
        "<!DOCTYPE a [<!ENTITY l0 'lol'>"
            + (1...20).map { "<!ENTITY l\($0) '\(String(repeating: "&l\($0 - 1);", count: 10))'>" }.joined()
            + "]><a b='&l20;'>&l20;</a>",
    ])
    func `XML with entities of its own is refused`(_ text: String) {
        for function in ["xml(variables('v'))", "json(xml(variables('v')))"] {
            Self.expectError("entities are not allowed", function, ["v": .string(text)])
        }
    }

    @Test func `an external document type is not read`() throws {
        let text = JSON.string("<!DOCTYPE a SYSTEM \"file:///dev/zero\"><a>x</a>")
        #expect(try Self.value("json(xml(variables('v')))?['a']", ["v": text]) == "x")
    }

    @Test func `XML that is nested too deep is refused`() {
        let deep = String(repeating: "<a>", count: 10_000) + String(repeating: "</a>", count: 10_000)
        Self.expectError("cannot be converted to XML", "xml(variables('v'))", ["v": .string(deep)])
    }

    @Test func `an XPath that copies a document again and again is stopped`() {
        // Each of the outer elements holds the whole text.
        let deep =
            String(repeating: "<a>", count: 200) + String(repeating: "x", count: 20_000)
            + String(repeating: "</a>", count: 200)
        Self.expectError(
            "is more than a value may have", "xpath(xml(variables('v')), '//a')", ["v": .string(deep)])
    }

    @Test func `an XPath that takes too much work is stopped`() {
        let wide = "<r>" + String(repeating: "<a/>", count: 20_000) + "</r>"
        Self.expectError(
            "takes too much work", "xpath(xml(variables('v')), 'count(//a[count(//a[count(//a) > 1]) > 1])')",
            ["v": .string(wide)])
    }
}
