import FlowCore
import FlowDefinitions
import FlowEngine
import FlowStorage
import FlowText

extension FlowEnvironment {
    /// Answers a request to the URL of a flow's trigger, as the platform does.
    ///
    /// Without a Response the caller gets 202 once the run is committed; with one it gets the Response, 504 after two
    /// minutes without one, or 502 where the run ended without one.
    public func invoke(_ call: TriggerCall) async -> TriggerReply {
        await RequestTrigger(environment: self, call: call).reply()
    }

    /// Why a request to a trigger's URL is refused whatever its body is, or nil; asked before the body is read.
    ///
    /// A signature that was found to be good is noted in the call, so that it is reckoned once a request.
    package func refusal(of call: inout TriggerCall) async -> TriggerReply? {
        await RequestTrigger(environment: self, call: call).refusal(provenKey: &call.provenKey)
    }

    /// Takes a callback of a webhook action.
    /// - Returns: 202, or 404 where no run waits for it.
    public func takeCallback(run: String, id: String, _ call: TriggerCall) async -> TriggerReply {
        do throws(FlowError) {
            guard let summary = try await store.run(run), !summary.isFinished else { throw Self.noRun(run) }
            var outputs: JSONObject = ["headers": .object(RequestTrigger.headers(of: call, keepsAuthorization: false))]
            outputs["body"] = MessageBody.decode(call.body, contentType: call.header("Content-Type"))
            try await host.send(
                InboxMessage(id: "callback:\(id):\(UUIDText.random())", .callback(id: id, outputs: outputs)), to: run)
            return TriggerReply(status: 202)
        } catch {
            let isMissing = error.code == .workflowRunNotFound
            return TriggerReply(status: isMissing ? 404 : 503, error, headers: isMissing ? [:] : ["Retry-After": "5"])
        }
    }

    static func noRun(_ name: String) -> FlowError {
        FlowError(
            .workflowRunNotFound, "The workflow run '\(name)' could not be found.",
            hint: "see `flowrun runs list`")
    }
}

/// One request to a Request trigger, or a call of the service that an HttpWebhook trigger subscribed to.
struct RequestTrigger {
    let environment: FlowEnvironment
    let call: TriggerCall

    private var host: RunHost { environment.host }
    private static let limit = Duration.seconds(120)
    private static let ownQueries: Set<String> = ["api-version", "sp", "sv", "sig", "se"]

    private struct Refusal: Error {
        let reply: TriggerReply

        init(_ status: Int, _ code: FlowError.Code, _ message: String, headers: JSONObject = [:]) {
            reply = TriggerReply(status: status, FlowError(code, message), headers: headers)
        }

        init(_ reply: TriggerReply) { self.reply = reply }
    }

    func reply() async -> TriggerReply {
        do throws(Refusal) {
            let (flow, caller) = try await authorizedFlow()
            guard host.readiness == .ready else { throw Self.notReady }
            let (runnable, outputs) = try await request(to: flow)
            return try await fire(runnable, outputs, caller)
        } catch {
            return error.reply
        }
    }

    /// Why the request is refused whatever its body is, or nil.
    func refusal(provenKey: inout [UInt8]?) async -> TriggerReply? {
        do throws(Refusal) {
            let (flow, _) = try await authorizedFlow()
            guard host.readiness == .ready else { throw Self.notReady }
            if flow.trigger?.callers == nil { provenKey = flow.installed.triggerKey }
            return nil
        } catch {
            return error.reply
        }
    }

    private static var notReady: Refusal {
        Refusal(503, .storeUnusable, "The environment does not take requests now.", headers: ["Retry-After": "5"])
    }

    // MARK: Is it allowed, and is it on?

