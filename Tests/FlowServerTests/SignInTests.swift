import FlowCore
import FlowRuntime
import FlowTesting
import Synchronization
import Testing

@testable import FlowServer

/// Passwords, sessions of browsers, and the first admin, through a server that is running.
@Suite(.serialized) struct SignInTests {
    private static let password = "correct horse battery"
    private static let owner = "owner@adatum.example"
    private static let environments = "/providers/Microsoft.ProcessSimple/environments"

    /// What a server answered.
    private struct Answer {
        let status: Int
        let text: String
        let body: String

        init(_ text: String) {
            self.text = text
            status = Int(text.dropFirst(9).prefix(3)) ?? 0
            body = text.firstRange(of: "\r\n\r\n").map { String(text[$0.upperBound...]) } ?? ""
        }

        var json: JSON { (try? JSON(parsing: body)) ?? .null }

        func header(_ name: String) -> String? {
            for line in text.split(separator: "\r\n", omittingEmptySubsequences: false) {
                if line.isEmpty { return nil }
                if line.lowercased().hasPrefix(name.lowercased() + ": ") {
                    return String(line.dropFirst(name.count + 2))
                }
            }
            return nil
        }

        /// The cookie as the browser sends it back.
        var cookie: String { "Cookie: other=1; " + (header("Set-Cookie") ?? "").prefix { $0 != ";" } }

        /// The value of a hidden field of the page.
        func field(_ name: String) -> String {
            guard let start = body.firstRange(of: "name=\"\(name)\" value=\"")?.upperBound else { return "" }
            return String(body[start...].prefix { $0 != "\"" })
        }
    }

    private func send(
        _ server: RunningServer, _ method: String, _ target: String, _ headers: [String] = [], body: String = ""
    ) async throws -> Answer {
        let lines = ["Host: 127.0.0.1:\(server.port)", "Content-Length: \(body.utf8.count)"] + headers
        return Answer(
            try await server.exchange(
                "\(method) \(target) HTTP/1.1\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n" + body))
    }

    private func signIn(
        _ server: RunningServer, _ upn: String = owner, _ password: String = password, _ headers: [String] = []
    ) async throws -> Answer {
        let body: JSON = ["upn": .string(upn), "password": .string(password)]
        return try await send(
            server, "POST", "/signin", ["Content-Type: application/json"] + headers, body: body.text)
    }

    private func setPassword(_ world: ServerWorld, _ upn: String = owner, _ password: String = password) async throws {
        _ = try await world.environment.perform(
            EnvironmentRequest(.setPassword, ["upn": .string(upn), "password": .string(password)]))
    }

    private static let form = "Content-Type: application/x-www-form-urlencoded"

    @Test func `a cookie opens what its person may, and changes need the session's token`() async throws {
        let world = try await ServerWorld()
        try await setPassword(world)
        let stop = Self.environments + "/default/flows/\(try await world.id(of: "Press"))/stop"
        try await withServer(world) { server in
            let answer = try await signIn(server)
            #expect(answer.status == 200, "\(answer.text)")
            let set = answer.header("Set-Cookie") ?? ""
            #expect(set.hasPrefix("flowrun-session="))
            #expect(set.contains("; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200") && !set.contains("Secure"))
            let token = "X-CSRF-Token: " + (answer.json["csrfToken"]?.stringValue ?? "")
            #expect(try await send(server, "GET", Self.environments, [answer.cookie]).status == 200)
            let session = try await send(server, "GET", "/session", [answer.cookie])
            #expect(session.json["upn"] == .string(Self.owner))
            #expect("X-CSRF-Token: " + (session.json["csrfToken"]?.stringValue ?? "") == token)
            let own = "http://127.0.0.1:\(server.port)"
            let refusals = [
                [], ["X-CSRF-Token: guess"], [token, "Origin: https://evil.example"], [token, "Origin: null"],
                [token, "Sec-Fetch-Site: cross-site"], [token, "Sec-Fetch-Site: same-site"],
            ]
            for headers in refusals {
                let refused = try await send(server, "POST", stop, [answer.cookie] + headers)
                #expect(refused.status == 403, "\(headers)")
                #expect(refused.json["error"]?["code"] == "CsrfTokenInvalid", "\(headers)")
            }
            let stopped = try await send(server, "POST", stop, [answer.cookie, token, "Origin: \(own)"])
            #expect(stopped.status == 200)
            // What the person may not do, the cookie does not either.
            let admins = "/providers/Microsoft.ProcessSimple/scopes/admin/environments/default/v2/flows"
            #expect(try await send(server, "GET", admins, [answer.cookie]).status == 403)
            #expect(try await send(server, "POST", "/signout", [answer.cookie]).status == 403)
            let out = try await send(server, "POST", "/signout", [answer.cookie, token])
            #expect(out.status == 200)
            #expect(out.header("Set-Cookie")?.contains("Max-Age=0") == true)
            #expect(try await send(server, "GET", Self.environments, [answer.cookie]).status == 401)
        }
    }

