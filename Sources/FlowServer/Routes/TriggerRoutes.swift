import FlowCore
import FlowRuntime

/// The URLs of Request triggers, of runs that answer later, and of webhook callbacks.
struct TriggerRoutes {
    let environment: FlowEnvironment

    func respond(to request: APIRequest) async -> APIResponse {
        let path = request.path
        if path.first == "callbacks" { return await callback(request) }
        if path.count >= 6, path[2] == "triggers", path[4] == "paths", path[5] == "invoke" {
            let call = call(request, trigger: path[3], relativePath: path.dropFirst(6).joined(separator: "/"))
            return Self.response(await environment.invoke(call))
        }
        if path.count == 4, path[2] == "runs", request.method == "GET" {
            let reply = await environment.answer(
                ofRun: path[3], workflow: path[1], signature: request.query("sig") ?? "")
            return Self.response(reply)
        }
        return EnvironmentRouter.notFound(request)
    }

    private func callback(_ request: APIRequest) async -> APIResponse {
        guard request.path.count == 3 else { return EnvironmentRouter.notFound(request) }
        let call = call(request, trigger: "", relativePath: "")
        return Self.response(await environment.takeCallback(run: request.path[1], id: request.path[2], call))
    }

    private func call(_ request: APIRequest, trigger: String, relativePath: String) -> TriggerCall {
        TriggerCall(
            workflow: request.path.count > 1 ? request.path[1] : "", trigger: trigger, method: request.method,
            relativePath: relativePath, query: request.query, headers: request.headers, body: request.body)
    }

    private static func response(_ reply: TriggerReply) -> APIResponse {
        var headers: [APIResponse.Header] = []
        var contentType: String?
        for (name, value) in reply.headers {
            let text = MessageBody.plainText(value)
            if name.lowercased() == "content-type" {
                contentType = text
            } else if !text.contains(where: \.isNewline) {
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
