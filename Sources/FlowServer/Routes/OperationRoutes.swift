import FlowCore
import FlowRuntime

/// `POST /operations/{operation}`: what the command line asks of the owner, over its socket only.
struct OperationRoutes {
    let environment: FlowEnvironment

    func respond(to request: APIRequest) async -> APIResponse {
        guard request.method == "POST" else { return EnvironmentRouter.wrongMethod(request, allowed: "POST") }
        let reply: EnvironmentReply
        do throws(FlowError) {
            let name = request.path.dropFirst().joined(separator: "/")
            reply = await environment.reply(to: try EnvironmentRequest(operation: name, json: try request.json()))
        } catch {
            reply = .error(error)
        }
        // What went wrong stands in the body; the transport was fine.
        return .json(reply.json)
    }
}
