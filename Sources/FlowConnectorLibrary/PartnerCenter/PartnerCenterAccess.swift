import FlowCore
import FlowDefinitions
import FlowHTTP

/// What both Partner Center connectors share: parameters of a connection, addresses, headers, tokens for each host.
struct PartnerCenterAccess: Sendable {
    /// The parameters of a connection.
    static let connectionParameters = [
        ConnectionParameter("tenant", summary: "The tenant's id or domain.", default: "common"),
        ConnectionParameter(
            "clientId", summary: "The id of the registered application.",
            requiredBy: ["client_credentials", "refresh_token", "password", "device_code"]),
        ConnectionParameter(
            "clientSecret", secret: true, summary: "The application's secret.", requiredBy: ["client_credentials"]),
        ConnectionParameter(
            "refreshToken", secret: true, summary: "The refresh token of the user.", requiredBy: ["refresh_token"]),
        ConnectionParameter(
            "username", summary: "The user's name; without it the account."),
        ConnectionParameter("password", secret: true, summary: "The user's password.", requiredBy: ["password"]),
    ]

    /// Who calls, as the platform's connector says it.
    static let callerID = "60858c1b-2062-40ad-b42c-996b6b5b047d"

    /// The key in `endpoints`.
    let endpoint: String
    /// The real service, which is the audience of its tokens too.
    let audience: String
    let transport: any HTTPTransport
    let tokens: IdentityTokens

    func base(_ session: ConnectionSession) -> String { ServiceAddress.base(session.endpoints[endpoint] ?? audience) }

    func caller(_ session: ConnectionSession, isFresh: Bool = false) -> ServiceCaller {
        let (tokens, audience) = (tokens, audience)
        return ServiceCaller(transport: transport, connection: session.connection) {
            refused async throws(FlowError) -> AccessToken in
            do throws(FlowError) {
                return try await tokens.token(for: audience, session, refused: refused, isFresh: isFresh)
            } catch {
                throw isFresh ? error : OAuthRefusal.connectionError(error, session.connection)
            }
        }
    }

    /// The headers of a call.
    func headers(_ call: OperationCall) -> HTTPHeaders {
        let correlation = OperationParameters(call).text("MS-CorrelationId") ?? call.idempotencyKey
        return [
            "Accept": "application/json", "X-Caller-Id": Self.callerID, "MS-CorrelationId": correlation,
            "MS-RequestId": call.idempotencyKey, "client-request-id": call.idempotencyKey,
        ]
    }
}
