import FlowCore
import FlowDefinitions
import FlowEngine
import FlowStorage

extension FlowEnvironment {
    // MARK: runs repair

    /// Repairs runs: one line for each, whatever becomes of the others.
    func repairRun(_ arguments: Arguments, as upn: String?) async throws(FlowError) -> JSON {
        let names = try arguments.texts("runs")
        let like = try arguments.text("like")
        let isDry = try arguments.flag("dryRun")
        let waits = try arguments.choice("wait") ?? true
        let options = RepairOptions(
            request: RunRepair.Request(
                from: try arguments.text("from"),
                onlyFailedRepetitions: try arguments.flag("onlyFailedRepetitions"),
                repeatsDone: try arguments.flag("repeatDone")),
            isNewest: try arguments.flag("newest"), user: try await state().knownUser(upn))
        guard !names.isEmpty || like != nil else {
            throw FlowError(
                .invalidArgument, "No run to repair is named.",
                hint: "Find failed runs with `flowrun runs list --status Failed`.")
        }
        if !isDry { try await takeUpRuns() }
        var sources: [String] = []
        if let like { sources = try await group(like: like) }
        sources += names.filter { !sources.contains($0) }
        // One that is named alone fails as any command does.
        let isAlone = sources.count == 1
        var results: [JSON] = []
        var started: [(place: Int, planned: PlannedRepair, name: String, watch: RunWatch)] = []
        defer { for one in started { host.waiters.unwatch(one.name, one.watch) } }
        for source in sources {
            do throws(FlowError) {
                let planned = try await plannedRepair(of: try await summary(of: source), options)
                if isDry {
                    results.append(dryRow(of: planned))
                    continue
                }
                let (name, watch) = try await host.start(planned, goesOn: waits || isListening)
                started.append((results.count, planned, name, watch))
                results.append(.null)
            } catch {
                if isAlone { throw error }
                results.append(Self.refusal(of: source, error))
            }
        }
        for one in started {
            results[one.place] = try await row(of: one.planned, one.name, waits ? one.watch : nil)
        }
        return .array(results)
    }

    /// The runs of the same flow that ended with the same error at the same action, oldest first, unless they were
    /// repaired already.
    private func group(like name: String) async throws(FlowError) -> [String] {
        let pattern = try await summary(of: name)
        let wanted = try await failure(of: pattern)
        guard pattern.isFinished, let wanted else {
            throw FlowError(
                pattern.isFinished ? .runNotRepairable : .workflowRunInProgress,
                "The run \(name) has no failure to which others could be equal: it is \(pattern.status).",
                hint: "Find failed runs with `flowrun runs list --status Failed`.")
        }
        let runs = try await store.runs(RunFilter(flowIDs: [pattern.flowID], limit: 10_000))
        let repaired = Set(runs.filter(\.isRepair).compactMap(\.sourceRun))
        var found: [String] = []
        for run in runs.reversed() where run.status == pattern.status && !repaired.contains(run.name) {
            let failure = try? await failure(of: run)
            if failure == wanted { found.append(run.name) }
        }
        guard !found.isEmpty else {
            throw FlowError(
                .runRepairedAlready, "The run \(name) and all that failed like it were repaired already.",
                hint: "See by what: `flowrun runs show \(name)`.")
        }
        return found
    }

    private func failure(of run: RunSummary) async throws(FlowError) -> RunRepair.Failure? {
        guard run.isFinished, run.status != "Succeeded" else { return nil }
        let plan = try await host.plans.plan(hash: run.definitionHash, flow: run.flowName)
        let repair = try RunRepair(of: try await events(of: run.name), plan: plan, RunRepair.Request()) { _ in false }
        return repair.failure
    }

    // MARK: Lines

    private static func refusal(of source: String, _ error: FlowError) -> JSON {
        [
            "name": .null, "sourceRun": .string(source), "status": "Refused", "code": .string(error.code.rawValue),
            "error": error.json["error"] ?? .null,
        ]
    }

    private func row(of planned: PlannedRepair, _ name: String, _ watch: RunWatch?) async throws(FlowError) -> JSON {
        if let watch {
            _ = try await watch.end()
            if !isListening { await host.waitUntilIdle() }
        }
        guard case .object(var row) = try await page(of: name, isBrief: true) else { return .null }
        row["from"] = .array(planned.repair.points.map { .string($0.text) })
        row["keptActions"] = .integer(Int64(planned.repair.kept.count))
        row[planned.repeatsDone ? "repeated" : "reused"] = effects(planned.done, planned)
        return .object(row)
    }

    private func dryRow(of planned: PlannedRepair) -> JSON {
        let pending = planned.pending.filter { call in
            call.intent != nil || CallSketch(call, in: planned.plan)?.reads(connectors) != true
        }
        return [
            "sourceRun": .string(planned.source.name), "flow": Self.flow(planned.flow.name, planned.flow.id),
            "status": .string(planned.source.status), "definition": .string(planned.definitionHash),
            "from": .array(planned.repair.points.map { .string($0.text) }),
            "kept": .array(planned.repair.kept.map { .string($0.text) }), "pending": effects(pending, planned),
            "reused": planned.repeatsDone ? [] : effects(planned.done, planned),
            "repeated": planned.repeatsDone ? effects(planned.done, planned) : [],
        ]
    }

    private func effects(_ calls: [RunRepair.Call], _ planned: PlannedRepair) -> JSON {
        .array(
            calls.map { call in
                let operation =
                    call.intent.map { LedgerWriter.operation(of: $0) }
                    ?? CallSketch(call, in: planned.plan)?.operation ?? ""
                var effect: JSONObject = ["path": .string(call.path.text), "operation": .string(operation)]
                if call.isUnknown { effect["unknown"] = true }
                return .object(effect)
            })
    }
}