    @Test func `behind TLS the cookie is for this host and for TLS alone`() async throws {
        let world = try await ServerWorld(server: EnvironmentSettings.Server(publicURL: "https://flows.example"))
        try await setPassword(world)
        let request = APIRequest(
            "POST", "/signin", headers: [("Origin", "https://flows.example")],
            body: JSON.object(["upn": .string(Self.owner), "password": .string(Self.password)]).bytes)
        let response = await world.router.respond(to: request)
        let set = response.headers.first { $0.name == "Set-Cookie" }?.value ?? ""
        #expect(set.hasPrefix("__Host-flowrun-session=") && set.hasSuffix("; Secure") && set.contains("Path=/;"))
        await world.environment.shutdown()
    }

    @Test func `wrong passwords, people without one and ended sessions open nothing, and all look alike`() async throws
    {
        let world = try await ServerWorld()
        await #expect(throws: FlowError.self) { try await setPassword(world, Self.owner, "short") }
        await #expect(throws: FlowError.self) { try await setPassword(world, "ghost@adatum.example") }
        try await setPassword(world)
        try await withServer(world) { server in
            var bodies: Set<String> = []
            for (upn, password) in [
                (Self.owner, "wrong horse battery"), ("runner@adatum.example", ""),
                ("ghost@adatum.example", Self.password), ("", ""),
            ] {
                let answer = try await signIn(server, upn, password)
                #expect(answer.status == 401 && answer.header("Set-Cookie") == nil, "\(upn)")
                bodies.insert(answer.body)
            }
            #expect(bodies.count == 1)
            let first = try await signIn(server, "OWNER@adatum.example")
            #expect(first.status == 200)
            try await setPassword(world, Self.owner, "another horse battery")
            #expect(try await send(server, "GET", "/session", [first.cookie]).status == 401)
            #expect(try await signIn(server).status == 401)
            let second = try await signIn(server, Self.owner, "another horse battery")
            #expect(try await send(server, "GET", "/session", [second.cookie]).status == 200)
            _ = try await world.environment.perform(EnvironmentRequest(.removeUser, ["upn": .string(Self.owner)]))
            #expect(try await send(server, "GET", "/session", [second.cookie]).status == 401)
            _ = try await world.environment.perform(EnvironmentRequest(.addUser, ["upn": .string(Self.owner)]))
            #expect(try await send(server, "GET", "/session", [second.cookie]).status == 401)
            #expect(try await signIn(server, Self.owner, "another horse battery").status == 401)
        }
    }

    @Test func `whoever guesses a person's password has to wait, and nobody else`() async throws {
        let world = try await ServerWorld()
        try await setPassword(world)
        try await withServer(world) { server in
            var statuses: [Int] = []
            for _ in 0..<11 { statuses.append(try await signIn(server, "maker@adatum.example", "x").status) }
            #expect(statuses == Array(repeating: 401, count: 10) + [429])
            let waiting = try await signIn(server, "MAKER@adatum.example", "x")
            #expect(waiting.status == 429 && waiting.header("Retry-After") != nil)
            #expect(try await signIn(server).status == 200)
        }
    }

