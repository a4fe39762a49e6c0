public import FlowDefinitions

/// What came of an effect.
public enum EffectOutcome: Sendable, Hashable {
    /// The other side answered, whatever its status.
    case answered(OperationAnswer)
    /// There was no answer.
    case failed(EffectFailure)
    /// A child run ended and never replied.
    case childEnded(ChildEnd)
    /// Nobody knows whether it happened: the run waits until someone says.
    case inDoubt(reason: String)
    /// It did not happen, as someone found out: it is carried out again.
    case didNotHappen
}

extension EffectOutcome {
    /// Whether the other side may have done what it does not confirm: the answer was lost, or something in between answered.
    ///
    /// What is refused with 429 or 503 was not taken.
    var mayHaveHappened: Bool {
        switch self {
        case .answered(let answer):
            answer.statusCode == 408 || (answer.statusCode >= 500 && answer.statusCode != 503)
        case .failed(let failure): failure.isTransient
        case .childEnded, .inDoubt, .didNotHappen: false
        }
    }
}

/// Why an effect has no answer.
public struct EffectFailure: Sendable, Hashable {
    /// The action's code, such as `UnresolvableHostName`.
    public var code: String
    /// One sentence.
    public var message: String
    /// Whether another attempt may go better: true for failures of the network.
    public var isTransient: Bool

    /// Makes a failure.
    public init(code: String, message: String, isTransient: Bool) {
        self.code = code
        self.message = message
        self.isTransient = isTransient
    }
}

/// How a child run ended that never replied.
public struct ChildEnd: Sendable, Hashable {
    /// The child's run.
    public var run: String
    /// Its final status.
    public var status: String

    /// Makes a description.
    public init(run: String, status: String) {
        self.run = run
        self.status = status
    }
}
