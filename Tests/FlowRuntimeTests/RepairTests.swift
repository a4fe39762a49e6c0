import FlowCore
import FlowDefinitions
import FlowStorage
import FlowTesting
import Synchronization
import Testing

@testable import FlowRuntime

/// Runs that go on from where another one failed, over a store and against a service that counts.
@Suite struct RepairTests {
    private static func failed(
        _ world: TestWorld, _ environment: FlowEnvironment, refusing operation: String = "Update",
        flow: String = "Writer"
    ) async throws -> String {
        world.service.state.withLock { $0.statuses = [operation: 400] }
        let run = try await environment.perform(
            EnvironmentRequest(.startRun, ["flow": .string(flow), "input": ["text": "hello"]]))
        world.service.state.withLock { $0.statuses = [:] }
        #expect(run["status"] == "Failed", "\(run)")
        return run["name"]?.stringValue ?? ""
    }

    private static func repair(
        _ environment: FlowEnvironment, _ run: String, _ arguments: JSONObject = [:]
    ) async throws(FlowError) -> JSON {
        var arguments = arguments
        arguments["runs"] = [.string(run)]
        return try await environment.perform(EnvironmentRequest(.repairRun, arguments))["runs"]?[0] ?? .null
    }

    private static func calls(_ world: TestWorld) -> [String] {
        world.service.state.withLock { $0.calls.map(\.operationID) }
    }

    private static func world(
        _ text: String = FlowTexts.writing, listening: Bool = true
    ) async throws -> (TestWorld, FlowEnvironment) {
        let world = try TestWorld([("writer.flow.yaml", text)])
        let environment = try await world.environment(listening: listening)
        try await world.setUp(environment)
        return (world, environment)
    }

    @Test func `a repair does what is missing, and the service sees nothing twice`() async throws {
        let (world, environment) = try await Self.world()
        let name = try await Self.failed(world, environment)
        #expect(Self.calls(world) == ["Create", "Get", "Update"])
        let result = try await Self.repair(environment, name)
        #expect(result["status"] == "Succeeded", "\(result)")
        #expect(Self.calls(world) == ["Create", "Get", "Update", "Update"])
        #expect(result["from"] == ["actions/Update"] && result["keptActions"] == 2)
        #expect(result["outputs"]?["answer"]?["value"] == "hello!")
        let again = try #require(result["name"]?.stringValue)
        #expect(again != name && result["sourceRun"] == .string(name) && result["sourceKind"] == "repair")

        let (old, new) = (try await Self.show(name, environment), try await Self.show(again, environment))
        #expect(old["repairedBy"] == [["name": .string(again), "status": "Succeeded"]])
        #expect(old["status"] == "Failed" && new["trigger"] == old["trigger"])
        // What was done then is shown as it was then.
        #expect(new["actions"]?[0] == old["actions"]?[0] && new["actions"]?[0]?["status"] == "Succeeded")
        #expect(new["actions"]?[1]?["outputs"] == old["actions"]?[1]?["outputs"])
        // The ledger of each run holds what that run did.
        #expect(try await world.store.effects(of: again).map(\.operation) == ["crm/Update"])
        #expect(try await world.store.effects(of: name).map(\.operation) == ["crm/Create", "crm/Update"])
        await environment.shutdown()
    }

    private static func show(_ run: String, _ environment: FlowEnvironment) async throws -> JSON {
        try await environment.perform(EnvironmentRequest(.showRun, ["run": .string(run)]))
    }

    @Test func `a run is repaired once, and again only where one says that it is to be done again`() async throws {
        let (world, environment) = try await Self.world()
        let name = try await Self.failed(world, environment)
        let first = try await Self.repair(environment, name, ["from": "Create"])
        #expect(first["status"] == "Succeeded")
        // Reading is done anew; what was written is not.
        #expect(Self.calls(world) == ["Create", "Get", "Update", "Get", "Update"])
        #expect(first["reused"] == [["path": "actions/Create", "operation": "crm/Create"]])
        let repairs = first["name"]?.stringValue ?? ""
        let shown = try await Self.show(repairs, environment)
        #expect(shown["actions"]?[0]?["keptFrom"] == .string(name))
        let error = try await #require(throws: FlowError.self) { try await Self.repair(environment, name) }
        #expect(error.code == .runRepairedAlready && error.hint == "see what it did: `flowrun runs show \(repairs)`")
        let second = try await Self.repair(environment, name, ["from": "Create", "repeatDone": true])
        #expect(second["status"] == "Succeeded")
        #expect(Self.calls(world).suffix(3) == ["Create", "Get", "Update"])
        #expect(second["repeated"] == [["path": "actions/Create", "operation": "crm/Create"]])
        await environment.shutdown()
    }

