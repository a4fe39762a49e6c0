public import FlowCore
import FlowDefinitions

/// An event as the journal keeps it: a small JSON object, and which of its members are secret.
///
/// Instants are ticks since 1970, members that hold nothing are left out. The first event of a run carries the version
/// of the form. What a later version adds, earlier ones never read: a run is recovered by a flowrun that is at least as new.
public struct JournalForm: Sendable, Hashable {
    /// The event.
    public var json: JSON
    /// The members that are encrypted with the environment's key and left out of every reading for people.
    public var sealed: [String]

    /// Makes a form.
    public init(json: JSON, sealed: [String] = []) {
        self.json = json
        self.sealed = sealed
    }

    /// The version that is written.
    public static let version: Int64 = 1
}

extension RunEvent {
    /// The event for the journal.
    public var journalForm: JournalForm {
        var tree = JournalTree()
        tree.write(self)
        return JournalForm(json: .object(tree.object), sealed: tree.sealed)
    }
}

/// Writes events as the texts of their journal forms, without making the forms: most are written and nothing else.
package struct JournalLines: ~Copyable {
    /// What is written to.
    package var writer = JSONWriter()
    fileprivate var isFirst = true
    fileprivate var hidesMembers = false

    /// Makes a writer.
    package init() {}

    /// Writes an event.
    /// - Returns: false where it has secret members; nothing of it is written then.
    package mutating func write(whole event: RunEvent) -> Bool {
        let start = writer.count
        isFirst = true
        hidesMembers = false
        writer.write(byte: UInt8(ascii: "{"))
        write(event)
        writer.write(byte: UInt8(ascii: "}"))
        if hidesMembers { writer.removeAll(after: start) }
        return !hidesMembers
    }

    fileprivate mutating func begin(_ key: StaticString) {
        if !isFirst { writer.write(byte: UInt8(ascii: ",")) }
        isFirst = false
        writer.write(key: key)
    }
}

extension JournalLines: JournalTarget {
    mutating func member(_ key: StaticString, _ value: JSON, isSealed: Bool) {
        if isSealed { hidesMembers = true }
        guard !hidesMembers else { return }
        begin(key)
        writer.write(value)
    }

    mutating func member(_ key: StaticString, _ text: String) {
        begin(key)
        writer.write(string: text)
    }

    mutating func member(_ key: StaticString, _ number: Int64) {
        begin(key)
        writer.write(integer: number)
    }

    mutating func member(_ key: StaticString, _ numbers: [Int]) {
        begin(key)
        for (place, number) in numbers.enumerated() {
            writer.write(byte: place == 0 ? UInt8(ascii: "[") : UInt8(ascii: ","))
            writer.write(integer: Int64(number))
        }
        writer.write(byte: UInt8(ascii: "]"))
    }
}

/// The members of an event as a tree, and which of them are secret.
private struct JournalTree: JournalTarget {
    var object = JSONObject(minimumCapacity: 8)
    var sealed: [String] = []

    mutating func member(_ key: StaticString, _ value: JSON, isSealed: Bool) {
        object.append(key.description, value)
        if isSealed { sealed.append(key.description) }
    }

    mutating func member(_ key: StaticString, _ text: String) { object.append(key.description, .string(text)) }
    mutating func member(_ key: StaticString, _ number: Int64) { object.append(key.description, .integer(number)) }

    mutating func member(_ key: StaticString, _ numbers: [Int]) {
        object.append(key.description, .array(numbers.map { .integer(Int64($0)) }))
    }
}

/// Takes the members of an event's journal form one by one.
private protocol JournalTarget: ~Copyable {
    mutating func member(_ key: StaticString, _ value: JSON, isSealed: Bool)
    mutating func member(_ key: StaticString, _ text: String)
    mutating func member(_ key: StaticString, _ number: Int64)
    /// Takes numbers, one at least.
    mutating func member(_ key: StaticString, _ numbers: [Int])
}

