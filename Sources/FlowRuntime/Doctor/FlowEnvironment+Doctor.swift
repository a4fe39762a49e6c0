import FlowCore
import FlowDefinitions
import FlowEngine
import FlowStorage

extension FlowEnvironment {
    // MARK: doctor

    /// The families of checks in the order in which their findings are shown: what must be repaired first comes first.
    private static let checks: [any DoctorCheck] = [
        InstallationCheck(), PlanCheck(), ReferenceCheck(), ActivationCheck(), WebhookCheck(), CurrencyCheck(),
        QuotaCheck(), TriggerCheck(), SilenceCheck(), ServingCheck(), EchoGuardCheck(),
    ]

    /// How long the services have for their part of an examination.
    private static let patience = Duration.seconds(10)

    func doctor(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let fixes = try arguments.flag("fix")
        var diagnoses = try await diagnose()
        var fixed: [JSON] = []
        if fixes {
            for diagnosis in diagnoses {
                guard let repair = diagnosis.repair else { continue }
                fixed.append(await carryOut(repair, of: diagnosis))
            }
            if !fixed.isEmpty { diagnoses = try await diagnose() }
        }
        let grave = diagnoses.contains { $0.finding.severity != .information }
        return [
            "environment": .string(settings.name), "healthy": .bool(!grave),
            "findings": .array(diagnoses.map(\.json)), "fixed": .array(fixed),
        ]
    }

    private func diagnose() async throws(FlowError) -> [Diagnosis] {
        var patient = Patient(
            environment: self, catalog: try await catalog(), state: try await state(), now: clock.now)
        // The services are asked all at once: an examination takes as long as the slowest of them.
        let outcomes = await examineConnections(of: patient)
        var diagnoses: [Diagnosis] = []
        for (name, findings, examination) in outcomes.sorted(by: { $0.name < $1.name }) {
            diagnoses += findings
            patient.examinations[name] = examination
        }
        for check in Self.checks { diagnoses += try await check.diagnose(patient) }
        let rank: [Finding.Severity: Int] = [.error: 0, .warning: 1, .information: 2]
        return diagnoses.enumerated().sorted {
            (rank[$0.element.finding.severity] ?? 0, $0.offset) < (rank[$1.element.finding.severity] ?? 0, $1.offset)
        }.map(\.element)
    }

    private typealias Outcome = (name: String, findings: [Diagnosis], examination: Examination?)

    private func examineConnections(of patient: Patient) async -> [Outcome] {
        await withTaskGroup(of: Outcome.self) { group in
            for stored in patient.connections {
                group.addTask { await self.examined(stored, patient) }
            }
            var outcomes: [Outcome] = []
            for await outcome in group { outcomes.append(outcome) }
            return outcomes
        }
    }

    /// Examines a connection, as long as its service has patience for.
    private func examined(_ stored: StoredConnection, _ patient: Patient) async -> Outcome {
        let name = stored.connection.name
        return await withTaskGroup(of: Outcome?.self) { group in
            group.addTask { await ConnectionCheck(stored: stored).examine(patient) }
            group.addTask {
                do { try await Task.sleep(for: Self.patience) } catch { return nil }
                let finding = Finding(
                    .serviceSilent, about: "connection '\(name)'",
                    "The service of the connection did not answer within \(Self.patience.components.seconds) seconds.",
                    repair: "flowrun connection test \(name)")
                return (name, [Diagnosis(finding)], nil)
            }
            for await outcome in group {
                if let outcome {
                    group.cancelAll()
                    return outcome
                }
            }
            return (name, [], nil)
        }
    }

    private func carryOut(_ repair: Diagnosis.Repair, of diagnosis: Diagnosis) async -> JSON {
        let failure: FlowError?
        do throws(FlowError) {
            switch repair {
            case .operation(let request): _ = try await perform(request)
            case .call(let call, let name): try await perform(call, through: name)
            }
            failure = nil
        } catch {
            failure = error
        }
        return [
            "code": .string(diagnosis.finding.code.rawValue), "subject": .string(diagnosis.finding.subject),
            "done": .bool(failure == nil), "error": failure.map { .string($0.message) } ?? .null,
        ]
    }

    private func perform(_ call: OperationCall, through name: String) async throws(FlowError) {
        guard let stored = try await store.connection(name), let connector = connectors[stored.connection.connector]
        else {
            throw FlowError(
                .connectionNotFound, "There is no connection '\(name)'.", hint: "see `flowrun connection list`")
        }
        let session = ConnectionSession(
            connection: stored.connection, endpoints: try settings.addresses(), clock: clock)
        let answer = try await connector.perform(call, in: session)
        guard answer.statusCode < 400 else {
            throw FlowError(
                .serviceCallFailed, "\(connector.displayName) refused the repair with status \(answer.statusCode).")
        }
    }
}
