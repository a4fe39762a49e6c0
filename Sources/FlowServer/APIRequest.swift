import FlowCore

/// A request as the routes see it: values, no connection.
struct APIRequest: Sendable {
    let method: String
    /// The parts of the path, percent codes resolved.
    let path: [String]
    /// The parts of the path as they were sent.
    let rawPath: [Substring]
    /// The query in order, decoded.
    let query: [(name: String, value: String)]
    let headers: [(name: String, value: String)]
    var body: [UInt8]
    /// Whether it came over the owner's socket, whose rights are those of the file.
    let isLocal: Bool
    /// The address that it came from, for the log.
    var client = ""

    init(
        _ method: String, _ target: String, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
        isLocal: Bool = false
    ) {
        self.method = method
        let end = target.utf8.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex
        rawPath = target.utf8[..<end].split(separator: UInt8(ascii: "/")).map { Substring($0) }
        path = rawPath.map { PercentEncoding.decode($0) }
        query = end < target.endIndex ? PercentEncoding.pairs(ofForm: target[end...].dropFirst()) : []
        self.headers = headers
        self.body = body
        self.isLocal = isLocal
    }

    /// The first value of a query parameter, or nil.
    func query(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// The value of a header, letter case ignored, or nil.
    func header(_ name: String) -> String? { headers.first { $0.name.equals(ignoringASCIICase: name) }?.value }

    /// Whether it shows something by which its sender may be known: a request without is refused, but it is no guess.
    var showsProof: Bool { method == "POST" || header("Authorization") != nil || query("sig") != nil }

    /// The body as JSON; an empty body is an empty object.
    /// - Throws: `InvalidJSON`.
    func json() throws(FlowError) -> JSON {
        if body.isEmpty { return [:] }
        do throws(JSONReader.Failure) {
            return try JSONReader.read(body)
        } catch {
            throw FlowError(.invalidJSONBody, "The request content is not valid JSON: \(error.message).")
        }
    }
}

/// What a route answers.
struct APIResponse: Sendable, Hashable {
    var status: Int
    var headers: [Header]
    var body: [UInt8]

    struct Header: Sendable, Hashable {
        let name: String
        let value: String
    }

    init(status: Int, headers: [Header] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A JSON answer.
    static func json(_ value: JSON, status: Int = 200) -> APIResponse {
        APIResponse(
            status: status, headers: [Header(name: "Content-Type", value: "application/json; charset=utf-8")],
            body: value.bytes)
    }

    /// A text answer.
    static func text(
        _ text: String, type: String = "text/plain; charset=utf-8", status: Int = 200
    ) -> APIResponse {
        APIResponse(
            status: status, headers: [Header(name: "Content-Type", value: type)],
            body: Array(text.utf8))
    }

    /// An answer without content.
    static func empty(status: Int = 200) -> APIResponse { APIResponse(status: status) }

    /// An error in the platform's shape.
    static func error(_ error: FlowError, status: Int? = nil) -> APIResponse {
        json(error.json, status: status ?? APIStatus.of(error))
    }
}

/// The HTTP status of an error.
enum APIStatus {
    static func of(_ error: FlowError) -> Int { statuses[error.code] ?? fallback(error) }

    private static let statuses: [FlowError.Code: Int] = [
        .flowNotFound: 404, .workflowNotFound: 404, .workflowRunNotFound: 404, .workflowTriggerNotFound: 404,
        .solutionNotFound: 404, .connectionNotFound: 404, .variableNotFound: 404, .userNotFound: 404,
        .connectorNotFound: 404, .connectionReferenceNotFound: 404, .nestedWorkflowNotFound: 404, .tokenNotFound: 404,
        .environmentNotFound: 404, .resourceNotFound: 404,
        .ambiguousFlow: 409, .workflowRunCanNotBeCancelled: 409, .runNotInDoubt: 409, .connectionExists: 409,
        .connectionAuthorizationFailed: 403, .flowNotShared: 403, .directApiAuthorizationRequired: 401,
        .workflowRunInProgress: 409, .workflowRunActionNotFound: 404, .runNotRepairable: 409,
        .runRepairedAlready: 409, .repairVersionDiffers: 409,
        .directApiInvalidAuthorizationSignature: 401, .invalidAuthenticationToken: 401,
        .expiredAuthenticationToken: 401, .signInRefused: 401, .csrfTokenInvalid: 403, .methodNotAllowed: 405,
        .requestTimeout: 408,
        .requestEntityTooLarge: 413, .tooManyRequests: 429, .workflowMaximumWaitingRunCountExceeded: 429,
        .commandNotAvailable: 501,
    ]

    private static func fallback(_ error: FlowError) -> Int {
        ErrorPage.storePages.contains { $0.code == error.code } ? 503 : 400
    }
}
