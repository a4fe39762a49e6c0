import FlowCore
import FlowDefinitions
import FlowRuntime
import FlowStorage
import FlowTesting
import Synchronization
import Testing

/// What the doctor finds, how it says it, and what it repairs.
@Suite struct DoctorTests {
    private static func findings(_ environment: FlowEnvironment, fix: Bool = false) async throws -> [JSON] {
        let report = try await environment.perform(EnvironmentRequest(.doctor, ["fix": .bool(fix)]))
        let findings = try #require(report["findings"]?.arrayValue)
        let grave = findings.contains { $0["severity"] != "information" }
        #expect(report["healthy"] == .bool(!grave))
        for finding in findings {
            for key in ["code", "severity", "subject", "cause", "repair"] {
                #expect(finding[key]?.stringValue?.isEmpty == false, "\(key) of \(finding)")
            }
            #expect(finding["evidence"]?.arrayValue != nil && finding["fixable"]?.boolValue != nil)
        }
        return findings
    }

    private static func codes(_ environment: FlowEnvironment, fix: Bool = false) async throws -> [String] {
        try await findings(environment, fix: fix).compactMap { $0["code"]?.stringValue }
    }

    @Test func `an environment in order has no findings, one that nobody serves has one`() async throws {
        let world = try TestWorld([("poller.flow.yaml", FlowTexts.polling)])
        let environment = try await world.environment()
        #expect(try await Self.codes(environment) == ["NothingInstalled"])
        try await world.setUp(environment)
        #expect(try await Self.codes(environment) == [])
        await environment.shutdown()
        world.restart()
        let command = try await world.environment(listening: false)
        #expect(try await Self.codes(command) == ["EnvironmentNotServed"])
        await command.shutdown()
    }

    @Test func `a refused sign-in is one finding, with the flows that need it and the command that renews it`()
        async throws
    {
        let world = try TestWorld([("writer.flow.yaml", FlowTexts.writing)])
        let environment = try await world.environment()
        try await world.setUp(environment)
        world.service.state.withLock { $0.signInRefused = true }
        let found = try await Self.findings(environment)
        #expect(found.map { $0["code"] } == ["AADSTS50126"])
        #expect(found[0]["repair"] == "flowrun login ana@adatum.example --secret env:PASSWORD")
        #expect(found[0]["evidence"]?.arrayValue?.contains("used by: Writer") == true)
        await environment.shutdown()
    }

    @Test func `what has one remedy that can do no harm is repaired, the rest is only said`() async throws {
        let world = try TestWorld([("child.flow.yaml", FlowTexts.child), ("parent.flow.yaml", FlowTexts.parent)])
        let environment = try await world.environment()
        try await world.setUp(environment)
        _ = try await environment.perform(EnvironmentRequest(.deactivate, ["flows": ["Child"]]))
        _ = try await environment.perform(
            EnvironmentRequest(.bindRunOnly, ["flow": "Child", "runtimeSource": "invoker"]))
        let found = try await Self.findings(environment)
        #expect(
            Set(found.map { $0["code"] }) == [
                "WorkflowTriggerNotFound", "ChildFlowUnsupportedForInvokerConnections", "FlowNotActive",
            ])
        #expect(found.filter { $0["fixable"] == true }.count == 2)
        #expect(try await Self.codes(environment, fix: true) == [])

