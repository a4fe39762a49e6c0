import FlowCore
import Foundation
import Testing

/// What `flowrun serve` logs of requests, through the built binary.
@Suite struct LogTests {
    /// A flow that gives back what it is sent, also as a header.
    private static let echo = """
        name: Echo
        triggers:
          manual: { type: Request, kind: Http, inputs: { schema: { type: object } } }
        actions:
          Respond:
            type: Response
            kind: Http
            inputs: { statusCode: 200, headers: { X-Said: "@triggerBody()?['text']" }, body: "@triggerBody()" }
        """

    @Test(arguments: ["text", "json"])
    func `nothing that a client or a flow says makes a log entry look like two or colours a terminal`(
        _ format: String
    ) async throws {
        let scratch = try ScratchFolder()
        try await scratch.project(["echo": Self.echo])
        try await scratch.flowrun("activate", "--all")
        let url = try await scratch.flowrun("flow", "url", "Echo").output.trimmingCharacters(
            in: .whitespacesAndNewlines)
        let serve = try await scratch.serve("--log-level", "info", "--log-format", format)
        let port = try scratch.servedPort()
        let target = try #require(url.firstRange(of: "/workflows/").map { String(url[$0.lowerBound...]) })
        let forged = "2026-01-01T00:00:00Z%20error%20forged%20by=client"
        // C1 controls, line separators and marks of direction are valid in UTF-8, where CR, LF and ESC are not.
        let evil = "\u{9B}31m\u{85}\u{2028}forged\u{202E}"
        let said = #"{"text":"a\r\n2026-01-01T00:00:00Z error forged\u001b[31m\u009b31m"}"#
        let requests: [(method: String, target: String, headers: [String], body: String, status: Int)] = [
            ("GET", "/nothing%0d%0a\(forged)%1b%5b31m", [], "", 404),
            ("GET", "/healthz?a=%0a\(forged)", [], "", 200),
            ("GET", "/healthz", ["X-Forwarded-For: \(evil)", "traceparent: 00-\(evil)"], "", 200),
            ("GET", "/healthz", ["X-Forwarded-For: 1.2.3.4\u{1B}[31m"], "", 400),
            ("G\u{1B}T", "/healthz", [], "", 400),
            ("POST", target, ["Content-Type: application/json", "x-ms-client-tracking-id: \(evil)"], said, 200),
            (
                "POST", "/signin", ["Content-Type: application/x-www-form-urlencoded"],
                "upn=eve%0d%0a\(forged)%1b%5b31m&password=x", 401
            ),
            ("GET", "/providers/Microsoft.ProcessSimple/environments", ["Authorization: Bearer \(evil)"], "", 401),
        ]
        for request in requests {
            let answer = try await PlainHTTP.send(
                request.method, request.target, port: port, headers: request.headers, body: request.body)
            #expect(answer.status == request.status, "\(request.method) \(request.target): \(answer)")
        }
        #expect(await serve.end() == 0)
        let log = try scratch.read("serve.log")
        #expect(log.unicodeScalars.allSatisfy { $0 == "\n" || ($0.value >= 0x20 && !(0x7F...0x9F ~= $0.value)) })
        #expect(!log.contains("\u{2028}") && !log.contains("\u{202E}"))
        let lines = log.split(separator: "\n").filter { $0.contains("request") }
        #expect(lines.count == requests.count, "\(log)")
        for (line, request) in zip(lines, requests) {
            if format == "json" {
                let entry = try JSON(parsing: String(line))
                #expect(entry["message"] == "request" && entry["status"]?.stringValue == String(request.status))
            } else {
                #expect(line.contains(" info request ") && line.contains("status=\(request.status)"), "\(line)")
            }
        }
    }
}
