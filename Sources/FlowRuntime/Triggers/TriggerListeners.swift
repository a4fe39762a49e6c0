import FlowCore
import FlowDefinitions
import FlowEngine
import FlowExpressions
import FlowStorage
import FlowText
import Synchronization

/// The triggers that ask or fire by themselves: polling triggers and recurrences of the flows that are on.
final class TriggerListeners: Sendable {
    private struct State {
        var isListening = false
        /// The flows that listen, by id, with the hash of their definition.
        var flows: [String: String] = [:]
        /// Flows whose trigger is being asked.
        var busy: Set<String> = []
        /// The recurrences of before, of busy triggers that have another one since.
        var changed: [String: Recurrence] = [:]
    }

    private let host: RunHost
    private let pollInterval: Duration?
    private let state = Mutex(State())
    private let timers: TimerQueue<String>

    /// How often a polling trigger asks where its flow does not say.
    private static let standardInterval = Duration.seconds(180)

    init(host: RunHost, pollInterval: Duration?) {
        self.host = host
        self.pollInterval = pollInterval
        timers = TimerQueue(clock: host.clock)
        host.whenStoreIsWell { [weak self, weak host] in
            do throws(FlowError) { try await self?.finishSplits() } catch { host?.options.report(error) }
        }
        timers.whenDue { [weak self] flows in
            for flow in flows { self?.due(flow) }
        }
        // Reading the store is asynchronous.
        timers.whenSetBack { [weak self] in Task { await self?.scheduleAnew() } }
    }

    /// The clock was set back: what waits for an instant that is far off now is reckoned from the present.
    private func scheduleAnew() async {
        for id in state.withLock({ $0.flows.keys.sorted() }) {
            guard let flow = host.catalog[id], flow.isStarted, let trigger = flow.trigger,
                let known = try? await host.store.triggerState(flow: id, trigger: trigger.name),
                state.withLock({ $0.flows[id] != nil && !$0.busy.contains(id) })
            else { continue }
            await arm(flow, trigger, known)
        }
    }

    /// Begins to listen.
    func start(_ catalog: Catalog) async throws(FlowError) {
        state.withLock { $0.isListening = true }
        try await refresh(catalog)
        try await finishSplits()
    }

    /// Ends listening.
    func stop() async {
        state.withLock { state in
            state.isListening = false
            state.flows = [:]
        }
        timers.stop()
    }

    /// Takes over which flows are on: triggers of new ones begin to count from now on.
    func refresh(_ catalog: Catalog) async throws(FlowError) {
        let started = catalog.flows.filter { $0.isStarted && $0.trigger?.listening != nil }
        let (isListening, gone) = state.withLock { state -> (Bool, [String]) in
            let ids = Set(started.map(\.id))
            let gone = state.flows.keys.filter { !ids.contains($0) }
            for id in gone { state.flows[id] = nil }
            return (state.isListening, gone)
        }
        gone.forEach { timers.remove($0) }
        for flow in started {
            let isNew = state.withLock { $0.flows[flow.id] != flow.installed.definitionHash }
            guard isNew else { continue }
            try await begin(flow, isListening: isListening)
        }
    }

    private func begin(_ flow: Catalog.Entry, isListening: Bool) async throws(FlowError) {
        guard let trigger = flow.trigger else { return }
        var known = try await host.store.triggerState(flow: flow.id, trigger: trigger.name)
        if known == nil {
            // Only what happens from now on counts: the first question takes the service's present as its mark.
            let first = TriggerState(
                flow: flow.id, trigger: trigger.name, nextDue: schedule(of: trigger, flow)?.first(host.clock.now))
            try await host.commit(StoreCommit([.trigger(first)]))
            known = first
            if trigger.listening == .polling { await poll(flow, trigger) }
            known = try await host.store.triggerState(flow: flow.id, trigger: trigger.name) ?? first
        }
        guard isListening else { return }
        state.withLock { $0.flows[flow.id] = flow.installed.definitionHash }
        await arm(flow, trigger, known)
    }

    /// Sets the timer of a trigger to when it is due next.
    private func arm(_ flow: Catalog.Entry, _ trigger: Trigger, _ known: TriggerState?) async {
        let now = host.clock.now
        if trigger.listening == .polling {
            let next = known?.nextDue ?? now + interval(of: trigger, flow)
            timers.set(flow.id, at: min(next, now + interval(of: trigger, flow)))
        } else if let schedule = schedule(of: trigger, flow) {
            do throws(FlowError) {
                let due = try await ScheduledTrigger(host: host, flow: flow, trigger: trigger, schedule: schedule)
                    .nextDue(known)
                if let due { timers.set(flow.id, at: due + schedule.delay) }
            } catch {
                host.options.report(error)
            }
        }
    }

