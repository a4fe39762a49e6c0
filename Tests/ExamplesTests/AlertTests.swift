import FlowCore
import Foundation
import Testing

/// Alerts as they leave `flowrun serve`.
@Suite struct AlertTests {
    private static let failing = """
        name: Failing
        triggers: { manual: { type: Request, kind: Button } }
        actions: { Stop: { type: Terminate, inputs: { runStatus: Failed, runError: { code: Broken, message: it broke } } } }
        """

    @Test func `a command gets each alert as a line of JSON, and nothing of what the process keeps secret`()
        async throws
    {
        let scratch = try ScratchFolder()
        try await scratch.project(["failing": Self.failing])
        let project = try scratch.read("flowrun.yaml")
        try scratch.write(
            "flowrun.yaml",
            project.replacing(
                "  default:",
                with: "  default:\n    alerts: { command: [sh, -c, \"cat >> alerts.jsonl; env >> variables.txt\"] }"))
        try await scratch.flowrun("activate", "Failing")
        let serve = try await scratch.serve(environment: ["FLOWRUN_SECRET_OF_OURS": "hidden", "KEPT": "1"])
        try await scratch.flowrun("run", "Failing", exit: 1)
        try await scratch.flowrun("run", "Failing", exit: 1)
        try await until("the alert comes") { ((try? scratch.read("variables.txt")) ?? "").contains("KEPT") }
        #expect(await serve.end() == 0)
        let lines = try scratch.read("alerts.jsonl").split(separator: "\n")
        #expect(lines.count == 1)
        let alert = try JSON(parsing: Array((lines.first ?? "").utf8))
        #expect(alert["kind"] == "failedRuns" && alert["code"] == "Broken" && alert["flow"] == "Failing")
        #expect(try !scratch.read("variables.txt").contains("FLOWRUN_"))
    }

    @Test func `an address gets each alert as a POST, though flows may not call it`() async throws {
        let recorder = try PlainHTTP.Recorder()
        let scratch = try ScratchFolder()
        let calling = """
            name: Calling
            triggers: { manual: { type: Request, kind: Button } }
            actions:
              Ask: { type: Http, inputs: { method: GET, uri: "http://127.0.0.1:\(recorder.port)/", retryPolicy: { type: none } } }
            """
        try await scratch.project(["calling": calling])
        let project = try scratch.read("flowrun.yaml")
        try scratch.write(
            "flowrun.yaml",
            project.replacing("  default:", with: "  default:\n    alerts: { webhook: env:ALERT_ADDRESS, every: 1m }"))
        try await scratch.flowrun(
            "activate", "Calling", environment: ["ALERT_ADDRESS": "http://127.0.0.1:\(recorder.port)/hook/s3cret"])
        let serve = try await scratch.serve(
            environment: ["ALERT_ADDRESS": "http://127.0.0.1:\(recorder.port)/hook/s3cret"])
        async let told = recorder.next()
        let run = try await scratch.json("run", "Calling", exit: 1)
        #expect(run["actions"]?.arrayValue?.first?["error"]?["code"] == "AddressNotAllowed")
        let request = try await told
        #expect(request.hasPrefix("POST /hook/s3cret HTTP/1.1\r\n"), "\(request)")
        #expect(request.contains("Content-Type: application/json"))
        #expect(await serve.end() == 0)
        #expect(try !scratch.read("serve.log").contains("s3cret"))
    }

    @Test func `a variable with the address that is not set is named at the start`() async throws {
        let scratch = try ScratchFolder()
        try await scratch.project(["failing": Self.failing])
        let project = try scratch.read("flowrun.yaml")
        try scratch.write(
            "flowrun.yaml",
            project.replacing("  default:", with: "  default:\n    alerts: { webhook: env:NO_SUCH_URL }"))
        let refused = try await scratch.flowrun("serve", "--listen", "127.0.0.1:0", exit: 3)
        #expect(refused.messages.contains("NO_SUCH_URL"))
    }
}
