import FlowCore
import FlowDefinitions
import FlowEngine
import FlowStorage
import Synchronization

/// Looks for what people should know of, and has it delivered: the same once in an interval.
///
/// Failed runs leave their mark with the commit of their end, and what was told is kept in the store, so that a restart
/// neither loses an alert nor repeats one. An alert that could not be delivered is tried again.
final class AlertWatch: Sendable {
    /// Codes of failures that wait to be told, by flow; more of one flow are told with the others.
    private static let codesOfFlow = 20
    /// How often it looks.
    private static let pause = Duration.seconds(5)
    /// The name under which the store keeps what was told.
    private static let ledger = "alerts"

    private struct State {
        /// The failed runs that are not told yet: by flow and code, the newest.
        var failures: [String: JSONObject] = [:]
        var hasLoaded = false
        var task: Task<Void, Never>?
        var hasReported = false
    }

    private let rules: AlertRules
    private let host: RunHost
    private let deliver: Alert.Delivery
    private let state = Mutex(State())

    init(_ rules: AlertRules, host: RunHost, deliver: @escaping Alert.Delivery) {
        self.rules = rules
        self.host = host
        self.deliver = deliver
    }

    private static func place(of flow: String) -> String { "alert/failed/\(flow)" }

    // MARK: Failed runs

    /// What a run's end leaves in the store, in the same commit; nothing for an end that is no failure.
    func changes(of outcome: RunOutcome, _ identity: RunIdentity) -> [StoreChange] {
        guard rules.kinds.contains(.failedRuns), ["Failed", "TimedOut"].contains(outcome.status) else { return [] }
        let code = outcome.error?.code ?? outcome.code ?? outcome.status
        let failure: JSON = [
            "flow": .string(identity.flowName), "run": .string(identity.run), "status": .string(outcome.status),
            "code": .string(code), "message": .string(SecretMask.masking(outcome.error?.message ?? "")),
            "endTime": .string(outcome.endTime.secondsDescription),
        ]
        let whole = state.withLock { state -> JSONObject in
            var failures = state.failures[identity.flowID] ?? [:]
            if failures[code] != nil || failures.count < Self.codesOfFlow { failures[code] = failure }
            state.failures[identity.flowID] = failures
            return failures
        }
        return [.metadata(Self.place(of: identity.flowID), .object(whole))]
    }

    // MARK: Watching

    /// Begins to look, first at what an earlier process left.
    func start() {
        let task = Task {
            while !Task.isCancelled {
                await look()
                await host.clock.sleep(until: host.clock.now + Self.pause)
            }
        }
        state.withLock { $0.task = task }
    }

    /// Ends looking; what is not told yet is told after the next start.
    func stop() { state.withLock { $0.task }?.cancel() }

    /// Looks once.
    func look() async {
        guard host.readiness == .ready else { return }
        do throws(FlowError) {
            try await load()
            var told = try await host.store.metadata(Self.ledger)?.objectValue ?? [:]
            let before = told
            let alerts = try await alerts()
            let now = host.clock.now
            forget(&told, except: Set(alerts.map(\.key)), now)
            for alert in alerts {
                if let last = told[alert.key]?.stringValue.flatMap({ Timestamp(iso8601: $0) }),
                    last + rules.interval > now
                {
                    continue
                }
                guard await isDelivered(alert, now) else { break }
                told[alert.key] = .string(now.description)
                try await settle(alert)
            }
            if told != before {
                try await host.commit(StoreCommit([.metadata(Self.ledger, told.isEmpty ? nil : .object(told))]))
            }
        } catch {
            // A store that fails says so elsewhere.
        }
    }

    /// Reads which failures an earlier process left to be told.
    private func load() async throws(FlowError) {
        guard !state.withLock({ $0.hasLoaded }) else { return }
        for flow in host.catalog.flows {
            guard let left = try await host.store.metadata(Self.place(of: flow.id))?.objectValue else { continue }
            state.withLock { state in
                var failures = left
                for (code, failure) in state.failures[flow.id] ?? [:] { failures[code] = failure }
                state.failures[flow.id] = failures
            }
        }
        state.withLock { $0.hasLoaded = true }
    }

