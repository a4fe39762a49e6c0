import FlowCore
import Foundation

/// W6: `kill -9` in the middle of a run of a thousand steps; how long until the next process does the next step.
enum CrashWorkload {
    private static let steps = 1_000
    private static let rounds = 7

    static func run(_ gauges: Gauges) async throws -> [Measurement] {
        let service = try CountingService()
        let flow = """
            name: Steps
            triggers:
              manual: { type: Request, kind: Http, inputs: { schema: {} } }
            actions:
              Each:
                type: Foreach
                foreach: "@range(0, \(steps))"
                actions:
                  Step:
                    type: Http
                    inputs: { method: PUT, uri: "SERVICE/@{workflow()['run']['name']}/@{item()}", body: "@item()" }
            """
        let flowrun = try Soak.Options([]).flowrun
        let project = try await ServedProject(
            ["steps": flow], durability: "full", service: service, flowrun: flowrun)
        let url = try project.command("flow", "url", "Steps")
        var times: [Double] = []
        var runs: [String] = []
        for round in 0..<rounds {
            let first = try project.serve()
            while await !project.isReady() { try await Task.sleep(for: .milliseconds(5)) }
            let before = service.requests
            guard let run = await project.post(url, [:]) else {
                throw FlowError(.runUnreadable, "The run was not accepted.")
            }
            runs.append(run)
            while service.requests - before < 300 + 60 * round { try await Task.sleep(for: .milliseconds(1)) }
            first.kill()
            service.listen()
            let second = try project.serve()
            while service.firstRequest == nil { try await Task.sleep(for: .milliseconds(1)) }
            if let next = service.firstRequest { times.append((next - second.started) / .milliseconds(1)) }
            while service.counts["/\(run)/\(steps - 1)"] == nil { try await Task.sleep(for: .milliseconds(5)) }
            second.kill()
        }
        let counts = service.counts
        var lost = 0
        var repeated = 0
        for run in runs {
            for step in 0..<steps {
                let count = counts["/\(run)/\(step)"] ?? 0
                if count == 0 { lost += 1 }
                // The call that was out at the kill may come twice; no other one may.
                repeated += max(0, count - 1)
            }
        }
        return [
            Measurement(
                workload: "W6", metric: "resume_ms", value: times.sorted()[times.count / 2], unit: "ms", runs: rounds,
                floor: gauges.loopsPerSecond, load: gauges.load, kind: .cost)
        ]
            + [("lost", lost), ("repeated", max(0, repeated - runs.count))].map { metric, count in
                Measurement(
                    workload: "W6", metric: metric, value: Double(count), unit: "steps", runs: rounds, floor: 1,
                    load: gauges.load, kind: .count)
            }
    }
}
