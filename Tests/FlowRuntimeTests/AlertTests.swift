import FlowCore
import FlowDefinitions
import FlowStorage
import FlowTesting
import Synchronization
import Testing

@testable import FlowRuntime

/// What people are told without looking: once in an interval, also across restarts.
@Suite struct AlertTests {
    /// Who is told.
    private final class Receiver: Sendable {
        private let state = Mutex((alerts: [JSON](), refuses: false))

        var alerts: [JSON] { state.withLock { $0.alerts } }
        var texts: [String] { alerts.map { $0["text"]?.stringValue ?? "" } }

        func refuse(_ refuses: Bool) { state.withLock { $0.refuses = refuses } }

        func take(_ alert: JSON) throws(FlowError) {
            let isRefused = state.withLock { state in
                if !state.refuses { state.alerts.append(alert) }
                return state.refuses
            }
            if isRefused { throw FlowError(.alertNotDelivered, "refused") }
        }
    }

    private static let failing = """
        name: Failing
        triggers: { manual: { type: Request, kind: Http, inputs: { schema: {} } } }
        actions:
          Stop:
            type: Terminate
            inputs: { runStatus: Failed, runError: { code: "@triggerBody()?['code']", message: "@triggerBody()?['message']" } }
        """

    private static let rules = AlertRules(webhook: "http://127.0.0.1", silence: ["Failing": .seconds(2 * 3_600)])

    private static func fail(_ environment: FlowEnvironment, _ code: String, _ message: String = "it broke")
        async throws
    {
        _ = try await environment.perform(
            EnvironmentRequest(
                .startRun,
                ["flow": "Failing", "input": ["code": .string(code), "message": .string(message)]]))
    }

    private static func look(_ environment: FlowEnvironment) async throws {
        try await #require(environment.host.alerts).look()
    }

    @Test func `failures of one kind are told once in an interval, others at once, and a restart repeats none`()
        async throws
    {
        let world = try TestWorld([("failing.flow.yaml", Self.failing)])
        let receiver = Receiver()
        let first = try await world.environment(listening: false, alerts: Self.rules, receiver.take)
        try await world.setUp(first)
        for _ in 0..<3 { try await Self.fail(first, "Broken", "see http://x/?sig=SECRETSECRET") }
        try await Self.look(first)
        try await Self.look(first)
        #expect(receiver.alerts.count == 1)
        let alert = try #require(receiver.alerts.first)
        #expect(alert["kind"] == "failedRuns" && alert["flow"] == "Failing" && alert["code"] == "Broken")
        #expect(alert["environment"] == "default" && alert["run"]?.stringValue?.isEmpty == false)
        #expect(!alert.text.contains("SECRETSECRET"))
        try await Self.fail(first, "Other")
        try await Self.look(first)
        #expect(receiver.alerts.map { $0["code"] } == ["Broken", "Other"])
        // One more of a kind that was told waits for the interval, over a crash.
        world.clock.advance(by: .seconds(1_800))
        try await Self.fail(first, "Broken", "again")
        world.restart()
        let second = try await world.environment(listening: false, alerts: Self.rules, receiver.take)
        try await Self.look(second)
        #expect(receiver.alerts.count == 2)
        world.clock.advance(by: .seconds(1_801))
        try await Self.look(second)
        try await Self.look(second)
        #expect(receiver.alerts.count == 3)
        #expect(receiver.alerts.last?["message"] == "again")
        await first.shutdown()
        await second.shutdown()
    }

    @Test func `an alert that was not delivered is tried again, also by the next process`() async throws {
        let world = try TestWorld([("failing.flow.yaml", Self.failing)])
        let receiver = Receiver()
        receiver.refuse(true)
        let first = try await world.environment(listening: false, alerts: Self.rules, receiver.take)
        try await world.setUp(first)
        try await Self.fail(first, "Broken")
        try await Self.look(first)
        #expect(receiver.alerts.isEmpty)
        world.restart()
        receiver.refuse(false)
        let second = try await world.environment(listening: false, alerts: Self.rules, receiver.take)
        try await Self.look(second)
        #expect(receiver.alerts.map { $0["code"] } == ["Broken"])
        await first.shutdown()
        await second.shutdown()
    }

    @Test func `a connection that needs a sign-in is told once, and again when it happens again`() async throws {
        let world = try TestWorld([("writer.flow.yaml", FlowTexts.writing)])
        let receiver = Receiver()
        let environment = try await world.environment(listening: false, alerts: Self.rules, receiver.take)
        try await world.setUp(environment)
        let refusal = FlowError(FlowError.Code("AADSTS50173"), "The grant has expired.")
        func set(_ status: StoredConnection.Status) async throws {
            var stored = try #require(try await world.store.connection("crm-ana"))
            stored.status = status
            try await world.store.commit(StoreCommit([.connection(stored)]))
        }
        await environment.host.signInWasRefused("crm-ana", refusal)
        for _ in 0..<3 { try await Self.look(environment) }
        #expect(receiver.alerts.count == 1)
        #expect(environment.figures.connectionsBroken == 1)
        #expect(receiver.alerts[0]["connection"] == "crm-ana" && receiver.alerts[0]["code"] == "AADSTS50173")
        #expect(receiver.texts[0].contains("flowrun login ana@adatum.example"))
        #expect(!receiver.alerts[0].text.contains("right"))
        try await set(.connected)
        try await Self.look(environment)
        await environment.host.signInWasRefused("crm-ana", refusal)
        try await Self.look(environment)
        #expect(receiver.alerts.count == 2)
        await environment.shutdown()
    }

    @Test func `a trigger that sees nothing for longer than its rule is told, and the doctor names it`() async throws {
        let world = try TestWorld([("failing.flow.yaml", Self.failing), ("polling.flow.yaml", FlowTexts.polling)])
        let receiver = Receiver()
        var rules = Self.rules
        rules.kinds = [.silentTriggers]
        rules.silence["*"] = .seconds(4 * 3_600)
        let environment = try await world.environment(listening: false, alerts: rules, receiver.take)
        try await world.setUp(environment)
        world.clock.advance(by: .seconds(2 * 3_600))
        try await Self.look(environment)
        #expect(receiver.alerts.isEmpty)
        world.clock.advance(by: .seconds(1))
        try await Self.look(environment)
        #expect(receiver.alerts.map { $0["flow"] } == ["Failing"])
        #expect(receiver.alerts[0]["rule"] == "2h")
        let page = try await environment.perform(EnvironmentRequest(.doctor))
        let found = page["findings"]?.arrayValue?.filter { $0["code"] == "TriggerSilent" } ?? []
        #expect(found.map { $0["subject"] } == ["flow 'Failing'"])
        // A question that fails is no sign of life; an event is.
        let flows = try await world.store.flows()
        let failing = try #require(flows.first { $0.name == "Failing" }).id
        let poller = try #require(flows.first { $0.name == "Poller" }).id
        world.clock.advance(by: .seconds(2 * 3_600))
        for (flow, status) in [(failing, "Skipped"), (poller, "Failed")] {
            let row = TriggerHistoryEntry(
                id: RunName.new(at: world.clock.now), flow: flow, trigger: "t", status: status, fired: false,
                startTime: world.clock.now)
            try await world.store.commit(StoreCommit([.history(row)]))
        }
        try await Self.look(environment)
        #expect(receiver.alerts.map { $0["flow"] } == ["Failing", "Poller"])
        await environment.shutdown()
    }
}
