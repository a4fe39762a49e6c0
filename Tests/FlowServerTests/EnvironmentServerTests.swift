import FlowCore
import FlowDefinitions
import FlowHTTP
import FlowRuntime
import FlowStorage
import FlowTesting
import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import FlowServer

@Suite struct EnvironmentServerTests {
    private static let flow = """
        name: Echo
        triggers:
          manual: { type: Request, kind: Http, inputs: { schema: { type: object } } }
        actions:
          Respond: { type: Response, kind: Http, inputs: { statusCode: 200, body: "@triggerBody()" } }
        """

    private func environment() async throws -> FlowEnvironment {
        let folder = "/tmp/flowrun-tests/\(UUIDText.random())"
        try StateFiles.makeFolder(folder)
        try StateFiles.write(
            folder + "/solution.yaml",
            Array("uniqueName: Test\nversion: 1.0.0.0\nflows:\n  - { file: echo.flow.yaml }\n".utf8))
        try StateFiles.write(folder + "/echo.flow.yaml", Array(Self.flow.utf8))
        let settings = EnvironmentSettings(projectFolder: folder)
        try settings.makeStateFolder()
        let environment = FlowEnvironment(
            settings, store: InMemoryFlowStore(), connectors: ConnectorRegistry([]),
            options: FlowEnvironment.Options(threads: 1))
        try await environment.start()
        _ = try await environment.perform(EnvironmentRequest(.installSolution, ["path": .string(folder)]))
        _ = try await environment.perform(EnvironmentRequest(.activate, ["all": true]))
        return environment
    }

    @Test func `the management API has the platform's paths and shapes`() async throws {
        let environment = try await environment()
        let router = EnvironmentRouter(environment: environment, counters: RequestCounters())
        func get(_ path: String, _ method: String = "GET", body: JSON? = nil) async -> (status: Int, json: JSON) {
            let response = await router.respond(
                to: APIRequest(
                    method, "/providers/Microsoft.ProcessSimple" + path, body: body?.bytes ?? [], isLocal: true))
            return (response.status, (try? JSON(parsing: response.body)) ?? .null)
        }
        let flows = await get("/environments/default/flows?api-version=2016-11-01")
        #expect(flows.status == 200)
        let flow = flows.json["value"]?[0]?["name"]?.stringValue ?? ""
        #expect(flows.json["value"]?[0]?["properties"]?["state"] == "Started")
        let one = await get("/environments/~default/flows/\(flow)")
        #expect(one.json["properties"]?["definition"]?["actions"]?["Respond"]?["type"] == "Response")
        #expect(await get("/environments/default/flows/nope").status == 404)
        #expect(await get("/environments/default/flows/\(flow)/stop", "POST").status == 200)
        #expect(await get("/environments/default/flows/\(flow)/start", "POST").status == 200)
        let url = await get("/environments/default/flows/\(flow)/triggers/manual/listCallbackUrl", "POST")
        #expect(url.json["response"]?["value"]?.stringValue?.contains("/triggers/manual/paths/invoke?") == true)
        let run = await get("/environments/default/flows/\(flow)/triggers/manual/run", "POST", body: ["a": 1])
        #expect(run.status == 202)
        let name = run.json["name"]?.stringValue ?? ""
        _ = try await environment.perform(EnvironmentRequest(.watchRun, ["run": .string(name)]))
        let runs = await get("/environments/default/flows/\(flow)/runs?$top=5&$filter=status%20eq%20'Succeeded'")
        #expect(runs.json["value"]?.arrayValue?.count == 1, "\(runs.json)")
        let page = await get("/environments/default/flows/\(flow)/runs/\(name)?$expand=properties/actions")
        // Nobody waits for the Response of a run that the API started.
        #expect(page.json["properties"]?["actions"]?["Respond"]?["status"] == "Skipped", "\(page.json)")
        let histories = await get("/environments/default/flows/\(flow)/triggers/manual/histories")
        #expect(histories.json["value"]?[0]?["properties"]?["fired"] == true)
        let again = await get(
            "/environments/default/flows/\(flow)/triggers/manual/histories/\(name)/resubmit", "POST")
        #expect(again.status == 202)
        #expect(await get("/environments/default/flows/\(flow)/runs/\(name)/cancel", "POST").status == 409)
        await environment.shutdown()
    }

