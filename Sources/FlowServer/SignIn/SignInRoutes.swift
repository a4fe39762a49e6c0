import FlowCore
import FlowRuntime

/// Signing in with a browser: a cookie that no script reads and no other site uses.
enum SignInRoutes {
    private static let returnTo = Route.QueryParameter(
        "returnTo", "Where to go afterwards: a path of this server; another one is left out.")

    static let routes: [Route] = [
        Route(
            "GET", "/signin", "getSignInPage", "The page on which a person signs in, or sees that they are.", .anyone,
            query: [returnTo], gives: .html
        ) { call in
            if let session = call.session { return SignInPages.signedIn(session) }
            return SignInPages.signIn(returnTo: LocalPath.of(call.request.query("returnTo")) ?? "")
        },
        Route(
            "POST", "/signin", "signIn", "Signs a person in and gives the session's cookie.", .anyone, body: "SignIn",
            form: true, gives: .json("Session")
        ) { call async throws(FlowError) in try await signIn(call) },
        Route(
            "GET", "/session", "getSession", "Who is signed in, and the token that changes must carry.", .anyone,
            gives: .json("Session")
        ) { call async throws(FlowError) in
            guard let session = call.session else {
                throw FlowError(.signInRefused, "Nobody is signed in.", hint: "POST /signin")
            }
            return shown(session)
        },
        Route(
            "POST", "/signout", "signOut", "Ends the session.", .anyone, body: "SignOut", form: true, gives: .nothing
        ) { call async throws(FlowError) in
            let fields = try fields(call)
            if let session = call.session {
                try checkIntent(of: call.request, session, call.environment, token: fields["csrfToken"])
                call.cookie.map(call.sessions.end)
            }
            var response = isForm(call.request) ? redirect(to: "/signin") : APIResponse.empty()
            response.headers.append(setCookie("", seconds: 0, call.environment))
            return response
        },
        Route(
            "GET", "/setup", "getSetupPage", "The page on which the first admin sets a password.", .anyone,
            query: [Route.QueryParameter("code", "The code of the link that `flowrun serve` prints.")], gives: .html
        ) { call in
            let code = call.request.query("code") ?? ""
            guard let upn = call.sessions.person(ofSetupCode: code, now: call.environment.clock.now) else {
                return SignInPages.refusal(wrongCode, status: 401)
            }
            return SignInPages.setUp(upn, code: code)
        },
        Route(
            "POST", "/setup", "setUp", "Sets the first admin's password and signs in.", .anyone, body: "Setup",
            form: true, gives: .json("Session")
        ) { call async throws(FlowError) in try await setUp(call) },
    ]

    // MARK: Signing in, setting up

    private static func signIn(_ call: RouteCall) async throws(FlowError) -> APIResponse {
        try checkSite(of: call.request, call.environment)
        let fields = try fields(call)
        let upn = fields["upn"] ?? ""
        let path = LocalPath.of(fields["returnTo"])
        func refused(_ error: FlowError, retryAfter seconds: Int? = nil) -> APIResponse {
            let status = APIStatus.of(error)
            var response =
                isForm(call.request)
                ? SignInPages.signIn(returnTo: path ?? "", upn: upn, problem: error.message, status: status)
                : APIResponse.error(error)
            if let seconds { response.headers.append(.init(name: "Retry-After", value: String(seconds))) }
            return response
        }
        if let wait = call.signIns.take(upn) {
            return refused(
                FlowError(
                    .tooManyRequests, "There were too many attempts to sign in as this person.",
                    hint: "wait \(wait) s"), retryAfter: wait)
        }
        let person: SignedInPerson
        do throws(FlowError) {
            person = try await call.environment.signIn(upn, password: fields["password"] ?? "")
        } catch {
            guard error.code == .signInRefused || error.code == .tooManyRequests else { throw error }
            return refused(error, retryAfter: error.code == .tooManyRequests ? 30 : nil)
        }
        call.signIns.forgive(upn)
        return begun(person, call, path)
    }

    private static func setUp(_ call: RouteCall) async throws(FlowError) -> APIResponse {
        try checkSite(of: call.request, call.environment)
        let fields = try fields(call)
        let code = fields["code"] ?? ""
        guard let (upn, giveBack) = call.sessions.useUp(setupCode: code, now: call.environment.clock.now) else {
            if isForm(call.request) { return SignInPages.refusal(wrongCode, status: 401) }
            throw wrongCode
        }
        do throws(FlowError) {
            return begun(try await call.environment.setPassword(fields["password"] ?? "", of: upn), call, nil)
        } catch {
            giveBack()
            guard isForm(call.request), error.code == .invalidArgument else { throw error }
            return SignInPages.setUp(upn, code: code, problem: error.message, status: APIStatus.of(error))
        }
    }

