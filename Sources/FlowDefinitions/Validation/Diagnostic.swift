public import FlowCore

/// One finding about a file: where, how grave, what, and what to do.
public struct Diagnostic: Sendable, Hashable {
    /// How grave a finding is.
    public enum Severity: String, Sendable, Hashable, Comparable {
        /// Good to know.
        case information
        /// Surely or possibly fails when run, or does the wrong thing.
        case warning
        /// The flow cannot be turned on.
        case error

        /// Orders by gravity.
        public static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }

        private var rank: Int {
            switch self {
            case .information: 0
            case .warning: 1
            case .error: 2
            }
        }
    }

    /// How grave.
    public let severity: Severity
    /// The stable name.
    public let code: FlowError.Code
    /// One sentence: what is wrong.
    public let message: String
    /// Where in the text.
    public let location: SourceLocation
    /// Where in the flow; the root for the file as a whole.
    public let path: ActionPath
    /// What to do, or nil.
    public let hint: String?

    /// Makes a finding.
    public init(
        _ severity: Severity, _ code: FlowError.Code, _ message: String, at location: SourceLocation,
        path: ActionPath = .root, hint: String? = nil
    ) {
        self.severity = severity
        self.code = code
        self.message = message
        self.location = location
        self.path = path
        self.hint = hint
    }

    /// The finding as an error.
    public var error: FlowError { FlowError(code, message, location: location, path: path, hint: hint) }

    /// The finding in the shape of `check --json`.
    public var json: JSON {
        [
            "file": .string(location.file), "line": .integer(Int64(location.line)),
            "column": .integer(Int64(location.column)), "path": .string(path.text),
            "severity": .string(severity.rawValue), "code": .string(code.rawValue), "message": .string(message),
            "hint": hint.map { .string($0) } ?? .null,
        ]
    }
}
