/// Sends a request and waits for the whole answer.
public protocol HTTPTransport: Sendable {
    /// Sends a request.
    ///
    /// Cancelling the calling task ends the exchange with ``HTTPFailure/Kind/cancelled``. A request that is unsafe to
    /// repeat is never sent twice.
    func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse
}
