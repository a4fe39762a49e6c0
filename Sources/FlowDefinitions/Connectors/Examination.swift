public import FlowCore

/// Something that an examination found: what is wrong, how that shows, and the command that repairs it.
public struct Finding: Sendable, Hashable {
    /// How grave a finding is.
    public enum Severity: String, Sendable, Hashable, CaseIterable {
        /// Something does not work.
        case error
        /// Something will not work, or works by luck.
        case warning
        /// Worth knowing.
        case information
    }

    /// The code, with its page for `explain`.
    public var code: FlowError.Code
    /// How grave it is.
    public var severity: Severity
    /// What it is about: a connection, a flow, a field.
    public var subject: String
    /// What is wrong, in a sentence.
    public var cause: String
    /// How that shows: answers, times, places.
    public var evidence: [String]
    /// The exact next command, or what a person has to do where no command can.
    public var repair: String
    /// A call through the examined connection that repairs it and can do no harm, or nil.
    public var call: OperationCall?

    /// Makes a finding.
    public init(
        _ code: FlowError.Code, _ severity: Severity = .error, about subject: String, _ cause: String,
        evidence: [String] = [], repair: String, call: OperationCall? = nil
    ) {
        self.code = code
        self.severity = severity
        self.subject = subject
        self.cause = cause
        self.evidence = evidence
        self.repair = repair
        self.call = call
    }
}

/// What the flows of an environment want of a service, for the service's connector to compare with what is there.
public struct ExaminationRequest: Sendable {
    /// One call that a flow makes, with those of its parameters that are known before it runs.
    public struct Use: Sendable, Hashable {
        /// The flow.
        public let flow: String
        /// The trigger or action.
        public let action: String
        /// The operation.
        public let operationID: String
        /// The parameters that need no run to be known.
        public let parameters: JSONObject

        /// Makes a use.
        public init(flow: String, action: String, operationID: String, parameters: JSONObject) {
            self.flow = flow
            self.action = action
            self.operationID = operationID
            self.parameters = parameters
        }
    }

    /// A flow that waits for the events of a service.
    public struct Receiver: Sendable, Hashable {
        /// The flow.
        public let flow: String
        /// Its address, with its signature.
        public let url: String
        /// Whether the flow is on.
        public let isOn: Bool

        /// Makes a receiver.
        public init(flow: String, url: String, isOn: Bool) {
            self.flow = flow
            self.url = url
            self.isOn = isOn
        }
    }

    /// The calls through this connection.
    public let uses: [Use]
    /// The flows that wait for events.
    public let receivers: [Receiver]
    /// Whether the receivers' host and port are those at which the environment is really reached now.
    public let isServing: Bool

    /// Makes a request.
    public init(uses: [Use], receivers: [Receiver], isServing: Bool) {
        self.uses = uses
        self.receivers = receivers
        self.isServing = isServing
    }
}

/// What a connector found at its service, and what other services' findings may depend on.
public struct Examination: Sendable {
    /// What is wrong.
    public var findings: [Finding]
    /// The currencies that records of the service are in.
    public var currenciesInUse: Set<String>
    /// The currencies that the service has set up; nil where it does not say.
    public var currenciesKnown: Set<String>?
    /// When a record whose changes are announced changed last.
    public var latestChange: Timestamp?
    /// What time it was by the service's own clock; nil where it does not say.
    public var serviceTime: Timestamp?
    /// The receiver that the service's events go to.
    public var receiver: String?

    /// Makes an examination that found nothing.
    public init(findings: [Finding] = []) {
        self.findings = findings
        currenciesInUse = []
    }
}
