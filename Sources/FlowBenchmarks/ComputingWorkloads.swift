import FlowCore
import FlowDefinitions
import FlowEngine
import FlowExpressions

/// W5: expressions, on one thread, by processor time.
enum ExpressionWorkloads {
    private static let expression = "@concat(toUpper(item()?['name']), '-', string(add(item()?['n'], 1)))"

    static func run(_ gauges: Gauges) async throws -> [Measurement] {
        [
            try compute("W5", "evaluations_per_second", "evaluations/s", 2_000_000, gauges) { try evaluate(2_000_000) },
            try compute("W5", "compiles_per_second", "compiles/s", 200_000, gauges) { try compile(200_000) },
            try await selections(gauges),
        ]
    }

    static func evaluate(_ count: Int) throws {
        let template = try CompiledTemplate(expression)
        let scope = ContextScope(["item": ["name": "Contoso", "n": 41]], now: RunCase.usualClock)
        guard try template.evaluate(in: scope) == "CONTOSO-42" else {
            throw FlowError(.invalidTemplate, "The expression has another value than it should.")
        }
        for _ in 0..<count { _ = try template.evaluate(in: scope) }
    }

    static func compile(_ count: Int) throws {
        for _ in 0..<count { _ = try CompiledTemplate(expression) }
    }

    /// Runs with 200,000 evaluations in two Selects, durable.
    private static func selections(_ gauges: Gauges) async throws -> Measurement {
        let environment = try await BenchEnvironment("select100k")
        _ = try await environment.run(1, width: 1)
        let runs = 5
        let took = try await environment.run(runs, width: 1)
        await environment.close()
        return Measurement(
            workload: "W5", metric: "select100k_runs_per_second", value: Double(runs) / took.seconds, unit: "runs/s",
            runs: runs, floor: gauges.loopsPerSecond, load: gauges.load)
    }
}

/// Actions of a run in memory: what the state machine itself costs.
enum EngineWorkload {
    static func run(_ gauges: Gauges) async throws -> [Measurement] {
        [try compute("engine", "actions_per_second", "actions/s", 200_000, gauges) { try runs(2_000) }]
    }

    static func runs(_ count: Int) throws {
        let plan = try FlowPlan(try WorkloadFile.flow("chain100"))
        let identity = RunIdentity(run: "08584640926573727105946217888CU00", flowName: "chain100")
        let now = RunCase.usualClock
        let payload = TriggerPayload(name: "manual", outputs: ["headers": [:], "body": [:]], startTime: now)
        for _ in 0..<count {
            var machine = RunStateMachine(plan: plan, identity: identity)
            var step = machine.step(.triggerFired(payload), at: now, entropy: 1)
            while step.hasMore { step = machine.step(.continue, at: now, entropy: 1) }
            guard machine.outcome?.status == "Succeeded" else {
                throw FlowError(.runUnreadable, "The run did not succeed.")
            }
        }
    }
}

/// The checker on a flow of 500 actions, from its text.
enum CheckWorkload {
    static func run(_ gauges: Gauges) async throws -> [Measurement] {
        [try compute("check", "flows_per_second_500", "flows/s", 50, gauges) { try checks(50) }]
    }

    static func checks(_ count: Int) throws {
        let text = flow(actions: 500)
        let checker = FlowChecker(catalog: EmptyCatalog())
        for _ in 0..<count {
            let flows = FlowDecoder.decode(text, file: "large.flow.yaml").flows
            let findings = flows.flatMap { checker.check($0, in: FlowSet(flows)) }
            guard findings.allSatisfy({ $0.severity != .error }) else {
                throw FlowError(.invalidTemplate, "The flow should be right.")
            }
        }
    }

    private static func flow(actions: Int) -> String {
        var text = """
            name: Large
            triggers:
              manual: { type: Request, kind: Button, inputs: { schema: {} } }
            actions:
              Step_0: { type: Compose, inputs: 1 }

            """
        for number in 1..<actions {
            text += """
                  Step_\(number):
                    type: Compose
                    runAfter: { Step_\(number - 1): [Succeeded] }
                    inputs: "@concat('a', string(outputs('Step_\(number - 1)')))"

                """
        }
        return text
    }
}

/// Measures work by the processor time that it takes.
private func compute(
    _ workload: String, _ metric: String, _ unit: String, _ count: Int, _ gauges: Gauges, _ work: () throws -> Void
) throws -> Measurement {
    let start = processorTime()
    try work()
    return Measurement(
        workload: workload, metric: metric, value: Double(count) / (processorTime() - start).seconds, unit: unit,
        runs: count, floor: gauges.loopsPerSecond, load: gauges.load, needsDisk: false)
}
