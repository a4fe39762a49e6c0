import FlowCore
import FlowHTTP
import Foundation
import Testing

private let local = CurlTransport(
    CurlTransport.Configuration(addressPolicy: .local, proxies: ProxySettings(environment: [:])))

private func failure(_ request: HTTPRequest, _ transport: CurlTransport = local) async -> HTTPFailure? {
    do {
        _ = try await transport.send(request)
        return nil
    } catch { return error }
}

@Suite struct CurlTransportTests {
    @Test(arguments: [
        ("GET", ""), ("HEAD", ""), ("OPTIONS", ""), ("DELETE", ""), ("DELETE", "x"), ("GET", "body"), ("POST", ""),
        ("POST", "{}"), ("PUT", "größer"), ("PUT", ""), ("PATCH", "p"),
    ])
    func `method, path, headers and body arrive as given`(method: String, body: String) async throws {
        let server = try LoopbackServer { request in .answer(200, ["X-Echo": request.method], request.body) }
        let request = HTTPRequest(
            method, server.url + "/a b/ü?q=1 2", headers: ["X-One": "1", "X-Empty": "", "Content-Length": "999"],
            body: Array(body.utf8))
        let response = try await local.send(request)
        #expect(response.status == 200)
        #expect(response.headers["x-echo"] == method)
        #expect(response.text == (method == "HEAD" ? "" : body))
        let seen = try #require(server.requests.first)
        #expect(seen.method == method)
        #expect(
            seen.target.lowercased() == "/a%20b/%c3%bc?q=1+2" || seen.target.lowercased() == "/a%20b/%c3%bc?q=1%202")
        #expect(seen.headers["x-one"] == "1")
        #expect(seen.headers["x-empty"] == "")
        #expect(seen.headers["content-type"] == nil)
        #expect(seen.headers["expect"] == nil)
    }

    @Test func `connections are kept, and many requests at a time all come back`() async throws {
        let server = try LoopbackServer { request in .answer(200, [:], Array(request.target.utf8)) }
        for _ in 0..<5 { _ = try await local.send(HTTPRequest("GET", server.url)) }
        #expect(Set(server.requests.map(\.connection)) == [1])
        let texts = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<200 {
                group.addTask { try await local.send(HTTPRequest("GET", server.url + "/\(number)")).text }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(texts.count == 200)
    }

    @Test(arguments: ["POST", "PATCH"])
    func `a request that is unsafe to repeat is never sent twice`(method: String) async throws {
        for body in ["{}", ""] {
            let server = try LoopbackServer { request in request.target == "/die" ? .close : .answer(200) }
            _ = try await local.send(HTTPRequest("GET", server.url))
            let failure = await failure(HTTPRequest(method, server.url + "/die", body: Array(body.utf8)))
            #expect(failure?.kind == .connectionLost)
            #expect(failure?.mayHaveBeenSent == true)
            #expect(server.requests.filter { $0.target == "/die" }.count == 1)
        }
    }

    @Test func `failures have their kind and tell whether the request may have been sent`() async throws {
        let server = try LoopbackServer { request in
            switch request.target {
            case "/silent": .silence
            case "/garbage": .raw(Array("nonsense\r\n\r\n".utf8))
            case "/short": .raw(Array("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc".utf8))
            case "/chunked":
                .raw(Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n".utf8))
            default: .answer(200, [:], Array("abcde".utf8))
            }
        }
        let fine = try await local.send(HTTPRequest("GET", server.url + "/chunked", maximumResponseBytes: 5))
        #expect(fine.text == "abcde")
        let unused = try LoopbackServer { _ in .close }
        let closedPort = "http://127.0.0.1:1"
        let cases: [(HTTPRequest, HTTPFailure.Kind, Bool)] = [
            (HTTPRequest("GET", server.url + "/silent", timeout: .milliseconds(50)), .timedOut, true),
            (HTTPRequest("GET", server.url + "/short"), .connectionLost, true),
            (HTTPRequest("GET", server.url + "/garbage"), .protocolError, true),
            (HTTPRequest("GET", server.url + "/", maximumResponseBytes: 4), .tooLarge, true),
            (HTTPRequest("GET", server.url + "/chunked", maximumResponseBytes: 4), .tooLarge, true),
            (HTTPRequest("GET", closedPort), .connectionFailed, false),
            (HTTPRequest("GET", "http://nowhere.invalid/secret?sig=secret"), .nameNotResolved, false),
            (HTTPRequest("GET", "file:///etc/passwd"), .invalidRequest, false),
            (HTTPRequest("GET", "/relative"), .invalidRequest, false),
            (HTTPRequest("GET", unused.url, headers: ["X": "a\r\nY: b"]), .invalidRequest, false),
            (HTTPRequest("GET", unused.url, headers: ["X Y": "a"]), .invalidRequest, false),
            (HTTPRequest("G T", unused.url), .invalidRequest, false),
        ]
        for (request, kind, sent) in cases {
            let failure = await failure(request)
            #expect(failure?.kind == kind, "\(request.url)")
            #expect(failure?.mayHaveBeenSent == sent, "\(request.url)")
            #expect(failure?.message.contains("secret") == false)
        }
        #expect(unused.requests.isEmpty)
    }

    @Test func `cancelling the task ends the exchange`() async throws {
        let server = try LoopbackServer { _ in .silence }
        let tasks = (0..<20).map { _ in Task { await failure(HTTPRequest("GET", server.url + "/wait"))?.kind } }
        while server.requests.count < 20 { await Task.yield() }
        for task in tasks { task.cancel() }
        for task in tasks { #expect(await task.value == .cancelled) }
        let early = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await failure(HTTPRequest("GET", server.url + "/early"))
        }
        let outcome = await early.value
        #expect(outcome?.kind == .cancelled)
        #expect(outcome?.mayHaveBeenSent == false)
    }

    @Test func `letting go of a transport ends its thread and its exchanges`() async throws {
        let server = try LoopbackServer { _ in .answer(200) }
        for _ in 0..<3 {
            let transport = CurlTransport(.init(addressPolicy: .local))
            _ = try await transport.send(HTTPRequest("GET", server.url))
        }
        _ = CurlTransport()
    }

    @Test func `redirects are followed only where asked, and credentials stay at their host`() async throws {
        let other = try LoopbackServer { request in
            let names = ["authorization", "cookie", "x-api-key", "x-functions-key", "x-own-token", "x-plain"]
            return .answer(200, [:], Array(names.compactMap { request.headers[$0] }.joined(separator: ",").utf8))
        }
        let otherURL = other.url
        let server = try LoopbackServer { request in
            switch request.target {
            case "/away": .answer(302, ["Location": otherURL + "/there"])
            case "/near": .answer(307, ["Location": "end?x=1"])
            case "/see": .answer(303, ["Location": "/end"])
            case "/loop": .answer(302, ["Location": "/loop"])
            case "/file": .answer(302, ["Location": "file:///etc/passwd"])
            default: .answer(200, [:], Array("\(request.method) \(request.headers["authorization"] ?? "none")".utf8))
            }
        }
        func call(_ path: String, _ method: String = "POST", _ redirects: HTTPRequest.Redirects = .follow(maximum: 3))
            async throws(HTTPFailure) -> HTTPResponse
        {
            try await local.send(
                HTTPRequest(
                    method, server.url + path,
                    headers: [
                        "Authorization": "Bearer t", "Cookie": "c", "X-Api-Key": "k", "X-Functions-Key": "f",
                        "X-Own-Token": "o", "X-Plain": "plain",
                    ], body: [120], redirects: redirects))
        }
        #expect(try await call("/away", "GET", .never).status == 302)
        #expect(try await call("/away", "GET").text == "plain")
        #expect(try await call("/near").text == "POST Bearer t")
        #expect(try await call("/see").text == "GET Bearer t")
        #expect(try await call("/file").status == 302)
        await #expect(throws: HTTPFailure.self) { try await call("/loop", "GET") }
        #expect(server.requests.filter { $0.target == "/loop" }.count == 4)
    }

    @Test func `compressed answers are decompressed unless that is switched off`() async throws {
        // "hello hello hello hello" as gzip.
        let zipped: [UInt8] = [
            0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 0x57, 0xC8, 0x40,
            0x27, 0x01, 0xE3, 0x51, 0x3D, 0x8D, 0x17, 0x00, 0x00, 0x00,
        ]
        let server = try LoopbackServer { _ in .answer(200, ["Content-Encoding": "gzip"], zipped) }
        let plain = try await local.send(HTTPRequest("GET", server.url, decompresses: false))
        #expect(plain.body == zipped)
        #expect(plain.headers["Content-Encoding"] == "gzip")
        #expect(server.requests[0].headers["accept-encoding"] == nil)
        let read = try await local.send(HTTPRequest("GET", server.url))
        #expect(read.text == "hello hello hello hello")
        #expect(read.headers["Content-Encoding"] == nil)
        #expect(server.requests[1].headers["accept-encoding"]?.contains("gzip") == true)
    }

    @Test func `a Unix socket is talked to where the request names one`() async throws {
        let path = "/tmp/flowhttp-\(UUIDText.random()).sock"
        defer { unlink(path) }
        let server = try LoopbackServer(unixPath: path) { request in .answer(200, [:], Array(request.target.utf8)) }
        let strict = CurlTransport(.init(proxies: ProxySettings(environment: ["http_proxy": "http://127.0.0.1:1"])))
        let response = try await strict.send(HTTPRequest("GET", "http://owner/flows", unixSocketPath: path))
        #expect(response.text == "/flows")
        #expect(server.requests.count == 1)
        let gone = await failure(HTTPRequest("GET", "http://owner/", unixSocketPath: path + "x"))
        #expect(gone?.kind == .connectionFailed)
    }

    @Test func `loopback is called only where the host is named`() async throws {
        let server = try LoopbackServer { _ in .answer(200) }
        for (allowed, isAllowed) in [
            ([], false), (["127.0.0.1"], true), (["127.0.0.1:\(server.port)"], true), (["127.0.0.1:1"], false),
            (["localhost"], false),
        ] {
            let transport = CurlTransport(
                .init(addressPolicy: AddressPolicy(allowedHosts: allowed), proxies: ProxySettings(environment: [:])))
            let kind = await failure(HTTPRequest("GET", server.url), transport)?.kind
            #expect(kind == (isAllowed ? nil : .addressRefused), "\(allowed)")
        }
        let named = CurlTransport(.init(addressPolicy: AddressPolicy(allowedHosts: ["localhost"])))
        _ = try await named.send(HTTPRequest("GET", "http://localhost:\(server.port)/"))
    }

    @Test func `a proxy of the environment is used, and does not open the inside`() async throws {
        let proxy = try LoopbackServer { request in .answer(200, [:], Array("via \(request.target)".utf8)) }
        let settings = ProxySettings(environment: ["http_proxy": proxy.url, "no_proxy": ".direct.example"])
        let transport = CurlTransport(.init(proxies: settings))
        #expect(
            try await transport.send(HTTPRequest("GET", "http://service.example/x")).text
                == "via http://service.example/x")
        for inside in ["http://127.0.0.1/", "http://localhost/", "http://169.254.169.254/latest", "http://[::1]/"] {
            #expect(await failure(HTTPRequest("GET", inside), transport)?.kind == .addressRefused, "\(inside)")
        }
    }
}

