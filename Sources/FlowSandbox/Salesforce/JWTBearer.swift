import FlowCore

/// The JWT bearer flow of the organization: a client proves with a private key that it may act as a user.
///
/// The connected app knows the public key once `flowrun sandbox certificate FILE` has registered it, until the next reset. Claims: `iss` is
/// the consumer key, `sub` a user of the organization, `aud` `https://login.salesforce.com`, `https://test.salesforce.com` or the
/// sandbox's own address, `exp` at most five minutes ahead. Since the client reckons `exp` by its own clock, the machine's
/// time decides, not the sandbox clock's. There is no refresh token.
enum JWTBearer {
    /// The name of the grant.
    static let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    private static let setting = "salesforce certificate"
    private static let longest = Duration.seconds(300)

    // MARK: The key

    /// Registers the key of a certificate with the connected app; an earlier one is replaced.
    static func register(_ pem: String, in transaction: Transaction) throws -> RSAPublicKey {
        guard let key = RSAPublicKey(pem: pem) else {
            throw FlowError(
                .invalidSandboxRequest,
                pem.contains("PRIVATE KEY")
                    ? "The text is a private key, which stays with the client; the connected app takes its certificate."
                    : "The text is no RSA certificate or public key of at least 2,048 bits in PEM.",
                hint:
                    "make one with: openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=app -keyout app.key -out app.crt"
            )
        }
        try transaction.setSetting(setting, Base64.encode(key.der))
        return key
    }

    /// The registered key, nil where there is none.
    static func registered(in transaction: Transaction) throws -> RSAPublicKey? {
        try transaction.setting(setting).flatMap(Base64.decode).map(RSAPublicKey.init(der:))
    }

    // MARK: The assertion

    /// The user name for which an assertion speaks.
    static func user(_ form: [String: String], in transaction: Transaction) throws -> String {
        guard let assertion = form["assertion"], !assertion.isEmpty else {
            throw SalesforceOAuth.refusal("invalid_request", "assertion is required")
        }
        let parts = assertion.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let header = part(parts[0]), let claims = part(parts[1]),
            let signature = Base64.decode(parts[2])
        else { throw refusal("invalid assertion") }
        // No other algorithm is taken: `none`, or a digest keyed with the public key, would prove nothing.
        guard header["alg"]?.stringValue == "RS256" else { throw refusal("algorithm not supported") }
        guard claims["iss"]?.stringValue == transaction.world.secrets.consumerKey else {
            throw SalesforceOAuth.refusal("invalid_client_id", "client identifier invalid")
        }
        guard let key = try registered(in: transaction) else {
            throw refusal("no certificate is registered with the app: flowrun sandbox certificate FILE")
        }
        guard key.verifies(signature, of: Array("\(parts[0]).\(parts[1])".utf8)) else {
            throw refusal("invalid assertion")
        }
        let audiences = claims["aud"]?.arrayValue ?? [claims["aud"] ?? .null]
        let known = [
            "https://login.salesforce.com", "https://test.salesforce.com", transaction.world.url(of: .salesforce),
        ]
        guard audiences.contains(where: { $0.stringValue.map(known.contains) ?? false }) else {
            throw refusal("audience is invalid")
        }
        let now = SandboxClock.machineTime
        // Clients write the number as a text too.
        let exp = claims["exp"]?.doubleValue ?? claims["exp"]?.stringValue.flatMap { Double($0) }
        guard let seconds = exp, seconds > 0, seconds < 1e11 else {
            throw refusal("invalid assertion")
        }
        let end = Timestamp(ticks: Int64(seconds) * Timestamp.ticksPerSecond)
        guard now < end else { throw refusal("expired authorization code") }
        guard end <= now + longest else { throw refusal("invalid assertion: exp is more than five minutes ahead") }
        let name = claims["sub"]?.stringValue?.lowercased() ?? ""
        guard try SalesforceOAuth.user(name, in: transaction) != nil else {
            throw refusal("user hasn't approved this consumer")
        }
        return name
    }

    private static func part(_ text: String) -> JSON? { Base64.decode(text).flatMap { try? JSONReader.read($0) } }

    private static func refusal(_ description: String) -> ServiceFailure {
        SalesforceOAuth.refusal("invalid_grant", description)
    }
}
