public import FlowCore
import FlowDefinitions

extension InboxMessage {
    /// What kind of message it is, as one word for the store.
    public var kind: String {
        switch content {
        case .childReplied: "childReplied"
        case .childEnded: "childEnded"
        case .callback: "callback"
        case .settlement: "settlement"
        case .cancel: "cancel"
        }
    }

    /// The content for the store.
    public var body: JSON {
        switch content {
        case .childReplied(let id, let answer):
            ["effect": .integer(Int64(id.number)), "answer": answer.json]
        case .childEnded(let id, let end):
            ["effect": .integer(Int64(id.number)), "run": .string(end.run), "status": .string(end.status)]
        case .callback(let id, let outputs): ["callback": .string(id), "outputs": .object(outputs)]
        case .settlement(let id, let outcome): ["effect": .integer(Int64(id.number)), "outcome": outcome.json]
        case .cancel(let by): ["by": by.map { .string($0) } ?? .null]
        }
    }

    /// Reads a message from what the store kept; nil for another shape.
    public init?(id: String, kind: String, body: JSON) {
        let effect = body["effect"]?.integerValue.map { EffectID(Int($0)) }
        switch kind {
        case "childReplied":
            guard let effect, let answer = body["answer"].flatMap(OperationAnswer.init(json:)) else { return nil }
            self.init(id: id, .childReplied(effect, answer))
        case "childEnded":
            guard let effect else { return nil }
            let end = ChildEnd(run: body["run"]?.stringValue ?? "", status: body["status"]?.stringValue ?? "")
            self.init(id: id, .childEnded(effect, end))
        case "callback":
            guard let callback = body["callback"]?.stringValue else { return nil }
            self.init(id: id, .callback(id: callback, outputs: body["outputs"]?.objectValue ?? [:]))
        case "settlement":
            guard let effect, let outcome = body["outcome"].flatMap(EffectOutcome.init(json:)) else { return nil }
            self.init(id: id, .settlement(effect, outcome))
        case "cancel": self.init(id: id, .cancel(by: body["by"]?.stringValue))
        default: return nil
        }
    }
}
