package import FlowCore
import Synchronization

/// The faults that are switched on, one a service; a later one replaces an earlier one.
package final class FaultBoard: Sendable {
    private let faults = Mutex<[SandboxService: Fault]>([:])

    /// Makes a board without faults.
    package init() {}

    /// Switches a fault on.
    package func set(_ fault: Fault) { faults.withLock { $0[fault.service] = fault } }

    /// Switches the faults of a service, or of all, off.
    package func clear(_ service: SandboxService? = nil) {
        faults.withLock { faults in
            if let service { faults[service] = nil } else { faults = [:] }
        }
    }

    /// The fault of a service that has not ended.
    package func active(_ service: SandboxService, at now: Timestamp) -> Fault? {
        faults.withLock { faults in
            guard let fault = faults[service] else { return nil }
            guard fault.until.map({ now < $0 }) ?? true else {
                faults[service] = nil
                return nil
            }
            return fault
        }
    }

    /// All faults that have not ended, in the order of the services.
    package func all(at now: Timestamp) -> [Fault] { SandboxService.allCases.compactMap { active($0, at: now) } }

    /// The fault that meets the next request of a service: chance decides where its rate is below 1.
    package func meeting(_ service: SandboxService, at now: Timestamp) -> Fault? {
        guard let fault = active(service, at: now) else { return nil }
        return fault.rate >= 1 || Double.random(in: 0..<1) < fault.rate ? fault : nil
    }
}

extension Fault {
    /// The answer that stands in for the service's, in the service's own error shape; nil where the service answers.
    package var response: ServiceResponse? {
        if garbage {
            return ServiceResponse(
                200, headers: [("Content-Type", "application/json")], body: Array("{\"value\":[{\"id\":\"\u{1}".utf8))
        }
        guard let status else { return nil }
        var response = ServiceResponse.json(status, body(status))
        if let retryAfter { response.headers.append(("Retry-After", String(retryAfter))) }
        return response
    }

    private func body(_ status: Int) -> JSON {
        let seconds = retryAfter ?? 1
        switch service {
        case .identity:
            return [
                "error": "temporarily_unavailable",
                "error_description": "AADSTS90033: A transient error has occurred. Please try again.",
                "error_codes": [90_033],
            ]
        case .partnercenterref where status != 429:
            let code: JSON = status == 503 ? "serviceNotAvailable" : "generalException"
            return ["error": ["code": code, "message": "The service cannot answer now. Callers may retry."]]
        case .partnercenterref:
            return Self.throttled(seconds)
        case .partnercenterevents where status != 429:
            return ["code": "2000", "description": "An internal error happened.", "data": [], "source": "PartnerFD"]
        case .partnercenterevents:
            return Self.throttled(seconds)
        case .salesforce:
            let code: JSON = status == 429 ? "REQUEST_LIMIT_EXCEEDED" : "SERVER_UNAVAILABLE"
            return [["message": "The server cannot answer now. Try again later.", "errorCode": code]]
        case .commondataserviceforapps where status == 429:
            return [
                "error": [
                    "code": "0x80072322",
                    "message": "Number of requests exceeded the limit of 6000 over time window of 300 seconds.",
                ]
            ]
        case .commondataserviceforapps:
            return ["error": ["code": "0x80040216", "message": "An unexpected error occurred."]]
        }
    }

    /// What Partner Center answers where a limit is passed.
    static func throttled(_ seconds: Int) -> JSON {
        [
            "statusCode": 429,
            "message": .string("Rate limit is exceeded. Try again in \(seconds) seconds."),
        ]
    }
}
