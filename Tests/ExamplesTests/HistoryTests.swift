import FlowCore
import Testing

/// The history of runs and triggers, through the built binary.
@Suite struct HistoryTests {
    @Test func `a deal's timeline, a trigger's history and pruning`() async throws {
        let scratch = try ScratchFolder()
        try scratch.write("s/hello.flow.yaml", SmallFlows.hello)
        try scratch.write(
            "s/solution.yaml",
            """
            uniqueName: Deals
            displayName: Deals
            version: 1.0.0.0
            publisher: { uniqueName: test, prefix: tst }
            flows: [{ file: hello.flow.yaml }]
            businessKeys: { deal: "@triggerBody()?['text']" }
            """)
        try await scratch.flowrun("init")
        try await scratch.flowrun("solution", "install", "s")
        try await scratch.flowrun("activate", "--all")
        try await scratch.flowrun("run", "Hello", "--input", #"{"Name": "D-1"}"#)
        try await scratch.flowrun("run", "Hello", "--input", #"{"Name": "D-2"}"#)
        let timeline = try #require(try await scratch.json("trace", "D-1").arrayValue)
        #expect(timeline.map { $0["event"] } == ["runStarted", "runEnded"])
        let text = try await scratch.flowrun("trace", "D-1").output
        #expect(text.contains("Hello") && text.contains("Succeeded"), "\(text)")
        let history = try #require(try await scratch.json("flow", "history", "Hello").arrayValue)
        #expect(history.count == 2 && history.allSatisfy { $0["fired"] == true && $0["run"]?.stringValue != nil })
        let limits = try #require(try await scratch.json("limits").arrayValue)
        let daily = limits.filter { $0["window"] == "24h" && $0["kind"] == "requests" }
        #expect(daily.map { $0["flow"] } == [.null, "Hello"])

        #expect(try await scratch.json("runs", "prune")["deleted"] == 0)
        #expect(try await scratch.json("runs", "prune", "--before", "2100-01-01T00:00:00Z")["deleted"] == 2)
        #expect(try await scratch.json("runs", "list") == [])
        #expect(try await scratch.json("flow", "history", "Hello") == [])
        #expect(try await scratch.json("flow", "list").arrayValue?.count == 1)
    }
}
