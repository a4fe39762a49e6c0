import FlowCore
import FlowRuntime
import FlowStorage
import FlowStoreSQLite
import Foundation
import Synchronization

/// `flowrun-bench soak [--kills N] [--seed N] [--durability full|process] [--flowrun FILE]`: kills a loaded
/// `flowrun serve` at random moments and looks at what became of what it had accepted.
enum Soak {
    struct Options {
        var kills = 1_000
        var seed = UInt64.random(in: 1...999_999)
        var durabilities = ["full", "process"]
        var flowrun =
            URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("flowrun").path

        init(_ arguments: [String]) throws(FlowError) {
            var rest = arguments[...]
            while let option = rest.popFirst() {
                let value = rest.popFirst() ?? ""
                switch option {
                case "--kills": kills = Int(value) ?? kills
                case "--seed": seed = UInt64(value) ?? seed
                case "--durability": durabilities = [value]
                case "--flowrun": flowrun = value
                default:
                    throw FlowError(
                        .invalidArgument, "soak has no option '\(option)'.",
                        hint: "give some of --kills N, --seed N, --durability full|process, --flowrun FILE")
                }
            }
        }
    }

    /// Prints a line at once, also into a file.
    static func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

    /// - Returns: whether everything was as it has to be.
    static func run(_ arguments: [String]) async throws -> Bool {
        let options = try Options(arguments)
        var isWell = true
        for durability in options.durabilities {
            say("soak: durability \(durability), \(options.kills) kills, seed \(options.seed)")
            let round = try await SoakRound(durability, options)
            try await round.killAgainAndAgain()
            let findings = try await round.findings()
            for finding in findings { say("  WRONG: \(finding)") }
            isWell = isWell && findings.isEmpty
        }
        return isWell
    }
}

/// Random numbers that come again with the same seed.
struct SeededNumbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

/// One durability: a service, a project, a load, and kills.
private final class SoakRound: Sendable {
    private struct State {
        var accepted: [String] = []
        var isOver = false
        var resumed: [Duration] = []
        /// How often the ledger told of an effect, after a kill, that it was in flight.
        var inFlight: [String: Int] = [:]
        var doubts: [String] = []
        /// How many runs wait for someone who settles them.
        var parked = 0
    }

    private let options: Soak.Options
    private let service: CountingService
    private let project: ServedProject
    private let url: String
    private let state = Mutex(State())
    private let start = ContinuousClock.now

    init(_ durability: String, _ options: Soak.Options) async throws {
        self.options = options
        service = try CountingService()
        project = try await ServedProject(
            ["loaded": SoakFlows.loaded, "child": SoakFlows.child], durability: durability, service: service,
            flowrun: options.flowrun)
        url = try project.command("flow", "url", "Loaded")
    }

    /// How many runs may be under way at the same time, so that a slow machine does not fall behind for ever.
    private static let width = 24

    private func load() async {
        var number = 0
        while !state.withLock({ $0.isOver }) {
            if state.withLock({ $0.accepted.count - $0.parked }) - service.ended < Self.width {
                number += 1
                if let run = await project.post(url, ["n": .integer(Int64(number))]) {
                    state.withLock { $0.accepted.append(run) }
                } else {
                    try? await Task.sleep(for: .milliseconds(10))
                }
            } else {
                try? await Task.sleep(for: .milliseconds(10))
            }
        }
    }