    private static var wrongCode: FlowError {
        FlowError(
            .signInRefused,
            "The link is not valid: it was used, is older than an hour, or the server was started anew.",
            hint: "start `flowrun serve` again for a new one, or set the password by `flowrun user password UPN`")
    }

    // MARK: What comes and goes

    /// Whether a browser sent a form of ours.
    private static func isForm(_ request: APIRequest) -> Bool {
        MediaType(request.header("Content-Type") ?? "").essence == "application/x-www-form-urlencoded"
    }

    private static let fieldNames: Set<String> = ["upn", "password", "returnTo", "csrfToken", "code"]

    private static func wrongContent(_ message: String) -> FlowError {
        FlowError(.invalidArgument, message, hint: "see GET /openapi.json")
    }

    /// The fields of a JSON body or of a form.
    private static func fields(_ call: RouteCall) throws(FlowError) -> [String: String] {
        var fields: [String: String] = [:]
        if isForm(call.request) {
            for (name, value) in PercentEncoding.pairs(ofForm: String(decoding: call.request.body, as: UTF8.self)) {
                fields[name] = value
            }
            return fields
        }
        let json = try call.request.json()
        guard case .object(let members) = json else { throw wrongContent("The request content is no object.") }
        for (name, value) in members {
            guard value.stringValue != nil || !fieldNames.contains(name) else {
                throw wrongContent("'\(name)' in the request content is no text.")
            }
            fields[name] = value.stringValue
        }
        return fields
    }

    private static func begun(_ person: SignedInPerson, _ call: RouteCall, _ path: String?) -> APIResponse {
        // A session that the browser had before ends: no one goes on in another's name.
        call.cookie.map(call.sessions.end)
        let (cookie, session) = call.sessions.begin(person, now: call.environment.clock.now)
        var response = isForm(call.request) ? redirect(to: path ?? "/signin") : shown(session)
        let seconds = Int(Sessions.lifetime.components.seconds)
        response.headers.append(setCookie(cookie, seconds: seconds, call.environment))
        return response
    }

    private static func shown(_ session: Sessions.Session) -> APIResponse {
        var response = APIResponse.json([
            "upn": .string(session.person.upn), "csrfToken": .string(session.csrfToken),
            "expires": .string(session.expires.secondsDescription),
        ])
        response.headers.append(.init(name: "Cache-Control", value: "no-store"))
        return response
    }

    private static func redirect(to path: String) -> APIResponse {
        APIResponse(
            status: 303,
            headers: [.init(name: "Location", value: path), .init(name: "Cache-Control", value: "no-store")])
    }

    private static func setCookie(
        _ value: String, seconds: Int, _ environment: FlowEnvironment
    ) -> APIResponse.Header {
        let isSecure = environment.publicAddress.hasPrefix("https://")
        let name = Sessions.cookieName(isSecure: isSecure)
        return .init(
            name: "Set-Cookie",
            value: "\(name)=\(value); Path=/; HttpOnly; SameSite=Strict; Max-Age=\(seconds)"
                + (isSecure ? "; Secure" : ""))
    }

    // MARK: Other sites

    /// Refuses what a page of another site sends, where the browser says so.
    /// - Throws: `CsrfTokenInvalid`.
    static func checkSite(of request: APIRequest, _ environment: FlowEnvironment) throws(FlowError) {
        let origin = request.header("Origin")
        let host = request.header("Host") ?? ""
        let own = [environment.publicAddress, "http://\(host)", "https://\(host)"]
        let site = request.header("Sec-Fetch-Site") ?? "none"
        guard origin.map(own.contains) ?? true, ["none", "same-origin"].contains(site) else {
            throw FlowError(.csrfTokenInvalid, "The request was sent by a page of another site.")
        }
    }

    /// Refuses a change that a page of another site may have sent: it does not know the session's token.
    /// - Throws: `CsrfTokenInvalid`.
    static func checkIntent(
        of request: APIRequest, _ session: Sessions.Session, _ environment: FlowEnvironment, token: String? = nil
    ) throws(FlowError) {
        if request.method == "GET" || request.method == "HEAD" { return }
        try checkSite(of: request, environment)
        let token = token ?? request.header("X-CSRF-Token") ?? ""
        guard Digest.constantTimeEqual(Array(token.utf8), Array(session.csrfToken.utf8)) else {
            throw FlowError(
                .csrfTokenInvalid, "A change of someone who is signed in by cookie must carry the session's token.",
                hint: "send the 'csrfToken' of GET /session as header X-CSRF-Token")
        }
    }
}

/// Where a browser may be sent: a path of this server, never another site.
enum LocalPath {
    /// The path, or nil where it is none.
    static func of(_ text: String?) -> String? {
        guard let text, text.hasPrefix("/"), text.utf8.count <= 2_048 else { return nil }
        // Browsers take `//` and `/\` for the beginning of another host, and drop tabs and line ends.
        let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }
        return isPlain && !text.hasPrefix("//") ? text : nil
    }
}
