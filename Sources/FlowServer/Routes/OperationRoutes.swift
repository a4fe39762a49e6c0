import FlowCore
import FlowRuntime

/// `POST /operations/{operation}`: what the command line asks of the owner, over its socket only.
enum OperationRoutes {
    static let routes: [Route] = [
        Route(
            "POST", EnvironmentRequest.pathPrefix + "{operation}", "performOperation",
            "Carries out an operation of the command line.", .socket, body: "Any", gives: .json("Any")
        ) { call async throws(FlowError) in
            let reply: EnvironmentReply
            do throws(FlowError) {
                let request = try EnvironmentRequest(
                    operation: call.parameter("operation"), json: try call.request.json())
                reply = await call.environment.reply(to: request)
            } catch {
                reply = .error(error)
            }
            // What went wrong stands in the body; the transport was fine.
            return .json(reply.json)
        }
    ]
}
