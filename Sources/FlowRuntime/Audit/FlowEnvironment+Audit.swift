import FlowCore
import FlowDefinitions
import FlowExpressions
import FlowStorage

extension FlowEnvironment {
    // MARK: audit

    /// So many records of a side are read at most.
    private static let mostRecords = 100_000

    func audit(_ arguments: Arguments) async throws(FlowError) -> JSON {
        var solutions: [JSON] = []
        for part in try await auditedParts(arguments) {
            let compared = try await compare(part)
            solutions.append(try await report(part, compared.audit, compared.deals))
        }
        return ["solutions": .array(solutions)]
    }

    // MARK: reconcile

    /// Runs what brings the deals that are behind up to date: one run a deal, those that wait longest first.
    func reconcile(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let isPlanOnly = try arguments.flag("plan")
        var solutions: [JSON] = []
        for part in try await auditedParts(arguments) {
            let (audit, comparison, deals) = try await compare(part)
            let late = deals.filter { $0.state == .behind }.enumerated()
                .sorted { ($0.element.since ?? "", $0.offset) < ($1.element.since ?? "", $1.offset) }.map(\.element)
            var rows: [JSON] = []
            let later = isPlanOnly ? nil : try await LaterRuns(in: store, now: clock.now)
            for deal in late { rows.append(try await reconcile(deal, comparison, later)) }
            var result: JSONObject = [
                "solution": .string(part.installed.name), "deals": .array(rows),
                "blocked": .integer(Int64(deals.count { $0.state == .blocked })),
            ]
            if !isPlanOnly, !rows.isEmpty {
                let after = try await compare(part).deals
                result["behind"] = .integer(Int64(after.count { $0.state == .behind }))
                result["blocked"] = .integer(Int64(after.count { $0.state == .blocked }))
            } else {
                result["behind"] = .integer(Int64(late.count))
            }
            result["left"] = .string(audit.left.name)
            result["right"] = .string(audit.right.name)
            solutions.append(.object(result))
        }
        return ["solutions": .array(solutions), "plan": .bool(isPlanOnly)]
    }

    /// Brings a deal up to date; without the later runs only what would be run is told.
    private func reconcile(
        _ deal: DealAudit.Deal, _ comparison: DealAudit, _ later: LaterRuns?
    ) async throws(FlowError) -> JSON {
        var row: JSONObject = [
            "key": deal.key.isEmpty ? .null : .string(deal.key), "title": .string(deal.title),
            "behind": deal.behind.map { .string($0) } ?? .null, "message": .string(deal.message),
            "since": deal.since.map { .string($0) } ?? .null, "flow": .null, "run": .null, "status": .null,
            "error": .null,
        ]
        guard let repair = try comparison.repair(of: deal) else {
            row["error"] = "The solution says no flow under 'reconcile' for this deal."
            return .object(row)
        }
        row["flow"] = .string(repair.flow)
        guard let later else { return .object(row) }
        do throws(FlowError) {
            let run = try await bringUp(deal.key, flow: repair.flow, input: repair.input, later)
            row["run"] = run["name"] ?? .null
            row["status"] = run["status"] ?? .null
            row["error"] = run["error"]?["message"] ?? .null
        } catch {
            row["error"] = .string(error.message)
        }
        return .object(row)
    }

    /// The runs that read both sides later than the comparison did: they do for a deal what a run of ours would do.
    private struct LaterRuns {
        /// Those that waited for their turn then, and so had read nothing.
        let waiting: Set<String>
        /// Others are those that began since.
        let since: Timestamp

        init(in store: any FlowStore, now: Timestamp) async throws(FlowError) {
            var filter = RunFilter(isFinished: false, limit: 10_000)
            filter.waiting = .turn
            waiting = Set(try await store.runs(filter).map(\.name))
            since = now
        }

        func holds(_ run: RunSummary) -> Bool { run.startTime >= since || waiting.contains(run.name) }
    }

    /// Runs a flow for a deal, or waits for one of the later runs of the deal.
    ///
    /// Where as many runs wait as may, for others start them as well, one has to end first.
    private func bringUp(
        _ key: String, flow word: String, input: JSON, _ later: LaterRuns
    ) async throws(FlowError) -> JSON {
        let flow = try await catalog().flow(word)
        while true {
            var same = RunFilter(flowIDs: [flow.id], limit: 1)
            same.key = key
            if !key.isEmpty, let run = try await store.runs(same).first, later.holds(run) {
                _ = try await awaitEnd(of: run.name)
                return Self.row(of: try await summary(of: run.name))
            }
            let refusal: FlowError
            do throws(FlowError) {
                return try await startRun(
                    Arguments(["flow": .string(word), "input": input, "detail": false]), as: nil)
            } catch {
                refusal = error
            }
            var oldest = RunFilter(flowIDs: [flow.id], isFinished: false, limit: 1)
            oldest.isOldestFirst = true
            guard refusal.code == .workflowMaximumWaitingRunCountExceeded,
                let run = try await store.runs(oldest).first, try await awaitEnd(of: run.name)
            else { throw refusal }
        }
    }

