public import FlowCore
import FlowDefinitions

/// What the outside world answers to a call of a simulated run.
public struct MockAnswer: Sendable, Hashable {
    /// What comes back.
    public enum Result: Sendable, Hashable {
        /// An answer: for webhook actions the callback.
        case answer(statusCode: Int, headers: JSONObject, body: JSON?)
        /// No answer: the code and message of the failure.
        case failure(code: String, message: String)
    }

    /// What comes back.
    public var result: Result
    /// The time it takes.
    public var delay: Duration

    /// Makes an answer.
    public init(_ result: Result, delay: Duration = .zero) {
        self.result = result
        self.delay = delay
    }

    /// Reads `{"statusCode", "headers", "body", "delay"}` or `{"networkError", "delay"}`; nil for another shape.
    public init?(json: JSON) {
        var delay = Duration.zero
        if let text = json["delay"]?.stringValue {
            guard let duration = Duration(flowText: text) else { return nil }
            delay = duration
        }
        if let error = json["networkError"]?.stringValue {
            guard let failure = Self.networkFailure(error) else { return nil }
            self.init(failure, delay: delay)
            return
        }
        guard let status = json["statusCode"]?.integerValue else { return nil }
        self.init(
            .answer(statusCode: Int(status), headers: json["headers"]?.objectValue ?? [:], body: json["body"]),
            delay: delay)
    }

    /// Reads one answer or a list of them; nil for another shape.
    public static func list(json: JSON) -> [MockAnswer]? {
        guard case .array(let elements) = json else { return MockAnswer(json: json).map { [$0] } }
        let answers = elements.compactMap(MockAnswer.init(json:))
        return answers.count == elements.count && !answers.isEmpty ? answers : nil
    }

    private static func networkFailure(_ error: String) -> Result? {
        switch error {
        case "connectionFailed":
            .failure(
                code: FlowError.Code.serviceTemporarilyUnavailable.rawValue,
                message: "No connection to the service could be made.")
        case "nameNotResolved":
            .failure(
                code: FlowError.Code.unresolvableHostName.rawValue,
                message: "The provided host name could not be resolved.")
        case "timeout":
            .failure(
                code: FlowError.Code.gatewayTimeout.rawValue,
                message: "The service did not answer within the time limit.")
        default: nil
        }
    }
}
