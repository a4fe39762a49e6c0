import FlowCore
import FlowDefinitions
import FlowExpressions

/// A call of an action to the outside, over all its attempts.
struct CallState {
    /// What has to be done next.
    enum Next {
        /// Nothing; something is awaited.
        case nothing
        /// The action has begun, and its call is not made yet.
        case begin
        /// Another attempt.
        case attempt
        /// This call, within the same attempt.
        case send(EffectIntent.Kind)
        /// See what came of the call.
        case outcome(EffectOutcome)
        /// The callback has come.
        case callback
    }

    let action: Int
    let repetition: Int
    var policy: RetryPolicy
    var next = Next.nothing
    /// The first call of an attempt.
    var request: EffectIntent.Kind?
    /// The call that went out last.
    var lastCall: EffectIntent.Kind?
    var attempt = 0
    /// How many waits for a repeat there were.
    var repeats = 0
    var inFlight: EffectID?
    /// Since when an attempt whose answer was lost may have done what the next one is to do.
    var soughtSince: Timestamp?
    var answer: OperationAnswer?
    var items: [JSON] = []
    var callbackID: String?
    var callback: JSONObject?

    init(action: Int, repetition: Int, policy: RetryPolicy) {
        self.action = action
        self.repetition = repetition
        self.policy = policy
    }
}

/// A webhook whose action has ended and whose subscription has not.
struct OpenSubscription: Equatable {
    let action: Int
    let repetition: Int
}

/// Calls: attempts, repeats, polls, pages and callbacks. What an action calls stands with its type.
extension RunState {
    // MARK: Beginning

    /// Begins an action that calls, with its evaluated request.
    func beginCall(
        _ action: PlannedAction, _ repetition: Int, recorded: JSON?, request: EffectIntent.Kind,
        callbackID: String? = nil
    ) {
        if !keptCalls.isEmpty, case .done(let code, let outputs)? = keptCall(action, repetition, request)?.result {
            return finish(
                action, repetition, .succeeded, code: code, inputs: recorded,
                outputs: outputs.map { .value($0) } ?? .none, isKept: true)
        }
        let policy: RetryPolicy
        var decision = ActionStart.Decision.none
        if let value = action.retryPolicy, value.constant == nil {
            guard let written = inputs(value, action, repetition) else { return }
            policy = RetryPolicy(written: written, default: identity.settings.retryPolicy)
            decision = .retryPolicy(policy)
        } else {
            policy = fixedPolicy(action)
        }
        markStarted(action, repetition, inputs: recorded, decision: decision, callbackID: callbackID)
        openCall(action, repetition, policy, callbackID)
        let number = Int(states[place(action, repetition)].work)
        calls[number].request = request
        send(number, request, attempt: 1)
    }

    /// The retry policy of an action whose own one needs no evaluation.
    func fixedPolicy(_ action: PlannedAction) -> RetryPolicy {
        guard let written = action.retryPolicy?.constant else { return identity.settings.retryPolicy }
        return RetryPolicy(written: written, default: identity.settings.retryPolicy)
    }

    /// Makes room for a call.
    func openCall(_ action: PlannedAction, _ repetition: Int, _ policy: RetryPolicy, _ callbackID: String?) {
        var call = CallState(action: action.id, repetition: repetition, policy: policy)
        call.callbackID = callbackID
        let number: Int
        if let free = freeCalls.popLast() {
            number = free
            calls[number] = call
        } else {
            number = calls.count
            calls.append(call)
        }
        states[place(action, repetition)].work = Int32(number)
        if let callbackID { callbacks[callbackID] = number }
    }

    /// Lets a call out.
    private func send(_ number: Int, _ kind: EffectIntent.Kind, attempt: Int) {
        let (action, repetition) = (actions[calls[number].action], calls[number].repetition)
        var intent = makeIntent(action, repetition, kind, attempt: attempt)
        var isRecovered = false
        if !keptCalls.isEmpty, kind.isFirstCall {
            switch keptCall(action, repetition, kind)?.result {
            case .answered(let answer) where attempt == 1: return takeOver(number, intent, answer)
            case .open(let key, let since, let isUnknown):
                intent.idempotencyKey = key
                intent.soughtSince = since
                isRecovered = isUnknown && attempt == 1
            case .answered, .done, nil: break
            }
        }
        if case .operation = kind, intent.soughtSince == nil { intent.soughtSince = calls[number].soughtSince }
        noteIntent(number, intent)
        emit(.effectIntended(intent))
        order(.carryOut(intent, recovered: isRecovered))
    }