@Suite struct AddressTests {
    @Test(arguments: [
        ("8.8.8.8", IPAddress.Reach.global), ("127.0.0.1", .inside), ("10.1.2.3", .inside), ("172.31.0.1", .inside),
        ("172.32.0.1", .global), ("192.168.1.1", .inside), ("100.64.0.1", .inside), ("169.254.169.254", .forbidden),
        ("168.63.129.16", .forbidden), ("224.0.0.1", .forbidden), ("0.0.0.0", .inside), ("::1", .inside),
        ("::", .inside), ("fe80::1", .forbidden), ("fd00::1", .inside), ("fd00:ec2::254", .forbidden),
        ("2606:4700::1111", .global), ("::ffff:127.0.0.1", .inside), ("::ffff:169.254.169.254", .forbidden),
        ("64:ff9b::7f00:1", .inside), ("2002:a9fe:a9fe::1", .forbidden), ("255.255.255.255", .forbidden),
    ])
    func `addresses reach as far as their ranges say`(text: String, reach: IPAddress.Reach) throws {
        var bytes = [UInt8](repeating: 0, count: 16)
        let family = text.contains(":") ? AF_INET6 : AF_INET
        #expect(inet_pton(family, text, &bytes) == 1)
        #expect(IPAddress(family == AF_INET ? Array(bytes[..<4]) : bytes)?.reach == reach)
    }

