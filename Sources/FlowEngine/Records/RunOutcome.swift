public import FlowCore

/// How a run ended.
public struct RunOutcome: Sendable, Hashable {
    /// The status in the platform's spelling: `Succeeded`, `Failed`, `Cancelled` or `TimedOut`.
    public var status: String
    /// The code beside it, or nil.
    public var code: String?
    /// The error, or nil.
    public var error: RunFailure?
    /// The values of the flow's outputs, each with type and value; nil where it has none.
    public var outputs: JSONObject?
    /// When it ended.
    public var endTime: Timestamp

    /// Makes an outcome.
    public init(
        status: String, code: String? = nil, error: RunFailure? = nil, outputs: JSONObject? = nil, endTime: Timestamp
    ) {
        self.status = status
        self.code = code
        self.error = error
        self.outputs = outputs
        self.endTime = endTime
    }
}

/// The error of an action or of a run, as the platform shows it: a code and a sentence.
public struct RunFailure: Sendable, Hashable {
    /// The code.
    public var code: String
    /// The message.
    public var message: String

    /// Makes an error.
    public init(code: String, message: String) {
        self.code = code
        self.message = message
    }

    /// `{"code":…,"message":…}`.
    public var json: JSON { ["code": .string(code), "message": .string(message)] }
}
