import CLibXML2

/// An XML document, read by libxml2: no network, no outside files, no entities of its own.
///
/// A value of this class owns the library's tree and stays on one thread.
final class XMLDocument {
    /// What is wrong with a text.
    struct Failure: Error {
        /// The sentence.
        let message: String
    }

    private static let isReady: Bool = {
        xmlInitParser()
        return true
    }()

    private let document: xmlDocPtr
    private let declaration: [XMLNode.Attribute]?

    /// Reads a document.
    init(_ text: String) throws(Failure) {
        _ = Self.isReady
        var text = text
        if text.hasPrefix("\u{FEFF}") { text.removeFirst() }
        declaration = Self.declaration(of: text)
        if let version = declaration?.first(where: { $0.name == "version" })?.value, version != "1.0" {
            throw Failure(message: "Version number '\(version)' is invalid. Line 1, position 16.")
        }
        guard text.utf8.contains(UInt8(ascii: "<")) else {
            throw Failure(
                message: text.utf8.allSatisfy { $0 == 0x20 || (0x09...0x0D).contains($0) }
                    ? "Root element is missing." : "Data at the root level is invalid. Line 1, position 1.")
        }
        document = try Self.parse(text)
        Self.removeBlanks(in: xmlDocGetRootElement(document), keepsBlanks: false)
    }

    deinit { xmlFreeDoc(document) }

    /// The nodes of the document from the declaration on.
    var nodes: [XMLNode] {
        var nodes: [XMLNode] = declaration.map { [.declaration($0)] } ?? []
        var child = document.pointee.children
        while let node = child {
            if let converted = Self.convert(node, isRoot: false) { nodes.append(converted) }
            child = node.pointee.next
        }
        return nodes
    }

    // MARK: Reading

