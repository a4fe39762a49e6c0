public import FlowCore

/// A request to the URL of a flow's trigger, as the server received it.
public struct TriggerCall: Sendable {
    /// The flow as it stands in the path: its GUID without hyphens.
    public var workflow: String
    /// The trigger's name.
    public var trigger: String
    /// The method, in capital letters.
    public var method: String
    /// What stands behind `/invoke`, without the leading slash; empty for nothing.
    public var relativePath: String
    /// The query in order, decoded.
    public var query: [(name: String, value: String)]
    /// The headers, names as received.
    public var headers: [(name: String, value: String)]
    /// The body.
    public var body: [UInt8]
    /// The key under which the signature was found to be good, where that was done already.
    var provenKey: [UInt8]?

    /// Makes a call.
    public init(
        workflow: String, trigger: String, method: String = "POST", relativePath: String = "",
        query: [(name: String, value: String)] = [], headers: [(name: String, value: String)] = [], body: [UInt8] = []
    ) {
        self.workflow = workflow
        self.trigger = trigger
        self.method = method
        self.relativePath = relativePath
        self.query = query
        self.headers = headers
        self.body = body
    }

    /// The value of a query parameter, or nil.
    func query(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// The value of a header, letter case ignored, or nil.
    func header(_ name: String) -> String? { headers.first { $0.name.equals(ignoringASCIICase: name) }?.value }
}

/// What is answered to a request to a trigger's URL.
public struct TriggerReply: Sendable, Hashable {
    /// The HTTP status.
    public var status: Int
    /// The headers.
    public var headers: JSONObject
    /// The body as a value (see `MessageBody`), or nil for none.
    public var body: JSON?

    /// Makes a reply.
    public init(status: Int, headers: JSONObject = [:], body: JSON? = nil) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Makes the reply of an error.
    init(status: Int, _ error: FlowError, headers: JSONObject = [:]) {
        // Hints are for those who keep the environment, not for those who call it.
        self.init(
            status: status, headers: headers,
            body: ["error": ["code": .string(error.code.rawValue), "message": .string(error.message)]])
    }
}
