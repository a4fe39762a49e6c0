import FlowCore
import FlowDefinitions
import FlowStorage

/// Events that should have come and did not: the registration is right, records changed, and no call arrived.
struct WebhookCheck: DoctorCheck {
    /// An event may take a while.
    private static let grace = Duration.seconds(120)

    func diagnose(_ patient: Patient) async throws(FlowError) -> [Diagnosis] {
        let registered = patient.examinations.values.compactMap(\.receiver).first
        let latest = patient.examinations.values.compactMap(\.latestChange).max()
        guard patient.environment.isListening, let registered, let latest,
            let flow = patient.receivers.first(where: { $0.receiver.flow == registered })?.flow, flow.isStarted
        else { return [] }
        let since = flow.installed.stateChangedAt
        // Changes bear the service's time, and so does how long ago they were.
        let now = patient.examinations.values.compactMap(\.serviceTime).max() ?? patient.now
        guard latest > since, latest + Self.grace < now else { return [] }
        let calls = try await patient.environment.store.triggerHistory(
            TriggerHistoryFilter(flow: flow.id, since: latest - .seconds(1), limit: 1))
        guard calls.isEmpty else { return [] }
        let last = try await patient.environment.store.triggerHistory(TriggerHistoryFilter(flow: flow.id, limit: 1))
        return [
            Diagnosis(
                Finding(
                    .webhookSilent, about: "flow '\(flow.name)'",
                    "The registration points here, a referral changed, and Partner Center did not call.",
                    evidence: [
                        "last change of a referral: \(latest.description)",
                        "last call: \(last.first?.startTime.description ?? "none")",
                        "address: \(patient.environment.publicAddress)",
                    ],
                    repair:
                        "check that server.publicUrl in flowrun.yaml can be reached from outside; where the organization has several tenants, have Partner Center support enable multi-tenancy; then `flowrun doctor`"
                ))
        ]
    }
}

/// Currencies of open referrals that the CRM does not have.
struct CurrencyCheck: DoctorCheck {
    func diagnose(_ patient: Patient) async throws(FlowError) -> [Diagnosis] {
        let needed = patient.examinations.values.reduce(into: Set<String>()) { $0.formUnion($1.currenciesInUse) }
        return patient.examinations.sorted { $0.key < $1.key }.flatMap { connection, examination -> [Diagnosis] in
            guard let known = examination.currenciesKnown else { return [] }
            return needed.subtracting(known).sorted().map { currency in
                Diagnosis(
                    Finding(
                        .currencyNotSetUp, about: "currency \(currency)",
                        "Open referrals are in \(currency), which the CRM of the connection '\(connection)' does not have.",
                        evidence: ["set up there: " + known.sorted().joined(separator: ", ")],
                        repair:
                            "let an administrator of the CRM add \(currency), then `flowrun runs list --status Failed` and `flowrun runs resubmit ID`"
                    ))
            }
        }
    }
}

/// The calls of the day.
struct QuotaCheck: DoctorCheck {
    func diagnose(_ patient: Patient) async throws(FlowError) -> [Diagnosis] {
        let rows = try await patient.environment.limits().arrayValue ?? []
        return rows.compactMap { row -> Diagnosis? in
            guard let used = row["used"]?.integerValue, let limit = row["limit"]?.integerValue, used * 10 >= limit * 8
            else { return nil }
            let isOver = used >= limit
            let flow = row["flow"]?.stringValue
            if row["kind"] == "requests" {
                return Diagnosis(
                    Finding(
                        .quotaNearlyUsed, isOver ? .error : .warning,
                        about: flow.map { "flow '\($0)'" } ?? "environment '\(patient.environment.settings.name)'",
                        isOver
                            ? "The requests that the performance profile allows in 24 hours are used: calls are answered with 429."
                            : "More than four fifths of the requests that the performance profile allows in 24 hours are used.",
                        evidence: [
                            "\(used) of \(limit) requests, \(row["perHour"]?.integerValue ?? 0) an hour at present",
                            row["usedUpAt"]?.stringValue.map { "used up at \($0) at this rate" } ?? "",
                        ].filter { !$0.isEmpty }, repair: "flowrun limits"))
            }
            return Diagnosis(
                Finding(
                    .quotaNearlyUsed, isOver ? .error : .warning,
                    about: "connection '\(row["connection"]?.stringValue ?? "")'",
                    isOver
                        ? "The connection has made all calls that it may make today."
                        : "The connection has made more than four fifths of the calls that it may make today.",
                    evidence: [
                        "\(used) of \(limit) calls", "the count begins anew at \(row["resetsAt"]?.stringValue ?? "")",
                    ], repair: "flowrun limits"))
        }
    }
}
