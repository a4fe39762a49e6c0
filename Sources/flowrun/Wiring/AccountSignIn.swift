import FlowConnectorLibrary
import FlowCore
import FlowDefinitions
import FlowHTTP
import FlowRuntime

/// Signs an account in at its identity service, as a person does at the sign-in page.
enum AccountSignIn {
    /// Makes the sign-in of an environment.
    static func make(_ transport: CurlTransport) -> FlowEnvironment.AccountSignIn {
        { (account, password, addresses) async throws(FlowError) in
            guard let identity = addresses["identity"] else {
                // The real service signs people in on its own pages; a new connection asks for a device code.
                throw FlowError(
                    .commandNotAvailable, "The real sign-in service is not signed in to with a password.",
                    hint: "sign in once at https://make.powerautomate.com as \(account), then renew the connection: "
                        + "flowrun connection create CONNECTOR --account \(account) --grant device_code")
            }
            guard let password else {
                throw FlowError(
                    .invalidArgument, "The password of '\(account)' is not known.",
                    hint: "flowrun login \(account) --secret env:VARIABLE")
            }
            try await post(["username": account, "password": password], to: identity + "/common/sign-in", transport)
        }
    }

    /// Makes the renewal of sign-ins of an environment.
    static func renewal(_ transport: CurlTransport) -> FlowEnvironment.SignInRenewal {
        { (session, password) async throws(FlowError) in
            guard let audience = try StandardConnectors.audience(of: session) else { return nil }
            return try await PasswordSignIn(session, audience: audience, transport: transport)
                .refreshToken(password: password)
        }
    }

    private static func post(
        _ form: KeyValuePairs<String, String>, to url: String, _ transport: CurlTransport
    ) async throws(FlowError) {
        let body = form.map { PercentEncoding.encode($0) + "=" + PercentEncoding.encode($1) }.joined(separator: "&")
        let response: HTTPResponse
        do {
            response = try await transport.send(
                HTTPRequest(
                    "POST", url, headers: ["Content-Type": "application/x-www-form-urlencoded"],
                    body: Array(body.utf8), timeout: .seconds(30)))
        } catch {
            var failure = error.flowError
            failure.hint = "check the address of 'identity', or start the sandbox: flowrun sandbox start --detach"
            throw failure
        }
        guard response.status >= 400 else { return }
        let answer = (try? JSON(parsing: response.body)) ?? .null
        let code = answer["error_codes"]?[0]?.integerValue.map { "AADSTS\($0)" }
        throw FlowError(
            FlowError.Code(code ?? answer["error"]?.stringValue ?? "SignInFailed"),
            answer["error_description"]?.stringValue ?? "The sign-in service answered \(response.status).",
            hint: "check user name and password")
    }
}
