import FlowCore

/// Durable runs: each one's end is on disk before it is told.
enum RunWorkloads {
    /// W1: one trivial action a run.
    static func hello(_ gauges: Gauges) async throws -> [Measurement] {
        [
            try await measure("W1", "runs_per_second", "hello", runs: 2_000, width: 1, actions: 1, gauges),
            try await measure("W1", "runs_per_second_64", "hello", runs: 20_000, width: 64, actions: 1, gauges),
        ]
    }

    /// W2: a hundred computing actions a run.
    static func chain(_ gauges: Gauges) async throws -> [Measurement] {
        [
            try await measure("W2", "actions_per_second", "chain100", runs: 500, width: 1, actions: 100, gauges),
            try await measure("W2", "actions_per_second_64", "chain100", runs: 3_000, width: 64, actions: 100, gauges),
        ]
    }

    /// W3: a thousand items with three actions each.
    static func loops(_ gauges: Gauges) async throws -> [Measurement] {
        [
            try await measure("W3", "actions_per_second", "foreach1000-1", runs: 50, width: 1, actions: 3_000, gauges),
            try await measure(
                "W3", "actions_per_second_20", "foreach1000-20", runs: 50, width: 1, actions: 3_000, gauges),
        ]
    }

    private static func measure(
        _ workload: String, _ metric: String, _ file: String, runs: Int, width: Int, actions: Int, _ gauges: Gauges
    ) async throws -> Measurement {
        let environment = try await BenchEnvironment(file)
        _ = try await environment.run(max(width, runs / 20), width: width)
        let took = try await environment.run(runs, width: width)
        await environment.close()
        return Measurement(
            workload: workload, metric: metric, value: Double(runs * actions) / took.seconds,
            unit: actions == 1 ? "runs/s" : "actions/s", runs: runs, floor: gauges.commitsPerSecond, load: gauges.load)
    }
}