    @Test func `a session ends after two hours without use, and after twelve in any case`() async throws {
        let world = try await ServerWorld()
        try await setPassword(world)
        try await withServer(world) { server in
            let idle = try await signIn(server)
            let used = try await signIn(server)
            for hour in 1...12 {
                world.clock.advance(by: .seconds(3_600))
                let status = try await send(server, "GET", "/session", [used.cookie]).status
                #expect(status == (hour < 12 ? 200 : 401), "after \(hour) hours")
                if hour == 2 { #expect(try await send(server, "GET", "/session", [idle.cookie]).status == 401) }
            }
        }
    }

    @Test func `the page signs in and out without a script, and leads to no other site`() async throws {
        let world = try await ServerWorld()
        try await setPassword(world)
        try await withServer(world) { server in
            let page = try await send(server, "GET", "/signin?returnTo=/portal%3Fa%3D%3Cb%3E")
            #expect(page.status == 200 && page.field("returnTo") == "/portal?a=&lt;b&gt;")
            #expect(page.header("Content-Security-Policy")?.hasPrefix("default-src 'none'") == true)
            #expect(page.header("X-Frame-Options") == "DENY" && page.header("Cache-Control") == "no-store")
            func submit(returnTo: String, password: String = "correct+horse+battery") async throws -> Answer {
                try await send(
                    server, "POST", "/signin", [Self.form],
                    body: "upn=owner%40adatum.example&password=\(password)&returnTo=\(returnTo)")
            }
            let wrong = try await submit(returnTo: "/portal", password: "nothing")
            #expect(wrong.status == 401 && wrong.field("returnTo") == "/portal")
            #expect(wrong.body.contains("The person or the password is wrong."))
            #expect(!wrong.body.contains("nothing"))
            for (path, location) in [
                ("%2Fportal%3Fa%3D1", "/portal?a=1"), ("", "/signin"), ("https%3A%2F%2Fevil.example", "/signin"),
                ("%2F%2Fevil.example", "/signin"), ("%2F%5Cevil.example", "/signin"),
                ("%2F%09%2Fevil.example", "/signin"), ("%2Fa%0D%0ASet-Cookie%3A+x%3D1", "/signin"),
                ("javascript%3Aalert(1)", "/signin"),
            ] {
                let answer = try await submit(returnTo: path)
                #expect(answer.status == 303, "\(path)")
                #expect(answer.header("Location") == location, "\(path)")
            }
            let foreign = try await send(
                server, "POST", "/signin", [Self.form, "Origin: https://evil.example"],
                body: "upn=owner%40adatum.example&password=correct+horse+battery")
            #expect(foreign.status == 403 && foreign.header("Set-Cookie") == nil)
            let cookie = try await submit(returnTo: "").cookie
            let signedIn = try await send(server, "GET", "/signin", [cookie])
            #expect(signedIn.body.contains(Self.owner))
            let out = try await send(
                server, "POST", "/signout", [Self.form, cookie], body: "csrfToken=\(signedIn.field("csrfToken"))")
            #expect(out.status == 303 && out.header("Location") == "/signin")
            #expect(try await send(server, "GET", "/session", [cookie]).status == 401)
        }
    }

    @Test func `the first admin sets a password once, by the link that the server gives`() async throws {
        let world = try await ServerWorld()
        _ = try await world.environment.perform(EnvironmentRequest(.removeUser, ["upn": "admin@adatum.example"]))
        let offers = Mutex<[(upn: String, address: String)]>([])
        try await withServer(
            world, onSetup: { upn, address in offers.withLock { $0.append((upn, address)) } }
        ) { server in
            let deadline = ContinuousClock.now + .seconds(10)
            while offers.withLock(\.isEmpty), ContinuousClock.now < deadline { await Task.yield() }
            let offer = try #require(offers.withLock { $0.first })
            #expect(offer.upn == "admin@localhost")
            let target = "/" + offer.address.split(separator: "/").dropFirst(2).joined(separator: "/")
            #expect(try await send(server, "GET", "/setup?code=wrong").status == 401)
            let page = try await send(server, "GET", target)
            #expect(page.status == 200 && page.body.contains("admin@localhost"))
            func setUp(_ password: String) async throws -> Answer {
                try await send(
                    server, "POST", "/setup", [Self.form], body: "code=\(page.field("code"))&password=\(password)")
            }
            let short = try await setUp("short")
            #expect(short.status == 400 && short.body.contains("shorter than 12"))
            let done = try await setUp("correct+horse+battery")
            #expect(done.status == 303)
            let again = try await setUp("correct+horse+battery")
            #expect(again.status == 401 && again.header("Set-Cookie") == nil)
            #expect(try await send(server, "GET", target).status == 401)
            let admins = "/providers/Microsoft.ProcessSimple/scopes/admin/environments/default/v2/flows"
            #expect(try await send(server, "GET", admins, [done.cookie]).status == 200)
            #expect(try await signIn(server, "admin@localhost").status == 200)
            #expect(try await world.environment.makeFirstAdmin() == nil)
        }
    }

    @Test func `the first admin's link ends after an hour, and an environment with admins gives none`() async throws {
        let world = try await ServerWorld()
        #expect(try await world.environment.makeFirstAdmin() == nil)
        let sessions = Sessions()
        let code = sessions.makeSetupCode(for: "admin@localhost", now: world.clock.now)
        world.clock.advance(by: .seconds(3_599))
        #expect(sessions.person(ofSetupCode: code, now: world.clock.now) == "admin@localhost")
        world.clock.advance(by: .seconds(1))
        #expect(sessions.person(ofSetupCode: code, now: world.clock.now) == nil)
        #expect(sessions.useUp(setupCode: code, now: world.clock.now) == nil)
        await world.environment.shutdown()
    }
}