    /// The flow of the URL, which the caller may start, and who that is where a token says so.
    private func authorizedFlow() async throws(Refusal) -> (Catalog.Entry, Caller?) {
        guard let flow = host.catalog.flow(ofURL: call.workflow) else {
            throw Refusal(404, .workflowNotFound, "The workflow '\(call.workflow)' could not be found.")
        }
        let caller: Caller?
        if let allowed = flow.trigger?.callers {
            caller = try await signedInCaller(allowed)
        } else {
            try checkSignature(flow)
            caller = nil
        }
        guard let trigger = flow.trigger, trigger.name == call.trigger, trigger.hasURL else {
            throw Refusal(
                404, .workflowTriggerNotFound, "The workflow '\(flow.id)' trigger '\(call.trigger)' could not be found."
            )
        }
        guard flow.isStarted else {
            let state = flow.installed.state == .suspended ? "Suspended" : "Disabled"
            throw Refusal(
                400, .workflowTriggerIsNotEnabled,
                "Could not execute workflow '\(flow.id)' trigger '\(trigger.name)' with state '\(state)': trigger is not enabled."
            )
        }
        return (flow, caller)
    }

    private func checkSignature(_ flow: Catalog.Entry) throws(Refusal) {
        if let key = call.provenKey, key == flow.installed.triggerKey { return }
        guard let signature = call.query("sig"), !signature.isEmpty else {
            throw Refusal(
                401, .directApiAuthorizationRequired, "The request must be authenticated only by Shared Access scheme.")
        }
        let url = TriggerURL(flowID: flow.id, trigger: call.trigger)
        // Permission and version are part of what is signed; a request that names others was changed.
        guard call.query("sp") ?? url.permission == url.permission,
            call.query("sv") ?? TriggerURL.signatureVersion == TriggerURL.signatureVersion,
            url.accepts(signature: signature, key: flow.installed.triggerKey)
        else {
            throw Refusal(
                401, .directApiInvalidAuthorizationSignature, "The provided authorization signature is not valid.")
        }
    }

    /// The caller of a trigger that takes tokens in place of a signature.
    private func signedInCaller(_ allowed: Trigger.Callers) async throws(Refusal) -> Caller {
        guard let header = call.header("Authorization"), header.lowercased().hasPrefix("bearer ") else {
            throw Refusal(
                401, .directApiAuthorizationRequired,
                "The authentication scheme is required. Please add authentication scheme and try again.",
                headers: ["WWW-Authenticate": "Bearer"])
        }
        let caller: Caller
        do throws(FlowError) {
            caller = try await environment.caller(showing: String(header.dropFirst(7).drop { $0 == " " }))
        } catch {
            let isKnown = error.code == .invalidAuthenticationToken || error.code == .expiredAuthenticationToken
            guard isKnown else { throw Self.notReady }
            throw Refusal(TriggerReply(status: 401, error, headers: ["WWW-Authenticate": "Bearer"]))
        }
        guard caller.permits(.runFlows), allowed.include(caller.user) else {
            throw Refusal(
                401, .misMatchingOAuthClaims,
                "One or more claims either missing or does not match with the open authentication access control policy."
            )
        }
        return caller
    }

    // MARK: The request as the trigger's outputs

    private func request(to flow: Catalog.Entry) async throws(Refusal) -> (RunnableFlow, JSONObject) {
        let runnable: RunnableFlow
        do throws(FlowError) {
            runnable = try host.runnable(flow)
        } catch {
            throw Refusal(TriggerReply(status: 400, error))
        }
        do throws(Refusal) {
            return (runnable, try outputs(runnable))
        } catch {
            try await record(error, runnable)
            throw error
        }
    }

    /// Keeps in the trigger's history that a request was refused: whoever sent it may start the flow.
    private func record(_ refusal: Refusal, _ runnable: RunnableFlow) async throws(Refusal) {
        let now = host.clock.now
        let error = refusal.reply.body?["error"]
        let row = TriggerEvents(host: host, runnable: runnable).row(
            RunName.new(at: now), .failed, code: error?["code"]?.stringValue, message: error?["message"]?.stringValue,
            at: now)
        do throws(FlowError) { try await commit([.history(row)]) } catch { throw Self.notReady }
    }

