import FlowCore
import FlowDefinitions
import FlowEngine
import FlowStorage

/// Starts the run of a child flow that an action calls.
struct ChildStarter {
    let host: RunHost
    let parent: RunIdentity

    /// Starts the child's run, or finds the one that an earlier attempt of the same process step started.
    func start(_ start: ChildStart, _ intent: EffectIntent, recovered: Bool) async -> EffectPerformer.Result {
        do throws(FlowError) {
            if recovered, try await host.store.run(start.run) != nil {
                host.takeUp(start.run)
                return .started
            }
            let flow = try child(start.reference)
            guard flow.isStarted else {
                throw FlowError(
                    .workflowTriggerIsNotEnabled,
                    "Could not execute workflow '\(flow.id)' trigger '\(flow.trigger?.name ?? "manual")' with state "
                        + "'Disabled': trigger is not enabled.", hint: "flowrun activate '\(flow.name)'")
            }
            let runnable = try host.runnable(flow)
            let now = host.clock.now
            var outputs: JSONObject = ["headers": .object(start.headers)]
            outputs["body"] = start.body
            guard try runnable.rules.conditionsHold(outputs, now: now) else {
                return .outcome(.answered(OperationAnswer(statusCode: 202)))
            }
            let firing = try runnable.rules.firings(of: outputs, now: now)[0]
            let trigger = runnable.plan.trigger
            let payload = TriggerPayload(
                name: trigger?.name ?? "manual", inputs: trigger?.recordedInputs, outputs: .object(firing.outputs),
                startTime: now, historyName: start.run, callerWaits: true, hidesInputs: trigger?.hidesInputs ?? false,
                hidesOutputs: intent.isSecure || trigger?.hidesOutputs ?? false)
            let request = RunStartRequest(
                name: start.run, payload: payload, trackingID: firing.trackingID ?? parent.trackingID,
                initiator: parent.initiator,
                parent: RunIdentity.Parent(run: parent.run, action: intent.path, effect: intent.id),
                isAwaited: false)
            let (name, watch) = try await host.start(runnable, request)
            defer { host.waiters.unwatch(name, watch) }
            try await watch.started()
            return .started
        } catch {
            // An earlier attempt started it; its message comes, or stands in the inbox.
            if error.code == .runExists {
                host.takeUp(start.run)
                return .started
            }
            if error.meansStoreFails { return .waitsForStore(error) }
            return .outcome(
                .failed(
                    EffectFailure(
                        code: error.code.rawValue, message: error.message,
                        isTransient: error.code == .workflowMaximumWaitingRunCountExceeded)))
        }
    }

    /// The child as it is installed now: a run keeps its own definition, not those of the flows it calls.
    private func child(_ reference: String) throws(FlowError) -> Catalog.Entry {
        let catalog = host.catalog
        let definition: FlowDefinition
        switch catalog.flowSet.resolve(reference) {
        case .found(let found): definition = found
        case .ambiguous: definition = try catalog.flowSet.flow(reference)
        case .missing: throw Self.missing(reference)
        }
        let flow =
            definition.id.flatMap { catalog[$0] }
            ?? catalog.flows.first { $0.name == definition.name && $0.definition.file == definition.file }
        guard let flow else { throw Self.missing(reference) }
        return flow
    }

    /// The child was there when its parent was turned on and has been uninstalled since.
    private static func missing(_ reference: String) -> FlowError {
        FlowError(
            .workflowNotFound, "The workflow '\(reference)' could not be found.",
            hint: "install the solution that holds it: `flowrun solution install PATH`")
    }
}