    /// Goes on from the answer that a repaired run got: the call is in the journal, and does not go out.
    private func takeOver(_ number: Int, _ intent: EffectIntent, _ answer: OperationAnswer) {
        var intent = intent
        intent.needsCommitFirst = false
        let hides = hidesOutputs(actions[calls[number].action])
        noteIntent(number, intent)
        emit(.effectIntended(intent))
        emit(.effectFinished(EffectFinish(id: intent.id, outcome: .answered(answer), at: now, isSecure: hides)))
        noteOutcome(intent.id, .answered(answer))
    }

    private func makeIntent(
        _ action: PlannedAction, _ repetition: Int, _ kind: EffectIntent.Kind, attempt: Int
    ) -> EffectIntent {
        let path = path(action, repetition)
        return EffectIntent(
            id: EffectID(lastEffect + 1), action: instance(action, repetition), path: path, attempt: attempt,
            kind: kind,
            intendedAt: now,
            idempotencyKey: UUIDText.named("\(identity.run)/\(path.text)", namespace: Self.keyNamespace),
            needsCommitFirst: !kind.isReading, isSecure: hidesInputs(action) || kind.hasSecrets)
    }

    private static let keyNamespace: [UInt8] = Array("flowrun effect k".utf8)

    /// Takes note of a call that is out.
    func noteIntent(_ number: Int?, _ intent: EffectIntent) {
        lastEffect = max(lastEffect, intent.id.number)
        guard let number else {
            effects[intent.id] = EffectState(intent: intent, action: -1, repetition: 0)
            return
        }
        effects[intent.id] = EffectState(
            intent: intent, action: calls[number].action, repetition: calls[number].repetition)
        calls[number].inFlight = intent.id
        calls[number].attempt = intent.attempt
        calls[number].lastCall = intent.kind
        calls[number].next = .nothing
        if intent.kind.isFirstCall { calls[number].request = intent.kind }
    }

    // MARK: Outcomes

    /// Takes what came of an effect.
    func effectFinished(_ id: EffectID, _ outcome: EffectOutcome) {
        guard let effect = effects[id] else { return }
        let hides = effect.action >= 0 && hides(outcome, of: actions[effect.action])
        emit(.effectFinished(EffectFinish(id: id, outcome: outcome, at: now, isSecure: hides)))
        noteOutcome(id, outcome)
    }

    /// Whether what came of an action's effect is sealed: an answer is an output, a failure may quote the inputs.
    private func hides(_ outcome: EffectOutcome, of action: PlannedAction) -> Bool {
        switch outcome {
        case .answered: hidesOutputs(action)
        case .failed: hidesOutputs(action) || hidesInputs(action)
        case .childEnded, .inDoubt, .didNotHappen: false
        }
    }

    /// Takes note of what came of an effect, and queues what follows from it.
    func noteOutcome(_ id: EffectID, _ outcome: EffectOutcome) {
        guard let effect = effects[id] else { return }
        if case .inDoubt = outcome {
            effects[id]?.isInDoubt = true
            return
        }
        effects[id] = nil
        guard effect.action >= 0 else { return }
        let action = actions[effect.action]
        let number = Int(states[place(action, effect.repetition)].work)
        guard action.isCall, calls.indices.contains(number), calls[number].inFlight == id else { return }
        calls[number].inFlight = nil
        if effect.intent.needsCommitFirst, outcome.mayHaveHappened, calls[number].soughtSince == nil {
            calls[number].soughtSince = effect.intent.soughtSince ?? effect.intent.intendedAt
        }
        if case .didNotHappen = outcome {
            calls[number].next = .send(effect.intent.kind)
        } else {
            if case .answered(let answer) = outcome { absorb(number, answer, action) }
            calls[number].next = .outcome(outcome)
        }
        enqueue(.advance, action.id, effect.repetition)
    }

    /// Keeps an answer and, where pages are gathered, its items.
    private func absorb(_ number: Int, _ answer: OperationAnswer, _ action: PlannedAction) {
        calls[number].answer = answer
        guard action.minimumItemCount != nil, answer.statusCode < 300 else { return }
        if let items = (answer.body?["value"] ?? answer.body)?.arrayValue {
            calls[number].items.append(contentsOf: items)
        }
    }

    /// Takes a callback.
    func callbackReceived(_ id: String, _ outputs: JSONObject) {
        guard let number = callbacks[id], calls.indices.contains(number), calls[number].callbackID == id else { return }
        let action = actions[calls[number].action]
        emit(
            .callbackReceived(CallbackReceipt(id: id, outputs: outputs, at: now, isSecure: hidesOutputs(action))))
        noteCallback(number, outputs)
    }

