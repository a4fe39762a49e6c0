import FlowCore
import FlowDefinitions
import FlowStorage

extension FlowEnvironment {
    /// What is used of a limit.
    func use(of limit: DailyLimit, pending: Int64 = 0) async throws(FlowError) -> LimitUse {
        let now = clock.now
        let used = try await store.quotaUsed(limit.quota, since: limit.start(now)) + pending
        let since = max(now.hour - .seconds(3_600), limit.start(now))
        let recent = try await store.quotaUsed(limit.quota, since: since) + pending
        return LimitUse(limit, used: used, recent: recent, now: now)
    }

    /// What is used of the limits: of each connection's calls, of the requests of flows, and of the content of runs.
    func limits() async throws(FlowError) -> JSON {
        var rows: [JSON] = []
        let profile = settings.performanceProfile
        for stored in try await store.connections(withSecrets: false) {
            let connection = stored.connection
            let subject: JSONObject = [
                "kind": "calls", "connection": .string(connection.name), "connector": .string(connection.connector),
            ]
            let limit = DailyLimit.calls(through: connection.name, of: connection.connector)
            rows.append(row(try await use(of: limit), subject))
            guard let rate = CallRate.of(connection.connector) else { continue }
            rows.append(row(host.gate.rates.use(of: connection.name, rate), rate.amount, subject))
        }
        let all = try await use(of: .requests(of: nil, profile), pending: host.requests.pending(of: nil))
        rows.append(row(all, Self.subject("requests")))
        for flow in try await catalog().flows {
            let use = try await use(of: .requests(of: flow.id, profile), pending: host.requests.pending(of: flow.id))
            if use.used == 0 { continue }
            rows.append(row(use, Self.subject("requests", flow: .string(flow.name))))
        }
        let uses = host.requests.pace.uses
        rows.append(row(uses.requests, host.requests.pace.requestLimit, Self.subject("requests")))
        rows.append(row(try await use(of: .content(profile)), Self.subject("content")))
        rows.append(row(uses.content, host.requests.pace.contentLimit, Self.subject("content")))
        rows.append(atOnce())
        return .array(rows)
    }

    private static func subject(_ kind: String, flow: JSON = .null) -> JSONObject {
        ["kind": .string(kind), "connection": .null, "connector": .null, "flow": flow]
    }

    private func row(_ use: LimitUse, _ subject: JSONObject) -> JSON {
        var row = subject
        row["window"] = .string(use.limit.window.rawValue)
        row["used"] = .integer(use.used)
        row["limit"] = use.limit.amount.map { .integer($0) } ?? .null
        row["perHour"] = .integer(Int64(use.perHour.rounded()))
        row["usedUpAt"] = use.usedUpAt.map { .string($0.secondsDescription) } ?? .null
        row["resetsAt"] = .string(use.limit.reset(clock.now).description)
        return .object(row)
    }

    /// A limit of seconds or minutes, as this process has counted it.
    private func row(_ count: SlidingCount, _ limit: Int64?, _ subject: JSONObject) -> JSON {
        var count = count
        let now = clock.now
        let seconds = count.span.components.seconds
        let used = count.used(at: now)
        // The rate of the last sixth tells where it is going.
        let part = max(1, seconds / 6)
        let perSecond = Double(count.used(in: .seconds(part), before: now)) / Double(part)
        var row = subject
        row["window"] = .string("\(seconds)s")
        row["used"] = .integer(used)
        row["limit"] = limit.map { .integer($0) } ?? .null
        row["perHour"] = .integer(Int64((perSecond * 3_600).rounded()))
        row["usedUpAt"] = .null
        row["resetsAt"] = .string(now.secondsDescription)
        if let limit {
            if used >= limit {
                row["usedUpAt"] = .string(now.secondsDescription)
            } else if perSecond * Double(seconds) > Double(limit) {
                row["usedUpAt"] = .string((now + .seconds(Double(limit - used) / perSecond)).secondsDescription)
            }
            row["resetsAt"] = .string(count.fits(under: limit, at: now).secondsDescription)
        }
        return .object(row)
    }

    private func atOnce() -> JSON {
        var row = Self.subject("callsOut")
        let now = JSON.string(clock.now.secondsDescription)
        let taken = host.slots.taken
        row["window"] = "now"
        row["used"] = .integer(Int64(taken))
        row["limit"] = .integer(Int64(host.slots.limit))
        row["perHour"] = .integer(0)
        row["usedUpAt"] = taken >= host.slots.limit ? now : .null
        row["resetsAt"] = now
        return .object(row)
    }
}
