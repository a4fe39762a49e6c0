import FlowCore
import FlowHTTP

/// Sends webhooks through the HTTP client.
enum WebhookSending {
    /// How long a receiver may take.
    private static let timeout = Duration.seconds(60)

    /// The dispatcher's way out.
    static func send(through transport: any HTTPTransport) -> WebhookDispatcher.Send {
        { delivery in
            var headers = HTTPHeaders()
            for (name, value) in delivery.headers.objectValue ?? [:] { headers.append(name, value.stringValue ?? "") }
            let request = HTTPRequest(
                "POST", delivery.url, headers: headers, body: delivery.body, timeout: timeout,
                maximumResponseBytes: 1_048_576)
            do throws(HTTPFailure) {
                return WebhookAnswer(status: try await transport.send(request).status)
            } catch {
                return WebhookAnswer(status: nil, error: error.kind.rawValue)
            }
        }
    }
}
