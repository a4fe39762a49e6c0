import FlowCore
import FlowDefinitions
import FlowEngine
import FlowRuntime
import FlowStorage
import FlowTesting
import Synchronization
import Testing

/// Secrets work inside a run and stand in nothing that is read of it.
@Suite struct SecrecyTests {
    /// Stands in every secret of these tests and nowhere else.
    private static let mark = "5ecret"

    /// A service whose answers are secret, and which fails when it is told to.
    private final class VaultService: Connector {
        let name = "crm"
        let displayName = "CRM"
        let connectionParameters = [ConnectionParameter("password", secret: true, summary: "The password.")]
        let triggers: [ConnectorTrigger] = []
        let operations = [("Get", ReplayRule.read), ("Send", .idempotent), ("Break", .idempotent)].map {
            ConnectorOperation(
                id: $0.0, summary: $0.0, parameters: [OperationParameter("item", .object)], replay: $0.1)
        }
        let sent = Mutex<[JSON]>([])

        func signIn(_ session: ConnectionSession) async throws(FlowError) {}

        func perform(_ call: OperationCall, in session: ConnectionSession) async throws(FlowError) -> OperationAnswer {
            sent.withLock { $0.append(call.parameters["item"] ?? .null) }
            switch call.operationID {
            case "Get":
                return OperationAnswer(
                    statusCode: 200, headers: ["X-Key": "header-5ecret"], body: ["key": "answer-5ecret"])
            case "Send": return OperationAnswer(statusCode: 200, body: ["taken": true])
            default:
                let item = call.parameters["item"]?.text ?? ""
                throw FlowError(FlowError.Code("Broken"), "The value \(item) is refused.")
            }
        }

        func lookUp(
            _ call: OperationCall, intendedAt: Timestamp, in session: ConnectionSession
        ) async throws(FlowError) -> OperationAnswer? { nil }

        func poll(_ poll: TriggerPoll, in session: ConnectionSession) async throws(FlowError) -> TriggerPollAnswer {
            throw FlowError(.operationNotFound, "There are no triggers here.")
        }
    }

    private static let secretive = """
        name: Secretive
        connectionReferences:
          crm: { connector: crm, connectionReferenceLogicalName: tst_crm }
        parameters:
          Key: { type: SecureString, defaultValue: parameter-5ecret }
          Keys: { type: secureobject, defaultValue: { a: object-5ecret } }
          Hidden (tst_hidden): { type: String, metadata: { schemaName: tst_hidden } }
        triggers:
          manual:
            type: Request
            kind: Button
            inputs: { schema: { type: object, properties: { text: { type: string, title: Word } }, required: [text] } }
            runtimeConfiguration: { secureData: { properties: [inputs, outputs] } }
        actions:
          Read:
            type: OpenApiConnection
            inputs:
              host: { apiId: /providers/Microsoft.PowerApps/apis/shared_crm, connectionName: crm, operationId: Get }
              parameters: { item: { plain: yes } }
            runtimeConfiguration: { secureData: { properties: [outputs] } }
          Taken: { type: Compose, runAfter: { Read: [Succeeded] }, inputs: "@body('Read')?['key']" }
          Header: { type: Compose, runAfter: { Taken: [Succeeded] }, inputs: "@{outputs('Read')['headers']['X-Key']}" }
          Remember:
            type: InitializeVariable
            runAfter: { Header: [Succeeded] }
            inputs: { variables: [{ name: Kept, type: String, value: "@outputs('Taken')" }] }
          Each:
            type: Foreach
            runAfter: { Remember: [Succeeded] }
            foreach: "@createArray(variables('Kept'), parameters('Keys')['a'])"
            actions:
              Item: { type: Compose, inputs: { of: "@items('Each')" } }
              Choice:
                type: If
                runAfter: { Item: [Succeeded] }
                expression: "@contains(item(), 'object')"
                actions: { Inner: { type: Compose, inputs: "@concat(item(), '!')" } }
          Picked:
            type: Select
            runAfter: { Each: [Succeeded] }
            inputs: { from: "@createArray(parameters('Key'))", select: { k: "@item()" } }
          Switched:
            type: Switch
            runAfter: { Picked: [Succeeded] }
            expression: "@parameters('Hidden (tst_hidden)')"
            cases: {}
            default: { actions: { Spoken: { type: Compose, inputs: "@concat(triggerBody()['text'], '!')" } } }
          Result: { type: Compose, runAfter: { Switched: [Succeeded] }, inputs: "@result('Each')" }
          Send:
            type: OpenApiConnection
            runAfter: { Result: [Succeeded] }
            inputs:
              host: { apiId: /providers/Microsoft.PowerApps/apis/shared_crm, connectionName: crm, operationId: Send }
              parameters:
                item:
                  key: "@parameters('key')"
                  hidden: "@parameters('Hidden (tst_hidden)')"
                  word: "@{triggerBody()?['text']}"
                  each: "@variables('Kept')"
          Wrong: { type: Compose, runAfter: { Send: [Succeeded] }, inputs: "@int(parameters('Key'))" }
          Break:
            type: OpenApiConnection
            runAfter: { Wrong: [Failed] }
            inputs:
              host: { apiId: /providers/Microsoft.PowerApps/apis/shared_crm, connectionName: crm, operationId: Break }
              parameters: { item: "@body('Read')" }
              retryPolicy: { type: none }
          Open: { type: Compose, runAfter: { Break: [Failed] }, inputs: "@actions('Read')['status']" }
          Tracked:
            type: Compose
            runAfter: { Open: [Succeeded] }
            inputs: open
            trackedProperties: { k: "@parameters('Key')" }
          Stop:
            type: Terminate
            runAfter: { Tracked: [Succeeded] }
            inputs: { runStatus: Failed, runError: { code: "@parameters('Key')", message: "It was @{outputs('Taken')}." } }
        outputs:
          key: { type: SecureString, value: "@parameters('Key')" }
        """