    @Test func `a dry run changes nothing and tells what is kept, pending and repeated`() async throws {
        let (world, environment) = try await Self.world()
        let name = try await Self.failed(world, environment)
        let (before, journal) = (try await world.store.runs(RunFilter()), try await world.store.journal(of: name))
        let plain = try await Self.repair(environment, name, ["dryRun": true])
        #expect(plain["kept"] == ["actions/Create", "actions/Read"])
        #expect(plain["pending"] == [["path": "actions/Update", "operation": "crm/Update"]])
        #expect(plain["reused"] == [] && plain["repeated"] == [] && plain["sourceRun"] == .string(name))
        let create: JSON = [["path": "actions/Create", "operation": "crm/Create"]]
        let reuse = try await Self.repair(environment, name, ["dryRun": true, "from": "Create"])
        #expect(reuse["kept"] == [] && reuse["reused"] == create && reuse["repeated"] == [])
        let twice = try await Self.repair(environment, name, ["dryRun": true, "from": "Create", "repeatDone": true])
        #expect(twice["reused"] == [] && twice["repeated"] == create && twice["pending"] == plain["pending"])
        #expect(Self.calls(world).count == 3)
        let (runs, events) = (try await world.store.runs(RunFilter()), try await world.store.journal(of: name))
        #expect(runs == before && events == journal)
        await environment.shutdown()
    }

    @Test func `equal failures are repaired together, and one that cannot be does not stop the others`() async throws {
        let (world, environment) = try await Self.world()
        var equal: [String] = []
        for _ in 0..<3 { equal.append(try await Self.failed(world, environment)) }
        let other = try await Self.failed(world, environment, refusing: "Create")
        let dry = try await environment.perform(
            EnvironmentRequest(.repairRun, ["like": .string(equal[1]), "dryRun": true]))
        #expect(dry["runs"]?.arrayValue?.map { $0["sourceRun"] } == equal.map { .string($0) })
        // One of them is repaired by itself first, and does not belong to the group any more.
        _ = try await Self.repair(environment, equal[0])
        let result = try await environment.perform(
            EnvironmentRequest(.repairRun, ["like": .string(equal[1]), "runs": ["nothing", .string(other)]]))
        let rows = result["runs"]?.arrayValue ?? []
        #expect(rows.map { $0["sourceRun"] } == [equal[1], equal[2], "nothing", other].map { .string($0) })
        #expect(rows.map { $0["status"] } == ["Succeeded", "Succeeded", "Refused", "Succeeded"], "\(rows)")
        #expect(rows[2]["error"]?["code"] == "WorkflowRunNotFound")
        #expect(world.service.written.count == 8 && world.service.written.values.allSatisfy { $0 == 1 })
        let none = await environment.reply(to: EnvironmentRequest(.repairRun, ["like": .string(equal[1])]))
        guard case .error(let error) = none else { return #expect(Bool(false)) }
        #expect(error.code == .runRepairedAlready)
        await environment.shutdown()
    }

    @Test func `a large group is repaired in parts, oldest first, each run once, also where repairs fail again`()
        async throws
    {
        let (world, environment) = try await Self.world()
        var equal: [String] = []
        for _ in 0..<(FlowEnvironment.repairSlice + 7) { equal.append(try await Self.failed(world, environment)) }
        // Every repair fails again at the same action: those runs do not belong to the group.
        world.service.state.withLock { $0.statuses = ["Update": 400] }
        var arguments: JSONObject = ["like": .string(equal[3])]
        var sources: [String] = []
        var parts = 0
        repeat {
            let part = try await environment.perform(EnvironmentRequest(.repairRun, arguments))
            let rows = part["runs"]?.arrayValue ?? []
            #expect(rows.count <= FlowEnvironment.repairSlice && rows.allSatisfy { $0["status"] == "Failed" })
            sources += rows.compactMap { $0["sourceRun"]?.stringValue }
            arguments["next"] = part["next"]
            parts += 1
        } while arguments["next"]?.isNull == false && parts < 10
        #expect(sources == equal)
        #expect(parts == 2)
        await environment.shutdown()
    }

    @Test func `the newest version goes on where it fits, and a difference is named`() async throws {
        let (world, environment) = try await Self.world()
        let name = try await Self.failed(world, environment)
        func install(_ text: String) async throws {
            try StateFiles.write(world.folder + "/writer.flow.yaml", Array(text.utf8))
            _ = try await environment.perform(
                EnvironmentRequest(.installSolution, ["path": .string(world.folder), "keepStates": true]))
        }
        try await install(FlowTexts.writing.replacing("Create", with: "Post"))
        let error = try await #require(throws: FlowError.self) {
            try await Self.repair(environment, name, ["newest": true])
        }
        #expect(error.code == .repairVersionDiffers && error.message.contains("it has no action 'Create'"))
        try await install(FlowTexts.writing.replacing("text'], '!')", with: "text'], '?')"))
        let result = try await Self.repair(environment, name, ["newest": true])
        #expect(result["outputs"]?["answer"]?["value"] == "hello?", "\(result)")
        // The one that began before went on with its own version, and so would its repair.
        let own = try await Self.repair(environment, name, ["repeatDone": true])
        #expect(own["outputs"]?["answer"]?["value"] == "hello!", "\(own)")
        await environment.shutdown()
    }

