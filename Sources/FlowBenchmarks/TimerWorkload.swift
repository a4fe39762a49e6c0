import FlowCore
import FlowDefinitions
import FlowRuntime
import FlowStorage
import FlowStoreSQLite
import FlowTesting
import Foundation

/// How an environment starts in which a million runs wait on timers.
enum TimerWorkload {
    private static let count = 1_000_000
    private static let share = 10_000

    static func run(_ gauges: Gauges) async throws -> [Measurement] {
        let folder = try BenchFolder()
        try await fill(folder)
        // Another process, which has done nothing else: its memory is that of the start. The second one finds the file's
        // pages in the kernel's memory, as after a restart of the process.
        _ = try ChildProcess.run(["--start", folder.path])
        let clock = ContinuousClock()
        let begin = clock.now
        let answer = try JSON(parsing: try ChildProcess.run(["--start", folder.path]))
        let took = clock.now - begin
        guard answer["runsInMemory"] == 0, let resident = answer["resident_mb"]?.doubleValue else {
            throw FlowError(.runUnreadable, "Runs that only wait were taken into memory: \(answer.text)")
        }
        func cost(_ metric: String, _ value: Double, _ unit: String, floor: Double) -> Measurement {
            Measurement(
                workload: "timers", metric: metric, value: value, unit: unit, runs: count, floor: floor,
                load: gauges.load, kind: .cost)
        }
        return [
            cost("start_ms", took / .milliseconds(1), "ms", floor: gauges.loopsPerSecond),
            cost("resident_mb", resident, "MB", floor: 1_000),
        ]
    }

    /// Writes a million runs as one that was really begun looks in the store.
    private static func fill(_ folder: BenchFolder) async throws {
        let environment = try await BenchEnvironment("wait30", in: folder)
        let (summary, events, timers) = try await environment.begin()
        let journal = events.map { JournalEvent($0) }
        let prefix = summary.name.prefix(16)
        for first in stride(from: 0, to: count, by: share) {
            var commit = StoreCommit()
            for number in first..<first + share {
                var copy = summary
                let digits = String(number)
                copy.name = prefix + String(repeating: "0", count: 13 - digits.count) + digits + "CU00"
                copy.trackingID = copy.name
                commit.add(.startRun(copy))
                commit.add(.append(JournalBatch(run: copy.name, first: 1, events: journal)))
                for timer in timers {
                    let due = timer.due + .milliseconds(number)
                    commit.add(.setTimer(RunTimer(run: copy.name, id: timer.id, due: due)))
                }
            }
            try await environment.commit(commit)
        }
        await environment.close()
    }

    /// Starts the environment of a folder and tells what that took; the other process.
    static func start(_ folder: String) async throws {
        let settings = EnvironmentSettings(projectFolder: folder, performanceProfile: .unlimited)
        let store = try SQLiteFlowStore(path: settings.databaseFile, key: try settings.key(variable: nil))
        let environment = FlowEnvironment(settings, store: store, connectors: ConnectorRegistry([]))
        try await environment.start()
        guard environment.readiness == .ready else { throw FlowError(.storeUnusable, "The environment is not ready.") }
        let answer: JSON = [
            "runsInMemory": .integer(Int64(environment.counts.runsInMemory)), "resident_mb": .double(residentMegabytes),
        ]
        print(answer.text)
        await environment.shutdown()
        await store.close()
    }

    /// The largest part of this process that was in memory.
    private static var residentMegabytes: Double { ProcessMemory.megabytes("VmHWM", of: "self") }
}

/// How much memory a process has, as the kernel tells.
enum ProcessMemory {
    /// The figure of a name in the process's `status`.
    static func megabytes(_ name: String, of process: String) -> Double {
        let text = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        return Double(line?.filter(\.isNumber) ?? "").map { $0 / 1_024 } ?? .infinity
    }
}

/// This program, started once more.
enum ChildProcess {
    /// Runs it to its end, also under another program.
    /// - Returns: what it printed.
    static func run(_ arguments: [String], under program: [String] = []) throws -> String {
        try runWithErrors(arguments, under: program).output
    }

    static func runWithErrors(
        _ arguments: [String], under program: [String] = []
    ) throws -> (output: String, errors: String) {
        let command = program + ["/proc/self/exe"] + arguments
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let words = command.map { $0 == "/proc/self/exe" ? own : $0 }
        let scratch = FileManager.default.temporaryDirectory.path + "/flowrun-bench-\(UUIDText.random())"
        try StateFiles.makeFolder(scratch)
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let process = try SpawnedProcess(
            words[0], Array(words.dropFirst()), in: FileManager.default.currentDirectoryPath,
            environment: ProcessInfo.processInfo.environment.merging(["SWIFT_DETERMINISTIC_HASHING": "1"]) { $1 },
            output: .file(scratch + "/output"), errors: .file(scratch + "/errors"))
        let status = process.blockUntilEnd()
        let text = try String(contentsOfFile: scratch + "/output", encoding: .utf8)
        let note = try String(contentsOfFile: scratch + "/errors", encoding: .utf8)
        guard status == 0 else {
            throw FlowError(.runUnreadable, "'\(words.joined(separator: " "))' failed: \(note)")
        }
        return (text, note)
    }
}