    /// Takes note of a callback, and queues what follows from it.
    func noteCallback(_ number: Int, _ outputs: JSONObject) {
        guard calls[number].callback == nil else { return }
        calls[number].callback = outputs
        calls[number].next = .callback
        enqueue(.advance, calls[number].action, calls[number].repetition)
    }

    // MARK: Going on

    /// Does what is next for a call.
    func advance(_ action: PlannedAction, _ repetition: Int) {
        let place = place(action, repetition)
        guard states[place].status?.isFinal == false else { return }
        let number = Int(states[place].work)
        guard calls.indices.contains(number) else { return }
        let next = calls[number].next
        switch next {
        case .nothing: break
        case .begin: rebuildRequest(action, repetition, number)
        case .attempt:
            guard let request = calls[number].request else { return }
            let attempt = calls[number].attempt + 1
            send(number, self.request(request, action, repetition, attempt: attempt), attempt: attempt)
        case .send(let kind): send(number, kind, attempt: calls[number].attempt)
        case .outcome(let outcome): decide(action, repetition, number, outcome)
        case .callback:
            guard let outputs = calls[number].callback else { return }
            finish(action, repetition, .succeeded, code: "OK", outputs: .value(.object(outputs)))
        }
    }

    /// The request of a later attempt: a child run is another one each time.
    private func request(
        _ request: EffectIntent.Kind, _ action: PlannedAction, _ repetition: Int, attempt: Int
    ) -> EffectIntent.Kind {
        guard case .child(var start) = request else { return request }
        start.run = identity.childRun(action: path(action, repetition), attempt: attempt)
        return .child(start)
    }

    /// Evaluates a request again whose action began, and whose call was never made.
    private func rebuildRequest(_ action: PlannedAction, _ repetition: Int, _ number: Int) {
        guard let (_, request) = makeRequest(action, repetition, callbackID: calls[number].callbackID) else { return }
        calls[number].request = request
        send(number, request, attempt: 1)
    }

    /// Decides what follows from an outcome: another attempt, a poll, a page, waiting for the callback, or the end.
    private func decide(_ action: PlannedAction, _ repetition: Int, _ number: Int, _ outcome: EffectOutcome) {
        switch outcome {
        case .answered(let answer): decide(action, repetition, number, answer)
        case .failed(let failure):
            if failure.isTransient, retry(action, repetition, number, nil) { return }
            finish(
                action, repetition, .failed, code: failure.code,
                error: RunFailure(code: failure.code, message: failure.message))
        case .childEnded(let end):
            if retry(action, repetition, number, nil) { return }
            let body: JSON = [
                "error": [
                    "code": "NoResponse",
                    "message": .string(
                        "The server did not receive a response from an upstream server. Request tracking id "
                            + "'\(end.run)'."),
                ]
            ]
            finish(
                action, repetition, .failed, code: "BadGateway",
                outputs: .value(["statusCode": 502, "headers": [:], "body": body]))
        case .inDoubt, .didNotHappen: break
        }
    }

    private func decide(_ action: PlannedAction, _ repetition: Int, _ number: Int, _ answer: OperationAnswer) {
        let status = answer.statusCode
        if status == 408 || status == 429 || status >= 500, retry(action, repetition, number, answer) { return }
        if status < 400, action.waitsForCallback {
            calls[number].next = .nothing
            states[place(action, repetition)].status = .waiting
            return
        }
        if status == 202, !action.hasOption("disableasyncpattern"), !isChild(action), location(of: answer) != nil {
            let wait = retryAfter(answer) ?? identity.settings.pollInterval
            setTimer(.poll, action, repetition, due: now + wait)
            return preparePoll(number)
        }
        if status < 300, let wanted = action.minimumItemCount, calls[number].items.count < wanted,
            let link = answer.body?["@odata.nextLink"]?.stringValue ?? answer.body?["nextLink"]?.stringValue,
            let request = calls[number].request
        {
            return send(number, request.following(.page(link: link)), attempt: calls[number].attempt)
        }
        guard fits(answer, to: calls[number].request) else {
            calls[number].answer = nil
            return finish(
                action, repetition, .failed, code: FlowError.Code.actionResultsSizeLimitExceeded.rawValue,
                error: RunFailure(
                    code: FlowError.Code.actionResultsSizeLimitExceeded.rawValue,
                    message: "The inputs and outputs of the action '\(action.name)' exceed the limit of "
                        + "'\(SizeLimits.actionResult)' bytes."))
        }
        finish(
            action, repetition, status < 400 ? .succeeded : .failed, code: HTTPStatusName.of(status), outputs: .answer)
    }

