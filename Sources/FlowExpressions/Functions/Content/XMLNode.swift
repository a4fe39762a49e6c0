/// A node of an XML document as the platform's functions see it: without white space between elements, and with the
/// difference between `<e/>` and `<e></e>`.
indirect enum XMLNode: Sendable {
    /// An element; `isEmpty` is that of `<e/>`.
    case element(name: String, attributes: [Attribute], children: [XMLNode], isEmpty: Bool)
    /// Text.
    case text(String)
    /// A CDATA section.
    case cdata(String)
    /// A comment.
    case comment(String)
    /// A processing instruction.
    case instruction(target: String, content: String)
    /// `<?xml …?>`.
    case declaration([Attribute])
    /// `<!DOCTYPE …>`.
    case documentType(name: String, publicID: String?, systemID: String?)

    /// An attribute, also one that declares a name space.
    struct Attribute: Sendable {
        /// The name with its prefix.
        let name: String
        /// The value, references resolved.
        let value: String
    }

    /// The text of nodes, as .NET writes it without indentation.
    static func text(of nodes: [XMLNode]) -> String {
        var text = ""
        for node in nodes { node.write(to: &text) }
        return text
    }

    private func write(to text: inout String) {
        switch self {
        case .element(let name, let attributes, let children, let isEmpty):
            text += "<" + name
            Self.write(attributes, to: &text)
            if isEmpty, children.isEmpty {
                text += " />"
                return
            }
            text += ">"
            for child in children { child.write(to: &text) }
            text += "</" + name + ">"
        case .text(let content): Self.writeEscaped(content, inAttribute: false, to: &text)
        case .cdata(let content): text += "<![CDATA[" + content + "]]>"
        case .comment(let content): text += "<!--" + content + "-->"
        case .instruction(let target, let content):
            text += "<?" + target + (content.isEmpty ? "" : " " + content) + "?>"
        case .declaration(let attributes):
            text += "<?xml"
            Self.write(attributes, to: &text)
            text += "?>"
        case .documentType(let name, let publicID, let systemID):
            text += "<!DOCTYPE " + name
            if let publicID {
                text += " PUBLIC \"\(publicID)\" \"\(systemID ?? "")\""
            } else if let systemID {
                text += " SYSTEM \"\(systemID)\""
            }
            text += ">"
        }
    }

    private static func write(_ attributes: [Attribute], to text: inout String) {
        for attribute in attributes {
            text += " " + attribute.name + "=\""
            writeEscaped(attribute.value, inAttribute: true, to: &text)
            text += "\""
        }
    }

    private static func writeEscaped(_ content: String, inAttribute: Bool, to text: inout String) {
        for scalar in content.unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"" where inAttribute: text += "&quot;"
            case "\n" where inAttribute: text += "&#xA;"
            case "\r": text += "&#xD;"
            case "\t" where inAttribute: text += "&#x9;"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }
}
