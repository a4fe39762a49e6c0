import FlowCore

/// Durable runs: each one's end is on disk before it is told.
enum RunWorkloads {
    /// W1: one trivial action a run.
    static func hello(_ gauges: Gauges) async throws -> [Measurement] {
        let environment = try await BenchEnvironment("hello")
        return try await measure(
            "W1", environment, gauges,
            [
                Figure("runs_per_second", "runs/s", runs: 2_000),
                Figure("runs_per_second_64", "runs/s", runs: 20_000, width: 64),
            ])
    }

    /// W2: a hundred computing actions a run.
    static func chain(_ gauges: Gauges) async throws -> [Measurement] {
        let environment = try await BenchEnvironment("chain100")
        return try await measure(
            "W2", environment, gauges,
            [
                Figure("actions_per_second", "actions/s", runs: 500, pieces: 100),
                Figure("actions_per_second_64", "actions/s", runs: 4_000, width: 64, pieces: 100),
            ])
    }

    /// W3: a thousand items with three actions each.
    static func loops(_ gauges: Gauges) async throws -> [Measurement] {
        let one = try await measure(
            "W3", BenchEnvironment("foreach1000-1"), gauges,
            [Figure("actions_per_second", "actions/s", runs: 50, pieces: 3_000, isSteady: false)])
        let twenty = try await measure(
            "W3", BenchEnvironment("foreach1000-20"), gauges,
            [Figure("actions_per_second_20", "actions/s", runs: 50, pieces: 3_000, isSteady: false)])
        return one + twenty
    }

    /// W4: two hundred calls, twenty at a time.
    static func calls(_ gauges: Gauges) async throws -> [Measurement] {
        let server = try LoopbackServer()
        defer { server.stop() }
        let input: JSON = ["url": .string("http://\(server.host)/1k.json")]
        let reads = try await measure(
            "W4", BenchEnvironment("http200", input: input, server: server.host), gauges,
            [Figure("calls_per_second", "calls/s", runs: 30, pieces: 200, isSteady: false)])
        let writes = try await measure(
            "W4", BenchEnvironment("http200-post", input: input, server: server.host), gauges,
            [Figure("writes_per_second", "calls/s", runs: 30, pieces: 200, isSteady: false)])
        return reads + writes
    }

    /// A thousand children, twenty at a time, each with one effect.
    static func children(_ gauges: Gauges) async throws -> [Measurement] {
        let server = try LoopbackServer()
        defer { server.stop() }
        let input: JSON = ["url": .string("http://\(server.host)/1k.json")]
        let environment = try await BenchEnvironment(
            "children1000", with: ["child"], input: input, server: server.host)
        return try await measure(
            "children", environment, gauges,
            [Figure("children_per_second", "children/s", runs: 5, pieces: 1_000, isSteady: false)])
    }

    /// One figure that is taken of runs.
    private struct Figure {
        let metric: String
        let unit: String
        let runs: Int
        let width: Int
        let pieces: Int
        /// Whether a run always writes the same: with calls it depends on which answers come together, and what computes
        /// for long is written in as many pieces as the disk finds time for.
        let isSteady: Bool

        /// What tells the figure from others of its workload.
        var suffix: String { metric.hasPrefix("writes") ? "_of_writes" : metric.hasSuffix("_20") ? "_20" : "" }

        init(_ metric: String, _ unit: String, runs: Int, width: Int = 1, pieces: Int = 1, isSteady: Bool = true) {
            self.metric = metric
            self.unit = unit
            self.runs = runs
            self.width = width
            self.pieces = pieces
            self.isSteady = isSteady
        }
    }

    /// Takes figures of an environment, and of the first one what the store writes for a run.
    ///
    /// The work and the floor take turns, so that both have the same share of whatever else the machine does.
    private static func measure(
        _ workload: String, _ environment: BenchEnvironment, _ gauges: Gauges, _ figures: [Figure]
    ) async throws -> [Measurement] {
        let floor = try CommitFloor()
        var measurements: [Measurement] = []
        for figure in figures {
            try await environment.run(max(figure.width, figure.runs / 20), width: figure.width)
            var written = WriteCounter.Counts()
            var (took, floorTook) = (Duration.zero, Duration.zero)
            let turns = min(10, figure.runs)
            for turn in 0..<turns {
                let share = figure.runs * (turn + 1) / turns - figure.runs * turn / turns
                let before = environment.writes.now
                took += try await environment.run(share, width: figure.width)
                written.add(environment.writes.now, since: before)
                floorTook += try floor.commit(CommitFloor.turn)
            }
            measurements.append(
                Measurement(
                    workload: workload, metric: figure.metric,
                    value: Double(figure.runs * figure.pieces) / took.seconds, unit: figure.unit, runs: figure.runs,
                    floor: Double(turns * CommitFloor.turn) / floorTook.seconds, load: gauges.load))
            guard figure.width == 1 else { continue }
            func count(_ metric: String, _ amount: Int) -> Measurement {
                Measurement(
                    workload: workload, metric: "\(metric)_a_run\(figure.suffix)",
                    value: Double(amount) / Double(figure.runs), unit: metric, runs: figure.runs, floor: 1,
                    load: gauges.load, kind: figure.isSteady ? .count : .observation)
            }
            measurements += [
                count("commits", written.commits), count("rows", written.rows), count("bytes", written.bytes),
                count("syncs", written.syncs),
            ]
        }
        await environment.close()
        return measurements
    }
}