    @Test func `over TCP the management API asks for a token, and operations are not there`() async throws {
        let environment = try await environment()
        let router = EnvironmentRouter(environment: environment, counters: RequestCounters())
        let path = "/providers/Microsoft.ProcessSimple/environments"
        #expect(await router.respond(to: APIRequest("GET", path)).status == 401)
        let token = try await environment.perform(EnvironmentRequest(.createToken, ["name": "t", "expires": "1h"]))
        let header = (name: "Authorization", value: "Bearer \(token["token"]?.stringValue ?? "")")
        #expect(await router.respond(to: APIRequest("GET", path, headers: [header])).status == 200)
        #expect(await router.respond(to: APIRequest("POST", "/operations/flow.list")).status == 404)
        #expect(await router.respond(to: APIRequest("POST", "/operations/flow.list", isLocal: true)).status == 200)
        #expect(
            AllowedHosts(listen: ListenAddress(host: "127.0.0.1", port: 1), publicURL: nil).allow("evil.example")
                == false)
        #expect(AllowedHosts(listen: ListenAddress(host: "127.0.0.1", port: 1), publicURL: nil).allow("127.0.0.1:1"))
        await environment.shutdown()
    }

    @Test func `it listens on TCP and on the owner's socket, and ends gracefully`() async throws {
        let environment = try await environment()
        let base = Mutex<String?>(nil)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = EnvironmentServer(
            environment, listen: ListenAddress(host: "127.0.0.1", port: 0), socket: environment.settings.socketFile,
            logger: logger
        ) { address in base.withLock { $0 = address } }
        let group = ServiceGroup(services: [server], logger: logger)
        let running = Task { try await group.run() }
        while base.withLock({ $0 }) == nil { try await Task.sleep(for: .milliseconds(2)) }
        let transport = CurlTransport(CurlTransport.Configuration(addressPolicy: .local))
        let url =
            try await environment.perform(EnvironmentRequest(.flowURL, ["flow": "Echo"]))["url"]?.stringValue ?? ""
        #expect(url.hasPrefix(base.withLock { $0 } ?? "?"))
        let answer = try await transport.send(
            HTTPRequest("POST", url, headers: ["Content-Type": "application/json"], body: Array(#"{"x":1}"#.utf8)))
        #expect(answer.status == 200)
        #expect(String(decoding: answer.body, as: UTF8.self) == #"{"x":1}"#)
        let client = OwnerClient(environment.settings) { (call) async throws(FlowError) in
            var request = HTTPRequest(
                "POST", "http://localhost" + call.path, headers: ["Content-Type": "application/json"], body: call.body)
            request.unixSocketPath = call.socket
            do { return try await transport.send(request).body } catch { return nil }
        }
        while try await client.perform(EnvironmentRequest(.status)) == nil {
            try await Task.sleep(for: .milliseconds(2))
        }
        let flows = try await client.perform(EnvironmentRequest(.listFlows))
        #expect(flows?.arrayValue?.map { $0["name"] ?? .null } == ["Echo"])
        await #expect(throws: FlowError.self) {
            _ = try await client.perform(EnvironmentRequest(.showFlow, ["flow": "nope"]))
        }
        let ready = try await transport.send(HTTPRequest("GET", (base.withLock { $0 } ?? "") + "/readyz"))
        #expect(ready.status == 200)
        let metrics = try await transport.send(HTTPRequest("GET", (base.withLock { $0 } ?? "") + "/metrics"))
        #expect(String(decoding: metrics.body, as: UTF8.self).contains("flowrun_runs_started_total 1"))
        await group.triggerGracefulShutdown()
        try await running.value
        #expect(!StateFiles.exists(environment.settings.socketFile))
        await environment.shutdown()
    }
}
