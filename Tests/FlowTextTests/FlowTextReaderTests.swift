import FlowCore
import FlowText
import Testing

@Suite struct FlowTextReaderTests {
    @Test(arguments: [
        ("a: 7.0\nb: 7\nc: 1e3\n", #"{"a":7.0,"b":7,"c":1000.0}"#),
        ("a: 12345678901234567890123\n", #"{"a":12345678901234567890123}"#),
        ("a: true\nb: 'true'\nc: null\nd: false\n", #"{"a":true,"b":"true","c":null,"d":false}"#),
        ("a: 2026-05-01\nb: 12:30\nc: a:b\nd: 1.2.3\n", #"{"a":"2026-05-01","b":"12:30","c":"a:b","d":"1.2.3"}"#),
        ("a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  k: 3\n", #"{"a":{"k":1,"l":2},"b":{"l":2,"k":3}}"#),
        ("a: &x {k: 1}\nb: {'<<': *x}\n", #"{"a":{"k":1},"b":{"<<":{"k":1}}}"#),
        ("a: |\n  one\n  two\nb: >-\n  x\n  y\n", #"{"a":"one\ntwo\n","b":"x y"}"#),
        ("\u{FEFF}a: 1\nb: 2\n", #"{"a":1,"b":2}"#),
        ("%YAML 1.2\n---\na: 1\n...\n", #"{"a":1}"#),
        ("a: !!str 12\n", #"{"a":"12"}"#),
        ("a: 1\r\nb: x\r\n", #"{"a":1,"b":"x"}"#),
        (
            "// note\n{'a': 1, b: [1, 2,], /* x */ \"c\": \"\\u00e9\\ud83d\\ude00\\n\",}",
            "{\"a\":1,\"b\":[1,2],\"c\":\"é😀\\n\"}"
        ),
        ("{a: 1, b: [x, y]}", #"{"a":1,"b":["x","y"]}"#),
    ])
    func `A text reads as the value it looks like and nothing is said`(text: String, expected: String) throws {
        let read = FlowTextReader.read(text, file: "f")
        #expect(read.findings.isEmpty)
        #expect(read.root?.json.text == expected)
    }

    @Test(arguments: [
        ("a:\n\tb: 1\n", "InvalidYAML", 2, 1), ("a: @x\n", "InvalidYAML", 1, 4), ("a: `x`\n", "InvalidYAML", 1, 4),
        ("a: 1\nb:\n  c: 1\n   d: 2\n", "InvalidYAML", 4, 5), ("a: [1, 2\nb: 3\n", "InvalidYAML", 2, 2),
        ("a: *x\n", "UnknownAlias", 1, 4), ("a: &x [*x]\n", "UnknownAlias", 1, 8),
        ("a: 1\nb: 2\na: 3\n", "DuplicateKey", 3, 1), ("x: {a: 1, a: 2}\n", "DuplicateKey", 1, 11),
        ("# nothing\n", "EmptyText", 1, 1), ("", "EmptyText", 1, 1), ("a: 1\n---\nb: 2\n", "SeveralDocuments", 2, 1),
        ("? [a, b]\n: 1\n", "InvalidYAML", 1, 3), ("a: \"x\n", "InvalidYAML", 2, 1),
        ("{\n  \"a\": 1,\n  \"a\": 2\n}", "DuplicateKey", 3, 3),
        ("{\n  \"a\": 1\n  \"b\": 2\n}", "InvalidJSONText", 3, 3),
        ("a: !thing 1\n", "InvalidYAML", 1, 4), ("a: \u{07}\n", "InvalidYAML", 1, 4),
    ])
    func `A broken text is refused at its place`(text: String, code: String, line: Int, column: Int) throws {
        let read = FlowTextReader.read(text, file: "f")
        let error = try #require(read.findings.first { $0.severity == .error })
        #expect(error.code.rawValue == code, "\(error.message)")
        #expect((error.location.line, error.location.column) == (line, column), "\(error.message)")
    }

    @Test(arguments: [
        "a: yes", "a: NO", "a: On", "a: off", "on: 1", "a: True", "a: NULL", "a: ~", "a: 0x1F", "a: 1_000", "a: .5",
        "a: +1", "a: 012", "1: a", "true: a", "null: a", "a:", "a: {utcNow()}", "a: [.inf]", "a: 1.e3",
    ])
    func `What other readers take for something else is warned of`(text: String) {
        let read = FlowTextReader.read(text + "\n", file: "f")
        #expect(read.root != nil)
        #expect(read.findings.map(\.severity) == [.warning])
        #expect(read.findings.first?.location.line == 1)
    }

    @Test(arguments: [
        "a: y", "n: a", "a: 'yes'", "a: \"~\"", "a: a~b", "a: -x", "a: 1.2.3", "a: nullable", "'1': a", "a: +x",
        "a: 1-2",
    ])
    func `Ordinary words are not warned of`(text: String) {
        #expect(FlowTextReader.read(text + "\n", file: "f").findings.isEmpty)
    }

    @Test func `Every node knows its line, whether YAML or JSON`() throws {
        let yaml = "top:\n  list:\n    - one\n    - {k: 'v'}\n"
        let json = "{\n  \"top\": {\n    \"list\": [\n      \"one\", {\"k\": \"é\"}\n    ]\n  }\n}\n"
        let fromYAML = try #require(FlowTextReader.read(yaml, file: "f").root?["top"]?.member("list"))
        #expect(fromYAML.keyLocation == SourceLocation(file: "f", line: 2, column: 3))
        #expect(fromYAML.value.elements.map(\.location.line) == [3, 4])
        #expect(fromYAML.value.elements[1]["k"]?.location.column == 11)
        #expect(fromYAML.value.end == SourceLocation(file: "f", line: 4, column: 15))
        let fromJSON = try #require(FlowTextReader.read(json, file: "f").root?["top"]?.member("list"))
        #expect(fromJSON.keyLocation == SourceLocation(file: "f", line: 3, column: 5))
        #expect(fromJSON.value.elements.map(\.location.line) == [4, 4])
        #expect(fromJSON.value.end == SourceLocation(file: "f", line: 5, column: 6))
    }

    @Test func `Limits hold for nesting, aliases, size and encoding`() {
        func code(_ text: String) -> String? {
            FlowTextReader.read(text, file: "f").findings.first { $0.severity == .error }?.code.rawValue
        }
        let brackets = String(repeating: "[", count: 120) + String(repeating: "]", count: 120)
        #expect(code(brackets) == "NestingTooDeep")
        #expect(code("a: " + brackets) == "NestingTooDeep")
        let deepest = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        #expect(code(deepest) == nil)
        var bomb = "a0: &a0 [x, x]\n"
        for level in 1...20 { bomb += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
        #expect(code(bomb) == "TooManyAliases")
        var tower = "a0: &a0 [x]\n"
        for level in 1...110 { tower += "a\(level): &a\(level) [*a\(level - 1)]\n" }
        #expect(code(tower) == "NestingTooDeep")
        #expect(code(String(repeating: "a", count: FlowTextReader.sizeLimit + 1)) == "TextTooLarge")
        let invalid = FlowTextReader.read([0x61, 0x3A, 0x0A, 0x20, 0xFF], file: "f")
        #expect(invalid.root == nil)
        #expect(invalid.findings.first?.code == .invalidEncoding)
        #expect(invalid.findings.first?.location == SourceLocation(file: "f", line: 2, column: 2))
    }
}
