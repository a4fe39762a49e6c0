import FlowCore
import FlowHTTP
import FlowRuntime
import FlowStorage
import FlowStoreSQLite
import FlowTesting
import Foundation

/// A project whose `flowrun serve` is loaded, killed and started again.
final class ServedProject: Sendable {
    let folder: BenchFolder
    let flowrun: String
    let port: Int
    let settings: EnvironmentSettings
    private let transport = CurlTransport(
        CurlTransport.Configuration(addressPolicy: AddressPolicy(allowedHosts: ["127.0.0.1"])))

    /// Makes the project, installs its flows and turns them on.
    /// - Parameters:
    ///   - flows: flow files by name.
    ///   - durability: `full` or `process`.
    ///   - service: where the flows call, if they do.
    ///   - flowrun: the binary.
    /// - Throws: where the project cannot be made.
    init(
        _ flows: KeyValuePairs<String, String>, durability: String, service: CountingService? = nil, flowrun: String
    ) async throws {
        folder = try BenchFolder()
        self.flowrun = flowrun
        port = try LoopbackSocket.freePort()
        let project = """
            environments:
              default:
                durability: \(durability)
                performanceProfile: unlimited
                allowedHosts: [\(service.map { "\"127.0.0.1:\($0.port)\"" } ?? "")]
                server: { listen: "127.0.0.1:\(port)" }

            """
        var solution = "uniqueName: Crashes\nversion: 1.0.0.0\nflows:\n"
        try StateFiles.write(folder.path + "/flowrun.yaml", Array(project.utf8))
        for (name, text) in flows {
            let text = text.replacing("SERVICE", with: "http://127.0.0.1:\(service?.port ?? 0)")
            try StateFiles.makeFolder(folder.path + "/s")
            try StateFiles.write(folder.path + "/s/\(name).flow.yaml", Array(text.utf8))
            solution += "  - { file: \(name).flow.yaml }\n"
        }
        try StateFiles.write(folder.path + "/s/solution.yaml", Array(solution.utf8))
        settings = try Project.find(from: folder.path).environment("default")
        _ = try command("solution", "install", "s")
        _ = try command("activate", "--all")
    }

    /// Runs a command and waits for its end.
    /// - Returns: what stands on its stdout.
    func command(_ arguments: String...) throws -> String {
        try FlowrunCommand.output(flowrun, arguments, in: folder.path)
    }

    /// Starts `flowrun serve`.
    func serve() throws -> ServeProcess { try ServeProcess(flowrun, in: folder.path) }

    /// Posts to a trigger.
    /// - Returns: the name of the run where it was accepted.
    func post(_ url: String, _ body: JSON) async -> String? {
        let request = HTTPRequest(
            "POST", url, headers: ["Content-Type": "application/json"], body: body.bytes, timeout: .seconds(10))
        guard let answer = try? await transport.send(request), answer.status == 202 else { return nil }
        return answer.headers["x-ms-workflow-run-id"]
    }

    /// Whether the server takes requests.
    func isReady() async -> Bool {
        let request = HTTPRequest("GET", "http://127.0.0.1:\(port)/readyz", timeout: .seconds(1))
        return (try? await transport.send(request))?.status == 200
    }

    /// Asks the process that serves.
    func ask(_ operation: EnvironmentRequest.Operation, _ arguments: JSONObject) async throws -> JSON {
        let transport = transport
        let client = OwnerClient(settings) { call throws(FlowError) in
            var request = HTTPRequest(
                "POST", "http://localhost" + call.path, headers: ["Content-Type": "application/json"], body: call.body,
                timeout: .seconds(60))
            request.unixSocketPath = call.socket
            do {
                return try await transport.send(request).body
            } catch {
                throw FlowError(.storeInUse, "The owner does not answer: \(error)")
            }
        }
        guard let answer = try await client.perform(EnvironmentRequest(operation, arguments)) else {
            throw FlowError(.storeInUse, "Nobody owns the environment.")
        }
        return answer
    }

    /// The store as the disk holds it, read beside its owner or without one.
    func store() throws -> SQLiteFlowStore {
        try SQLiteFlowStore(reading: settings.databaseFile, key: try settings.key(variable: nil))
    }
}

/// A `flowrun serve` that can be killed; it is, at the latest when nobody holds it any more.
final class ServeProcess {
    let started = ContinuousClock.now
    private let process: SpawnedProcess

    init(_ flowrun: String, in folder: String, _ arguments: [String] = ["serve"]) throws {
        process = try SpawnedProcess(flowrun, arguments, in: folder, errors: .file(folder + "/serve.log"))
    }

    /// How much of it is in memory.
    var residentMegabytes: Double { ProcessMemory.megabytes("VmRSS", of: String(process.id)) }

    /// Ends it as nothing else does, and waits until it is gone.
    func kill() {
        process.signal(SIGKILL)
        _ = process.blockUntilEnd()
    }
}
