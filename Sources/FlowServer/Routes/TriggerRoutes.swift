import FlowCore
import FlowRuntime

/// The URLs of Request triggers, of runs that answer later, of values of runs, and of webhook callbacks.
enum TriggerRoutes {
    private static let signature = [
        Route.QueryParameter("sp", "What the signature allows."),
        Route.QueryParameter("sv", "The version of the signature, 1.0."),
        Route.QueryParameter("sig", "The signature."),
    ]
    private static let link = signature + [Route.QueryParameter("se", "Until when the link lasts, ISO 8601.")]

    static let routes: [Route] = [
        Route(
            "*", "/workflows/{workflow}/triggers/{trigger}/paths/invoke/{*relativePath}", "invokeTrigger",
            "Starts a flow with a Request trigger; the flow says which method it takes and what it answers.",
            .signature, query: signature, gives: .any,
            refusing: { call in
                var trigger = invocation(call)
                let refusal = await call.environment.refusal(of: &trigger)
                call.trigger = trigger
                return refusal.map(response)
            }
        ) { call in
            var trigger = call.trigger ?? invocation(call)
            trigger.body = call.request.body
            let reply = await call.environment.invoke(trigger)
            guard let body = reply.body, body.isLong else { return response(reply) }
            // Other connections of the event loop do not wait until it is written as text.
            return await withTaskExecutorPreference(globalConcurrentExecutor) { response(reply) }
        },
        Route(
            "GET", "/workflows/{workflow}/runs/{run}", "getResponse",
            "The Response of a run whose caller was told to ask again: 202 until it is there.", .signature,
            query: signature, gives: .any
        ) { call in
            response(
                await call.environment.answer(
                    ofRun: call.parameter("run"), workflow: call.parameter("workflow"),
                    signature: call.request.query("sig") ?? ""))
        },
        content("contents/{content}", "getTriggerContent", "The inputs or outputs of a run's trigger."),
        content("actions/{action}/contents/{content}", "getActionContent", "The inputs or outputs of an action."),
        content(
            "actions/{action}/repetitions/{repetition}/contents/{content}", "getRepetitionContent",
            "The inputs or outputs of a repetition of an action."),
        Route(
            "*", "/callbacks/{run}/{callback}", "takeCallback", "Wakes a webhook action that waits for it.", .signature,
            gives: .accepted
        ) { call in
            response(
                await call.environment.takeCallback(
                    run: call.parameter("run"), id: call.parameter("callback"),
                    triggerCall(call.request, workflow: call.parameter("run"), trigger: "", relativePath: "")))
        },
    ]

    private static func content(_ place: String, _ id: String, _ summary: String) -> Route {
        Route(
            "GET", "/workflows/{workflow}/runs/{run}/" + place, id, summary, .signature, query: link, gives: .any
        ) { call async throws(FlowError) in
            .json(
                try await call.environment.content(
                    at: Array(call.request.path.dropFirst(4)), run: call.parameter("run"),
                    workflow: call.parameter("workflow"), expires: call.request.query("se") ?? "",
                    signature: call.request.query("sig") ?? ""))
        }
    }

    private static func invocation(_ call: RouteCall) -> TriggerCall {
        // The relative path is taken as it was sent: a slash within a value is no slash between two.
        triggerCall(
            call.request, workflow: call.parameter("workflow"), trigger: call.parameter("trigger"),
            relativePath: call.request.rawPath.dropFirst(6).joined(separator: "/"))
    }

    private static func triggerCall(
        _ request: APIRequest, workflow: String, trigger: String, relativePath: String
    ) -> TriggerCall {
        TriggerCall(
            workflow: workflow, trigger: trigger, method: request.method, relativePath: relativePath,
            query: request.query, headers: request.headers, body: request.body)
    }

    private static func response(_ reply: TriggerReply) -> APIResponse {
        var headers: [APIResponse.Header] = []
        var contentType: String?
        for (name, value) in reply.headers {
            let text = MessageBody.plainText(value)
            if name.equals(ignoringASCIICase: "content-type") {
                contentType = text
            } else if !text.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D }) {
                headers.append(.init(name: name, value: text))
            }
        }
        guard let body = reply.body else { return APIResponse(status: reply.status, headers: headers) }
        do throws(MessageBody.Failure) {
            let (bytes, type) = try MessageBody.encode(body, contentType: contentType, boundary: UUIDText.random())
            if let type { headers.append(.init(name: "Content-Type", value: type)) }
            return APIResponse(status: reply.status, headers: headers, body: bytes)
        } catch {
            return .error(FlowError(.noResponse, "The Response has a body that cannot be sent."), status: 502)
        }
    }
}

extension JSON {
    /// Whether it is longer than what a connection's event loop should write as text.
    fileprivate var isLong: Bool {
        var left = 2_000
        return !fits(&left)
    }

    /// Whether it has no more values than are left, 32 bytes of text counted as one.
    private func fits(_ left: inout Int) -> Bool {
        left -= 1
        switch self {
        case .string(let text): left -= text.utf8.count / 32
        case .array(let values): for value in values where !value.fits(&left) { return false }
        case .object(let members): for (_, value) in members where !value.fits(&left) { return false }
        default: break
        }
        return left >= 0
    }
}