    /// When a trigger that follows the clock fires, or nil.
    private func schedule(of trigger: Trigger, _ flow: Catalog.Entry) -> TriggerSchedule? {
        guard trigger.listening != .polling, let recurrence = recurrence(of: trigger, flow) else { return nil }
        return TriggerSchedule(recurrence, of: trigger, missed: host.catalog.missedTimes(of: flow))
    }

    private func recurrence(of trigger: Trigger, _ flow: Catalog.Entry) -> Recurrence? {
        VariableRecurrences.value(of: trigger, flow, VariableValues(host.catalog, host.state), now: host.clock.now)
            .flatMap(Recurrence.init)
    }

    private func interval(of trigger: Trigger, _ flow: Catalog.Entry) -> Duration {
        if let pollInterval { return pollInterval }
        let connector = trigger.connectionReferenceKey.flatMap { flow.definition.connectionReference($0)?.connector }
        let known = connector.flatMap { host.connectors.trigger(trigger.operationID ?? "", of: $0) }
        return recurrence(of: trigger, flow)?.duration ?? known?.interval ?? Self.standardInterval
    }

    // MARK: Variables

    /// Variables have other values than before: triggers whose recurrence depends on them are planned anew, from the time at
    /// which they were due last.
    /// - Parameter old: the recurrences with the values of before.
    /// - Throws: where the store fails.
    func replan(from old: VariableRecurrences) async throws(FlowError) {
        let present = VariableRecurrences(host.catalog, host.state, now: host.clock.now)
        for (id, before) in old.changed(in: present) {
            // A trigger that is being asked writes where it stands itself; it is planned anew when it rests.
            let isMine = state.withLock { state in
                let isMine = state.busy.insert(id).inserted
                if !isMine, state.changed[id] == nil { state.changed[id] = before }
                return isMine
            }
            guard isMine else { continue }
            do throws(FlowError) {
                try await replan(id, by: before)
            } catch {
                await rest(id)
                throw error
            }
            await rest(id)
        }
    }

    private func replan(_ id: String, by before: Recurrence) async throws(FlowError) {
        guard let flow = host.catalog[id], let trigger = flow.trigger,
            var known = try await host.store.triggerState(flow: id, trigger: trigger.name), let due = known.nextDue
        else { return }
        let now = host.clock.now
        if trigger.listening != .polling {
            known.nextDue = schedule(of: trigger, flow)?.due(insteadOf: due, by: before, now: now)
        } else if pollInterval == nil {
            known.nextDue = max(now, due - before.duration + interval(of: trigger, flow))
        }
        try await host.commit(StoreCommit([.trigger(known)]))
    }

    // MARK: Due

    private func due(_ id: String) {
        let mayAsk = state.withLock { state -> Bool in
            guard state.isListening, state.flows[id] != nil else { return false }
            return state.busy.insert(id).inserted
        }
        guard mayAsk else { return }
        // Asking a service takes time; other triggers go on meanwhile.
        Task {
            await fire(id)
            await rest(id)
        }
    }

    /// A trigger has done what it had to do; its timer is set anew.
    private func rest(_ id: String) async {
        let before = state.withLock { state -> Recurrence? in
            let before = state.changed.removeValue(forKey: id)
            if before == nil { state.busy.remove(id) }
            return before
        }
        if let before {
            do throws(FlowError) { try await replan(id, by: before) } catch { host.options.report(error) }
            return await rest(id)
        }
        guard let flow = host.catalog[id], flow.isStarted, let trigger = flow.trigger else { return }
        guard state.withLock({ $0.isListening && $0.flows[id] != nil }) else { return }
        let known = try? await host.store.triggerState(flow: id, trigger: trigger.name)
        await arm(flow, trigger, known)
    }

    private func fire(_ id: String) async {
        guard let flow = host.catalog[id], flow.isStarted, let trigger = flow.trigger, host.readiness == .ready else {
            return
        }
        if trigger.listening == .polling { return await poll(flow, trigger) }
        guard let schedule = schedule(of: trigger, flow) else { return }
        do throws(FlowError) {
            try await ScheduledTrigger(host: host, flow: flow, trigger: trigger, schedule: schedule).fire()
        } catch {
            host.options.report(error)
        }
    }

