import CGlibcSpawn
import Foundation
import Glibc
import Synchronization

/// A program that was started and that inherits nothing but its three streams.
///
/// Foundation's `Process` is told of an end by a socket that every other child started meanwhile inherits: a short command
/// is then waited for until a server started beside it ends. Here each process has a thread that waits for it.
public final class SpawnedProcess: Sendable {
    /// Where a stream of the process leads.
    public enum Stream: Sendable {
        /// Nowhere.
        case null
        /// To a file, which is read from its beginning, or written at its end and made where it is missing.
        case file(String)
        /// To an open descriptor, which stays open here.
        case descriptor(Int32)
    }

    /// The program could not be started.
    public struct Failure: Error, CustomStringConvertible {
        /// What the system says about it.
        public let description: String
    }

    /// Its number, which is its own until it has ended.
    public let id: Int32
    private let end: ProcessEnd

    /// Starts a program.
    /// - Parameters:
    ///   - program: its path.
    ///   - arguments: what follows its name.
    ///   - folder: where it works.
    ///   - environment: its variables, or nil for those of this process.
    ///   - input: where it reads.
    ///   - output: where it writes.
    ///   - errors: where it writes messages.
    /// - Throws: ``Failure``.
    public init(
        _ program: String, _ arguments: [String], in folder: String, environment: [String: String]? = nil,
        input: Stream = .null, output: Stream = .null, errors: Stream = .null
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, stream) in [(STDIN_FILENO, input), (STDOUT_FILENO, output), (STDERR_FILENO, errors)] {
            let mode = number == STDIN_FILENO ? O_RDONLY : O_WRONLY | O_CREAT | O_APPEND
            switch stream {
            case .null: posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0)
            case .file(let path): posix_spawn_file_actions_addopen(&actions, number, path, mode, 0o600)
            case .descriptor(let open): posix_spawn_file_actions_adddup2(&actions, open, number)
            }
        }
        posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1)
        posix_spawn_file_actions_addchdir_np(&actions, folder)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own, and signals as a shell hands them on.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        var variables = (environment ?? [:]).map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var id = pid_t()
        let failure =
            environment == nil
            ? posix_spawn(&id, program, &actions, &attributes, &words, environ)
            : posix_spawn(&id, program, &actions, &attributes, &words, &variables)
        guard failure == 0 else {
            throw Failure(description: "'\(program)' was not started: \(String(cString: strerror(failure)))")
        }
        self.id = id
        end = ProcessEnd(id)
        // A thread of its own: it is blocked as long as the process runs.
        let end = end
        let thread = Thread { end.wait() }
        thread.stackSize = 1 << 16
        thread.start()
    }

    /// It does not outlive whoever started it.
    deinit { signal(SIGKILL) }

    /// Whether it has not ended yet.
    public var isRunning: Bool { end.status == nil }

    /// Sends it a signal, unless it has ended.
    public func signal(_ number: Int32) { end.ifRunning { kill(id, number) } }

    /// Kills it with all that it has started and that is still of its group.
    public func killGroup() { end.ifRunning { kill(-id, SIGKILL) } }

    /// Waits until it has ended, without holding a thread.
    /// - Returns: its exit code, or 128 and the signal that ended it.
    public func waitForEnd() async -> Int32 { await end.value() }

    /// Blocks the thread until it has ended.
    /// - Returns: its exit code, or 128 and the signal that ended it.
    public func blockUntilEnd() -> Int32 {
        let done = DispatchSemaphore(value: 0)
        let status = Mutex<Int32>(0)
        end.whenEnded { code in
            status.withLock { $0 = code }
            done.signal()
        }
        done.wait()
        return status.withLock { $0 }
    }
}

/// The end of a process, for all who wait for it.
private final class ProcessEnd: Sendable {
    private struct State {
        var status: Int32?
        var waiting: [@Sendable (Int32) -> Void] = []
    }

    private let id: pid_t
    private let state = Mutex(State())

    init(_ id: pid_t) { self.id = id }

    var status: Int32? { state.withLock { $0.status } }

    /// Does something while the number is surely that of the process.
    func ifRunning(_ body: () -> Void) {
        state.withLock { state in
            if state.status == nil { body() }
        }
    }

    func whenEnded(_ body: @escaping @Sendable (Int32) -> Void) {
        let status = state.withLock { state -> Int32? in
            if state.status == nil { state.waiting.append(body) }
            return state.status
        }
        if let status { body(status) }
    }

    func value() async -> Int32 {
        await withCheckedContinuation { continuation in whenEnded { continuation.resume(returning: $0) } }
    }

    /// Blocks until the process has ended, and tells who waits.
    func wait() {
        var information = siginfo_t()
        // The number stays taken until the state says that the process has ended.
        while waitid(P_PID, id_t(id), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        let (status, waiting) = state.withLock { state in
            var code: Int32 = 0
            while waitpid(id, &code, 0) < 0, errno == EINTR {}
            let signal = code & 0x7f
            let status = signal == 0 ? (code >> 8) & 0xff : 128 + signal
            state.status = status
            defer { state.waiting = [] }
            return (status, state.waiting)
        }
        for body in waiting { body(status) }
    }
}
