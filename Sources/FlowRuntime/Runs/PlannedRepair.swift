import FlowCore
import FlowDefinitions
import FlowEngine
import FlowStorage
import FlowText

/// The repair of one run, ready to be begun or to be shown.
struct PlannedRepair: Sendable {
    /// The run that is repaired.
    let source: RunSummary
    /// Its flow as it is now.
    let flow: Catalog.Entry
    /// The flow with which the new run goes on.
    let plan: FlowPlan
    /// The content hash of that flow's definition.
    let definitionHash: String
    /// Who the new run is, its name left open.
    let identity: RunIdentity
    /// What stands and what is done anew.
    let repair: RunRepair
    /// Whether effects that are done are done again.
    let repeatsDone: Bool

    /// The calls whose effects are done, and whose results are used again or which are repeated.
    var done: [RunRepair.Call] { repair.calls.filter(\.isDone) }
    /// The calls that are to be made.
    var pending: [RunRepair.Call] { repair.calls.filter { !$0.isDone } }
}

extension FlowEnvironment {
    /// What may be asked of a repair beside the runs.
    struct RepairOptions {
        var request: RunRepair.Request
        /// Whether the flow's newest definition is used.
        var isNewest: Bool
        /// The person in whose name the new run goes, where not that of the old one.
        var user: String?
        /// Whether nothing is changed and only told what would be done.
        var isDry = false
        /// Whether the new runs' ends are waited for.
        var waits = true
    }

    /// Plans the repair of a run.
    /// - Throws: why it cannot be repaired.
    func plannedRepair(of source: RunSummary, _ options: RepairOptions) async throws(FlowError) -> PlannedRepair {
        try await requireUnrepaired(source, options)
        let events = try await events(of: source.name)
        let plan = try await host.plans.plan(hash: source.definitionHash, flow: source.flowName)
        var repair = try RunRepair(of: events, plan: plan, options.request) { host.reads($0) }
        let flow = try startedFlow(of: source)
        guard case .runStarted(let start)? = events.first else { throw Self.unreadable(source.name, flow) }
        for child in repair.openChildren { repair.settle(child.action, try await answer(ofChild: child.run)) }
        var identity = start.identity
        identity.parent = nil
        identity.sourceRun = source.name
        identity.initiator = options.user ?? identity.initiator
        identity.settings = settings.performanceProfile.runSettings
        var planned = (plan: plan, hash: source.definitionHash)
        if options.isNewest {
            let runnable = try host.runnable(flow)
            planned = (runnable.plan, flow.installed.definitionHash)
            if let difference = repair.difference(to: runnable.plan, from: plan) {
                throw FlowError(
                    .repairVersionDiffers,
                    "The run \(source.name) cannot go on with the newest version of '\(flow.name)': \(difference).",
                    hint: "leave --newest out, or repair it from an action before that: "
                        + "`flowrun runs repair \(source.name) --newest --from ACTION`")
            }
            identity.flowName = flow.name
            identity.parameters = runnable.parameters
            identity.secretParameters = runnable.secretParameters
        }
        identity.definitionHash = planned.hash
        let result = PlannedRepair(
            source: source, flow: flow, plan: planned.plan, definitionHash: planned.hash, identity: identity,
            repair: repair, repeatsDone: options.request.repeatsDone)
        try requireConnections(result)
        return result
    }

    /// The events of a run, sealed members opened.
    func events(of run: String) async throws(FlowError) -> [RunEvent] {
        var events: [RunEvent] = []
        for json in try await store.journal(of: run) { events.append(try RunEvent(journal: json)) }
        return events
    }

    static func unreadable(_ run: String, _ flow: Catalog.Entry) -> FlowError {
        FlowError(
            .runUnreadable, "The journal of the run \(run) does not begin with its start.",
            hint: "start the flow anew: `flowrun run '\(flow.name)'`")
    }

