public import FlowCore
import FlowDefinitions

extension RunEvent {
    /// Reads an event from its journal form.
    ///
    /// Members that were sealed and are left out for a reader without the key read as absent.
    /// - Parameter journal: the JSON of a ``JournalForm``.
    /// - Throws: `JournalUnreadable` where it is none that this version writes or wrote.
    public init(journal: JSON) throws(FlowError) {
        let reader = try JournalEventReader(journal)
        switch reader.type {
        case "runStarted": self = .runStarted(try reader.runStart())
        case "actionStarted": self = .actionStarted(try reader.actionStart())
        case "actionEnded": self = .actionEnded(try reader.actionEnd())
        case "iterationEnded": self = .iterationEnded(try reader.iterationEnd())
        case "effectIntended": self = .effectIntended(try reader.intent())
        case "effectFinished": self = .effectFinished(try reader.finish())
        case "timerSet": self = .timerSet(try reader.timerSetting())
        case "timerDue": self = .timerDue(TimerID(try reader.number("timer")), at: try reader.instant("at"))
        case "messageTaken": self = .messageTaken(id: try reader.text("message"), at: try reader.instant("at"))
        case "callbackReceived":
            self = .callbackReceived(
                CallbackReceipt(
                    id: try reader.text("callback"), outputs: reader.member("outputs")?.objectValue ?? [:],
                    at: try reader.instant("at")))
        case "replied": self = .replied(try reader.reply(), at: try reader.instant("at"))
        case "cancelRequested":
            self = .cancelRequested(by: reader.member("by")?.stringValue, at: try reader.instant("at"))
        case "expired": self = .expired(at: try reader.instant("at"))
        case "runEnded": self = .runEnded(try reader.outcome())
        case "repaired": self = .repaired(at: try reader.instant("at"))
        case "callKept": self = .callKept(try reader.keptCall())
        default: throw reader.failure("the type '\(reader.type)' is not known")
        }
    }
}

/// Reads the members of one event.
private struct JournalEventReader {
    let object: JSONObject
    let type: String

    init(_ json: JSON) throws(FlowError) {
        guard let object = json.objectValue, let type = object["t"]?.stringValue else {
            throw FlowError(.journalUnreadable, "An event of the journal is no event.")
        }
        self.object = object
        self.type = type
    }

    func failure(_ what: String) -> FlowError {
        FlowError(
            .journalUnreadable, "An event '\(type)' of the journal cannot be read: \(what).",
            hint: "use the version of flowrun that wrote it, or a newer one")
    }

    func member(_ key: String) -> JSON? { object[key] }

    func text(_ key: String) throws(FlowError) -> String {
        guard let text = object[key]?.stringValue else { throw failure("'\(key)' is missing") }
        return text
    }

    func number(_ key: String) throws(FlowError) -> Int {
        guard let number = object[key]?.integerValue else { throw failure("'\(key)' is missing") }
        return Int(number)
    }

    func instant(_ key: String) throws(FlowError) -> Timestamp {
        guard let ticks = object[key]?.integerValue else { throw failure("'\(key)' is missing") }
        return Timestamp(ticks: ticks)
    }

    func optionalInstant(_ key: String) -> Timestamp? { object[key]?.integerValue.map { Timestamp(ticks: $0) } }

    func flag(_ key: String) -> Bool { object[key]?.boolValue ?? false }

    func action() throws(FlowError) -> ActionInstance {
        let indexes = object["i"]?.arrayValue?.compactMap { $0.integerValue.map { Int($0) } } ?? []
        return ActionInstance(try text("a"), indexes: indexes)
    }

    func status() throws(FlowError) -> ActionStatus {
        guard let status = ActionStatus(rawValue: try text("s")) else { throw failure("its status is not known") }
        return status
    }

    /// The error; for a reader without the key only its code where its text is sealed.
    func error() -> RunFailure? { (object["hiddenError"] ?? object["error"]).flatMap(RunFailure.init(json:)) }

    func runStart() throws(FlowError) -> RunStart {
        let version = try number("v")
        guard version <= Int(JournalForm.version) else { throw failure("it has the newer form \(version)") }
        var identity = RunIdentity(run: try text("run"), flowName: try text("flow"))
        identity.flowID = member("flowId")?.stringValue ?? ""
        identity.environment = member("environment")?.stringValue ?? ""
        identity.definitionHash = member("definition")?.stringValue ?? ""
        if let parent = member("parent"), let run = parent["run"]?.stringValue,
            let action = parent["action"]?.stringValue, let effect = parent["effect"]?.integerValue
        {
            identity.parent = .init(run: run, action: ActionPath(text: action), effect: EffectID(Int(effect)))
        }
        identity.parameters = member("parameters")?.objectValue ?? [:]
        identity.secretParameters = member("secretParameters")?.arrayValue?.compactMap(\.stringValue) ?? []
        identity.trackingID = member("trackingId")?.stringValue
        identity.initiator = member("initiator")?.stringValue
        identity.sourceRun = member("sourceRun")?.stringValue
        identity.callbackBase = member("callbackBase")?.stringValue
        identity.settings = RunSettings(json: member("settings") ?? [:])
        let trigger = TriggerPayload(
            name: try text("trigger"), inputs: member("inputs"), outputs: member("outputs"),
            startTime: try instant("start"), endTime: try instant("end"), scheduledTime: optionalInstant("scheduled"),
            historyName: member("history")?.stringValue, code: member("code")?.stringValue,
            callerWaits: flag("callerWaits"), hidesInputs: flag("hidesInputs"), hidesOutputs: flag("hidesOutputs"))
        return RunStart(
            identity: identity, trigger: trigger, hidesParameters: flag("hidesParameters"), at: try instant("at"))
    }