    /// Commits off the caller's thread, which may be the event loop of a connection: who commits may also write.
    private func commit(_ changes: [StoreChange]) async throws(FlowError) {
        let host = host
        try await withTaskExecutorPreference(globalConcurrentExecutor) { () throws(FlowError) in
            try await host.commit(StoreCommit(changes))
        }
    }

    private func outputs(_ runnable: RunnableFlow) throws(Refusal) -> JSONObject {
        let trigger = runnable.rules.trigger
        let method = (trigger.inputs?["method"]?.string ?? "POST").uppercased()
        guard call.method == method else {
            throw Refusal(
                405, .triggerRequestMethodNotValid,
                "The HTTP method for this request is not valid: expected '\(method)' and actual '\(call.method)'.",
                headers: ["Allow": .string(method)])
        }
        let keepsAuthorization = trigger.hasOption("IncludeAuthorizationHeadersInOutputs")
        var outputs: JSONObject = [
            "headers": .object(Self.headers(of: call, keepsAuthorization: keepsAuthorization))
        ]
        let queries = call.query.filter { !Self.ownQueries.contains($0.name) }
        if !queries.isEmpty {
            outputs["queries"] = .object(JSONObject(queries.map { ($0.name, .string($0.value)) }))
        }
        if let pattern = trigger.inputs?["relativePath"]?.string {
            guard let parameters = Self.match(call.relativePath, pattern) else {
                throw Refusal(
                    404, .triggerRelativePathNotValid,
                    "The relative path '\(call.relativePath)' of the request does not match '\(pattern)'.")
            }
            outputs["relativePathParameters"] = .object(parameters)
        } else if !call.relativePath.isEmpty {
            throw Refusal(
                404, .triggerRelativePathNotValid,
                "The trigger '\(trigger.name)' takes no relative path; the request has '\(call.relativePath)'.")
        }
        try checkJSON()
        outputs["body"] = MessageBody.decode(call.body, contentType: call.header("Content-Type"))
        try check(outputs["body"], runnable)
        return outputs
    }

    /// The request's headers, names as received; several of one name become one.
    static func headers(of call: TriggerCall, keepsAuthorization: Bool) -> JSONObject {
        var headers = JSONObject()
        for (name, value) in call.headers {
            if !keepsAuthorization, name.equals(ignoringASCIICase: "authorization") { continue }
            if let before = headers[name]?.stringValue {
                headers[name] = .string(before + "," + value)
            } else {
                headers[name] = .string(value)
            }
        }
        return headers
    }

    private func checkJSON() throws(Refusal) {
        guard !call.body.isEmpty, MediaType(call.header("Content-Type") ?? "").isJSON else { return }
        do throws(JSONReader.Failure) {
            _ = try JSONReader.read(call.body)
        } catch {
            throw Refusal(
                400, .invalidJSONBody,
                "The request content is not valid JSON: \(error.message), line \(error.line), position \(error.column)."
            )
        }
    }

    private func check(_ body: JSON?, _ runnable: RunnableFlow) throws(Refusal) {
        let flow = runnable.flow.definition
        guard let schema = runnable.plan.trigger?.schema, schema.objectValue?.isEmpty == false,
            flow.kind == .flow || runnable.rules.trigger.hasOption("EnableSchemaValidation")
        else { return }
        do throws(FlowError) {
            try TriggerSchema.check(body, schema, trigger: runnable.rules.trigger)
        } catch {
            throw Refusal(TriggerReply(status: 400, error))
        }
    }

    /// The values of a path's parameters where it matches a pattern such as `orders/{id}`.
    static func match(_ path: String, _ pattern: String) -> JSONObject? {
        let wanted = pattern.split(separator: "/")
        let given = path.split(separator: "/").map { PercentEncoding.decode(String($0)) }
        guard wanted.count == given.count else { return nil }
        var parameters = JSONObject()
        for (part, value) in zip(wanted, given) {
            if part.hasPrefix("{"), part.hasSuffix("}") {
                parameters[String(part.dropFirst().dropLast())] = .string(value)
            } else if part != value {
                return nil
            }
        }
        return parameters
    }