    private static let variables = """
        environmentVariables:
          tst_hidden: { type: Secret, displayName: Hidden }
        businessKeys: { word: "@triggerBody()?['text']" }
        """

    /// The part of a text where a secret stands; nil where it does not.
    private static func around(_ secret: String, in text: String) -> String? {
        guard let found = text.firstRange(of: secret[...]) else { return nil }
        return String(text[..<found.upperBound].suffix(400)) + String(text[found.upperBound...].prefix(100))
    }

    private struct Readings {
        let environment: FlowEnvironment
        let store: any FlowStore

        /// Everything that can be read of the environment's runs, as text.
        func all(_ run: String) async throws -> [String] {
            var texts: [String] = []
            let name: JSONObject = ["run": .string(run)]
            let requests: [(EnvironmentRequest.Operation, JSONObject)] = [
                (.showRun, name), (.watchRun, name), (.runContext, name), (.listRuns, [:]), (.triggerHistory, [:]),
                (.trace, ["key": "word"]),
                (.listFlows, [:]), (.listVariables, [:]), (.listConnections, [:]), (.limits, [:]),
            ]
            for (operation, arguments) in requests {
                texts.append(try await environment.perform(EnvironmentRequest(operation, arguments)).text)
            }
            texts.append(JSON.array(try await store.journal(of: run, after: 0, sealed: .hidden)).text)
            for effect in try await store.effects(of: run) { texts.append("\(effect)") }
            texts.append("\(try await store.run(run) as Any)")
            texts.append("\(try await store.triggerHistory(TriggerHistoryFilter()))")
            return texts
        }
    }

    private static func install(_ world: TestWorld, _ environment: FlowEnvironment, hidden: Bool = true) async throws {
        _ = try await environment.perform(EnvironmentRequest(.installSolution, ["path": .string(world.folder)]))
        _ = try await environment.perform(
            EnvironmentRequest(
                .createConnection,
                ["connector": "crm", "account": "ana@adatum.example", "secrets": ["password": "password-5ecret"]]))
        _ = try await environment.perform(EnvironmentRequest(.bind, ["all": true]))
        if hidden {
            _ = try await environment.perform(
                EnvironmentRequest(.setVariable, ["name": "tst_hidden", "value": "variable-5ecret"]))
        }
        let result = try await environment.perform(EnvironmentRequest(.activate, ["all": true]))
        #expect(result["problems"] == [], "\(result)")
    }

    private static func environment(
        _ world: TestWorld, _ service: VaultService, listening: Bool = false
    ) async throws -> FlowEnvironment {
        let environment = FlowEnvironment(
            world.settings, store: world.store, connectors: ConnectorRegistry([service]), clock: world.clock,
            options: FlowEnvironment.Options(threads: 1, idleLimit: .zero))
        try await environment.start(listening: listening)
        return environment
    }

