import FlowCore
import Foundation

/// W7: `flowrun serve` under load, each accepted run on disk before its caller is answered.
enum ServerWorkload {
    private static let clients = 16
    private static let runs = 100_000

    static func run(_ gauges: Gauges) async throws -> [Measurement] {
        let respond = """
            name: bench respond
            triggers:
              manual: { type: Request, kind: Http, inputs: { schema: {} } }
            actions:
              Answer:
                type: Response
                kind: Http
                inputs: { statusCode: 200, body: "@triggerBody()" }

            """
        // As the workload, with a trigger that has a URL.
        let select = try WorkloadFile.text("select100k").replacing("kind: Button", with: "kind: Http")
        let project = try await ServedProject(
            ["webhook": try WorkloadFile.text("webhook"), "respond": respond, "select": select], durability: "full",
            flowrun: try Soak.Options([]).flowrun)
        func request(to flow: String) throws -> [UInt8] {
            let url = try project.command("flow", "url", flow)
            let target = url.firstRange(of: ":\(project.port)/").map { "/" + url[$0.upperBound...] } ?? "/"
            return LoopbackClients.request("POST", target, port: project.port, body: #"{"n":1}"#)
        }
        let (webhook, answered, long) = (
            try request(to: "bench webhook"), try request(to: "bench respond"), try request(to: "bench select100k")
        )
        let health = LoopbackClients.request("GET", "/healthz", port: project.port)

        let server = try project.serve()
        let started = try firstReply(health, project.port) - server.started
        _ = try send(webhook, project, 2_000, expecting: 202)
        let accepted = try send(webhook, project, runs, expecting: 202)
        let resident = server.residentMegabytes
        _ = try send(answered, project, 1_000, expecting: 200)
        let replies = try send(answered, project, 20_000, expecting: 200)
        let checks = try send(health, project, 100_000, expecting: 200)
        let beside = try besideLongRuns(webhook, long, project)
        server.kill()

        func rate(_ metric: String, _ outcome: LoopbackClients.Outcome, disk: Bool) -> Measurement {
            Measurement(
                workload: "W7", metric: metric, value: outcome.rate, unit: "requests/s", runs: outcome.times.count,
                floor: disk ? gauges.commitsPerSecond : gauges.loopsPerSecond, load: gauges.load, needsDisk: disk)
        }
        func cost(_ metric: String, _ value: Double, _ unit: String, floor: Double = 1_000) -> Measurement {
            Measurement(
                workload: "W7", metric: metric, value: value, unit: unit, runs: runs, floor: floor, load: gauges.load,
                kind: .cost)
        }
        return [
            rate("accepted_per_second", accepted, disk: true),
            cost("accepted_p99_ms", accepted.percentile(99) / .milliseconds(1), "ms", floor: gauges.commitsPerSecond),
            rate("responses_per_second", replies, disk: true),
            rate("healthz_per_second", checks, disk: false),
            cost("start_ms", started / .milliseconds(1), "ms", floor: gauges.loopsPerSecond),
            cost("resident_mb", resident, "MB"),
            cost(
                "p99_beside_select100k_ms", beside.percentile(99) / .milliseconds(1), "ms",
                floor: gauges.loopsPerSecond),
        ]
    }

    private static func send(
        _ request: [UInt8], _ project: ServedProject, _ count: Int, expecting status: Int
    ) throws -> LoopbackClients.Outcome {
        let outcome = try LoopbackClients.send(request, port: project.port, clients: clients, times: count)
        guard outcome.statuses[status] == count else {
            throw FlowError(.runUnreadable, "The server answered otherwise than it should: \(outcome.statuses)")
        }
        return outcome
    }

    /// When the server answered first.
    private static func firstReply(_ request: [UInt8], _ port: Int) throws -> ContinuousClock.Instant {
        let patience = ContinuousClock.now + .seconds(10)
        while true {
            do {
                _ = try LoopbackClients.send(request, port: port, clients: 1, times: 1)
                return .now
            } catch  where ContinuousClock.now < patience {
                usleep(500)
            }
        }
    }

    /// How long others wait while one flow computes over a hundred thousand items, run after run.
    private static func besideLongRuns(
        _ request: [UInt8], _ long: [UInt8], _ project: ServedProject
    ) throws -> LoopbackClients.Outcome {
        let isOver = DispatchSemaphore(value: 0)
        let port = project.port
        Thread.detachNewThread {
            // One after another, until the others have their figures.
            while isOver.wait(timeout: .now()) == .timedOut {
                _ = try? LoopbackClients.send(long, port: port, clients: 1, times: 1)
                usleep(200_000)
            }
        }
        defer { isOver.signal() }
        return try LoopbackClients.send(request, port: port, clients: 4, times: 4_000, pause: .milliseconds(5))
    }
}
