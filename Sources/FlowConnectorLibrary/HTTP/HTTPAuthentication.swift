import FlowCore
import FlowDefinitions
import FlowHTTP

/// The `authentication` of an HTTP action.
///
/// `None`, `Basic`, `Raw` and `ActiveDirectoryOAuth` with a secret are run; certificates and managed identities are not.
struct HTTPAuthentication: Sendable {
    /// The value of the header `Authorization`.
    struct Header: Sendable {
        var value: String
        /// Whether a refused one can be fetched anew.
        var mayBeRenewed = false
    }

    private struct Key: Hashable, Sendable {
        var url: String
        var client: String
        var secret: String
        var audience: String
    }

    private let transport: any HTTPTransport
    private let cache = TokenCache<Key>()

    init(transport: any HTTPTransport) { self.transport = transport }

    /// The header of an authentication, or nil where there is none.
    func header(
        _ value: JSON?, _ session: ConnectionSession, refused: String? = nil
    ) async throws(FlowError) -> Header? {
        guard let object = value?.objectValue else {
            // A whole value that is a text is a header of its own; this is how `@parameters('$authentication')` reads.
            return value?.stringValue.map { Header(value: $0) }
        }
        let kind = object.value(ignoringCase: "type")?.stringValue ?? "None"
        func member(_ name: String) throws(FlowError) -> String {
            guard let text = object.value(ignoringCase: name)?.stringValue, !text.isEmpty else {
                throw FlowError(
                    .operationParameterMissing, "The authentication '\(kind)' of the HTTP action needs '\(name)'.")
            }
            return text
        }
        switch kind.lowercased() {
        case "none": return nil
        case "raw": return Header(value: try member("value"))
        case "basic":
            let password = object.value(ignoringCase: "password")?.stringValue ?? ""
            return Header(value: "Basic " + Base64.encode(Array("\(try member("username")):\(password)".utf8)))
        case "activedirectoryoauth":
            guard object.value(ignoringCase: "pfx") == nil else { throw Self.unsupported("\(kind) with a certificate") }
            let base = authority(object.value(ignoringCase: "authority")?.stringValue, session)
            let key = Key(
                url: "\(base)/\(PercentEncoding.encode(try member("tenant")))/oauth2/token",
                client: try member("clientId"), secret: try member("secret"), audience: try member("audience"))
            let token = try await cache.token(
                for: key, refused: refused.map { String($0.dropFirst("Bearer ".count)) }, now: session.clock.now
            ) { () async throws(FlowError) -> AccessToken in try await fetch(key, session) }
            return Header(value: "Bearer " + token.text, mayBeRenewed: true)
        default: throw Self.unsupported(kind)
        }
    }

    private static func unsupported(_ kind: String) -> FlowError {
        FlowError(
            .authenticationNotSupported, "The HTTP action's authentication '\(kind)' is not run by flowrun.",
            hint: "use None, Basic, Raw or ActiveDirectoryOAuth with 'secret'")
    }

    /// The public directory of a flow is the environment's own where that names one.
    private func authority(_ written: String?, _ session: ConnectionSession) -> String {
        let base = ServiceAddress.base(written ?? IdentityTokens.publicAuthority)
        let isPublic = ["login.microsoftonline.com", "login.windows.net"].contains(
            URLParts(base)?.host.lowercased() ?? "")
        guard isPublic, let own = session.endpoints["identity"] else { return base }
        return ServiceAddress.base(own)
    }

    private func fetch(_ key: Key, _ session: ConnectionSession) async throws(FlowError) -> AccessToken {
        let form = [
            ("grant_type", "client_credentials"), ("client_id", key.client), ("client_secret", key.secret),
            ("resource", key.audience),
        ]
        let response = try await TokenForm.post(form, to: key.url, transport)
        let application = Connection(
            name: "", connector: "http", account: "the application \(key.client)", grant: "client_credentials",
            parameters: [:], secrets: [:])
        return try TokenForm.token(response, application, url: key.url, now: session.clock.now)
    }
}
