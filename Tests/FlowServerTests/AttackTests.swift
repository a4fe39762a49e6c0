import FlowCore
import FlowRuntime
import FlowStorage
import FlowTesting
import Testing

@testable import FlowServer

/// What a stranger may send to a server that is running: nothing crashes, leaks or hangs, and the next one is served.
@Suite(.serialized) struct AttackTests {
    private static let head = "Host: 127.0.0.1\r\n"

    /// The server answers after all that happened.
    private func isAlive(_ server: RunningServer) async throws -> Bool {
        try await server.exchange("GET /healthz HTTP/1.1\r\n\(Self.head)\r\n").contains("{\"status\":\"ok\"}")
    }

    @Test func `broken and hostile requests are refused`() async throws {
        let world = try await ServerWorld()
        try await withServer(world) { server in
            let long = String(repeating: "a", count: 70_000)
            let cases: [(request: String, status: String)] = [
                ("GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", "421"),
                ("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1.evil.example\r\n\r\n", "421"),
                ("BREW /healthz HTTP/1.1\r\n\(Self.head)\r\n", "4"),
                ("DELETE /healthz HTTP/1.1\r\n\(Self.head)\r\n", "405"),
                ("GET /../../etc/passwd HTTP/1.1\r\n\(Self.head)\r\n", "404"),
                ("GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n\(Self.head)\r\n", "404"),
                ("GET /workflows/..%2f..%2fetc/runs/x HTTP/1.1\r\n\(Self.head)\r\n", "404"),
                ("GET /healthz HTTP/1.1\r\n\(Self.head)X-Long: \(long)\r\n\r\n", "431"),
                ("GET /\(long) HTTP/1.1\r\n\(Self.head)\r\n", "431"),
                (
                    "GET /healthz HTTP/1.1\r\n\(Self.head)"
                        + (0..<500).map { "X-\($0): 1\r\n" }.joined() + "\r\n", "431"
                ),
                ("GET /healthz HTTP/1.1\r\n\(Self.head)X: a\u{0}b\r\n\r\n", "400"),
                ("POST /workflows/x HTTP/1.1\r\n\(Self.head)Transfer-Encoding: chunked\r\n\r\nZZZ\r\n", "4"),
                (
                    "POST /healthz HTTP/1.1\r\n\(Self.head)Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    "4"
                ),
                ("POST /healthz HTTP/1.1\r\n\(Self.head)Content-Length: -1\r\n\r\n", "400"),
                ("nonsense\r\n\r\n", "400"),
                (
                    "POST /operations/flow.list HTTP/1.1\r\n\(Self.head)Content-Length: 2\r\n\r\n{}", "404"
                ),
            ]
            for (request, status) in cases {
                let answer = try await server.exchange(request)
                #expect(answer.hasPrefix("HTTP/1.1 \(status)"), "\(request.prefix(80)): \(answer.prefix(80))")
                // Each request has one answer, in the platform's shape.
                #expect(answer.ranges(of: "HTTP/1.1 ").count == 1, "\(answer)")
                let body = answer.firstRange(of: "\r\n\r\n").map { String(answer[$0.upperBound...]) } ?? ""
                #expect(try JSON(parsing: body)["error"]?["code"]?.stringValue?.isEmpty == false, "\(answer)")
            }
            #expect(try await isAlive(server))
        }
    }