    // MARK: Comparing

    private func auditedParts(_ arguments: Arguments) async throws(FlowError) -> [Catalog.InstalledPart] {
        let catalog = try await catalog()
        let wanted = try arguments.text("solution")
        let parts = catalog.solutions.filter { part in
            part.solution.audit != nil
                && (wanted == nil || part.installed.name == wanted || part.installed.displayName == wanted)
        }
        guard !parts.isEmpty else {
            throw FlowError(
                .solutionNotFound,
                wanted.map { "No installed solution '\($0)' says how it is audited." }
                    ?? "No installed solution says how it is audited.",
                hint: "install one that has `audit` in its solution.yaml: `flowrun solution install PATH`")
        }
        return parts
    }

    private func compare(
        _ part: Catalog.InstalledPart
    ) async throws(FlowError) -> (audit: SolutionAudit, comparison: DealAudit, deals: [DealAudit.Deal]) {
        guard let audit = part.solution.audit else {
            preconditionFailure("only solutions that say how they are audited are compared")
        }
        let catalog = try await catalog()
        let state = try await state()
        let values = VariableValues(catalog, state)
        var parameters = JSONObject()
        for flow in catalog.flows where flow.solution == part.installed.name {
            for (name, value) in values.parameters(of: flow.definition) { parameters[name] = value }
        }
        let now = clock.now
        let known = parameters
        // Both sides are read at once.
        async let leftRead = outcome { () async throws(FlowError) in
            try await self.records(of: audit.left, state, known, now)
        }
        async let rightRead = outcome { () async throws(FlowError) in
            try await self.records(of: audit.right, state, known, now)
        }
        let (left, right) = await (leftRead, rightRead)
        let comparison = try DealAudit(audit, parameters: parameters, now: now)
        return (audit, comparison, try comparison.deals(try left.get(), try right.get()))
    }

    private func report(
        _ part: Catalog.InstalledPart, _ audit: SolutionAudit, _ deals: [DealAudit.Deal]
    ) async throws(FlowError) -> JSON {
        var rows: [JSON] = []
        var counts: [DealAudit.State: Int64] = [:]
        for deal in deals {
            counts[deal.state, default: 0] += 1
            rows.append(deal.json(run: deal.state == .inStep ? .null : try await lastRun(of: deal.key)))
        }
        return [
            "solution": .string(part.installed.name), "left": .string(audit.left.name),
            "right": .string(audit.right.name), "inStep": .integer(counts[.inStep] ?? 0),
            "behind": .integer(counts[.behind] ?? 0), "blocked": .integer(counts[.blocked] ?? 0),
            "deals": .array(rows),
        ]
    }

    private func outcome<Value: Sendable>(
        _ body: () async throws(FlowError) -> Value
    ) async -> Result<Value, FlowError> {
        do throws(FlowError) { return .success(try await body()) } catch { return .failure(error) }
    }

    /// The records of a side, by one listing call that follows its pages.
    private func records(
        of side: SolutionAudit.Side, _ state: EnvironmentState, _ parameters: JSONObject, _ now: Timestamp
    ) async throws(FlowError) -> [JSON] {
        guard let name = state.bindings[side.reference], let stored = try await store.connection(name),
            let connector = connectors[stored.connection.connector]
        else {
            throw FlowError(
                .connectionReferenceMissingConnection,
                "Connection Id missing for connection reference logical name '\(side.reference)'.",
                hint: "flowrun bind-connection --all")
        }
        let scope = ContextScope(["parameters": .object(parameters)], now: now)
        let evaluated = try CompiledValue(.object(side.parameters)).evaluate(in: scope).objectValue ?? [:]
        let call = OperationCall(
            operationID: side.operation, parameters: evaluated, idempotencyKey: UUIDText.random(),
            minimumItemCount: Self.mostRecords)
        let session = ConnectionSession(
            connection: stored.connection, endpoints: try settings.addresses(), clock: clock)
        let answer = try await connector.perform(call, in: session)
        guard answer.statusCode == 200, let records = answer.body?[side.items]?.arrayValue else {
            throw FlowError(
                .serviceCallFailed,
                "\(side.name) refused to list its records with status \(answer.statusCode): \(answer.body?.text ?? "")",
                hint: "flowrun connection test \(name)")
        }
        return records
    }

    /// The newest run of a deal, which shows what became of it.
    private func lastRun(of key: String) async throws(FlowError) -> JSON {
        guard !key.isEmpty else { return .null }
        var filter = RunFilter(limit: 1)
        filter.key = key
        guard let run = try await store.runs(filter).first else { return .null }
        return ["name": .string(run.name), "flow": .string(run.flowName), "status": .string(run.status)]
    }
}
