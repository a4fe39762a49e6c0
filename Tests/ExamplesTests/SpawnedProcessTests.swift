import FlowTesting
import Foundation
import Testing

/// What the tests start ends by itself and is known to have ended, whatever else runs.
@Suite struct SpawnedProcessTests {
    @Test func `a process inherits three streams, its folder and its variables, and nothing else`() async throws {
        let scratch = try ScratchFolder()
        try scratch.write("words", "to be read")
        let pipe = Pipe()
        defer { try? pipe.fileHandleForWriting.close() }
        let process = try SpawnedProcess(
            "/bin/bash",
            ["-c", "cat; echo; pwd -P; echo $NAME; ls /proc/$$/fd | tr '\\n' ' '; echo wrong >&2; exit 7"],
            in: "/usr", environment: ["NAME": "value"], input: .file(scratch.path + "/words"),
            output: .file(scratch.path + "/output"), errors: .file(scratch.path + "/errors"))
        #expect(await process.waitForEnd() == 7)
        #expect(!process.isRunning)
        // 255 is the shell's own, of its script.
        let lines = try scratch.read("output").split(separator: "\n").map(String.init)
        #expect(lines.dropLast() == ["to be read", "/usr", "value"])
        #expect(lines.last?.split(separator: " ").filter { $0 != "255" } == ["0", "1", "2"])
        #expect(try scratch.read("errors") == "wrong\n")
    }

    @Test func `a short command beside a long one is not waited for longer`() async throws {
        let long = try SpawnedProcess("/bin/sleep", ["1000"], in: "/")
        let short = try SpawnedProcess("/bin/sleep", ["0"], in: "/")
        #expect(await short.waitForEnd() == 0)
        #expect(long.isRunning)
        long.killGroup()
        #expect(await long.waitForEnd() == 128 + SIGKILL)
        long.signal(SIGTERM)
        #expect(long.blockUntilEnd() == 128 + SIGKILL)
    }

    @Test func `a program that is not there is named`() {
        #expect(throws: SpawnedProcess.Failure.self) { try SpawnedProcess("/no/program", [], in: "/") }
    }
}