    @Test(arguments: [
        ("http://a.direct.example/", nil as String?), ("http://direct.example/", nil), ("http://other/", "p"),
        ("http://10.1.2.3/", nil), ("http://11.1.2.3/", "p"), ("https://other/", nil),
    ])
    func `proxies follow the rules of curl`(url: String, proxy: String?) throws {
        let settings = ProxySettings(environment: [
            "http_proxy": "p", "HTTP_PROXY": "never", "no_proxy": "direct.example, 10.0.0.0/8",
        ])
        #expect(settings.proxy(for: try #require(URLParts(url))) == proxy)
    }

    @Test func `dates of headers are read and written`() {
        let text = "Sun, 06 Nov 1994 08:49:37 GMT"
        let instant = HTTPDate.parse(text)
        #expect(instant?.secondsDescription == "1994-11-06T08:49:37Z")
        #expect(instant.map(HTTPDate.text) == text)
        #expect(HTTPDate.parse("Sunday, 06-Nov-94 08:49:37 GMT") == instant)
        #expect(HTTPDate.retryAfter("120", now: Timestamp(ticks: 0)) == .seconds(120))
        #expect(HTTPDate.retryAfter("soon", now: Timestamp(ticks: 0)) == nil)
        #expect(HTTPStatusName.of(404) == "NotFound")
        #expect(HTTPStatusName.of(429) == "429")
    }
}
