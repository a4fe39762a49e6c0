import FlowCore
import FlowRuntime

/// The pages for signing in and for setting the first password: forms without a script.
enum SignInPages {
    /// Asks for person and password.
    static func signIn(returnTo: String, upn: String = "", problem: String? = nil, status: Int = 200) -> APIResponse {
        page(
            "Sign in", problem,
            """
            <form method="post" action="/signin">
            <input type="hidden" name="returnTo" value="\(escaped(returnTo))">
            <p><label>Person<br><input name="upn" type="text" value="\(escaped(upn))" required autocomplete="username" autofocus></label></p>
            <p><label>Password<br><input name="password" type="password" required autocomplete="current-password"></label></p>
            <p><button>Sign in</button></p>
            </form>
            """, status: status)
    }

    /// Says who is signed in, and lets them sign out.
    static func signedIn(_ session: Sessions.Session) -> APIResponse {
        page(
            "Signed in", nil,
            """
            <p>You are signed in as \(escaped(session.person.upn)).</p>
            <form method="post" action="/signout">
            <input type="hidden" name="csrfToken" value="\(escaped(session.csrfToken))">
            <p><button>Sign out</button></p>
            </form>
            """)
    }

    /// Asks the first admin for a password.
    static func setUp(_ upn: String, code: String, problem: String? = nil, status: Int = 200) -> APIResponse {
        page(
            "Set the admin's password", problem,
            """
            <form method="post" action="/setup">
            <input type="hidden" name="code" value="\(escaped(code))">
            <p><label>Person<br><input name="upn" type="text" value="\(escaped(upn))" readonly autocomplete="username"></label></p>
            <p><label>Password, twelve characters at least<br><input name="password" type="password" minlength="12" required autocomplete="new-password" autofocus></label></p>
            <p><button>Set password</button></p>
            </form>
            """, status: status)
    }

    /// Says why nothing can be done here.
    static func refusal(_ error: FlowError, status: Int) -> APIResponse {
        page("Not possible", error.message, "<p>\(escaped(error.hint ?? ""))</p>", status: status)
    }

    private static func page(_ title: String, _ problem: String?, _ content: String, status: Int = 200) -> APIResponse {
        let note = problem.map { "<p role=\"alert\"><strong>\(escaped($0))</strong></p>\n" } ?? ""
        let html = """
            <!doctype html>
            <html lang="en">
            <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>\(escaped(title)) · flowrun</title></head>
            <body>
            <h1>\(escaped(title))</h1>
            \(note)\(content)
            </body>
            </html>

            """
        return APIResponse(
            status: status,
            headers: [
                .init(name: "Content-Type", value: "text/html; charset=utf-8"),
                .init(
                    name: "Content-Security-Policy",
                    value: "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"),
                // The origin must come along with forms of our own, and the address of the page with nothing else.
                .init(name: "Referrer-Policy", value: "same-origin"),
                .init(name: "X-Frame-Options", value: "DENY"),
                .init(name: "Cache-Control", value: "no-store"),
            ], body: Array(html.utf8))
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
