import FlowCore
import FlowDefinitions
import FlowHTTP

/// What an OAuth token endpoint says when it gives no token, as an error for people.
///
/// The code is the AADSTS number where there is one, else OAuth's own `error`. The description is the endpoint's; it
/// names accounts and applications, never secrets, and its trace lines are cut off.
enum OAuthRefusal {
    /// The error behind an answer of a token endpoint.
    static func error(_ response: HTTPResponse, connection: Connection, host: String) -> FlowError {
        guard let body = (try? JSONReader.read(response.body))?.objectValue, let name = body["error"]?.stringValue
        else {
            if response.status == 408 || response.status == 429 || response.status >= 500 {
                return FlowError(
                    .serviceTemporarilyUnavailable,
                    "The token endpoint at \(host) is not available at present: it answered with status \(response.status).",
                    hint: "wait a little, then call the command again")
            }
            return FlowError(
                .invalidTokenResponse,
                "The token endpoint at \(host) answered with status \(response.status) and no OAuth error.",
                hint: "check 'endpoints' in flowrun.yaml")
        }
        let description = firstLine(body["error_description"]?.stringValue ?? name)
        let number = number(body, description)
        let code = number.map { FlowError.Code("AADSTS\($0)") } ?? FlowError.Code(name)
        return FlowError(
            code, "The sign-in of \(connection.account) was refused: \(description)",
            hint: hint(name, number, connection), cause: FlowError.Cause(origin: "oauth", message: name))
    }

    /// The error of an action whose connection cannot sign in.
    static func connectionError(_ error: FlowError, _ connection: Connection) -> FlowError {
        guard isRefusal(error) else { return error }
        return FlowError(
            .connectionAuthorizationFailed,
            "The connection '\(connection.name)' of \(connection.account) cannot be used: \(error.code).",
            hint: error.hint, cause: FlowError.Cause(origin: error.code.rawValue, message: error.message),
            details: [error])
    }

    /// Whether an error is a refusal of a sign-in, in contrast to an endpoint that could not be asked.
    static func isRefusal(_ error: FlowError) -> Bool { error.cause?.origin == "oauth" }

    private static func number(_ body: JSONObject, _ description: String) -> Int64? {
        if let number = body["error_codes"]?[0]?.integerValue { return number }
        guard description.hasPrefix("AADSTS") else { return nil }
        return Int64(description.dropFirst(6).prefix { $0.isASCII && $0.isNumber })
    }

    private static func firstLine(_ text: String) -> String {
        var line = text.prefix { !$0.isNewline }
        if let trace = line.firstRange(of: " Trace ID:") { line = line[..<trace.lowerBound] }
        return line.hasSuffix(".") ? String(line) : line + "."
    }

    private static func hint(_ name: String, _ number: Int64?, _ connection: Connection) -> String {
        let login = "run: flowrun login \(connection.account)"
        let again = "run: flowrun connection create \(connection.connector) --account \(connection.account)"
        switch number {
        case 650_052: return "sign in once; \(login)"
        case 7_000_215, 7_000_222, 70_002, 7_000_218: return again + " --secret clientSecret=env:NAME"
        case 700_016: return again + " --set clientId=ID"
        case 90_002: return again + " --set tenant=TENANT"
        case 50_126, 50_055, 50_144: return again + " --secret password=env:NAME"
        case 65_001: return "let an administrator consent to the application, then \(login)"
        case 500_011, 50_001, 70_011:
            return "check 'endpoints' in flowrun.yaml; the directory does not know the service"
        case 50_034, 50_057, 50_053: return "ask the directory's administrator about the account \(connection.account)"
        case .some: return login
        case nil: break
        }
        switch name {
        case "invalid_client", "invalid_client_id": return again + " --set clientId=ID --secret clientSecret=env:NAME"
        case "inactive_user", "inactive_org":
            return "ask the service's administrator about the account \(connection.account)"
        default: return login
        }
    }
}