    // MARK: The runs

    private func fire(
        _ runnable: RunnableFlow, _ outputs: JSONObject, _ caller: Caller?
    ) async throws(Refusal) -> TriggerReply {
        do throws(FlowError) {
            let now = host.clock.now
            let events = TriggerEvents(host: host, runnable: runnable)
            let name = RunName.new(at: now)
            // Where the event is split, conditions are about its parts.
            if !runnable.rules.splits, try !runnable.rules.conditionsHold(outputs, now: now) {
                let row = events.row(name, .skipped, code: "TriggerConditionNotMet", at: now)
                try await commit([.history(row)])
                return TriggerReply(status: 202, headers: Self.headers(of: name, runnable))
            }
            var changes: [StoreChange] = []
            let flowKey = runnable.flow.installed.triggerKey
            if let key = runnable.rules.deduplicationKey(outputs, now: now, flowKey: flowKey) {
                if let known = try await host.store.seenKeys(flow: runnable.flow.id, keys: [key])[key] {
                    return TriggerReply(status: 202, headers: Self.headers(of: known.run ?? name, runnable))
                }
                changes.append(.seen(TriggerKey(flow: runnable.flow.id, key: key, run: name, seenAt: now)))
            }
            let firings = try runnable.rules.firings(of: outputs, now: now)
            if runnable.rules.splits {
                return try await split(runnable, outputs, firings.count, name, changes, events, at: now)
            }
            return try await run(runnable, firings[0], name, changes, caller, at: now)
        } catch {
            throw refusal(of: error, runnable)
        }
    }

    private func split(
        _ runnable: RunnableFlow, _ outputs: JSONObject, _ count: Int, _ name: String, _ changes: [StoreChange],
        _ events: TriggerEvents, at now: Timestamp
    ) async throws(FlowError) -> TriggerReply {
        var entry = events.row(name, .fired, at: now)
        entry.payload = .object(outputs)
        entry.isSealed = runnable.plan.trigger?.hidesOutputs ?? false
        entry.splitCount = count
        try await commit(changes + [.history(entry)])
        let stored = entry
        // The caller has its answer; what was stored is split whether it waits or not.
        Task {
            do throws(FlowError) { try await events.split(stored, at: now) } catch { host.options.report(error) }
        }
        return TriggerReply(status: 202, headers: Self.headers(of: name, runnable))
    }

    private func run(
        _ runnable: RunnableFlow, _ firing: TriggerRules.Firing, _ name: String, _ changes: [StoreChange],
        _ caller: Caller?, at now: Timestamp
    ) async throws(FlowError) -> TriggerReply {
        let planned = runnable.plan.trigger
        let waits = runnable.plan.hasSynchronousResponse
        let payload = TriggerPayload(
            name: runnable.rules.trigger.name, inputs: planned?.recordedInputs, outputs: .object(firing.outputs),
            startTime: now, historyName: name, code: "OK", callerWaits: runnable.plan.hasResponse,
            hidesInputs: planned?.hidesInputs ?? false, hidesOutputs: planned?.hidesOutputs ?? false)
        let request = RunStartRequest(
            name: name, payload: payload, trackingID: firing.trackingID ?? givenTrackingID, initiator: caller?.user,
            changes: changes, isAwaited: !waits)
        let (run, watch) = try await host.start(runnable, request)
        defer { host.waiters.unwatch(run, watch) }
        var headers = Self.headers(of: run, runnable, trackingID: request.trackingID)
        guard waits else {
            try await watch.started()
            if runnable.plan.hasResponse {
                headers["Location"] = .string(environment.runURL(of: run, runnable.flow))
                headers["Retry-After"] = "10"
            }
            return TriggerReply(status: 202, headers: headers)
        }
        switch try await answer(watch) {
        case .reply(let reply)?:
            for (key, value) in reply.headers { headers[key] = value }
            return TriggerReply(status: reply.statusCode, headers: headers, body: reply.body)
        case .end?:
            return TriggerReply(
                status: 502,
                FlowError(
                    .noResponse,
                    "The server did not receive a response from an upstream server. Request tracking id '\(run)'."),
                headers: headers)
        case nil:
            return TriggerReply(
                status: 504, FlowError(.gatewayTimeout, "The server did not respond within the allowed time."),
                headers: headers)
        }
    }

