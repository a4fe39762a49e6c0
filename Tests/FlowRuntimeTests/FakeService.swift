import FlowCore
import FlowDefinitions
import FlowRuntime
import FlowStorage
import FlowTesting
import Synchronization

/// A service in memory that counts what reached it, whichever process sent it.
final class FakeService: Sendable {
    struct State {
        /// What was written, by idempotency key, and how often.
        var written: [String: Int] = [:]
        var calls: [OperationCall] = []
        var polls: [TriggerPoll] = []
        /// The answers that polls give next.
        var news: [[JSON]] = []
        var signInRefused = false
        /// Operations that are always refused, and with which status.
        var statuses: [String: Int] = [:]
        /// What polls give that ask from the beginning on; the mark is how many were given.
        var stock: [JSON] = []
        /// How often a call is refused with 503 before it is taken, by operation and item.
        var refusals: [String: Int] = [:]
        /// How often a call is done and its answer lost, by operation and item.
        var lostAnswers: [String: Int] = [:]
        /// What was written, operation and item, by idempotency key.
        var items: [String: String] = [:]
        /// The replay rules of what was written, by idempotency key.
        var rules: [String: ReplayRule] = [:]
        /// Whether writing calls wait until they are let go.
        var isHeld = false
        var held: [CheckedContinuation<Void, Never>] = []
        /// What calls by address are answered next; then with 200.
        var answers: [OperationAnswer] = []
        /// The records that "Get" gives, by the id that is asked for.
        var records: [String: [JSON]] = [:]
        /// The addresses that were called.
        var addresses: [String] = []
        /// The addresses that wait for a callback.
        var subscriptions: [String] = []
    }

    let state = Mutex(State())

    var written: [String: Int] { state.withLock { $0.written } }

    /// What a call of a process does here; nothing goes out of a process that has died.
    ///
    /// Whether it lives is asked while the service is held, so that the next process sees all that the dead one did.
    func reached<Answer: Sendable>(
        from store: FaultyStore, _ change: (inout State) -> Answer
    ) throws(FlowError) -> Answer {
        let answer = state.withLock { store.isDead ? nil : change(&$0) }
        guard let answer else { throw FlowError(.storeUnusable, "The process has died, on purpose.") }
        return answer
    }

    /// A writing call waits while the service holds such calls.
    func hold(_ call: OperationCall) async {
        guard call.operationID != "Get", state.withLock({ $0.isHeld }) else { return }
        await withCheckedContinuation { continuation in state.withLock { $0.held.append(continuation) } }
    }

    /// Lets the calls go that are held.
    func release() {
        let held = state.withLock { state in
            state.isHeld = false
            defer { state.held = [] }
            return state.held
        }
        for continuation in held { continuation.resume() }
    }
}

/// How a process reaches the service: its operations and its trigger.
struct FakeCRM: Connector {
    let service: FakeService
    let store: FaultyStore
    let name = "crm"
    let displayName = "CRM"
    let connectionParameters = [ConnectionParameter("password", secret: true, summary: "The password.")]
    let triggers = [ConnectorTrigger(id: "OnNew", summary: "New items.", mode: .polling, parameters: [])]

    let operations = [("Get", ReplayRule.read), ("Create", .lookup), ("Update", .idempotent), ("Post", .inDoubt)].map {
        ConnectorOperation(
            id: $0.0, summary: $0.0,
            parameters: [OperationParameter("item", .object), OperationParameter("id", .string)],
            replay: $0.1)
    }

    func signIn(_ session: ConnectionSession) async throws(FlowError) {
        if session.connection.secrets["password"] == "wrong" || service.state.withLock({ $0.signInRefused }) {
            throw Self.refused
        }
    }

    private static var refused: FlowError { FlowError(FlowError.Code("AADSTS50126"), "Wrong user name or password.") }

    func perform(_ call: OperationCall, in session: ConnectionSession) async throws(FlowError) -> OperationAnswer {
        if service.state.withLock({ $0.signInRefused }) { throw Self.refused }
        await service.hold(call)
        let item = call.parameters["item"]?["Name"]?.stringValue ?? call.parameters["item/Name"]?.stringValue ?? "-"
        let name = "\(call.operationID) \(item)"
        let refusal = try service.reached(from: store) { state -> Int? in
            if let left = state.refusals[name], left > 0 {
                state.refusals[name] = left - 1
                return 503
            }
            state.calls.append(call)
            if let status = state.statuses[call.operationID] { return status }
            guard call.operationID != "Get" else { return nil }
            state.written[call.idempotencyKey, default: 0] += 1
            state.items[call.idempotencyKey] = name
            state.rules[call.idempotencyKey] = replay(of: call)
            guard let left = state.lostAnswers[name], left > 0 else { return nil }
            state.lostAnswers[name] = left - 1
            return 0
        }
        if refusal == 0 { throw FlowError(.serviceTemporarilyUnavailable, "The answer is lost, on purpose.") }
        if let refusal { return OperationAnswer(statusCode: refusal, body: ["error": "refused"]) }
        if let id = call.parameters["id"]?.stringValue, let records = service.state.withLock({ $0.records[id] }) {
            return OperationAnswer(statusCode: 200, body: ["value": .array(records)])
        }
        return OperationAnswer(statusCode: 200, body: ["id": "r1", "operation": .string(call.operationID)])
    }

