package import FlowCore
import FlowDefinitions
import FlowEngine
import FlowStorage
import FlowText

extension FlowEnvironment {
    /// A flow's definition as a JSON value, for the management API; signatures of URLs in it are masked.
    /// - Throws: `FlowNotFound`.
    package func definition(ofFlow word: String) async throws(FlowError) -> JSON {
        let flow = try await catalog().flow(word).definition
        var definition: JSONObject = [
            "$schema":
                "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#",
            "contentVersion": "1.0.0.0",
        ]
        for key in ["parameters", "triggers", "actions", "outputs", "staticResults", "description"] {
            definition[key] = flow.node[key]?.json
        }
        return SecretMask.masking(.object(definition))
    }

    // MARK: Runs that answer later

    /// The address at which the caller of an asynchronous Response asks for it.
    func runURL(of run: String, _ flow: Catalog.Entry) -> String {
        let id = flow.id.filter { $0 != "-" }
        let permission = TriggerURL.escape("/runs/\(run)/read")
        return "\(publicAddress)/workflows/\(id)/runs/\(run)?api-version=\(TriggerURL.apiVersion)&sp=\(permission)"
            + "&sv=\(TriggerURL.signatureVersion)&sig=\(Self.runSignature(id, run, flow.installed.triggerKey))"
    }

    private static func runSignature(_ workflow: String, _ run: String, _ key: [UInt8]) -> String {
        Base64.encodeURL(Digest.hmacSHA256(Array("/workflows/\(workflow)/runs/\(run)/read".utf8), key: key))
    }

    /// The Response of a run whose caller was told to ask again: 202 until it is there.
    package func answer(ofRun run: String, workflow: String, signature: String) async -> TriggerReply {
        do throws(FlowError) {
            let id = workflow.lowercased().filter { $0 != "-" }
            guard let flow = try await catalog().flows.first(where: { $0.id.filter { $0 != "-" } == id }),
                Digest.constantTimeEqual(
                    Array(signature.utf8), Array(Self.runSignature(id, run, flow.installed.triggerKey).utf8)),
                let summary = try await store.run(run), summary.flowID == flow.id
            else { throw Self.noRun(run) }
            for json in try await store.journal(of: run) {
                guard case .replied(let reply, _) = try RunEvent(journal: json) else { continue }
                return TriggerReply(status: reply.statusCode, headers: reply.headers, body: reply.body)
            }
            if summary.isFinished {
                return TriggerReply(
                    status: 502,
                    FlowError(
                        .noResponse,
                        "The server did not receive a response from an upstream server. Request tracking id '\(run)'."))
            }
            return TriggerReply(
                status: 202, headers: ["Location": .string(runURL(of: run, flow)), "Retry-After": "10"])
        } catch {
            return TriggerReply(status: error.code == .workflowRunNotFound ? 404 : 503, error)
        }
    }
}