    private func isChild(_ action: PlannedAction) -> Bool {
        if case .childFlow = action.work { true } else { false }
    }

    /// What an action puts out of its last answer.
    func answerOutputs(_ action: PlannedAction, _ repetition: Int) -> JSON? {
        let number = Int(states[place(action, repetition)].work)
        guard calls.indices.contains(number), let answer = calls[number].answer else { return nil }
        var outputs: JSONObject = [
            "statusCode": .integer(Int64(answer.statusCode)), "headers": .object(answer.headers),
        ]
        if action.minimumItemCount != nil, answer.statusCode < 300,
            !calls[number].items.isEmpty || answer.body?["value"] != nil
        {
            outputs.append("body", ["value": .array(calls[number].items)])
        } else if let body = answer.body {
            outputs.append("body", body)
        }
        return .object(outputs)
    }

    // MARK: Repeats

    /// Arranges a repeat where the policy has one left.
    private func retry(_ action: PlannedAction, _ repetition: Int, _ number: Int, _ answer: OperationAnswer?) -> Bool {
        let policy = calls[number].policy
        guard policy.kind != .none, calls[number].repeats < policy.count else { return false }
        let range = policy.waitRange(beforeRepeat: calls[number].repeats + 1)
        var seconds = range.lowerBound
        if range.upperBound > range.lowerBound { seconds = Double.random(in: range, using: &random) }
        let wait = answer.flatMap(retryAfter) ?? .milliseconds(Int64((seconds * 1_000).rounded()))
        setTimer(.retry, action, repetition, due: now + wait)
        prepareRetry(number)
        return true
    }

    /// What is done when the wait for a repeat is over.
    func prepareRetry(_ number: Int) {
        calls[number].repeats += 1
        if let last = calls[number].lastCall, !last.isFirstCall {
            calls[number].next = .send(last)
        } else {
            calls[number].next = .attempt
        }
    }

    /// What is done when the wait for a poll is over.
    func preparePoll(_ number: Int) {
        guard let request = calls[number].request, let answer = calls[number].answer,
            let location = location(of: answer)
        else { return }
        calls[number].next = .send(request.following(.poll(location: location)))
    }

    private func location(of answer: OperationAnswer) -> String? {
        answer.headers.value(ignoringCase: "location")?.stringValue
    }

    private func retryAfter(_ answer: OperationAnswer) -> Duration? {
        guard let header = answer.headers.value(ignoringCase: "retry-after") else { return nil }
        return HTTPDate.retryAfter(ValueText.text(of: header), now: now)
    }

    // MARK: The end

    /// Gives up what a call has under way, and its room.
    func releaseCall(_ action: PlannedAction, _ repetition: Int) {
        guard action.isCall else { return }
        let place = place(action, repetition)
        let number = Int(states[place].work)
        guard calls.indices.contains(number), calls[number].action == action.id, calls[number].repetition == repetition
        else { return }
        if let id = calls[number].inFlight {
            calls[number].inFlight = nil
            order(.abandon(id))
        }
        if let id = calls[number].callbackID { callbacks[id] = nil }
        let subscribed = calls[number].attempt > 0
        calls[number] = CallState(action: -1, repetition: -1, policy: .none)
        freeCalls.append(number)
        states[place].work = -1
        guard case .httpWebhook(_, let unsubscribe?) = action.work, subscribed else { return }
        // While the journal is folded the intent to end the subscription follows, unless a crash came before it.
        if isFolding {
            openSubscriptions.append(OpenSubscription(action: action.id, repetition: repetition))
        } else {
            self.unsubscribe(action, repetition, unsubscribe)
        }
    }

    /// Ends the subscriptions whose actions have ended without that an intent to do so stands in the journal.
    func endOpenSubscriptions() {
        let open = openSubscriptions
        openSubscriptions = []
        for subscription in open {
            guard case .httpWebhook(_, let unsubscribe?) = actions[subscription.action].work else { continue }
            self.unsubscribe(actions[subscription.action], subscription.repetition, unsubscribe)
        }
    }

    /// Ends the subscription of a webhook; nobody waits for the answer.
    private func unsubscribe(_ action: PlannedAction, _ repetition: Int, _ value: CompiledValue) {
        guard let inputs = try? evaluate(value, action, repetition),
            let call = httpCall(inputs, action, repetition, purpose: .unsubscribe)
        else { return }
        let intent = makeIntent(action, repetition, .http(call), attempt: 1)
        noteIntent(nil, intent)
        emit(.effectIntended(intent))
        order(.carryOut(intent, recovered: false))
    }
}
