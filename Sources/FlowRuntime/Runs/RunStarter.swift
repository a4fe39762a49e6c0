import FlowCore
import FlowDefinitions
import FlowEngine
import FlowStorage

/// Everything that is needed to start runs of one flow as it is now.
struct RunnableFlow: Sendable {
    let flow: Catalog.Entry
    let plan: FlowPlan
    let rules: TriggerRules
    let parameters: JSONObject
    /// The names of parameters behind secret environment variables.
    let secretParameters: [String]
}

/// How a run begins.
struct RunStartRequest: Sendable {
    /// The run's name; nil takes a new one.
    var name: String?
    /// What the trigger brought.
    var payload: TriggerPayload
    /// The id that connects runs, where one is given.
    var trackingID: String?
    /// The person in whose name it runs.
    var initiator: String?
    /// The calling action, for child runs.
    var parent: RunIdentity.Parent?
    /// The run that it repeats.
    var sourceRun: String?
    /// What is committed together with its start.
    var changes: [StoreChange] = []
    /// Whether its start is committed as early as possible, because someone waits for that alone.
    var isAwaited = true
    /// Whether the calling thread may step it: the caller waits for the run's end, and nobody else for that thread.
    ///
    /// Not on an event loop, where others would wait.
    var mayBeginHere = false
    /// Whether it only begins to exist, and the next owner of the environment goes on with it.
    var isHeld = false
}

extension RunHost {
    /// A flow made ready to start.
    /// - Throws: `InvalidTemplate`, `ActionTypeNotSupported`, `FlowNotFound` where it has no trigger.
    func runnable(_ flow: Catalog.Entry) throws(FlowError) -> RunnableFlow {
        if let ready = readyFlow(flow.id), ready.flow.installed == flow.installed { return ready }
        let runnable = try makeRunnable(flow)
        keep(runnable)
        return runnable
    }

    private func makeRunnable(_ flow: Catalog.Entry) throws(FlowError) -> RunnableFlow {
        let plan = try plans.plan(of: flow)
        let catalog = catalog
        guard let trigger = flow.trigger, let planned = plan.trigger else {
            throw FlowError(
                .invalidWorkflowTriggerName, "The flow '\(flow.name)' has no trigger.",
                hint: "give it one under `triggers`")
        }
        let values = VariableValues(catalog, state)
        var parameters = values.parameters(of: flow.definition)
        addConnections(of: flow, to: &parameters)
        let solution = catalog.solutions.first { $0.installed.name == flow.solution }?.solution
        var rules = try TriggerRules(trigger, planned, of: flow.definition, in: solution, parameters: parameters)
        if let key = trigger.connectionReferenceKey, let reference = flow.definition.connectionReference(key),
            let known = connectors.trigger(trigger.operationID ?? "", of: reference.connector)
        {
            rules.splitsRows = known.splitsRows
        }
        return RunnableFlow(
            flow: flow, plan: plan, rules: rules, parameters: parameters,
            secretParameters: values.secretParameters(of: flow.definition))
    }

    /// The platform's parameter `$connections`, by which older actions name their connection.
    private func addConnections(of flow: Catalog.Entry, to parameters: inout JSONObject) {
        guard flow.definition.allActions.contains(where: { $0.type == .apiConnection }) else { return }
        var connections = JSONObject()
        for reference in flow.definition.connectionReferences {
            let api = "/providers/Microsoft.PowerApps/apis/shared_\(reference.connector)"
            let name = state.connection(of: reference)?.connection.name ?? reference.key
            connections[reference.key] = [
                "connectionId": .string("\(api)/connections/\(name)"), "connectionName": .string(name),
                "id": .string(api),
            ]
        }
        parameters["$connections"] = .object(connections)
    }

    /// Starts a run, which exists once its watch says so.
    ///
    /// - Returns: the run's name and a watch that sees it from its beginning.
    /// - Throws: `WorkflowMaximumWaitingRunCountExceeded`.
    func start(_ runnable: RunnableFlow, _ request: RunStartRequest) async throws(FlowError) -> (
        name: String, watch: RunWatch
    ) {
        guard [.ready, .recovering].contains(readiness) else { throw notReady }
        let turn = try await takeTurn(runnable)
        let now = clock.now
        let name = request.name ?? RunName.new(at: now)
        let identity = identity(named: name, of: runnable, request)
        let outputs = request.payload.outputs?.objectValue ?? [:]
        var summary = RunSummary(
            name: name, flowID: runnable.flow.id, flowName: runnable.flow.name,
            definitionHash: runnable.flow.installed.definitionHash, startTime: now,
            triggerName: request.payload.name, initiator: request.initiator,
            trackingID: request.trackingID.map { SecretMask.masking($0) } ?? name,
            parentRun: request.parent?.run, sourceRun: request.sourceRun)
        if !request.payload.hidesOutputs { summary.keys = runnable.rules.keys(outputs, now: now) }
        let watch = waiters.watch(name)
        let machine = RunStateMachine(plan: runnable.plan, identity: identity)
        let cell = RunCell(
            machine, identity: identity, summary: summary, changes: request.changes, host: self,
            isAwaited: request.isAwaited || turn == .later,
            hold: turn == .later ? .turn : request.isHeld ? .owner : nil,
            starter: watch)
        guard add(cell) else {
            waiters.unwatch(name, watch)
            if turn == .now { giveBackTurn(of: runnable.flow.id) }
            throw FlowError(.runExists, "The run '\(name)' is under way already.")
        }
        if turn == .later { isQueued(name, of: runnable.flow.id) }
        _ = cell.post(.stimulus(.triggerFired(request.payload)), here: request.mayBeginHere)
        return (name, watch)
    }

    private func identity(named name: String, of runnable: RunnableFlow, _ request: RunStartRequest) -> RunIdentity {
        RunIdentity(
            run: name, flowName: runnable.flow.name, flowID: runnable.flow.id, environment: settings.name,
            definitionHash: runnable.flow.installed.definitionHash, parent: request.parent,
            parameters: runnable.parameters, secretParameters: runnable.secretParameters,
            trackingID: request.trackingID, initiator: request.initiator,
            sourceRun: request.sourceRun,
            callbackBase: runnable.plan.hasCallbacks ? "\(publicAddress)/callbacks/\(name)" : nil,
            settings: settings.performanceProfile.runSettings)
    }
}

extension EnvironmentSettings.PerformanceProfile {
    /// The retries of calls without a policy of their own.
    var runSettings: RunSettings {
        switch self {
        case .low:
            RunSettings(
                retryPolicy: RetryPolicy(
                    kind: .exponential, count: 2, interval: .seconds(300), minimumInterval: .seconds(5),
                    maximumInterval: .seconds(600)))
        case .medium, .high, .unlimited:
            RunSettings(
                retryPolicy: RetryPolicy(
                    kind: .exponential, count: 8, interval: .seconds(7), minimumInterval: .seconds(5),
                    maximumInterval: .seconds(900)))
        }
    }
}
