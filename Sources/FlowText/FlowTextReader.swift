import FlowCore

/// Reads YAML or JSON text into a tree whose nodes remember their places.
///
/// YAML is read by the JSON schema of YAML 1.2: `true`, `false`, `null` and JSON's numbers are what they look like, an
/// empty value is null, everything else is text. A text that begins with `{` or `[` is read as JSON, as leniently as
/// Json.NET does, and as YAML only where that fails.
public enum FlowTextReader {
    /// The largest text that is read, in bytes.
    public static let sizeLimit = 8 * 1024 * 1024
    /// The deepest nesting that is read.
    public static let nestingLimit = 100
    /// How many aliases are expanded, those inside expanded values counted each time.
    public static let aliasLimit = 10_000
    /// How many nodes expanded aliases may come to.
    public static let aliasedNodeLimit = 1_000_000
    /// How many bytes of text expanded aliases may come to.
    public static let aliasedByteLimit = 64 * 1024 * 1024
    /// How many warnings, and how many errors, are told of one text.
    public static let findingLimit = 1_000

    /// Reads a text.
    /// - Parameters:
    ///   - text: the text.
    ///   - file: the name under which places are given.
    /// - Returns: the tree and what was found.
    public static func read(_ text: String, file: String) -> SourceText {
        read(Array(text.utf8), file: file)
    }

    /// Reads bytes, which must be UTF-8 with or without a byte order mark.
    /// - Parameters:
    ///   - bytes: the text.
    ///   - file: the name under which places are given.
    /// - Returns: the tree and what was found.
    public static func read(_ bytes: [UInt8], file: String) -> SourceText {
        let start = SourceLocation(file: file, line: 1, column: 1)
        guard bytes.count <= sizeLimit else {
            return failed(
                .textTooLarge, "The file has \(bytes.count) bytes; at most \(sizeLimit) are read.", at: start,
                hint: "move large texts out of the flow, or split it into child flows")
        }
        if let offset = firstInvalidByte(bytes) {
            var cursor = TextCursor(file: file)
            return failed(
                .invalidEncoding, "The file is not UTF-8: byte \(offset) is part of no character.",
                at: cursor.location(of: offset, in: bytes[...offset]), hint: "save the file in the encoding UTF-8")
        }
        let hasMark = bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF
        let content = hasMark ? bytes[3...] : bytes[...]
        guard startsLikeJSON(content) else { return YAMLTextReader.read(Array(content), file: file) }
        let json = JSONTextReader.read(Array(content), file: file)
        if json.root != nil { return json }
        let yaml = YAMLTextReader.read(Array(content), file: file)
        return yaml.root == nil ? json : yaml
    }

    private static func failed(
        _ code: FlowError.Code, _ message: String, at location: SourceLocation, hint: String
    ) -> SourceText {
        SourceText(root: nil, findings: [TextFinding(.error, code, message, at: location, hint: hint)])
    }

    /// Whether the text without its byte order mark is read as JSON.
    static func isJSON(_ bytes: [UInt8], file: String) -> Bool {
        startsLikeJSON(bytes[...]) && JSONTextReader.read(bytes, file: file).root != nil
    }

    private static func startsLikeJSON(_ bytes: ArraySlice<UInt8>) -> Bool {
        let blanks: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
        guard let first = bytes.first(where: { !blanks.contains($0) }) else { return false }
        if first == UInt8(ascii: "/") { return true }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    }

    private static func firstInvalidByte(_ bytes: [UInt8]) -> Int? {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var offset = 0
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar): offset += UTF8.width(scalar)
            case .emptyInput: return nil
            case .error: return offset
            }
        }
    }
}

/// Turns byte offsets into lines and columns; offsets must be asked for in rising order to be quick.
struct TextCursor {
    private let file: String
    private var offset = 0
    private var line = 1
    private var column = 1

    init(file: String) { self.file = file }

    mutating func location(of wanted: Int, in bytes: some RandomAccessCollection<UInt8>) -> SourceLocation {
        if wanted < offset {
            offset = 0
            line = 1
            column = 1
        }
        while offset < wanted, offset < bytes.count {
            let byte = bytes[bytes.index(bytes.startIndex, offsetBy: offset)]
            if byte == 0x0A {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
            offset += 1
        }
        return SourceLocation(file: file, line: line, column: column)
    }
}
