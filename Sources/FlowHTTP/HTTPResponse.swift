/// An answer with its whole body.
public struct HTTPResponse: Sendable, Hashable {
    /// The status.
    public var status: Int
    /// The header fields of the final answer.
    public var headers: HTTPHeaders
    /// The body, decompressed where the request asked for that.
    public var body: [UInt8]

    /// Makes an answer.
    public init(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The body as text; bytes that are no UTF-8 are replaced.
    public var text: String { String(decoding: body, as: UTF8.self) }
}
