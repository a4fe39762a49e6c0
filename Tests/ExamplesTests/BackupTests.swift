import FlowCore
import Foundation
import Testing

/// Copies of an environment that works, and what comes back of them.
@Suite struct BackupTests {
    @Test func `a copy made while serve works brings runs and secrets back, with the key alone`() async throws {
        let scratch = try ScratchFolder()
        try await scratch.project(["hello": SmallFlows.hello])
        try await scratch.flowrun("activate", "Hello")
        let serve = try await scratch.serve()
        try await scratch.flowrun("run", "Hello", "--input", #"{"text":"before"}"#)
        let made = try await scratch.json("backup", "copy.db", "--with-key")
        #expect(made["file"]?.stringValue?.hasSuffix("/copy.db") == true)
        for file in ["copy.db", "copy.db.key"] {
            let mode = try FileManager.default.attributesOfItem(atPath: scratch.path + "/" + file)[.posixPermissions]
            #expect(mode as? Int == 0o600, "\(file)")
        }
        try await scratch.flowrun("run", "Hello", "--input", #"{"text":"after"}"#)
        // Under an owner nothing is exchanged.
        let refused = try await scratch.flowrun("restore", "copy.db", exit: 4)
        #expect(refused.messages.contains("StoreInUse"))
        #expect(refused.messages.contains("(serve) since") && refused.messages.contains("cannot be restored while"))
        #expect(!refused.messages.contains("does not answer"))
        #expect(await serve.end() == 0)
        #expect(try await scratch.json("runs", "list").arrayValue?.count == 2)

        let restored = try await scratch.json("restore", "copy.db")
        #expect(FileManager.default.fileExists(atPath: restored["kept"]?.stringValue ?? ""))
        #expect(try await scratch.json("runs", "list").arrayValue?.count == 1)
        // The flow is on and runs.
        try await scratch.flowrun("run", "Hello", "--input", #"{"text":"again"}"#)
        #expect(try await scratch.json("runs", "list").arrayValue?.count == 2)

        // With another key, or as a text file, a copy is refused and nothing changes.
        try scratch.write("copy.db.key", String(repeating: "ab", count: 32) + "\n")
        let wrong = try await scratch.flowrun("restore", "copy.db", exit: 6)
        #expect(wrong.messages.contains("StoreKeyWrong"))
        try scratch.write("text.db", "no database at all")
        #expect(try await scratch.flowrun("restore", "text.db", exit: 6).messages.contains("StoreCorrupt"))
        #expect(try await scratch.json("runs", "list").arrayValue?.count == 2)
    }
}