        // Without a connection nothing can be chosen; with one the reference gets it.
        let connections = try await environment.perform(EnvironmentRequest(.listConnections))
        let name = try #require(connections[0]?["name"]?.stringValue)
        _ = try await environment.perform(EnvironmentRequest(.deleteConnection, ["name": .string(name)]))
        let missing = try await Self.findings(environment, fix: true)
        #expect(missing.map { $0["code"] } == ["XrmConnectionReferenceMissingConnection"])
        #expect(missing[0]["fixable"] == false)
        _ = try await environment.perform(
            EnvironmentRequest(
                .createConnection,
                ["connector": "crm", "account": "ana@adatum.example", "secrets": ["password": "right"]]))
        #expect(try await Self.codes(environment, fix: true) == [])
        await environment.shutdown()
    }

    @Test func `a trigger that asks in vain is named with the service's words`() async throws {
        let world = try TestWorld([("poller.flow.yaml", FlowTexts.polling)])
        let environment = try await world.environment()
        try await world.setUp(environment)
        var standing = try #require(try await world.store.triggerStates().first)
        standing.failures = 3
        let row = TriggerHistoryEntry(
            id: "08584059893169281483013767874CU88", flow: standing.flow, trigger: standing.trigger, status: "Failed",
            code: "ServiceCallFailed", message: "missing privilege", fired: false, startTime: world.clock.now)
        try await world.store.commit(StoreCommit([.trigger(standing), .history(row)]))
        let found = try await Self.findings(environment)
        #expect(found.map { $0["code"] } == ["TriggerFailing"])
        #expect(found[0]["evidence"]?[1]?.stringValue?.contains("missing privilege") == true)
        await environment.shutdown()
    }

    @Test(arguments: [(7_999, nil), (8_000, "warning"), (10_000, "error")] as [(Int64, String?)])
    func `calls of a day are told when four fifths are made, and when all are`(calls: Int64, severity: String?)
        async throws
    {
        let store = InMemoryFlowStore()
        let clock = VirtualClock()
        let environment = FlowEnvironment(
            EnvironmentSettings(projectFolder: "/tmp/flowrun-tests/none"), store: store,
            connectors: ConnectorRegistry([]), clock: clock)
        let connection = Connection(
            name: "pc", connector: "partnercenterref", account: "ana@adatum.example", grant: "password",
            parameters: [:], secrets: [:])
        let (date, _) = clock.now.civil
        try await store.commit(
            StoreCommit([
                .connection(StoredConnection(connection: connection, createdAt: clock.now)),
                .useQuota(
                    QuotaUse(
                        name: "calls/pc", window: Timestamp(year: date.year, month: date.month, day: date.day),
                        amount: calls)),
            ]))
        let found = try await Self.findings(environment).first { $0["code"] == "QuotaNearlyUsed" }
        #expect(found?["severity"]?.stringValue == severity)
    }

    @Test func `a connector's finding comes with its repair, currencies are compared, a silent webhook is noticed`()
        async throws
    {
        let folder = "/tmp/flowrun-tests/\(UUIDText.random())"
        try StateFiles.makeFolder(folder)
        let solution = """
            uniqueName: Test
            displayName: Test
            version: 1.0.0.0
            connectionReferences:
              ev: { connector: partnercenterevents, displayName: Events }
            flows:
              - { file: receiver.flow.yaml }

            """
        let receiver = """
            name: Receiver
            connectionReferences:
              ev: { connector: partnercenterevents, connectionReferenceLogicalName: ev }
            triggers:
              manual: { type: Request, kind: Http, inputs: { schema: {} } }
            actions:
              View:
                type: OpenApiConnection
                inputs:
                  host: { apiId: /providers/Microsoft.PowerApps/apis/shared_partnercenterevents, connectionName: ev, operationId: View }
                  parameters: { id: "@triggerBody()?['id']", kind: "@{concat('a', 'b')}" }

            """
        try StateFiles.write(folder + "/solution.yaml", Array(solution.utf8))
        try StateFiles.write(folder + "/receiver.flow.yaml", Array(receiver.utf8))
        let service = EventsService()
        let clock = VirtualClock()
        let environment = FlowEnvironment(
            EnvironmentSettings(projectFolder: folder), store: InMemoryFlowStore(),
            connectors: ConnectorRegistry([service]), clock: clock)
        try await environment.start()
        _ = try await environment.perform(EnvironmentRequest(.installSolution, ["path": .string(folder)]))
        _ = try await environment.perform(
            EnvironmentRequest(
                .createConnection,
                ["connector": "partnercenterevents", "account": "ana@adatum.example", "secrets": ["password": "p"]]))
        _ = try await environment.perform(EnvironmentRequest(.bind, ["all": true]))
        _ = try await environment.perform(EnvironmentRequest(.activate, ["all": true]))

        service.state.withLock { $0.isRegistered = false }
        let lost = try await Self.findings(environment)
        #expect(lost.map { $0["code"] } == ["WebhookNotRegistered"] && lost[0]["fixable"] == true)
        let asked = try #require(service.state.withLock { $0.request })
        #expect(asked.isServing && asked.receivers.map(\.flow) == ["Receiver"] && asked.receivers[0].isOn)
        // What only a run can know leaves its name; the rest is known.
        #expect(asked.uses.map(\.parameters) == [["id": nil, "kind": "ab"]])
        #expect(try await Self.codes(environment, fix: true) == [])

        service.state.withLock { $0.currencies = (["EUR", "NOK"], ["EUR"]) }
        let currency = try await Self.findings(environment)
        #expect(currency.map { $0["subject"] } == ["currency NOK"])
        service.state.withLock { $0.currencies = ([], []) }

        let changed = clock.now + .seconds(60)
        service.state.withLock { $0.latestChange = changed }
        clock.advance(by: .seconds(100))
        #expect(try await Self.codes(environment) == [])
        clock.advance(by: .seconds(100))
        #expect(try await Self.codes(environment) == ["WebhookSilent"])
        await environment.shutdown()
    }
}

