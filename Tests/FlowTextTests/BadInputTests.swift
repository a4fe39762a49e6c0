import FlowCore
import FlowText
import Testing

/// Hostile YAML and JSON texts: an error with its place, in bounded work and memory.
@Suite struct BadInputTests {
    private static func errors(_ text: String) -> [FlowError.Code] {
        FlowTextReader.read(text, file: "x.yaml").findings.filter { $0.severity == .error }.map(\.code)
    }

    @Test(arguments: [
        String(repeating: "[", count: 10_000),
        String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000),
        String(repeating: "{a: ", count: 10_000), String(repeating: "{\"a\": ", count: 10_000),
        "a: " + String(repeating: "[", count: 10_000), String(repeating: "- ", count: 10_000) + "x",
        (0..<10_000).map { String(repeating: " ", count: $0 % 400) + "a:\n" }.joined(),
        "a: &a [" + String(repeating: "[", count: 98) + "x" + String(repeating: "]", count: 98) + "]\nb: [*a]",
        String(repeating: "? ", count: 10_000) + "x",
    ])
    func `deep nesting is an error`(_ text: String) {
        let source = FlowTextReader.read(text, file: "x.yaml")
        #expect(source.findings.contains { $0.severity == .error })
        #expect(throws: FlowError.self) { try FlowTextFormatter.format(text, file: "x.yaml") }
    }

    @Test(arguments: [
        // Nine levels of nine aliases: 3 · 10^8 nodes.
        "a0: &a0 [x]\n"
            + (1...9).map { "a\($0): &a\($0) [" + String(repeating: "*a\($0 - 1), ", count: 9) + "]\n" }.joined(),
        "a: &a x\nb: [" + String(repeating: "*a, ", count: 10_001) + "]\n",
        // One long text a thousand times.
        "a: &a " + String(repeating: "x", count: 100_000) + "\nb: [" + String(repeating: "*a, ", count: 1_000) + "]\n",
        "a: &a {? " + String(repeating: "x", count: 100_000) + " : 1}\nb: [" + String(repeating: "*a, ", count: 1_000)
            + "]\n",
    ])
    func `aliases that expand without end are refused`(_ text: String) {
        #expect(Self.errors(text) == [.tooManyAliases])
    }

    @Test(arguments: ["a: &a [*a]", "a: &a {<<: *a}", "a: *b", "a: *" + String(repeating: "b", count: 1_000_000)])
    func `an alias without its anchor is refused`(_ text: String) {
        #expect(Self.errors(text).count == 1)
    }

    @Test func `a text beyond the size that is read is refused`() {
        let text = "a: " + String(repeating: "x", count: FlowTextReader.sizeLimit)
        #expect(Self.errors(text) == [.textTooLarge])
    }

    @Test func `a scalar of nearly eight megabytes is read`() {
        let text = String(repeating: "x", count: FlowTextReader.sizeLimit - 16)
        #expect(FlowTextReader.read("a: " + text, file: "x.yaml").root?["a"]?.string?.utf8.count == text.utf8.count)
        // The other reader goes byte by byte: a test is built without optimization.
        let short = String(text.prefix(1 << 20))
        #expect(FlowTextReader.read("{\"a\": \"\(short)\"}", file: "x").root?["a"]?.string == short)
    }

    @Test(
        arguments: [
            [0x61, 0x3A, 0x20, 0xFF], [0x61, 0x3A, 0x20, 0xC3], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80],
            [0xC0, 0xAF],
            [0x7B, 0x22, 0xFF, 0x22, 0x7D],
        ] as [[UInt8]])
    func `bytes that are no UTF-8 are refused`(_ bytes: [UInt8]) {
        let source = FlowTextReader.read(bytes, file: "x.yaml")
        #expect(source.root == nil)
        #expect(source.findings.map(\.code) == [.invalidEncoding])
    }

    @Test func `findings of a hostile text have an end, and an error among them is told`() {
        let warnings = FlowTextReader.read(String(repeating: "- yes\n", count: 5_000), file: "x.yaml")
        #expect(warnings.findings.count == FlowTextReader.findingLimit)
        let text = "a:\n" + String(repeating: "  - yes\n", count: 5_000) + String(repeating: "b: 1\n", count: 5_000)
        let source = FlowTextReader.read(text, file: "x.yaml")
        #expect(source.findings.count { $0.severity == .error } == FlowTextReader.findingLimit)
        let json = FlowTextReader.read("{" + String(repeating: "\"a\": 1,", count: 5_000) + "}", file: "x.json")
        #expect(json.findings.count == FlowTextReader.findingLimit)
    }

    @Test func `merges stand where they are written`() {
        let text = """
            a: &a {x: 1, y: 2}
            b: &b {y: 3, z: 4}
            c:
              first: 0
              <<: *a
              second: 0
              <<: *b
              third: 0
            """
        let merged = FlowTextReader.read(text, file: "x.yaml").root?["c"]
        #expect(merged?.json == ["first": 0, "x": 1, "second": 0, "y": 3, "z": 4, "third": 0])
        #expect(merged?.members.map(\.key) == ["first", "x", "second", "y", "z", "third"])
    }

    @Test(arguments: ["[1e400]", "[-1e999]", "{\"a\": \"\\u+123\"}", "[\"\\u-000\"]", "[00]", "[1.]", "[.5]"])
    func `what JSON's grammar does not have is no JSON`(_ text: String) {
        #expect(throws: JSONReader.Failure.self) { try JSON(parsing: text) }
    }

    @Test(arguments: ["[", "{\"a\":", "{\"a\":[", "[[1,"])
    func `JSON nested ten thousand deep is refused by both readers`(_ opening: String) {
        let text = String(repeating: opening, count: 10_000)
        #expect(throws: JSONReader.Failure.self) { try JSONReader.read(text) }
        #expect(throws: JSONReader.Failure.self) { try JSONReader.read(text, .jsonNET) }
        #expect(!Self.errors(text).isEmpty)
    }
}
