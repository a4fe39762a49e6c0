public import FlowCore
public import FlowDefinitions

/// What a run that repairs another one knows of a call that the other one made at the same place.
///
/// It is an event of the repairing run, so that what it knows survives a crash as everything else does.
public struct KeptCall: Sendable, Hashable {
    /// The action with its repetitions.
    public var action: ActionInstance
    /// What was called: a call of something else at the same place is another call.
    public var target: String
    /// A digest of the items of the enclosing loops: another item at the same place makes another call.
    public var items: String
    /// What came of it.
    public var result: Result
    /// Whether it is sealed in the journal and hidden in every reading.
    public var isSecure: Bool

    /// What came of a call.
    public enum Result: Sendable, Hashable {
        /// The action succeeded with these outputs: it is not done again.
        case done(code: String, outputs: JSON?)
        /// The service took the call, and the action came to another end later: it goes on from this answer.
        case answered(OperationAnswer)
        /// The call may have happened. It is made again as one more attempt: with the same key, and where the service can be
        /// asked, after asking. Unknown: nobody knows how far it came, so its replay rule decides.
        case open(key: String, since: Timestamp, isUnknown: Bool)
    }

    /// Makes what is known of a call.
    public init(action: ActionInstance, target: String, items: String, result: Result, isSecure: Bool = false) {
        self.action = action
        self.target = target
        self.items = items
        self.result = result
        self.isSecure = isSecure
    }

    /// Whether the effect is done, so that it is not repeated unless someone says so.
    public var isDone: Bool {
        switch result {
        case .done, .answered: true
        case .open: false
        }
    }
}

extension KeptCall.Result {
    /// The result as the journal keeps it.
    var json: JSON {
        switch self {
        case .done(let code, let outputs):
            var members: JSONObject = ["code": .string(code)]
            members["outputs"] = outputs
            return ["done": .object(members)]
        case .answered(let answer): return ["answer": answer.json]
        case .open(let key, let since, let isUnknown):
            return [
                "open": ["key": .string(key), "since": .integer(since.ticks), "unknown": .bool(isUnknown)]
            ]
        }
    }

    /// Reads the journal's form; what is sealed away from the reader is a call that is done.
    init?(json: JSON?) {
        guard let json else {
            self = .done(code: "", outputs: nil)
            return
        }
        if let done = json["done"] {
            self = .done(code: done["code"]?.stringValue ?? "", outputs: done["outputs"])
        } else if let answer = json["answer"].flatMap(OperationAnswer.init(json:)) {
            self = .answered(answer)
        } else if let open = json["open"], let key = open["key"]?.stringValue, let since = open["since"]?.integerValue {
            self = .open(
                key: key, since: Timestamp(ticks: since), isUnknown: open["unknown"]?.boolValue ?? false)
        } else {
            return nil
        }
    }

    /// A digest of items, outer loops first; empty where there are none.
    static func digest(of items: [JSON]) -> String {
        items.isEmpty ? "" : Base64.encode(Digest.sha256(Array(JSON.array(items).text.utf8)))
    }
}

extension EffectIntent.Kind {
    /// What is called, without the values that a call brings along.
    var target: String {
        switch self {
        case .http(let call): return "\(call.method) \(call.address)"
        case .operation(let request):
            let text = "\(request.connector)/\(request.operationID)"
            return subject.map { "\(text) \($0)" } ?? text
        case .connection(let request): return "\(request.connector)/\(request.method) \(request.path)"
        case .child(let start): return "child/\(start.reference)"
        }
    }

    /// The record that a call concerns, as far as its parameters tell; the run of a child.
    public var subject: String? {
        switch self {
        case .operation(let request):
            for key in ["id", "recordId", "referralId", "rowId"] {
                if let value = request.parameters.value(ignoringCase: key)?.stringValue { return value }
            }
            return nil
        case .child(let start): return start.run
        case .http, .connection: return nil
        }
    }
}

extension RunState {
    /// What is known of a call that an action is about to make; nil where it is a new one.
    func keptCall(_ action: PlannedAction, _ repetition: Int, _ kind: EffectIntent.Kind) -> KeptCall? {
        guard let known = keptCalls[instance(action, repetition)], known.target == kind.target,
            known.items == KeptCall.Result.digest(of: enclosingItems(repetition))
        else { return nil }
        return known
    }

    /// The items of the enclosing loops, outer first.
    private func enclosingItems(_ repetition: Int) -> [JSON] {
        var items: [JSON] = []
        var repetition = repetition
        while repetition > 0 {
            if let loop = plan.bodies[repetitions[repetition].body].loop, case .foreach = actions[loop].work {
                items.insert(repetitions[repetition].item, at: 0)
            }
            repetition = repetitions[repetition].parent
        }
        return items
    }
}