    @Test func `what stands in the way is named with what to do about it`() async throws {
        let waiting = FlowTexts.writing.replacing(
            "  Answer:", with: "  Pause: { type: Wait, inputs: { interval: { count: 2, unit: Hour } } }\n  Answer:")
        let (world, environment) = try await Self.world(waiting)
        let going = try await environment.perform(
            EnvironmentRequest(.startRun, ["flow": "Writer", "input": ["text": "x"], "wait": false]))
        func refusal(_ run: String, _ arguments: JSONObject = [:]) async throws -> FlowError {
            let error = try await #require(throws: FlowError.self) {
                try await Self.repair(environment, run, arguments)
            }
            #expect(error.hint?.isEmpty == false, "\(error)")
            return error
        }
        let unfinished = going["name"]?.stringValue ?? ""
        #expect(try await refusal(unfinished).code == .workflowRunInProgress)
        world.service.state.withLock { $0.statuses = ["Update": 400] }
        let started = try await environment.perform(
            EnvironmentRequest(.startRun, ["flow": "Writer", "input": ["text": "x"], "wait": false]))
        let name = started["name"]?.stringValue ?? ""
        while try await world.store.timers(of: name).count < 2 { await Task.yield() }
        while Self.calls(world).last != "Update" { await Task.yield() }
        _ = try await environment.perform(EnvironmentRequest(.cancelRun, ["run": .string(name)]))
        world.service.state.withLock { $0.statuses = [:] }
        #expect(try await refusal(name, ["from": "Updat"]).hint == "did you mean 'Update'?")
        #expect(try await refusal("nothing").code.rawValue == "WorkflowRunNotFound")
        _ = try await environment.perform(EnvironmentRequest(.deleteConnection, ["name": "crm-ana"]))
        #expect(try await refusal(name).code == .missingConnectionReference)
        _ = try await environment.perform(EnvironmentRequest(.deactivate, ["all": true]))
        #expect(try await refusal(name).code == .workflowTriggerIsNotEnabled)
        _ = try await environment.perform(EnvironmentRequest(.uninstallSolution, ["name": "Test"]))
        let gone = try await refusal(name)
        #expect(gone.code == .flowNotFound && gone.hint?.contains("flowrun solution install") == true)
        await environment.shutdown()
    }

    private static let calling = FlowTexts.parent.replacing(
        "body: { n: 21 } }", with: "body: { n: 21 }, retryPolicy: { type: none } }")

    @Test func `a child flow that failed is run again as a new child`() async throws {
        let world = try TestWorld([("parent.flow.yaml", Self.calling), ("child.flow.yaml", FlowTexts.child)])
        let environment = try await world.environment()
        try await world.setUp(environment)
        world.service.state.withLock { $0.statuses = ["Create": 400] }
        let failed = try await environment.perform(EnvironmentRequest(.startRun, ["flow": "Parent"]))
        world.service.state.withLock { $0.statuses = [:] }
        #expect(failed["status"] == "Failed", "\(failed)")
        let name = failed["name"]?.stringValue ?? ""
        let result = try await Self.repair(environment, name)
        #expect(result["status"] == "Succeeded" && result["outputs"]?["result"]?["value"] == 42, "\(result)")
        func children(of run: JSON?) async throws -> [String] {
            try await world.store.runs(RunFilter(parentRun: run?.stringValue ?? "")).map(\.status)
        }
        #expect(try await children(of: failed["name"]) == ["Failed"])
        #expect(try await children(of: result["name"]) == ["Succeeded"])
        await environment.shutdown()
    }

    @Test func `a repair that was begun goes on under the next owner`() async throws {
        let (world, first) = try await Self.world(listening: false)
        let name = try await Self.failed(world, first)
        let begun = try await Self.repair(first, name, ["wait": false])
        #expect(begun["status"] == "Running" && Self.calls(world).count == 3, "\(begun)")
        await first.shutdown()
        world.restart()
        let second = try await world.environment()
        let run = try await second.perform(EnvironmentRequest(.watchRun, ["run": begun["name"] ?? .null]))
        #expect(run["status"] == "Succeeded", "\(run)")
        #expect(Self.calls(world) == ["Create", "Get", "Update", "Update"])
        await second.shutdown()
    }

    @Test func `a create that may have happened is looked up before it is made again`() async throws {
        let text = FlowTexts.writing.replacing(
            "      parameters: {", with: "      retryPolicy: { type: none }\n      parameters: {")
        let (world, environment) = try await Self.world(text)
        // The service took the record, and its answer said otherwise.
        world.service.state.withLock { $0.statuses = ["Create": 503] }
        let run = try await environment.perform(
            EnvironmentRequest(.startRun, ["flow": "Writer", "input": ["text": "x"]]))
        let key = try #require(world.service.state.withLock { $0.calls.first?.idempotencyKey })
        world.service.state.withLock { state in
            state.statuses = [:]
            state.written[key] = 1
        }
        let result = try await Self.repair(environment, run["name"]?.stringValue ?? "")
        #expect(result["status"] == "Succeeded", "\(result)")
        #expect(Self.calls(world) == ["Create", "Get", "Update"])
        #expect(world.service.written[key] == 1)
        await environment.shutdown()
    }

    @Test func `a call of which nobody knows how far it came waits for someone in the repair, too`() async throws {
        let text = FlowTexts.writing.replacing("operationId: Create", with: "operationId: Post")
        let (world, first) = try await Self.world(text)
        // The start and the intent are one commit; the second one brings the result, and is lost.
        world.store.fail(commit: world.store.commitCount + 2, .diedBefore)
        _ = await first.reply(to: EnvironmentRequest(.startRun, ["flow": "Writer", "input": ["text": "x"]]))
        await first.shutdown()
        world.restart()
        let second = try await world.environment()
        let name = try await world.store.runs(RunFilter()).first?.name ?? ""
        _ = try await second.perform(EnvironmentRequest(.watchRun, ["run": .string(name)]))
        _ = try await second.perform(EnvironmentRequest(.cancelRun, ["run": .string(name)]))
        let dry = try await Self.repair(second, name, ["dryRun": true])
        #expect(dry["pending"]?[0] == ["path": "actions/Create", "operation": "crm/Post", "unknown": true], "\(dry)")
        let parked = try await Self.repair(second, name)
        #expect(parked["status"] == "Waiting" && parked["code"] == "InDoubt", "\(parked)")
        #expect(Self.calls(world).filter { $0 == "Post" }.count == 1)
        let settled = try await second.perform(
            EnvironmentRequest(
                .settleRun, ["run": parked["name"] ?? .null, "action": "Create", "happened": ["id": "r9"]]))
        #expect(settled["status"] == "Succeeded", "\(settled)")
        #expect(Self.calls(world).filter { $0 == "Post" }.count == 1 && Self.calls(world).last == "Update")
        await second.shutdown()
    }

    @Test func `a repair waits for its turn as any run does`() async throws {
        let text = FlowTexts.writing
            .replacing(
                "kind: Button, inputs", with: "kind: Button, runtimeConfiguration: { concurrency: { runs: 1 } }, inputs"
            )
            .replacing(
                "  Answer:",
                with: """
                      Perhaps:
                        type: If
                        expression: { equals: ["@triggerBody()['text']", wait] }
                        actions: { Pause: { type: Wait, inputs: { interval: { count: 2, unit: Hour } } } }
                      Answer:
                    """)
        let (world, first) = try await Self.world(text)
        let name = try await Self.failed(world, first)
        // The next process counts the turns from the store, so that the failed run surely holds none.
        await first.shutdown()
        let environment = try await world.environment()
        let going = try await environment.perform(
            EnvironmentRequest(.startRun, ["flow": "Writer", "input": ["text": "wait"], "wait": false]))
        let waiting = try await Self.repair(environment, name, ["wait": false])
        #expect(waiting["status"] == "Waiting" && waiting["waitsFor"]?["kind"] == "turn", "\(waiting)")
        async let ended = environment.perform(EnvironmentRequest(.watchRun, ["run": waiting["name"] ?? .null]))
        _ = try await environment.perform(EnvironmentRequest(.cancelRun, ["run": going["name"] ?? .null]))
        let run = try await ended
        #expect(run["status"] == "Succeeded", "\(run)")
        await environment.shutdown()
    }
}
