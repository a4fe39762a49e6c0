import HummingbirdCore
import Logging
import NIOCore

/// Runs the task of a connection on the event loop that reads and writes it.
///
/// A short request so goes from its bytes to its answer's bytes without a change of thread. What may compute for long
/// is answered elsewhere: see ``EnvironmentRouter``.
final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// HTTP/1.1 over connections, each answered on its own event loop.
struct LoopChannel: ServerChildChannel {
    /// Makes the protocol of a new connection, under the limits that hold then.
    let http: @Sendable () -> HTTP1Channel

    /// A connection and its protocol.
    struct Value: ServerChildChannelValue {
        let http: HTTP1Channel
        let connection: HTTP1Channel.Value

        var channel: any Channel { connection.channel }
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let http = http()
        return http.setup(channel: channel, logger: logger).map { Value(http: http, connection: $0) }
    }

    func handle(value: Value, logger: Logger) async {
        await withTaskExecutorPreference(LoopExecutor(value.channel.eventLoop)) {
            await value.http.handle(value: value.connection, logger: logger)
        }
    }
}
