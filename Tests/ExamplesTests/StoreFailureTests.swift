import FlowCore
import FlowTesting
import Foundation
import Testing

/// A store that is owned, full, damaged or not to be written: said clearly, and nothing half-done is kept.
@Suite struct StoreFailureTests {
    /// Writes so much that the log is worked into the database when the command ends.
    private static func fillDatabase(_ scratch: ScratchFolder) async throws {
        var numbers = SystemRandomNumberGenerator()
        let text = (0..<120_000).map { _ in String(numbers.next(), radix: 36) }.joined()
        try scratch.write("input.json", "{\"text\":\"\(text)\"}")
        try await scratch.flowrun("run", "Hello", "--input", "@input.json")
    }

    @Test func `a second owner is refused, and an owner that hangs is named rather than waited for`() async throws {
        let scratch = try ScratchFolder()
        try await scratch.project(["hello": SmallFlows.hello])
        try await scratch.flowrun("activate", "Hello")
        let serve = try await scratch.serve()
        let second = try await scratch.flowrun("serve", "--listen", "127.0.0.1:0", exit: 4)
        #expect(second.messages.contains("StoreInUse"))
        #expect(second.messages.contains("process "))
        try await scratch.flowrun("run", "Hello", "--input", #"{"text":"x"}"#)
        let before = try await scratch.state()

        serve.signal(SIGSTOP)
        // The owner hangs for as long as this test lets it: a command without patience of its own would not come back.
        let hangs = try await scratch.flowrun("deactivate", "Hello", exit: 4)
        #expect(hangs.messages.contains("StoreInUse"))
        #expect(hangs.messages.contains("kill "))
        serve.signal(SIGCONT)
        #expect(try await scratch.state() == before)
        #expect(await serve.end() == 0)
        #expect(try await scratch.state() == before)
    }

    @Test func `an owner that was killed stands in nobody's way`() async throws {
        let scratch = try ScratchFolder()
        try await scratch.project(["slow": SmallFlows.slow])
        try await scratch.flowrun("activate", "--all")
        let serve = try await scratch.serve()
        let name = try await scratch.flowrun("run", "Slow", "--no-wait").output
            .trimmingCharacters(in: .whitespacesAndNewlines)
        _ = await serve.end(SIGKILL)
        #expect(try await scratch.json("runs", "list")[0]?["endTime"] == .null)
        // The run goes on under the next owner.
        let next = try await scratch.serve()
        let run = try await scratch.json("runs", "watch", name)
        #expect(run["status"] == "Succeeded")
        #expect(await next.end() == 0)
    }

    @Test func `a full disk is said, and the state stays as it was`() async throws {
        let scratch = try ScratchFolder()
        try await scratch.project(["hello": SmallFlows.hello])
        try await scratch.flowrun("activate", "--all")
        let before = try await scratch.state()
        // No file may grow beyond this: the next commit finds no room.
        let outcome = try await BuiltBinary.script(
            #"trap '' XFSZ; ulimit -f 1; exec $flowrun run Hello --input '{"text":"x"}'"#, in: scratch.path)
        #expect(outcome.exitCode == 6, "\(outcome.messages)")
        #expect(outcome.messages.contains("StoreFull") || outcome.messages.contains("StoreUnusable"))
        #expect(outcome.messages.contains("hint:"))
        #expect(try await scratch.state() == before)
        try await scratch.flowrun("run", "Hello", "--input", #"{"text":"x"}"#)
    }

    @Test func `a disk that gets full under serve is told by readyz, and nothing accepted is lost`() async throws {
        let scratch = try ScratchFolder()
        try await scratch.project(["hello": SmallFlows.hello, "slow": SmallFlows.slow])
        try await scratch.flowrun("activate", "--all")
        let serve = try await scratch.serve()
        let log = try scratch.read("serve.log")
        let pid = try #require(log.firstRange(of: "(pid "))
        let process = log[pid.upperBound...].prefix { $0.isNumber }
        let waiting = try await scratch.flowrun("run", "Slow", "--no-wait").output
            .trimmingCharacters(in: .whitespacesAndNewlines)
        // No file may grow any more; the run that waits comes to its end meanwhile, and others are tried.
        _ = try await BuiltBinary.script("prlimit --pid \(process) --fsize=1024:unlimited", in: scratch.path)
        var accepted = 1
        try await until("the full disk is told") {
            let run = try await BuiltBinary.run(["run", "Hello", "--input", #"{"text":"x"}"#], in: scratch.path)
            if run.exitCode == 0 { accepted += 1 }
            return try await scratch.readyz().hasPrefix("HTTP/1.1 503")
        }
        #expect(try await scratch.readyz().contains(#""code":"Store"#))
        let refused = try await scratch.flowrun("run", "Hello", "--input", #"{"text":"x"}"#, exit: 6)
        #expect(refused.messages.contains("Store") && refused.messages.contains("hint:"))
        _ = try await BuiltBinary.script("prlimit --pid \(process) --fsize=unlimited:unlimited", in: scratch.path)
        try await until("there is room again") { try await scratch.readyz().hasPrefix("HTTP/1.1 200") }
        #expect(try await scratch.json("runs", "watch", waiting)["status"] == "Succeeded")
        try await scratch.flowrun("run", "Hello", "--input", #"{"text":"x"}"#)
        #expect(try await scratch.json("runs", "list").arrayValue?.count == accepted + 1)
        #expect(await serve.end() == 0)
    }

    @Test func `a database of a newer format is said by every command and left as it is`() async throws {
        let scratch = try ScratchFolder()
        try await scratch.project(["hello": SmallFlows.hello])
        try await scratch.flowrun("activate", "--all")
        try await Self.fillDatabase(scratch)
        let before = try await scratch.state()
        let database = scratch.path + "/.flowrun/default/store.sqlite"
        let whole = try Data(contentsOf: URL(fileURLWithPath: database))
        var newer = whole
        // The number of the format in the file's head.
        newer.replaceSubrange(60..<64, with: [0, 0, 0, 99])
        try newer.write(to: URL(fileURLWithPath: database))
        for command in [["flow", "list"], ["deactivate", "--all"], ["serve", "--listen", "127.0.0.1:0"]] {
            let outcome = try await BuiltBinary.run(command, in: scratch.path)
            #expect(outcome.exitCode == 6, "\(command): \(outcome.output)\(outcome.messages)")
            #expect(outcome.messages.contains("StoreFormatNewer") && outcome.messages.contains("hint:"))
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: database)) == newer)
        try whole.write(to: URL(fileURLWithPath: database))
        #expect(try await scratch.state() == before)
    }

    @Test func `a key that is missing is not made anew over a store that has one`() async throws {
        let scratch = try ScratchFolder()
        try await scratch.project(["hello": SmallFlows.hello])
        try await scratch.flowrun("activate", "--all")
        let key = scratch.path + "/.flowrun/default/key"
        let bytes = try Data(contentsOf: URL(fileURLWithPath: key))
        try FileManager.default.removeItem(atPath: key)
        let outcome = try await scratch.flowrun("deactivate", "--all", exit: 6)
        #expect(outcome.messages.contains("hint:"))
        #expect(!FileManager.default.fileExists(atPath: key))
        try bytes.write(to: URL(fileURLWithPath: key))
        #expect(try await scratch.json("flow", "list")[0]?["state"] == "Started")
    }

    @Test func `a damaged database is said, by every command, and is left for inquiry`() async throws {
        let scratch = try ScratchFolder()
        try await scratch.project(["hello": SmallFlows.hello])
        try await scratch.flowrun("activate", "--all")
        try await Self.fillDatabase(scratch)
        let database = scratch.path + "/.flowrun/default/store.sqlite"
        let whole = try Data(contentsOf: URL(fileURLWithPath: database))
        for (offset, length) in [(0, 64), (4_096, whole.count - 4_096)] {
            try #require(length > 0)
            var damaged = whole
            damaged.replaceSubrange(offset..<offset + length, with: repeatElement(0xA5, count: length))
            try damaged.write(to: URL(fileURLWithPath: database))
            for command in [
                ["flow", "list"], ["run", "Hello", "--input", #"{"text":"x"}"#], ["deactivate", "--all"],
            ] {
                let outcome = try await BuiltBinary.run(command, in: scratch.path)
                #expect(outcome.exitCode == 6, "\(command) at \(offset): \(outcome.output)\(outcome.messages)")
                #expect(outcome.messages.contains("StoreCorrupt"), "\(command): \(outcome.messages)")
                #expect(outcome.messages.contains("hint:"))
            }
            #expect(try Data(contentsOf: URL(fileURLWithPath: database)) == damaged)
            try whole.write(to: URL(fileURLWithPath: database))
        }
        #expect(try await scratch.json("flow", "list")[0]?["state"] == "Started")
    }

    @Test(.enabled(if: geteuid() != 0, "root may write everywhere"))
    func `a folder that may not be written is said`() async throws {
        let scratch = try ScratchFolder()
        try await scratch.project(["hello": SmallFlows.hello])
        let before = try await scratch.state()
        chmod(scratch.path + "/.flowrun/default", 0o500)
        defer { chmod(scratch.path + "/.flowrun/default", 0o700) }
        let outcome = try await scratch.flowrun("activate", "--all", exit: 6)
        #expect(outcome.messages.contains("Store"))
        #expect(outcome.messages.contains("hint:"))
        chmod(scratch.path + "/.flowrun/default", 0o700)
        #expect(try await scratch.state() == before)
    }

    @Test func `another environment's key does not open the store`() async throws {
        let scratch = try ScratchFolder()
        try await scratch.project(["hello": SmallFlows.hello])
        try await scratch.flowrun("activate", "--all")
        let key = try scratch.read(".flowrun/default/key")
        let outcome = try await scratch.flowrun(
            "deactivate", "--all", exit: 6, environment: ["FLOWRUN_KEY": String(repeating: "ab", count: 32)])
        #expect(outcome.messages.contains("StoreKeyWrong"))
        let malformed = try await scratch.flowrun("deactivate", "--all", exit: 6, environment: ["FLOWRUN_KEY": "short"])
        #expect(malformed.messages.contains("InvalidKey"))
        #expect(!malformed.messages.contains("short"))
        #expect(try scratch.read(".flowrun/default/key") == key)
        #expect(try await scratch.json("flow", "list")[0]?["state"] == "Started")
    }
}
