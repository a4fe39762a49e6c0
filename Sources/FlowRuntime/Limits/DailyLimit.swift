import FlowCore
import FlowDefinitions
import FlowStorage

/// How much may be used of something in a day.
struct DailyLimit: Sendable, Hashable {
    /// The span that is looked at.
    enum Window: String, Sendable, Hashable {
        /// The day of UTC.
        case day
        /// The 24 hours before.
        case lastDay = "24h"
    }

    /// The quota's name.
    let quota: String
    let window: Window
    /// How much; nil where there is no limit.
    let amount: Int64?

    /// Since when use counts.
    func start(_ now: Timestamp) -> Timestamp {
        switch window {
        case .day: now.midnight
        case .lastDay: now.hour - .seconds(23 * 3_600)
        }
    }

    /// When less counts than now: all of it is gone, or the oldest hour.
    func reset(_ now: Timestamp) -> Timestamp {
        switch window {
        case .day: now.midnight + .seconds(86_400)
        case .lastDay: now.hour + .seconds(3_600)
        }
    }

    /// The calls through a connection: the co-sell connectors allow 10,000 a day, on either plan.
    static func calls(through connection: String, of connector: String) -> DailyLimit {
        let isCoSell = connector.hasPrefix("partnercenter")
        return DailyLimit(quota: Quota.calls(of: connection), window: .day, amount: isCoSell ? 10_000 : nil)
    }

    /// The requests of flows: under a Process licence each flow has its own, else all flows of a maker share them.
    static func requests(of flow: String?, _ profile: EnvironmentSettings.PerformanceProfile) -> DailyLimit {
        let name = flow.map(RequestUse.name(of:)) ?? RequestUse.name
        let isOfFlow = profile == .high
        return DailyLimit(
            quota: name, window: .lastDay, amount: isOfFlow == (flow != nil) ? profile.requestsPerDay : nil)
    }

    /// The bytes of inputs and outputs that runs write.
    static func content(_ profile: EnvironmentSettings.PerformanceProfile) -> DailyLimit {
        DailyLimit(quota: RequestUse.content, window: .lastDay, amount: profile.contentPerDay)
    }
}

extension EnvironmentSettings.PerformanceProfile {
    /// How many requests the platform lets the profile make in 24 hours, in its transition period.
    var requestsPerDay: Int64 {
        switch self {
        case .low: 10_000
        case .medium: 200_000
        case .high: 500_000
        case .unlimited: 10_000_000
        }
    }
}

/// How much of a limit is used, and when it will be used up.
struct LimitUse: Sendable, Hashable {
    let limit: DailyLimit
    let used: Int64
    /// How much a hour at present: what the last full hour and this one brought.
    let perHour: Double
    /// When all is used up at the present rate, or nil where that is not before less counts again, or never.
    let usedUpAt: Timestamp?

    /// Judges how much is used.
    /// - Parameters:
    ///   - limit: the limit.
    ///   - used: what counts against it.
    ///   - recent: what was used since the beginning of the hour before this one.
    ///   - now: the present instant.
    init(_ limit: DailyLimit, used: Int64, recent: Int64, now: Timestamp) {
        self.limit = limit
        self.used = used
        let hours = Double(now.ticks - (now.hour - .seconds(3_600)).ticks) / Double(3_600 * Timestamp.ticksPerSecond)
        perHour = Double(max(recent, 0)) / hours
        guard let amount = limit.amount else {
            usedUpAt = nil
            return
        }
        if used >= amount {
            usedUpAt = now
        } else if perHour > 0 {
            // Beyond a day it is no forecast.
            let rest = Double(amount - used) / perHour * 3_600
            let end = limit.window == .day ? limit.reset(now) : now + .seconds(86_400)
            let instant = rest < 1e6 ? now + .seconds(rest.rounded(.down)) : end
            usedUpAt = instant < end ? instant : nil
        } else {
            usedUpAt = nil
        }
    }
}