    func lookUp(
        _ call: OperationCall, intendedAt: Timestamp, in session: ConnectionSession
    ) async throws(FlowError) -> OperationAnswer? {
        guard service.written[call.idempotencyKey] != nil else { return nil }
        return OperationAnswer(statusCode: 200, body: ["id": "r1", "operation": .string(call.operationID)])
    }

    func poll(_ poll: TriggerPoll, in session: ConnectionSession) async throws(FlowError) -> TriggerPollAnswer {
        let items = service.state.withLock { state -> [JSON] in
            state.polls.append(poll)
            if !state.stock.isEmpty {
                return Array(state.stock.dropFirst(Int(poll.watermark?["given"]?.integerValue ?? 0)))
            }
            return poll.watermark == nil || state.news.isEmpty ? [] : state.news.removeFirst()
        }
        let stock = service.state.withLock { $0.stock.count }
        if stock > 0 {
            return TriggerPollAnswer(
                outputs: items.isEmpty ? nil : ["body": ["value": .array(items)]],
                watermark: ["given": .integer(Int64(stock))])
        }
        let mark = JSON.integer((poll.watermark?.integerValue ?? 0) + 1)
        return TriggerPollAnswer(outputs: items.isEmpty ? nil : ["body": ["value": .array(items)]], watermark: mark)
    }
}

/// Calls by address to the same service: subscriptions and their ends.
struct FakeHTTP: Connector {
    let service: FakeService
    let store: FaultyStore
    let name = "http"
    let displayName = "HTTP"
    let connectionParameters: [ConnectionParameter] = []
    let triggers: [ConnectorTrigger] = []
    let operations = [
        ConnectorOperation(
            id: "POST", summary: "POST", parameters: [OperationParameter("uri", .string)], replay: .inDoubt),
        ConnectorOperation(
            id: "GET", summary: "GET", parameters: [OperationParameter("uri", .string)], replay: .read),
    ]

    func signIn(_ session: ConnectionSession) async throws(FlowError) {}

    func perform(_ call: OperationCall, in session: ConnectionSession) async throws(FlowError) -> OperationAnswer {
        let uri = call.parameters["uri"]?.stringValue ?? ""
        let given = try service.reached(from: store) { state -> OperationAnswer? in
            state.addresses.append(uri)
            return state.answers.isEmpty ? nil : state.answers.removeFirst()
        }
        if let given { return given }
        let ends = uri.hasSuffix("/unsubscribe")
        try service.reached(from: store) { state in
            // The key is the action's; its two calls are told apart by their address.
            let key = ends ? call.idempotencyKey + " end" : call.idempotencyKey
            state.written[key, default: 0] += 1
            state.items[key] = uri
            state.rules[key] = ends ? .idempotent : .inDoubt
            if !ends, let url = call.parameters["body"]?.stringValue { state.subscriptions.append(url) }
        }
        return OperationAnswer(statusCode: 200)
    }

    func lookUp(
        _ call: OperationCall, intendedAt: Timestamp, in session: ConnectionSession
    ) async throws(FlowError) -> OperationAnswer? { nil }

    func poll(_ poll: TriggerPoll, in session: ConnectionSession) async throws(FlowError) -> TriggerPollAnswer {
        TriggerPollAnswer(outputs: nil, watermark: .null)
    }
}

/// A project in a temporary folder, and environments over one store in memory.
final class TestWorld: Sendable {
    let folder: String
    private let kept: InMemoryFlowStore
    private let present: Mutex<FaultyStore>
    let service = FakeService()
    let clock = VirtualClock()
    let settings: EnvironmentSettings

    init(
        _ flows: [(file: String, text: String)], solution extra: String = "",
        profile: EnvironmentSettings.PerformanceProfile = .medium
    ) throws {
        kept = InMemoryFlowStore()
        folder = "/tmp/flowrun-tests/\(UUIDText.random())"
        settings = EnvironmentSettings(projectFolder: folder, performanceProfile: profile)
        present = Mutex(FaultyStore(kept))
        try StateFiles.makeFolder(folder)
        let list = flows.map { "  - { file: \($0.file) }" }.joined(separator: "\n")
        let solution = """
            uniqueName: Test
            displayName: Test Solution
            version: 1.0.0.0
            publisher: { uniqueName: test, prefix: tst }
            connectionReferences:
              tst_crm: { connector: crm, displayName: CRM }
            \(extra)
            flows:
            \(list)
            """
        try StateFiles.write(folder + "/solution.yaml", Array((solution + "\n").utf8))
        for flow in flows { try StateFiles.write(folder + "/" + flow.file, Array(flow.text.utf8)) }
    }

