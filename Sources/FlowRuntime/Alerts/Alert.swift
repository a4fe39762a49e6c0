public import FlowCore

/// Something that a person should know of without looking.
public struct Alert: Sendable, Hashable {
    /// What happened.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A run of a flow ended Failed or TimedOut.
        case failedRuns
        /// A connection does not work until someone signs in again.
        case expiredConnections
        /// A trigger has seen nothing for longer than its rule allows.
        case silentTriggers
    }

    /// What happened.
    public let kind: Kind
    /// What it is about, so that the same is not told again and again.
    let subject: String
    /// One sentence for people.
    public let text: String
    /// The particulars.
    let fields: JSONObject

    /// Under what it is remembered that it was told.
    var key: String { "\(kind.rawValue)/\(subject)" }

    /// The alert as it is delivered: `kind`, `environment`, `time`, `text`, and what belongs to the kind.
    func json(of environment: String, at now: Timestamp) -> JSON {
        var json: JSONObject = [
            "kind": .string(kind.rawValue), "environment": .string(environment),
            "time": .string(now.secondsDescription), "text": .string(text),
        ]
        for (name, value) in fields { json[name] = value }
        return SecretMask.masking(.object(json))
    }

    /// Delivers an alert to whoever is to know.
    public typealias Delivery = @Sendable (_ alert: JSON) async throws(FlowError) -> Void
}

/// What `alerts` of `flowrun.yaml` says.
public struct AlertRules: Sendable, Hashable {
    /// The address that gets each alert as a POST of JSON; `env:NAME` where it stands in a variable.
    public var webhook: String?
    /// The command that gets each alert as JSON on stdin: the program and its arguments.
    public var command: [String]
    /// How long the same is not told again.
    public var interval: Duration
    /// What is told.
    public var kinds: Set<Alert.Kind>
    /// How long triggers may see nothing, by flow as on the command line; `*` is every other flow that is on and not started
    /// by hand.
    public var silence: [String: Duration]

    /// Makes rules; what is not given is the default.
    public init(
        webhook: String? = nil, command: [String] = [], interval: Duration = .seconds(3_600),
        kinds: Set<Alert.Kind> = Set(Alert.Kind.allCases), silence: [String: Duration] = [:]
    ) {
        self.webhook = webhook
        self.command = command
        self.interval = interval
        self.kinds = kinds
        self.silence = silence
    }
}
