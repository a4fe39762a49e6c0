public import FlowCore

/// What a text came to: its tree, as far as it could be read, and everything that is wrong with it.
public struct SourceText: Sendable {
    /// The tree, or nil where the text could not be read.
    public let root: SourceNode?
    /// What was found, by place.
    public let findings: [TextFinding]

    /// Makes a result.
    public init(root: SourceNode?, findings: [TextFinding]) {
        self.root = root
        self.findings = findings
    }
}

/// One finding about the form of a text, whatever the text is about.
public struct TextFinding: Sendable, Hashable {
    /// How grave a finding is.
    public enum Severity: Sendable, Hashable {
        /// The text is read, but perhaps not as meant.
        case warning
        /// The text is not what it must be.
        case error
    }

    /// How grave.
    public let severity: Severity
    /// The stable name.
    public let code: FlowError.Code
    /// One sentence: what is wrong.
    public let message: String
    /// Where in the text.
    public let location: SourceLocation
    /// What to do, or nil.
    public let hint: String?

    /// Makes a finding.
    public init(
        _ severity: Severity, _ code: FlowError.Code, _ message: String, at location: SourceLocation,
        hint: String? = nil
    ) {
        self.severity = severity
        self.code = code
        self.message = message
        self.location = location
        self.hint = hint
    }

    /// Adds a finding to others, of which there is no end in a hostile text.
    static func add(_ finding: TextFinding, to findings: inout [TextFinding], _ counts: inout [Severity: Int]) {
        let count = counts[finding.severity, default: 0]
        guard count < FlowTextReader.findingLimit else { return }
        counts[finding.severity] = count + 1
        findings.append(finding)
    }

    /// The finding as an error.
    public var error: FlowError { FlowError(code, message, location: location, hint: hint) }
}
