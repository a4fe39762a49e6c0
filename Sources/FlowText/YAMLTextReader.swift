import CLibYAML
import FlowCore

/// Reads YAML by libyaml's events into a tree with places.
///
/// An alias gives the value of its anchor: the node stands where the alias is, what is inside stands where it was written.
final class YAMLTextReader {
    private struct Failure: Error {
        let finding: TextFinding
    }

    /// A value behind an anchor with what it costs to expand it.
    private struct Anchor {
        let node: SourceNode
        let aliases: Int
        let nodes: Int
        let bytes: Int
        let height: Int
    }

    /// A node just read, with what it costs to copy it.
    private struct Reading {
        var node: SourceNode
        var aliases = 0
        var nodes = 1
        var bytes = 0
        var height = 0
        var isAlias = false
    }

    private let bytes: [UInt8]
    private let file: String
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private var event = yaml_event_t()
    private var hasEvent = false
    private var anchors: [String: Anchor] = [:]
    private var openAnchors: Set<String> = []
    private var findings: [TextFinding] = []
    private var aliases = 0
    private var aliasedNodes = 0
    private var aliasedBytes = 0
    private var findingCounts: [TextFinding.Severity: Int] = [:]
    private var depth = 0

    static func read(_ bytes: [UInt8], file: String) -> SourceText {
        let reader = YAMLTextReader(bytes, file: file)
        var root: SourceNode?
        do throws(Failure) {
            root = try bytes.withUnsafeBufferPointer { buffer in
                Result { () throws(Failure) in try reader.readStream(buffer) }
            }.get()
        } catch {
            reader.findings.append(error.finding)
        }
        return SourceText(root: root, findings: reader.findings.sorted { $0.location < $1.location })
    }

    private init(_ bytes: [UInt8], file: String) {
        self.bytes = bytes
        self.file = file
        // libyaml keeps pointers to the parser inside the parser, so it must not move.
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        yaml_parser_initialize(parser)
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    }

