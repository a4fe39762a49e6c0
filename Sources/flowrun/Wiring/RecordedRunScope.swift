import FlowCore
import FlowExpressions

/// What an expression sees of a stored run; it notes which hidden values were asked for.
///
/// Hidden values are not there to be given, so what an expression makes of them would be wrong. Whoever evaluates asks for
/// ``hiddenReads`` afterwards and gives no value where there are any.
final class RecordedRunScope: EvaluationScope {
    private let scope: ContextScope
    private let hidden: JSON
    private let types: JSONObject
    private let reads: RecordReads
    /// The hidden values that were asked for, each as a person calls it.
    private(set) var hiddenReads: [String] = []

    /// Makes a scope.
    /// - Parameters:
    ///   - record: what the environment gives of the run: `context`, `hidden` and `types`.
    ///   - template: the expression.
    ///   - now: the time where the context has none.
    init(_ record: JSON, of template: Template, now: Timestamp) {
        scope = ContextScope(record["context"] ?? [:], now: now)
        hidden = record["hidden"] ?? [:]
        types = record["types"]?.objectValue ?? [:]
        reads = RecordReads(template)
    }

    var now: Timestamp { scope.now }

    func parameter(_ name: String) -> JSON? {
        note("parameters", name) { "the value of the parameter '\(name)'" }
        return scope.parameter(name)
    }

    func variable(_ name: String) -> JSON? {
        note("variables", name) { "the value of the variable '\(name)'" }
        let value = scope.variable(name)
        if value == nil, hidden["variableNames"] != nil { hiddenReads.append("the variable '\(name)'") }
        return value
    }

    func triggerRecord() -> JSON? {
        for part in reads.triggerParts.sorted() { note("trigger", part) { "the \(part) of the trigger" } }
        return scope.triggerRecord()
    }

    func actionRecord(_ name: String) -> JSON? {
        for part in reads.actionParts.sorted() { note(part: part, of: name) }
        return scope.actionRecord(name)
    }

    func actionOutputs(_ name: String) -> JSON? {
        note(part: "outputs", of: name)
        return scope.actionOutputs(name)
    }

    func actionBody(_ name: String) -> JSON? {
        note(part: "outputs", of: name)
        guard let outputs = scope.actionOutputs(name) else { return nil }
        // What a Compose puts out is its own body.
        if types.value(ignoringCase: name)?.stringValue?.lowercased() == "compose" { return outputs }
        // Of an action in a loop that is looked at from outside there is a body for each round.
        if scope.actionRecord(name)?["repetitionCount"] != nil, let rounds = outputs.arrayValue {
            return .array(rounds.map { $0["body"] ?? .null })
        }
        return outputs["body"]
    }

    func item() -> JSON? {
        if hidden["item"] != nil { hiddenReads.append("the item") }
        return scope.item()
    }

    func items(_ loop: String) -> JSON? {
        note("items", loop) { "the item of '\(loop)'" }
        return scope.items(loop)
    }

    func iterationIndex(_ loop: String) -> Int? { scope.iterationIndex(loop) }

    func result(_ name: String) -> JSON? {
        note("results", name) { "secured values in the result of '\(name)'" }
        return scope.result(name)
    }

    func currentAction() -> JSON? { scope.currentAction() }

    func workflow() -> JSON { scope.workflow() }

    func callbackURL() -> String? { scope.callbackURL() }

    func newGUID() -> String { scope.newGUID() }

    func random(below bound: Int64) -> Int64 { scope.random(below: bound) }

    private func note(_ section: String, _ name: String, _ text: () -> String) {
        if hidden[section]?.objectValue?.value(ignoringCase: name) != nil { hiddenReads.append(text()) }
    }

    private func note(part: String, of action: String) {
        let parts = hidden["actions"]?.objectValue?.value(ignoringCase: action)?.arrayValue ?? []
        if parts.contains(.string(part)) { hiddenReads.append("the \(part) of the action '\(action)'") }
    }
}

/// Which parts of records an expression reads, as far as its text tells; a record that goes on as a whole counts with all.
struct RecordReads {
    /// Of what `actions()` gives.
    private(set) var actionParts: Set<String> = []
    /// Of what `trigger()` gives.
    private(set) var triggerParts: Set<String> = []
    /// The scopes whose `result` is read; nil where their names are computed.
    private(set) var scopes: [String]? = []

    private static let parts: Set<String> = ["inputs", "outputs"]

    init(_ template: Template) {
        for expression in template.expressions { walk(expression, selecting: nil) }
    }

    private mutating func walk(_ expression: Expression, selecting key: String?) {
        switch expression {
        case .literal: break
        case .access(let base, let access):
            walk(base, selecting: access.key.literal?.stringValue?.lowercased())
            walk(access.key, selecting: nil)
        case .call(let call):
            let read = key.map { Self.parts.intersection([$0]) } ?? Self.parts
            switch call.name.lowercased() {
            case "actions": actionParts.formUnion(read)
            case "trigger": triggerParts.formUnion(read)
            case let name where name.hasPrefix("trigger"): triggerParts.insert("outputs")
            case "result":
                if let name = call.arguments.first?.literal?.stringValue { scopes?.append(name) } else { scopes = nil }
            default: break
            }
            for argument in call.arguments { walk(argument, selecting: nil) }
        }
    }
}