    /// A world of its own that begins where another one is now: with its store, another service and another clock.
    init(copying other: TestWorld) {
        kept = InMemoryFlowStore(copying: other.kept)
        folder = other.folder
        settings = other.settings
        present = Mutex(FaultyStore(kept))
    }

    /// The store as the present process sees it.
    var store: FaultyStore { present.withLock { $0 } }

    /// The process has died, and another one opens what it left; what the dead one still tries fails.
    func restart() {
        let next = FaultyStore(kept)
        present.withLock { $0 = next }
    }

    /// A new process over the store.
    func environment(
        listening: Bool = true, alerts: AlertRules? = nil, _ deliver: Alert.Delivery? = nil
    ) async throws(FlowError) -> FlowEnvironment {
        var options = FlowEnvironment.Options(threads: 1, idleLimit: .zero)
        options.alert = deliver
        var settings = settings
        settings.alerts = alerts
        let store = store
        let connectors: [any Connector] = [
            FakeCRM(service: service, store: store), FakeHTTP(service: service, store: store),
        ]
        let environment = FlowEnvironment(
            settings, store: store, connectors: ConnectorRegistry(connectors), clock: clock, options: options)
        try await environment.start(listening: listening)
        return environment
    }

    /// Installs the solution, makes and binds a connection and turns everything on.
    func setUp(_ environment: FlowEnvironment) async throws(FlowError) {
        _ = try await environment.perform(EnvironmentRequest(.installSolution, ["path": .string(folder)]))
        _ = try await environment.perform(
            EnvironmentRequest(
                .createConnection,
                ["connector": "crm", "account": "ana@adatum.example", "secrets": ["password": "right"]]))
        _ = try await environment.perform(EnvironmentRequest(.bind, ["all": true]))
        let result = try await environment.perform(EnvironmentRequest(.activate, ["all": true]))
        let problems = result["problems"]?.arrayValue ?? []
        if let problem = problems.first {
            throw FlowError(FlowError.Code(problem["code"]?.stringValue ?? ""), problem["message"]?.stringValue ?? "")
        }
    }
}

/// Texts of flows.
enum FlowTexts {
    static let reference = """
        connectionReferences:
          crm: { connector: crm, connectionReferenceLogicalName: tst_crm }
        """

    static func call(_ name: String, _ operation: String, after: String? = nil, item: String = "{ Name: a }") -> String
    {
        """
          \(name):
            type: OpenApiConnection
            runAfter: \(after.map { "{ \($0): [Succeeded] }" } ?? "{}")
            inputs:
              host: { apiId: /providers/Microsoft.PowerApps/apis/shared_crm, connectionName: crm, operationId: \(operation) }
              parameters: { item: \(item), id: r1 }
        """
    }

    static let writing = """
        name: Writer
        \(reference)
        triggers:
          manual: { type: Request, kind: Button, inputs: { schema: { type: object, properties: { text: { type: string, title: Word } }, required: [text] } } }
        actions:
        \(call("Create", "Create"))
        \(call("Read", "Get", after: "Create"))
        \(call("Update", "Update", after: "Read"))
          Answer:
            type: Compose
            runAfter: { Update: [Succeeded] }
            inputs: "@concat(triggerBody()?['text'], '!')"
        outputs:
          answer: { type: String, value: "@outputs('Answer')" }
        """

    static let child = """
        name: Child
        \(reference)
        triggers:
          manual: { type: Request, kind: Button, inputs: { schema: { type: object, properties: { n: { type: integer, title: N } } } } }
        actions:
        \(call("Create", "Create"))
          Respond:
            type: Response
            kind: PowerApp
            runAfter: { Create: [Succeeded] }
            inputs: { statusCode: 200, body: { doubled: "@mul(triggerBody()?['n'], 2)" } }
        """

    static let parent = """
        name: Parent
        triggers:
          manual: { type: Request, kind: Button }
        actions:
          Call:
            type: Workflow
            inputs: { host: { workflowReferenceName: Child }, body: { n: 21 } }
          Result:
            type: Compose
            runAfter: { Call: [Succeeded] }
            inputs: "@body('Call')?['doubled']"
        outputs:
          result: { type: Int, value: "@outputs('Result')" }
        """

    static let polling = """
        name: Poller
        \(reference)
        triggers:
          OnNew:
            type: OpenApiConnection
            recurrence: { frequency: Minute, interval: 1 }
            splitOn: "@triggerOutputs()?['body/value']"
            inputs:
              host: { apiId: /providers/Microsoft.PowerApps/apis/shared_crm, connectionName: crm, operationId: OnNew }
        actions:
        \(call("Update", "Update", item: "{ Name: \"@triggerBody()?['Name']\" }"))
        """
}
