import FlowCore
import Foundation
import Testing

/// W3C traces through a served environment: from the caller's request to the calls that the run makes.
@Suite struct TraceTests {
    private static func flow(_ port: UInt16) -> String {
        """
        name: Caller
        triggers: { manual: { type: Request, kind: Http, inputs: { schema: {} } } }
        actions:
          Ask: { type: Http, inputs: { method: POST, uri: "http://127.0.0.1:\(port)/asked", body: {}, retryPolicy: { type: none } } }
        """
    }

    private func header(_ name: String, of request: String) -> String? {
        for line in request.split(separator: "\r\n") where line.lowercased().hasPrefix(name + ": ") {
            return String(line.dropFirst(name.count + 2))
        }
        return nil
    }

    @Test func `calls of a run carry its trace, which is the caller's where the caller has one`() async throws {
        let recorder = try PlainHTTP.Recorder()
        let scratch = try ScratchFolder()
        try await scratch.project(["caller": Self.flow(recorder.port)])
        let project = try scratch.read("flowrun.yaml")
        try scratch.write(
            "flowrun.yaml",
            project.replacing(/allowedHosts: .*/, with: "allowedHosts: [\"127.0.0.1:\(recorder.port)\"]"))
        try await scratch.flowrun("activate", "Caller")
        let serve = try await scratch.serve()
        let url = try await scratch.json("flow", "url", "Caller")["url"]?.stringValue ?? ""
        let target = "/" + url.split(separator: "/").dropFirst(2).joined(separator: "/")
        let port = try scratch.servedPort()

        let trace = "0af7651916cd43dd8448eb211c80319c"
        let parent = "00-\(trace)-b7ad6b7169203331-01"
        async let first = recorder.next()
        let taken = try await PlainHTTP.send(
            "POST", target, port: port, headers: ["Content-Type: application/json", "traceparent: \(parent)"],
            body: "{}")
        #expect(taken.status == 202, "\(taken.head)")
        let continued = try #require(header("traceparent", of: try await first))
        #expect(continued.hasPrefix("00-\(trace)-") && continued != parent)
        #expect(TraceContext(header: continued) != nil)

        // Without a trace of the caller's the run has one of its own, another for each run.
        var own: Set<String> = []
        for _ in 0..<2 {
            async let next = recorder.next()
            _ = try await PlainHTTP.send(
                "POST", target, port: port, headers: ["Content-Type: application/json"], body: "{}")
            own.insert(TraceContext(header: header("traceparent", of: try await next) ?? "")?.traceID ?? "")
        }
        #expect(own.count == 2 && !own.contains(trace) && !own.contains(""))
        #expect(await serve.end() == 0)
    }
}
