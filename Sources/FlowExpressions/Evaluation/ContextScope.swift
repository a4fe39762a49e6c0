public import FlowCore

/// A scope made of a JSON object, for `flowrun eval` and for conformance cases.
///
/// Its keys are `parameters`, `variables`, `trigger`, `actions`, `items`, `item`, `iterationIndexes`, `results`,
/// `action`, `workflow`, `callbackUrl` and `now`; all may be missing.
public struct ContextScope: EvaluationScope, Sendable {
    /// The instant that `utcNow()` gives: the context's `now`, or the one handed in.
    public let now: Timestamp
    private let context: JSON

    /// Makes a scope.
    /// - Parameters:
    ///   - context: the object.
    ///   - now: the instant if the context has none.
    public init(_ context: JSON, now: Timestamp) {
        self.context = context
        self.now = context["now"]?.stringValue.flatMap { Timestamp(iso8601: $0) } ?? now
    }

    /// A member of `parameters`.
    public func parameter(_ name: String) -> JSON? { member("parameters", name) }

    /// A member of `variables`.
    public func variable(_ name: String) -> JSON? { member("variables", name) }

    /// The `trigger`; a `body` beside missing outputs becomes their body.
    public func triggerRecord() -> JSON? {
        guard case .object(var record) = context["trigger"] else { return context["trigger"] }
        if record["outputs"] == nil, let body = record["body"] {
            record["outputs"] = ["body": body]
            record["body"] = nil
        }
        return .object(record)
    }

    /// A member of `actions`, with its key as name.
    public func actionRecord(_ name: String) -> JSON? {
        guard let record = member("actions", name) else { return nil }
        guard case .object(var object) = record, object["name"] == nil else { return record }
        object["name"] = .string(name)
        return .object(object)
    }

    /// The outputs of a member of `actions`.
    public func actionOutputs(_ name: String) -> JSON? { member("actions", name)?["outputs"] }

    /// The `item`.
    public func item() -> JSON? { context["item"] }

    /// A member of `items`.
    public func items(_ loop: String) -> JSON? { member("items", loop) }

    /// A member of `iterationIndexes`.
    public func iterationIndex(_ loop: String) -> Int? {
        member("iterationIndexes", loop)?.integerValue.flatMap { Int(exactly: $0) }
    }

    /// A member of `results`.
    public func result(_ scope: String) -> JSON? { member("results", scope) }

    /// The `action`.
    public func currentAction() -> JSON? { context["action"] }

    /// The `workflow`, or an empty object.
    public func workflow() -> JSON { context["workflow"] ?? [:] }

    /// The `callbackUrl`.
    public func callbackURL() -> String? { context["callbackUrl"]?.stringValue }

    /// A new random identifier.
    public func newGUID() -> String { UUIDText.random() }

    /// A random number.
    public func random(below bound: Int64) -> Int64 { Int64.random(in: 0..<max(1, bound)) }

    private func member(_ section: String, _ name: String) -> JSON? {
        guard case .object(let object) = context[section] else { return nil }
        return PropertySelection.place(of: name, in: object).map { object.values[$0] }
    }
}
