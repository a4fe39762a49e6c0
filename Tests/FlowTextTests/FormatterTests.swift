import FlowCore
import FlowText
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite struct FormatterTests {
    private func formatted(_ text: String) throws -> String {
        guard case .formatted(let result) = try FlowTextFormatter.format(text, file: "f") else { return "JSON" }
        return result
    }

    @Test(arguments: [
        // Indentation.
        ("a:\n    b: 1\n    c:\n        d: 2", "a:\n  b: 1\n  c:\n    d: 2\n"),
        ("  a: 1\n  b: 2\n", "a: 1\nb: 2\n"), ("a:\n b: 1\n", "a:\n  b: 1\n"),
        ("a:\n- b\n- c: 1\n  d: 2\ne: 3\n", "a:\n  - b\n  - c: 1\n    d: 2\ne: 3\n"),
        (
            "a:\n    -   b: 1\n        c: 2\n    -   -   d\n        -   e\n",
            "a:\n  - b: 1\n    c: 2\n  - - d\n    - e\n"
        ),
        ("a:\n  -\n      b: 1\n", "a:\n  -\n    b: 1\n"), ("a:\n       b\n", "a:\n  b\n"),
        ("a: &x\n   b: 1\nc: *x\n", "a: &x\n  b: 1\nc: *x\n"), ("- a: 1\n-   b: 2\n", "- a: 1\n- b: 2\n"),
        ("? a\n:   b: 1\n    c: 2\n", "? a\n: b: 1\n  c: 2\n"),
        ("%YAML 1.1\n---\na:\n   b: 1\n...\n", "%YAML 1.1\n---\na:\n  b: 1\n...\n"),
        // Empty lines and blanks.
        ("\n\na: 1   \n\n\n\nb: 2\t\n\n\n", "a: 1\n\nb: 2\n"), ("a: 1\r\nb: 2\r\n", "a: 1\nb: 2\n"),
        ("\u{FEFF}a: 1\n", "a: 1\n"),
        // Comments.
        ("# top  \n\n\n# next\na: 1   # one\n#   last\n", "# top\n\n# next\na: 1   # one\n#   last\n"),
        (
            "a:\n      # first\n    b: 1\n    # of b\n    c: 2\n  # of a\n# of d\nd: 3\n",
            "a:\n  # first\n  b: 1\n  # of b\n  c: 2\n# of a\n# of d\nd: 3\n"
        ),
        ("a:\n    b: 1\n    # end of a\nc: 2\n", "a:\n  b: 1\n  # end of a\nc: 2\n"),
        ("a:\n    # nothing: here\nb: 1\n", "a:\n  # nothing: here\nb: 1\n"),
        ("a:\n- x\n# of y\n- y\n", "a:\n  - x\n  # of y\n  - y\n"),
        ("a:\n    - b: 1\n      # of c\n      c: 2\n    # end\n", "a:\n  - b: 1\n    # of c\n    c: 2\n  # end\n"),
        ("a: '# none' # one\nb: c#d\n", "a: '# none' # one\nb: c#d\n"),
        // Block scalars.
        ("a: |\n      x\n        y  \n\n      z\n\n\nb: 1\n", "a: |\n  x\n    y  \n\n  z\n\nb: 1\n"),
        (
            "a:\n    b: >-   # why\n            x\n             y\n    # c\n    d: 1\n",
            "a:\n  b: >-   # why\n    x\n     y\n  # c\n  d: 1\n"
        ),
        ("a: |+\n    x\n\n\nb: 1\n", "a: |+\n  x\n\n\nb: 1\n"),
        ("a: |4\n      x\n     y\n", "a: |4\n      x\n     y\n"),
        ("a:\n    b: |2\n        x\n      y\n", "a:\n  b: |2\n      x\n    y\n"),
        ("a:\n- |2\n    x\n   y\n", "a:\n  - |2\n      x\n     y\n"),
        ("a: |\n    x", "a: |-\n  x\n"), ("a: >+ # c\n    x", "a: >- # c\n  x\n"),
        ("a: |\n    # no comment\n  # one\nb: 1\n", "a: |\n  # no comment\n# one\nb: 1\n"),
        // Scalars and flow collections of several lines.
        ("a: \"x\n\n        y \\\n   z\"\nb: 1\n", "a: \"x\n\n  y \\\n  z\"\nb: 1\n"),
        ("a: \"x\\ \n y\"\n", "a: \"x\\ \n  y\"\n"),
        ("a:\n    'x  \n    # y'   # z\n", "a:\n  'x\n  # y'   # z\n"),
        ("a: x\n     y\n\n     z\n", "a: x\n  y\n\n  z\n"),
        ("a:   {b: 1,   c: [x, y]}\n", "a:   {b: 1,   c: [x, y]}\n"),
        (
            "a: {\n  b: 1, # one\n      # two\n  c: [\n  x\n  ]\n}\n",
            "a: {\n  b: 1, # one\n  # two\n  c: [\n    x\n  ]\n  }\n"
        ),
        ("a:\n  [\n x,\n     y\n  ]\n", "a:\n  [\n    x,\n    y\n  ]\n"),
    ])
    func `A text gets its form, and keeps it`(text: String, expected: String) throws {
        let result = try formatted(text)
        #expect(result == expected)
        #expect(try formatted(result) == result)
    }

    @Test(arguments: [
        ("a:\n\tb: 1\n", "InvalidYAML"), ("a: 1\na: 2\n", "DuplicateKey"), ("a: [1\n", "InvalidYAML"),
        ("a: 1\n---\nb: 2\n", "SeveralDocuments"), ("# nothing\n", "EmptyText"), ("a: *b\n", "UnknownAlias"),
    ])
    func `A text with mistakes is refused`(text: String, code: String) {
        let error = #expect(throws: FlowError.self) { try FlowTextFormatter.format(text, file: "f") }
        #expect(error?.code.rawValue == code)
        #expect(error?.location != nil)
    }

    @Test func `JSON is left as it is`() throws {
        #expect(try FlowTextFormatter.format("{\n     \"a\": 1\n}", file: "f.json") == .json)
        #expect(try FlowTextFormatter.format("\u{FEFF}[1,   2]", file: "f.json") == .json)
    }

    @Test func `Every flow file keeps its values and comments whatever its indentation was`() throws {
        var texts = Repository.yamlFiles.map { (name: $0, text: Repository.text($0)) }
        texts += Repository.conformanceTexts
        #expect(texts.count > 20)
        var generator = Xorshift(state: 0x5EED)
        var changes = 0
        for (place, (name, text)) in texts.enumerated() {
            let source = FlowTextReader.read(text, file: name)
            guard let value = source.root?.json, !source.findings.contains(where: { $0.severity == .error }),
                case .formatted(let once) = try FlowTextFormatter.format(text, file: name)
            else { continue }
            #expect(try formatted(once) == once, "\(name) is not stable")
            // Long texts are many lines at once.
            let rounds = text.utf8.count > 20_000 ? 1 : texts.count > 100 ? 3 : 6
            for round in 0..<rounds {
                let unit = 1 + (round + place) % 6
                guard let (changed, comments) = Disorder.text(once, unit: unit, &generator) else { continue }
                let read = FlowTextReader.read(changed, file: name)
                guard read.root?.json == value else {
                    Issue.record("the disordered \(name) reads otherwise: \(read.findings.first?.message ?? "")")
                    continue
                }
                changes += 1
                let again = try formatted(changed)
                #expect(FlowTextReader.read(again, file: name).root?.json == value)
                #expect(try formatted(again) == again, "\(name) is not stable")
                for comment in comments { #expect(again.contains(comment), "\(name) lost \(comment)") }
                #expect(FlowTextFormatter.comments(of: again) == FlowTextFormatter.comments(of: changed))
            }
        }
        #expect(changes > texts.count)
    }

    @Test func `A damaged text is refused, or its form is stable`() throws {
        let pieces = [
            "\n", "  ", " ", "- ", "-", ": ", ":", "#", " # c", "|", ">", "|+\n", "|2\n", ">-", "\"", "'", "{", "}",
            "[", "]", ",",
            "? ", "&a ", "*a", "!!str ", "\\", "\t", "a", "b: 1\n", "é", "\r\n", "\u{85}", "\u{2028}", "---\n", "...",
            "%",
        ]
        var generator = Xorshift(state: 0xF00D)
        var formattedCount = 0
        for _ in 0..<Self.rounds {
            var text = ""
            for _ in 0..<Int.random(in: 1...24, using: &generator) {
                text += pieces.randomElement(using: &generator) ?? ""
            }
            guard case .formatted(let once)? = try? FlowTextFormatter.format(text, file: "f") else { continue }
            formattedCount += 1
            do {
                #expect(try formatted(once) == once, "\(text.debugDescription)")
            } catch {
                Issue.record("\(text.debugDescription) → \(once.debugDescription): \(error)")
            }
        }
        #expect(formattedCount > Self.rounds / 50)
    }

    private static let rounds = getenv("FLOWRUN_FUZZ").flatMap { Int(String(cString: $0)) } ?? 3_000

    @Test func `The repository's own flow files are in form`() throws {
        for file in Repository.yamlFiles where !file.contains("/Tests/") {
            let text = Repository.text(file)
            #expect(try formatted(text) == text, "\(file): flowrun fmt \(file)")
        }
    }
}

/// Numbers that look random and are the same each time.
private struct Xorshift: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

/// Gives a formatted text another indentation.
private enum Disorder {
    /// The text with levels `unit` columns deep, more empty lines, blanks at line ends, and comments put in; nil for a
    /// text that cannot be changed so line by line.
    static func text(_ text: String, unit: Int, _ generator: inout Xorshift) -> (text: String, comments: [String])? {
        var result = ""
        var comments: [String] = []
        var isInBlockScalar = false
        var blockIndent = 0
        var shift = 0
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            let indent = line.prefix { $0 == " " }.count
            let content = line.dropFirst(indent)
            if isInBlockScalar, content.isEmpty || indent > blockIndent {
                // Lines of a block scalar move together.
                result += content.isEmpty ? "" : String(repeating: " ", count: indent + shift) + content
                result += "\n"
                continue
            }
            isInBlockScalar = false
            guard indent % 2 == 0 else { return nil }
            // A dash and its blank are one level.
            var rest = content
            var start = String(repeating: " ", count: indent / 2 * (unit + 1))
            while rest.hasPrefix("- ") {
                start += "-" + String(repeating: " ", count: unit)
                rest = rest.dropFirst(2)
            }
            if rest.isEmpty { result += "\n"; continue }
            if Int.random(in: 0..<6, using: &generator) == 0, !rest.hasPrefix("#") {
                comments.append("# note \(comments.count) of \(generator.next())")
                let column =
                    Int.random(in: 0..<2, using: &generator) == 0
                    ? start.prefix { $0 == " " }.count : Int.random(in: 0...12, using: &generator)
                result += String(repeating: "\n", count: Int.random(in: 0...2, using: &generator))
                result += String(repeating: " ", count: column) + (comments.last ?? "") + "\n"
            }
            result += start + rest
            if rest.contains(": |") || rest.contains(": >") || rest.hasPrefix("|") || rest.hasPrefix(">") {
                isInBlockScalar = true
                blockIndent = indent
                shift = start.count - indent - (content.count - rest.count)
            } else {
                result += String(repeating: " ", count: Int.random(in: 0...2, using: &generator))
            }
            result += "\n"
        }
        return (result, comments)
    }
}