    func actionStart() throws(FlowError) -> ActionStart {
        var decision = ActionStart.Decision.none
        if let branch = member("branch") {
            decision = .branch(branch.integerValue.map { Int($0) })
        } else if let concurrency = member("concurrency")?.integerValue {
            decision = .items(member("items")?.arrayValue ?? [], concurrency: Int(concurrency))
        } else if let count = member("count")?.integerValue {
            let timeout = member("timeout")?.integerValue.map { Duration.nanoseconds(100 * $0) }
            decision = .rounds(count: Int(count), timeout: timeout)
        } else if let failure = member("incomparable").flatMap(RunFailure.init(json:)) {
            decision = .incomparable(failure)
        } else if let policy = member("retryPolicy") {
            decision = .retryPolicy(RetryPolicy(json: policy))
        }
        return ActionStart(
            action: try action(), at: try instant("at"), inputs: member("inputs"), decision: decision,
            hidesInputs: flag("hidesInputs"), callbackID: member("callback")?.stringValue)
    }

    func actionEnd() throws(FlowError) -> ActionEnd {
        let end = try instant("at")
        let outputs: ActionEnd.Outputs
        switch member("from")?.stringValue {
        case "inputs": outputs = .inputs
        case "answer": outputs = .answer
        default: outputs = member("outputs").map { .value($0) } ?? .none
        }
        return ActionEnd(
            action: try action(), status: try status(), code: try text("c"), error: error(), inputs: member("inputs"),
            outputs: outputs, trackedProperties: member("tracked"),
            iterationCount: member("rounds")?.integerValue.map { Int($0) },
            startTime: optionalInstant("start") ?? end, endTime: end, hidesInputs: flag("hidesInputs"),
            hidesOutputs: flag("hidesOutputs"), isKept: flag("kept"))
    }

    func keptCall() throws(FlowError) -> KeptCall {
        guard let result = KeptCall.Result(json: member("result")) else { throw failure("its result is not known") }
        return KeptCall(
            action: try action(), target: member("target")?.stringValue ?? "",
            items: member("items")?.stringValue ?? "", result: result, isSecure: flag("secure"))
    }

    func iterationEnd() throws(FlowError) -> IterationEnd {
        IterationEnd(
            loop: try action(), index: try number("n"), status: try status(), at: try instant("at"))
    }

    func intent() throws(FlowError) -> EffectIntent {
        guard let kind = EffectIntent.Kind(journal: object) else { throw failure("what is to be done is missing") }
        return EffectIntent(
            id: EffectID(try number("effect")), action: try action(), path: ActionPath(text: try text("path")),
            attempt: try number("attempt"), kind: kind, intendedAt: try instant("at"),
            idempotencyKey: try text("key"), soughtSince: optionalInstant("sought"), needsCommitFirst: !flag("reads"),
            isSecure: flag("secure"))
    }

    func finish() throws(FlowError) -> EffectFinish {
        guard let outcome = EffectOutcome(journal: object) else { throw failure("what came of it is missing") }
        return EffectFinish(
            id: EffectID(try number("effect")), outcome: outcome, at: try instant("at"), isSecure: flag("secure"))
    }

    func timerSetting() throws(FlowError) -> TimerSetting {
        guard let purpose = TimerSetting.Purpose(rawValue: try text("for")) else {
            throw failure("its purpose is not known")
        }
        return TimerSetting(
            id: TimerID(try number("timer")), action: try action(), purpose: purpose, due: try instant("due"))
    }

    func reply() throws(FlowError) -> RunReply {
        RunReply(
            action: try action(), statusCode: try number("statusCode"), headers: member("headers")?.objectValue ?? [:],
            body: member("body"), isSecure: flag("secure"))
    }

    func outcome() throws(FlowError) -> RunOutcome {
        RunOutcome(
            status: try text("s"), code: member("c")?.stringValue, error: error(),
            outputs: member("outputs")?.objectValue, endTime: try instant("at"))
    }
}

extension RunFailure {
    /// Reads `{"code":…,"message":…}`; nil for another shape.
    init?(json: JSON) {
        guard let code = json["code"]?.stringValue else { return nil }
        self.init(code: code, message: json["message"]?.stringValue ?? "")
    }
}
