import FlowCore
import Foundation
import GRDB

/// What the machine itself does in the minute of a round.
struct Gauges {
    /// One-row commits a second into a table, WAL, FULL.
    let commitsPerSecond: Double
    /// The median of appending 4 KiB to a file and syncing it, before the round or after it, whichever took longer.
    var sync: Duration
    /// Passes of a fixed loop over 4 KiB in a second of processor time.
    let loopsPerSecond: Double
    let load: Double

    /// Whether the disk is so busy that durable figures say nothing about flowrun.
    var isBusy: Bool { sync > .microseconds(500) }

    var syncText: String { String(format: "%.2f ms", sync / .milliseconds(1)) }

    static func measure() throws -> Gauges {
        var load = [0.0]
        getloadavg(&load, 1)
        let count = 500
        return Gauges(
            commitsPerSecond: Double(count) / (try CommitFloor().commit(count).seconds),
            sync: try syncTime(), loopsPerSecond: loops(), load: load[0])
    }

    /// The median of appending 4 KiB to a file and syncing it.
    static func syncTime() throws -> Duration {
        let folder = try BenchFolder()
        let path = folder.path + "/sync"
        try Data().write(to: URL(fileURLWithPath: path))
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        let block = Data(repeating: 7, count: 4_096)
        let times = try (0..<50).map { _ in
            try ContinuousClock().measure {
                try file.write(contentsOf: block)
                fdatasync(file.fileDescriptor)
            }
        }
        return times.sorted()[times.count / 2]
    }

    private static func loops() -> Double {
        let bytes = (0..<4_096).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var hash: UInt64 = 14_695_981_039_346_656_037
        let count = 20_000
        let start = processorTime()
        for _ in 0..<count {
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
        }
        precondition(hash != 0)
        return Double(count) / (processorTime() - start).seconds
    }
}

/// A database with one table into which one row a commit is written, WAL, FULL: the fastest that a durable run can be.
final class CommitFloor {
    /// How many commits stand beside one turn of a workload.
    static let turn = 100

    private let folder: BenchFolder
    private let queue: DatabaseQueue

    init() throws {
        folder = try BenchFolder()
        var configuration = Configuration()
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        }
        queue = try DatabaseQueue(path: folder.path + "/floor.sqlite", configuration: configuration)
        try queue.write { try $0.execute(sql: "CREATE TABLE row (id INTEGER PRIMARY KEY, value BLOB)") }
    }

    /// Writes rows, one a commit.
    /// - Returns: how long it took.
    func commit(_ count: Int) throws -> Duration {
        let value = Data(repeating: 7, count: 200)
        return try ContinuousClock().measure {
            for _ in 0..<count {
                try queue.write { try $0.execute(sql: "INSERT INTO row (value) VALUES (?)", arguments: [value]) }
            }
        }
    }
}

/// A folder that goes away with its last user.
final class BenchFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/flowrun-bench-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// The processor time that this process has used.
func processorTime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}