/// A service of events whose registration the doctor examines and repairs.
private final class EventsService: Connector {
    struct State {
        var isRegistered = true
        var currencies: (needed: Set<String>, known: Set<String>) = ([], [])
        var latestChange: Timestamp?
        var request: ExaminationRequest?
    }

    let state = Mutex(State())
    let name = "partnercenterevents"
    let displayName = "Events"
    let connectionParameters = [ConnectionParameter("password", secret: true, summary: "The password.")]
    let triggers: [ConnectorTrigger] = []
    let operations = [
        ConnectorOperation(
            id: "View", summary: "Views.",
            parameters: [OperationParameter("id", .string), OperationParameter("kind", .string)], replay: .read),
        ConnectorOperation(id: "Register", summary: "Registers.", parameters: [], replay: .idempotent),
    ]

    func signIn(_ session: ConnectionSession) async throws(FlowError) {}

    func perform(_ call: OperationCall, in session: ConnectionSession) async throws(FlowError) -> OperationAnswer {
        if call.operationID == "Register" { state.withLock { $0.isRegistered = true } }
        return OperationAnswer(statusCode: 200)
    }

    func lookUp(
        _ call: OperationCall, intendedAt: Timestamp, in session: ConnectionSession
    ) async throws(FlowError) -> OperationAnswer? { nil }

    func poll(_ poll: TriggerPoll, in session: ConnectionSession) async throws(FlowError) -> TriggerPollAnswer {
        TriggerPollAnswer(outputs: nil, watermark: .null)
    }

    func examine(
        _ request: ExaminationRequest, in session: ConnectionSession
    ) async throws(FlowError) -> Examination {
        state.withLock { state in
            state.request = request
            var examination = Examination()
            examination.receiver = request.receivers.first?.flow
            examination.currenciesInUse = state.currencies.needed
            examination.currenciesKnown = state.currencies.known.isEmpty ? nil : state.currencies.known
            examination.latestChange = state.latestChange
            if !state.isRegistered {
                examination.findings = [
                    Finding(
                        .webhookNotRegistered, about: "registration", "Nothing is registered.",
                        repair: "flowrun doctor --fix",
                        call: OperationCall(
                            operationID: "Register", parameters: [:], idempotencyKey: UUIDText.random()))
                ]
            }
            return examination
        }
    }
}