    // MARK: Polling

    private func poll(_ flow: Catalog.Entry, _ trigger: Trigger) async {
        do throws(FlowError) {
            // What came before has its runs before what comes next.
            try await finishSplits(of: flow.id)
            let now = host.clock.now
            let runnable = try host.runnable(flow)
            let known = try await host.store.triggerState(flow: flow.id, trigger: trigger.name)
            var next = known ?? TriggerState(flow: flow.id, trigger: trigger.name)
            next.nextDue = now + interval(of: trigger, flow)
            let events = TriggerEvents(host: host, runnable: runnable)
            do throws(FlowError) {
                let answer = try await TriggerQuestion(host: host, runnable: runnable).ask(known?.watermark)
                next.watermark = TriggerMark(watermark: answer.watermark, seen: answer.seen).json
                next.failures = 0
                if let wait = answer.retryAfter { next.nextDue = max(now + wait, next.nextDue ?? now) }
                try await events.take(answer.outputs, next, at: now)
            } catch {
                if error.isStoreFailure { throw error }
                next.failures += 1
                if error.isPassing, let wait = repeatWait(runnable, after: next.failures) {
                    next.nextDue = min(now + wait, next.nextDue ?? now + wait)
                }
                let row = events.row(
                    RunName.new(at: now), .failed, code: error.code.rawValue, message: error.message, at: now)
                try await host.commit(StoreCommit([.trigger(next), .history(row)]))
            }
        } catch {
            host.options.report(error)
        }
    }

    /// How long a question that failed waits before it is asked again, by the trigger's retry policy; nil where it waits for
    /// the next interval.
    private func repeatWait(_ runnable: RunnableFlow, after failures: Int) -> Duration? {
        let standard = host.settings.performanceProfile.runSettings.retryPolicy
        let written = runnable.rules.trigger.inputs?["retryPolicy"]?.json
        let policy = written.map { RetryPolicy(written: $0, default: standard) } ?? standard
        guard failures <= policy.count else { return nil }
        return .seconds(Double.random(in: policy.waitRange(beforeRepeat: failures)))
    }

    /// Goes on with answers of which a crash, or a store that failed, left parts without their runs.
    ///
    /// Nobody waits for that: parts may have to wait for the turns of many runs before them.
    private func finishSplits() async throws(FlowError) {
        for id in Set(try await host.store.unfinishedSplits().map(\.flow)).sorted() {
            // A trigger that is being asked does so when it asks next.
            guard state.withLock({ $0.busy.insert(id).inserted }) else { continue }
            Task {
                do throws(FlowError) { try await finishSplits(of: id) } catch { host.options.report(error) }
                await rest(id)
            }
        }
    }

    private func finishSplits(of id: String) async throws(FlowError) {
        for entry in try await host.store.unfinishedSplits() where entry.flow == id {
            guard let flow = host.catalog[id], flow.isStarted,
                let whole = try await host.store.triggerHistoryEntry(entry.id)
            else { continue }
            let events = TriggerEvents(host: host, runnable: try host.runnable(flow))
            try await events.split(whole, at: entry.startTime)
        }
    }
}

/// Up to where a service was asked, as the store keeps it.
struct TriggerMark {
    let watermark: JSON
    let seen: Set<String>

    var json: JSON {
        ["watermark": watermark, "seen": .array(seen.sorted().map { .string($0) })]
    }
}

extension TriggerMark {
    init?(json: JSON?) {
        guard let json, let watermark = json["watermark"] else { return nil }
        self.init(watermark: watermark, seen: Set((json["seen"]?.arrayValue ?? []).compactMap(\.stringValue)))
    }
}

extension JSON {
    /// Whether any text in it is a template.
    var containsTemplate: Bool {
        switch self {
        case .string(let text): text.hasPrefix("@") || text.contains("@{")
        case .array(let elements): elements.contains(where: \.containsTemplate)
        case .object(let object): object.values.contains(where: \.containsTemplate)
        default: false
        }
    }
}

extension FlowError {
    /// Whether the store refused, so that nothing may be said about the service.
    var isStoreFailure: Bool { ErrorPage.storePages.contains { $0.code == code } }

    /// Whether the store cannot be used at all, whatever is wanted of it.
    var meansStoreFails: Bool {
        [.storeFull, .storeUnusable, .storeCorrupt, .storeLocked, .storeReadOnly].contains(code)
    }
}
