import FlowCore
import FlowDefinitions
import FlowStorage
import FlowTesting
import Synchronization
import Testing

@testable import FlowRuntime

/// What is counted against limits, how long it will last, and what happens beyond.
@Suite struct LimitTests {
    private static func rows(_ environment: FlowEnvironment) async throws -> [JSON] {
        try await environment.perform(EnvironmentRequest(.limits)).arrayValue ?? []
    }

    private static func write(_ environment: FlowEnvironment, wait: Bool = true) async throws -> JSON {
        try await environment.perform(
            EnvironmentRequest(.startRun, ["flow": "Writer", "input": ["Word": "x"], "wait": .bool(wait)]))
    }

    @Test func `actions and calls are counted, and the counts outlive the process`() async throws {
        let world = try TestWorld([("writer.flow.yaml", FlowTexts.writing)])
        let first = try await world.environment()
        try await world.setUp(first)
        // One of the calls has to be made twice, which counts twice.
        world.service.state.withLock { $0.refusals = ["Create a": 1] }
        let started = try await Self.write(first, wait: false)
        while world.service.state.withLock({ $0.refusals["Create a"] }) != 0 { await Task.yield() }
        let watch = Task {
            try await first.perform(EnvironmentRequest(.watchRun, ["run": started["name"] ?? .null]))
        }
        while try await first.store.run(started["name"]?.stringValue ?? "")?.endTime == nil {
            world.clock.advance(by: .seconds(1))
            await Task.yield()
        }
        _ = try await watch.value
        await first.shutdown()
        world.restart()
        let second = try await world.environment()
        let rows = try await Self.rows(second)
        let calls = try #require(rows.first { $0["kind"] == "calls" })
        #expect(calls["connection"] == "crm-ana" && calls["used"] == 4 && calls["limit"]?.isNull == true)
        let all = try #require(rows.first { $0["kind"] == "requests" && $0["flow"]?.isNull == true })
        #expect(all["used"] == 5 && all["limit"] == 200_000 && all["window"] == "24h")
        let flow = try #require(rows.first { $0["flow"] == "Writer" })
        #expect(flow["used"] == 5 && flow["limit"]?.isNull == true)
        // After 24 hours it is forgotten.
        world.clock.advance(by: .seconds(24 * 3_600))
        #expect(try await Self.rows(second).first { $0["kind"] == "requests" }?["used"] == 0)
        await second.shutdown()
    }

    @Test(
        arguments: [
            // used, of them in this and the last hour, minutes of this hour, when it is used up
            (1_000, 1_000, 0, nil), (9_000, 1_000, 0, 60), (9_000, 1_000, 30, 90), (9_990, 0, 10, nil),
            (10_000, 5, 10, 0), (12_000, 5, 10, 0),
        ] as [(Int64, Int64, Int, Int?)])
    func `a forecast follows the present rate as far as it lasts`(
        _ used: Int64, _ recent: Int64, _ minutes: Int, _ usedUpIn: Int?
    ) {
        let limit = DailyLimit.calls(through: "pc", of: "partnercenterref")
        let now = Timestamp(year: 2026, month: 1, day: 5, hour: 15) + .seconds(minutes * 60)
        let use = LimitUse(limit, used: used, recent: recent, now: now)
        #expect(use.usedUpAt == usedUpIn.map { now + .seconds($0 * 60) })
    }

    @Test func `beyond the co-sell plan's calls of a day a call is answered with 429 and not made`() async throws {
        let world = try TestWorld([("writer.flow.yaml", FlowTexts.writing)])
        let environment = try await world.environment()
        try await world.setUp(environment)
        let gate = CallGate()
        let host = environment.host
        func ask() async throws -> OperationAnswer? {
            try await gate.refusal(connection: ("pc", "partnercenterref"), flow: "f", host)
        }
        try await world.store.commit(
            StoreCommit([.useQuota(QuotaUse(name: "calls/pc", window: world.clock.now.hour, amount: 9_999))]))
        #expect(try await ask() == nil)
        #expect(try await ask() == nil)
        let refused = try #require(try await ask())
        #expect(refused.statusCode == 429)
        // Until midnight: the clock of the tests begins at nine.
        #expect(refused.headers["Retry-After"] == "54000")
        world.clock.advance(by: .seconds(15 * 3_600))
        #expect(try await ask() == nil)
        await environment.shutdown()
    }

    @Test(arguments: [EnvironmentSettings.PerformanceProfile.low, .high])
    func `beyond the requests of the profile calls are answered with 429, and the run says so`(
        _ profile: EnvironmentSettings.PerformanceProfile
    ) async throws {
        let text = FlowTexts.writing.replacing(
            "inputs:\n      host", with: "inputs:\n      retryPolicy: { type: none }\n      host")
        let world = try TestWorld([("writer.flow.yaml", text)], profile: profile)
        let environment = try await world.environment()
        try await world.setUp(environment)
        let flow = try await environment.perform(EnvironmentRequest(.showFlow, ["flow": "Writer"]))["id"]?.stringValue
        let limit = DailyLimit.requests(of: profile == .high ? flow : nil, profile)
        try await world.store.commit(
            StoreCommit([
                .useQuota(
                    QuotaUse(name: limit.quota, window: world.clock.now.hour, amount: (limit.amount ?? 0) + 1))
            ]))
        let run = try await Self.write(environment)
        #expect(run["status"] == "Failed")
        let action = run["actions"]?.arrayValue?.first
        #expect(action?["code"] == "429", "\(run)")
        #expect(world.service.written.isEmpty)
        await environment.shutdown()
    }
}
