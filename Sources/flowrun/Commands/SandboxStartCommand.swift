import ArgumentParser
import Dispatch
import FlowCore
import FlowSandbox
import Glibc
import Synchronization

/// `flowrun sandbox start`.
struct SandboxStartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Starts the sandbox.",
        discussion: """
            One port a service from --port on, in the order identity, partnercenterref, partnercenterevents, salesforce, \
            commondataserviceforapps, control. Where it is and what opens it stands in .flowrun/sandbox/sandbox.json.
            """)

    @OptionGroup var options: GlobalOptions

    @Option(help: "The first of six ports; 0 takes any free ones.")
    var port = 7_800

    @Option(help: "What a new sandbox holds: cosell.")
    var seed = "cosell"

    @Flag(help: "Starts it in the background and returns when it is ready.")
    var detach = false

    func validate() throws {
        guard (0...65_530).contains(port) else { throw ValidationError("--port must be from 0 to 65530.") }
        guard SandboxSeed(rawValue: seed) != nil else {
            let known = SandboxSeed.allCases.map(\.rawValue)
            let near = Suggestion.nearest(to: seed, among: known).map { " Did you mean '\($0)'?" } ?? ""
            throw ValidationError("There is no seed '\(seed)'.\(near)")
        }
    }

    func run() async throws {
        let folder = SandboxControl.folder(project: options.project)
        if detach {
            show(try await BackgroundSandbox(folder: folder, port: port, seed: seed).start())
            return
        }
        let server = SandboxServer(folder: folder, firstPort: port, seed: SandboxSeed(rawValue: seed) ?? .cosell)
        let ending = EndingSignal()
        let signals = [SIGINT, SIGTERM].map { number in
            // Dispatch sees the signal only where its own action is switched off.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                ending.note(number)
                server.stop()
            }
            source.resume()
            return source
        }
        defer { for source in signals { source.cancel() } }
        let command = self
        try await server.run { description in command.show(description) }
        if let number = ending.received { Glibc.exit(128 + number) }
    }

    private func show(_ description: SandboxDescription) {
        options.present(description.json) {
            var table = Table("SERVICE", "ADDRESS")
            for service in SandboxService.allCases { table.add(service.rawValue, description.url(of: service)) }
            table.add("control", description.controlURL)
            return table.text
        }
    }
}

/// The first signal that told the process to end.
private final class EndingSignal: Sendable {
    private let number = Mutex<Int32?>(nil)

    /// Its number, or nil where none came.
    var received: Int32? { number.withLock { $0 } }

    /// Remembers it.
    func note(_ signal: Int32) { number.withLock { $0 = $0 ?? signal } }
}

/// A sandbox in a process of its own, with its output in `sandbox.log`.
struct BackgroundSandbox {
    let folder: SandboxStateFolder
    let port: Int
    let seed: String

    /// Starts it and waits until it is ready.
    /// - Throws: `SandboxInUse`, `SandboxStartFailed`.
    func start() async throws -> SandboxDescription {
        try folder.create()
        guard !folder.isHeld else {
            let pid = folder.description().map { " (pid \($0.pid))" } ?? ""
            throw FlowError(
                .sandboxInUse, "A sandbox already runs in '\(folder.path)'\(pid).",
                hint: "stop it with: flowrun sandbox stop")
        }
        let log = folder.path + "/sandbox.log"
        let pid = try spawn(log: log)
        for _ in 0..<600 {
            if let description = folder.description(), description.pid == pid { return description }
            var status: Int32 = 0
            if waitpid(pid, &status, WNOHANG) == pid { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        let words = (try? TextFile.read(log)).map { String(decoding: $0.suffix(600), as: UTF8.self) } ?? ""
        throw FlowError(
            .sandboxStartFailed, "The sandbox did not become ready.", hint: "read \(log)",
            cause: FlowError.Cause(origin: "sandbox", message: words))
    }

    /// Starts this program again as the leader of a session of its own, so that it outlives the terminal.
    private func spawn(log: String) throws(FlowError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        // Whatever else the caller has open is its own: one that waits for the end of a pipe must not wait for the sandbox.
        for descriptor in (STDERR_FILENO + 1)..<4_096 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // POSIX_SPAWN_SETSID, a macro of glibc that Swift does not see.
        posix_spawnattr_setflags(&attributes, 0x80)
        // The folder ends in .flowrun/sandbox, so its project is two levels up.
        let project = String(folder.path.dropLast("/.flowrun/sandbox".count))
        let words = [
            "flowrun", "sandbox", "start", "--project", project.isEmpty ? "/" : project, "--port", String(port),
            "--seed",
            seed,
        ]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var pid: pid_t = 0
        let failure = posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, arguments, environ)
        guard failure == 0 else {
            throw FlowError(
                .sandboxStartFailed, "The sandbox's process cannot be started: \(String(cString: strerror(failure))).",
                hint: "start it without --detach")
        }
        return pid
    }
}
