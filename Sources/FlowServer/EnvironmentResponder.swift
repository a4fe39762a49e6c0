import FlowCore
import FlowRuntime
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1

/// What a request knows of the connection it came over.
struct ConnectionContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }
}

/// Turns requests of the HTTP server into values and back, and holds the limits on what clients send.
struct EnvironmentResponder: HTTPResponder {
    typealias Context = ConnectionContext

    let router: EnvironmentRouter
    /// The names that may stand in `Host`; nil on the owner's socket.
    let hosts: AllowedHosts?
    /// The limits on clients, as they are at the moment.
    let limits: @Sendable () -> ServerLimits
    let registry: ConnectionRegistry
    private let requests: ClientRates
    private let failures: ClientRates

    init(
        router: EnvironmentRouter, hosts: AllowedHosts?, limits: @escaping @Sendable () -> ServerLimits,
        registry: ConnectionRegistry
    ) {
        self.router = router
        self.hosts = hosts
        self.limits = limits
        self.registry = registry
        requests = ClientRates {
            let limits = limits()
            return (limits.burst, Double(limits.requestsPerSecond))
        }
        failures = ClientRates {
            let limits = limits()
            return (limits.failures, limits.failuresPerSecond)
        }
    }

    func respond(to request: Request, context: ConnectionContext) async throws -> Response {
        let channel = context.channel
        let peer = registry.set(.answering, of: channel) ?? ClientAddress(of: channel)
        let client = peer.behindProxy(forwardedFor: Self.forwardedFor(request))
        let body = BodyReader(request: request, limits: limits(), registry: registry, channel: channel)
        let response: APIResponse
        if let hosts, !hosts.allow(request.head.authority) {
            response = .error(
                FlowError(.invalidHost, "The host '\(request.head.authority ?? "")' is not this server."), status: 421)
        } else if let wait = requests.take(client) ?? failures.wait(client) {
            response = Self.tooMany(wait)
        } else {
            var value = value(of: request)
            value.client = client.text
            response = await router.respond(to: value, reading: body.read)
            if response.status == 401, value.showsProof { _ = failures.take(client) }
        }
        // What is left of a body is read and thrown away, for a while.
        let isRead = body.isRead
        registry.set(isRead ? .resting : .transferring(until: .now + .seconds(5)), of: channel)
        return Self.response(response) { body in self.body(body, over: channel) }
    }

    /// Up to how many bytes an answer fits into what lies between the server and a client that does not read.
    private static let shortAnswer = 64 * 1_024

    /// The body of an answer; a client that reads a long one too slowly loses its connection, as one that sends slowly does.
    private func body(_ bytes: [UInt8], over channel: any Channel) -> ResponseBody {
        let buffer = ByteBuffer(bytes: bytes)
        guard bytes.count > Self.shortAnswer else { return ResponseBody(byteBuffer: buffer) }
        return ResponseBody(contentLength: bytes.count) { [registry, limits] writer in
            let limits = limits()
            let time = limits.bodyTime + .seconds(Double(bytes.count) / Double(limits.bodySpeed))
            registry.set(.transferring(until: .now + time), of: channel)
            try await writer.write(buffer)
            try await writer.finish(nil)
            registry.set(.resting, of: channel)
        }
    }

    private static func forwardedFor(_ request: Request) -> String? {
        request.headers.last { $0.name.canonicalName == "x-forwarded-for" }?.value
    }

    private func value(of request: Request) -> APIRequest {
        let headers = request.headers.map { (name: $0.name.rawName, value: $0.value) }
        let authority = request.head.authority.map { [(name: "Host", value: $0)] } ?? []
        return APIRequest(
            request.method.rawValue, request.head.path ?? "/", headers: authority + headers, isLocal: hosts == nil)
    }

