import FlowCore
import FlowDefinitions
import FlowHTTP

/// A request to a service, before it has its token.
struct ServiceRequest: Sendable {
    var method: String
    var url: String
    var headers: HTTPHeaders = [:]
    var body: [UInt8] = []

    init(_ method: String, _ url: String, headers: HTTPHeaders = [:], json: JSON? = nil) {
        self.method = method
        self.url = url
        self.headers = headers
        if let json {
            body = json.bytes
            if headers["Content-Type"] == nil { self.headers["Content-Type"] = "application/json" }
        }
    }
}

/// Calls a service with bearer tokens: a refused token is renewed once.
///
/// Requests leave with the organization's names of fields, answers come in with the flows'.
struct ServiceCaller: Sendable {
    /// Gives a token; the argument is one that the service has just refused.
    typealias TokenSource = @Sendable (_ refused: String?) async throws(FlowError) -> AccessToken

    let transport: any HTTPTransport
    let connection: Connection
    let token: TokenSource

    /// Sends a request, and again with a new token where the service answers 401.
    func send(_ request: ServiceRequest) async throws(FlowError) -> HTTPResponse {
        guard let names = try FieldNames(connection) else { return try await authorized(request) }
        return names.incoming(try await authorized(names.outgoing(request)), to: request)
    }

    private func authorized(_ request: ServiceRequest) async throws(FlowError) -> HTTPResponse {
        let first = try await token(nil)
        let response = try await send(request, first)
        guard response.status == 401 else { return response }
        let second = try await token(first.text)
        guard second.text != first.text else { return response }
        return try await send(request, second)
    }

    private func send(_ request: ServiceRequest, _ token: AccessToken) async throws(FlowError) -> HTTPResponse {
        var headers = request.headers
        headers["Authorization"] = "Bearer " + token.text
        if headers["Accept"] == nil { headers["Accept"] = "application/json" }
        do throws(HTTPFailure) {
            return try await transport.send(
                HTTPRequest(request.method, request.url, headers: headers, body: request.body))
        } catch {
            throw error.flowError
        }
    }
}

extension HTTPResponse {
    /// The decoded body, or nil where it is empty.
    var value: JSON? { MessageBody.decode(body, contentType: headers["Content-Type"]) }

    /// Whether the status says that the call did what it was asked to.
    var isSuccess: Bool { (200..<300).contains(status) }

    /// The header fields as the platform shows them: several of a name joined by commas, connection fields left out.
    var headerObject: JSONObject {
        var object = JSONObject()
        for field in headers.fields {
            switch field.name.lowercased() {
            case "connection", "keep-alive", "transfer-encoding", "proxy-authenticate", "trailer", "upgrade": continue
            default: break
            }
            if let earlier = object.value(ignoringCase: field.name)?.stringValue,
                let place = object.keys.firstIndex(where: { HTTPHeaders.isSame($0, field.name) })
            {
                object.setValue(at: place, .string(earlier + "," + field.value))
            } else {
                object.append(field.name, .string(field.value))
            }
        }
        return object
    }

    /// The answer as it is.
    var answer: OperationAnswer { OperationAnswer(statusCode: status, headers: headerObject, body: value) }

    /// The answer with another body, and perhaps another status.
    func answer(_ body: JSON?, status: Int? = nil) -> OperationAnswer {
        OperationAnswer(statusCode: status ?? self.status, headers: headerObject, body: body)
    }

    /// The service's own clock at the time of the answer, or nil.
    var date: Timestamp? { headers["Date"].flatMap(HTTPDate.parse) }

    /// How long the service asks to wait, or nil.
    func retryAfter(now: Timestamp) -> Duration? {
        headers["Retry-After"].flatMap { HTTPDate.retryAfter($0, now: now) }
    }
}

extension FlowError {
    /// A service's refusal of a call that flowrun makes of itself: the service's code and message where it has them.
    static func refusal(_ response: HTTPResponse, of service: String, doing what: String) -> FlowError {
        let body = response.value
        let error = body?["error"] ?? body?[0] ?? body
        let code = (error?["code"] ?? error?["errorCode"])?.stringValue ?? HTTPStatusName.of(response.status)
        let text = (error?["message"] ?? error?["description"])?.stringValue ?? HTTPStatusName.of(response.status)
        return FlowError(
            .serviceCallFailed, "\(service) refused \(what) with status \(response.status), \(code): \(text)",
            cause: Cause(origin: service, message: code))
    }

    /// An answer with a status of success whose body is not what the service sends.
    static func unreadable(_ response: HTTPResponse, of service: String) -> FlowError {
        FlowError(
            .invalidProtocolResponse,
            "\(service) answered status \(response.status) with a body that is not its own.",
            cause: Cause(origin: service, message: response.headers["Content-Type"] ?? "no content type"))
    }

    /// The refusal of an account that lacks a right.
    static func denied(_ response: HTTPResponse, _ connection: Connection, hint: String) -> FlowError {
        let body = response.value
        let error = body?["error"] ?? body?[0] ?? body
        let code = (error?["code"] ?? error?["errorCode"])?.stringValue ?? FlowError.Code.accessDenied.rawValue
        let text = (error?["message"] ?? error?["description"])?.stringValue ?? "Access is denied."
        return FlowError(
            FlowError.Code(code), "\(connection.account) may not use \(connection.connector): \(text)", hint: hint,
            cause: Cause(origin: connection.connector, message: "status \(response.status)"))
    }
}
