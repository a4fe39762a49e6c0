import CLibYAML

/// One token of a YAML text with its marks; lines and columns count from 0, columns in Unicode scalars.
struct YAMLToken {
    /// What a token is, as far as the layout of lines depends on it.
    enum Kind {
        case streamStart, streamEnd
        /// `%YAML`, `%TAG`, `---` or `...`.
        case document
        /// A block mapping begins; the token has no width.
        case blockMapping
        /// A block sequence begins; the token has no width.
        case blockSequence
        /// The innermost block collection ends; the token has no width.
        case blockEnd
        /// `{` or `[`.
        case flowStart
        /// `}` or `]`.
        case flowEnd
        /// The `-` of a block sequence.
        case blockEntry
        /// A key begins: without width, or as wide as its `?`.
        case key
        /// `:`.
        case value
        /// A scalar of one of the styles.
        case plain, singleQuoted, doubleQuoted, block
        /// An anchor, an alias, a tag, or the comma between elements.
        case other
    }

    /// A place in the text.
    struct Mark {
        let line: Int
        let column: Int
    }

    let kind: Kind
    let start: Mark
    let end: Mark

    /// Whether any character of the text belongs to it.
    var hasWidth: Bool { start.line != end.line || start.column != end.column }

    /// The tokens of a text, which must be valid UTF-8; nil where libyaml finds a mistake.
    static func scan(_ bytes: [UInt8]) -> [YAMLToken]? {
        // libyaml keeps pointers to the parser inside the parser, so it must not move.
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        yaml_parser_initialize(parser)
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        defer {
            yaml_parser_delete(parser)
            parser.deallocate()
        }
        return bytes.withUnsafeBufferPointer { buffer in
            yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
            var tokens: [YAMLToken] = []
            while true {
                var token = yaml_token_t()
                guard yaml_parser_scan(parser, &token) == 1 else { return nil }
                defer { yaml_token_delete(&token) }
                guard token.type != YAML_NO_TOKEN else { return nil }
                tokens.append(YAMLToken(token))
                if token.type == YAML_STREAM_END_TOKEN { return tokens }
            }
        }
    }

    private init(_ token: yaml_token_t) {
        start = Mark(line: token.start_mark.line, column: token.start_mark.column)
        end = Mark(line: token.end_mark.line, column: token.end_mark.column)
        kind =
            switch token.type {
            case YAML_STREAM_START_TOKEN: .streamStart
            case YAML_STREAM_END_TOKEN: .streamEnd
            case YAML_VERSION_DIRECTIVE_TOKEN, YAML_TAG_DIRECTIVE_TOKEN, YAML_DOCUMENT_START_TOKEN,
                YAML_DOCUMENT_END_TOKEN:
                .document
            case YAML_BLOCK_MAPPING_START_TOKEN: .blockMapping
            case YAML_BLOCK_SEQUENCE_START_TOKEN: .blockSequence
            case YAML_BLOCK_END_TOKEN: .blockEnd
            case YAML_FLOW_MAPPING_START_TOKEN, YAML_FLOW_SEQUENCE_START_TOKEN: .flowStart
            case YAML_FLOW_MAPPING_END_TOKEN, YAML_FLOW_SEQUENCE_END_TOKEN: .flowEnd
            case YAML_BLOCK_ENTRY_TOKEN: .blockEntry
            case YAML_KEY_TOKEN: .key
            case YAML_VALUE_TOKEN: .value
            case YAML_SCALAR_TOKEN: Self.kind(of: token.data.scalar.style)
            default: .other
            }
    }

    private static func kind(of style: yaml_scalar_style_t) -> Kind {
        switch style {
        case YAML_SINGLE_QUOTED_SCALAR_STYLE: .singleQuoted
        case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .doubleQuoted
        case YAML_LITERAL_SCALAR_STYLE, YAML_FOLDED_SCALAR_STYLE: .block
        default: .plain
        }
    }
}
