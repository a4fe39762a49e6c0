import FlowCore
import FlowDefinitions
import FlowRuntime
import FlowStorage
import FlowTesting
import Testing

@testable import FlowServer

/// A service of which connections can be made.
struct SmallService: Connector {
    let name = "crm"
    let displayName = "CRM"
    let connectionParameters = [ConnectionParameter("password", secret: true, summary: "The password.")]
    let operations: [ConnectorOperation] = []
    let triggers: [ConnectorTrigger] = []

    func signIn(_ session: ConnectionSession) async throws(FlowError) {}

    func perform(_ call: OperationCall, in session: ConnectionSession) async throws(FlowError) -> OperationAnswer {
        OperationAnswer(statusCode: 200)
    }

    func lookUp(
        _ call: OperationCall, intendedAt: Timestamp, in session: ConnectionSession
    ) async throws(FlowError) -> OperationAnswer? { nil }

    func poll(_ poll: TriggerPoll, in session: ConnectionSession) async throws(FlowError) -> TriggerPollAnswer {
        TriggerPollAnswer(outputs: nil, watermark: poll.watermark ?? .null)
    }
}

/// An environment in memory behind its router, with people of every kind.
final class ServerWorld: Sendable {
    /// The people of the tests.
    enum Person: String, CaseIterable, Sendable {
        case nobody, stranger, runner, maker, owner, admin

        var upn: String { rawValue + "@adatum.example" }
    }

    static let press = """
        name: Press
        triggers:
          manual:
            type: Request
            kind: Button
            inputs: { schema: { type: object, properties: { text: { type: string, title: Text } } } }
        actions:
          Each:
            type: Foreach
            foreach: "@createArray('a', 'b')"
            actions: { Note: { type: Compose, inputs: "@concat(items('Each'), triggerBody()?['text'])" } }
          Hide:
            type: Compose
            runtimeConfiguration: { secureData: { properties: [inputs, outputs] } }
            inputs: "@concat('hidden-', triggerBody()?['text'])"
        """

    static let waiting = """
        name: Waiting
        triggers: { manual: { type: Request, kind: Button } }
        actions: { Wait: { type: Wait, inputs: { interval: { count: 1, unit: Hour } } } }
        """

    static let echo = """
        name: Echo
        triggers:
          manual: { type: Request, kind: Http, inputs: { schema: { type: object } } }
        actions:
          Respond: { type: Response, kind: Http, inputs: { statusCode: 200, body: "@triggerBody()" } }
        """

    let environment: FlowEnvironment
    let router: EnvironmentRouter
    let clock = VirtualClock()
    let tokens: [Person: String]

    init(
        _ flows: [String] = [press, waiting, echo], server: EnvironmentSettings.Server = EnvironmentSettings.Server(),
        audit: AuditLog? = nil
    ) async throws {
        let folder = "/tmp/flowrun-tests/\(UUIDText.random())"
        try StateFiles.makeFolder(folder)
        let files = flows.indices.map { "  - { file: f\($0).flow.yaml }" }.joined(separator: "\n")
        try StateFiles.write(
            folder + "/solution.yaml", Array("uniqueName: Test\nversion: 1.0.0.0\nflows:\n\(files)\n".utf8))
        for (number, flow) in flows.enumerated() {
            try StateFiles.write(folder + "/f\(number).flow.yaml", Array(flow.utf8))
        }
        var settings = EnvironmentSettings(projectFolder: folder)
        settings.server = server
        try settings.makeStateFolder()
        var options = FlowEnvironment.Options(threads: 1, idleLimit: .zero, audit: audit)
        options.passwordCost = Scrypt.Cost(logCost: 14, blockSize: 8, parallelization: 1)
        environment = FlowEnvironment(
            settings, store: InMemoryFlowStore(), connectors: ConnectorRegistry([SmallService()]), clock: clock,
            options: options)
        router = EnvironmentRouter(environment: environment, counters: RequestCounters())
        try await environment.start()
        _ = try await environment.perform(EnvironmentRequest(.installSolution, ["path": .string(folder)]))
        _ = try await environment.perform(EnvironmentRequest(.activate, ["all": true]))
        var tokens: [Person: String] = [:]
        for person in Person.allCases where person != .nobody {
            let role: JSON = person == .admin ? "admin" : person == .maker ? "maker" : "user"
            _ = try await environment.perform(
                EnvironmentRequest(.addUser, ["upn": .string(person.upn), "role": role]))
            let made = try await environment.perform(
                EnvironmentRequest(.createToken, ["name": .string(person.rawValue), "as": .string(person.upn)]))
            tokens[person] = made["token"]?.stringValue
        }
        self.tokens = tokens
        for flow in ["Press", "Waiting"] where flows.contains(where: { $0.contains("name: \(flow)") }) {
            for (person, role) in [(Person.owner, "owner"), (.runner, "runOnly")] {
                _ = try await environment.perform(
                    EnvironmentRequest(
                        .addShare, ["flow": .string(flow), "upn": .string(person.upn), "role": .string(role)]))
            }
        }
        _ = try await environment.perform(
            EnvironmentRequest(
                .createConnection,
                [
                    "connector": "crm", "name": "crm-owner", "account": .string(Person.owner.upn),
                    "secrets": ["password": "s3cret"],
                ]))
    }

    func id(of flow: String) async throws -> String {
        try await environment.perform(EnvironmentRequest(.showFlow, ["flow": .string(flow)]))["id"]?.stringValue ?? ""
    }

    /// Starts a flow in a person's name and gives the run's name.
    @discardableResult
    func run(_ flow: String, as person: Person? = nil, wait: Bool = true) async throws -> String {
        let run = try await environment.perform(
            EnvironmentRequest(
                .startRun, ["flow": .string(flow), "wait": .bool(wait), "input": ["text": "x"]], as: person?.upn))
        return run["name"]?.stringValue ?? ""
    }

    /// Sends a request in a person's name.
    func send(
        _ method: String, _ path: String, as person: Person = .admin, body: JSON? = nil,
        headers: [(name: String, value: String)] = []
    ) async -> (status: Int, json: JSON, response: APIResponse) {
        var headers = headers
        if let token = tokens[person] { headers.append(("Authorization", "Bearer " + token)) }
        let response = await router.respond(
            to: APIRequest(method, path, headers: headers, body: body?.bytes ?? []))
        return (response.status, (try? JSON(parsing: response.body)) ?? .null, response)
    }

    /// The path of a route with the parameters filled in.
    static func path(_ route: Route, _ values: [String: String]) -> String {
        "/"
            + route.path.text.split(separator: "/").map { part in
                guard part.hasPrefix("{") else { return String(part) }
                return values[String(part.dropFirst().dropLast())] ?? "none"
            }.joined(separator: "/")
    }
}
