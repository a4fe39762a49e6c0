import FlowCore
import FlowTesting
import Foundation
import Synchronization

/// The built `flowrun`, run as a user runs it.
enum BuiltBinary {
    /// What a command did.
    struct Outcome: Sendable {
        let exitCode: Int32
        let output: String
        let messages: String

        /// The output as JSON.
        var json: JSON { get throws { try JSON(parsing: output) } }
    }

    /// A command that ended with another exit code than it should, or not at all.
    struct Unexpected: Error, CustomStringConvertible {
        let description: String
    }

    /// The binary, beside the test executable.
    static let path: String = {
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let built = tests.deletingLastPathComponent().appendingPathComponent("flowrun").path
        // Where a runner of the toolchain loads the tests, its own folder says nothing.
        return FileManager.default.fileExists(atPath: built) ? built : checkout + "/.build/debug/flowrun"
    }()

    /// The root of the checkout.
    static let checkout: String = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// Few at a time: what is measured in seconds must not wait for a machine full of processes.
    private static let places = Places(3)

    /// Runs a command and waits for its end.
    static func run(
        _ arguments: [String], in folder: String = checkout, input: String? = nil, environment: [String: String] = [:]
    ) async throws -> Outcome {
        try await launch(path, arguments, in: folder, input: input, environment: environment)
    }

    /// Runs a shell script in which `$flowrun` is the binary and `$CLONE` the checkout.
    static func script(
        _ text: String, in folder: String, environment: [String: String] = [:], limit: Duration = .seconds(60)
    ) async throws -> Outcome {
        try await launch(
            "/bin/bash", ["-c", text], in: folder,
            environment: environment.merging(["flowrun": path, "CLONE": checkout]) { own, _ in own }, limit: limit)
    }

    private static func launch(
        _ executable: String, _ arguments: [String], in folder: String, input: String? = nil,
        environment: [String: String], limit: Duration = .seconds(60)
    ) async throws -> Outcome {
        await places.take()
        defer { places.leave() }
        let scratch = try ScratchFolder()
        if let input { try scratch.write("stdin", input) }
        // Files rather than pipes: a detached child that keeps a pipe open would be waited for.
        let process = try SpawnedProcess(
            executable, arguments, in: folder, environment: variables(environment),
            input: input == nil ? .null : .file(scratch.path + "/stdin"), output: .file(scratch.path + "/stdout"),
            errors: .file(scratch.path + "/stderr"))
        let watchdog = Task {
            try await Task.sleep(for: limit)
            process.killGroup()
            return true
        }
        let exitCode = await process.waitForEnd()
        watchdog.cancel()
        let isInTime = (try? await watchdog.value) == nil
        let outcome = Outcome(
            exitCode: exitCode, output: try scratch.read("stdout"),
            messages: try scratch.read("stderr"))
        guard isInTime else {
            let words = arguments.joined(separator: " ")
            throw Unexpected(description: "no end after \(limit): \(words)\n\(outcome.output)\(outcome.messages)")
        }
        return outcome
    }

    private static func variables(_ own: [String: String]) -> [String: String] {
        // A key or password of whoever runs the tests is none of theirs.
        let inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("FLOWRUN_") }
        return inherited.merging(own) { _, new in new }.merging(["NO_COLOR": "1"]) { _, new in new }
    }
}

/// A number of places that are taken and left.
private final class Places: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(free: count)) }

    func take() async {
        await withCheckedContinuation { continuation in
            let isTaken = state.withLock { state -> Bool in
                guard state.free > 0 else {
                    state.waiting.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if isTaken { continuation.resume() }
        }
    }

    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
