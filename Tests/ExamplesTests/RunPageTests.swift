import FlowCore
import Testing

/// `runs show`, `runs watch` and `runs list --text`, through the built binary.
@Suite struct RunPageTests {
    /// Ten deals, two of which cannot be computed; a secured action; a long value.
    private static let deals = """
        name: Deals
        triggers:
          manual:
            type: Request
            kind: Button
            inputs: { schema: { type: object, properties: { text: { type: string, title: Name } } } }
        actions:
          Items: { type: Compose, inputs: [4, 1, 2, 0, 5, 1, 1, 0, 3, 2] }
          Token:
            type: Compose
            runAfter: { Items: [Succeeded] }
            runtimeConfiguration: { secureData: { properties: [inputs, outputs] } }
            inputs: hushhush
          Each:
            type: Foreach
            runAfter: { Token: [Succeeded] }
            foreach: "@outputs('Items')"
            actions:
              Share: { type: Compose, inputs: "@div(100, item())" }
              Note:
                type: Compose
                runAfter: { Share: [Succeeded] }
                inputs: "@concat('share ', string(outputs('Share')))"
          Long:
            type: Compose
            runAfter: { Each: [Succeeded, Failed] }
            inputs: "@range(1000, 200)"
        """

    /// A run's name, instants and durations differ each time.
    private func plain(_ text: String) -> String {
        text.replacing(/0858\d+CU\d+/, with: "RUN").replacing(/\d{4}-\d\d-\d\dT[\d:.]+Z/, with: "TIME")
            .replacing(/\b[\d.]+ m?s\b/, with: "0 ms")
    }

    private func project() async throws -> (ScratchFolder, run: String) {
        let scratch = try ScratchFolder()
        try await scratch.project(["deals": Self.deals])
        try await scratch.flowrun("activate", "--all")
        let run = try await scratch.json("run", "Deals", "--input", #"{"Name": "Ana Quince"}"#)
        return (scratch, run.text("name"))
    }

    @Test func `a run's page is as it was reviewed, from the whole to one repetition`() async throws {
        let (scratch, run) = try await project()
        let page = try await scratch.flowrun("runs", "show", run).output
        try Golden.check(plain(page), "runs/show.txt")
        let failed = try await scratch.flowrun("runs", "show", run, "--failed").output
        try Golden.check(plain(failed), "runs/show-failed.txt")
        let one = try await scratch.flowrun("runs", "show", run, "--repetition", "actions/Each[3]").output
        try Golden.check(plain(one), "runs/show-repetition.txt")
        let full = try await scratch.flowrun("runs", "show", run, "--action", "long", "--full").output
        #expect(full.contains("1199") && !full.contains("--full"), "\(full)")
        for text in [page, failed, one, full] { #expect(!text.contains("hushhush")) }
        #expect(page.contains("--repetition 'actions/Each[3]'"))
        #expect(one.contains("--repetition 'actions/Each[7]'"))
    }

    @Test func `the JSON of a page is complete, and narrowed where that is asked for`() async throws {
        let (scratch, run) = try await project()
        let page = try await scratch.json("runs", "show", run)
        let actions = page["actions"]?.arrayValue ?? []
        #expect(actions.map { $0.text("name") } == ["Items", "Token", "Each", "Share", "Note", "Long"])
        #expect(actions[3]["repetitions"]?.arrayValue?.count == 10)
        #expect(actions[5]["outputs"]?.arrayValue?.count == 200)
        #expect(actions[1]["outputs"] == nil && actions[1]["secureData"] != nil)
        let failed = try await scratch.json("runs", "show", run, "--failed")["actions"]?.arrayValue ?? []
        #expect(failed.map { $0.text("name") } == ["Each", "Share"])
        #expect(
            failed[1]["repetitions"]?.arrayValue?.map { $0.text("path") } == [
                "actions/Each[3]/actions/Share", "actions/Each[7]/actions/Share",
            ])
        let one = try await scratch.json("runs", "show", run, "--repetition", "actions/Each[8]")
        #expect(one["actions"]?[1]?["repetitions"]?[0]?["outputs"] == "share 33")
        let none = try await scratch.flowrun("runs", "show", run, "--repetition", "actions/Each[10]", exit: 2)
        #expect(none.messages.contains("actions/Each[9]"), "\(none.messages)")
        let action = try await scratch.flowrun("runs", "show", run, "--action", "Lang", exit: 2)
        #expect(action.messages.contains("'Long'"), "\(action.messages)")
    }

    @Test func `runs are found by their words, also those that a command on its own has just made`() async throws {
        let (scratch, run) = try await project()
        for words in ["quince", "ana quince", "\"share 33\"", "Items", "InvalidTemplate", "qui*"] {
            let found = try await scratch.json("runs", "list", "--text", words).arrayValue ?? []
            #expect(found.map { $0.text("name") } == [run], "\(words)")
        }
        for words in ["hushhush", "quinces", "qui"] {
            #expect(try await scratch.json("runs", "list", "--text", words) == [], "\(words)")
        }
        #expect(try await scratch.json("runs", "list", "--error", "StoreFull") == [])
    }

    @Test func `what a run without response and outputs came to is shown`() async throws {
        let scratch = try ScratchFolder()
        try scratch.write("hello.flow.yaml", SmallFlows.hello)
        let run = try await scratch.flowrun("run", "--file", "hello.flow.yaml", "--input", #"{"Name": "Ana"}"#)
        #expect(run.output.contains(#"outputs of actions/Greet: "Hello, Ana""#), "\(run.output)")
    }
}
