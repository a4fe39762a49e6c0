import FlowCore
import Synchronization

/// Delivers webhooks: started in order, up to eight at a time, ten attempts each.
///
/// Under the fault `reorderWebhooks` what came within 300 ms is sent one at a time, newest first: the order of arrival is then the events' order
/// turned round, not left to chance.
final class WebhookDispatcher: Sendable {
    /// Carries out one call.
    typealias Send = @Sendable (WebhookDelivery) async -> WebhookAnswer

    private static let width = 8

    private let world: World
    private let send: Send
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation
    private let state = Mutex(State())

    private struct State {
        var free = WebhookDispatcher.width
        /// When the timer that is set will look again.
        var alarm: Timestamp?
    }

    init(world: World, send: @escaping Send) {
        self.world = world
        self.send = send
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Says that there may be something to deliver.
    func wake() { signal.yield() }

    /// Ends ``run()`` after the deliveries under way.
    func finish() { signal.finish() }

    /// Delivers until ``finish()`` is called.
    func run() async {
        try? world.perform { transaction in try WebhookDelivery.recover(in: transaction) }
        wake()
        await withDiscardingTaskGroup { group in
            for await _ in signals {
                let (due, next) = take()
                for (id, delivery) in due {
                    group.addTask { [self] in
                        let answer = await send(delivery)
                        try? world.perform { transaction in
                            try WebhookDelivery.settle(id, answer, in: transaction)
                        }
                        state.withLock { $0.free += 1 }
                        wake()
                    }
                }
                guard let next, setAlarm(next) else { continue }
                group.addTask { [self] in
                    let wait = max(.milliseconds(1), next - SandboxClock.machineTime)
                    guard (try? await Task.sleep(for: wait)) != nil else { return }
                    state.withLock { if $0.alarm == next { $0.alarm = nil } }
                    wake()
                }
            }
            group.cancelAll()
        }
    }

    /// What is to be sent now, and when the next delivery after that is due.
    private func take() -> (due: [(id: Int64, delivery: WebhookDelivery)], next: Timestamp?) {
        let free = state.withLock { $0.free }
        guard free > 0 else { return ([], nil) }
        let reorder = [SandboxService.partnercenterevents, .commondataserviceforapps].contains { service in
            world.faults.active(service, at: world.clock.now)?.reorderWebhooks ?? false
        }
        // Each delivery that ends looks again.
        guard !reorder || free == Self.width else { return ([], nil) }
        let width = reorder ? 1 : free
        let taken = try? world.perform { transaction in
            (
                due: try WebhookDelivery.takeDue(width, newestFirst: reorder, in: transaction),
                next: try WebhookDelivery.nextDue(in: transaction)
            )
        }
        guard let taken else { return ([], nil) }
        state.withLock { $0.free -= taken.due.count }
        return taken
    }

    /// Whether a timer is needed: an earlier one looks again anyway.
    private func setAlarm(_ instant: Timestamp) -> Bool {
        state.withLock { state in
            if let alarm = state.alarm, alarm <= instant { return false }
            state.alarm = instant
            return true
        }
    }
}