    deinit {
        if hasEvent { yaml_event_delete(&event) }
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    // MARK: Events

    private func readStream(_ buffer: UnsafeBufferPointer<UInt8>) throws(Failure) -> SourceNode? {
        yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
        try advance()
        var root: SourceNode?
        while true {
            try advance()
            switch event.type {
            case YAML_STREAM_END_EVENT:
                if root == nil, !findings.contains(where: { $0.severity == .error }) {
                    findings.append(
                        TextFinding(
                            .error, .emptyText, "The file holds nothing.",
                            at: SourceLocation(file: file, line: 1, column: 1)))
                }
                return root
            case YAML_DOCUMENT_START_EVENT:
                if root != nil {
                    findings.append(
                        TextFinding(
                            .error, .severalDocuments, "A second YAML document begins here; a file holds one.",
                            at: start, hint: "put it into a file of its own"))
                    return root
                }
                try advance()
                root = try readNode().node
            default: break
            }
        }
    }

    private func advance() throws(Failure) {
        if hasEvent { yaml_event_delete(&event) }
        hasEvent = false
        guard yaml_parser_parse(parser, &event) == 1 else { throw Failure(finding: problem()) }
        hasEvent = true
    }

    private var start: SourceLocation { location(event.start_mark) }
    private var end: SourceLocation { location(event.end_mark) }

    private func location(_ mark: yaml_mark_t) -> SourceLocation {
        SourceLocation(file: file, line: mark.line + 1, column: mark.column + 1)
    }

    // MARK: Nodes

    private func readNode() throws(Failure) -> Reading {
        switch event.type {
        case YAML_SCALAR_EVENT: return try readScalar()
        case YAML_SEQUENCE_START_EVENT: return try readSequence()
        case YAML_MAPPING_START_EVENT: return try readMapping()
        case YAML_ALIAS_EVENT: return try expandAlias()
        default: throw failure(.invalidYAML, "A value is expected here.", at: start)
        }
    }

    private func readScalar() throws(Failure) -> Reading {
        let scalar = event.data.scalar
        let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
        let style = style(of: scalar.style)
        let tag = try knownTag(scalar.tag)
        let isPlain = style == .plain && tag != "str"
        let value: JSON = isPlain || (tag != nil && tag != "str") ? PlainScalar.value(text) : .string(text)
        if isPlain, tag == nil, let surprise = PlainScalar.surprise(asValue: text) {
            report(
                TextFinding(
                    .warning, text.isEmpty ? .emptyValue : .unquotedText, surprise, at: start,
                    hint: text.isEmpty ? "write null, '' or {} as meant" : "put it in quotes: '\(text)'"))
        }
        let reading = Reading(
            node: SourceNode(.scalar(value), at: start, end: end, style: style), bytes: text.utf8.count)
        remember(reading, as: name(scalar.anchor))
        return reading
    }

    private func style(of style: yaml_scalar_style_t) -> SourceNode.Style {
        switch style {
        case YAML_SINGLE_QUOTED_SCALAR_STYLE, YAML_DOUBLE_QUOTED_SCALAR_STYLE: .quoted
        case YAML_LITERAL_SCALAR_STYLE, YAML_FOLDED_SCALAR_STYLE: .block
        default: .plain
        }
    }

    private func readSequence() throws(Failure) -> Reading {
        let begin = start
        let isFlow = event.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE
        let anchor = name(event.data.sequence_start.anchor)
        _ = try knownTag(event.data.sequence_start.tag)
        try enter(anchor)
        var elements: [SourceNode] = []
        var reading = Reading(node: SourceNode(.sequence([]), at: begin))
        try advance()
        while event.type != YAML_SEQUENCE_END_EVENT {
            let element = try readNode()
            elements.append(element.node)
            add(element, to: &reading)
            try advance()
        }
        let end = isFlow ? end : elements.last?.end ?? begin
        reading.node = SourceNode(.sequence(elements), at: begin, end: end)
        leave(anchor, with: reading)
        return reading
    }

    private func readMapping() throws(Failure) -> Reading {
        let begin = start
        let isFlow = event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
        let anchor = name(event.data.mapping_start.anchor)
        _ = try knownTag(event.data.mapping_start.tag)
        try enter(anchor)
        var members: [SourceNode.Member] = []
        var seen: Set<String> = []
        var merges: [(place: Int, members: [SourceNode.Member])] = []
        var reading = Reading(node: SourceNode(.mapping([]), at: begin))
        try advance()
        while event.type != YAML_MAPPING_END_EVENT {
            let keyLocation = start
            let (key, keyStyle) = try readKey()
            try advance()
            let value = try readNode()
            add(value, to: &reading)
            reading.bytes += key.utf8.count
            if key == "<<", keyStyle == .plain, value.isAlias {
                guard value.node.isMapping else {
                    throw failure(.invalidYAML, "'<<' merges a mapping, and the alias is none.", at: keyLocation)
                }
                merges.append((members.count, value.node.members))
            } else {
                if !seen.insert(key).inserted {
                    report(
                        TextFinding(
                            .error, .duplicateKey, "The key '\(key)' stands twice in one mapping.", at: keyLocation,
                            hint: "rename or remove one of them"))
                }
                members.append(.init(key: key, keyLocation: keyLocation, keyStyle: keyStyle, value: value.node))
            }
            try advance()
        }
        let end = isFlow ? end : members.last?.value.end ?? begin
        if !merges.isEmpty { members = merging(merges, into: members, &seen) }
        reading.node = SourceNode(.mapping(members), at: begin, end: end)
        leave(anchor, with: reading)
        return reading
    }

    /// The members with those of `<<` in their places; of a key that several merges have, the last one's.
    private func merging(
        _ merges: [(place: Int, members: [SourceNode.Member])], into members: [SourceNode.Member],
        _ seen: inout Set<String>
    ) -> [SourceNode.Member] {
        var wanted: [[SourceNode.Member]] = []
        for merge in merges.reversed() { wanted.append(merge.members.filter { seen.insert($0.key).inserted }) }
        var result: [SourceNode.Member] = []
        var place = 0
        for (merge, added) in zip(merges, wanted.reversed()) {
            result += members[place..<merge.place] + added
            place = merge.place
        }
        return result + members[place...]
    }

    private func report(_ finding: TextFinding) { TextFinding.add(finding, to: &findings, &findingCounts) }

    private func readKey() throws(Failure) -> (String, SourceNode.Style) {
        switch event.type {
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            let style = style(of: scalar.style)
            _ = try knownTag(scalar.tag)
            if style == .plain, scalar.tag == nil, let surprise = PlainScalar.surprise(asKey: text) {
                report(
                    TextFinding(.warning, .unquotedText, surprise, at: start, hint: "put the key in quotes: '\(text)'")
                )
            }
            remember(
                Reading(node: SourceNode(.scalar(.string(text)), at: start, end: end), bytes: text.utf8.count),
                as: name(scalar.anchor))
            return (text, style)
        case YAML_ALIAS_EVENT:
            let place = start
            guard let text = try expandAlias().node.string else {
                throw failure(.invalidYAML, "A key must be a text.", at: place)
            }
            return (text, .quoted)
        default:
            throw failure(
                .invalidYAML, "A key must be a text; this one is a list or a mapping.", at: start,
                hint: "quote a text that begins with '[' or '{'")
        }
    }

    // MARK: Anchors and limits

    private func enter(_ anchor: String?) throws(Failure) {
        depth += 1
        try checkDepth(depth)
        if let anchor { openAnchors.insert(anchor) }
    }

    private func leave(_ anchor: String?, with reading: Reading) {
        depth -= 1
        if let anchor { openAnchors.remove(anchor) }
        remember(reading, as: anchor)
    }

    private func checkDepth(_ depth: Int) throws(Failure) {
        guard depth <= FlowTextReader.nestingLimit else {
            throw failure(
                .nestingTooDeep, "Values are nested deeper than \(FlowTextReader.nestingLimit) levels.", at: start)
        }
    }

    private func add(_ child: Reading, to parent: inout Reading) {
        parent.aliases += child.aliases
        parent.nodes += child.nodes
        parent.bytes += child.bytes
        parent.height = max(parent.height, child.height + 1)
    }

    private func remember(_ reading: Reading, as anchor: String?) {
        guard let anchor else { return }
        anchors[anchor] = Anchor(
            node: reading.node, aliases: reading.aliases, nodes: reading.nodes, bytes: reading.bytes,
            height: reading.height)
    }

    private func expandAlias() throws(Failure) -> Reading {
        let alias = name(event.data.alias.anchor) ?? ""
        guard let anchor = anchors[alias], !openAnchors.contains(alias) else {
            let message =
                openAnchors.contains(alias)
                ? "The alias *\(alias)* stands inside the value of its own anchor."
                : "The alias *\(alias) has no anchor &\(alias) before it."
            throw failure(
                .unknownAlias, message, at: start,
                hint: Suggestion.nearest(to: alias, among: anchors.keys.sorted().prefix(1_000)).map {
                    "did you mean *\($0)?"
                }
                    ?? "quote a text that begins with '*'")
        }
        aliases += anchor.aliases + 1
        aliasedNodes += anchor.nodes
        aliasedBytes += anchor.bytes
        guard aliases <= FlowTextReader.aliasLimit, aliasedNodes <= FlowTextReader.aliasedNodeLimit,
            aliasedBytes <= FlowTextReader.aliasedByteLimit
        else {
            throw failure(
                .tooManyAliases, "The aliases up to here expand to more than flowrun reads.", at: start,
                hint: "at most \(FlowTextReader.aliasLimit) aliases are expanded; write less with aliases of aliases")
        }
        try checkDepth(depth + anchor.height)
        let node = SourceNode(anchor.node.value, at: start, end: end, style: anchor.node.style)
        return Reading(
            node: node, aliases: anchor.aliases + 1, nodes: anchor.nodes, bytes: anchor.bytes, height: anchor.height,
            isAlias: true)
    }

    private func name(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        text.map { String(cString: $0) }
    }

    private func knownTag(_ tag: UnsafeMutablePointer<yaml_char_t>?) throws(Failure) -> String? {
        guard let tag = name(tag) else { return nil }
        if tag == "!" { return "str" }
        let prefix = "tag:yaml.org,2002:"
        if tag.hasPrefix(prefix) {
            let kind = String(tag.dropFirst(prefix.count))
            if ["str", "int", "float", "bool", "null", "map", "seq"].contains(kind) { return kind }
        }
        throw failure(
            .invalidYAML, "The tag '\(tag)' is not known here.", at: start,
            hint: "remove the tag; quote a text instead")
    }

    // MARK: Problems

    private func failure(
        _ code: FlowError.Code, _ message: String, at location: SourceLocation, hint: String? = nil
    ) -> Failure {
        Failure(finding: TextFinding(.error, code, message, at: location, hint: hint))
    }

    /// Puts what stopped libyaml into our words.
    private func problem() -> TextFinding {
        let said = parser.pointee.problem.map { String(cString: $0) } ?? "the text cannot be read"
        if parser.pointee.error == YAML_READER_ERROR {
            var cursor = TextCursor(file: file)
            let place = cursor.location(of: Int(parser.pointee.problem_offset), in: bytes)
            return TextFinding(
                .error, .invalidYAML, "A character stands here that YAML does not allow.", at: place,
                hint: "write it as an escape in double quotes, as in \"\\x07\"")
        }
        let place = location(parser.pointee.problem_mark)
        let (message, hint) = explanation(of: said, at: place)
        return TextFinding(.error, .invalidYAML, message, at: place, hint: hint)
    }

    private func explanation(of said: String, at place: SourceLocation) -> (String, String?) {
        let opened = parser.pointee.context == nil ? nil : location(parser.pointee.context_mark).line
        switch said {
        case "found character that cannot start any token":
            switch character(at: place) {
            case "\t": return ("A tab stands where YAML allows blanks only.", "indent with blanks")
            case let first:
                return ("A text that begins with '\(first)' needs quotes.", "put the whole text in single quotes")
            }
        case "mapping values are not allowed in this context":
            return (
                "A ':' makes a key here, and none can stand here.",
                "check the indentation, or quote a text that holds ': '"
            )
        case "did not find expected key", "could not find expected ':'", "did not find expected <document start>":
            return (
                "A key is expected here.", "check the indentation of this line and the quotes of the one before"
            )
        case "did not find expected ',' or '}'", "did not find expected ',' or ']'":
            let bracket = said.hasSuffix("'}'") ? "}" : "]"
            return (
                "A ',' or '\(bracket)' is expected here; the bracket was opened in line \(opened ?? place.line).",
                "close the bracket, or quote the text that holds it"
            )
        case "found unexpected end of stream":
            return ("The quoted text of line \(opened ?? place.line) has no end.", "close the quote")
        case "did not find expected '-' indicator":
            return ("A '-' is expected here.", "indent the elements of a list alike")
        default: return ("The text is no YAML here: \(said).", nil)
        }
    }

    private func character(at place: SourceLocation) -> Character {
        let lines = bytes.split(separator: 0x0A, maxSplits: place.line, omittingEmptySubsequences: false)
        guard lines.indices.contains(place.line - 1) else { return " " }
        let line = String(decoding: lines[place.line - 1], as: UTF8.self).unicodeScalars
        return line.dropFirst(place.column - 1).first.map(Character.init) ?? " "
    }
}