extension JournalTarget where Self: ~Copyable {
    mutating func write(_ event: RunEvent) {
        switch event {
        case .runStarted(let start): write(start)
        case .actionStarted(let start): write(start)
        case .actionEnded(let end): write(end)
        case .iterationEnded(let end): write(end)
        case .effectIntended(let intent): write(intent)
        case .effectFinished(let finish): write(finish)
        case .timerSet(let setting): write(setting)
        case .timerDue(let id, let at):
            begin("timerDue", at)
            add("timer", id.number)
        case .messageTaken(let id, let at):
            begin("messageTaken", at)
            add("message", id)
        case .callbackReceived(let receipt):
            begin("callbackReceived", receipt.at)
            add("callback", receipt.id)
            add("outputs", .object(receipt.outputs), sealed: receipt.isSecure)
        case .replied(let reply, let at): write(reply, at)
        case .cancelRequested(let by, let at):
            begin("cancelRequested", at)
            add("by", by)
        case .expired(let at): begin("expired", at)
        case .runEnded(let outcome): write(outcome)
        case .repaired(let at): begin("repaired", at)
        case .callKept(let call): write(call)
        }
    }

    private mutating func begin(_ type: String, _ at: Timestamp) {
        member("t", type)
        member("at", at.ticks)
    }

    private mutating func add(_ key: StaticString, _ value: JSON?, sealed isSealed: Bool = false) {
        if let value { member(key, value, isSealed: isSealed) }
    }

    private mutating func add(_ key: StaticString, _ text: String?) {
        if let text { member(key, text) }
    }

    private mutating func add(_ key: StaticString, _ number: Int?) {
        if let number { member(key, Int64(number)) }
    }

    private mutating func add(_ key: StaticString, _ instant: Timestamp?) {
        if let instant { member(key, instant.ticks) }
    }

    private mutating func add(_ key: StaticString, _ flag: Bool) {
        if flag { member(key, .bool(true), isSealed: false) }
    }

    private mutating func add(_ action: ActionInstance) {
        member("a", action.name)
        if !action.indexes.isEmpty { member("i", action.indexes) }
    }

    private mutating func write(_ start: RunStart) {
        begin("runStarted", start.at)
        add("v", .integer(JournalForm.version))
        let identity = start.identity
        add("run", identity.run)
        add("flow", identity.flowName)
        add("flowId", identity.flowID)
        add("environment", identity.environment)
        add("definition", identity.definitionHash)
        if let parent = identity.parent {
            add(
                "parent",
                [
                    "run": .string(parent.run), "action": .string(parent.action.text),
                    "effect": .integer(Int64(parent.effect.number)),
                ] as JSON)
        }
        if !identity.parameters.isEmpty {
            add("parameters", .object(identity.parameters), sealed: start.hidesParameters)
        }
        add("hidesParameters", start.hidesParameters)
        if !identity.secretParameters.isEmpty {
            add("secretParameters", .array(identity.secretParameters.map { .string($0) }) as JSON)
        }
        add("trackingId", identity.trackingID)
        add("initiator", identity.initiator)
        add("sourceRun", identity.sourceRun)
        add("callbackBase", identity.callbackBase)
        add("settings", identity.settings.json)
        let trigger = start.trigger
        add("trigger", trigger.name)
        add("inputs", trigger.inputs, sealed: trigger.hidesInputs)
        add("outputs", trigger.outputs, sealed: trigger.hidesOutputs)
        add("start", trigger.startTime)
        add("end", trigger.endTime)
        add("scheduled", trigger.scheduledTime)
        add("history", trigger.historyName)
        add("code", trigger.code)
        add("callerWaits", trigger.callerWaits)
        add("hidesInputs", trigger.hidesInputs)
        add("hidesOutputs", trigger.hidesOutputs)
    }

    private mutating func write(_ start: ActionStart) {
        begin("actionStarted", start.at)
        add(start.action)
        add("inputs", start.inputs, sealed: start.hidesInputs)
        add("hidesInputs", start.hidesInputs)
        switch start.decision {
        case .none: break
        case .branch(let place): add("branch", .some(place.map { .integer(Int64($0)) } ?? .null))
        case .items(let items, let concurrency):
            add("items", .array(items), sealed: start.hidesInputs)
            add("concurrency", concurrency)
        case .rounds(let count, let timeout):
            add("count", count)
            add("timeout", timeout.map { .integer($0.ticks) })
        case .incomparable(let failure): add("incomparable", failure.json)
        case .retryPolicy(let policy): add("retryPolicy", policy.json)
        }
        add("callback", start.callbackID.map { .string($0) }, sealed: true)
    }