    private static func parse(_ text: String) throws(Failure) -> xmlDocPtr {
        guard text.utf8.count < Int32.max, let context = xmlNewParserCtxt() else {
            throw Failure(message: "The document is too large.")
        }
        defer { xmlFreeParserCtxt(context) }
        // The tree does not tell `<e/>` from `<e></e>`; the parser's input does while an element begins.
        context.pointee.sax.pointee.startElementNs = {
            context, name, prefix, uri, spaces, space, count, defaults, values in
            xmlSAX2StartElementNs(context, name, prefix, uri, spaces, space, count, defaults, values)
            guard let context else { return }
            let parser = context.assumingMemoryBound(to: xmlParserCtxt.self)
            guard let node = parser.pointee.node, let input = parser.pointee.input, let next = input.pointee.cur else {
                return
            }
            if next[0] == UInt8(ascii: "/") { node.pointee.extra = 1 }
        }
        // An entity may stand for text without end, or for a file. The first declaration of one ends the reading.
        context.pointee.sax.pointee.entityDecl = { context, _, _, _, _, _ in
            guard let context else { return }
            let parser = context.assumingMemoryBound(to: xmlParserCtxt.self)
            parser.pointee._private = context
            xmlStopParser(parser)
        }
        let options = Int32(
            XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue)
        var copy = text
        let parsed = copy.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                xmlCtxtReadMemory(context, characters.baseAddress, Int32(characters.count), nil, "UTF-8", options)
            }
        }
        guard context.pointee._private == nil else {
            xmlFreeDoc(parsed)
            throw Failure(message: "For security reasons entities are not allowed in this XML document.")
        }
        guard let document = parsed else { throw failure(context, text) }
        guard context.pointee.wellFormed != 0, context.pointee.nsWellFormed != 0 else {
            let failure = failure(context, text)
            xmlFreeDoc(document)
            throw failure
        }
        return document
    }

    private static func failure(_ context: xmlParserCtxtPtr, _ text: String) -> Failure {
        guard let error = xmlCtxtGetLastError(context) else { return Failure(message: "Root element is missing.") }
        let line = Int(error.pointee.line)
        let column = max(1, Int(error.pointee.int2))
        switch UInt32(error.pointee.code) {
        case XML_ERR_DOCUMENT_EMPTY.rawValue, XML_ERR_GT_REQUIRED.rawValue, XML_ERR_NAME_REQUIRED.rawValue:
            let hasRoot = text.utf8.first { $0 > 0x20 } == UInt8(ascii: "<") && text.utf8.count > 1
            return Failure(
                message: hasRoot && !text.hasPrefix("< ")
                    && error.pointee.code == Int32(XML_ERR_DOCUMENT_EMPTY.rawValue)
                    ? "Root element is missing."
                    : "Data at the root level is invalid. Line \(line), position \(column).")
        default:
            var message = error.pointee.message.map { String(cString: $0) } ?? "the document is not well-formed"
            while message.hasSuffix("\n") { message.removeLast() }
            return Failure(message: "\(message). Line \(line), position \(column).")
        }
    }

    /// The attributes of `<?xml …?>`, or nil where the text does not begin with it.
    private static func declaration(of text: String) -> [XMLNode.Attribute]? {
        guard text.hasPrefix("<?xml "), let end = text.firstRange(of: "?>") else { return nil }
        var rest = text[text.index(text.startIndex, offsetBy: 6)..<end.lowerBound]
        var attributes: [XMLNode.Attribute] = []
        while let equal = rest.firstIndex(of: "=") {
            let name = rest[..<equal].filter { !$0.isWhitespace }
            let value = rest[rest.index(after: equal)...].drop { $0.isWhitespace }
            guard let quote = value.first, let close = value.dropFirst().firstIndex(of: quote) else { break }
            attributes.append(
                XMLNode.Attribute(
                    name: String(name), value: String(value[value.index(after: value.startIndex)..<close])))
            rest = value[value.index(after: close)...]
        }
        return attributes
    }

    /// White space between elements is no content, save where `xml:space` keeps it.
    private static func removeBlanks(in element: xmlNodePtr?, keepsBlanks: Bool) {
        guard let element, element.pointee.type == XML_ELEMENT_NODE else { return }
        var keepsBlanks = keepsBlanks
        switch xmlNodeGetSpacePreserve(element) {
        case 1: keepsBlanks = true
        case 0: keepsBlanks = false
        default: break
        }
        var child = element.pointee.children
        while let node = child {
            child = node.pointee.next
            if node.pointee.type == XML_TEXT_NODE {
                if !keepsBlanks, xmlIsBlankNode(node) != 0 {
                    xmlUnlinkNode(node)
                    xmlFreeNode(node)
                }
            } else {
                removeBlanks(in: node, keepsBlanks: keepsBlanks)
            }
        }
    }

    // MARK: Nodes

    /// The node of the library's; on a root, name spaces declared further up are written too.
    private static func convert(_ node: xmlNodePtr, isRoot: Bool) -> XMLNode? {
        switch node.pointee.type {
        case XML_ELEMENT_NODE:
            var attributes = isRoot ? scopedNamespaces(node) : namespaces(node.pointee.nsDef)
            var attribute = node.pointee.properties
            while let current = attribute {
                attributes.append(
                    XMLNode.Attribute(
                        name: qualifiedName(current.pointee.name, current.pointee.ns), value: value(of: current)))
                attribute = current.pointee.next
            }
            var children: [XMLNode] = []
            var child = node.pointee.children
            while let current = child {
                if let converted = convert(current, isRoot: false) { children.append(converted) }
                child = current.pointee.next
            }
            return .element(
                name: qualifiedName(node.pointee.name, node.pointee.ns), attributes: attributes, children: children,
                isEmpty: node.pointee.extra == 1)
        case XML_TEXT_NODE: return .text(string(node.pointee.content))
        case XML_CDATA_SECTION_NODE: return .cdata(string(node.pointee.content))
        case XML_COMMENT_NODE: return .comment(string(node.pointee.content))
        case XML_PI_NODE:
            return .instruction(target: string(node.pointee.name), content: string(node.pointee.content))
        case XML_DTD_NODE:
            return node.withMemoryRebound(to: xmlDtd.self, capacity: 1) { subset in
                .documentType(
                    name: string(subset.pointee.name), publicID: subset.pointee.ExternalID.map { string($0) },
                    systemID: subset.pointee.SystemID.map { string($0) })
            }
        default: return nil
        }
    }

    private static func value(of attribute: xmlAttrPtr) -> String {
        guard let content = xmlNodeListGetString(attribute.pointee.doc, attribute.pointee.children, 1) else {
            return ""
        }
        defer { flowrun_xml_free(content) }
        return String(cString: content)
    }

    private static func namespaces(_ first: xmlNsPtr?) -> [XMLNode.Attribute] {
        var attributes: [XMLNode.Attribute] = []
        var space = first
        while let current = space {
            let name = current.pointee.prefix.map { "xmlns:" + string($0) } ?? "xmlns"
            attributes.append(XMLNode.Attribute(name: name, value: string(current.pointee.href)))
            space = current.pointee.next
        }
        return attributes
    }

    /// The name spaces in force at an element, each prefix once.
    private static func scopedNamespaces(_ element: xmlNodePtr) -> [XMLNode.Attribute] {
        var attributes: [XMLNode.Attribute] = []
        var names: Set<String> = []
        var node: xmlNodePtr? = element
        while let current = node, current.pointee.type == XML_ELEMENT_NODE {
            for space in namespaces(current.pointee.nsDef) where names.insert(space.name).inserted {
                attributes.append(space)
            }
            node = current.pointee.parent
        }
        return attributes.filter { !($0.name == "xmlns" && $0.value.isEmpty) }
    }

    private static func qualifiedName(_ name: UnsafePointer<xmlChar>?, _ space: xmlNsPtr?) -> String {
        guard let prefix = space?.pointee.prefix else { return string(name) }
        return string(prefix) + ":" + string(name)
    }

    private static func string(_ characters: UnsafePointer<xmlChar>?) -> String {
        characters.map { String(cString: $0) } ?? ""
    }

    // MARK: XPath

    /// How much work an XPath expression may make, in the library's count of operations: some seconds at most.
    private static let operationLimit: UInt = 50_000_000

    /// A node that an XPath expression selects.
    enum Selected {
        /// The text of a text node or attribute.
        case text(String)
        /// The XML of any other node.
        case xml(String)
    }

    /// What an XPath expression gives.
    enum Selection {
        /// Nodes in document order.
        case nodes([Selected])
        /// A number.
        case number(Double)
        /// A text.
        case string(String)
        /// True or false.
        case boolean(Bool)
        /// The nodes have more text than is allowed.
        case tooLong
        /// It takes too much work.
        case tooMuchWork
    }

    /// Evaluates an XPath 1.0 expression; nil where it is not valid.
    ///
    /// - Parameters:
    ///   - path: the expression.
    ///   - limit: how many bytes the texts of the nodes may have together.
    /// - Returns: what it selects or computes.
    func select(_ path: String, upTo limit: Int) -> Selection? {
        guard let context = xmlXPathNewContext(document) else { return nil }
        defer { xmlXPathFreeContext(context) }
        // Without a handler the library writes to the standard error stream.
        context.pointee.error = { _, _ in }
        context.pointee.opLimit = Self.operationLimit
        guard let result = xmlXPathEvalExpression(path, context) else {
            return context.pointee.opCount >= Self.operationLimit ? .tooMuchWork : nil
        }
        defer { xmlXPathFreeObject(result) }
        switch result.pointee.type {
        case XPATH_NODESET: return Self.nodes(result.pointee.nodesetval, upTo: limit).map(Selection.nodes) ?? .tooLong
        case XPATH_NUMBER: return .number(result.pointee.floatval)
        case XPATH_STRING: return .string(Self.string(result.pointee.stringval))
        case XPATH_BOOLEAN: return .boolean(result.pointee.boolval != 0)
        default: return nil
        }
    }

    /// The nodes of a set, attributes as text; nil where their texts come to more than the limit.
    private static func nodes(_ set: xmlNodeSetPtr?, upTo limit: Int) -> [Selected]? {
        guard let set, let table = set.pointee.nodeTab else { return [] }
        var nodes: [Selected] = []
        var length = 0
        for place in 0..<Int(set.pointee.nodeNr) {
            guard let node = table[place], let selected = selected(node) else { continue }
            switch selected {
            case .text(let text), .xml(let text): length += text.utf8.count
            }
            if length > limit { return nil }
            nodes.append(selected)
        }
        return nodes
    }

    private static func selected(_ node: xmlNodePtr) -> Selected? {
        let converted: XMLNode?
        switch node.pointee.type {
        case XML_ATTRIBUTE_NODE:
            return node.withMemoryRebound(to: xmlAttr.self, capacity: 1) { .text(value(of: $0)) }
        case XML_NAMESPACE_DECL:
            return node.withMemoryRebound(to: xmlNs.self, capacity: 1) { .text(string($0.pointee.href)) }
        case XML_DOCUMENT_NODE:
            converted = xmlDocGetRootElement(node.pointee.doc).flatMap { convert($0, isRoot: true) }
        default: converted = convert(node, isRoot: true)
        }
        switch converted {
        case .text(let text), .cdata(let text): return .text(text)
        case let node?: return .xml(XMLNode.text(of: [node]))
        case nil: return nil
        }
    }
}
