public import FlowCore
public import FlowDefinitions

/// Who a run is: everything that is fixed when it starts, beside its flow and what the trigger brought.
///
/// It is written into the run's first event, so a recovered run sees the same parameters and settings.
public struct RunIdentity: Sendable, Hashable {
    /// The run's name, unique in its environment.
    public var run: String
    /// The flow's name.
    public var flowName: String
    /// The flow's GUID, or any text that identifies it where it has none.
    public var flowID: String
    /// The environment's name, for `workflow()`.
    public var environment: String
    /// The content hash of the definition with which the run began; empty in memory.
    public var definitionHash: String
    /// The action that started the run, for child runs.
    public var parent: Parent?
    /// Values for the flow's parameters, over their defaults: those of environment variables, for instance.
    public var parameters: JSONObject
    /// The names of parameters whose values are secret whatever their types: those of secret environment variables.
    public var secretParameters: [String]
    /// The client tracking id given from outside; without one it is the run's name.
    public var trackingID: String?
    /// The person (UPN) in whose name the run goes.
    public var initiator: String?
    /// The run that this one repeats.
    public var sourceRun: String?
    /// Where callbacks reach this run, the id of a callback following after a slash; nil where no callback can come.
    public var callbackBase: String?
    /// The rules that differ between performance profiles.
    public var settings: RunSettings

    /// The action of another run that started this one.
    public struct Parent: Sendable, Hashable {
        /// The parent's run.
        public var run: String
        /// The calling action with its repetitions.
        public var action: ActionPath
        /// The effect in the parent's run that waits for this one.
        public var effect: EffectID

        /// Makes a reference to a calling action.
        public init(run: String, action: ActionPath, effect: EffectID) {
            self.run = run
            self.action = action
            self.effect = effect
        }
    }

    /// Makes an identity.
    public init(
        run: String, flowName: String, flowID: String = "", environment: String = "default",
        definitionHash: String = "",
        parent: Parent? = nil, parameters: JSONObject = [:], secretParameters: [String] = [], trackingID: String? = nil,
        initiator: String? = nil, sourceRun: String? = nil, callbackBase: String? = nil,
        settings: RunSettings = RunSettings()
    ) {
        self.run = run
        self.flowName = flowName
        self.flowID = flowID
        self.environment = environment
        self.definitionHash = definitionHash
        self.parent = parent
        self.parameters = parameters
        self.secretParameters = secretParameters
        self.trackingID = trackingID
        self.initiator = initiator
        self.sourceRun = sourceRun
        self.callbackBase = callbackBase
        self.settings = settings
    }

    /// The name of the child run that an attempt of a calling action starts: the same each time it is asked for.
    /// - Parameters:
    ///   - action: the calling action with its repetitions.
    ///   - attempt: the attempt, from 1.
    /// - Returns: the name.
    public func childRun(action: ActionPath, attempt: Int) -> String {
        let digest = Digest.sha256(Array("\(run)\u{0}\(action.text)\u{0}\(attempt)".utf8))
        return Self.name(ofDigest: digest)
    }

    /// A run's name in the platform's form (29 digits, `CU`, two digits) from a digest.
    static func name(ofDigest digest: [UInt8]) -> String {
        var text = "0858"
        for byte in digest.prefix(25) { text.append(Character(Unicode.Scalar(UInt8(ascii: "0") + byte % 10))) }
        return text + "CU" + String(Int(digest[26] % 90) + 10)
    }
}

/// Rules of the engine that differ between performance profiles.
public struct RunSettings: Sendable, Hashable {
    /// What a call without a retry policy of its own does.
    public var retryPolicy: RetryPolicy
    /// How long a poll of a 202's `Location` waits where the service names no time.
    public var pollInterval: Duration

    /// Makes settings; the defaults are those of the conformance cases.
    public init(retryPolicy: RetryPolicy = .standard, pollInterval: Duration = .seconds(10)) {
        self.retryPolicy = retryPolicy
        self.pollInterval = pollInterval
    }
}

extension RunSettings {
    /// The settings as the journal keeps them.
    var json: JSON {
        var object = retryPolicy.json.objectValue ?? [:]
        object.append("poll", .integer(pollInterval.ticks))
        return .object(object)
    }

    /// Reads the form of the journal; what is missing is the default.
    init(json: JSON) {
        self.init()
        if json["retry"] != nil { retryPolicy = RetryPolicy(json: json) }
        if let ticks = json["poll"]?.integerValue { pollInterval = .nanoseconds(100 * ticks) }
    }
}

extension RetryPolicy {
    /// The policy as the journal keeps it.
    var json: JSON {
        var object: JSONObject = [
            "retry": .string(kind.rawValue), "count": .integer(Int64(count)), "interval": .integer(interval.ticks),
        ]
        if let minimumInterval { object.append("minimum", .integer(minimumInterval.ticks)) }
        if let maximumInterval { object.append("maximum", .integer(maximumInterval.ticks)) }
        return .object(object)
    }

    /// Reads the form of the journal.
    init(json: JSON) {
        func duration(_ key: String) -> Duration? { json[key]?.integerValue.map { .nanoseconds(100 * $0) } }
        self.init(
            kind: json["retry"]?.stringValue.flatMap(Kind.init(rawValue:)) ?? .none,
            count: json["count"]?.integerValue.map { Int($0) } ?? 0, interval: duration("interval") ?? .zero,
            minimumInterval: duration("minimum"), maximumInterval: duration("maximum"))
    }
}
