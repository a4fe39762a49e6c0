import FlowCore
import Foundation
import Testing

/// `flowrun serve` as a service manager knows it.
@Suite struct ServiceTests {
    /// A socket on which a service manager listens.
    private final class ManagerSocket: Sendable {
        let descriptor: Int32

        // The name is a path, or an abstract name that begins with `@`.
        init(_ name: String) throws {
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            var time = timeval(tv_sec: 20, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            var bytes = Array(name.utf8)
            if name.hasPrefix("@") { bytes[0] = 0 }
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
            let length = MemoryLayout<sa_family_t>.size + bytes.count
            let result = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(length))
                }
            }
            try #require(result == 0)
        }

        deinit { close(descriptor) }

        /// The next datagram that is not one of those that come again and again.
        func next(_ skipped: String = "WATCHDOG=1") -> String {
            while true {
                var bytes = [UInt8](repeating: 0, count: 4_096)
                let count = recv(descriptor, &bytes, bytes.count, 0)
                guard count > 0 else { return "" }
                let text = String(decoding: bytes.prefix(count), as: UTF8.self)
                if text != skipped { return text }
            }
        }
    }

    @Test(arguments: [true, false])
    func `serve says when it is ready, that it lives, and when it is ending`(_ isAbstract: Bool) async throws {
        let scratch = try ScratchFolder()
        try await scratch.project(["hello": SmallFlows.hello])
        let name = isAbstract ? "@flowrun-\(UUID().uuidString)" : scratch.path + "/n"
        let manager = try ManagerSocket(name)
        let serve = try await scratch.serve(environment: ["NOTIFY_SOCKET": name, "WATCHDOG_USEC": "200000"])
        let ready = manager.next()
        #expect(ready.hasPrefix("READY=1\nSTATUS=serving 'default' at http://127.0.0.1:"))
        // Nothing else comes in between.
        #expect(manager.next("") == "WATCHDOG=1")
        #expect(manager.next("") == "WATCHDOG=1")
        #expect(await serve.end() == 0)
        #expect(manager.next() == "STOPPING=1")
    }

    @Test func `serve offers the first admin a link, and takes changed files over where it is asked to`() async throws {
        let scratch = try ScratchFolder()
        try await scratch.project(["hello": SmallFlows.hello])
        try await scratch.flowrun("activate", "Hello")
        let serve = try await scratch.serve("--watch")
        try await until("the link is offered") { try scratch.read("serve.log").contains("/setup?code=") }
        let log = try scratch.read("serve.log")
        let code = String(try #require(log.split(separator: "/setup?code=").last).prefix { !$0.isWhitespace })
        let done = try await PlainHTTP.send(
            "POST", "/setup", port: try scratch.servedPort(), headers: ["Content-Type: application/json"],
            body: JSON.object(["code": .string(code), "password": "correct horse battery"]).text)
        #expect(done.status == 200 && done.json["upn"] == "admin@localhost", "\(done.body)")
        #expect(try await scratch.json("user", "list").text.contains("admin@localhost"))

        try scratch.write("s/hello.flow.yaml", SmallFlows.hello + "\nnonsense: 1\n")
        try await until("the mistake is named") {
            try scratch.read("serve.log").contains(/s\/hello\.flow\.yaml:\d+:1: error/)
        }
        try await scratch.flowrun("run", "Hello", "--input", #"{"text":"as before"}"#)
        try scratch.write("s/hello.flow.yaml", SmallFlows.hello + "\ndescription: changed\n")
        try await until("the file is taken over") { try scratch.read("serve.log").contains("took over 'Hello'") }
        #expect(try await scratch.json("flow", "show", "Hello")["description"] == "changed")
        let project = try scratch.read("flowrun.yaml")
        try scratch.write("flowrun.yaml", project.replacing(/performanceProfile: .*/, with: "performanceProfile: lo"))
        try await until("the wrong word is named") { try scratch.read("serve.log").contains("the settings stay") }
        try scratch.write(
            "flowrun.yaml",
            project.replacing(/performanceProfile: .*/, with: "performanceProfile: low")
                .replacing("durability: full", with: "durability: process"))
        try await until("the settings are taken over") {
            let log = try scratch.read("serve.log")
            return log.contains("took over `performanceProfile` of flowrun.yaml")
                && log.contains("`durability` of flowrun.yaml will hold after a restart")
        }
        let limits = try #require(try await scratch.json("limits").arrayValue)
        #expect(limits.contains { $0["kind"] == "requests" && $0["limit"] == 10_000 })
        #expect(await serve.end() == 0)
        // Once a password is set, no link is offered.
        let second = try await scratch.serve()
        try await scratch.flowrun("run", "Hello", "--input", #"{"text":"again"}"#)
        #expect(try !scratch.read("serve.log").contains("/setup?code="))
        #expect(await second.end() == 0)
    }

    @Test func `what flowrun.yaml says of clients' limits holds for whoever calls`() async throws {
        let scratch = try ScratchFolder()
        try await scratch.project(["hello": SmallFlows.hello])
        let project = try scratch.read("flowrun.yaml")
        try scratch.write(
            "flowrun.yaml",
            project.replacing(/server: .*/, with: "server: { limits: { bodySize: 1 KiB, headerSize: 2 KiB } }"))
        let serve = try await scratch.serve()
        let port = try scratch.servedPort()
        func status(_ size: Int, _ headers: [String] = []) async throws -> Int {
            let body = "{\"upn\": \"a@b.example\", \"password\": \"\(String(repeating: "x", count: size))\"}"
            return try await PlainHTTP.send(
                "POST", "/signin", port: port, headers: ["Content-Type: application/json"] + headers, body: body
            ).status
        }
        #expect(try await status(10) == 401)
        #expect(try await status(2_000) == 413)
        #expect(try await status(10, ["X-Long: " + String(repeating: "x", count: 4_000)]) == 431)
        #expect(await serve.end() == 0)
    }

    @Test func `serve goes on where no manager listens any more`() async throws {
        let scratch = try ScratchFolder()
        try await scratch.project(["hello": SmallFlows.hello])
        let serve = try await scratch.serve(environment: ["NOTIFY_SOCKET": scratch.path + "/gone"])
        #expect(await serve.end() == 0)
    }
}
