import FlowCore
import Foundation
import Testing

/// `runs watch` and `run --watch`, through the built binary.
@Suite struct WatchTests {
    private static let slow = """
        name: Slow
        triggers:
          manual: { type: Request, kind: Button, inputs: { schema: {} } }
        actions:
          Each:
            type: Foreach
            foreach: "@range(0, 2)"
            actions:
              Wait: { type: Wait, inputs: { interval: { count: 1, unit: Second } } }
          Fail:
            type: Compose
            runAfter: { Each: [Succeeded] }
            inputs: "@div(1, int(coalesce(triggerBody()?['n'], '0')))"
        """

    private func project(_ flow: String = slow) async throws -> ScratchFolder {
        let scratch = try ScratchFolder()
        try await scratch.project(["slow": flow])
        try await scratch.flowrun("activate", "--all")
        return scratch
    }

    private func events(_ text: String) throws -> [JSON] {
        try text.split(separator: "\n").map { try JSON(parsing: String($0)) }
    }

    private static let story = [
        "runStarted", "actionStarted Each", "actionStarted Wait", "actionWaits Wait", "actionEnded Wait",
        "actionStarted Wait", "actionWaits Wait", "actionEnded Wait", "actionEnded Each", "actionEnded Fail",
        "runEnded",
    ]

    private func story(_ events: [JSON]) -> [String] {
        events.map { [$0.text("event"), $0.text("name")].filter { !$0.isEmpty }.joined(separator: " ") }
    }

    @Test(arguments: [true, false])
    func `a run is followed event by event to its exit code`(hasOwner: Bool) async throws {
        let scratch = try await project()
        let server = hasOwner ? try await scratch.serve() : nil
        let outcome = try await scratch.flowrun("run", "Slow", "--watch", exit: 1)
        let told = try events(outcome.output)
        #expect(story(told) == Self.story)
        #expect(told.last?["status"] == "Failed" && told.last?["code"] == "ActionFailed")
        #expect(told[4]["path"] == "actions/Each[0]/actions/Wait" && told[4]["repetitionIndexes"] == [0])
        let name = told.first?.text("run") ?? ""
        let again = try await scratch.flowrun("runs", "watch", name, exit: 1)
        #expect(again.output == outcome.output, "a run that has ended is told in the same way")
        #expect(try await scratch.json("runs", "watch", name, exit: 1)["status"] == "Failed")
        #expect(try await scratch.flowrun("runs", "watch", "123", exit: 4).messages.contains("WorkflowRunNotFound"))
        if let server { #expect(await server.end() == 0) }
    }

    @Test func `a watch outlives its owner and tells each event once`() async throws {
        // Long enough that the run is under way when its owner dies, also where everything is slow.
        let scratch = try await project(Self.slow.replacing("count: 1, unit: Second", with: "count: 4, unit: Second"))
        let first = try await scratch.serve()
        let name = try await scratch.json("run", "Slow", "--no-wait").text("name")
        let watch = Task {
            try await BuiltBinary.script(
                "\"$flowrun\" runs watch \(name) > watch.txt 2> watch.log", in: scratch.path)
        }
        try await until("the watch tells something") {
            (try? scratch.read("watch.txt"))?.contains("actionWaits") == true
        }
        _ = await first.end(SIGKILL)
        try await until("the watch notices") { try scratch.read("watch.log").contains("has ended") }
        let second = try await scratch.serve()
        #expect(try await watch.value.exitCode == 1)
        #expect(story(try events(try scratch.read("watch.txt"))) == Self.story)
        let messages = try scratch.read("watch.log")
        #expect(messages.contains("the watch goes on under the next one"), "\(messages)")
        #expect(await second.end() == 0)
    }

    @Test func `Ctrl-C ends the watch, not the run`() async throws {
        let scratch = try await project(Self.slow.replacing("count: 1, unit: Second", with: "count: 1, unit: Hour"))
        let server = try await scratch.serve()
        let name = try await scratch.json("run", "Slow", "--no-wait").text("name")
        let interrupt = "until grep -q actionWaits watch.txt; do sleep 0.05; done; kill -INT $!; wait $!"
        let outcome = try await BuiltBinary.script(
            "\"$flowrun\" runs watch \(name) > watch.txt & \(interrupt)", in: scratch.path)
        #expect(outcome.exitCode == 130)
        #expect(outcome.messages.contains("the watch has ended, the run has not"), "\(outcome.messages)")
        #expect(try await scratch.json("runs", "show", name)["status"] == "Running")
        #expect(await server.end() == 0)
    }

    @Test func `a terminal shows lines that are redrawn, with repetitions counted`() async throws {
        let scratch = try await project()
        let outcome = try await BuiltBinary.script(
            "script -qec \"$flowrun run Slow --watch\" /dev/null", in: scratch.path, environment: ["NO_COLOR": "1"])
        #expect(outcome.exitCode == 1)
        #expect(outcome.output.contains("\u{1B}[") && outcome.output.contains("A\u{1B}[J"), "\(outcome.output)")
        #expect(outcome.output.contains("actions/Each/actions/Wait  Running ×1"), "\(outcome.output)")
        #expect(outcome.output.contains("Succeeded ×1, Running ×1"), "\(outcome.output)")
        #expect(outcome.output.contains("hint: flowrun runs show"), "\(outcome.output)")
    }
}

extension JSON {
    /// A member's text; nothing where there is none.
    func text(_ key: String) -> String { self[key]?.stringValue ?? "" }
}
