import FlowCore
import FlowDefinitions
import FlowEngine
import FlowStorage

extension FlowEnvironment {
    // MARK: runs repair

    /// How many runs one call repairs at most; who asks goes on where it ended.
    static let repairSlice = 25
    /// How many failed runs of a flow one call looks at.
    private static let lookedAt = 200

    /// Repairs runs: one row for each, whatever becomes of the others.
    ///
    /// A group may be large, so a call does a part of it: `next` says where the next call goes on.
    func repairRuns(_ arguments: Arguments, as upn: String?) async throws(FlowError) -> JSON {
        let names = try arguments.texts("runs")
        let options = RepairOptions(
            request: RunRepair.Request(
                from: try arguments.text("from"),
                onlyFailedRepetitions: try arguments.flag("onlyFailedRepetitions"),
                repeatsDone: try arguments.flag("repeatDone")),
            isNewest: try arguments.flag("newest"), user: try await state().knownUser(upn),
            isDry: try arguments.flag("dryRun"), waits: try arguments.choice("wait") ?? true)
        let like = try arguments.text("like")
        // Where the call before said that this one goes on.
        let next = arguments.value("next").flatMap { $0.isNull ? Optional.none : $0 }
        guard !names.isEmpty || like != nil else {
            throw FlowError(
                .invalidArgument, "No run to repair is named.",
                hint: "find failed runs with `flowrun runs list --status Failed`")
        }
        if !options.isDry { try await takeUpRuns() }
        guard let like else {
            let place = next?["place"]?.integerValue.map(Int.init) ?? 0
            let part = names.dropFirst(place).prefix(Self.repairSlice)
            // One that is named alone fails as any command does.
            let rows = try await repair(Array(part), options, isAlone: names.count == 1)
            let end = place + part.count
            return Self.slice(rows, next: end < names.count ? ["place": .integer(Int64(end))] : nil)
        }
        let group = try await FailureGroup(like: like, next, in: self)
        let (part, following) = try await group.part(lookingAt: Self.lookedAt, limit: Self.repairSlice)
        var sources = part
        if following == nil {
            // Those that are named as well come last, unless they belong to the group.
            for name in names where try await !group.holds(name) { sources.append(name) }
        }
        guard following != nil || group.count + sources.count > 0 else {
            throw FlowError(
                .runRepairedAlready, "The run \(like) and all that failed like it were repaired already.",
                hint: "see by what: `flowrun runs show \(like)`")
        }
        return Self.slice(try await repair(sources, options, isAlone: false), next: following)
    }

    private static func slice(_ rows: [JSON], next: JSON?) -> JSON { ["runs": .array(rows), "next": next ?? .null] }

    private func repair(
        _ sources: [String], _ options: RepairOptions, isAlone: Bool
    ) async throws(FlowError) -> [JSON] {
        var results: [JSON] = []
        var started: [(place: Int, planned: PlannedRepair, name: String, watch: RunWatch)] = []
        defer { for one in started { host.waiters.unwatch(one.name, one.watch) } }
        for source in sources {
            do throws(FlowError) {
                let planned = try await plannedRepair(of: try await summary(of: source), options)
                if options.isDry {
                    results.append(dryRow(of: planned))
                    continue
                }
                let (name, watch) = try await host.start(planned, goesOn: options.waits || isListening)
                started.append((results.count, planned, name, watch))
                results.append(.null)
            } catch {
                if isAlone { throw error }
                results.append(Self.refusal(of: source, error))
            }
        }
        for one in started {
            results[one.place] = try await row(of: one.planned, one.name, options.waits ? one.watch : nil)
        }
        return results
    }

    /// What made a run fail; nil where nothing did.
    func failure(of run: RunSummary) async throws(FlowError) -> RunRepair.Failure? {
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
