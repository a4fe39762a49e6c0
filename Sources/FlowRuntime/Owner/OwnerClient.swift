public import FlowCore

/// Sends requests to the process that owns an environment.
///
/// How bytes get to the socket is handed in, so that this part needs no HTTP client.
public struct OwnerClient: Sendable {
    /// One call to the owner: a POST of a JSON body.
    public struct Call: Sendable, Hashable {
        /// The socket's path in the file system.
        public let socket: String
        /// The path of the call.
        public let path: String
        /// The body, JSON.
        public let body: [UInt8]
    }

    /// Sends a call and gives back the body of the answer, or nil where nobody listens on the socket.
    public typealias Transport = @Sendable (Call) async throws(FlowError) -> [UInt8]?

    private let socket: String
    private let transport: Transport

    /// Makes a client.
    /// - Parameters:
    ///   - settings: the environment.
    ///   - transport: how a call gets to the socket.
    public init(_ settings: EnvironmentSettings, transport: @escaping Transport) {
        self.socket = settings.socketFile
        self.transport = transport
    }

    /// Asks the owner.
    /// - Returns: the result, or nil where no owner listens.
    /// - Throws: what the owner refused the request with.
    public func perform(_ request: EnvironmentRequest) async throws(FlowError) -> JSON? {
        let path = EnvironmentRequest.pathPrefix + request.operation.rawValue
        guard let body = try await transport(Call(socket: socket, path: path, body: request.json.bytes)) else {
            return nil
        }
        guard let json = try? JSON(parsing: body), let reply = EnvironmentReply(json: json) else {
            throw FlowError(
                .invalidProtocolResponse, "The owner of the environment gave an answer that is not understood.",
                hint: "use the same version of flowrun for the command and for the process that owns the environment")
        }
        return try reply.get()
    }
}