    func killAgainAndAgain() async throws {
        var numbers = SeededNumbers(state: options.seed)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { await self.load() } }
            for kill in 1...options.kills {
                service.listen()
                let serve = try project.serve()
                // Some die before they listen, some while they take up what the one before them left, most at work.
                let life = Duration.milliseconds(Int64.random(in: 20...600, using: &numbers))
                try await Task.sleep(for: life)
                serve.kill()
                if let first = service.firstRequest, first > serve.started {
                    state.withLock { $0.resumed.append(first - serve.started) }
                }
                try await lookAtLedger()
                if kill % 100 == 0 {
                    Soak.say("  \(kill) kills, \(state.withLock { $0.accepted.count }) runs, \(service.requests) calls")
                }
            }
            state.withLock { $0.isOver = true }
            try await group.waitForAll()
        }
    }

    /// Which effects were in flight when the process died, as the disk tells.
    private func lookAtLedger() async throws {
        let store = try project.store()
        for effect in try await store.effects(EffectFilter(states: [.inFlight], limit: 10_000)) {
            state.withLock { $0.inFlight[Self.path(of: effect), default: 0] += 1 }
        }
        var doubtful = RunFilter(isFinished: false)
        doubtful.code = "InDoubt"
        let parked = try await store.runCount(doubtful)
        state.withLock { $0.parked = parked }
        await store.close()
    }

    /// The path at the service that an effect calls: run, action and round.
    private static func path(of effect: EffectEntry) -> String {
        let path = ActionPath(text: effect.path)
        let round = effect.path.split(separator: "[").dropFirst().first?.prefix { $0.isNumber } ?? ""
        return "/\(effect.run)/\(path.name)/\(round)"
    }

    /// Ends everything that is left, settles what is in doubt, and looks.
    func findings() async throws -> [String] {
        let serve = try project.serve()
        defer { serve.kill() }
        let deadline = ContinuousClock.now + .seconds(180)
        while true {
            if await project.isReady() {
                try await settle()
                let store = try project.store()
                let open = try await store.runCount(RunFilter(isFinished: false))
                await store.close()
                if open == 0 { break }
                if ContinuousClock.now > deadline { return ["\(open) runs do not end"] }
            } else if ContinuousClock.now > deadline {
                return ["the last process does not get ready"]
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        return try await compare()
    }

    /// Says of each call in doubt what the service saw.
    private func settle() async throws {
        let doubtful = try await project.ask(.listRuns, ["status": "InDoubt", "limit": 1_000])
        let counts = service.counts
        let store = try project.store()
        // The command waits until the run has ended, so many are settled side by side.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (place, run) in (doubtful.arrayValue ?? []).enumerated() {
                let name = run["name"]?.stringValue ?? ""
                if place >= 16 { try await group.next() }
                for effect in try await store.effects(of: name) where effect.state == .inDoubt {
                    let path = Self.path(of: effect)
                    var arguments: JSONObject = ["run": .string(name), "action": .string(effect.path)]
                    if counts[path] != nil { arguments["happened"] = [:] }
                    state.withLock { $0.doubts.append(path) }
                    let settled = arguments
                    group.addTask { _ = try? await self.project.ask(.settleRun, settled) }
                }
            }
            try await group.waitForAll()
        }
        await store.close()
    }

    private func compare() async throws -> [String] {
        let (accepted, resumed, inFlight, doubts) = state.withLock { ($0.accepted, $0.resumed, $0.inFlight, $0.doubts) }
        let store = try project.store()
        var findings: [String] = []
        var lost = 0
        let counts = service.counts
        for run in accepted {
            guard let summary = try await store.run(run), summary.status == "Succeeded" else {
                lost += 1
                findings.append("the run \(run) was accepted and did not succeed")
                continue
            }
            let wanted = SoakFlows.effects.map { "/\(run)/\($0)" }
            for path in wanted where counts[path] == nil { findings.append("\(path) never reached the service") }
        }
        var repeated = 0
        for (path, count) in counts where count > 1 && !path.contains("/Read/") {
            repeated += count - 1
            let mayRepeat = SoakFlows.idempotent.contains { path.contains("/\($0)/") }
            if !mayRepeat {
                findings.append("\(path) reached the service \(count) times")
            } else if count - 1 > inFlight[path] ?? 0 {
                findings.append("\(path) came \(count) times and was in flight at \(inFlight[path] ?? 0) kills")
            }
        }
        for path in doubts where !SoakFlows.doubtful.contains(where: { path.contains("/\($0)/") }) {
            findings.append("\(path) was in doubt and need not be")
        }
        let all = try await store.runCount(RunFilter())
        let failed = all - (try await store.runCount(RunFilter(statuses: ["Succeeded"])))
        if failed > 0 { findings.append("\(failed) of \(all) runs did not succeed") }
        await store.close()
        let times = resumed.map { $0 / .milliseconds(1) }.sorted()
        let median = times.isEmpty ? 0 : times[times.count / 2]
        Soak.say(
            "  kills \(options.kills), accepted \(accepted.count), runs \(all), calls \(service.requests), "
                + "repeated \(repeated), in doubt \(doubts.count), lost \(lost), "
                + "first call after a start: median \(String(format: "%.0f", median)) ms of \(times.count), "
                + "took \((ContinuousClock.now - start) / .seconds(1)) s")
        return findings
    }
}

/// What is under load: calls of all rules that HTTP knows, a loop, a wait, a child.
private enum SoakFlows {
    static let idempotent = ["Put", "Keyed", "Last"]
    static let doubtful = ["Post"]
    /// What a run does to the world besides its child.
    static let effects = ["Put/0", "Put/1", "Put/2", "Put/3", "Keyed/", "Post/", "Last/"]

    static let loaded = """
        name: Loaded
        triggers:
          manual: { type: Request, kind: Http, inputs: { schema: {} } }
        actions:
          Read:
            type: Http
            inputs: { method: GET, uri: "SERVICE/@{workflow()['run']['name']}/Read/" }
          Each:
            type: Foreach
            foreach: "@range(0, 4)"
            runtimeConfiguration: { concurrency: { repetitions: 2 } }
            runAfter: { Read: [Succeeded] }
            actions:
              Put:
                type: Http
                inputs: { method: PUT, uri: "SERVICE/@{workflow()['run']['name']}/Put/@{item()}", body: "@item()" }
          Pause: { type: Wait, inputs: { interval: { count: 1, unit: Second } }, runAfter: { Each: [Succeeded] } }
          Keyed:
            type: Http
            runAfter: { Pause: [Succeeded] }
            inputs:
              method: POST
              uri: "SERVICE/@{workflow()['run']['name']}/Keyed/"
              headers: { Idempotency-Key: "@{workflow()['run']['name']}" }
              body: 1
          Post:
            type: Http
            runAfter: { Keyed: [Succeeded] }
            inputs: { method: POST, uri: "SERVICE/@{workflow()['run']['name']}/Post/", body: 1, retryPolicy: { type: none } }
          Call:
            type: Workflow
            runAfter: { Post: [Succeeded] }
            inputs: { host: { workflowReferenceName: Child }, body: { a: 1 }, retryPolicy: { type: none } }
          Last:
            type: Http
            runAfter: { Call: [Succeeded] }
            inputs: { method: PUT, uri: "SERVICE/@{workflow()['run']['name']}/Last/", body: 1 }
        """

    static let child = """
        name: Child
        triggers:
          manual: { type: Request, kind: Http, inputs: { schema: {} } }
        actions:
          Put:
            type: Http
            inputs: { method: PUT, uri: "SERVICE/@{workflow()['run']['name']}/Put/", body: 1 }
          Post:
            type: Http
            runAfter: { Put: [Succeeded] }
            inputs: { method: POST, uri: "SERVICE/@{workflow()['run']['name']}/Post/", body: 1, retryPolicy: { type: none } }
          Respond: { type: Response, kind: Http, runAfter: { Post: [Succeeded] }, inputs: { statusCode: 200, body: {} } }
        """
}
