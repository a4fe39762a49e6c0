import FlowCore
import FlowTesting
import Foundation
import Testing

/// A folder that goes away with its last user, and every runtime and sandbox in it with the folder.
final class ScratchFolder: Sendable {
    let path: String

    /// - Parameter folder: where it is made; nil takes the machine's folder for such.
    /// - Throws: where it cannot be made.
    init(in folder: String? = nil) throws {
        let place = folder.map { URL(fileURLWithPath: $0) } ?? FileManager.default.temporaryDirectory
        path = place.appendingPathComponent("flowrun-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        endProcesses()
        try? FileManager.default.removeItem(atPath: path)
    }

    func write(_ name: String, _ text: String) throws {
        let url = URL(fileURLWithPath: path + "/" + name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: path + "/" + name)), as: UTF8.self)
    }

    /// Ends the processes that wrote their number into the state folders here, whatever became of their test.
    private func endProcesses() {
        let files = FileManager.default
        for folder in [path] + ((try? files.contentsOfDirectory(atPath: path)) ?? []).map({ path + "/" + $0 }) {
            let state = folder + "/.flowrun"
            for name in (try? files.contentsOfDirectory(atPath: state)) ?? [] {
                Self.endProcess(of: "\(state)/\(name)/owner.lock")
                Self.endProcess(of: "\(state)/\(name)/sandbox.json")
            }
        }
    }

    private static func endProcess(of record: String) {
        guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: record)),
            let pid = (try? JSON(parsing: [UInt8](bytes)))?["pid"]?.integerValue,
            // The number may by now be another program's.
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")) == BuiltBinary.path
        else { return }
        kill(pid_t(pid), SIGKILL)
    }
}

// MARK: A project in the folder

extension ScratchFolder {
    /// Runs `flowrun` here.
    /// - Parameters:
    ///   - arguments: the command.
    ///   - exit: the exit code that it must end with.
    ///   - input: what stands on stdin.
    ///   - environment: further variables.
    /// - Returns: what it did.
    /// - Throws: where it ended with another exit code.
    @discardableResult
    func flowrun(
        _ arguments: String..., exit: Int32 = 0, input: String? = nil, environment: [String: String] = [:]
    ) async throws -> BuiltBinary.Outcome {
        let outcome = try await BuiltBinary.run(arguments, in: path, input: input, environment: environment)
        guard outcome.exitCode == exit else {
            throw BuiltBinary.Unexpected(
                description: "exit code \(outcome.exitCode) instead of \(exit): flowrun "
                    + arguments.joined(separator: " ") + "\n\(outcome.output)\(outcome.messages)")
        }
        return outcome
    }

    /// The result of a command as JSON.
    func json(_ arguments: String..., exit: Int32 = 0) async throws -> JSON {
        let outcome = try await BuiltBinary.run(arguments + ["--json"], in: path)
        guard outcome.exitCode == exit else {
            throw BuiltBinary.Unexpected(
                description: "exit code \(outcome.exitCode) instead of \(exit): flowrun "
                    + arguments.joined(separator: " ") + "\n\(outcome.output)\(outcome.messages)")
        }
        return try outcome.json
    }

    /// What a refused command could have changed: flows, connections, bindings, variables, runs.
    func state() async throws -> [JSON] {
        [
            try await json("flow", "list"), try await json("connection", "list"), try await json("bind-connection"),
            try await json("variable", "list"), try await json("runs", "list"),
        ]
    }

    /// Starts a sandbox on free ports.
    /// - Returns: its description.
    @discardableResult
    func sandbox() async throws -> JSON { try await json("sandbox", "start", "--port", "0", "--detach") }

    /// A sandbox, and a project with the Dynamics 365 solution, its connections made and bound, its flows off.
    func dynamicsSolution() async throws {
        try await sandbox()
        try await flowrun("init", "--sandbox")
        try await flowrun("solution", "install", BuiltBinary.checkout + "/flows/partner-center-dynamics365")
        for connector in ["partnercenterref", "partnercenterevents"] {
            try await flowrun("connection", "create", connector, "--account", "referrals.admin@adatum.example")
        }
        try await flowrun("connection", "create", "commondataserviceforapps", "--account", "crm.admin@adatum.example")
        try await flowrun("bind-connection", "--all")
    }

    /// Runs the registration flow: all referral events go to the flow's address.
    func registerWebhook(of flow: String) async throws {
        let url = try await flowrun("flow", "url", flow).output
        let registration: JSON = [
            "Http Trigger Endpoint": .string(url.trimmingCharacters(in: .whitespacesAndNewlines)),
            "Events to Register": [
                "referral-created", "referral-updated", "related-referral-created", "related-referral-updated",
            ],
            "Overwrite existing trigger endpoints if present?": "Yes",
        ]
        try await flowrun("run", "Partner Center Webhook Registration", "--input", "-", input: registration.text)
    }

    /// Makes a project with one solution.
    /// - Parameters:
    ///   - flows: flow files by name.
    ///   - references: connectors by connection reference.
    ///   - usesSandbox: whether its services are the sandbox's.
    /// - Throws: where the project cannot be made.
    func project(
        _ flows: KeyValuePairs<String, String>, references: KeyValuePairs<String, String> = [:],
        usesSandbox: Bool = false
    ) async throws {
        var solution = "uniqueName: S\ndisplayName: S\nversion: 1.0.0.0\n"
        if !references.isEmpty { solution += "connectionReferences:\n" }
        for (name, connector) in references {
            solution += "  \(name): { connector: \(connector), displayName: \(name) }\n"
        }
        solution += "flows:\n"
        for (name, text) in flows {
            try write("s/\(name).flow.yaml", text)
            solution += "  - { file: \(name).flow.yaml }\n"
        }
        try write("s/solution.yaml", solution)
        if usesSandbox { try await flowrun("init", "--sandbox") } else { try await flowrun("init") }
        try await flowrun("solution", "install", "s")
    }

    /// Starts `flowrun serve` on a free port and waits until it answers.
    func serve(_ arguments: String..., environment: [String: String] = [:]) async throws -> SpawnedProcess {
        try write("serve.log", "")
        let running = try SpawnedProcess(
            BuiltBinary.path, ["serve", "--listen", "127.0.0.1:0"] + arguments, in: path,
            environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
            errors: .file(path + "/serve.log"))
        try await until("serve answers") {
            try self.read("serve.log").contains("serving '")
                && FileManager.default.fileExists(atPath: self.path + "/.flowrun/default/flowrun.sock")
        }
        return running
    }
}

extension ScratchFolder {
    /// What the `serve` started last answers at `/readyz`, head and body.
    func readyz() async throws -> String {
        let log = try read("serve.log")
        let address = try #require(log.firstRange(of: "http://127.0.0.1:"))
        let port = log[address.upperBound...].prefix { $0.isNumber }
        return try await BuiltBinary.script(
            "exec 3<>/dev/tcp/127.0.0.1/\(port); "
                + #"printf 'GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3; cat <&3"#,
            in: path
        ).output
    }
}

extension SpawnedProcess {
    /// Asks the process to end and waits for it.
    /// - Returns: its exit code.
    func end(_ number: Int32 = SIGTERM) async -> Int32 {
        signal(number)
        return await waitForEnd()
    }
}

/// Waits until something holds.
/// - Throws: what it waited for, when it does not hold after 20 seconds.
func until(_ what: String, _ holds: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(20)
    while try await !holds() {
        guard ContinuousClock.now < deadline else {
            throw BuiltBinary.Unexpected(description: "waited 20 s in vain: \(what)")
        }
        try await Task.sleep(for: .milliseconds(50))
    }
}
