public import FlowCore
public import FlowDefinitions
import FlowHTTP

extension PartnerCenterEvents {
    /// The events of referrals, all of which the receiving flow waits for.
    static let referralEvents = [
        "referral-created", "referral-updated", "related-referral-created", "related-referral-updated",
    ]

    /// Whether the tenant's one registration points to a flow of the environment, and names all events of referrals.
    public func examine(
        _ request: ExaminationRequest, in session: ConnectionSession
    ) async throws(FlowError) -> Examination {
        guard let receiver = request.receivers.first else { return Examination() }
        let view = OperationCall(operationID: "ViewRegistration", parameters: [:], idempotencyKey: UUIDText.random())
        let answer = try await perform(view, in: session)
        guard answer.statusCode == 200 || answer.statusCode == 404 else {
            throw FlowError(
                .serviceCallFailed, "\(name) refused to view the registration with status \(answer.statusCode).",
                hint: "flowrun connection test \(session.connection.name)")
        }
        let url = answer.statusCode == 200 ? answer.body?["WebhookUrl"]?.stringValue ?? "" : ""
        let events = answer.body?["WebhookEvents"]?.arrayValue?.compactMap(\.stringValue) ?? []
        let repair = Self.command(request, receiver)
        let subject = "webhook registration of Partner Center"
        func register(_ operation: String) -> OperationCall {
            OperationCall(
                operationID: operation,
                parameters: [
                    "body/WebhookUrl": .string(receiver.url),
                    "body/WebhookEvents": .array(Self.referralEvents.map { .string($0) }),
                    "body/SignatureTokenToMsSignatureHeader": "true",
                ], idempotencyKey: UUIDText.random())
        }
        // An address that nobody listens on now need not become the registered one.
        let isSafe = request.isServing && receiver.isOn
        guard !url.isEmpty else {
            return Examination(findings: [
                Finding(
                    .webhookNotRegistered, about: subject,
                    "Partner Center has no webhook registration, so no change there reaches '\(receiver.flow)'.",
                    evidence: ["GET /webhooks/v1/registration answered with status \(answer.statusCode)"],
                    repair: repair, call: isSafe ? register("EventRegistration") : nil)
            ])
        }
        guard let found = request.receivers.first(where: { Self.isSame(url, $0.url, byAddress: request.isServing) })
        else {
            let isStale = request.receivers.contains { Self.path(url) == Self.path($0.url) }
            return Examination(findings: [
                Finding(
                    .webhookRegisteredElsewhere, about: subject,
                    isStale
                        ? "Partner Center calls an address that '\(receiver.flow)' had before, so no change reaches it."
                        : "Partner Center calls another address than that of '\(receiver.flow)', and there can be only one.",
                    evidence: ["registered: \(Self.shown(url))", "expected: \(Self.shown(receiver.url))"],
                    repair: repair, call: isStale && isSafe ? register("UpdateRegistration") : nil)
            ])
        }
        var examination = Examination()
        examination.receiver = found.flow
        let missing = Self.referralEvents.filter { !events.contains($0) }
        if !missing.isEmpty {
            examination.findings.append(
                Finding(
                    .webhookEventsMissing, about: subject,
                    "Partner Center does not send \(missing.joined(separator: ", ")).",
                    evidence: ["registered events: \(events.joined(separator: ", "))"], repair: repair,
                    call: isSafe ? register("UpdateRegistration") : nil))
        }
        if !found.isOn {
            examination.findings.append(
                Finding(
                    .workflowTriggerIsNotEnabled, about: "flow '\(found.flow)'",
                    "Partner Center calls the flow, and the flow is off.",
                    evidence: ["registered: \(Self.shown(url))"], repair: "flowrun activate \"\(found.flow)\""))
        }
        return examination
    }

    /// The command that registers the receiver, by the flow that is there for it.
    private static func command(_ request: ExaminationRequest, _ receiver: ExaminationRequest.Receiver) -> String {
        let flow = request.uses.first { $0.operationID == "EventRegistration" }?.flow
        guard let flow else { return "flowrun doctor --fix" }
        let events = referralEvents.map { "\\\"\($0)\\\"" }.joined(separator: ", ")
        return
            "flowrun run \"\(flow)\" --input \"{\\\"Http Trigger Endpoint\\\": \\\"$(flowrun flow url '\(receiver.flow)')\\\", "
            + "\\\"Events to Register\\\": [\(events)], "
            + "\\\"Overwrite existing trigger endpoints if present?\\\": \\\"Yes\\\"}\""
    }

    /// Whether two addresses are one: by everything, or without scheme and host where those are not known.
    private static func isSame(_ left: String, _ right: String, byAddress: Bool) -> Bool {
        byAddress ? left == right : rest(left) == rest(right)
    }

    private static func rest(_ url: String) -> Substring {
        guard let scheme = url.firstRange(of: "://") else { return url[...] }
        return url[scheme.upperBound...].drop { $0 != "/" }
    }

    private static func path(_ url: String) -> Substring { rest(url).prefix { $0 != "?" } }

    /// An address without its signature.
    private static func shown(_ url: String) -> String { String(url.prefix { $0 != "?" }) }
}
