import FlowCore
import FlowHTTP

/// Calls of a sandbox's control API.
struct ControlCalls: Sendable {
    private let transport = CurlTransport(CurlTransport.Configuration(addressPolicy: .local))
    private let url: String
    private let token: String

    init(_ url: String, token: String) {
        self.url = url
        self.token = token
    }

    /// Makes a call.
    /// - Returns: the answer's body, null where it has none.
    /// - Throws: `InvalidArgument` with the answer where the sandbox refuses.
    func ask(_ method: String, _ path: String, _ body: JSON? = nil) async throws -> JSON {
        var headers: HTTPHeaders = ["Authorization": "Bearer \(token)"]
        if body != nil { headers["Content-Type"] = "application/json" }
        let answer = try await transport.send(
            HTTPRequest(method, url + path, headers: headers, body: body?.bytes ?? [], timeout: .seconds(30)))
        guard answer.status < 400 else {
            throw FlowError(
                .invalidArgument, "\(method) \(path): \(answer.status) \(String(decoding: answer.body, as: UTF8.self))")
        }
        return answer.body.isEmpty ? .null : try JSONReader.read(answer.body)
    }
}
