import FlowCore
import FlowDefinitions
import FlowRuntime
import FlowStorage
import FlowTesting
import Synchronization
import Testing

@Suite struct TriggerTests {
    private func settle(_ world: TestWorld, until condition: () async throws -> Bool) async throws {
        for _ in 0..<100_000 {
            if try await condition() { return }
            await Task.yield()
        }
        Issue.record("nothing happened")
    }

    @Test func `a poll's items become runs of their own, and echoes of our own writes do not`() async throws {
        let guarding = """
            echoGuard:
              - { trigger: Poller, entityId: Id, fields: [Name], writtenBy: [Poller/Update] }
            """
        let world = try TestWorld([("poller.flow.yaml", FlowTexts.polling)], solution: guarding)
        let environment = try await world.environment()
        try await world.setUp(environment)
        #expect(world.service.state.withLock { $0.polls.map(\.watermark) } == [nil])
        world.service.state.withLock { state in
            state.news = [
                [["Id": "r1", "Name": "one"], ["Id": "r2", "Name": "two"]], [["Id": "r1", "Name": "two"]],
            ]
        }
        world.clock.advance(by: .seconds(61))
        try await settle(world) { try await world.store.runCount(RunFilter(statuses: ["Succeeded"])) == 2 }
        world.clock.advance(by: .seconds(61))
        try await settle(world) {
            try await world.store.triggerHistory(TriggerHistoryFilter(status: "Skipped")).count == 1
        }
        // The last write to r1 was "two" by the run of the second item; the item that says so is an echo.
        let row = try await world.store.triggerHistory(TriggerHistoryFilter(status: "Skipped"))[0]
        #expect(row.code == "EchoSuppressed")
        #expect(row.run != nil)
        await environment.shutdown()
    }

