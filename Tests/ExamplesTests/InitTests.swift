import Testing

/// `flowrun init` through the built binary: what it writes and what it says comes next.
@Suite struct InitTests {
    @Test func `a project begins with its file, and with the step that comes next`() async throws {
        let scratch = try ScratchFolder()
        let plain = try await scratch.flowrun("init", "own")
        #expect(plain.output == "wrote own/flowrun.yaml\nwrote own/.gitignore\n")
        #expect(plain.messages == "next: flowrun solution install PATH\n")
        #expect(try !scratch.read("own/flowrun.yaml").contains("endpoints:"))
        // What is there stays, whatever is asked for.
        let again = try await scratch.flowrun("init", "own", "--sandbox")
        #expect(again.output == "kept own/flowrun.yaml\nkept own/.gitignore\n")
        #expect(try !scratch.read("own/flowrun.yaml").contains("endpoints:"))
        let offline = try await scratch.flowrun("init", "offline", "--sandbox")
        #expect(
            offline.messages == "next: flowrun sandbox start --detach, then flowrun solution install PATH\n")
        #expect(try scratch.read("offline/flowrun.yaml").contains("\n    endpoints: sandbox "))
    }

    @Test func `who has a running sandbox is not told to start one`() async throws {
        let scratch = try ScratchFolder()
        try await scratch.sandbox()
        let begun = try await scratch.flowrun("init", "--sandbox")
        #expect(begun.messages == "next: flowrun solution install PATH\n")
        try await scratch.flowrun("sandbox", "stop")
    }
}
