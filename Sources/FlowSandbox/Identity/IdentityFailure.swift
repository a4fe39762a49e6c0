import FlowCore

/// A refusal of the token endpoint in Microsoft Entra ID's shape.
///
/// Clients are told to decide by `error`; the number stands in the description and in `error_codes`.
struct IdentityFailure {
    var status = 400
    var error: String
    var number: Int64
    var text: String

    /// `AADSTS90002`.
    static func tenantNotFound(_ tenant: String) -> IdentityFailure {
        IdentityFailure(
            error: "invalid_request", number: 90_002,
            text:
                "Tenant '\(tenant)' not found. Check to make sure you have the correct tenant ID and are signing into "
                + "the correct cloud.")
    }

    /// `AADSTS900144`.
    static func parameterMissing(_ name: String) -> IdentityFailure {
        IdentityFailure(
            error: "invalid_request", number: 900_144,
            text: "The request body must contain the following parameter: '\(name)'.")
    }

    /// `AADSTS70003`.
    static func grantUnsupported(_ grant: String) -> IdentityFailure {
        IdentityFailure(
            error: "unsupported_grant_type", number: 70_003,
            text: "The app requested an unsupported grant type '\(grant)'.")
    }

    /// `AADSTS700016`.
    static func applicationNotFound(_ client: String) -> IdentityFailure {
        IdentityFailure(
            error: "unauthorized_client", number: 700_016,
            text: "Application with identifier '\(client)' was not found in the directory '\(Tenant.name)'.")
    }

    /// `AADSTS7000215`.
    static func wrongSecret(_ client: String) -> IdentityFailure {
        IdentityFailure(
            status: 401, error: "invalid_client", number: 7_000_215,
            text: "Invalid client secret provided. Ensure the secret being sent in the request is the client secret "
                + "value, not the client secret ID, for a secret added to app '\(client)'.")
    }

    /// `AADSTS7000218`.
    static let secretMissing = IdentityFailure(
        status: 401, error: "invalid_client", number: 7_000_218,
        text: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.")

    /// `AADSTS50011`.
    static func addressNotRegistered(_ address: String) -> IdentityFailure {
        IdentityFailure(
            error: "invalid_request", number: 50_011,
            text: "The redirect URI '\(address)' specified in the request does not match the redirect URIs configured "
                + "for the application.")
    }

    /// `AADSTS70008`.
    static let codeInvalid = IdentityFailure(
        error: "invalid_grant", number: 70_008,
        text:
            "The provided authorization code or refresh token has expired. Send a new interactive authorization request."
    )

    /// `AADSTS501481`.
    static let verifierWrong = IdentityFailure(
        error: "invalid_grant", number: 501_481,
        text: "The Code_Verifier does not match the code_challenge supplied in the authorization request.")

    /// `AADSTS50126`.
    static let wrongPassword = IdentityFailure(
        error: "invalid_grant", number: 50_126,
        text: "Error validating credentials due to invalid username or password.")

    /// `AADSTS50034`.
    static func userNotFound(_ user: String) -> IdentityFailure {
        IdentityFailure(
            error: "invalid_grant", number: 50_034,
            text: "The user account \(user) does not exist in the \(Tenant.id) directory.")
    }

    /// `AADSTS50057`.
    static let userDisabled = IdentityFailure(
        error: "invalid_grant", number: 50_057, text: "The user account is disabled.")

    /// `AADSTS650052`: the account has never signed in.
    static let serviceNotEnabled = IdentityFailure(
        error: "access_denied", number: 650_052,
        text: "The app needs access to a service (\"https://service.flow.microsoft.com/\") that your organization "
            + "\"\(Tenant.name)\" has not subscribed to or enabled. Contact your IT Admin to review the configuration of "
            + "your service subscriptions.")

    /// `AADSTS70000`.
    static let refreshTokenInvalid = IdentityFailure(
        error: "invalid_grant", number: 70_000, text: "Provided grant is invalid or malformed.")

    /// `AADSTS700082`.
    static func refreshTokenExpired(issued: Timestamp) -> IdentityFailure {
        IdentityFailure(
            error: "invalid_grant", number: 700_082,
            text: "The refresh token has expired due to inactivity. The token was issued on \(issued) and was inactive "
                + "for 90.00:00:00.")
    }

    /// `AADSTS50173`.
    static func grantRevoked(issued: Timestamp, validFrom: Timestamp) -> IdentityFailure {
        IdentityFailure(
            error: "invalid_grant", number: 50_173,
            text:
                "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might "
                + "have changed or reset their password. The grant was issued on '\(issued)' and the TokensValidFrom date "
                + "(before which tokens are not valid) for this user is '\(validFrom)'.")
    }

    /// `AADSTS500011`.
    static func resourceNotFound(_ resource: String) -> IdentityFailure {
        IdentityFailure(
            error: "invalid_resource", number: 500_011,
            text: "The resource principal named \(resource) was not found in the tenant named \(Tenant.name).")
    }

    /// `AADSTS70011`.
    static func scopeInvalid(_ scope: String) -> IdentityFailure {
        IdentityFailure(
            error: "invalid_scope", number: 70_011,
            text: "The provided request must include a 'scope' input parameter. The provided value for the input "
                + "parameter 'scope' is not valid. The scope \(scope) is not valid.")
    }

    /// `AADSTS70016`.
    static let authorizationPending = IdentityFailure(
        error: "authorization_pending", number: 70_016,
        text: "OAuth 2.0 device flow error. Authorization is pending. Continue polling.")

    /// `AADSTS70018`.
    static let deviceCodeWrong = IdentityFailure(
        error: "bad_verification_code", number: 70_018,
        text: "Invalid verification code due to User typing in wrong "
            + "user code for device code flow.")

    /// `AADSTS70019`.
    static let deviceCodeExpired = IdentityFailure(
        error: "expired_token", number: 70_019, text: "Verification code expired.")

    /// The answer.
    func response(in transaction: Transaction) -> ServiceResponse {
        let trace = UUIDText.random()
        let correlation = UUIDText.random()
        let time = transaction.now.secondsDescription.replacing("T", with: " ")
        let description =
            "AADSTS\(number): \(text)\r\nTrace ID: \(trace)\r\nCorrelation ID: \(correlation)\r\nTimestamp: \(time)"
        return .json(
            status,
            [
                "error": .string(error), "error_description": .string(description), "error_codes": [.integer(number)],
                "timestamp": .string(time), "trace_id": .string(trace), "correlation_id": .string(correlation),
                "error_uri": .string("\(transaction.world.url(of: .identity))/error?code=\(number)"),
            ], headers: [("Cache-Control", "no-store")])
    }
}

extension IdentityFailure {
    /// The refusal, ready to be thrown.
    func failure(in transaction: Transaction) -> ServiceFailure { ServiceFailure(response(in: transaction)) }
}
