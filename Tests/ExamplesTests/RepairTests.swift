import FlowCore
import Testing

/// `flowrun runs repair`, through the built binary and over real HTTP.
@Suite struct RepairTests {
    private static let order = """
        name: Order
        triggers:
          manual:
            type: Request
            kind: Button
            inputs: { schema: { type: object, properties: { text: { type: string, title: URL } }, required: [text] } }
        actions:
          Tell: { type: Http, inputs: { method: POST, uri: "@triggerBody()['text']", body: { n: 1 }, retryPolicy: { type: none } } }
          Each:
            type: Foreach
            foreach: "@createArray('7', 'x', '9')"
            runAfter: { Tell: [Succeeded] }
            actions:
              Number: { type: Compose, inputs: "@int(item())" }
              Post:
                type: Http
                runAfter: { Number: [Succeeded] }
                inputs: { method: POST, uri: "@triggerBody()['text']", body: { n: "@outputs('Number')" }, retryPolicy: { type: none } }
        """

    private static let desk = """
        name: Desk
        triggers: { manual: { type: Request, kind: Http, inputs: { schema: {} } } }
        actions:
          Take: { type: Compose, inputs: "@triggerBody()" }
          Reply: { type: Response, kind: Http, runAfter: { Take: [Succeeded] }, inputs: { statusCode: 200, body: ok } }
        """

    @Test func `a failed run goes on with the corrected flow, and nothing is posted twice`() async throws {
        let scratch = try ScratchFolder()
        try await scratch.project(["order": Self.order, "desk": Self.desk])
        try scratch.write(
            "flowrun.yaml", "environments:\n  default:\n    store: sqlite\n    allowedHosts: [127.0.0.1]\n")
        try await scratch.flowrun("activate", "--all")
        let serve = try await scratch.serve()
        let url = try #require(try await scratch.json("flow", "url", "Desk")["url"]?.stringValue)
        func posted() async throws -> Int {
            try await scratch.json("runs", "list", "--flow", "Desk").arrayValue?.count ?? 0
        }
        let input = JSON.object(["URL": .string(url)]).text
        let failed = try await scratch.json("run", "Order", "--input", input, exit: 1)
        let name = try #require(failed["name"]?.stringValue)
        #expect(failed["status"] == "Failed")
        #expect(try await posted() == 3)

        let dry = try await scratch.flowrun("runs", "repair", name, "--dry-run").output
        for words in [
            "from actions/Each[1]/actions/Number", "kept          actions/Tell",
            "pending       actions/Each[1]/actions/Post  http/POST", "done before   actions/Each[2]/actions/Post",
        ] {
            #expect(dry.contains(words), "\(words) in \(dry)")
        }
        let only = try await scratch.flowrun("runs", "repair", name, "--dry-run", "--only-failed-repetitions").output
        #expect(only.contains("kept          actions/Each/actions/Post  ×2"), "\(only)")
        let unknown = try await scratch.flowrun("runs", "repair", name, "--from", "Numbr", exit: 4).messages
        #expect(unknown.contains("did you mean 'Number'?"))

        // The mistake stands in the flow: the same version fails again, and its repair goes on with the newest one.
        let again = try await scratch.json("runs", "repair", name, exit: 1)[0]
        #expect(again?["status"] == "Failed" && again?["sourceRun"] == .string(name))
        #expect(try await posted() == 3)
        try scratch.write(
            "s/order.flow.yaml", Self.order.replacing("@int(item())", with: "@if(equals(item(), 'x'), 8, int(item()))"))
        try await scratch.flowrun("solution", "install", "s", "--keep-states")
        let late = try await scratch.flowrun("runs", "repair", name, "--newest", exit: 4).messages
        let second = try #require(again?["name"]?.stringValue)
        #expect(late.contains("flowrun runs repair \(second)"), "\(late)")
        let text = try await scratch.flowrun("runs", "repair", second, "--newest").output
        #expect(
            text.contains("Succeeded  \(second) → ") && text.contains("done before   actions/Each[2]/actions/Post"),
            "\(text)")
        #expect(try await posted() == 4)

        let newest = try #require(try await scratch.json("runs", "list", "--flow", "Order")[0]?["name"]?.stringValue)
        let page = try await scratch.flowrun("runs", "show", newest, "--action", "Post").output
        #expect(page.contains("repair of \(second)") && page.contains("done in \(second)"), "\(page)")
        let source = try await scratch.flowrun("runs", "show", name).output
        #expect(source.contains("repaired by \(second)  Failed"), "\(source)")
        #expect(await serve.end() == 0)
    }
}