/// Files of the repository, and texts of a conformance folder where FLOWRUN_CONFORMANCE names one.
private enum Repository {
    static let root: String = {
        var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        parts.removeLast(3)
        return parts.joined(separator: "/")
    }()

    static let yamlFiles: [String] = ["flows", "Examples", "Tests/FlowDefinitionsTests/Cases"].flatMap {
        find(in: "\(root)/\($0)")
    }

    static func text(_ path: String) -> String { String(decoding: bytes(path), as: UTF8.self) }

    /// The texts of the check cases.
    static let conformanceTexts: [(name: String, text: String)] = {
        guard let folder = getenv("FLOWRUN_CONFORMANCE").map({ String(cString: $0) }) else { return [] }
        return bytes("\(folder)/checks.jsonl").split(separator: 0x0A).compactMap { line in
            guard let value = try? JSON(parsing: Array(line)), let text = value["text"]?.stringValue else { return nil }
            return (value["id"]?.stringValue ?? "", text)
        }
    }()

    private static func find(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted().flatMap { name -> [String] in
            let path = "\(folder)/\(name)"
            return name.hasSuffix(".yaml") ? [path] : find(in: path)
        }
    }

    private static func bytes(_ path: String) -> [UInt8] {
        guard let file = fopen(path, "r") else { return [] }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }
}
