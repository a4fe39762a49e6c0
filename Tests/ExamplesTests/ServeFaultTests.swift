import FlowCore
import FlowTesting
import Foundation
import GRDB
import Testing

/// What befalls the store of a `serve` under way: said clearly, told by `/readyz`, and no accepted run is lost.
@Suite struct ServeFaultTests {
    private static let hello = ["run", "Hello", "--input", #"{"text":"x"}"#]

    /// A project whose `serve` has accepted a run that waits for long.
    private struct Served {
        let scratch: ScratchFolder
        let process: SpawnedProcess
        let waiting: String
        var database: String { scratch.path + "/.flowrun/default/store.sqlite" }

        init() async throws {
            scratch = try ScratchFolder()
            try await scratch.project(["hello": SmallFlows.hello, "later": ServeFaultTests.later])
            try await scratch.flowrun("activate", "--all")
            process = try await scratch.serve()
            waiting = try await scratch.flowrun("run", "Later", "--no-wait").output
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }

        /// Waits until `/readyz` says why the store cannot be used, and a run is refused for it.
        func expectUnusable(_ code: String) async throws {
            try await until("readyz tells \(code)") {
                _ = try await BuiltBinary.run(ServeFaultTests.hello, in: scratch.path)
                let answer = try await scratch.readyz()
                return answer.hasPrefix("HTTP/1.1 503") && answer.contains(#""code":"\#(code)""#)
            }
            let refused = try await BuiltBinary.run(ServeFaultTests.hello, in: scratch.path)
            #expect(refused.exitCode == 6)
            #expect(refused.messages.contains(code) && refused.messages.contains("hint:"), "\(refused.messages)")
        }

        func expectReady() async throws {
            try await until("the store is well again") { try await scratch.readyz().hasPrefix("HTTP/1.1 200") }
            try await scratch.flowrun("run", "Hello", "--input", #"{"text":"x"}"#)
        }

        /// The waiting run is there and can be ended.
        func expectNothingLost() async throws {
            #expect(try await scratch.json("runs", "show", waiting)["status"] == "Running")
            #expect(try await scratch.json("runs", "cancel", waiting)["status"] == "Cancelled")
        }
    }

    static let later = """
        name: Later
        triggers:
          manual: { type: Request, kind: Button, inputs: { schema: {} } }
        actions:
          Wait_long:
            type: Wait
            inputs: { interval: { count: 1, unit: Hour } }
        """

    private static func overwrite(_ path: String, from offset: Int = 0, with bytes: (Int) -> Data) throws {
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        let length = Int(try file.seekToEnd()) - offset
        try file.seek(toOffset: UInt64(offset))
        try file.write(contentsOf: bytes(length))
        try file.close()
    }

    @Test func `a project may lie in a folder whose path is longer than a socket's address`() async throws {
        let outer = try ScratchFolder()
        let deep = outer.path + "/" + String(repeating: "a-folder-of-some-length/", count: 6)
        try FileManager.default.createDirectory(atPath: deep, withIntermediateDirectories: true)
        let scratch = try ScratchFolder(in: deep)
        try await scratch.project(["hello": SmallFlows.hello])
        try await scratch.flowrun("activate", "--all")
        let serve = try await scratch.serve()
        try await scratch.flowrun("run", "Hello", "--input", #"{"text":"x"}"#)
        // The owner was asked: it is told who holds the store.
        #expect(try await scratch.flowrun("serve", exit: 4).messages.contains("StoreInUse"))
        #expect(await serve.end() == 0)
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/.flowrun/default/flowrun.sock"))
    }

    @Test func `a foreign lock is waited for, then told, and goes by without a loss`() async throws {
        let served = try await Served()
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let foreign = try DatabaseQueue(path: served.database, configuration: configuration)
        try await foreign.writeWithoutTransaction { try $0.execute(sql: "BEGIN EXCLUSIVE") }
        async let short = BuiltBinary.run(Self.hello, in: served.scratch.path)
        try await Task.sleep(for: .milliseconds(300))
        try await foreign.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        #expect(try await short.exitCode == 0)

        try await foreign.writeWithoutTransaction { try $0.execute(sql: "BEGIN EXCLUSIVE") }
        try await served.expectUnusable("StoreLocked")
        #expect(try await served.scratch.json("runs", "show", served.waiting)["status"] == "Running")
        try await foreign.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        try await served.expectReady()
        try await served.expectNothingLost()
        try foreign.close()
        #expect(await served.process.end() == 0)
    }

    /// Whether files can be made unchangeable here, also for root.
    private static let canFreeze: Bool = {
        guard let scratch = try? ScratchFolder(), (try? scratch.write("file", "")) != nil else { return false }
        let path = scratch.path + "/file"
        return freeze([path], true) && freeze([path], false)
    }()

    @discardableResult
    private static func freeze(_ files: [String], _ isFrozen: Bool) -> Bool {
        let arguments = ["chattr", isFrozen ? "+i" : "-i"] + files
        return (try? SpawnedProcess("/usr/bin/env", arguments, in: "/"))?.blockUntilEnd() == 0
    }

    @Test(.enabled(if: Self.canFreeze, "needs root and a file system with attributes"))
    func `files that turn read-only are told, and when they are not any more everything goes on`() async throws {
        let served = try await Served()
        let files = [served.database, served.database + "-wal"]
        #expect(Self.freeze(files, true))
        defer { Self.freeze(files, false) }
        try await served.expectUnusable("StoreReadOnly")
        #expect(Self.freeze(files, false))
        try await served.expectReady()
        try await served.expectNothingLost()
        #expect(await served.process.end() == 0)
    }

    @Test func `pages that read damaged end acceptance, and the backup leads back`() async throws {
        let served = try await Served()
        let scratch = served.scratch
        try await scratch.flowrun("backup", "copy.sqlite")
        let wal = try Data(contentsOf: URL(fileURLWithPath: served.database + "-wal"))
        for path in [served.database, served.database + "-wal"] {
            try Self.overwrite(path, from: 512) { Data(repeating: 0xA5, count: $0) }
        }
        let shown = try await scratch.flowrun("runs", "show", served.waiting, exit: 6)
        #expect(shown.messages.contains("StoreCorrupt") && shown.messages.contains("flowrun restore FILE"))
        try await served.expectUnusable("StoreCorrupt")
        #expect(try Data(contentsOf: URL(fileURLWithPath: served.database + "-wal")).count == wal.count)
        _ = await served.process.end()
        let restarted = try await BuiltBinary.run(["serve", "--listen", "127.0.0.1:0"], in: scratch.path)
        #expect(restarted.exitCode == 6 && restarted.messages.contains("StoreCorrupt"), "\(restarted.messages)")

        try await scratch.flowrun("restore", "copy.sqlite")
        let next = try await scratch.serve()
        try await served.expectReady()
        try await served.expectNothingLost()
        #expect(await next.end() == 0)
    }

    @Test func `a log that was damaged while it was written is not taken back silently`() async throws {
        let served = try await Served()
        let scratch = served.scratch
        for _ in 0..<3 { try await scratch.flowrun("run", "Hello", "--input", #"{"text":"x"}"#) }
        _ = await served.process.end(SIGKILL)
        let log = served.database + "-wal"
        let whole = try Data(contentsOf: URL(fileURLWithPath: log))
        // The first frame: whatever the log holds comes after it.
        try Self.overwrite(log, from: 32 + 24) { length in
            Data(repeating: 0xA5, count: 64) + whole.suffix(length - 64)
        }
        let refused = try await BuiltBinary.run(["serve", "--listen", "127.0.0.1:0"], in: scratch.path)
        #expect(refused.exitCode == 6)
        #expect(refused.messages.contains("StoreCorrupt") && refused.messages.contains("truncate -s 32 "))
        try whole.write(to: URL(fileURLWithPath: log))
        let next = try await scratch.serve()
        try await served.expectReady()
        try await served.expectNothingLost()
        #expect(await next.end() == 0)
    }
}
