import FlowCore
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle

/// One port of the sandbox: faults first, then the service; `Date` is the sandbox clock's.
///
/// It stands on Hummingbird's server below its `Application`, which would write the machine's time into every answer:
/// pollers take a service's clock from there.
struct ServicePort: Service {
    private static let bodyLimit = 16 * 1_024 * 1_024

    /// The port; 0 takes a free one.
    let port: Int
    /// The service whose faults apply; nil for the control API.
    let service: SandboxService?
    let world: World
    let logger: Logger
    /// Answers a request by its values.
    let answer: @Sendable (ServiceRequest) -> ServiceResponse
    /// Called with the port once it listens.
    let listens: @Sendable (Int) -> Void

    func run() async throws {
        let server = try HTTPServerBuilder.http1().buildServer(
            configuration: ServerConfiguration(address: .hostname("127.0.0.1", port: port)),
            eventLoopGroup: EventLoopGroupProvider.singleton.eventLoopGroup, logger: logger,
            responder: { request, writer, channel in
                let response = try await respond(to: request, channel)
                try await writer.write(response: response.head, body: response.body)
            },
            onServerRunning: { channel in listens(channel.localAddress?.port ?? 0) })
        try await server.run()
    }

    private func respond(to request: Request, _ channel: any Channel) async throws -> Response {
        let buffer: ByteBuffer
        do {
            buffer = try await request.body.collect(upTo: Self.bodyLimit)
        } catch {
            return made(ServiceResponse(413))
        }
        let request = ServiceRequest(
            request.method.rawValue, request.head.path ?? "/",
            headers: request.headers.map { ($0.name.rawName, $0.value) }, body: Array(buffer.readableBytesView))
        guard let service, let fault = world.faults.meeting(service, at: world.clock.now) else {
            return made(answer(request))
        }
        if let latency = fault.latency { try await Task.sleep(for: .milliseconds(latency)) }
        if fault.drop {
            try world.noteFaulted(service, request, status: 0, fault: "drop")
            try? await channel.close(mode: .all).get()
            return made(ServiceResponse(503))
        }
        if let response = fault.response {
            try world.noteFaulted(
                service, request, status: response.status, fault: fault.garbage ? "garbage" : "status")
            return made(response)
        }
        return made(answer(request))
    }

    private func made(_ response: ServiceResponse) -> Response {
        var headers = HTTPFields()
        headers.reserveCapacity(response.headers.count + 2)
        for (name, value) in response.headers {
            if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
        }
        headers[.date] = Self.date(world.clock.now)
        let status = HTTPTypes.HTTPResponse.Status(code: response.status)
        // 204 and 304 have no body and no length.
        guard response.status != 204, response.status != 304 else {
            return Response(status: status, headers: headers)
        }
        return Response(
            status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: response.body)))
    }

    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `Mon, 02 Mar 2026 09:15:20 GMT`.
    private static func date(_ instant: Timestamp) -> String {
        let date = instant.civil.date
        let day = days[(date.daysSince1970 % 7 + 7) % 7]
        let number = date.day < 10 ? "0\(date.day)" : "\(date.day)"
        let time = instant.description.dropFirst(11).prefix(8)
        return "\(day), \(number) \(months[date.month - 1]) \(date.year) \(time) GMT"
    }
}
