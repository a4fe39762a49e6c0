import FlowCore
import FlowDefinitions
import FlowStorage

/// Triggers that ask their service in vain.
struct TriggerCheck: DoctorCheck {
    /// So many failures in a row are more than a moment's trouble.
    private static let limit = 3

    func diagnose(_ patient: Patient) async throws(FlowError) -> [Diagnosis] {
        var diagnoses: [Diagnosis] = []
        for standing in try await patient.environment.store.triggerStates() where standing.failures >= Self.limit {
            guard let flow = patient.catalog[standing.flow], flow.isStarted else { continue }
            let failures = try await patient.environment.store.triggerHistory(
                TriggerHistoryFilter(flow: flow.id, status: "Failed", limit: 1))
            var evidence = ["\(standing.failures) questions in a row failed"]
            if let last = failures.first {
                evidence.append(
                    "last at \(last.startTime.description): \(last.code ?? "") \(last.message ?? "")")
            }
            diagnoses.append(
                Diagnosis(
                    Finding(
                        .triggerFailing, about: "flow '\(flow.name)'",
                        "The trigger asks its service in vain, so changes there start no run.", evidence: evidence,
                        repair: "flowrun flow history \"\(flow.name)\"")))
        }
        return diagnoses
    }
}

/// Triggers that have seen nothing for longer than `alerts.silentTriggers` of `flowrun.yaml` allows.
struct SilenceCheck: DoctorCheck {
    func diagnose(_ patient: Patient) async throws(FlowError) -> [Diagnosis] {
        let rules = patient.environment.settings.alerts?.silence ?? [:]
        if rules.isEmpty { return [] }
        let silent = try await TriggerSilence.all(
            in: patient.catalog, rules, patient.environment.store, now: patient.now)
        return silent.map { silence in
            Diagnosis(
                Finding(
                    .triggerSilent, .warning, about: "flow '\(silence.flow.name)'",
                    "The trigger has seen nothing for longer than its rule allows.",
                    evidence: ["nothing since \(silence.since.secondsDescription)", "rule: \(silence.ruleText)"],
                    repair: "flowrun flow history \"\(silence.flow.name)\""))
        }
    }
}

/// Whether somebody serves the flows that are on.
struct ServingCheck: DoctorCheck {
    func diagnose(_ patient: Patient) async throws(FlowError) -> [Diagnosis] {
        guard !patient.environment.isListening else { return [] }
        let receivers = Set(patient.receivers.map(\.flow.id))
        let waiting = patient.started.filter { flow in
            flow.trigger?.type.lowercased() != "request" || receivers.contains(flow.id)
        }
        guard !waiting.isEmpty else { return [] }
        return [
            Diagnosis(
                Finding(
                    .environmentNotServed, .warning,
                    about: "environment '\(patient.environment.settings.name)'",
                    "Flows that wait for webhooks, polls or a schedule are on, and no process serves them.",
                    evidence: waiting.map(\.name), repair: "flowrun serve"))
        ]
    }
}
