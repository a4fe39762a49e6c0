public import FlowCore
public import FlowDefinitions
public import FlowHTTP

/// The connectors that flowrun ships.
public enum StandardConnectors {
    /// All of them.
    /// - Parameters:
    ///   - transport: how services are called.
    ///   - renewed: is told a connection's name and its new refresh token, whenever a service gives one; the new one
    ///     is to be kept in the connection's secret `refreshToken`.
    /// - Returns: the connectors.
    public static func make(
        transport: any HTTPTransport, renewed: @escaping @Sendable (String, String) -> Void = { _, _ in }
    ) -> [any Connector] {
        [
            HTTPConnector(transport: transport),
            PartnerCenterReferrals(transport: transport, renewed: renewed),
            PartnerCenterEvents(transport: transport, renewed: renewed),
            SalesforceConnector(transport: transport, renewed: renewed),
            DataverseConnector(transport: transport, renewed: renewed),
        ]
    }

    /// What the checker may ask about them; nothing is called.
    public static let catalog = ConnectorRegistry(make(transport: NoTransport()))

    /// The resource that a connection's tokens are for, for a sign-in with a device code; nil for a connector without
    /// one.
    public static func audience(of session: ConnectionSession) throws(FlowError) -> String? {
        switch session.connection.connector {
        case "partnercenterref": PartnerCenterReferrals.audience
        case "partnercenterevents": PartnerCenterEvents.audience
        case "commondataserviceforapps": try DataverseConnector.organization(session)
        default: nil
        }
    }
}

/// A transport that sends nothing: for connectors that are only read.
private struct NoTransport: HTTPTransport {
    func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        throw HTTPFailure(.connectionFailed, "This connector is only there to be read.", mayHaveBeenSent: false)
    }
}
