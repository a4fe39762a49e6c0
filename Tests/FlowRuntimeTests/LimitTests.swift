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

    // MARK: Seconds and minutes

    @Test func `a connection takes as many calls in a while as its connector lets it, then 429 until there is room`()
        async throws
    {
        let world = try TestWorld([("writer.flow.yaml", FlowTexts.writing)])
        let environment = try await world.environment()
        try await world.setUp(environment)
        let gate = environment.host.gate
        func refusals(_ connection: String, _ connector: String, _ count: Int) async throws -> [OperationAnswer] {
            var refusals: [OperationAnswer] = []
            for _ in 0..<count {
                let answer = try await gate.refusal(connection: (connection, connector), flow: "f", environment.host)
                if let answer { refusals.append(answer) }
            }
            return refusals
        }
        #expect(try await refusals("own", "contoso", 500).isEmpty)
        let refused = try #require(try await refusals("own", "contoso", 3).last)
        #expect(refused.statusCode == 429)
        let wait = try #require(refused.headers["Retry-After"]?.stringValue.flatMap { Int64($0) })
        #expect((60...62).contains(wait))
        // Other connections have their own; refused calls do not count.
        #expect(try await refusals("own2", "contoso", 1).isEmpty)
        #expect(try await refusals("dv", "commondataserviceforapps", 6_001).count == 1)
        #expect(try await refusals("pc", "partnercenterref", 2_000).isEmpty)
        #expect(try await refusals("sf", "salesforce", 2_000).isEmpty)
        world.clock.advance(by: .seconds(wait - 3))
        #expect(try await refusals("own", "contoso", 1).count == 1)
        world.clock.advance(by: .seconds(3))
        #expect(try await refusals("own", "contoso", 500).isEmpty)
        let row = try await Self.rows(environment).first { $0["connection"] == "crm-ana" && $0["window"] == "60s" }
        #expect(row?["limit"] == 500 && row?["used"] == 0)
        await environment.shutdown()
    }

    @Test func `what is older than the span is forgotten piece by piece, whatever the clock is set to`() {
        var count = SlidingCount(span: .seconds(300))
        let start = Timestamp(year: 2026, month: 1, day: 5)
        for minute in 0..<5 { count.add(10, at: start + .seconds(minute * 60)) }
        let now = start + .seconds(299)
        #expect(count.used(at: now) == 50 && count.used(in: .seconds(100), before: now) == 10)
        #expect(count.fits(under: 51, at: now) == now)
        #expect(count.fits(under: 50, at: now) == start + .seconds(310))
        #expect(count.fits(under: 20, at: now) == start + .seconds(180 + 310))
        #expect(count.used(at: start + .seconds(309)) == 50)
        #expect(count.used(at: start + .seconds(310)) == 40)
        // Set back by a day: what was used counts for one span more, and no longer.
        let back = start - .seconds(86_400)
        #expect(count.used(at: back) == 40)
        #expect(count.used(at: back + .seconds(320)) == 0)
    }

    @Test func `beyond the requests of five minutes runs are slowed down, and none fails`() async throws {
        let world = try TestWorld([("writer.flow.yaml", FlowTexts.writing)])
        let environment = try await world.environment()
        try await world.setUp(environment)
        let limit = try #require(environment.host.requests.pace.requestLimit)
        #expect(limit == 100_000)
        _ = environment.host.requests.count(Int(limit), of: "other", now: world.clock.now)
        #expect(environment.host.requests.pace.isSlow)
        // The caller has its run: it exists, and its first call is on its way to nobody yet or out already.
        let name = try await Self.write(environment, wait: false)["name"]?.stringValue ?? ""
        while environment.host.requests.pace.waitingCount == 0 { await Task.yield() }
        #expect(try await environment.store.run(name)?.endTime == nil)
        let row = try await Self.rows(environment).first { $0["kind"] == "requests" && $0["window"] == "300s" }
        #expect(row?["usedUpAt"]?.isNull == false)
        let watch = Task { try await environment.perform(EnvironmentRequest(.watchRun, ["run": .string(name)])) }
        while try await environment.store.run(name)?.endTime == nil {
            world.clock.advance(by: .seconds(10))
            await Task.yield()
        }
        _ = try await watch.value
        #expect(try await environment.store.run(name)?.status == "Succeeded")
        #expect(!environment.host.requests.pace.isSlow)
        await environment.shutdown()
    }

    @Test func `so many calls go out at once, and the one that waited longest goes next`() async {
        let slots = TaskGate(limit: 2)
        await slots.enter()
        await slots.enter()
        let (order, turn) = AsyncStream.makeStream(of: Int.self)
        for number in 0..<2 {
            Task {
                await slots.enter()
                turn.yield(number)
                slots.leave()
                if number == 1 { turn.finish() }
            }
            while slots.waitingCount <= number { await Task.yield() }
        }
        #expect(slots.taken == 2)
        slots.leave()
        var taken: [Int] = []
        for await number in order { taken.append(number) }
        #expect(taken == [0, 1] && slots.taken == 1)
    }

    @Test func `content counts over a day and is slowed down over five minutes`() async throws {
        let pace = Pace(.low)
        let now = Timestamp(year: 2026, month: 1, day: 5)
        #expect(pace.count(requests: 1, content: 119_999_999, now: now) == nil)
        #expect(pace.count(requests: 1, content: 1, now: now + .seconds(60)) == now + .seconds(310))
        #expect(Pace(.unlimited).count(requests: 1_000_000, content: .max / 2, now: now) == nil)
        let world = try TestWorld([("writer.flow.yaml", FlowTexts.writing)], profile: .low)
        let environment = try await world.environment()
        try await world.setUp(environment)
        try await world.store.commit(
            StoreCommit([
                .useQuota(QuotaUse(name: RequestUse.content, window: world.clock.now.hour, amount: 2_500_000_001))
            ]))
        let refused = try await CallGate().refusal(connection: nil, flow: "f", environment.host)
        #expect(refused?.statusCode == 429)
        let row = try await Self.rows(environment).first { $0["kind"] == "content" && $0["window"] == "24h" }
        #expect(row?["used"] == 2_500_000_001 && row?["limit"] == 2_500_000_000)
        await environment.shutdown()
    }
}
