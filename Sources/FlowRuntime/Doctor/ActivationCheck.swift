import FlowCore
import FlowDefinitions
import FlowStorage

/// Whether anything is installed at all.
struct InstallationCheck: DoctorCheck {
    func diagnose(_ patient: Patient) async throws(FlowError) -> [Diagnosis] {
        guard patient.catalog.flows.isEmpty else { return [] }
        let folder = patient.environment.options.solutionFolders.first
        return [
            Diagnosis(
                Finding(
                    .nothingInstalled, about: "environment '\(patient.environment.settings.name)'",
                    "The environment has no flows: no solution is installed.",
                    repair: "flowrun solution install \(folder ?? "PATH")"))
        ]
    }
}

/// Flows of installed solutions that are off.
struct ActivationCheck: DoctorCheck {
    func diagnose(_ patient: Patient) async throws(FlowError) -> [Diagnosis] {
        patient.catalog.solutions.compactMap { part -> Diagnosis? in
            let flows = patient.catalog.flows.filter { $0.solution == part.installed.name }
            let off = flows.filter { !$0.isStarted }
            guard !off.isEmpty else { return nil }
            let evidence = off.map { flow in
                flow.name
                    + (flow.installed.everActivated
                        ? " · off since \(flow.installed.stateChangedAt.description)" : " · never turned on")
            }
            return Diagnosis(
                Finding(
                    .flowNotActive, about: "solution '\(part.installed.displayName)'",
                    "\(off.count) of \(flows.count) flows are off, so what they do is not done.", evidence: evidence,
                    repair: "flowrun activate --solution \(part.installed.name)"))
        }
    }
}

/// The plan of the co-sell connectors.
struct PlanCheck: DoctorCheck {
    func diagnose(_ patient: Patient) async throws(FlowError) -> [Diagnosis] {
        let settings = patient.environment.settings
        guard settings.coSellPlan == .trial else { return [] }
        return [
            Diagnosis(
                Finding(
                    .coSellTrialPlan, .warning, about: "environment '\(settings.name)'",
                    "The trial of the co-sell connectors is allowed on test and staging only.",
                    evidence: ["coSellPlan: trial in flowrun.yaml"],
                    repair: "write `coSellPlan: paid` in flowrun.yaml once it is so, then `flowrun doctor`"))
        ]
    }
}

/// Flows that watch records which other flows of their solution write, without a guard against their own echo.
struct EchoGuardCheck: DoctorCheck {
    func diagnose(_ patient: Patient) async throws(FlowError) -> [Diagnosis] {
        patient.catalog.solutions.compactMap { part -> Diagnosis? in
            guard part.solution.echoGuards.isEmpty else { return nil }
            let watching = patient.catalog.flows.filter { flow in
                flow.solution == part.installed.name
                    && ["openapiconnection", "openapiconnectionwebhook", "openapiconnectionnotification"]
                        .contains(flow.trigger?.type.lowercased() ?? "")
            }
            let receivers = patient.receivers.map(\.flow).filter { $0.solution == part.installed.name }
            guard !watching.isEmpty, !receivers.isEmpty else { return nil }
            return Diagnosis(
                Finding(
                    .echoGuardMissing, .warning, about: "solution '\(part.installed.displayName)'",
                    "Flows watch records that other flows of the solution write, and nothing tells an echo of their own writes.",
                    evidence: watching.map { "\($0.name) is started by every write" },
                    repair:
                        "declare `echoGuard` in \(part.installed.source)/solution.yaml, then `flowrun solution install \(part.installed.source) --keep-states`"
                ))
        }
    }
}
