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
                    hint: Suggestion.hint(for: name, among: names)
                        ?? "see `flowrun solution list`")
            }
            flows += catalog.flows.filter { $0.solution == part.installed.name }
        }
        return flows
    }

    /// Turns flows on in one commit, then tells the services of their webhooks and lets their triggers listen; where a service
    /// refuses, all of them are turned off again.
    /// - Throws: `WebhookSubscriptionFailed`.
    func turnOn(_ flows: [Catalog.Entry], _ user: String?) async throws(FlowError) {
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
            commit.add(flow.forgetting)
            if let trigger = flow.trigger, trigger.isSubscribed {
                commit.add(
                    .trigger(WebhookSubscriptions.state(of: flow, trigger, .beginning(with: flows.map(\.id)))))
            }
        }
        try await self.commit(commit)
        do throws(FlowError) {
            for flow in flows { try await subscribe(flow) }
        } catch {
            _ = try await turnOff(flows.reversed())
            throw error
        }
        try await listeners.refresh(try await catalog())
    }

    private func subscribe(_ flow: Catalog.Entry) async throws(FlowError) {
        guard let trigger = flow.trigger, trigger.isSubscribed, let url = triggerURL(of: flow) else { return }
        try await WebhookSubscriptions(host: host).begin(flow, trigger, url: url.text)
    }

    // MARK: deactivate

    func deactivate(_ arguments: Arguments) async throws(FlowError) -> JSON {
        let isPlanOnly = try arguments.flag("plan")
        return try await changing { () throws(FlowError) in
            let catalog = try await catalog()
            let planner = ActivationPlanner(
                catalog: catalog, state: EnvironmentState(), connectors: connectors, user: nil)
            let flows = planner.turningOff(try selection(arguments, catalog))
            let problems = isPlanOnly ? [] : try await turnOff(flows)
            let rows: [JSON] = flows.map { ["flow": .string($0.name), "id": .string($0.id)] }
            return [
                "deactivated": isPlanOnly ? [] : .array(flows.map { .string($0.name) }), "order": .array(rows),
                "problems": .array(problems),
            ]
        }
    }

    /// Turns one flow off for the management API.
    package func stopFlow(_ word: String, as user: String?) async throws(FlowError) {
        try await audited("flow.stop", word, as: user) { () async throws(FlowError) in
            try await changing { () throws(FlowError) in
                let flow = try await catalog().flow(word)
                if flow.installed.state != .stopped { _ = try await turnOff([flow]) }
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

    /// Turns flows off in one commit, then tells the services of their webhooks.
    /// - Returns: a row for each service that did not take it.
    func turnOff(_ flows: [Catalog.Entry]) async throws(FlowError) -> [JSON] {
        guard !flows.isEmpty else { return [] }
        var commit = StoreCommit()
        var subscribed: [(flow: Catalog.Entry, trigger: Trigger)] = []
        for flow in flows {
            var installed = flow.installed
            installed.state = .stopped
            installed.stateReason = nil
            installed.stateChangedAt = clock.now
            commit.add(.flow(installed))
            commit.add(flow.forgetting)
            if let trigger = flow.trigger, trigger.isSubscribed {
                subscribed.append((flow, trigger))
                commit.add(.trigger(WebhookSubscriptions.state(of: flow, trigger, .ending)))
            }
        }
        try await self.commit(commit)
        try await listeners.refresh(try await catalog())
        var problems: [JSON] = []
        for (flow, trigger) in subscribed {
            guard let url = triggerURL(of: flow)?.text,
                let error = try await WebhookSubscriptions(host: host).end(flow, trigger, url: url)
            else { continue }
            problems.append([
                "code": .string(error.code.rawValue), "flow": .string(flow.name), "flowId": .string(flow.id),
                "message": .string(error.message),
                "hint": .string("flowrun flow history \"\(flow.name)\"; the next start of `flowrun serve` tries again"),
            ])
        }
        return problems
    }

    /// Finishes what an earlier process left under way: flows whose webhooks it did not subscribe are turned off again, and
    /// subscriptions that it did not end are ended.
    func finishSubscriptions() async throws(FlowError) {
        let catalog = try await catalog()
        for state in try await store.triggerStates() {
            guard let flow = catalog[state.flow] else { continue }
            switch WebhookSubscriptions.Standing(state.subscription) {
            case .beginning(let ids):
                let together = ids.compactMap { catalog[$0] }.filter(\.isStarted)
                options.report(
                    FlowError(
                        .webhookSubscriptionFailed,
                        "The process ended while '\(flow.name)' was turned on; the flows that were turned on with it are off again.",
                        hint: "flowrun activate \"\(flow.name)\""))
                _ = try await turnOff(together.reversed())
            case .ending: _ = try await turnOff([flow])
            case .standing, nil: continue
            }
        }
    }
}

extension Catalog.Entry {
    /// What is forgotten of its trigger when the flow is turned on or off: what happens in between does not count, except that
    /// windows of time leave no gap.
    var forgetting: StoreCommit {
        trigger?.listening == .windows ? StoreCommit() : StoreCommit([.forgetTriggers(flow: id)])
    }
}
