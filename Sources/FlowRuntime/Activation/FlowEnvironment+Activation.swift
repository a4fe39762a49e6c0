package import FlowCore
import FlowDefinitions
import FlowStorage

extension FlowEnvironment {
    // MARK: activate

    func activate(_ arguments: Arguments, as upn: String?) async throws(FlowError) -> JSON {
        let isPlanOnly = try arguments.flag("plan")
        let withDependencies = try !arguments.flag("noDependencies")
        return try await changing { () throws(FlowError) in
            let catalog = try await catalog()
            let state = try await state()
            let user = try state.knownUser(upn)
            let planner = ActivationPlanner(catalog: catalog, state: state, connectors: connectors, user: user)
            let plan = planner.plan(try selection(arguments, catalog), withDependencies: withDependencies)
            var activated: [JSON] = []
            if plan.problems.isEmpty, !isPlanOnly {
                try await turnOn(plan.steps.map(\.flow), user)
                activated = plan.steps.map { .string($0.flow.name) }
            }
            return [
                "activated": .array(activated), "order": .array(plan.steps.map(\.json)),
                "problems": .array(plan.problems.map(\.json)),
            ]
        }
    }

    /// Turns one flow on for the management API, where a refusal is an error.
    /// - Throws: the precondition that is not met, `MultipleErrorsOccurred` for several.
    package func startFlow(_ word: String, as user: String?) async throws(FlowError) {
        try await audited("flow.start", word, as: user) { () async throws(FlowError) in try await start(word, as: user)
        }
    }

    private func start(_ word: String, as user: String?) async throws(FlowError) {
        try await changing { () throws(FlowError) in
            let catalog = try await catalog()
            let planner = ActivationPlanner(
                catalog: catalog, state: try await state(), connectors: connectors, user: user)
            let plan = planner.plan([try catalog.flow(word)], withDependencies: false)
            if let error = plan.error { throw error }
            try await turnOn(plan.steps.map(\.flow), user)
        }
    }

    /// The flows that the arguments `flows`, `solution` and `all` mean.
    private func selection(_ arguments: Arguments, _ catalog: Catalog) throws(FlowError) -> [Catalog.Entry] {
        if try arguments.flag("all") { return catalog.flows }
        var flows: [Catalog.Entry] = []
        for word in try arguments.texts("flows") { flows.append(try catalog.flow(word)) }
        if let name = try arguments.text("solution") {
            guard let part = catalog.solution(name) else {
                let names = catalog.solutions.flatMap { [$0.installed.name, $0.installed.displayName] }
                throw FlowError(
                    .solutionNotFound, "No solution '\(name)' is installed.",
                    hint: Suggestion.nearest(to: name, among: names).map { "Did you mean '\($0)'?" }
                        ?? "See `flowrun solution list`.")
            }
            flows += catalog.flows.filter { $0.solution == part.installed.name }
        }
        return flows
    }

    /// Turns flows on in one commit, then lets their triggers listen; where an outside subscription is refused they are
    /// turned off again.
    private func turnOn(_ flows: [Catalog.Entry], _ user: String?) async throws(FlowError) {
        guard !flows.isEmpty else { return }
        let now = clock.now
        var commit = StoreCommit()
        for flow in flows {
            var installed = flow.installed
            installed.state = .started
            installed.stateReason = nil
            installed.stateChangedAt = now
            installed.firstActivatedAt = installed.firstActivatedAt ?? now
            installed.activatedBy = user
            commit.add(.flow(installed))
            // What happened while the flow was off does not count: its trigger begins anew.
            commit.add(.forgetTriggers(flow: flow.id))
        }
        try await self.commit(commit)
        try await listeners.refresh(try await catalog())
    }

    // MARK: deactivate

    func deactivate(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let isPlanOnly = try arguments.flag("plan")
        return try await changing { () throws(FlowError) in
            let catalog = try await catalog()
            let planner = ActivationPlanner(
                catalog: catalog, state: EnvironmentState(), connectors: connectors, user: nil)
            let flows = planner.turningOff(try selection(arguments, catalog))
            if !isPlanOnly { try await turnOff(flows) }
            let rows: [JSON] = flows.map { ["flow": .string($0.name), "id": .string($0.id)] }
            return [
                "deactivated": isPlanOnly ? [] : .array(flows.map { .string($0.name) }), "order": .array(rows),
            ]
        }
    }

    /// Turns one flow off for the management API.
    package func stopFlow(_ word: String, as user: String?) async throws(FlowError) {
        try await audited("flow.stop", word, as: user) { () async throws(FlowError) in
            try await changing { () throws(FlowError) in
                let flow = try await catalog().flow(word)
                if flow.installed.state != .stopped { try await turnOff([flow]) }
            }
        }
    }

    /// Carries out what only the management API does, and keeps who asked for it.
    private func audited(
        _ operation: String, _ flow: String, as user: String?, _ body: () async throws(FlowError) -> Void
    ) async throws(FlowError) {
        do throws(FlowError) {
            try await body()
            options.audit?.add(operation, ["flow": .string(flow)], nil, user: user, token: Caller.token, at: clock.now)
        } catch {
            options.audit?.add(
                operation, ["flow": .string(flow)], error, user: user, token: Caller.token, at: clock.now)
            throw error
        }
    }

    private func turnOff(_ flows: [Catalog.Entry]) async throws(FlowError) {
        var commit = StoreCommit()
        for flow in flows {
            var installed = flow.installed
            installed.state = .stopped
            installed.stateReason = nil
            installed.stateChangedAt = clock.now
            commit.add(.flow(installed))
            commit.add(.forgetTriggers(flow: flow.id))
        }
        try await self.commit(commit)
        try await listeners.refresh(try await catalog())
    }
}