    @Test func `secrets reach the service and stand in no reading, not even after a resubmit`() async throws {
        let world = try TestWorld([("secretive.flow.yaml", Self.secretive)], solution: Self.variables)
        let service = VaultService()
        let environment = try await Self.environment(world, service)
        try await Self.install(world, environment)
        let first = try await environment.perform(
            EnvironmentRequest(.startRun, ["flow": "Secretive", "input": ["Word": "word-5ecret"]]))
        let name = first["name"]?.stringValue ?? ""
        let again = try await environment.perform(EnvironmentRequest(.resubmitRun, ["run": .string(name)]))
        // Again from the beginning, what was sent being sent already: what is kept of it is sealed as it was.
        let repaired =
            try await environment.perform(
                EnvironmentRequest(.repairRun, ["runs": [.string(name)], "from": "Read"]))["runs"] ?? .null
        #expect(repaired[0]?["reused"]?[0]?["path"] == "actions/Send", "\(repaired)")
        let readings = Readings(environment: environment, store: world.store)
        for run in [first, again, repaired[0] ?? .null] {
            #expect(run["status"] == "Failed")
            #expect(run["error"] == ["code": "Terminated", "message": "*sanitized*"])
            for text in try await readings.all(run["name"]?.stringValue ?? "") + [run.text] {
                #expect(Self.around(Self.mark, in: text) == nil)
            }
        }
        // An action is called 'Word', so it is the values that must not be found.
        for word in [Self.mark, "answer", "parameter-5*", "variable-5*", "word-5*", "object-5*"] {
            let found = try await environment.perform(EnvironmentRequest(.listRuns, ["text": .string(word)]))
            #expect(found == [], "\(word)")
        }
        let item: JSON = [
            "key": "parameter-5ecret", "hidden": "variable-5ecret", "word": "word-5ecret", "each": "answer-5ecret",
        ]
        #expect(service.sent.withLock { $0.filter { $0 == item }.count } == 2)
        try await Self.expectRecord(of: name, environment)
        await environment.shutdown()
    }

    /// What is no secret stays readable.
    private static func expectRecord(of run: String, _ environment: FlowEnvironment) async throws {
        let page = try await environment.perform(EnvironmentRequest(.showRun, ["run": .string(run)]))
        let actions = Dictionary(
            (page["actions"]?.arrayValue ?? []).map { ($0["name"]?.stringValue ?? "", $0) }, uniquingKeysWith: { $1 })
        #expect(actions["Read"]?["inputs"]?["parameters"] == ["item": ["plain": "yes"]])
        #expect(actions["Read"]?["secureData"] == ["properties": ["outputs"]])
        #expect(actions["Taken"]?["secureData"] == ["properties": ["inputs", "outputs"]])
        #expect(actions["Open"]?["outputs"] == "Succeeded")
        #expect(actions["Wrong"]?["error"] == ["code": "InvalidTemplate", "message": "*sanitized*"])
        #expect(actions["Break"]?["error"] == ["code": "Broken", "message": "*sanitized*"])
        #expect(actions["Send"]?["code"] == "OK")
        #expect(actions["Send"]?["outputs"]?["statusCode"] == 200)
        #expect(actions["Each"]?["iterationCount"] == 2)
        #expect(actions["Inner"]?["repetitions"]?.arrayValue?.map { $0["status"] } == ["Skipped", "Succeeded"])
    }

