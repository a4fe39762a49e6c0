public import FlowCore

/// What an expression can see while it is evaluated.
///
/// Whoever implements it compares names ignoring letter case. A scope is asked only for what an expression reads.
public protocol EvaluationScope {
    /// The instant that `utcNow()` gives.
    var now: Timestamp { get }
    /// The value of a parameter of the flow, or nil where there is none.
    func parameter(_ name: String) -> JSON?
    /// The value of a variable, or nil where there is none.
    func variable(_ name: String) -> JSON?
    /// What `trigger()` gives: name, inputs, outputs, status and times.
    func triggerRecord() -> JSON?
    /// What `triggerOutputs()` gives; nil where there is no trigger.
    func triggerOutputs() -> JSON?
    /// What `actions()` gives; nil where the action is unknown or has not run.
    func actionRecord(_ name: String) -> JSON?
    /// The outputs of an action; nil where it has none, is unknown or has not run.
    func actionOutputs(_ name: String) -> JSON?
    /// What `body()` gives; nil where there is none.
    func actionBody(_ name: String) -> JSON?
    /// The current element of the nearest loop, Select or Filter array.
    func item() -> JSON?
    /// The current element of a named loop around the action.
    func items(_ loop: String) -> JSON?
    /// The number of the current iteration of a named Until, from 0.
    func iterationIndex(_ loop: String) -> Int?
    /// The records of the actions in a scope.
    func result(_ scope: String) -> JSON?
    /// What `action()` gives: the record of the action whose properties are evaluated.
    func currentAction() -> JSON?
    /// What `workflow()` gives.
    func workflow() -> JSON
    /// The address at which the trigger or webhook is called back.
    func callbackURL() -> String?
    /// A new identifier, 32 lower-case hexadecimal digits with hyphens.
    func newGUID() -> String
    /// A number from 0 up to, and without, a bound.
    func random(below bound: Int64) -> Int64
}

extension EvaluationScope {
    /// The `outputs` of the trigger's record.
    public func triggerOutputs() -> JSON? { triggerRecord().map { $0["outputs"] ?? .null } }

    /// The `body` of the outputs; outputs that are no message, as those of Compose, are their own body.
    public func actionBody(_ name: String) -> JSON? {
        guard let outputs = actionOutputs(name) else { return nil }
        guard case .object(let object) = outputs else { return outputs }
        if let body = object["body"] { return body }
        return object["statusCode"] == nil && object["headers"] == nil ? outputs : nil
    }
}