    @Test func `a request trigger answers as the platform does`() async throws {
        let responding = """
            name: Echo
            triggers:
              manual: { type: Request, kind: Http, inputs: { schema: { type: object, properties: { a: { type: string } }, required: [a] } } }
            actions:
              Respond: { type: Response, kind: Http, inputs: { statusCode: 201, headers: { X-Own: yes }, body: "@triggerBody()" } }
            """
        let silent = """
            name: Silent
            triggers: { manual: { type: Request, kind: Http } }
            actions: { Note: { type: Compose, inputs: done } }
            """
        let world = try TestWorld([
            ("echo.flow.yaml", responding.replacing("yes", with: "\"yes\"")), ("silent.flow.yaml", silent),
        ])
        let environment = try await world.environment()
        try await world.setUp(environment)
        func call(_ flow: String, _ body: String, _ change: (inout TriggerCall) -> Void = { _ in }) async throws
            -> TriggerReply
        {
            let url = try await environment.perform(EnvironmentRequest(.flowURL, ["flow": .string(flow)]))
            let text = url["url"]?.stringValue ?? ""
            let parts = text.split(separator: "/")
            let signature = text.split(separator: "sig=").last.map(String.init) ?? ""
            var call = TriggerCall(
                workflow: String(parts[3]), trigger: "manual",
                query: [("sig", signature), ("api-version", "2016-06-01")],
                headers: [("Content-Type", "application/json")], body: Array(body.utf8))
            change(&call)
            return await environment.invoke(call)
        }
        let good = try await call("Echo", #"{"a":"b"}"#)
        #expect(good.status == 201)
        #expect(good.body == ["a": "b"])
        #expect(good.headers["X-Own"] == "yes")
        #expect(good.headers["x-ms-workflow-run-id"] != nil)
        let accepted = try await call("Silent", "{}")
        #expect(accepted.status == 202)
        #expect(accepted.body == nil)
        #expect(try await call("Echo", "{").status == 400)
        let mismatch = try await call("Echo", "{}")
        #expect(mismatch.status == 400)
        #expect(mismatch.body?["error"]?["code"] == "TriggerInputSchemaMismatch")
        #expect(try await call("Echo", "{}", { $0.query = [] }).status == 401)
        #expect(try await call("Echo", "{}", { $0.query = [("sig", "x")] }).status == 401)
        #expect(try await call("Echo", "{}", { $0.workflow = "0" }).status == 404)
        #expect(try await call("Echo", "{}", { $0.method = "GET" }).status == 405)
        _ = try await environment.perform(EnvironmentRequest(.deactivate, ["flows": ["Echo"]]))
        let off = try await call("Echo", #"{"a":"b"}"#)
        #expect(off.status == 400)
        #expect(off.body?["error"]?["code"] == "WorkflowTriggerIsNotEnabled")
        await environment.shutdown()
    }

    @Test func `a run that ends without its response gives 502`() async throws {
        let text = """
            name: Broken
            triggers: { manual: { type: Request, kind: Http } }
            actions:
              Fail: { type: Compose, inputs: "@int('x')" }
              Respond: { type: Response, runAfter: { Fail: [Succeeded] }, inputs: { statusCode: 200 } }
            """
        let world = try TestWorld([("broken.flow.yaml", text.replacing("@int('x')", with: "@int(triggerBody()?['x'])"))]
        )
        let environment = try await world.environment()
        try await world.setUp(environment)
        let url =
            try await environment.perform(EnvironmentRequest(.flowURL, ["flow": "Broken"]))["url"]?.stringValue ?? ""
        let reply = await environment.invoke(
            TriggerCall(
                workflow: String(url.split(separator: "/")[3]), trigger: "manual",
                query: [("sig", url.split(separator: "sig=").last.map(String.init) ?? "")]))
        #expect(reply.status == 502)
        #expect(reply.body?["error"]?["code"] == "NoResponse")
        await environment.shutdown()
    }

    @Test func `a concurrency of one lets the second run wait for its turn`() async throws {
        let text = """
            name: OneByOne
            triggers:
              manual:
                type: Request
                kind: Button
                runtimeConfiguration: { concurrency: { runs: 1, maximumWaitingRuns: 1 } }
            actions:
              Wait: { type: Wait, inputs: { interval: { count: 10, unit: Second } } }
            """
        let world = try TestWorld([("one.flow.yaml", text)])
        let environment = try await world.environment()
        try await world.setUp(environment)
        func start() async -> EnvironmentReply {
            await environment.reply(to: EnvironmentRequest(.startRun, ["flow": "OneByOne", "wait": false]))
        }
        _ = await start()
        guard case .result(let second) = await start() else { return #expect(Bool(false)) }
        let waiting = try await environment.perform(EnvironmentRequest(.showRun, ["run": second["name"] ?? .null]))
        #expect(waiting["status"] == "Waiting", "\(waiting)")
        guard case .error(let error) = await start() else { return #expect(Bool(false)) }
        #expect(error.code == .workflowMaximumWaitingRunCountExceeded)
        try await settle(world) { !world.clock.sleeping.isEmpty }
        world.clock.advance(by: .seconds(11))
        try await settle(world) { try await world.store.runCount(RunFilter(statuses: ["Succeeded"])) == 1 }
        try await settle(world) { try await world.store.timers(of: second["name"]?.stringValue ?? "").count == 2 }
        for _ in 0..<20 {
            world.clock.advance(by: .seconds(5))
            for _ in 0..<100 { await Task.yield() }
        }
        try await settle(world) { try await world.store.runCount(RunFilter(statuses: ["Succeeded"])) == 2 }
        await environment.shutdown()
    }

    @Test func `parts of an answer that wait for a place keep no process from starting`() async throws {
        let text = FlowTexts.polling.replacing(
            "actions:",
            with: """
                actions:
                  Rest: { type: Wait, inputs: { interval: { count: 1, unit: Hour } } }
                """)
        let limited = text.replacing(
            "splitOn:", with: "runtimeConfiguration: { concurrency: { runs: 1, maximumWaitingRuns: 1 } }\n    splitOn:")
        #expect(limited != text)
        let world = try TestWorld([("poller.flow.yaml", limited)])
        var environment = try await world.environment()
        try await world.setUp(environment)
        world.service.state.withLock { $0.stock = ["a", "b", "c", "d"].map { ["Name": .string($0)] } }
        try await settle(world) { !world.clock.sleeping.isEmpty }
        world.clock.advance(by: .seconds(200))
        try await settle(world) { try await world.store.runCount(RunFilter()) == 2 }
        await environment.shutdown()
        world.restart()
        environment = try await world.environment()
        #expect(try await world.store.unfinishedSplits().count == 1)
        for _ in 0..<4_000 where try await world.store.runCount(RunFilter(statuses: ["Succeeded"])) < 4 {
            for _ in 0..<50 { await Task.yield() }
            if let next = world.clock.sleeping.first { world.clock.advance(to: next) }
        }
        #expect(try await world.store.runCount(RunFilter(statuses: ["Succeeded"])) == 4)
        #expect(try await world.store.unfinishedSplits().isEmpty)
        await environment.shutdown()
    }

    /// One run at a time, others wait; each waits for ten seconds.
    private static let oneByOne = """
        name: OneByOne
        triggers:
          manual:
            type: Request
            kind: Button
            runtimeConfiguration: { concurrency: { runs: 1, maximumWaitingRuns: 10 } }
        actions:
          Wait: { type: Wait, inputs: { interval: { count: 10, unit: Second } } }
        """

    @Test func `a run that waits for its turn is cancelled at once, and takes nobody's turn`() async throws {
        let world = try TestWorld([("one.flow.yaml", Self.oneByOne)])
        var environment = try await world.environment()
        try await world.setUp(environment)
        var names: [String] = []
        for _ in 0..<4 {
            let run = try await environment.perform(
                EnvironmentRequest(.startRun, ["flow": "OneByOne", "wait": false]))
            names.append(run["name"]?.stringValue ?? "")
        }
        func status(_ place: Int) async throws -> String? { try await world.store.run(names[place])?.status }
        func active() async throws -> Int {
            try await world.store.runCount(RunFilter(statuses: ["Running"], isFinished: false))
        }
        try await settle(world) { try await world.store.run(names[3])?.wait?.kind == .turn }
        let cancelled = try await environment.perform(EnvironmentRequest(.cancelRun, ["run": .string(names[1])]))
        #expect(cancelled["status"] == "Cancelled")
        let page = try await environment.perform(EnvironmentRequest(.showRun, ["run": .string(names[1])]))
        #expect(page["actions"]?[0]?["status"] == "Skipped", "\(page)")
        for _ in 0..<200 { await Task.yield() }
        // Its end let nobody go on beside the first.
        #expect(try await status(0) == "Running")
        #expect(try await status(2) == "Waiting")

        // The next process takes a cancel that the earlier one only wrote down.
        await environment.shutdown()
        world.restart()
        let message = InboxEntry(
            run: names[2], id: "cancel:x", kind: "cancel", body: ["type": "cancel"], isSealed: true,
            sentAt: world.clock.now)
        try await world.store.commit(StoreCommit([.send(message)]))
        environment = try await world.environment()
        try await settle(world) { try await status(2) == "Cancelled" }
        #expect(try await status(3) == "Waiting")
        for _ in 0..<10 {
            world.clock.advance(by: .seconds(5))
            for _ in 0..<100 { await Task.yield() }
            #expect(try await active() <= 1)
        }
        try await settle(world) { try await status(0) == "Succeeded" }
        try await settle(world) { try await status(3) == "Succeeded" }
        await environment.shutdown()
    }

    @Test func `a run that begins while the one before it ends gets its turn`() async throws {
        let text = """
            name: OneByOne
            triggers:
              manual:
                type: Request
                kind: Button
                runtimeConfiguration: { concurrency: { runs: 1, maximumWaitingRuns: 10 } }
            actions:
              Note: { type: Compose, inputs: done }
            """
        let world = try TestWorld([("one.flow.yaml", text)])
        let environment = try await world.environment()
        try await world.setUp(environment)
        // Each run is started the moment the one before it is known to have ended.
        for _ in 0..<100 {
            let run = try await environment.perform(
                EnvironmentRequest(.startRun, ["flow": "OneByOne", "detail": false]))
            #expect(run["status"] == "Succeeded")
        }
        await environment.shutdown()
    }

    @Test func `a repeated request that is refused gives its turn back`() async throws {
        let text = """
            name: OneByOne
            triggers:
              manual: { type: Request, kind: Http, runtimeConfiguration: { concurrency: { runs: 1, maximumWaitingRuns: 50 } } }
            actions: { Note: { type: Compose, inputs: done } }
            """
        let world = try TestWorld(
            [("one.flow.yaml", text)], solution: "deduplication: { OneByOne: \"@triggerBody()?['k']\" }")
        let environment = try await world.environment()
        try await world.setUp(environment)
        let url = try await environment.perform(EnvironmentRequest(.flowURL, ["flow": "OneByOne"]))
        let address = url["url"]?.stringValue ?? ""
        let call: @Sendable (Int) -> TriggerCall = { key in
            TriggerCall(
                workflow: String(address.split(separator: "/")[3]), trigger: "manual",
                query: [("sig", address.split(separator: "sig=").last.map(String.init) ?? "")],
                headers: [("Content-Type", "application/json")], body: Array("{\"k\":\(key)}".utf8))
        }
        // Each comes three times at once: whichever loses has taken a turn, or a place in the queue.
        for key in 1...40 {
            let statuses = await withTaskGroup(of: Int.self) { group in
                for _ in 1...3 { group.addTask { await environment.invoke(call(key)).status } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses == [202, 202, 202])
        }
        try await settle(world) { try await world.store.runCount(RunFilter(isFinished: false)) == 0 }
        #expect(try await world.store.runCount(RunFilter(statuses: ["Succeeded"])) == 40)
        await environment.shutdown()
    }
}