    @Test func `what a child is given from a secret is as secret there`() async throws {
        let parent = """
            name: Parent
            parameters: { Key: { type: SecureString, defaultValue: parameter-5ecret } }
            triggers: { manual: { type: Request, kind: Button } }
            actions:
              Call:
                type: Workflow
                inputs: { host: { workflowReferenceName: Child }, body: { text: "@parameters('Key')" } }
            """
        let child = """
            name: Child
            triggers:
              manual: { type: Request, kind: Button, inputs: { schema: { type: object, properties: { text: { type: string, title: Word } } } } }
            actions:
              Shout: { type: Compose, inputs: "@concat(triggerBody()?['text'], '!')" }
              Respond:
                type: Response
                kind: PowerApp
                runAfter: { Shout: [Succeeded] }
                inputs: { statusCode: 200, body: { length: "@length(outputs('Shout'))" } }
            """
        let world = try TestWorld([("child.flow.yaml", child), ("parent.flow.yaml", parent)], solution: Self.variables)
        let environment = try await Self.environment(world, VaultService())
        try await Self.install(world, environment)
        let run = try await environment.perform(EnvironmentRequest(.startRun, ["flow": "Parent"]))
        #expect(run["status"] == "Succeeded")
        let runs = try await world.store.runs(RunFilter())
        #expect(runs.count == 2)
        let readings = Readings(environment: environment, store: world.store)
        for run in runs {
            for text in try await readings.all(run.name) { #expect(Self.around(Self.mark, in: text) == nil) }
        }
        // Nobody else's call of the child is secret.
        let own = try await environment.perform(
            EnvironmentRequest(.startRun, ["flow": "Child", "input": ["Word": "open"]]))
        let page = try await environment.perform(EnvironmentRequest(.showRun, ["run": own["name"] ?? .null]))
        #expect(page["actions"]?.arrayValue?.first?["outputs"] == "open!")
        await environment.shutdown()
    }

    @Test func `signatures of URLs are masked where they are read and whole where they are used`() async throws {
        let echo = """
            name: Echo
            triggers: { manual: { type: Request, kind: Http } }
            actions:
              Keep: { type: Compose, inputs: "@triggerBody()" }
              Respond:
                type: Response
                kind: Http
                runAfter: { Keep: [Succeeded] }
                inputs: { statusCode: 200, body: "@outputs('Keep')['url']" }
              Stop:
                type: Terminate
                runAfter: { Respond: [Succeeded] }
                inputs: { runStatus: Failed, runError: { code: No, message: "No @{triggerBody()['url']}" } }
            outputs:
              url: { type: String, value: "@outputs('Keep')['url']" }
            """
        let solution = "businessKeys: { url: \"@triggerBody()?['url']\" }"
        let world = try TestWorld([("echo.flow.yaml", echo)], solution: solution)
        let environment = try await Self.environment(world, VaultService(), listening: true)
        try await Self.install(world, environment, hidden: false)
        let url =
            try await environment.perform(EnvironmentRequest(.flowURL, ["flow": "Echo"]))["url"]?.stringValue ?? ""
        let signature = url.split(separator: "sig=").last.map(String.init) ?? ""
        #expect(signature.count == 43)
        let call = TriggerCall(
            workflow: String(url.split(separator: "/")[3]), trigger: "manual", query: [("sig", signature)],
            headers: [
                ("Content-Type", "application/json"), ("Authorization", "Bearer \(Self.mark)"), ("Referer", url),
            ], body: JSON.object(["url": .string(url)]).bytes)
        let reply = await environment.invoke(call)
        #expect(reply.body == .string(url))
        let run = reply.headers["x-ms-workflow-run-id"]?.stringValue ?? ""
        _ = try await environment.perform(EnvironmentRequest(.watchRun, ["run": .string(run)]))
        var texts: [String] = []
        let name: JSONObject = ["run": .string(run)]
        let requests: [(EnvironmentRequest.Operation, JSONObject)] = [
            (.showRun, name), (.watchRun, name), (.listRuns, [:]), (.triggerHistory, [:]),
            (.trace, ["key": .string(SecretMask.masking(url))]), (.showFlow, ["flow": "Echo"]),
        ]
        for (operation, arguments) in requests {
            texts.append(try await environment.perform(EnvironmentRequest(operation, arguments)).text)
        }
        let stored = try await world.store.run(run)
        texts.append("\(stored as Any)")
        for text in texts {
            #expect(Self.around(signature, in: text) == nil)
            #expect(Self.around(Self.mark, in: text) == nil)
        }
        #expect(texts[0].contains("sig=***"))
        #expect(stored?.errorMessage?.hasSuffix("sig=***") == true)
        #expect(stored?.keys.first?.value.hasSuffix("sig=***") == true)
        #expect(texts[4].contains(run))
        for filter in [("text", signature), ("error", signature), ("key", url)] {
            let found = try await environment.perform(EnvironmentRequest(.listRuns, [filter.0: .string(filter.1)]))
            #expect(found == [], "\(filter.0)")
        }
        let journal = JSON.array(try await world.store.journal(of: run)).text
        #expect(journal.contains(signature))
        #expect(!journal.contains(Self.mark))
        let missing = await environment.reply(
            to: EnvironmentRequest(.showFlow, ["flow": .string("x?sig=\(signature)")]))
        #expect(!missing.json.text.contains(signature))
        await environment.shutdown()
    }
}
