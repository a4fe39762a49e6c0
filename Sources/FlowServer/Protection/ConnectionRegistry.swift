import FlowRuntime
import NIOCore
import ServiceLifecycle
import Synchronization

/// The open connections and what each of them is doing, so that none takes more than its share.
///
/// Where there are as many as may be, a new one takes the place of the one that has been at rest longest; a client that
/// holds thousands of idle connections so loses them to those that have something to say.
final class ConnectionRegistry: Sendable {
    /// What a connection is doing.
    enum Phase: Sendable {
        /// It waits for a request, or for the rest of a request's head.
        case resting
        /// A body is read or a long answer written, until this instant at most.
        case transferring(until: ContinuousClock.Instant)
        /// Its request is being answered.
        case answering
    }

    private struct Entry {
        let channel: any Channel
        let client: ClientAddress
        var phase: Phase
        /// The number of the latest change: the smaller, the longer ago.
        var change: UInt64
    }

    private struct State {
        var entries: [ObjectIdentifier: Entry] = [:]
        var counts: [String: Int] = [:]
        var changes: UInt64 = 0
    }

    private let currentLimits: @Sendable () -> ServerLimits
    private let state = Mutex(State())

    init(_ limits: @escaping @Sendable () -> ServerLimits) { currentLimits = limits }

    /// How many connections are open.
    var count: Int { state.withLock { $0.entries.count } }

    /// Takes a new connection in.
    /// - Returns: whether it may stay.
    func admit(_ channel: any Channel) -> Bool {
        let limits = currentLimits()
        let address = ClientAddress(of: channel)
        let client = address.isLocal ? nil : address.text
        let (isAdmitted, evicted) = state.withLock { state -> (Bool, (any Channel)?) in
            if let client, state.counts[client, default: 0] >= limits.connectionsOfClient { return (false, nil) }
            var evicted: (any Channel)?
            if state.entries.count >= limits.connections {
                guard let oldest = Self.longestAtRest(state.entries) else { return (false, nil) }
                evicted = state.entries[oldest]?.channel
                Self.remove(oldest, from: &state)
            }
            state.changes += 1
            state.entries[ObjectIdentifier(channel)] = Entry(
                channel: channel, client: address, phase: .resting, change: state.changes)
            if let client { state.counts[client, default: 0] += 1 }
            return (true, evicted)
        }
        evicted?.close(promise: nil)
        return isAdmitted
    }

    /// Says what a connection does now.
    /// - Returns: who is at its other end; nil where it was closed.
    @discardableResult
    func set(_ phase: Phase, of channel: any Channel) -> ClientAddress? {
        state.withLock { state in
            state.changes += 1
            guard let place = state.entries.index(forKey: ObjectIdentifier(channel)) else { return nil }
            state.entries.values[place].phase = phase
            state.entries.values[place].change = state.changes
            return state.entries.values[place].client
        }
    }

    /// Forgets a connection that was closed.
    func leave(_ channel: any Channel) {
        state.withLock { Self.remove(ObjectIdentifier(channel), from: &$0) }
    }

    /// Closes connections whose body or answer is overdue.
    func sweep(_ now: ContinuousClock.Instant = .now) {
        let overdue = state.withLock { state in
            state.entries.values.filter { entry in
                if case .transferring(let until) = entry.phase { until < now } else { false }
            }
        }
        for entry in overdue { entry.channel.close(promise: nil) }
    }

    private static func remove(_ id: ObjectIdentifier, from state: inout State) {
        guard let client = state.entries.removeValue(forKey: id)?.client, let count = state.counts[client.text] else {
            return
        }
        state.counts[client.text] = count > 1 ? count - 1 : nil
    }

    /// The connection that has not been answering for the longest time, or nil where all are.
    private static func longestAtRest(_ entries: [ObjectIdentifier: Entry]) -> ObjectIdentifier? {
        entries.filter { if case .answering = $0.value.phase { false } else { true } }
            .min { $0.value.change < $1.value.change }?.key
    }
}

/// Registers a connection while it is open.
final class ConnectionGate: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Never

    private let registry: ConnectionRegistry

    init(_ registry: ConnectionRegistry) { self.registry = registry }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        if !registry.admit(channel) { channel.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        registry.leave(context.channel)
        context.fireChannelInactive()
    }
}

/// Looks for connections whose time is over as long as the server runs.
struct ConnectionSweeper: Service {
    let registry: ConnectionRegistry
    let interval: Duration

    func run() async throws {
        await cancelWhenGracefulShutdown { [registry, interval] in
            while !Task.isCancelled {
                try? await Task.sleep(for: interval)
                registry.sweep()
            }
        }
    }
}
