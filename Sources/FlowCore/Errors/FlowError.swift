/// An error that a user can meet: what happened, where, and what to do next.
///
/// A user's mistake is a `FlowError`; a programmer's is a precondition. Messages never hold secrets.
public struct FlowError: Error, Sendable, Hashable {
    /// A stable, searchable name of what went wrong; the platform's own spelling where it has one.
    ///
    /// Codes are an open set: a service may send one that flowrun does not know. Those flowrun raises itself are
    /// declared in this folder, each with a page for `flowrun explain`.
    public struct Code: Sendable, Hashable, RawRepresentable, CustomStringConvertible {
        /// The code as it is printed.
        public let rawValue: String

        /// Makes a code of its printed form.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Makes a code of its printed form.
        public init(_ rawValue: String) { self.rawValue = rawValue }

        /// The code as it is printed.
        public var description: String { rawValue }

        /// Lets `catch FlowError.Code.x` match an error by its code.
        public static func ~= (code: Code, error: any Error) -> Bool { (error as? FlowError)?.code == code }
    }

    /// The error of a connector, service or driver that lies behind, secrets removed.
    public struct Cause: Sendable, Hashable, CustomStringConvertible {
        /// Who raised it, such as `sqlite`, `curl` or `salesforce`.
        public let origin: String
        /// What it said.
        public let message: String

        /// Makes a cause.
        public init(origin: String, message: String) {
            self.origin = origin
            self.message = message
        }

        /// Origin and message.
        public var description: String { "\(origin): \(message)" }
    }

    /// The stable name.
    public let code: Code
    /// One sentence: what happened, with the names involved.
    public let message: String
    /// Where in a text, if anywhere.
    public var location: SourceLocation?
    /// Where in a flow, if anywhere.
    public var path: ActionPath?
    /// The next thing to do, as an instruction, with the exact command where there is one.
    public var hint: String?
    /// What lies behind.
    public var cause: Cause?
    /// The single errors behind one that stands for several.
    public var details: [FlowError]

    /// Makes an error.
    public init(
        _ code: Code, _ message: String, location: SourceLocation? = nil, path: ActionPath? = nil, hint: String? = nil,
        cause: Cause? = nil, details: [FlowError] = []
    ) {
        self.code = code
        self.message = message
        self.location = location
        self.path = path
        self.hint = hint
        self.cause = cause
        self.details = details
    }

    /// The platform's shape: `{"error":{"code":…,"message":…}}`, flowrun's hint and place beside them.
    public var json: JSON { ["error": .object(body)] }

    private var body: JSONObject {
        var body: JSONObject = ["code": .string(code.rawValue), "message": .string(message)]
        if let location { body["target"] = .string(location.description) }
        if let path { body["path"] = .string(path.text) }
        if let hint { body["hint"] = .string(hint) }
        if let cause { body["cause"] = .string(cause.description) }
        if !details.isEmpty { body["details"] = .array(details.map { .object($0.body) }) }
        return body
    }
}

extension FlowError: CustomStringConvertible {
    /// Code and message.
    public var description: String { "\(code): \(message)" }
}
