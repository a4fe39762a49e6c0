import FlowCore
import FlowDefinitions
import FlowEngine
import FlowStorage

/// What a run's effects leave in the store beside its journal: the effect ledger, quotas, and messages to its parent.
struct LedgerWriter {
    let host: RunHost
    let identity: RunIdentity

    // MARK: The effect ledger

    func entry(for intent: EffectIntent) -> EffectEntry {
        EffectEntry(
            run: identity.run, id: intent.id.description, path: intent.path.text,
            operation: Self.operation(of: intent), connection: connection(of: intent.kind),
            intendedAt: intent.intendedAt, subject: intent.isSecure ? nil : intent.kind.subject)
    }

    func finish(_ entry: inout EffectEntry, _ finish: EffectFinish) {
        switch finish.outcome {
        case .answered(let answer):
            entry.state = .finished
            entry.result = String(answer.statusCode)
        case .failed(let failure):
            entry.state = .finished
            entry.result = failure.code
        case .childEnded(let end):
            entry.state = .finished
            entry.result = end.status
        case .inDoubt: entry.state = .inDoubt
        case .didNotHappen: entry.state = .abandoned
        }
        entry.finishedAt = entry.state == .inDoubt ? nil : finish.at
    }

    /// What an effect is, in a few words.
    static func operation(of intent: EffectIntent) -> String {
        switch intent.kind {
        case .http(let call): "http/\(call.method)"
        case .operation(let request): "\(request.connector)/\(request.operationID)"
        case .connection(let request) where intent.isSecure: "\(request.connector)/\(request.method)"
        case .connection(let request): "\(request.connector)/\(request.method) \(SecretMask.masking(request.path))"
        case .child(let start): "child/\(start.reference)"
        }
    }

    private func connection(of kind: EffectIntent.Kind) -> String? {
        switch kind {
        case .operation(let request): host.connectionName(request.connectionReference, identity)
        case .connection(let request): host.connectionName(request.connectionReference, identity)
        case .http, .child: nil
        }
    }

    // MARK: Quotas

    /// The use of a connection's daily quota, by full hours.
    func quota(for intent: EffectIntent) -> [StoreChange] {
        guard case .operation(let request) = intent.kind,
            let connection = host.connectionName(request.connectionReference, identity)
        else { return [] }
        return [.useQuota(QuotaUse(name: Quota.calls(of: connection), window: intent.intendedAt.hour))]
    }

    // MARK: Echoes

    /// What a call will have written to records that triggers guard, as far as its parameters tell; nothing is remembered
    /// of secret ones.
    func echoes(of intent: EffectIntent) -> [EchoEntry]? {
        guard intent.needsCommitFirst, !intent.isSecure, case .operation(let request) = intent.kind else { return nil }
        let guards = host.echoes.guards(ofFlow: identity.flowName, action: intent.action.name)
        if guards.isEmpty { return nil }
        return guards.map { guardian in
            EchoEntry(
                kind: guardian.trigger, entity: intent.kind.subject ?? "",
                values: EchoGuardian.values(ofWritten: request.parameters, guardian), run: identity.run,
                writtenAt: intent.intendedAt)
        }
    }

    /// The echoes of a call that is known to have happened.
    ///
    /// The answer tells the record's id, and of a record that the call made all its values: nobody else can have set them.
    func written(_ echoes: [EchoEntry], _ finish: EffectFinish) -> [EchoEntry] {
        guard case .answered(let answer) = finish.outcome, answer.statusCode < 400 else { return [] }
        let guardian = host.echoes
        let body = answer.body?.objectValue ?? [:]
        return echoes.compactMap { echo in
            var echo = echo
            let names = guardian.entityNames(of: echo.kind) + (echo.entity.isEmpty ? ["id"] : [])
            if let id = names.lazy.compactMap({ body.value(ignoringCase: $0)?.stringValue }).first { echo.entity = id }
            guard !echo.entity.isEmpty else { return nil }
            if answer.statusCode == 201 { echo.values = guardian.values(ofRecord: body, of: echo.kind) }
            echo.writtenAt = finish.at
            return echo
        }
    }

    // MARK: Messages to the parent

    func message(of reply: RunReply, at now: Timestamp) -> InboxEntry? {
        guard let parent = identity.parent else { return nil }
        let answer = OperationAnswer(statusCode: reply.statusCode, headers: reply.headers, body: reply.body)
        return entry(parent, .childReplied(parent.effect, answer), isSealed: reply.isSecure, at: now)
    }

    func message(of outcome: RunOutcome) -> InboxEntry? {
        guard let parent = identity.parent else { return nil }
        let end = ChildEnd(run: identity.run, status: outcome.status)
        return entry(parent, .childEnded(parent.effect, end), isSealed: false, at: outcome.endTime)
    }

    private func entry(
        _ parent: RunIdentity.Parent, _ content: InboxMessage.Content, isSealed: Bool, at now: Timestamp
    ) -> InboxEntry {
        // One message a child, whatever it says: the first Response counts.
        let message = InboxMessage(id: "child:\(identity.run)", content)
        return InboxEntry(
            run: parent.run, id: message.id, kind: message.kind, body: message.body, isSealed: isSealed, sentAt: now)
    }
}

/// The names of quotas.
enum Quota {
    /// The calls through a connection in a day.
    static func calls(of connection: String) -> String { "calls/\(connection)" }
}