    /// What a run's repair did must not be done twice.
    private func requireUnrepaired(_ source: RunSummary, _ options: RepairOptions) async throws(FlowError) {
        guard !options.request.repeatsDone, let repair = try await repairs(of: source.name).first else { return }
        throw FlowError(
            .runRepairedAlready,
            "The run \(source.name) was repaired already, by \(repair.name), which is \(repair.status).",
            hint: repair.status == "Succeeded"
                ? "see what it did: `flowrun runs show \(repair.name)`"
                : "repair that one: `flowrun runs repair \(repair.name)`")
    }

    /// The runs that repaired a run, newest first.
    func repairs(of run: String) async throws(FlowError) -> [RunSummary] {
        var filter = RunFilter(limit: 1_000)
        filter.sourceRun = run
        return try await store.runs(filter).filter(\.isRepair)
    }

    /// What a child run answered that may have been under way when its parent ended.
    /// - Throws: `WorkflowRunInProgress` where it is still.
    private func answer(ofChild run: String) async throws(FlowError) -> OperationAnswer? {
        guard let child = try await store.run(run) else { return nil }
        guard child.isFinished else {
            throw FlowError(
                .workflowRunInProgress,
                "The child run \(run) has not ended; another one would do its work a second time.",
                hint: "wait for its end with `flowrun runs watch \(run)`, or end it with `flowrun runs cancel \(run)`")
        }
        for event in try await events(of: run) {
            guard case .replied(let reply, _) = event else { continue }
            return OperationAnswer(statusCode: reply.statusCode, headers: reply.headers, body: reply.body)
        }
        return nil
    }

    /// Every call to be made must have its connection, before anything is done.
    private func requireConnections(_ planned: PlannedRepair) throws(FlowError) {
        for call in planned.pending + (planned.repeatsDone ? planned.done : []) {
            guard let sketch = CallSketch(call, in: planned.plan), let key = sketch.reference,
                host.connectors[sketch.connector]?.connectionParameters.isEmpty == false,
                host.connectionName(key, planned.identity) == nil
            else { continue }
            throw FlowError(
                .missingConnectionReference,
                "Connection reference '\(key)' of '\(planned.flow.name)' has no connection, which '\(call.action.name)' needs.",
                path: call.path,
                hint: "flowrun bind-connection '\(planned.flow.name)' --reference \(key) --connection CONNECTION")
        }
    }
}

/// What an action calls, as far as its definition alone tells.
struct CallSketch {
    /// The connector and operation, or what else it is.
    let operation: String
    let connector: String
    /// The key of the connection reference, or nil.
    let reference: String?
    private let operationID: String

    /// Looks at the definition of a call's action; nil where the plan has no such action.
    init?(_ call: RunRepair.Call, in plan: FlowPlan) {
        guard let number = plan.actionNumber(call.action.name) else { return nil }
        let name = plan.actions[number].name
        guard let action = plan.definition.allActions.first(where: { $0.name == name }),
            let node = action.node["inputs"]
        else { return nil }
        let host = node["host"]
        if let id = host?["operationId"]?.string {
            reference = action.connectionReferenceKey
            connector = reference.flatMap { plan.connectionReference($0) }?.connector ?? ""
            operation = "\(connector)/\(id)"
            operationID = id
        } else if let child = host?["workflowReferenceName"]?.string {
            (connector, operation, reference, operationID) = ("", "child/\(child)", nil, "")
        } else {
            let method = (node["method"] ?? node["subscribe"]?["method"])?.string?.uppercased() ?? "POST"
            (connector, operation, reference, operationID) = ("http", "http/\(method)", nil, method)
        }
    }

    /// Whether it certainly changes nothing.
    func reads(_ connectors: ConnectorRegistry) -> Bool {
        if connector == "http" { return ["GET", "HEAD", "OPTIONS"].contains(operationID) }
        return connectors[connector]?.operations.first { $0.id == operationID }?.replay == .read
    }
}
