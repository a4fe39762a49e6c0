package import FlowCore

/// A fault of a service, switched on by `sandbox fault`.
///
/// Its parts act together: a request may be delayed and then refused. Without a status, `drop` or `garbage` the
/// service itself answers.
package struct Fault: Sendable {
    /// The service that fails.
    package var service: SandboxService
    /// The status that is answered instead.
    package var status: Int?
    /// Seconds in the `Retry-After` header of that answer.
    package var retryAfter: Int?
    /// Milliseconds that every request waits.
    package var latency: Int?
    /// Whether the connection is closed without an answer.
    package var drop = false
    /// Whether the answer is 200 with a body that is no JSON.
    package var garbage = false
    /// Whether every webhook is delivered twice.
    package var duplicateWebhooks = false
    /// Whether webhooks are held back for a moment and delivered newest first.
    package var reorderWebhooks = false
    /// When it ends, on the sandbox clock.
    package var until: Timestamp?
    /// Which share of the requests it meets, from 0 to 1.
    package var rate: Double = 1

    /// Makes a fault without parts.
    package init(service: SandboxService) { self.service = service }

    /// Reads a fault of the control API's JSON.
    /// - Parameters:
    ///   - json: the request's body.
    ///   - now: the sandbox's time, from which `for` counts.
    /// - Returns: the fault, and whether the service's tokens are to expire at once.
    /// - Throws: `InvalidSandboxRequest`.
    package static func read(_ json: JSON, now: Timestamp) throws(FlowError) -> (fault: Fault, expiresTokens: Bool) {
        let names = SandboxService.allCases.map(\.rawValue)
        guard let name = json["service"]?.stringValue, let service = SandboxService(rawValue: name) else {
            let given = json["service"]?.stringValue ?? ""
            let near = Suggestion.hint(for: given, among: names)
            throw FlowError(
                .invalidSandboxRequest, "The sandbox has no service '\(given)'.",
                hint: near ?? "give one of \(names.joined(separator: ", "))")
        }
        var fault = Fault(service: service)
        func number(_ key: String, _ range: ClosedRange<Int64>) throws(FlowError) -> Int? {
            guard let value = json[key], !value.isNull else { return nil }
            guard let number = value.integerValue, range.contains(number) else {
                throw FlowError(
                    .invalidSandboxRequest,
                    "'\(key)' of a fault must be a whole number from \(range.lowerBound) to \(range.upperBound).")
            }
            return Int(number)
        }
        fault.status = try number("status", 400...599)
        fault.retryAfter = try number("retryAfter", 0...86_400)
        fault.latency = try number("latency", 0...600_000)
        fault.drop = json["drop"]?.boolValue ?? false
        fault.garbage = json["garbage"]?.boolValue ?? false
        fault.duplicateWebhooks = json["duplicateWebhooks"]?.boolValue ?? false
        fault.reorderWebhooks = json["reorderWebhooks"]?.boolValue ?? false
        let webhooks = fault.duplicateWebhooks || fault.reorderWebhooks
        if webhooks, service != .partnercenterevents, service != .commondataserviceforapps {
            throw FlowError(
                .invalidSandboxRequest, "The service '\(name)' sends no webhooks.",
                hint: "use 'partnercenterevents' or 'commondataserviceforapps'")
        }
        if let rate = json["rate"], !rate.isNull {
            guard let value = rate.doubleValue, value > 0, value <= 100 else {
                throw FlowError(
                    .invalidSandboxRequest, "'rate' of a fault must be above 0: up to 1 a share, up to 100 per cent.")
            }
            fault.rate = value > 1 ? value / 100 : value
        }
        if let text = json["for"]?.stringValue {
            guard let duration = SandboxDuration.parse(text) else {
                throw FlowError(
                    .invalidSandboxRequest, "'\(text)' is no duration.", hint: "write it like 30s, 5m, 2h, 14d or PT5M")
            }
            fault.until = now + duration
        }
        let expiresTokens = json["expireTokens"]?.boolValue ?? false
        let acts =
            fault.status != nil || fault.latency != nil || fault.drop || fault.garbage || webhooks || expiresTokens
        guard acts else {
            throw FlowError(
                .invalidSandboxRequest, "The fault for '\(name)' does nothing.",
                hint: "give a status, latency, drop, garbage, expireTokens, duplicateWebhooks or reorderWebhooks")
        }
        return (fault, expiresTokens)
    }

    /// The fault as the control API gives it.
    package var json: JSON {
        var object: JSONObject = ["service": .string(service.rawValue)]
        if let status { object["status"] = .integer(Int64(status)) }
        if let retryAfter { object["retryAfter"] = .integer(Int64(retryAfter)) }
        if let latency { object["latency"] = .integer(Int64(latency)) }
        if drop { object["drop"] = true }
        if garbage { object["garbage"] = true }
        if duplicateWebhooks { object["duplicateWebhooks"] = true }
        if reorderWebhooks { object["reorderWebhooks"] = true }
        if let until { object["until"] = .string(until.description) }
        if rate < 1 { object["rate"] = .double(rate) }
        return .object(object)
    }

    /// Whether it meets requests and stays switched on, rather than acting once.
    package var stays: Bool {
        status != nil || latency != nil || drop || garbage || duplicateWebhooks || reorderWebhooks
    }
}