    /// What is over may be told anew at once when it comes again.
    private func forget(_ told: inout JSONObject, except present: Set<String>, _ now: Timestamp) {
        for (key, value) in told where !present.contains(key) {
            let isOld = value.stringValue.flatMap { Timestamp(iso8601: $0) }.map { $0 + rules.interval <= now } ?? true
            if isOld || !key.hasPrefix(Alert.Kind.failedRuns.rawValue) { told[key] = nil }
        }
    }

    private func isDelivered(_ alert: Alert, _ now: Timestamp) async -> Bool {
        do throws(FlowError) {
            try await deliver(alert.json(of: host.settings.name, at: now))
            state.withLock { $0.hasReported = false }
            return true
        } catch {
            let isFirst = state.withLock { state in
                defer { state.hasReported = true }
                return !state.hasReported
            }
            if isFirst { host.options.report(error) }
            return false
        }
    }

    /// A failure was told: its mark goes.
    private func settle(_ alert: Alert) async throws(FlowError) {
        guard alert.kind == .failedRuns, let flow = alert.fields["flowId"]?.stringValue,
            let code = alert.fields["code"]?.stringValue
        else { return }
        let left = state.withLock { state -> JSONObject in
            // One that failed meanwhile is told later.
            if state.failures[flow]?[code]?["run"] == alert.fields["run"] { state.failures[flow]?[code] = nil }
            return state.failures[flow] ?? [:]
        }
        try await host.commit(StoreCommit([.metadata(Self.place(of: flow), left.isEmpty ? nil : .object(left))]))
    }

    // MARK: What there is

    private func alerts() async throws(FlowError) -> [Alert] {
        var alerts: [Alert] = []
        if rules.kinds.contains(.failedRuns) { alerts += failedRuns() }
        if rules.kinds.contains(.expiredConnections) { alerts += try await expiredConnections() }
        if rules.kinds.contains(.silentTriggers) { alerts += try await silentTriggers() }
        return alerts
    }

    private func failedRuns() -> [Alert] {
        let failures = state.withLock { $0.failures }
        return failures.sorted { $0.key < $1.key }.flatMap { id, codes in
            codes.map { code, failure in
                var fields = failure.objectValue ?? [:]
                fields["flowId"] = .string(id)
                let flow = failure["flow"]?.stringValue ?? id
                let run = failure["run"]?.stringValue ?? ""
                return Alert(
                    kind: .failedRuns, subject: "\(id)/\(code)",
                    text:
                        "A run of '\(flow)' ended \(failure["status"]?.stringValue ?? "Failed") with \(code): \(failure["message"]?.stringValue ?? "") See `flowrun runs show \(run)`.",
                    fields: fields)
            }
        }
    }

    private func expiredConnections() async throws(FlowError) -> [Alert] {
        let now = host.clock.now
        return try await host.store.connections(withSecrets: false).compactMap { stored -> Alert? in
            let isExpired = stored.expires.map { $0 <= now } ?? false
            guard stored.status != .connected || isExpired else { return nil }
            let name = stored.connection.name
            return Alert(
                kind: .expiredConnections, subject: name,
                text:
                    "The connection '\(name)' of \(stored.connection.account) does not work until someone signs in: `flowrun login \(stored.connection.account)`.",
                fields: [
                    "connection": .string(name), "connector": .string(stored.connection.connector),
                    "account": .string(stored.connection.account), "status": .string(stored.status.rawValue),
                    "code": stored.statusCode.map { .string($0) } ?? .null,
                ])
        }
    }

    private func silentTriggers() async throws(FlowError) -> [Alert] {
        let silent = try await TriggerSilence.all(in: host.catalog, rules.silence, host.store, now: host.clock.now)
        return silent.map { silence in
            Alert(
                kind: .silentTriggers, subject: silence.flow.id,
                text:
                    "The trigger of '\(silence.flow.name)' has seen nothing since \(silence.since.secondsDescription), longer than \(silence.ruleText). See `flowrun flow history \"\(silence.flow.name)\"`.",
                fields: [
                    "flow": .string(silence.flow.name), "flowId": .string(silence.flow.id),
                    "since": .string(silence.since.secondsDescription), "rule": .string(silence.ruleText),
                ])
        }
    }
}