    @Test func `requests that two servers would read differently, and broken chunks, end the connection`() async throws
    {
        let world = try await ServerWorld()
        let url =
            try await world.environment.perform(EnvironmentRequest(.flowURL, ["flow": "Echo"]))["url"]?.stringValue
        let target = "/" + (url ?? "").split(separator: "/").dropFirst(2).joined(separator: "/")
        let post = "POST \(target) HTTP/1.1\r\n\(Self.head)Content-Type: application/json\r\n"
        try await withServer(world) { server in
            let hidden = "GET /healthz HTTP/1.1\r\n\(Self.head)\r\n"
            let cases = [
                post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}\(hidden)",
                post + "Content-Length: 2, 3\r\n\r\n{}\(hidden)",
                post + "Content-Length: +2\r\n\r\n{}\(hidden)",
                post + "Content-Length: 0x2\r\n\r\n{}\(hidden)",
                post + "Content-Length: 99999999999999999999\r\n\r\n{}\(hidden)",
                post + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n\(hidden)",
                post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n\(hidden)",
                post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n\(hidden)",
                post + "Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n\(hidden)",
                post + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}\r\n0\r\n\r\n\(hidden)",
                post + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}X\r\n0\r\n\r\n\(hidden)",
                post + "Content-Length : 2\r\n\r\n{}\(hidden)",
                post + " folded: header\r\nContent-Length: 2\r\n\r\n{}\(hidden)",
            ]
            for request in cases {
                let answers = try await server.blocking {
                    let connection = try server.open(patience: 3)
                    connection.send(request)
                    var text = ""
                    while let more = connection.receive(), !more.isEmpty { text += more }
                    return text
                }
                // The second request, which hides in the body of the first, is never answered.
                #expect(!answers.contains("\"status\":\"ok\""), "\(request.suffix(120)): \(answers)")
            }
            let whole = try await server.exchange(
                post + "Transfer-Encoding: chunked\r\n\r\n1;a=b\r\n{\r\n1\r\n}\r\n0\r\nTrailer: x\r\n\r\n")
            #expect(whole.hasPrefix("HTTP/1.1 200"), "\(whole)")
            #expect(try await isAlive(server))
        }
    }

    @Test func `no text of a client or a flow becomes a header of its own`() async throws {
        let flow = """
            name: Header
            triggers: { manual: { type: Request, kind: Http, inputs: { schema: {} } } }
            actions:
              Respond:
                type: Response
                kind: Http
                inputs:
                  statusCode: 200
                  headers: { X-Said: "@triggerBody()", "@{triggerBody()}": x, Content-Type: "@{triggerBody()}" }
                  body: said
            """
        let world = try await ServerWorld([flow])
        let url =
            try await world.environment.perform(EnvironmentRequest(.flowURL, ["flow": "Header"]))["url"]?.stringValue
        let target = "/" + (url ?? "").split(separator: "/").dropFirst(2).joined(separator: "/")
        try await withServer(world) { server in
            for text in ["a\\r\\nSet-Cookie: evil=1", "a\\nSet-Cookie: evil=1", "a\\rSet-Cookie: evil=1", "a\\u0000b"] {
                let body = "\"\(text)\""
                let answer = try await server.exchange(
                    "POST \(target) HTTP/1.1\r\n\(Self.head)Content-Type: application/json\r\n"
                        + "x-ms-client-tracking-id: t%0d%0aSet-Cookie: evil=1\r\n"
                        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
                #expect(answer.hasPrefix("HTTP/1.1 "), "\(answer)")
                let head = answer.firstRange(of: "\r\n\r\n").map { answer[..<$0.lowerBound] } ?? answer[...]
                let lines = head.split(whereSeparator: \.isNewline)
                #expect(!lines.contains { $0.lowercased().hasPrefix("set-cookie") }, "\(head)")
            }
            #expect(try await isAlive(server))
        }
    }

    @Test func `a token and a session of another environment open nothing`() async throws {
        let other = try await ServerWorld()
        let world = try await ServerWorld()
        let path = "/providers/Microsoft.ProcessSimple/environments"
        let upn = "owner@adatum.example"
        _ = try await other.environment.perform(
            EnvironmentRequest(.setPassword, ["upn": .string(upn), "password": "correct horse battery"]))
        let signedIn = await other.send(
            "POST", "/signin", as: .nobody, body: ["upn": .string(upn), "password": "correct horse battery"])
        let cookie = String(
            (signedIn.response.headers.first { $0.name == "Set-Cookie" }?.value ?? "").prefix { $0 != ";" })
        try await withServer(world) { server in
            for header in ["Authorization: Bearer \(other.tokens[.admin] ?? "")", "Cookie: \(cookie)"] {
                let answer = try await server.exchange("GET \(path) HTTP/1.1\r\n\(Self.head)\(header)\r\n\r\n")
                #expect(answer.hasPrefix("HTTP/1.1 401"), "\(answer)")
            }
        }
        #expect(await other.send("GET", path, as: .nobody, headers: [("Cookie", cookie)]).status == 200)
        await other.environment.shutdown()
    }

    @Test func `a body that is too large, or comes from one who may not send it, is not read`() async throws {
        let world = try await ServerWorld()
        let workflow = try await world.id(of: "Echo").filter { $0 != "-" }
        var limits = ServerLimits()
        limits.bodySize = 1_000
        try await withServer(world, limits: limits) { server in
            let path =
                "/providers/Microsoft.ProcessSimple/environments/default/flows/\(try await world.id(of: "Press"))"
            let token = "Authorization: Bearer \(world.tokens[.admin] ?? "")\r\n"
            let tooLong = try await server.exchange(
                "POST \(path)/modifyPermissions HTTP/1.1\r\n\(Self.head)\(token)Content-Length: 9999999\r\n\r\n")
            #expect(tooLong.hasPrefix("HTTP/1.1 413"))
            #expect(tooLong.contains("RequestEntityTooLarge"))
            let endless = try await server.blocking {
                let connection = try server.open()
                connection.send(
                    "POST \(path)/modifyPermissions HTTP/1.1\r\n\(Self.head)\(token)Transfer-Encoding: chunked\r\n\r\n")
                for _ in 0..<4 { connection.send("190\r\n\(String(repeating: " ", count: 400))\r\n") }
                return connection.answer()
            }
            #expect(endless.hasPrefix("HTTP/1.1 413"))
            // Without a signature the answer comes although no byte of the body has.
            let unsigned = try await server.exchange(
                "POST /workflows/\(workflow)/triggers/manual/paths/invoke HTTP/1.1\r\n\(Self.head)"
                    + "Content-Length: 90000000\r\n\r\n")
            #expect(unsigned.hasPrefix("HTTP/1.1 401"))
            #expect(try await isAlive(server))
        }
    }

    @Test func `limits that change hold for the next request and the next connection`() async throws {
        let world = try await ServerWorld()
        try await withServer(world) { server in
            let body = String(repeating: "x", count: 4_000)
            let large = "POST /signin HTTP/1.1\r\n\(Self.head)Content-Length: 4000\r\n\r\n\(body)"
            let long = "GET /healthz HTTP/1.1\r\n\(Self.head)X-Long: \(body)\r\n\r\n"
            let before = [try await server.exchange(large), try await server.exchange(long)]
            #expect(before.map { $0.dropFirst(9).prefix(3) } == ["400", "200"])
            var settings = world.environment.settings
            settings.server.limits.bodySize = 1_024
            settings.server.limits.headerListSize = 2_048
            settings.durability = .process
            settings.server.listen = "127.0.0.1:1"
            let change = world.environment.take(settings)
            #expect(change.applied == ["server.limits"] && change.waiting == ["durability", "server.listen"])
            #expect(world.environment.settings.durability == .full)
            let after = [try await server.exchange(large), try await server.exchange(long)]
            #expect(after.map { $0.dropFirst(9).prefix(3) } == ["413", "431"])
            let none = world.environment.take(world.environment.settings)
            #expect(none.applied.isEmpty && none.waiting.isEmpty)
        }
    }

    @Test func `a slow body is given up, and a slow head as well`() async throws {
        let world = try await ServerWorld()
        var limits = ServerLimits()
        limits.bodyTime = .milliseconds(200)
        limits.silence = .milliseconds(300)
        limits.sweepInterval = .milliseconds(20)
        try await withServer(world, limits: limits) { server in
            let url =
                try await world.environment.perform(EnvironmentRequest(.flowURL, ["flow": "Echo"]))["url"]?.stringValue
            let target = "/" + (url ?? "").split(separator: "/").dropFirst(2).joined(separator: "/")
            let ended = try await server.blocking {
                let body = try server.open()
                body.send("POST \(target) HTTP/1.1\r\n\(Self.head)Content-Length: 1000\r\n\r\n{")
                let head = try server.open()
                head.send("GET /healthz HTTP/1.1\r\nHost: 127")
                let idle = try server.open()
                return [body.hasEnded(), head.hasEnded(), idle.hasEnded()]
            }
            #expect(ended == [true, true, true])
            #expect(try await isAlive(server))
        }
        let count = try await world.environment.store.runCount(RunFilter())
        #expect(count == 0)
    }

    @Test func `a client that does not read a long answer loses its connection`() async throws {
        let long = """
            name: Long
            triggers: { manual: { type: Request, kind: Http, inputs: { schema: {} } } }
            actions:
              Respond: { type: Response, kind: Http, inputs: { statusCode: 200, body: "@{join(range(0, 99999), 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx')}" } }
            """
        let world = try await ServerWorld([long])
        var limits = ServerLimits()
        limits.bodyTime = .milliseconds(100)
        limits.bodySpeed = 1 << 30
        limits.sweepInterval = .milliseconds(20)
        let url =
            try await world.environment.perform(EnvironmentRequest(.flowURL, ["flow": "Long"]))["url"]?.stringValue
        let target = "/" + (url ?? "").split(separator: "/").dropFirst(2).joined(separator: "/")
        try await withServer(world, limits: limits) { server in
            let isCut = try await server.blocking {
                let connection = try server.open(receiveBuffer: 4_096)
                connection.send("POST \(target) HTTP/1.1\r\n\(Self.head)Content-Length: 0\r\n\r\n")
                return connection.isCut()
            }
            #expect(isCut)
            #expect(try await isAlive(server))
        }
    }

    @Test func `thousands of idle connections do not keep others out`() async throws {
        let world = try await ServerWorld()
        var limits = ServerLimits()
        limits.connections = 50
        try await withServer(world, limits: limits) { server in
            let answer = try await server.blocking {
                var idle: [RunningServer.Connection] = []
                for _ in 0..<300 { idle.append(try server.open()) }
                let connection = try server.open()
                connection.send("GET /healthz HTTP/1.1\r\n\(Self.head)\r\n")
                return withExtendedLifetime(idle) { connection.answer() }
            }
            #expect(answer.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func `a client that guesses tokens has to wait, and no one else`() async throws {
        let world = try await ServerWorld()
        var limits = ServerLimits()
        limits.failures = 3
        try await withServer(world, limits: limits) { server in
            func ask(_ client: String, _ token: String) async throws -> String {
                let answer = try await server.exchange(
                    "GET /providers/Microsoft.ProcessSimple/environments HTTP/1.1\r\n\(Self.head)"
                        + "X-Forwarded-For: 10.0.0.1, \(client)\r\nAuthorization: Bearer \(token)\r\n\r\n")
                return String(answer.prefix(12).suffix(3))
            }
            var statuses: [String] = []
            for _ in 0..<4 { statuses.append(try await ask("198.51.100.7", "fr_guess")) }
            #expect(statuses == ["401", "401", "401", "429"])
            // Whoever shows nothing is no guesser: a page may ask whether someone is signed in.
            for _ in 0..<5 {
                let answer = try await server.exchange(
                    "GET /session HTTP/1.1\r\n\(Self.head)X-Forwarded-For: 198.51.100.9\r\n\r\n")
                #expect(answer.hasPrefix("HTTP/1.1 401"))
            }
            let other = try await ask("198.51.100.8", world.tokens[.admin] ?? "")
            #expect(other == "200")
        }
    }

    @Test func `bodies that are bombs or broken end as refusals or plain values`() async throws {
        let world = try await ServerWorld()
        let url =
            try await world.environment.perform(EnvironmentRequest(.flowURL, ["flow": "Echo"]))["url"]?.stringValue
        let target = "/" + (url ?? "").split(separator: "/").dropFirst(2).joined(separator: "/")
        func send(_ body: String, _ type: String) async -> Int {
            await world.router.respond(
                to: APIRequest("POST", target, headers: [("Content-Type", type)], body: Array(body.utf8))
            ).status
        }
        let json = "application/json"
        #expect(await send(String(repeating: "[", count: 1_000_000), json) == 400)
        #expect(await send(String(repeating: "{\"a\":", count: 100_000), json) == 400)
        #expect(await send("{\"a\": 1e999999999}", json) != 500)
        #expect(await send("{\"a\": " + String(repeating: "9", count: 100_000) + "}", json) == 200)
        #expect(await send("{\"a\": \"\\ud800\"}", json) != 500)
        #expect(await send("{\"a\": 1} trailing", json) == 400)
        for type in ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=x"] {
            for body in [
                "--x", "--x--", "--x\r\n\r\n--x", "--x\r\nA\r\n--x--", "\r\n--x\r\n:\r\n\r\n\u{0}\r\n--x--\r\n", "----",
            ] {
                #expect([200, 400].contains(await send(body, type)), "\(type): \(body)")
            }
        }
        #expect([200, 400].contains(await send("a=%&=b&&%zz=%4", "application/x-www-form-urlencoded")))
        await world.environment.shutdown()
    }
}