    private static func tooMany(_ wait: Int) -> APIResponse {
        var response = APIResponse.error(
            FlowError(.tooManyRequests, "The client has sent too many requests.", hint: "wait \(wait) s"), status: 429)
        response.headers.append(.init(name: "Retry-After", value: String(wait)))
        return response
    }

    /// The names of what stands in most answers, which need not be looked at again each time.
    private static let frequentNames: [String: HTTPField.Name] = {
        let names = [
            "Content-Type", "Location", "Retry-After", "x-ms-workflow-run-id", "x-ms-correlation-id",
            "x-ms-client-tracking-id", "x-ms-trigger-history-name", "x-ms-workflow-id", "x-ms-workflow-version",
            "x-ms-workflow-name", "x-ms-request-id", "x-ms-execution-location",
        ]
        return Dictionary(uniqueKeysWithValues: names.compactMap { name in HTTPField.Name(name).map { (name, $0) } })
    }()

    private static func response(_ response: APIResponse, _ body: ([UInt8]) -> ResponseBody) -> Response {
        var headers = HTTPFields()
        for header in response.headers {
            // A flow's Response may name headers that HTTP does not allow; those are left out.
            guard let name = frequentNames[header.name] ?? HTTPField.Name(header.name),
                HTTPField.isValidValue(header.value)
            else { continue }
            headers.append(HTTPField(name: name, value: header.value))
        }
        // A browser must not take what a flow or a run holds for a page of this server.
        if headers[.xContentTypeOptions] == nil { headers[.xContentTypeOptions] = "nosniff" }
        let status = HTTPTypes.HTTPResponse.Status(code: response.status)
        // These two have neither body nor length.
        guard response.status != 204, response.status != 304 else { return Response(status: status, headers: headers) }
        return Response(status: status, headers: headers, body: body(response.body))
    }
}

/// Reads the body of a request, not longer and not more slowly than may be.
private final class BodyReader {
    private let request: Request
    private let limits: ServerLimits
    private let registry: ConnectionRegistry
    private let channel: any Channel
    /// Whether nothing of the body is left on the connection.
    private(set) var isRead: Bool

    init(request: Request, limits: ServerLimits, registry: ConnectionRegistry, channel: any Channel) {
        self.request = request
        self.limits = limits
        self.registry = registry
        self.channel = channel
        let length = request.headers[.contentLength]
        isRead = request.headers[.transferEncoding] == nil && (length == nil || length == "0")
    }

    /// The body.
    /// - Throws: `RequestEntityTooLarge`, `RequestTimeout`.
    func read(_ size: EnvironmentRouter.BodySize) async throws(FlowError) -> [UInt8] {
        if isRead { return [] }
        let limit = size == .message ? limits.messageSize : limits.bodySize
        if let text = request.headers[.contentLength], let length = Int(text), length > limit {
            throw Self.large(limit)
        }
        let start = ContinuousClock.now
        registry.set(.transferring(until: start + limits.bodyTime), of: channel)
        var bytes: [UInt8] = []
        do {
            for try await buffer in request.body {
                guard bytes.count + buffer.readableBytes <= limit else { throw Self.large(limit) }
                bytes.append(contentsOf: buffer.readableBytesView)
                let needed = Duration.seconds(Double(bytes.count) / Double(limits.bodySpeed))
                registry.set(.transferring(until: start + limits.bodyTime + needed), of: channel)
            }
        } catch let error as FlowError {
            throw error
        } catch is HTTPParserError {
            throw FlowError(
                .malformedRequest, "The body of the request is not valid HTTP.",
                hint: "look at what lies between client and server")
        } catch {
            throw FlowError(
                .requestTimeout, "The body of the request did not come to its end.",
                hint: "send it whole, and without pauses")
        }
        isRead = true
        registry.set(.answering, of: channel)
        return bytes
    }

    private static func large(_ limit: Int) -> FlowError {
        FlowError(
            .requestEntityTooLarge, "The body of the request is larger than \(limit) bytes.", hint: "send less at once"
        )
    }
}
