public import FlowCore
public import FlowDefinitions
public import FlowHTTP

/// Signing a person in with a device code: the person enters it in a browser, flowrun asks until that is done.
///
/// The refresh token that comes of it is kept as the connection's secret `refreshToken`.
public struct DeviceSignIn: Sendable {
    /// What the person has to do.
    public struct Prompt: Sendable, Hashable {
        /// The page to open.
        public let page: String
        /// The code to enter there.
        public let userCode: String
        /// The whole instruction as the service words it.
        public let message: String
        /// How long to wait between two questions.
        public let interval: Duration
        /// When the code is no longer good.
        public let expires: Timestamp
        /// The code with which flowrun asks; a secret.
        let deviceCode: String
    }

    /// What has come of it so far.
    public enum Outcome: Sendable, Hashable {
        /// The person has not finished yet; ask again after this time.
        case pending(Duration)
        /// Signed in; the refresh token.
        case finished(refreshToken: String)
    }

    private let transport: any HTTPTransport
    private let session: ConnectionSession
    private let audience: String

    /// Prepares a sign-in.
    /// - Parameters:
    ///   - session: the connection; it needs `clientId` and may have `tenant`.
    ///   - audience: the resource, as ``StandardConnectors/audience(of:)`` tells it.
    ///   - transport: how the directory is called.
    public init(_ session: ConnectionSession, audience: String, transport: any HTTPTransport) {
        self.transport = transport
        self.session = session
        self.audience = audience
    }

    private var tenantURL: String {
        let authority = ServiceAddress.base(session.endpoints["identity"] ?? IdentityTokens.publicAuthority)
        return authority + "/" + PercentEncoding.encode(session.connection.parameters["tenant"] ?? "common")
    }

    /// Asks for a code.
    public func begin() async throws(FlowError) -> Prompt {
        let url = tenantURL + "/oauth2/v2.0/devicecode"
        let client = try TokenForm.required("clientId", of: session.connection)
        let response = try await TokenForm.post(
            [("client_id", client), ("scope", audience + "/.default offline_access")], to: url, transport)
        guard response.status == 200, let body = (try? JSONReader.read(response.body))?.objectValue,
            let deviceCode = body["device_code"]?.stringValue, let userCode = body["user_code"]?.stringValue,
            let page = (body["verification_uri"] ?? body["verification_url"])?.stringValue
        else {
            throw OAuthRefusal.error(response, connection: session.connection, host: URLParts(url)?.host ?? url)
        }
        return Prompt(
            page: page, userCode: userCode,
            message: body["message"]?.stringValue ?? "Open \(page) and enter the code \(userCode).",
            interval: .seconds(body["interval"]?.integerValue ?? 5),
            expires: session.clock.now + .seconds(body["expires_in"]?.integerValue ?? 900), deviceCode: deviceCode)
    }

    /// Asks once whether the person has finished.
    public func ask(_ prompt: Prompt) async throws(FlowError) -> Outcome {
        guard session.clock.now < prompt.expires else {
            throw FlowError(
                .signInNotFinished, "The code \(prompt.userCode) was not entered in time.",
                hint: "run: flowrun login \(session.connection.account)")
        }
        let url = tenantURL + "/oauth2/v2.0/token"
        var form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", prompt.deviceCode),
            ("client_id", try TokenForm.required("clientId", of: session.connection)),
        ]
        if let secret = session.connection.secrets["clientSecret"] { form.append(("client_secret", secret)) }
        let response = try await TokenForm.post(form, to: url, transport)
        let body = try? JSONReader.read(response.body)
        switch body?["error"]?.stringValue {
        case "authorization_pending"?: return .pending(prompt.interval)
        case "slow_down"?: return .pending(prompt.interval + .seconds(5))
        default: break
        }
        let token = try TokenForm.token(response, session.connection, url: url, now: session.clock.now)
        guard let refreshToken = token.refreshToken else {
            throw FlowError(
                .invalidTokenResponse, "The directory signed \(session.connection.account) in without a refresh token.",
                hint: "run: flowrun login \(session.connection.account)")
        }
        return .finished(refreshToken: refreshToken)
    }
}
