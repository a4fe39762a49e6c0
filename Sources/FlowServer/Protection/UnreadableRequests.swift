import FlowCore
import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Answers requests that cannot be read, such as those with an oversized head, in the shape of all other errors.
///
/// The server closes such a connection after a bare 400, for what follows on it could be read in more than one way. That
/// answer is given content here; where a broken body belongs to a request that is answered already, it is left out, for
/// the client would take it for the answer to its next request.
final class UnreadableRequests: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let logger: Logger
    /// How many requests wait for the end of their answer.
    private var unanswered = 0
    /// Whether a request's body has not come to its end.
    private var isWithinBody = false
    private var failure: HTTPParserError?
    /// Whether the rest of the answer at hand is not sent.
    private var isLeftOut = false

    init(_ logger: Logger) { self.logger = logger }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            unanswered += 1
            isWithinBody = true
        case .body: break
        case .end: isWithinBody = false
        }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if failure == nil, let error = error as? HTTPParserError {
            failure = error
            log(error, ClientAddress(of: context.channel))
        }
        context.fireErrorCaught(error)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part = unwrapOutboundIn(data)
        if unanswered == 0, let failure, case .head = part {
            if isWithinBody {
                isLeftOut = true
            } else {
                let answer = Self.answer(to: failure)
                context.write(wrapOutboundOut(.head(answer.head)), promise: promise)
                context.write(wrapOutboundOut(.body(ByteBuffer(bytes: answer.body))), promise: nil)
                return
            }
        }
        if isLeftOut {
            promise?.succeed()
            return
        }
        if case .end = part, unanswered > 0 { unanswered -= 1 }
        context.write(data, promise: promise)
    }

    private func log(_ error: HTTPParserError, _ client: ClientAddress) {
        logger.info(
            "request",
            metadata: [
                "route": "none", "status": "\(Self.status(of: error).code)", "client": "\(client.text)",
                "error": "\(Self.error(error).code.rawValue)", "reason": "\(error)",
            ])
    }

    private static func answer(to failure: HTTPParserError) -> (head: HTTPResponse, body: [UInt8]) {
        let body = error(failure).json.bytes
        let head = HTTPResponse(
            status: status(of: failure),
            headerFields: [
                .contentType: "application/json; charset=utf-8", .contentLength: String(body.count),
                .connection: "close", .xContentTypeOptions: "nosniff",
            ])
        return (head, body)
    }

    private static func status(of error: HTTPParserError) -> HTTPResponse.Status {
        if case .headerOverflow = error { .requestHeaderFieldsTooLarge } else { .badRequest }
    }

    private static func error(_ error: HTTPParserError) -> FlowError {
        if case .headerOverflow = error {
            return FlowError(
                .requestHeaderFieldsTooLarge, "The head of the request is larger than the server takes.",
                hint: "send fewer and shorter headers, and a shorter address")
        }
        return FlowError(
            .malformedRequest, "The request is not valid HTTP.", hint: "look at what lies between client and server")
    }
}