    /// The run's answer, or nil where none came in time.
    private func answer(_ watch: RunWatch) async throws(FlowError) -> RunWatch.Answer? {
        let clock = host.clock
        let result = await withTaskGroup(of: Result<RunWatch.Answer?, FlowError>?.self) { group in
            group.addTask {
                do throws(FlowError) { return .success(try await watch.answer()) } catch { return .failure(error) }
            }
            group.addTask {
                await clock.pause(for: Self.limit)
                return .success(nil)
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            watch.giveUp()
            return first
        }
        return try result?.get()
    }

    private func refusal(of error: FlowError, _ runnable: RunnableFlow) -> Refusal {
        switch error.code {
        case .workflowMaximumWaitingRunCountExceeded:
            Refusal(TriggerReply(status: 429, error, headers: ["Retry-After": "10"]))
        case .triggerKeySeen:
            Refusal(TriggerReply(status: 202))
        case .invalidTemplate: Refusal(TriggerReply(status: 400, error))
        default: Self.notReady
        }
    }

    /// The caller's own id for what it does, else the trace that it is part of; one that is no plain word could not be
    /// given back in a header.
    private var givenTrackingID: String? {
        guard let id = call.header("x-ms-client-tracking-id"), !id.isEmpty, id.utf8.count <= 128,
            id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return call.header("traceparent").flatMap(TraceContext.init(header:))?.traceID }
        return id
    }

    /// The headers that the platform adds to every answer about a run.
    static func headers(of run: String, _ runnable: RunnableFlow, trackingID: String? = nil) -> JSONObject {
        if runnable.rules.trigger.hasOption("SuppressWorkflowHeadersOnResponse") { return [:] }
        let id = TriggerURL.workflow(ofFlow: runnable.flow.id)
        return [
            "x-ms-workflow-run-id": .string(run), "x-ms-correlation-id": .string(UUIDText.random()),
            "x-ms-client-tracking-id": .string(trackingID ?? run), "x-ms-trigger-history-name": .string(run),
            "x-ms-workflow-id": .string(id), "x-ms-workflow-version": .string(runnable.flow.installed.definitionHash),
            "x-ms-workflow-name": .string(id), "x-ms-request-id": .string(":\(UUIDText.random())"),
            "x-ms-execution-location": "local",
        ]
    }
}

extension Trigger {
    /// Who may call a trigger that takes tokens in place of a signature.
    enum Callers {
        /// Every person of the environment.
        case everyone
        /// These persons, in lower case.
        case some([String])

        /// Whether a person is among them; nil is the one at the machine.
        func include(_ user: String?) -> Bool {
            guard case .some(let allowed) = self, let user else { return true }
            return allowed.contains(user.lowercased())
        }
    }

    /// Who may call by token, or nil where the signature of the URL is all it takes.
    var callers: Callers? {
        switch inputs?["triggerAuthenticationType"]?.string?.lowercased() {
        case "tenant": return .everyone
        case "user":
            let text = inputs?["triggerAllowedUsers"]?.string ?? ""
            return .some(text.split(separator: ";").map { $0.lowercased().filter { !$0.isWhitespace } })
        default: return nil
        }
    }

    /// Whether `operationOptions` has an option, letter case ignored.
    func hasOption(_ name: String) -> Bool {
        let options = node["operationOptions"]?.string?.lowercased().split(separator: ",") ?? []
        return options.contains { $0.filter { $0 != " " } == name.lowercased() }
    }
}