    private mutating func write(_ end: ActionEnd) {
        begin("actionEnded", end.endTime)
        add(end.action)
        add("s", end.status.rawValue)
        add("c", end.code)
        if end.startTime != end.endTime { add("start", end.startTime) }
        if let error = end.error {
            // What went wrong in an action that failed may quote its inputs or outputs; why one was skipped does not.
            let hides = end.status == .failed && (end.hidesInputs || end.hidesOutputs)
            add("error", hides ? RunFailure(code: error.code, message: SecretMask.hidden).json : error.json)
            if hides { add("hiddenError", error.json, sealed: true) }
        }
        add("inputs", end.inputs, sealed: end.hidesInputs)
        switch end.outputs {
        case .none: break
        case .value(let value): add("outputs", value, sealed: end.hidesOutputs)
        case .inputs: add("from", "inputs")
        case .answer: add("from", "answer")
        }
        add("tracked", end.trackedProperties, sealed: end.hidesInputs || end.hidesOutputs)
        add("rounds", end.iterationCount)
        add("hidesInputs", end.hidesInputs)
        add("hidesOutputs", end.hidesOutputs)
        add("kept", end.isKept)
    }

    private mutating func write(_ call: KeptCall) {
        member("t", "callKept")
        add(call.action)
        add("target", .some(.string(call.target)), sealed: call.isSecure)
        // An item may be secret though the call is not.
        if !call.items.isEmpty { add("items", .some(.string(call.items)), sealed: true) }
        add("result", call.result.json, sealed: call.isSecure)
        add("secure", call.isSecure)
    }

    private mutating func write(_ end: IterationEnd) {
        begin("iterationEnded", end.at)
        add(end.loop)
        add("n", end.index)
        add("s", end.status.rawValue)
    }

    private mutating func write(_ intent: EffectIntent) {
        begin("effectIntended", intent.intendedAt)
        add(intent.action)
        add("effect", intent.id.number)
        add("path", intent.path.text)
        add("attempt", intent.attempt)
        add("key", intent.idempotencyKey)
        add("sought", intent.soughtSince)
        add("reads", !intent.needsCommitFirst)
        let (name, value) = intent.kind.journalMember
        add(name, value, sealed: intent.isSecure)
        add("secure", intent.isSecure)
        if intent.isSecure, case .child(let start) = intent.kind { add("childRun", start.run) }
    }

    private mutating func write(_ finish: EffectFinish) {
        begin("effectFinished", finish.at)
        add("effect", finish.id.number)
        let (name, value) = finish.outcome.journalMember
        add(name, value, sealed: finish.isSecure)
        add("secure", finish.isSecure)
        guard finish.isSecure else { return }
        switch finish.outcome {
        case .answered(let answer): add("statusCode", answer.statusCode)
        case .failed(let failure): add("failureCode", failure.code)
        case .childEnded, .inDoubt, .didNotHappen: break
        }
    }

    private mutating func write(_ setting: TimerSetting) {
        member("t", "timerSet")
        add(setting.action)
        add("timer", setting.id.number)
        add("for", setting.purpose.rawValue)
        add("due", setting.due)
    }

    private mutating func write(_ reply: RunReply, _ at: Timestamp) {
        begin("replied", at)
        add(reply.action)
        add("statusCode", reply.statusCode)
        add("headers", .object(reply.headers), sealed: reply.isSecure)
        add("body", reply.body, sealed: reply.isSecure)
        add("secure", reply.isSecure)
    }

    private mutating func write(_ outcome: RunOutcome) {
        begin("runEnded", outcome.endTime)
        add("s", outcome.status)
        add("c", outcome.code)
        add("error", outcome.error?.json)
        add("outputs", outcome.outputs.map { .object($0) })
    }
}
