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
