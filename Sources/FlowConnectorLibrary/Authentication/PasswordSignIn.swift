public import FlowCore
public import FlowDefinitions
public import FlowHTTP

/// Signing an account in with its password, for a new refresh token in place of one that is no longer accepted.
///
/// Directories that ask for a second factor refuse this way; there a person signs in with ``DeviceSignIn``.
public struct PasswordSignIn: Sendable {
    private let session: ConnectionSession
    private let audience: String
    private let transport: any HTTPTransport

    /// Prepares a sign-in.
    /// - Parameters:
    ///   - session: the connection; it needs `clientId` and may have `tenant` and `clientSecret`.
    ///   - audience: the resource, as ``StandardConnectors/audience(of:)`` tells it.
    ///   - transport: how the directory is called.
    public init(_ session: ConnectionSession, audience: String, transport: any HTTPTransport) {
        self.session = session
        self.audience = audience
        self.transport = transport
    }

    /// Signs in.
    /// - Parameter password: the account's password.
    /// - Returns: the refresh token.
    /// - Throws: the AADSTS or OAuth code.
    public func refreshToken(password: String) async throws(FlowError) -> String {
        var connection = session.connection
        connection.grant = "password"
        connection.secrets["password"] = password
        let authority = ServiceAddress.base(session.endpoints["identity"] ?? IdentityTokens.publicAuthority)
        let tenant = PercentEncoding.encode(connection.parameters["tenant"] ?? "common")
        let url = "\(authority)/\(tenant)/oauth2/v2.0/token"
        let response = try await TokenForm.post(try TokenForm.entra(connection, audience: audience), to: url, transport)
        let token = try TokenForm.token(response, connection, url: url, now: session.clock.now)
        guard let refreshToken = token.refreshToken else {
            throw FlowError(
                .invalidTokenResponse, "The directory signed \(connection.account) in without a refresh token.",
                hint: "check that the application may ask for 'offline_access'")
        }
        return refreshToken
    }
}
