/// A reader or family of functions that is given hostile input, and what must hold for whatever it is given.
///
/// Beside the property that its check states, none may crash, hang or take memory without bound.
public enum FuzzKind: String, CaseIterable, Sendable {
    /// One expression: lexer, parser, checker, evaluation.
    case expression
    /// A template string with expressions in it.
    case template
    /// JSON text, strict and lenient.
    case json
    /// YAML text of flow files, and its formatting.
    case yaml
    /// A date, a format, a culture: one a line.
    case date
    /// A number, a format, a culture: one a line.
    case number
    /// An XPath in the first line, XML in the rest.
    case xml
    /// A flow file: decoding, the checker, the plan.
    case flow
    /// Addresses, data URIs, Base64 and percent codes.
    case uri
    /// A content type in the first line, the message's body in the rest.
    case multipart

    /// Gives the bytes to what the kind is about.
    /// - Parameter bytes: the input.
    /// - Throws: ``BrokenProperty`` where something does not hold.
    public func check(_ bytes: [UInt8]) throws(BrokenProperty) {
        switch self {
        case .expression: try ExpressionProperties.checkExpression(bytes)
        case .template: try ExpressionProperties.checkTemplate(bytes)
        case .json: try TextProperties.checkJSON(bytes)
        case .yaml: try TextProperties.checkYAML(bytes)
        case .date: try FunctionProperties.checkDate(bytes)
        case .number: try FunctionProperties.checkNumber(bytes)
        case .xml: try FunctionProperties.checkXML(bytes)
        case .flow: try FlowProperties.checkFlow(bytes)
        case .uri: try FunctionProperties.checkURI(bytes)
        case .multipart: try FlowProperties.checkMultipart(bytes)
        }
    }
}

/// Something that must hold for every input and did not.
public struct BrokenProperty: Error, Sendable, CustomStringConvertible {
    /// What does not hold, with the values that show it.
    public let description: String

    init(_ description: String) { self.description = description }
}

/// States that a condition holds.
func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(BrokenProperty) {
    guard condition else { throw BrokenProperty(message()) }
}
